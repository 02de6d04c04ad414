"""Events into the books: in any order, any number of times, whoever comes first."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from labelsvc.domain.epcis.events import Declaration
from labelsvc.storage.tables import event_terms, events, findings, unit_events, units
from tests.tracking.happenings import BEGIN, HOME, SHOP, begun, event, packed

CASE = "https://id.gs1.org/00/095201234567891235"
PALLET = "https://id.gs1.org/00/095201234567891242"


def foreign(n: int) -> str:
    """Return a unit of somebody else."""
    return f"https://id.gs1.org/01/09521321000018/21/F{n}"


@pytest.fixture
def ours(books):
    """Return five units of a lot of ours."""
    batch = books.plant.issue(books.plant.lot(number="L-7"), 5)
    return [f"https://id.gs1.org/01/{batch.product_code}/21/{serial}" for serial in books.plant.serials(batch)]


def test_a_unit_goes_from_its_lot_to_its_buyer(books, ours) -> None:
    one, two, *_ = ours
    books.capture(begun(0, *ours, lot="L-7", biz_location=HOME))
    assert {books.state(epc) for epc in ours} == {"active"}
    assert books.standing(one).location == HOME
    books.capture(event(1, "shipping", one, two), event(2, "receiving", one, two, biz_location=SHOP))
    assert (books.state(one), books.standing(one).location) == ("in_stock", SHOP)
    books.capture(event(3, "retail_selling", one))
    assert [books.state(epc) for epc in ours[:3]] == ["sold", "in_stock", "active"]
    assert books.standing(one).lot == "L-7"


@pytest.mark.parametrize(
    ("happened", "code", "state"),
    [
        ([event(1, "shipping", "U")], "not_commissioned", "unknown"),
        ([event(-1000, "commissioning", "U", action="ADD")], "before_issue", "unknown"),
        ([begun(0, "U", lot="L-8")], "lot_mismatch", "unknown"),
        ([begun(0, "U"), begun(1, "U", lot="L-7")], "already_commissioned", "active"),
        (
            [begun(0, "U"), event(1, "destroying", "U", action="DELETE"), event(2, "shipping", "U")],
            "terminated",
            "destroyed",
        ),
        ([begun(0, "U"), event(1, "retail_selling", "U"), event(2, "retail_selling", "U")], "already_inactive", "sold"),
        ([begun(0, "U"), event(1, "retail_selling", "U"), event(2, "receiving", "U")], "already_inactive", "sold"),
        (
            [begun(0, "U"), event(1, "holding", "U", set=("recalled",)), event(2, "retail_selling", "U")],
            "sale_blocked_recalled",
            "active",
        ),
        (
            [begun(0, "U"), event(1, "holding", "U", disposition="non_sellable_other"), event(2, "dispensing", "U")],
            "sale_blocked_on_hold",
            "active",
        ),
        (
            [begun(0, "U"), event(1, "inspecting", "U", disposition="non_conformant"), event(2, "retail_selling", "U")],
            "sale_blocked_failed_tests",
            "active",
        ),
        ([begun(0, "U"), event(24 * 900, "retail_selling", "U")], "future_time", "active"),
        ([begun(0, "U"), event(1, "void_shipping", "U")], "undo_refused_state", "active"),
        (
            [begun(0, "U"), event(1, "shipping", "U"), event(300, "void_shipping", "U")],
            "undo_refused_late",
            "in_transit",
        ),
        (
            [begun(0, "U"), event(1, "holding", "U", set=("recalled",)), event(2, "holding", "U", unset=("recalled",))],
            "recall_lift_refused",
            "active",
        ),
        ([begun(0, "U"), packed(1, CASE, "U"), event(2, "shipping", "U")], "packed_in", "active"),
        ([begun(0, "U"), packed(1, CASE, "U"), packed(2, PALLET, "U")], "packed_in", "active"),
        ([begun(0, "U"), packed(1, CASE, "U"), packed(2, CASE, "U")], "already_packed", "active"),
        ([begun(0, "U"), packed(1, CASE, "U"), packed(2, PALLET, "U", action="DELETE")], "not_in_parent", "active"),
    ],
)
def test_what_breaks_a_rule_is_kept_and_flagged_and_moves_nothing(books, ours, happened, code, state) -> None:
    """For each rule; in its order and backwards."""
    for backwards in (False, True):
        unit = ours[backwards]
        named = [_naming(one, unit) for one in happened]
        for one in reversed(named) if backwards else named:
            books.capture(one)
        assert books.state(unit) == state
        with books.plant.db.read() as conn:
            asked = select(findings.c.code).join(events).where(findings.c.state == "open")
            assert set(conn.execute(asked).scalars()) == {code}
            kept = conn.execute(select(func.count()).select_from(unit_events).where(unit_events.c.finding == code))
            assert kept.scalar_one() == 1 + backwards


def _naming(one, unit):
    epcs = tuple(unit for _ in one.epcs)
    children = tuple(unit for _ in one.children)
    return event(
        (one.time - BEGIN).total_seconds() / 3600,
        one.biz_step,
        *epcs,
        **{
            name: getattr(one, name)
            for name in ("type", "action", "disposition", "set", "unset", "parent", "ilmd", "biz_location")
        },
        children=children,
    )


def test_a_serial_that_we_never_granted_is_unknown(books, ours) -> None:
    stranger = ours[0].rpartition("/")[0] + "/ZZZZZZZZZZ"
    assert books.found(begun(1, stranger)) == [{"unknown_serial": 1}]
    assert books.state(stranger) == "unknown"


def test_what_others_made_is_tracked_from_its_first_scan_on(books) -> None:
    """Their commissioning may be told later."""
    unit = foreign(1)
    assert books.found(event(5, "receiving", unit, biz_location=HOME)) == [{}]
    assert books.state(unit) == "in_stock"
    assert books.found(begun(1, unit, lot="THEIRS")) == [{}]
    assert (books.state(unit), books.standing(unit).lot) == ("in_stock", "THEIRS")


def test_what_is_taken_out_of_a_pallet_is_where_the_pallet_came_to(books, ours) -> None:
    """In order, and with the pallet's journey told last."""
    journey = [event(3, "shipping", PALLET), event(4, "receiving", PALLET, biz_location=SHOP)]
    around = [
        begun(0, *ours, biz_location=HOME),
        packed(1, CASE, *ours[:3]),
        packed(2, PALLET, CASE),
        packed(5, CASE, ours[0], action="DELETE"),
    ]
    books.capture(*around, *journey)
    assert (books.state(ours[0]), books.standing(ours[0]).location) == ("in_stock", SHOP)
    assert (books.standing(ours[1]).parent, books.standing(ours[0]).parent) == (CASE, None)


def test_a_case_emptied_in_one_go_lets_go_of_all_of_it_even_of_what_is_told_later(books, ours) -> None:
    books.capture(begun(0, *ours), packed(1, CASE, *ours[:2]), packed(3, CASE, action="DELETE"))
    assert [books.standing(epc).parent for epc in ours[:2]] == [None, None]
    books.capture(packed(2, CASE, ours[2]))
    assert books.standing(ours[2]).parent is None
    books.capture(packed(4, CASE, ours[3]))
    assert books.standing(ours[3]).parent == CASE


def test_the_same_event_counts_once_however_often_it_comes(books, ours) -> None:
    one = begun(0, *ours)
    assert [found.id is None for found in books.capture(one, one)] == [False, True]
    assert books.capture(one)[0].id is None
    with books.plant.db.read() as conn:
        assert conn.execute(select(func.count()).select_from(events)).scalar_one() == 1
        assert json.loads(conn.execute(select(events.c.body)).scalar_one()) == one.document


def test_an_event_declared_wrong_moves_nothing_whichever_of_both_came_first(books, ours) -> None:
    wrong = event(2, "destroying", *ours[:2], action="DELETE")
    said_so = Declaration(datetime(2026, 12, 1, tzinfo=UTC), "did_not_occur", ())
    declared = _with(wrong, declaration=said_so)
    books.capture(begun(0, *ours), wrong)
    assert books.state(ours[0]) == "destroyed"
    books.capture(declared)
    assert books.state(ours[0]) == "active"
    late = event(3, "destroying", ours[3], action="DELETE")
    books.capture(_with(late, declaration=said_so), late)
    assert books.state(ours[3]) == "active"


def _with(one, **more):
    return replace(one, **more)


def life(rng: random.Random, things: list[str], boxes: list[str], steps: int) -> list:
    """Return what happens to units, legal or not, in no sensible way at all."""
    happened = [begun(rng.random(), *things[: len(things) // 2])]
    for _ in range(steps):
        hours = rng.choice([rng.randint(1, 20), rng.random() * 20])
        some = rng.sample(things, rng.randint(1, 4))
        place = rng.choice([None, HOME, SHOP])
        what = rng.randrange(12)
        if what < 3:
            action = rng.choice(["ADD", "ADD", "DELETE", "OBSERVE"])
            happened.append(packed(hours, rng.choice(boxes), *some, action=action, biz_location=place))
        elif what == 3:
            happened.append(packed(hours, rng.choice(boxes), action="DELETE"))
        elif what == 4:
            happened.append(packed(hours, boxes[-1], *rng.sample(boxes[:-1], 1), action=rng.choice(["ADD", "DELETE"])))
        elif what < 7:
            step = rng.choice(["shipping", "receiving", "stocking"])
            happened.append(event(hours, step, rng.choice(boxes), biz_location=place))
        elif what == 7:
            happened.append(event(hours, "holding", *some, **{rng.choice(["set", "unset"]): ("non_sellable_other",)}))
        elif what == 8:
            step = rng.choice(["destroying", "decommissioning"])
            happened.append(event(hours, step, some[0], action="DELETE"))
        elif what == 9:
            happened.append(begun(hours, *some))
        else:
            step = rng.choice(["shipping", "receiving", "retail_selling", "inspecting", "void_shipping"])
            word = rng.choice([None, "returned", "conformant"]) if step in ("receiving", "inspecting") else None
            happened.append(event(hours, step, *some, biz_location=place, disposition=word))
    return happened


@pytest.mark.parametrize("seed", range(4))
def test_state_is_a_function_of_the_set_of_events(books, ours, seed) -> None:
    """Shuffled, tripled, days late: every unit stands the same, after the same events, with the same findings."""
    rng = random.Random(seed)
    things = [*ours, *(foreign(n) for n in range(5))]
    boxes = [CASE, "https://id.gs1.org/00/095201234567891259", PALLET]
    happened = life(rng, things, boxes, 40)
    books.capture(*sorted(happened, key=lambda one: (one.time, one.hash)))
    expected = _books(books, [*things, *boxes])
    for _ in range(2):
        _forget(books)
        shuffled = happened * 3
        rng.shuffle(shuffled)
        for at in range(0, len(shuffled), 7):
            books.capture(*shuffled[at : at + 7], at=BEGIN + timedelta(days=30, minutes=at))
        assert _books(books, [*things, *boxes]) == expected


def _forget(books) -> None:
    def work(conn):
        for table in (findings, unit_events):
            conn.execute(table.delete())
        conn.execute(event_terms.delete())
        conn.execute(units.update().values(parent_id=None))
        conn.execute(units.delete())
        conn.execute(events.delete())

    books.plant.db.write(work)


def _books(books, epcs):
    """Return how units stand, and what is said of each event for each of them."""
    with books.plant.db.read() as conn:
        named = set(conn.execute(select(units.c.epc)).scalars())
        rows = conn.execute(
            select(units.c.epc, events.c.hash, unit_events.c.role, unit_events.c.state, unit_events.c.finding)
            .join(unit_events, unit_events.c.unit_id == units.c.id)
            .join(events, events.c.id == unit_events.c.event_id)
        )
        said_of = sorted(tuple(row) for row in rows)
        open_now = conn.execute(
            select(events.c.hash, findings.c.code, findings.c.count).join(events).where(findings.c.state == "open")
        )
        found = sorted(tuple(row) for row in open_now)
    known = [epc for epc in epcs if epc in named]
    return {epc: one.digest for epc, one in zip(known, books.standings(*known), strict=True)}, said_of, found
