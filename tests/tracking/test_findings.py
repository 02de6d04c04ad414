"""What is wrong with an event is somebody's, until they say what it was; what they say holds in any order."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from labelsvc.domain.findings import Chosen, Closing
from labelsvc.errors import Conflict, InvalidInput, NotFound
from labelsvc.storage.tables import events, unit_events, units, webhook_deliveries, webhooks
from labelsvc.storage.tables import findings as finding_table
from labelsvc.tracking import findings
from labelsvc.tracking.own_events import Why, commissioning_event, object_event
from tests.tracking.happenings import BEGIN, HOME, SHOP, begun, event, packed

CASE = "https://id.gs1.org/00/095201234567891235"
ACCEPTED = Closing("accepted", "the customer has it")
DISMISSED = Closing("dismissed", "a scan of the wrong shelf")


@pytest.fixture
def ours(books):
    """Return three units of a lot of ours."""
    batch = books.plant.issue(books.plant.lot(number="L-7"), 3)
    return [f"https://id.gs1.org/01/{batch.product_code}/21/{serial}" for serial in books.plant.serials(batch)]


def opened(books, **chosen: Any) -> list[Any]:
    return list(findings.list_findings(books.plant.db, Chosen(**chosen), 0, 50).items)


def close(books, finding_id: int, closing: Closing) -> Any:
    call = books.plant.call(client="qa", at=BEGIN + timedelta(days=31))
    return findings.close_finding(books.plant.db, books.plant.issuer, call, finding_id, closing)


def held_and_sold(unit: str, *others: str) -> list[Any]:
    """Return a sale of a unit that is on hold."""
    return [
        begun(0, unit, *others, biz_location=HOME),
        event(1, "holding", unit, set=("non_sellable_other",)),
        event(2, "retail_selling", unit, *others, biz_location=SHOP),
        event(3, "holding", unit, set=("recalled",)),
    ]


def test_a_finding_is_taken_accepted_and_stays_visible(books, ours) -> None:
    """The unit is sold then, and what happened after that is worked out anew."""
    plant = books.plant
    books.capture(*held_and_sold(ours[0], ours[1]), event(4, "retail_selling", ours[0]))
    first, second = opened(books, state="open")
    assert (first.code, first.count, first.biz_step, first.owner) == ("sale_blocked_on_hold", 1, "retail_selling", None)
    assert second.code == "sale_blocked_recalled"
    behind = findings.units_behind(plant.db, first.id, 0, 50)
    assert [(one.epc, one.state) for one in behind.items] == [(ours[0], "active")]
    assert findings.take_finding(plant.db, plant.call(client="anna"), first.id).owner == "anna"
    assert [one.id for one in opened(books, owner="anna")] == [first.id]
    done = close(books, first.id, ACCEPTED)
    assert (done.state, done.reason, done.closed_by, done.owner) == ("accepted", ACCEPTED.reason, "qa", "anna")
    assert (books.state(ours[0]), books.standing(ours[0]).location) == ("sold", SHOP)
    # The second sale is one of a unit that was sold: another rule, and the first one's finding has gone.
    assert [(one.code, one.state) for one in opened(books)] == [
        ("sale_blocked_on_hold", "accepted"),
        ("sale_blocked_recalled", "lapsed"),
        ("already_inactive", "open"),
    ]
    assert [entry["action"] for entry in plant.audit()][-2:] == ["finding.take", "finding.close"]


@pytest.mark.parametrize(("closing", "state"), [(ACCEPTED, "sold"), (DISMISSED, "active")])
def test_a_decision_survives_whatever_comes_later_and_any_order(books, ours, closing, state) -> None:
    """The same events and the same decision give the same standing, however they come."""
    happened = [*held_and_sold(ours[0]), event(2.5, "inspecting", ours[0]), packed(5, CASE, ours[1]), begun(0, ours[1])]
    expected = None
    for seed in range(3):
        _forget(books)
        shuffled = list(happened)
        random.Random(seed).shuffle(shuffled)
        sale = next(one for one in shuffled if one.biz_step == "retail_selling")
        late = [one for one in shuffled if one.biz_step in ("inspecting", "packing")]
        early = [one for one in shuffled if one not in late]
        books.capture(*early)
        (found,) = [one for one in opened(books, state="open") if one.event == sale.uri]
        close(books, found.id, closing)
        books.capture(*late, *shuffled)
        standing = books.standing(ours[0])
        assert (standing.state, standing.recalled) == (state, True)
        assert findings.get_finding(books.plant.db, found.id).state == closing.state
        expected = expected or standing.digest
        assert standing.digest == expected


def test_an_accepted_journey_of_a_case_moves_what_is_taken_out_of_it(books, ours) -> None:
    """Its content is where it came to."""
    books.capture(
        begun(0, *ours, biz_location=HOME),
        packed(1, CASE, *ours),
        event(3, "void_shipping", CASE, biz_location=SHOP),  # which was not shipped
        packed(4, CASE, ours[0], action="DELETE"),
    )
    (found,) = opened(books, state="open", code="undo_refused_state")
    close(books, found.id, ACCEPTED)
    assert books.standing(ours[0]).location == SHOP


def test_a_finding_that_lapsed_comes_back_and_is_told_again(books, ours) -> None:
    plant = books.plant
    plant.db.write(
        lambda conn: conn.execute(
            webhooks.insert().values(
                url="https://qa.example.com", events=["finding.opened"], sealed_secret="", created_at=BEGIN
            )
        )
    )
    hold, sale = event(1, "holding", ours[0], set=("non_sellable_other",)), event(3, "retail_selling", ours[0])
    books.capture(begun(0, ours[0]), hold, sale)
    (found,) = opened(books, state="open")
    released = event(2, "holding", ours[0], unset=("non_sellable_other",))
    books.capture(released)
    assert [one.state for one in opened(books)] == ["lapsed"]
    assert books.state(ours[0]) == "sold"
    with pytest.raises(Conflict) as refusal:
        close(books, found.id, DISMISSED)
    assert refusal.value.code == "finding_closed"
    books.capture(event(2.5, "holding", ours[0], set=("non_sellable_other",)))
    assert [(one.id, one.state) for one in opened(books)] == [(found.id, "open")]
    with plant.db.read() as conn:
        bodies = [json.loads(body) for body in conn.execute(select(webhook_deliveries.c.body)).scalars()]
    assert [(body["event"], body["data"]["finding"]) for body in bodies] == [("finding.opened", found.id)] * 2
    assert bodies[0]["data"] == {
        "finding": found.id,
        "code": "sale_blocked_on_hold",
        "count": 1,
        "event": sale.uri,
        "event_time": sale.time.isoformat(),
    }


def test_what_did_not_occur_is_declared_by_an_event_of_its_own(books, ours) -> None:
    """An accepted one too, which is then as if it never was."""
    lot = ("L-7", BEGIN.date(), None, None)
    books.capture(
        commissioning_event(BEGIN, ours[:1], Why("commissioning", "active"), lot),
        object_event(BEGIN + timedelta(hours=1), "OBSERVE", ours[:1], Why("holding", "non_sellable_other")),
        object_event(BEGIN + timedelta(hours=2), "OBSERVE", ours[:1], Why("retail_selling", "retail_sold")),
    )
    (found,) = opened(books, state="open")
    done = close(books, found.id, Closing("dismissed", "never left the shelf", declare=True))
    assert (done.state, books.state(ours[0])) == ("dismissed", "active")
    with books.plant.db.read() as conn:
        declared = conn.execute(select(events.c.body).where(events.c.declaration != "")).scalars().one()
        said = conn.execute(select(events.c.error, events.c.own).where(events.c.biz_step == "retail_selling"))
        assert sorted(tuple(row) for row in said) == [(False, True), (True, False)]
    assert json.loads(declared)["errorDeclaration"]["reason"] == "did_not_occur"


def test_who_accepted_an_event_for_one_rule_cannot_call_it_nothing_for_another(books, ours) -> None:
    """All that is open of an event is accepted with it; what comes up later is another matter."""
    plant = books.plant
    sale = event(3, "retail_selling", *ours[:2])
    books.capture(begun(0, *ours[:2]), event(1, "holding", ours[0], set=("non_sellable_other",)), sale)
    (found,) = opened(books, state="open")
    close(books, found.id, ACCEPTED)
    books.capture(event(2, "holding", ours[1], set=("recalled",)))
    (other,) = opened(books, state="open")
    assert (other.code, books.state(ours[1])) == ("sale_blocked_recalled", "sold")
    with pytest.raises(Conflict) as refusal:
        close(books, other.id, DISMISSED)
    assert refusal.value.code == "finding_accepted"
    for closing in (Closing("dismissed", " "), Closing("accepted", "yes", declare=True)):
        with pytest.raises(InvalidInput):
            close(books, other.id, closing)
    with pytest.raises(NotFound):
        close(books, 999_999, DISMISSED)
    assert opened(books, product_id=findings.product_id(plant.db, ours[0].split("/")[4])) == opened(books)
    assert opened(books, product_id=999_999) == []


def _forget(books) -> None:
    def work(conn):
        for table in (finding_table, unit_events):
            conn.execute(table.delete())
        conn.execute(units.update().values(parent_id=None))
        conn.execute(units.delete())
        conn.execute(events.delete())

    books.plant.db.write(work)
