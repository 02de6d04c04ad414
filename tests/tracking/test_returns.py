"""Customers bring units back, each once, and get others, linked to the old ones."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from labelsvc.errors import Conflict, InvalidInput
from labelsvc.storage.tables import event_terms, events
from labelsvc.tracking import sales
from tests.tracking.happenings import BEGIN, event


def test_a_unit_comes_back_once_and_may_be_sold_again(shop) -> None:
    """Its first sale says so; a second return of the same sale is refused."""
    first = shop.customer()
    (sold,) = shop.sell(0, customer=first.name)
    back = shop.take_back(0, reason="does not fit")
    assert (back.epc, back.sale_id, back.rma, back.finding) == (shop.epcs[0], sold.id, "R-1", None)
    assert shop.books.state(shop.epcs[0]) == "returned"
    with pytest.raises(Conflict) as refused:
        shop.take_back(0, days=21)
    assert (refused.value.code, refused.value.facts) == ("unit_not_sold", {"state": "returned"})
    second = shop.customer()
    (again,) = shop.sell(0, customer=second.name, days=30)
    found = sales.list_sales(shop.plant.db, shop.plant.issuer, shop.text(0), None, None, (0, 10)).items
    assert [(each.customer, each.returned_at is None) for each in found] == [(first.name, False), (second.name, True)]
    assert again.id == found[1].id


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_return_that_happened_is_kept_whoever_sold_it(shop) -> None:
    """Another shop may have; the books of this one say what came in."""
    back = shop.take_back(0, already_happened=True)
    assert (back.sale_id, shop.books.state(shop.epcs[0])) == (None, "returned")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_returned_unit_is_not_warranted_any_more(shop) -> None:
    shop.sell(0)
    shop.take_back(0)
    code, serial = shop.product.code, shop.serials[0]
    found = sales.warranty_of(shop.plant.db, shop.plant.issuer, code, serial, BEGIN + timedelta(days=21))
    assert (found.valid, found.sale.returned_at) == (False, BEGIN + timedelta(days=20))


@pytest.mark.parametrize("back_before", [False, True])
def test_an_exchange_links_the_old_unit_and_the_new_one(shop, back_before) -> None:
    """In the books, and for others by the return that all its events name; the new one's warranty is what was left."""
    customer = shop.customer()
    shop.sell(0, customer=customer.name)
    if back_before:
        shop.take_back(0)
    made = shop.exchange(0, 1, reason="broken")
    assert [shop.books.state(epc) for epc in shop.epcs[:2]] == ["replaced", "sold"]
    assert (made.returned.epc, made.sale.epc, made.sale.replaces) == (*shop.epcs[:2], shop.epcs[0])
    assert (made.sale.customer, made.sale.warranty_until) == (customer.name, date(2028, 11, 30))
    old = sales.list_sales(shop.plant.db, shop.plant.issuer, shop.text(0), None, None, (0, 10)).items[0]
    assert old.replaced_by == shop.epcs[1]
    with shop.plant.db.read() as conn:
        steps = conn.execute(
            select(events.c.biz_step, events.c.disposition)
            .join(event_terms, event_terms.c.event_id == events.c.id)
            .where(event_terms.c.name == "bizTransaction_rma", event_terms.c.value == "https://id.example.com/rma/R-1")
            .order_by(events.c.event_time)
        ).all()
    assert [tuple(row) for row in steps] == [
        ("receiving", "returned"),
        ("replacing", "unavailable"),
        ("retail_selling", "retail_sold"),
    ]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_unit_may_be_warranted_anew(shop) -> None:
    shop.sell(0)
    made = shop.exchange(0, 1, new_warranty=True)
    assert made.sale.warranty_until == date(2028, 12, 11)


def test_what_may_not_be_sold_is_not_given_in_exchange(shop) -> None:
    """Then the old one is where it was, too."""
    shop.sell(0)
    shop.books.capture(event(1, "holding", shop.epcs[1], set=("recalled",)))
    there = shop.plant.tables()
    with pytest.raises(Conflict) as refused:
        shop.exchange(0, 1)
    assert refused.value.facts["findings"] == [{"unit": shop.epcs[1], "code": "sale_blocked_recalled"}]
    with pytest.raises(Conflict) as unsold:
        shop.exchange(2, 3)
    assert (unsold.value.code, unsold.value.pointer) == ("unit_not_sold", "/old")
    with pytest.raises(InvalidInput) as twice:
        shop.exchange(0, 0)
    assert twice.value.code == "unit_twice"
    assert shop.plant.tables() == there


def test_the_same_request_takes_back_and_exchanges_once(shop) -> None:
    shop.sell(0, 1)
    assert shop.take_back(0, key="k") == shop.take_back(0, key="k")
    assert shop.exchange(1, 2, key="k") == shop.exchange(1, 2, key="k")
    assert len(shop.plant.tables()["customer_returns"]) == 2
