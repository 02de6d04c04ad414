"""A serial's text leads to its number; what was never issued leads nowhere."""

from __future__ import annotations

import pytest

from labelsvc.errors import NotFound
from labelsvc.issuing import products
from labelsvc.storage import issued


def find(plant, code, serial):
    with plant.db.read() as conn:
        return issued.find(conn, plant.issuer, code, serial)


@pytest.mark.parametrize("scheme", ["A{seq:5}", "{rnd:10}", "{prod:%y%j}{seq:4}"])
def test_every_serial_of_every_batch_leads_to_its_number(plant, scheme) -> None:
    product = plant.product(scheme)
    lot = plant.lot(product)
    for batch in (plant.issue(lot, 3), plant.issue(lot, 2)):
        for label, serial in enumerate(plant.serials(batch), start=1):
            number = find(plant, product.code, serial)
            assert (number.batch.id, number.label) == (batch.id, label)
            assert number.granted.first <= number.ordinal <= number.granted.last


def test_what_was_never_issued_leads_nowhere(plant) -> None:
    product = plant.product("A{seq:5}")
    plant.issue(plant.lot(product), 3)
    assert find(plant, product.code, "A00003") is not None
    for never in ("A00004", "A00000", "B00001", "A0001", "", "A000 1", "Ä00001", "A99999"):
        assert find(plant, product.code, never) is None
    other = plant.product("A{seq:5}")
    assert find(plant, other.code, "A00001") is None
    with pytest.raises(NotFound):
        find(plant, "NOBODY", "A00001")


def test_serials_of_an_earlier_scheme_are_found_for_ever(plant) -> None:
    product = plant.product("A{seq:5}")
    plant.issue(plant.lot(product), 2)
    products.add_scheme(plant.db, plant.call(), product.code, "B{seq:5}")
    later = plant.issue(plant.lot(product), 2)
    assert find(plant, product.code, "A00002").label == 2
    assert find(plant, product.code, "B00002").batch.id == later.id
