"""A recall calls back all that is in its scope, and whatever comes into it later, whoever is killed meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from labelsvc.domain.epcis.events import Declaration
from labelsvc.domain.recalls import Labels, Production
from labelsvc.errors import InvalidInput, NotFound
from labelsvc.storage.tables import events, recall_units
from labelsvc.tracking.recalls import going_on, opening
from labelsvc.tracking.recalls.going_on import Recaller
from labelsvc.tracking.recalls.opening import RecallRequest
from tests.tracking.happenings import BEGIN, HOME, SHOP, begun, event, packed

CASE = "https://id.gs1.org/00/095201234567891235"
PALLET = "https://id.gs1.org/00/095201234567891242"
VAT = "urn:x:vat:1"
MACHINE = "https://id.gs1.org/01/09521321000018/21/M1"


def test_every_unit_of_a_lot_is_called_back_wherever_it_is_and_not_sold_again(books) -> None:
    batch, epcs = books.lot_of(6)
    _, others = books.lot_of(2)
    books.capture(
        packed(1, CASE, *epcs[:2]),
        event(2, "shipping", CASE),
        event(2, "retail_selling", epcs[2]),
        event(3, "destroying", epcs[3], action="DELETE"),
    )
    found = books.open(lots=(batch.lot_id,))
    assert (found.state, found.drill) == ("open", False)
    assert books.recalled(epcs) == [True, True, True, False, True, True]
    assert books.recalled(others) == [False, False]
    assert books.state(epcs[3]) == "destroyed"  # what is no more is not called back, and no rule is broken
    sold = event(24 * 30 + 1, "retail_selling", epcs[4])
    assert books.found(sold, at=books.now + timedelta(hours=2)) == [{"sale_blocked_recalled": 1}]
    assert books.plant.audit("recall.open")[0]["reason"] == "splinters in the bottle"


def test_a_scope_names_lots_labels_jobs_lines_and_units_and_each_number_counts_once(books) -> None:
    batch, epcs = books.lot_of(10)
    printed = books.plant.issue(books.plant.lot(), 4, printer=books.plant.printer().spec.name, line="3")
    foreign = "https://id.gs1.org/01/09521321000018/21/F1"
    books.capture(event(1, "receiving", foreign, biz_location=HOME))
    day = datetime(2026, 11, 20, tzinfo=UTC)
    for scope, expected in (
        ({"lots": (batch.lot_id,)}, (10, 10, 0)),
        ({"labels": (Labels(batch.id, 3, 5), Labels(batch.id, 4, 6))}, (4, 4, 0)),
        ({"lots": (batch.lot_id,), "labels": (Labels(batch.id, 1, 1),)}, (10, 10, 0)),
        ({"jobs": (printed.job_id,)}, (4, 0, 0)),
        ({"production": (Production(day, day + timedelta(days=1), "3"),)}, (4, 0, 0)),
        ({"production": (Production(day, day + timedelta(days=1)),)}, (14, 10, 0)),
        ({"production": (Production(day - timedelta(days=2), day),)}, (0, 0, 0)),
        ({"units": (foreign, "https://id.gs1.org/01/09521321000018/21/NOBODY")}, (0, 0, 1)),
    ):
        seen = opening.preview(books.plant.db, opening.Scope(**scope))
        assert (seen.numbers, seen.units, seen.named) == expected, scope
    books.open(labels=(Labels(batch.id, 3, 5),), units=("urn:epc:id:sgtin:9521321.000001.F1",))
    assert books.recalled(epcs) == [False, False, True, True, True, *[False] * 5]
    assert books.recalled([foreign]) == [True]


def test_a_scope_that_names_nothing_is_refused(books) -> None:
    for scope, code, pointer in (
        ({}, "recall_scope_empty", "/scope"),
        ({"lots": (999,)}, "lot_unknown", "/scope/lots/0"),
        ({"jobs": (999,)}, "job_unknown", "/scope/jobs/0"),
        ({"labels": (Labels(999, 1, 1),)}, "batch_unknown", "/scope/labels/0"),
        ({"labels": (Labels(1, 2, 1),)}, "recall_labels", "/scope/labels/0"),
        ({"component_lots": (999,)}, "lot_unknown", "/scope/component_lots/0"),
        ({"units": ("https://id.gs1.org/01/09521321000018",)}, "identifier_is_class", "/scope/units/0"),
        ({"production": (Production(BEGIN, BEGIN - timedelta(1)),)}, "recall_production", "/scope/production/0"),
        ({"lots": tuple(range(1, 1_002))}, "recall_scope_long", "/scope/lots"),
    ):
        with pytest.raises(InvalidInput) as refused:
            books.open(**scope)
        assert (refused.value.code, refused.value.pointer) == (code, pointer)
    with pytest.raises(NotFound):
        opening.get_recall(books.plant.db, 1)


def test_labels_beyond_a_batch_are_none(books) -> None:
    batch, _ = books.lot_of(3)
    with pytest.raises(InvalidInput) as refused:
        books.open(labels=(Labels(batch.id, 1, 4),))
    assert refused.value.code == "label_not_in_batch"


def test_what_components_went_into_is_called_back_through_everything_in_between(books) -> None:
    """A unit is packed, its case goes into a vat, out of which bottles come; one of them is installed in a machine."""
    batch, epcs = books.lot_of(3)
    vat, bottles = books.lot_of(4)
    books.capture(
        packed(1, CASE, epcs[0]),
        packed(1, PALLET, CASE),
        event(2, None, type="TransformationEvent", action=None, inputs=(PALLET,), transformation_id=VAT),
        event(1.5, None, type="TransformationEvent", action=None, inputs=(epcs[2],), outputs=(bottles[3],)),
        event(
            3,
            None,
            type="TransformationEvent",
            action=None,
            outputs=tuple(bottles[:2]),
            transformation_id=VAT,
        ),
        event(4, None, type="AssociationEvent", action="ADD", parent=MACHINE, children=(bottles[1],)),
    )
    assert vat.lot_id != batch.lot_id
    first = books.open(component_units=(epcs[0],))
    assert books.recalled([*epcs, *bottles, MACHINE]) == [False, False, False, True, True, False, False, True]
    assert (books.balance(first.id).granted, books.balance(first.id).beside) == (0, 3)
    books.open(component_lots=(batch.lot_id,))
    assert books.recalled([*bottles, MACHINE]) == [True, True, False, True, True]


def test_what_was_taken_out_of_a_case_before_did_not_go_where_the_case_went(books) -> None:
    _, epcs = books.lot_of(2)
    _, bottles = books.lot_of(1)
    books.capture(
        packed(1, CASE, *epcs),
        packed(2, CASE, epcs[0], action="DELETE"),
        event(3, None, type="TransformationEvent", action=None, inputs=(CASE,), outputs=(bottles[0],)),
    )
    books.open(component_units=(epcs[0],))
    assert books.recalled(bottles) == [False]
    books.open(component_units=(epcs[1],))
    assert books.recalled(bottles) == [True]


def test_numbers_that_are_units_only_later_are_called_back_then(books) -> None:
    """So are those of a batch that is issued later; one that was only heard of is listed."""
    batch, epcs = books.lot_of(5, out=2)
    books.capture(event(1, "shipping", epcs[4]))  # breaks a rule: it was never commissioned
    found = books.open(lots=(batch.lot_id,))
    assert books.recalled(epcs[:2]) == [True, True]
    books.capture(begun(24 * 30, epcs[2]), begun(24 * 30, epcs[4]), at=books.clock() + timedelta(hours=1))
    looker = Recaller(books.plant.db, books.plant.issuer, books.clock)
    assert looker.look() == 1
    assert books.recalled([epcs[2], epcs[4]]) == [True, True]
    assert (looker.look(), looker.look()) == (1, 0)  # what it did itself is looked at once more
    lot = books.plant.issue(SimpleNamespace(id=batch.lot_id), 2)
    more = books.epcs(lot)
    ahead = (books.now + timedelta(minutes=9) - BEGIN) / timedelta(hours=1)  # by a clock that is
    books.capture(begun(ahead, *more), at=books.clock())
    assert looker.look() == 1
    assert books.recalled(more) == [True, True]
    assert books.balance(found.id).granted == 7


def test_who_declares_our_event_wrong_lifts_nothing(books) -> None:
    batch, epcs = books.lot_of(2)
    found = books.open(lots=(batch.lot_id,))
    with books.plant.db.read() as conn:
        ours = conn.execute(events.select().where(events.c.biz_step == "holding")).one()
    stranger = Declaration(books.now, "did_not_occur", ())
    wrong = event(24 * 31, "holding", *epcs, set=("recalled",), declaration=stranger)
    books.capture(replace(wrong, event_id=ours.event_id), at=books.now + timedelta(days=2))
    books.look(found.id)
    assert books.recalled(epcs) == [True, True]


def test_a_recall_whose_process_ends_after_any_step_goes_on_where_it_was(books, monkeypatch) -> None:
    monkeypatch.setattr(going_on, "EPCS_AT_MOST", 2)
    monkeypatch.setattr(going_on, "_UNITS", 3)
    monkeypatch.setattr(opening, "STEPS_AT_ONCE", 1)
    batch, epcs = books.lot_of(7)
    found = books.open(lots=(batch.lot_id,))
    assert found.state == "freezing"
    steps = 0
    while opening.get_recall(books.plant.db, found.id).state == "freezing":
        steps += 1
        going_on.go_on(books.plant.db, books.plant.issuer, going_on.ACTOR, found.id, books.clock, steps=1)
    assert steps > 5
    assert books.recalled(epcs) == [True] * 7
    with books.plant.db.read() as conn:
        ours = conn.execute(events.select().where(events.c.biz_step == "holding")).all()
        its = conn.execute(recall_units.select()).all()
    assert len(ours) == 4  # 2 + 2 + 2 + 1, none of them twice
    assert {row.event_id for row in its} == {row.id for row in ours}


def test_the_same_key_opens_one_recall(books) -> None:
    batch, _ = books.lot_of(1)
    assert books.open(key="k", lots=(batch.lot_id,)).id == books.open(key="k", lots=(batch.lot_id,)).id
    assert len(books.plant.audit("recall.open")) == 1


def test_a_drill_finds_everything_and_touches_nothing(books) -> None:
    batch, epcs = books.lot_of(3)
    books.capture(event(1, "receiving", *epcs, destinations=(("possessing_party", SHOP),), biz_location=SHOP))
    found = books.open(drill=True, lots=(batch.lot_id,))
    assert found.state == "drilled"
    seconds = found.evidence["seconds"]
    stages = ["scope_fixed", "traced", "notices_listed", "balanced"]
    assert sorted(seconds, key=seconds.__getitem__) == stages
    assert found.evidence["figures"]["balance"]["difference"] == 0
    assert found.evidence["figures"]["traced"] == 3
    assert books.notices(found.id) == {SHOP: (3, "to_tell")}
    assert books.recalled(epcs) == [False] * 3
    assert Recaller(books.plant.db, books.plant.issuer, books.clock).look() == 0
    assert books.open(drill=True, lots=(batch.lot_id,)).id != found.id


def test_a_request_needs_a_title_and_a_reason(books) -> None:
    batch, _ = books.lot_of(1)
    request = RecallRequest("", "why", opening.Scope(lots=(batch.lot_id,)))
    with pytest.raises(InvalidInput) as refused:
        opening.open_recall(books.plant.db, books.plant.issuer, books.plant.call(), request, books.clock)
    assert refused.value.pointer == "/title"
