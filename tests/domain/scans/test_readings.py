"""What a reading names, its EPC, and what is left of several readings for somebody who knows."""

from __future__ import annotations

import pytest

from labelsvc.domain.epcis.identifiers import canonical
from labelsvc.domain.scans import EndCard, Reading, parse

GTIN = "09506000134352"
DOMAIN = "https://id.example.com"


@pytest.mark.parametrize(
    ("pairs", "kind", "epc"),
    [
        ({"01": GTIN, "21": "A/1", "10": "L"}, "unit", f"https://id.gs1.org/01/{GTIN}/21/A%2F1"),
        ({"01": GTIN, "235": "T"}, "unit", f"https://id.gs1.org/01/{GTIN}/235/T"),
        ({"01": GTIN, "10": "L-1", "17": "281119"}, "lot", f"https://id.gs1.org/01/{GTIN}/10/L-1"),
        ({"01": GTIN, "22": "V"}, "class", f"https://id.gs1.org/01/{GTIN}"),
        ({"00": "106141412345678908", "02": GTIN, "37": "5"}, "logistic", "https://id.gs1.org/00/106141412345678908"),
        ({"414": "0614141123452"}, "location", "https://id.gs1.org/414/0614141123452"),
        ({"414": "0614141123452", "254": "32a"}, "location", "https://id.gs1.org/414/0614141123452/254/32a"),
        ({"417": "0614141123452"}, "party", "https://id.gs1.org/417/0614141123452"),
        ({"8003": "00614141123452A"}, "other", "https://id.gs1.org/8003/00614141123452A"),
        ({"21": "A", "10": "L"}, "serial", None),
        ({"10": "L"}, "other", None),
    ],
)
def test_a_kind_and_its_epc(pairs, kind, epc) -> None:
    reading = Reading("element_string", tuple(pairs.items()))
    assert (reading.kind, reading.epc(DOMAIN)) == (kind, epc)
    assert epc is None or canonical(epc) == epc  # as events have it


def test_an_own_items_epc_is_below_the_digital_link_domain() -> None:
    assert Reading("item", (("21", "A-1"),), item="VALVE").epc(DOMAIN) == f"{DOMAIN}/item/VALVE/21/A-1"
    assert Reading("digital_link", (("10", "L"),), item="VALVE").epc(DOMAIN) == f"{DOMAIN}/item/VALVE/10/L"
    assert Reading("end_card", card=EndCard(1, 2, "ab" * 32)).epc(DOMAIN) is None
    assert Reading("end_card", card=EndCard(1, 2, "ab" * 32)).kind == "end_card"


def test_what_is_known_of_a_reading_has_names() -> None:
    pairs = (("01", GTIN), ("11", "261119"), ("17", "281100"), ("10", "L"), ("21", "A"), ("240", "X"))
    reading = Reading("element_string", pairs)
    assert (reading.gtin, reading.product, reading.lot, reading.serial, reading.sscc) == (GTIN, GTIN, "L", "A", None)
    assert reading.dates == {"11": "261119", "17": "281100"}
    assert reading.value("240") == "X"


def test_who_knows_what_exists_is_left_with_that() -> None:
    """A lot that swallowed the serial, or both: the text does not say; the register does."""
    parsed = parse(f"]C101{GTIN}10L-1" + "21A1")
    assert [(each.lot, each.serial) for each in parsed.readings] == [("L-121A1", None), ("L-1", "A1")]
    assert [each.lot for each in parsed.narrowed(lambda reading: reading.lot == "L-1")] == ["L-1"]
    assert len(parsed.narrowed(lambda _: True)) == 2
    assert parsed.narrowed(lambda _: False) == ()


def test_what_is_only_suspected_is_asked_for_last() -> None:
    parsed = parse("aB12")
    assert [(each.serial, each.suspected) for each in parsed.readings[:2]] == [("aB12", False), ("Ab12", True)]
    assert [each.serial for each in parsed.narrowed(lambda reading: (reading.serial or "").lower() == "ab12")] == [
        "aB12"
    ]
    assert [each.serial for each in parsed.narrowed(lambda reading: reading.serial == "Ab12")] == ["Ab12"]
