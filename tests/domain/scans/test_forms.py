"""Every form that a scanner may send, undamaged: published examples."""

from __future__ import annotations

import pytest

from labelsvc.domain.scans import parse

GTIN = "09506000134352"
SSCC = "106141412345678908"


def said(text) -> list[tuple[str, dict[str, str], str | None]]:
    """Return what a text says without any suspicion: kind, elements, item."""
    return [(each.kind, dict(each.elements), each.item) for each in parse(text).readings if not each.suspected]


@pytest.mark.parametrize(
    ("text", "kind", "elements"),
    [
        # General Specifications 7.8.2 and figures of section 3.
        (f"]C101{GTIN}", "class", {"01": GTIN}),
        ("]C10195012345678903310300175015200914", "class", {"01": "95012345678903", "3103": "001750", "15": "200914"}),
        (f"]d201{GTIN}17281119" + "10L-1\x1d21A1", "unit", {"01": GTIN, "17": "281119", "10": "L-1", "21": "A1"}),
        (f"]Q301{GTIN}21A1\x1d10L", "unit", {"01": GTIN, "21": "A1", "10": "L"}),
        (f"]J101{GTIN}", "class", {"01": GTIN}),
        ("]e00104012345678901", "class", {"01": "04012345678901"}),
        (f"]C100{SSCC}", "logistic", {"00": SSCC}),
        (f"]C100{SSCC}02{GTIN}3748\x1d10L", "logistic", {"00": SSCC, "02": GTIN, "37": "48", "10": "L"}),
        ("]C14140614141123452" + "254400", "location", {"414": "0614141123452", "254": "400"}),
        ("]C18003" + "00614141123452A1", "other", {"8003": "00614141123452A1"}),
        # Retail symbols: EAN-13, UPC-A and UPC-E as 13 digits, EAN-8 as 8, add-ons behind.
        ("]E04006381333931", "class", {"01": "04006381333931"}),
        ("]E00012345678905", "class", {"01": "00012345678905"}),
        ("]E496385074", "class", {"01": "00000096385074"}),
        ("]E3978020137962412", "class", {"01": "09780201379624"}),
        # ISO/IEC 15434, format 05.
        (f"]d1[)>\x1e05\x1d01{GTIN}21A1\x1e\x04", "unit", {"01": GTIN, "21": "A1"}),
        # Codes that say so themselves.
        (f"(01){GTIN}(17)281119(10)L-1(21)A1", "unit", {"01": GTIN, "17": "281119", "10": "L-1", "21": "A1"}),
        (f"(01){GTIN}(21)A\\(10\\)B", "unit", {"01": GTIN, "21": "A(10)B"}),
        ("urn:epc:id:sgtin:0614141.112345.400", "unit", {"01": "10614141123459", "21": "400"}),
        (
            f"]d1https://id.gs1.org/01/{GTIN}/10/L/21/A1?17=281119",
            "unit",
            {"01": GTIN, "10": "L", "21": "A1", "17": "281119"},
        ),
    ],
)
def test_a_text_says_one_thing(text, kind, elements) -> None:
    assert said(text) == [(kind, elements, None)]
    assert said(text.encode()) == [(kind, elements, None)]


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        # Without a symbology identifier and an AI digits may as well be a serial.
        ("4006381333931", [("class", {"01": "04006381333931"}), ("serial", {"21": "4006381333931"})]),
        (SSCC, [("logistic", {"00": SSCC}), ("serial", {"21": SSCC})]),
        ("]C0" + SSCC, [("logistic", {"00": SSCC}), ("serial", {"21": SSCC})]),
        ("00" + SSCC, [("logistic", {"00": SSCC}), ("serial", {"21": "00" + SSCC})]),
        (f"01{GTIN}21A1", [("unit", {"01": GTIN, "21": "A1"}), ("serial", {"21": f"01{GTIN}21A1"})]),
        (f"{GTIN}/A1", [("unit", {"01": GTIN, "21": "A1"})]),
        # People do not mask brackets; what they may have meant instead is suspected.
        (
            f"(01){GTIN}(21)A(10)B",
            [("unit", {"01": GTIN, "21": "A", "10": "B"})],
        ),
    ],
)
def test_a_text_that_may_say_several_things_says_all_of_them(text, readings) -> None:
    """The likely ones first; further ones take an AI that may be by chance for one."""
    assert [(kind, elements) for kind, elements, _ in said(text)][: len(readings)] == readings


def test_an_own_item_stands_before_a_slash_or_in_a_link() -> None:
    assert said("]C0VALVE/A00001") == [("unit", {"21": "A00001"}, "VALVE")]
    assert said("https://id.example.com/item/VALVE/21/A00001") == [("unit", {"21": "A00001"}, "VALVE")]
    assert said("https://id.example.com/item/VALVE/10/L-1") == [("lot", {"10": "L-1"}, "VALVE")]
    for wrong in ("VALVE/21/A/10/L", "VALVE/21", "VALVE/21/A%20B", "VALVE/22/A", "-/21/A", "12345678/21/A"):
        assert said(f"https://id.example.com/item/{wrong}") == []


def test_an_end_card_is_nothing_else() -> None:
    text = "labelsvc:lot/12/480/" + "0f" * 32
    (reading,) = parse(f"]Q1{text}\r").readings
    assert (reading.kind, str(reading.card), reading.symbology) == ("end_card", text, "]Q1")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "scan_empty"),
        ("]d2", "scan_empty"),
        ("]C1\x1d\r\n", "scan_empty"),
        ("]C1]C1", "scan_elements"),
        ("]E0ABC", "scan_not_understood"),
        ("]E1" + "12", "scan_not_understood"),  # an add-on alone
        ("]d2VALVE/A1", "scan_elements"),
        (f"]C101{GTIN[:-1]}3", "scan_elements"),
        (f"]C101{GTIN}17281301", "scan_elements"),
        ("[)>\x1e06\x1dP123\x1e\x04", "scan_format"),
        ("two words", "scan_not_understood"),
        ("Ωmega", "scan_not_understood"),
        ("urn:epc:id:sgtin:0614141.12345.400", "scan_not_understood"),
        ("x" * 4097, "scan_too_long"),
        (b"\xff" * 4097, "scan_too_long"),
    ],
)
def test_what_says_nothing_says_why(text, code) -> None:
    parsed = parse(text)
    assert (parsed.readings, parsed.error.code, parsed.raw) == ((), code, text)
    assert parsed.error.message.startswith("Expected ")
