"""What is where: now, at any time in the past, with all that it is inside; what to take first; counts."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from labelsvc.errors import InvalidInput, NotFound
from labelsvc.storage.tables import findings
from labelsvc.tracking import inventory
from labelsvc.tracking.inventory import Count, Filter
from tests.tracking.happenings import BEGIN, HOME, SHOP, begun, event, packed

CASE = "https://id.gs1.org/00/095201234567891235"
PALLET = "https://id.gs1.org/00/095201234567891242"


@pytest.fixture
def store(books):
    """Ten units of two lots, of which some are packed and travel, and two of somebody else."""
    plant = books.plant
    product = plant.product()
    soon = plant.lot(product, "SOON", expiry_date=date(2026, 12, 24))
    late = plant.lot(product, "LATE", expiry_date=date(2028, 11, 19))
    epcs = {}
    for lot in (soon, late):
        serials = plant.serials(plant.issue(lot, 5))
        epcs[lot.lot.number] = [f"https://id.gs1.org/01/{product.code}/21/{serial}" for serial in serials]
        books.capture(begun(0, *epcs[lot.lot.number], lot=lot.lot.number, biz_location=HOME))
    books.capture(
        packed(1, CASE, *epcs["LATE"][:3]),
        packed(2, PALLET, CASE),
        event(3, "shipping", PALLET),
        event(5, "receiving", PALLET, biz_location=SHOP),
        event(6, "holding", epcs["SOON"][0], set=("non_sellable_other",)),
        event(7, "retail_selling", epcs["SOON"][1]),
        event(8, "receiving", "https://id.gs1.org/01/09521321000018/21/X1", biz_location=HOME),
    )
    books.code, books.epcs, books.lots = product.code, epcs, {"SOON": soon, "LATE": late}
    return books


def stock(store, **asked) -> dict:
    now = BEGIN + timedelta(hours=9)
    lines = inventory.stock(store.plant.db, Filter(**asked), now)
    found = Counter()
    for line in lines:
        found[line.lot, line.state, line.location] += line.count
    return dict(found)


def test_what_is_packed_is_where_its_pallet_is(store) -> None:
    assert stock(store, product=store.code) == {
        ("SOON", "active", HOME): 4,
        ("SOON", "sold", HOME): 1,
        ("LATE", "active", HOME): 2,
        ("LATE", "in_stock", SHOP): 3,
    }
    lines = inventory.stock(store.plant.db, Filter(product=store.code), BEGIN)
    assert sum(line.count for line in lines if line.sellable) == 3 + 2 + 3


@pytest.mark.parametrize(
    ("hours", "late"),
    [
        (0.5, {("LATE", "active", HOME): 5}),
        (4, {("LATE", "active", HOME): 2, ("LATE", "in_transit", None): 3}),
        (5.5, {("LATE", "active", HOME): 2, ("LATE", "in_stock", SHOP): 3}),
        (-1, {}),
    ],
)
def test_any_moment_of_the_past_is_as_it_was(store, hours, late) -> None:
    found = stock(store, lot_id=store.lots["LATE"].id, at=BEGIN + timedelta(hours=hours))
    assert found == late


def test_an_event_that_comes_late_changes_what_was(store) -> None:
    then = {"lot_id": store.lots["LATE"].id, "at": BEGIN + timedelta(hours=4.5)}
    store.capture(event(4.2, "receiving", PALLET, biz_location=HOME))
    assert stock(store, **then) == {("LATE", "active", HOME): 2, ("LATE", "in_stock", HOME): 3}


def test_a_part_is_asked_for_by_category_location_state(store) -> None:
    plant = store.plant
    inventory.set_category(plant.db, plant.call(), store.code, "analgesics")
    assert sum(stock(store, category="analgesics").values()) == 10
    assert sum(stock(store, category="other").values()) == 0
    assert stock(store, location="9521141111116") == {("LATE", "in_stock", SHOP): 3}
    assert stock(store, states=("sold",)) == {("SOON", "sold", HOME): 1}
    assert sum(stock(store).values()) == 11
    lines = inventory.stock(plant.db, Filter(), BEGIN)
    assert {line.product for line in lines} == {store.code, "09521321000018"}
    with pytest.raises(NotFound):
        stock(store, product="09521321999992")


def test_first_expired_is_taken_first_and_nothing_that_may_not_be_sold(store) -> None:
    def picked(quantity, now=BEGIN, **more):
        asked = Filter(product=store.code, **more)
        return [pick.epc for pick in inventory.pick_list(store.plant.db, asked, quantity, now)]

    soon, late = store.epcs["SOON"], store.epcs["LATE"]
    assert set(picked(4)[:3]) == set(soon[2:])
    assert picked(4)[3] in late
    assert set(picked(100)) == {*soon[2:], *late}
    assert set(picked(100, now=BEGIN + timedelta(days=60))) == set(late)
    assert set(picked(100, location=SHOP)) == set(late[:3])
    [pick] = inventory.pick_list(store.plant.db, Filter(product=store.code, location=SHOP), 1, BEGIN)
    assert (pick.inside, pick.location) == (CASE, SHOP)
    with pytest.raises(InvalidInput):
        picked(1_001)


def test_a_count_says_what_is_missing_and_what_is_too_much(store) -> None:
    plant, soon = store.plant, store.epcs["SOON"]
    text = [f"01{store.code}21{epc.rpartition('/')[2]}" for epc in [*soon[2:4], store.epcs["LATE"][0]]]
    asked = Count("9521321000001", (*text, "no such thing at all"))
    call = plant.call("count-1", at=BEGIN + timedelta(days=1))
    counted = inventory.count(plant.db, plant.issuer, call, asked)
    # There should be four of SOON, two of LATE, and somebody else's one.
    assert (counted.expected, counted.seen, counted.missing, counted.surplus, counted.unread) == (7, 3, 5, 1, (3,))
    assert inventory.count(plant.db, plant.issuer, call, asked) == counted
    _, location, differed = inventory.get_count(plant.db, counted.id, 0, 100)
    assert location == HOME
    assert {epc for _, epc, kind in differed if kind == "surplus"} == {store.epcs["LATE"][0]}
    with plant.db.read() as conn:
        rows = conn.execute(select(findings.c.code, findings.c.count).where(findings.c.state == "open")).all()
    assert sorted(map(tuple, rows)) == [("count_missing", 5), ("count_surplus", 1)]
    store.capture(event(1.5, "inspecting", soon[2]))  # what comes late does not close them
    with plant.db.read() as conn:
        assert len(conn.execute(select(findings.c.code).where(findings.c.state == "open")).all()) == 2


def test_an_empty_shelf_is_counted_as_well(store) -> None:
    plant = store.plant
    counted = inventory.count(plant.db, plant.issuer, plant.call(at=BEGIN + timedelta(days=1)), Count(SHOP, ()))
    assert (counted.expected, counted.seen, counted.missing) == (3, 0, 3)


def test_a_pallet_that_was_seen_stands_for_all_that_is_on_it(store) -> None:
    plant = store.plant
    seen = Count(SHOP, (f"]C100{PALLET.rpartition('/')[2]}",))
    counted = inventory.count(plant.db, plant.issuer, plant.call(at=BEGIN + timedelta(days=1)), seen)
    assert (counted.expected, counted.missing) == (3, 0)
    _, _, differed = inventory.get_count(plant.db, counted.id, 0, 100)
    assert {epc for _, epc, _ in differed} == set()
