"""Complaints: of whatever somebody scans, in words that nothing else repeats, until somebody says what came of it."""

from __future__ import annotations

import json

import pytest

from labelsvc.domain.complaints import ComplaintRequest, Progress
from labelsvc.errors import Conflict, InvalidInput, NotFound
from labelsvc.tracking import complaints

TEXT = "Frau Holt says:\nit hums, and smells of fire."


def complain(shop, label=0, key=None, **more):
    asked = ComplaintRequest(more.pop("unit", None) or shop.text(label), "harmed_somebody", "critical", TEXT, **more)
    return complaints.open_complaint(shop.plant.db, shop.plant.issuer, shop.call(key, days=40), asked)


def test_a_complaint_is_of_the_buyer_and_after_those_that_the_unit_had(shop) -> None:
    buyer, other = shop.customer(), shop.customer(None)
    shop.sell(0, customer=buyer.name)
    first, second = complain(shop), complain(shop, customer=other.name)
    elsewhere = complain(shop, 1, follows=first.id)
    assert [each.customer for each in (first, second, elsewhere)] == [buyer.name, other.name, None]
    assert [each.earlier for each in (first, second, elsewhere)] == [(), (first.id,), (first.id,)]
    listed = complaints.list_complaints(shop.plant.db, shop.plant.issuer, None, shop.text(0), None, (0, 10))
    assert listed.items == (first, second)


def test_its_words_stand_with_it_alone(shop) -> None:
    complain(shop)
    tables = shop.plant.tables()
    assert "smells of fire" in json.dumps(tables.pop("complaints"), default=str)
    assert "smells of fire" not in json.dumps(tables, default=str)


def test_of_a_unit_that_nobody_ever_heard_of_one_may_complain_as_well(shop) -> None:
    """It may be a fake."""
    fake = f"https://id.gs1.org/01/{shop.product.code}/21/ZZZZZZZZZZ"
    made = complain(shop, unit=fake)
    assert (made.epc, shop.books.state(fake)) == (fake, "unknown")


def test_the_same_request_is_one_complaint(shop) -> None:
    assert complain(shop, key="k") == complain(shop, key="k")
    assert len(shop.plant.tables()["complaints"]) == 1


def test_somebody_owns_it_and_says_what_came_of_it(shop) -> None:
    opened = complain(shop)

    def move(state, resolution=None):
        progress = Progress(state, "minor", "carol", resolution)
        return complaints.move_complaint(shop.plant.db, shop.call(), opened.id, progress)

    assert move("investigating").progress == Progress("investigating", "minor", "carol", None)
    with pytest.raises(InvalidInput) as silent:
        move("closed")
    assert (silent.value.code, silent.value.pointer) == ("complaint_resolution", "/resolution")
    closed = move("closed", "A fly was in it.")
    assert (closed.closed_at, closed.progress.state) == (shop.call().at, "closed")
    with pytest.raises(Conflict) as refused:
        move("open")
    assert refused.value.code == "complaint_state"
    assert move("investigating").closed_at is None


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(
    ("more", "code", "pointer"),
    [
        ({"customer": "C-0000000000"}, "customer_unknown", "/customer"),
        ({"follows": 999}, "complaint_unknown", "/follows"),
        ({"unit": "https://id.gs1.org/01/09521321000018"}, "scan_no_unit", "/unit"),
        ({"unit": "\x1d"}, "scan_empty", "/unit"),
    ],
)
def test_what_cannot_be_read_says_where(shop, more, code, pointer) -> None:
    with pytest.raises(InvalidInput) as refused:
        complain(shop, **more)
    assert (refused.value.code, refused.value.pointer) == (code, pointer)
    with pytest.raises(NotFound):
        complaints.get_complaint(shop.plant.db, 999)
