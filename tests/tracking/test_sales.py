"""Sales: which unit went to whom, what may not be sold, and how long it is warranted."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from labelsvc.errors import Conflict, InvalidInput, NotFound
from labelsvc.storage.tables import events, findings
from labelsvc.tracking import sales
from tests.tracking.happenings import BEGIN, event, packed

BERLIN = timezone(timedelta(hours=1))
CASE = "https://id.gs1.org/00/095201234567891235"


def test_a_sale_links_the_unit_and_its_buyer_and_tells_others_nothing_of_them(shop) -> None:
    customer = shop.customer()
    sold_at = datetime(2026, 11, 30, 17, 30, tzinfo=BERLIN)
    made = shop.sell(
        0, 1, customer=customer.name, channel="shop", invoice="4711", at=sold_at, location="9521141111116", days=11
    )
    assert [(sale.epc, sale.customer, sale.finding) for sale in made] == [
        (epc, customer.name, None) for epc in shop.epcs[:2]
    ]
    assert [shop.books.state(epc) for epc in shop.epcs[:3]] == ["sold", "sold", "active"]
    with shop.plant.db.read() as conn:
        body = json.loads(conn.execute(select(events.c.body).where(events.c.event_id == made[0].event_id)).scalar_one())
    assert body == {
        "type": "ObjectEvent",
        "eventTime": "2026-11-30T16:30:00.000Z",
        "eventTimeZoneOffset": "+01:00",
        "epcList": shop.epcs[:2],
        "action": "OBSERVE",
        "bizStep": "retail_selling",
        "disposition": "retail_sold",
        "readPoint": {"id": "https://id.gs1.org/414/9521141111116"},
        "bizTransactionList": [{"type": "inv", "bizTransaction": "https://id.example.com/inv/4711"}],
    }


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_warranty_begins_on_the_day_of_the_shop_and_is_frozen(shop) -> None:
    """Half past midnight in Berlin is the day before in UTC; later terms are for later sales."""
    (sale,) = shop.sell(0, at=datetime(2026, 11, 30, 0, 30, tzinfo=BERLIN))
    sales.set_warranty(shop.plant.db, shop.call(), shop.product.code, 3)
    (later,) = shop.sell(1, at=datetime(2026, 11, 30, 0, 30, tzinfo=BERLIN))
    sales.set_warranty(shop.plant.db, shop.call(), shop.product.code, None)
    (never,) = shop.sell(2)
    assert [each.warranty_until for each in (sale, later, never)] == [date(2028, 11, 30), date(2027, 2, 28), None]
    on = [datetime(2028, 11, 30, 23, tzinfo=BERLIN), datetime(2028, 12, 1, 12, tzinfo=BERLIN)]
    ours = [sales.warranty_of(shop.plant.db, shop.plant.issuer, shop.product.code, shop.serials[0], now) for now in on]
    assert [(each.valid, each.sale.id) for each in ours] == [(True, sale.id), (False, sale.id)]


@pytest.mark.parametrize(
    ("dialect", "before", "code"),
    [
        ("sqlite", lambda epc: event(1, "holding", epc, set=("recalled",)), "sale_blocked_recalled"),
        ("sqlite", lambda epc: event(1, "holding", epc, disposition="non_sellable_other"), "sale_blocked_on_hold"),
        ("sqlite", lambda epc: event(1, "inspecting", epc, disposition="non_conformant"), "sale_blocked_failed_tests"),
        ("sqlite", lambda epc: event(1, "retail_selling", epc), "already_inactive"),
        ("sqlite", lambda epc: packed(1, CASE, epc), "packed_in"),
        ("postgresql", lambda epc: event(1, "holding", epc, set=("recalled",)), "sale_blocked_recalled"),
        ("sqlite", lambda epc: event(1, "destroying", epc, action="DELETE"), "already_inactive"),
    ],
)
def test_what_may_not_be_sold_is_refused_and_kept_and_flagged_where_it_was_done(shop, before, code) -> None:
    """A refusal leaves nothing, not even for the units that might have been sold; the buyer is found either way."""
    shop.books.capture(before(shop.epcs[0]))
    state, there = shop.books.state(shop.epcs[0]), shop.plant.tables()
    with pytest.raises(Conflict) as refused:
        shop.sell(0, 1)
    assert (refused.value.code, refused.value.facts) == (
        "event_refused",
        {"findings": [{"unit": shop.epcs[0], "code": code}]},
    )
    assert shop.plant.tables() == there
    customer = shop.customer()
    made = shop.sell(0, 1, customer=customer.name, already_happened=True)
    assert [(sale.customer, sale.finding) for sale in made] == [(customer.name, code), (customer.name, None)]
    assert [shop.books.state(epc) for epc in shop.epcs[:2]] == [state, "sold"]
    with shop.plant.db.read() as conn:
        found = conn.execute(select(findings.c.code, findings.c.count, findings.c.state)).all()
    assert [tuple(row) for row in found] == [(code, 1, "open")]


def test_a_unit_that_was_never_commissioned_is_sold_only_if_it_was(shop) -> None:
    """What nobody ever heard of is linked to its buyer, too."""
    other = shop.plant.issue(shop.lot, 1)
    serial = shop.plant.serials(other)[0]
    shop.serials.append(serial)
    with pytest.raises(Conflict) as refused:
        shop.sell(5)
    assert refused.value.facts["findings"][0]["code"] == "not_commissioned"
    (sale,) = shop.sell(5, already_happened=True)
    assert (sale.epc.rpartition("/")[2], sale.finding) == (serial, "not_commissioned")


def test_the_same_request_sells_once(shop) -> None:
    first = shop.sell(0, key="k")
    assert shop.sell(0, key="k") == first
    with pytest.raises(Conflict, match="Idempotency-Key"):
        shop.sell(1, key="k")
    with pytest.raises(Conflict) as known:
        shop.sell(0, already_happened=True)
    assert known.value.code == "event_known"


@pytest.mark.parametrize(
    ("labels", "more", "code", "pointer"),
    [
        ((), {}, "sale_units", "/units"),
        ((0, 0), {}, "unit_twice", "/units/1"),
        ((0,), {"customer": "C-0000000000"}, "customer_unknown", "/customer"),
        ((0,), {"location": "9521141111117"}, "gln_or_uri", "/location"),
        ((0,), {"invoice": "x" * 81}, "name_too_long", "/invoice"),
        ((0,), {"product": "VALVE"}, "label_other_product", "/units/0"),
    ],
)
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_cannot_be_read_says_where(shop, labels, more, code, pointer) -> None:
    with pytest.raises((InvalidInput, Conflict)) as refused:
        shop.sell(*labels, **more)
    assert (refused.value.code, refused.value.pointer) == (code, pointer)


def test_sales_are_found_by_unit_and_by_customer(shop) -> None:
    one, two = shop.customer(), shop.customer(None)
    shop.sell(0, 1, customer=one.name)
    shop.sell(2, customer=two.name, days=11)
    shop.sell(3, days=12)

    def found(**by):
        asked = {"unit": None, "product": None, "customer": None, **by}
        page = sales.list_sales(shop.plant.db, shop.plant.issuer, *asked.values(), (0, 10))
        return [shop.epcs.index(each.epc) for each in page.items]

    assert found() == [0, 1, 2, 3]
    assert found(customer=one.name) == [0, 1]
    assert found(unit=shop.text(2)) == [2]
    assert found(unit=shop.serials[3], product=shop.product.code, customer=two.name) == []
    with pytest.raises(NotFound):
        found(customer="C-0000000000")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_unit_that_was_never_sold_has_no_warranty(shop) -> None:
    found = sales.warranty_of(shop.plant.db, shop.plant.issuer, shop.product.code, shop.serials[0], BEGIN)
    assert (found.sale, found.valid, found.unit.standing.state) == (None, False, "active")
