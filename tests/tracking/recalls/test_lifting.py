"""A recall is lifted with a reason and by two persons; what another one calls back stays called back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from labelsvc.errors import Conflict, InvalidInput, NotAllowed
from labelsvc.tracking.recalls import lifting
from tests.tracking.happenings import event


def test_what_is_lifted_is_sold_again_and_the_audit_says_who_agreed(books) -> None:
    batch, epcs = books.lot_of(3)
    found = books.open(lots=(batch.lot_id,))
    books.capture(event(24 * 30.1, "destroying", epcs[2], action="DELETE"), at=books.now + timedelta(days=1))
    lifted = books.lift(found.id, asked="olga", approved="piet")
    assert (lifted.state, lifted.lift.approved_by) == ("lifted", "piet")
    assert books.recalled(epcs) == [False, False, True]
    sold = event(24 * 31, "retail_selling", epcs[0])
    assert books.found(sold, at=books.now + timedelta(days=2)) == [{}]
    entry = books.plant.audit("recall.lift")[0]
    assert (entry["actor_id"], entry["reason"], entry["after"]["asked_by"]) == ("piet", "it was another lot", "olga")
    with pytest.raises(Conflict):
        lifting.ask_lift(books.plant.db, books.by("olga"), found.id, "again")


def test_nobody_lifts_a_recall_alone(books) -> None:
    """Neither who opened it nor who asked; whichever way they write themselves."""
    batch, epcs = books.lot_of(1)
    found = books.open(lots=(batch.lot_id,), client="olga")
    with pytest.raises(Conflict) as unasked:
        lifting.approve_lift(books.plant.db, books.by("piet"), found.id)
    assert unasked.value.code == "recall_lift_unasked"
    lifting.ask_lift(books.plant.db, books.by("nina"), found.id, "it was another lot")
    for approver in ("olga", "OLGA", "nina"):
        with pytest.raises(NotAllowed) as refused:
            lifting.approve_lift(books.plant.db, books.by(approver), found.id)
        assert refused.value.code == "recall_own"
    books.look(found.id)
    assert books.recalled(epcs) == [True]


def test_a_lift_needs_a_reason(books) -> None:
    batch, _ = books.lot_of(1)
    found = books.open(lots=(batch.lot_id,))
    with pytest.raises(InvalidInput):
        lifting.ask_lift(books.plant.db, books.by("nina"), found.id, " ")


def test_of_two_recalls_the_last_one_lets_go(books) -> None:
    batch, epcs = books.lot_of(2)
    first, second = books.open(lots=(batch.lot_id,)), books.open(units=tuple(epcs[:1]))
    books.lift(first.id)
    assert books.recalled(epcs) == [True, False]
    books.lift(second.id)
    assert books.recalled(epcs) == [False, False]
