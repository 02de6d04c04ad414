"""Who and where, by name."""

from __future__ import annotations

import pytest

from labelsvc.domain.places import NamedBy, NewLocation, NewParty
from labelsvc.errors import Conflict, LabelsvcError
from labelsvc.tracking import places
from tests.tracking.happenings import SHOP, begun, event

#: GS1's example prefix; check digits by hand: 952132100000 has 1, 952114111111 has 6.
GLN = "9521321000001"
HOME = f"https://id.gs1.org/414/{GLN}"


def test_what_an_event_named_can_be_named_later_and_whatever_has_a_name_is_edited(books) -> None:
    plant = books.plant
    books.capture(begun(0, "https://id.gs1.org/01/09521321000014/21/F1", biz_location=HOME))
    (known,) = places.list_locations(plant.db, HOME, 0, 50).items
    assert (known.name, known.party, known.position) == (None, None, None)
    maker = places.add_party(plant.db, plant.issuer, plant.call(), NamedBy(gln=GLN), NewParty("Maker"))
    assert (maker.uri, maker.name) == (f"https://id.gs1.org/417/{GLN}", "Maker")
    said = NewLocation("Hall 1", GLN, (50.08, 14.43))
    named = places.add_location(plant.db, plant.issuer, plant.call(), NamedBy(gln=GLN), said)
    assert (named.id, named.uri, named.party, named.position) == (known.id, HOME, maker.uri, (50.08, 14.43))
    with pytest.raises(Conflict) as refusal:
        places.add_location(plant.db, plant.issuer, plant.call(), NamedBy(uri="urn:epc:id:sgln:9521321.00000.0"), said)
    assert refusal.value.code == "location_exists"
    edited = places.edit_location(plant.db, plant.issuer, plant.call(), known.id, NewLocation("Hall 2"))
    assert (edited.name, edited.party, edited.position) == ("Hall 2", None, None)
    assert places.get_location(plant.db, known.id) == edited
    assert [entry["action"] for entry in plant.audit()][-3:] == ["party.add", "location.add", "location.edit"]


@pytest.mark.parametrize(
    ("by", "uri"),
    [
        (NamedBy(gln=GLN), HOME),
        (NamedBy(gln=GLN, extension="0"), HOME),  # no extension is written as 0 in a URN
        (NamedBy(gln=GLN, extension="LINE"), f"{HOME}/254/LINE"),
        (NamedBy(gln=GLN, extension="3/A"), f"{HOME}/254/3%2FA"),
        (NamedBy(code="WH-2"), "https://id.example.com/locations/WH-2"),
        (NamedBy(uri="urn:epc:id:sgln:9521321.00000.LINE3"), f"{HOME}/254/LINE3"),
        (NamedBy(uri="urn:example:dock:7"), "urn:example:dock:7"),
        (NamedBy(uri="geo:50.08,14.43"), "geo:50.08,14.43"),
    ],
)
def test_every_way_to_name_a_location_has_one_uri(by: NamedBy, uri: str) -> None:
    assert by.canonical("location", "https://id.example.com") == uri


@pytest.mark.parametrize(
    ("by", "code", "pointer", "sentence"),
    [
        (NamedBy(gln="9521321000003"), "gln_check_digit", "/gln", "Expected check digit 1, got 3."),
        (NamedBy(gln="952132100000"), "gln_digits", "/gln", "Expected 13 digits, got 12."),
        (NamedBy(gln="0" * 13), "gln_zero", "/gln", None),
        (NamedBy(gln=GLN, extension="x" * 21), "identifier_length", "/extension", None),
        (NamedBy(gln=GLN, extension="ž"), "identifier_characters", "/extension", None),
        (NamedBy(code="1234"), "place_code", "/code", None),
        (NamedBy(code="a/b"), "place_code", "/code", None),
        (NamedBy(code="WH", extension="1"), "extension_alone", "/extension", None),
        (NamedBy(uri="no uri"), "identifier_uri", "/uri", None),
        (NamedBy(uri=f"https://id.gs1.org/417/{GLN}"), "place_kind", "/uri", None),
        (NamedBy(uri="urn:example:" + "x" * 200), "place_uri_length", "/uri", None),
        (NamedBy(), "place_named", "", "Expected one of gln, code and uri, got none."),
        (NamedBy(gln=GLN, code="WH"), "place_named", "", "Expected one of gln, code and uri, got gln and code."),
    ],
)
def test_what_names_no_location_is_refused(by: NamedBy, code: str, pointer: str, sentence: str | None) -> None:
    with pytest.raises(LabelsvcError) as refusal:
        by.canonical("location", "https://id.example.com")
    assert (refusal.value.code, refusal.value.pointer) == (code, pointer)
    assert sentence in (None, refusal.value.message)


def test_a_party_that_nobody_named_owns_nothing_and_a_position_is_on_earth(plant) -> None:
    for said, code in [
        (NewLocation("Shop", "9521141111116"), "party_unknown"),
        (NewLocation("Shop", None, (90.5, 0.0)), "position"),
        (NewLocation("Shop", None, (float("nan"), 0.0)), "position"),
        (NewLocation(""), "name_empty"),
    ]:
        with pytest.raises(LabelsvcError) as refusal:
            places.add_location(plant.db, plant.issuer, plant.call(), NamedBy(code="SHOP"), said)
        assert refusal.value.code == code
    assert places.list_locations(plant.db, None, 0, 50).items == ()


def test_a_contact_may_be_a_person_and_stays_out_of_the_audit(plant) -> None:
    said = NewParty("Shop", "Jana Nováková, +420 123")
    made = places.add_party(plant.db, plant.issuer, plant.call(), NamedBy(code="SHOP"), said)
    assert (made.uri, made.contact) == ("https://id.example.com/parties/SHOP", said.contact)
    places.edit_party(plant.db, plant.call(), made.id, NewParty("Shop", "Petr"))
    before = plant.tables()
    places.edit_party(plant.db, plant.call(), made.id, NewParty("Shop", "Petr"))
    assert plant.tables() == before
    assert "Jana" not in str(plant.audit())
    assert "Petr" not in str(plant.audit())


def test_lists_go_on_where_the_page_before_ended(books) -> None:
    plant = books.plant
    books.capture(event(1, "receiving", "https://id.gs1.org/01/09521321000014/21/F1", biz_location=SHOP))
    for code in ("A", "B"):
        places.add_location(plant.db, plant.issuer, plant.call(), NamedBy(code=code), NewLocation(code))
    first = places.list_locations(plant.db, None, 0, 2)
    assert [found.name for found in first.items] == [None, "A"]
    assert first.next is not None
    rest = places.list_locations(plant.db, None, first.next, 2)
    assert ([found.name for found in rest.items], rest.next) == (["B"], None)
