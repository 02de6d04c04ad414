"""A unit's whole story, from any scan, with the journeys of whatever it was inside."""

from __future__ import annotations

import pytest

from labelsvc.errors import InvalidInput, NotFound
from labelsvc.tracking import units
from tests.tracking.happenings import HOME, SHOP, begun, event, packed

CASE = "https://id.gs1.org/00/095201234567891235"
PALLET = "https://id.gs1.org/00/095201234567891242"


@pytest.fixture
def journey(books):
    """Two units of a lot: packed in a case on a pallet that travels; one is sold, the other stays in its case."""
    batch = books.plant.issue(books.plant.lot(number="L-7"), 2)
    ours = [f"https://id.gs1.org/01/{batch.product_code}/21/{serial}" for serial in books.plant.serials(batch)]
    books.capture(
        begun(0, *ours, lot="L-7", biz_location=HOME),
        packed(1, CASE, *ours),
        event(1.5, "shipping", PALLET),  # before anything of ours is on it
        packed(2, PALLET, CASE),
        event(3, "shipping", PALLET, read_point=HOME),
        event(4, "receiving", PALLET, biz_location=SHOP),
        packed(5, PALLET, CASE, action="DELETE"),
        event(6, "holding", CASE, set=("non_sellable_other",)),
        packed(7, CASE, ours[0], action="DELETE"),
        event(7.5, "holding", ours[0], unset=("non_sellable_other",)),
        event(8, "retail_selling", ours[0]),
        event(9, "stocking", CASE, biz_location=HOME),
    )
    return ours


def test_a_story_goes_through_all_that_a_unit_was_inside(books, journey) -> None:
    """And through nothing that happened to it before or after."""
    told = units.story(books.plant.db, journey[0])
    steps = [(one.biz_step, one.through) for one in told.events]
    assert steps == [
        ("commissioning", None),
        ("packing", None),
        ("packing", CASE),
        ("shipping", PALLET),
        ("receiving", PALLET),
        ("unpacking", CASE),
        ("holding", CASE),
        ("unpacking", None),
        ("holding", None),
        ("retail_selling", None),
    ]
    assert (told.unit.standing.state, told.unit.standing.location) == ("sold", SHOP)
    assert told.unit.inside == ()


def test_what_is_inside_stands_as_what_it_is_inside(books, journey) -> None:
    unit = units.unit(books.plant.db, journey[1])
    assert unit.inside == (CASE,)
    assert (unit.own.state, unit.own.location) == ("active", HOME)
    assert (unit.standing.state, unit.standing.location) == ("in_stock", HOME)
    assert unit.standing.on_hold
    assert not unit.own.on_hold


def test_a_unit_is_found_by_its_urn_as_well(books, journey) -> None:
    gtin, serial = journey[0].split("/")[4], journey[0].split("/")[6]
    urn = f"urn:epc:id:sgtin:{gtin[1:8]}.{gtin[0]}{gtin[8:13]}.{serial}"
    assert units.unit(books.plant.db, urn).epc == journey[0]


def test_what_is_no_unit_is_said_to_be_none(books, journey) -> None:
    with pytest.raises(NotFound, match="got one that none does"):
        units.unit(books.plant.db, journey[0] + "9")
    with pytest.raises(InvalidInput, match="Expected 14 digits, got 12"):
        units.unit(books.plant.db, "https://id.gs1.org/01/095200000001/21/A")
