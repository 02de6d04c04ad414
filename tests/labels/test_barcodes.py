"""A barcode in its box: whole dots within its limits, its quiet zone free, its readable lines below."""

from __future__ import annotations

from datetime import date
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelsvc.errors import InvalidInput
from labelsvc.labels import barcodes
from labelsvc.labels.elements import Barcode
from labelsvc.labels.formats import LabelFormat
from labelsvc.labels.layout import PlacedSymbol, TextLine
from labelsvc.labels.symbols import Shape
from labelsvc.labels.values import Values

GTIN = Values(
    "09520123456788", "gtin", "Pump", "LOT1", date(2026, 11, 22), date(2028, 11, 21), None, None, 5, "https://id.ex"
)
ITEM = Values("PUMP-4711", "item", "Pump", "LOT1", date(2026, 11, 22), None, None, None, 5, "https://id.ex")
DIGITS: Shape = ("0123456789",) * 6
LETTERS: Shape = ("ABCDEFGHJK",) * 6
Dpmm = Literal[8, 12]


def declared(keys: str, size: tuple[float, float] = (100, 100)) -> Barcode:
    """Read a barcode out of a format with nothing else in it."""
    head = f'name = "a"\ntitle = "A"\nwidth = {size[0]}\nheight = {size[1]}\n'
    (element,) = LabelFormat.parse(f"{head}[[barcode]]\n{keys}").elements
    assert isinstance(element, Barcode)
    return element


def placed(keys: str, dpmm: int, shape: Shape = LETTERS, values: Values = GTIN) -> tuple[PlacedSymbol, list[TextLine]]:
    """Read a barcode and place it."""
    barcode = declared(keys)
    return barcodes.place(barcode, barcodes.content(barcode, values, shape), shape, dpmm)


QR = 'symbology = "qr"\ndata = "{serial}"\n'
CODE_128 = 'symbology = "code-128"\ndata = "{product.item}/{serial}"\n'
GS1_128 = 'symbology = "gs1-128"\nais = ["01", "17?", "10", "21"]\n'
DATA_MATRIX = 'symbology = "gs1-datamatrix"\nais = ["01", "21"]\n'


@pytest.mark.parametrize(
    ("x", "side", "dpmm", "dots"),
    [
        # A QR of 6 characters is version 1: 21 modules and 4 on either side, 29 (ISO/IEC 18004).
        ("[0.25, 0.375, 0.5]", 40, 8, 3),
        ("[0.25, 0.375, 0.5]", 40, 12, 5),  # 4 dots are 0.333, 5 are 0.417: equally far, the larger one
        ("[0.25, 0.5, 0.5]", 40, 8, 4),
        ("[0.25, 0.5, 0.5]", 29 * 0.375, 8, 3),  # the box leaves room for 3
        ("[0.25, 0.25, 1]", 40, 8, 2),
        ("[0.3, 0.31, 1]", 40, 8, 3),  # 2 dots would be nearer, but are under the least
        ("[0.05, 0.05, 1]", 40, 8, 2),  # a module is never one dot
    ],
)
def test_a_module_is_the_whole_number_of_dots_nearest_to_the_target(x: str, side: float, dpmm: int, dots: int) -> None:
    """Within the limits and the box."""
    symbol, _ = placed(f"{QR}x = {x}\nbox = [1, 1, {side}, {side}]", dpmm)
    assert symbol.dots == dots
    assert (symbol.box.width, symbol.box.height) == (21 * dots / dpmm, 21 * dots / dpmm)


@pytest.mark.parametrize(
    ("x", "dpmm", "expected"),
    [
        ("[0.3, 0.33, 0.35]", 8, "Expected a module of 0.3 to 0.35 mm and at least 2 dots, got 8 dots per mm, where"),
        ("[0.1, 0.1, 0.2]", 8, "got 8 dots per mm, where none of whole dots is (line 5, barcode 1)."),
        ("[0.42, 0.45, 0.49]", 12, "got 12 dots per mm"),
    ],
)
def test_a_resolution_that_cannot_keep_the_limits_is_refused(x: str, dpmm: int, expected: str) -> None:
    """Rather than print a symbol that is out of specification."""
    with pytest.raises(InvalidInput) as refusal:
        placed(f"{QR}x = {x}\nbox = [1, 1, 40, 40]", dpmm)
    assert refusal.value.code == "format_resolution"
    assert expected in refusal.value.message


def test_healthcare_datamatrix_is_three_dots_at_8_per_mm() -> None:
    """2 dots are 0.250 mm, under the least of 0.254 mm."""
    symbol, _ = placed(f'{DATA_MATRIX}application = "healthcare"\nbox = [1, 1, 40, 40]', 8)
    assert symbol.dots == 3


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (
            f"{QR}x = [0.25, 0.25, 0.5]\nbox = [1, 1, 7.2, 40]",
            "that fits 7.125 x 40 mm with its quiet zone, got one 7.25 mm",
        ),
        (
            f"{QR}x = [0.25, 0.25, 0.5]\nbox = [1, 1, 40, 7.2]",
            "that fits 40 x 7.125 mm with its quiet zone, got one 7.25 mm",
        ),
        # Start C, FNC1, 12 pairs, 10, code B, LOT1, FNC1, 21 and 6 letters, check and stop: 30 * 11 + 13 modules and 20
        # quiet ones of 0.5 mm.
        (f'{GS1_128}application = "general-distribution"\nbox = [0, 0, 100, 40]', "got one 181.5 mm wide (line 5"),
        (f"{GS1_128}x = [0.25, 0.25, 0.25]\nbox = [0, 0, 100, 4]", "Expected room for bars 5 mm high, got 4 mm"),
        (
            f'{GS1_128}application = "healthcare"\nbox = [0, 0, 100, 12.5]',
            "Expected room for bars 12.7 mm high, got 12.5 mm",
        ),
        (
            f"{GS1_128}x = [0.25, 0.25, 0.25]\nbar_height = 20\nbox = [0, 0, 100, 15]",
            "Expected room for bars 20 mm high",
        ),
        (f"{GS1_128}x = [0.25, 0.25, 0.25]\nhri = true\nbox = [0, 0, 100, 7]", "room for bars 5 mm high, got 4.5 mm"),
    ],
)
def test_a_barcode_that_does_not_fit_is_refused(keys: str, expected: str) -> None:
    """With what there is and what it needs."""
    with pytest.raises(InvalidInput) as refusal:
        placed(keys, 8)
    assert refusal.value.code == "format_barcode_too_large"
    assert expected in refusal.value.message


def test_a_gs1_128_is_no_wider_than_its_standard_allows() -> None:
    """165.1 mm with quiet zones, though the label is longer: 310 + 20 modules of 4 dots are 165 mm.

    The modules are start, FNC1, 12 pairs, 10, code B, LOT1, FNC1, code C, 4 pairs and check of 11 each, and 13 to stop.
    """
    barcode = declared(f"{GS1_128}x = [0.25, 1, 1]\nbox = [0, 0, 400, 40]", (400, 100))
    symbol, _ = barcodes.place(barcode, barcodes.content(barcode, GTIN, DIGITS), DIGITS, 8)
    assert symbol.symbol.columns == 27 * 11 + 13
    assert symbol.dots == 4


KEYS = st.sampled_from(
    [
        (f"{QR}x = [0.2, 0.4, 0.6]", GTIN),
        (f"{DATA_MATRIX}x = [0.2, 0.4, 0.6]", GTIN),
        (f"{DATA_MATRIX}x = [0.2, 0.4, 0.6]\nhri = true\nhri_size = 1.6", GTIN),
        (f"{CODE_128}x = [0.2, 0.25, 0.6]\nhri = true", ITEM),
        ('symbology = "gs1-128"\nais = ["01", "21"]\nx = [0.2, 0.25, 0.6]\nhri = true\nhri_size = 2', GTIN),
        ('symbology = "gs1-128"\nais = ["01", "21"]\nx = [0.2, 0.25, 0.6]\nbar_height = 7', GTIN),
    ]
)


@settings(deadline=None, max_examples=150)
@given(
    KEYS,
    st.tuples(*(st.floats(0, 20) for _ in range(2)), *(st.floats(5, 80) for _ in range(2))),
    st.sampled_from([0, 90, 180, 270]),
    st.sampled_from(["left", "center", "right"]),
    st.sampled_from(["top", "middle", "bottom"]),
    st.sampled_from([8, 12]),
)
def test_symbol_quiet_zone_and_lines_stay_in_the_box(
    what: tuple[str, Values], box: tuple[float, ...], rotation: int, align: str, valign: str, dpmm: int
) -> None:
    """On whole dots, whatever the box, rotation and alignment; lines are beside the symbol, not on it."""
    keys, values = what
    more = f'\nrotation = {rotation}\nalign = "{align}"\nvalign = "{valign}"\nbox = {list(box)}'
    barcode = declared(keys + more)
    try:
        symbol, lines = barcodes.place(barcode, barcodes.content(barcode, values, LETTERS), LETTERS, dpmm)
    except InvalidInput as refusal:
        fits = refusal.code not in ("format_barcode_too_large", "format_text_too_long")
    else:
        fits = True
    if not fits:
        return
    zone = barcodes.quiet_zone(symbol, barcode, dpmm)
    left, top, width, height = box
    for inner in (zone, *(line.box for line in lines)):
        assert inner.x >= left - 1e-6
        assert inner.y >= top - 1e-6
        assert inner.x + inner.width <= left + width + 1e-6
        assert inner.y + inner.height <= top + height + 1e-6
    for edge in (symbol.box.x, symbol.box.y, symbol.box.width, symbol.box.height):
        assert edge * dpmm == pytest.approx(round(edge * dpmm), abs=1e-6)
    for line in lines:
        apart = max(
            zone.x - line.box.x - line.box.width,
            line.box.x - zone.x - zone.width,
            zone.y - line.box.y - line.box.height,
            line.box.y - zone.y - zone.height,
        )
        assert apart >= -1e-6


def test_bars_turn_with_the_label_and_qr_does_not() -> None:
    """A linear symbol at 90 degrees is tall; a QR stays as it is, for ZPL cannot turn it."""
    symbol, _ = placed(f"{CODE_128}x = [0.25, 0.25, 0.25]\nrotation = 90\nbox = [5, 0, 12, 100]", 8, values=ITEM)
    assert (symbol.rotation, symbol.box.width, symbol.box.height) == (90, 12, symbol.symbol.columns / 4)
    assert symbol.bar_height == 12
    qr, _ = placed(f"{QR}x = [0.25, 0.25, 0.25]\nrotation = 90\nbox = [5, 5, 50, 50]", 8)
    assert qr.rotation == 0


def test_readable_lines_say_what_is_encoded() -> None:
    """Below the bars, between Application Identifiers broken into lines where one is not enough."""
    symbol, lines = placed(f"{GS1_128}x = [0.25, 0.25, 0.25]\nhri = true\nhri_size = 3\nbox = [0, 0, 100, 30]", 8)
    assert [line.pieces for line in lines] == [("(01)09520123456788(17)281121(10)LOT1(21)", "")]
    wide = 'symbology = "gs1-datamatrix"\nais = ["01", "17?", "10", "21"]\n'
    symbol, lines = placed(f"{wide}x = [0.25, 0.25, 0.25]\nhri = true\nbox = [0, 0, 28, 30]", 8)
    assert [line.pieces for line in lines] == [("(01)09520123456788",), ("(17)281121(10)LOT1",), ("(21)", "")]
    assert lines[0].box.y == pytest.approx(symbol.box.y + symbol.box.height + 0.25)
    assert [line.box.y - lines[0].box.y for line in lines] == pytest.approx([0, 2.5, 5])
    _, lines = placed(f"{CODE_128}x = [0.25, 0.25, 0.25]\nhri = true\nbox = [0, 0, 100, 30]", 8, values=ITEM)
    assert [line.pieces for line in lines] == [("PUMP-4711/", "")]


def test_a_readable_line_that_does_not_fit_is_refused() -> None:
    """One Application Identifier is not broken."""
    with pytest.raises(InvalidInput) as refusal:
        placed(f"{DATA_MATRIX}x = [0.25, 0.25, 0.25]\nhri = true\nhri_size = 6\nbox = [0, 0, 20, 60]", 8)
    assert refusal.value.code == "format_text_too_long"
    assert 'at most 20 mm, got "(01)09520123456788" (line 5, barcode 1)' in refusal.value.message


@pytest.mark.parametrize(
    ("keys", "values", "code"),
    [
        (CODE_128 + "x = [0.2, 0.3, 0.4]", GTIN, "format_value_absent"),
        ('symbology = "code-128"\ndata = "č{serial}"\nx = [0.2, 0.3, 0.4]', GTIN, "symbol_character"),
        ('symbology = "gs1-128"\nais = ["01", "11", "17", "10", "21"]\nx = [0.2, 0.3, 0.4]', GTIN, "symbol_too_long"),
        ('symbology = "gs1-128"\nais = ["01", "15", "21"]\nx = [0.2, 0.3, 0.4]', GTIN, "format_value_absent"),
    ],
)
def test_what_a_symbol_cannot_carry_is_refused_with_its_place(keys: str, values: Values, code: str) -> None:
    """48 data characters are the most of GS1-128: 16 + 8 + 8 + 7 + 22 are more (General Specifications 5.4.1)."""
    barcode = declared(f"{keys}\nbox = [0, 0, 100, 40]")
    with pytest.raises(InvalidInput) as refusal:
        barcodes.content(barcode, values, ("A",) * 20)
    assert refusal.value.code == code
    assert "(line " in refusal.value.message
