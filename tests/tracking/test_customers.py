"""Customers: what was sold to a pseudonym stays for ever, who it was can be forgotten."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from labelsvc.domain.customers import Contact, Obligation
from labelsvc.errors import Conflict, InvalidInput, NotFound
from labelsvc.storage import customers as rows
from labelsvc.tracking import customers
from tests.tracking.shop import ANNA


def test_what_is_erased_is_nowhere_and_what_was_sold_is_still_there(shop) -> None:
    """Name, address and the rest stand in no table any more: not in the audit, not with the requests."""
    customer = shop.customer()
    (sale,) = shop.sell(0, customer=customer.name)
    customers.set_contact(
        shop.plant.db, shop.plant.issuer, shop.call(), customer.name, replace(ANNA, phone="0815-4711")
    )
    customers.erase_contact(shop.plant.db, shop.plant.issuer, shop.call(), customer.name, "asked to be forgotten")
    everything = json.dumps(shop.plant.tables(), default=str)
    for said in (*ANNA.said.values(), "0815-4711", "Holt", "Markt"):
        assert said not in everything
    assert customers.get_customer(shop.plant.db, customer.name).contact is None
    assert sale.customer == customer.name
    found = shop.plant.tables()["sales"]
    assert [row[0] for row in found] == [sale.id]


def test_the_audit_tells_persons_apart_by_digests_alone(shop) -> None:
    one, two, same = (shop.customer(Contact(name=name)) for name in ("Anna", "Boris", "Anna"))
    entries = {entry["subject"]: entry["after"]["contact"]["name"] for entry in shop.plant.audit("customer.add")}
    digests = [entries[f"customer:{each.name}"] for each in (one, two, same)]
    assert digests[0] == digests[2] != digests[1]
    assert digests[0].startswith("person:")
    assert len({one.name, two.name, same.name}) == 3


def test_the_same_request_is_one_customer_erased_or_not(shop) -> None:
    first = customers.add_customer(shop.plant.db, shop.plant.issuer, shop.call("k"), ANNA)
    customers.erase_contact(shop.plant.db, shop.plant.issuer, shop.call(), first.name, "asked to be forgotten")
    again = customers.add_customer(shop.plant.db, shop.plant.issuer, shop.call("k"), ANNA)
    assert (again.name, again.contact) == (first.name, None)
    with pytest.raises(Conflict, match="Idempotency-Key"):
        customers.add_customer(shop.plant.db, shop.plant.issuer, shop.call("k"), replace(ANNA, name="Boris"))


def test_nobody_is_forgotten_while_a_recall_has_to_reach_them_but_by_force(shop, monkeypatch) -> None:
    given_up = []
    monkeypatch.setattr(rows, "obligations", lambda _conn, _id: (Obligation("R-2026-7"),))
    monkeypatch.setattr(rows, "give_up", lambda _conn, _call, customer_id: given_up.append(customer_id))
    customer = shop.customer()
    with pytest.raises(Conflict) as refused:
        customers.erase_contact(shop.plant.db, shop.plant.issuer, shop.call(), customer.name, "asked")
    assert (refused.value.code, refused.value.facts) == ("customer_in_recall", {"recalls": ["R-2026-7"]})
    assert customers.get_customer(shop.plant.db, customer.name).contact == ANNA
    customers.erase_contact(shop.plant.db, shop.plant.issuer, shop.call(), customer.name, "insists", force=True)
    assert given_up == [customer.id]
    entry = shop.plant.audit("customer.erase")[-1]
    assert (entry["after"], entry["reason"]) == ({"forced": True, "recalls": ["R-2026-7"]}, "insists")


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("contact", [Contact(), Contact(name="x" * 201), Contact(email="a\0b"), Contact(phone="  ")])
def test_a_contact_says_something_that_can_be_kept(shop, contact) -> None:
    with pytest.raises(InvalidInput):
        shop.customer(contact)


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("name", ["C-0000000000", "anna@example.com", "C-7K3Q", "x" * 300])
def test_nobody_else_is_a_customer(shop, name) -> None:
    with pytest.raises(NotFound) as refused:
        customers.get_customer(shop.plant.db, name)
    assert refused.value.code == "customer_unknown"
