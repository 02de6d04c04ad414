"""What scanners give: element strings, Digital Links, item codes, plain serials, end-cards, and rubbish."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.scans import EndCard, LabelText, read

GTIN = "09506000134352"
GS = "\x1d"
CARD = "labelsvc:lot/12/480/" + "0f" * 32


SSCC = "106141412345678908"  # of GS1's EPC Tag Data Standard
UNIT = LabelText(SSCC, "(00)")


@pytest.mark.parametrize(
    ("text", "product", "reading"),
    [
        (f"]C100{SSCC}", None, UNIT),
        (f"]C102{GTIN}3748{GS}00{SSCC}", None, UNIT),
        (f"]C100{SSCC}10L-1", None, LabelText(SSCC, "(00)", "L-1")),
        (f"https://id.example.com/00/{SSCC}", None, LabelText(SSCC, "(00)", domain="https://id.example.com")),
        # Digits alone are an SSCC where nobody named a product, or the one of logistic units.
        (f"00{SSCC}", None, UNIT),
        (SSCC, None, UNIT),
        (SSCC, "(00)", UNIT),
        (f"00{SSCC}", GTIN, LabelText(f"00{SSCC}", GTIN)),
        ("106141412345678907", None, LabelText("106141412345678907")),
        ("A00001", None, LabelText("A00001")),
        ("A00001", "VALVE", LabelText("A00001", "VALVE")),
        ("VALVE/A00001", "PUMP", LabelText("A00001", "VALVE")),
    ],
)
def test_an_sscc_is_read_as_what_it_is(text: str, product: str | None, reading: LabelText) -> None:
    """With an identifier it says so itself; a serial of a product may look like one."""
    said = read(text)
    assert isinstance(said, LabelText)
    assert said.beside(product) == reading


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        # GS1 DataMatrix and GS1-128, as scanners give them: with and without identifier and FNC1.
        (f"]d201{GTIN}17281119" + f"10L-1{GS}21A1B2", LabelText("A1B2", GTIN, "L-1", dates=frozenset({"281119"}))),
        (f"]C101{GTIN}21A1B2{GS}10L-1", LabelText("A1B2", GTIN, "L-1")),
        (f"{GS}01{GTIN}21A1B2", LabelText("A1B2", GTIN)),
        (f"01{GTIN}21A1B2", LabelText("A1B2", GTIN)),
        (
            f"]d2{GS}01{GTIN}112611191728111910L-1{GS}21A1B2{GS}\r\n",
            LabelText("A1B2", GTIN, "L-1", dates=frozenset({"261119", "281119"})),
        ),
        # A Digital Link in a QR (]Q1) or in a DataMatrix (]d1); https://host and https://host/path.
        (
            f"]Q1https://id.example.com/01/{GTIN}/10/L-1/21/A1B2?17=281119",
            LabelText("A1B2", GTIN, "L-1", "https://id.example.com", frozenset({"281119"})),
        ),
        (f"https://example.com/id/01/{GTIN}/21/A1B2", LabelText("A1B2", GTIN, None, "https://example.com/id")),
        (
            f"https://id.example.com/01/{GTIN}/10/A%2FB/21/X%2E1",
            LabelText("X.1", GTIN, "A/B", "https://id.example.com"),
        ),
        # A lot whose number is a key of its own is no key.
        (f"https://id.example.com/01/{GTIN}/10/01/21/{GTIN}", LabelText(GTIN, GTIN, "01", "https://id.example.com")),
        # Own items in Code 128 (]C0) and QR.
        ("]C0VALVE/A00001", LabelText("A00001", "VALVE")),
        ("VALVE/A00001\t", LabelText("A00001", "VALVE")),
        # A plain serial, also one that looks like the beginning of an element string.
        ("A00001", LabelText("A00001")),
        ("01234567890123456789", LabelText("01234567890123456789")),
        ("0" * 20, LabelText("0" * 20)),
        # The control label.
        (CARD, EndCard(12, 480, "0f" * 32)),
        (f"]Q1{CARD}", EndCard(12, 480, "0f" * 32)),
        # None of ours.
        ("", None),
        ("]Q1", None),
        ("/A1", None),
        ("VALVE/", None),
        ("A" * 21, None),
        ("two words", None),
        ("Ωmega", None),
        (f"01{GTIN}10L-1", None),
        (f"01{GTIN}21A1{GS}21A2", None),  # of which of the two is it?
        (f"01{GTIN}1728111917281120" + "21A1", None),
        (f"https://id.example.com/01/{GTIN}", None),
        (f"https://id.example.com/01/{GTIN}/10/L-1", None),
        ("https://id.example.com/01/950600013435/21/A1", None),
        ("https://[::1", None),
        ("https://example.com/", None),
        (CARD.upper(), None),
    ],
)
def test_a_text_is_read_as(text, reading) -> None:
    assert read(text) == reading


def test_an_end_card_reads_as_what_it_holds() -> None:
    card = EndCard(7, 0, "ab" * 32)
    assert read(str(card)) == card


@given(st.text() | st.text("]dQC01279/:.htps\x1d", max_size=60))
def test_no_text_is_too_strange(text) -> None:
    found = read(text)
    assert found is None or isinstance(found, EndCard) or len(found.serial) > 0
