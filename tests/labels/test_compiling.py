"""A layout holds for every serial of its batch, or there is no layout."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from PIL import Image

from labelsvc.errors import InvalidInput
from labelsvc.labels.compiling import compile_layout
from labelsvc.labels.formats import LabelFormat, shipped
from labelsvc.labels.layout import Box, Layout, Picture, PlacedSymbol, Rectangle, TextLine
from labelsvc.labels.symbols import Shape
from labelsvc.labels.values import Values

HEAD = 'name = "a"\ntitle = "A"\nwidth = 60\nheight = 30\n'
SERIAL = '[[text]]\nvalue = "{serial}"\nbox = [0, 0, 20, 3]\nsize = 3\nmin_size = 1.6\n'
SHAPE: Shape = ("ABC",) * 6
BATCH = Values(
    "09520123456788", "gtin", "Pump", "LOT1", date(2026, 11, 22), date(2028, 11, 21), None, "3", 5, "https://id.ex"
)


def compiled(
    fragment: str,
    batch: Values = BATCH,
    shape: Shape = SHAPE,
    dpmm: int = 8,
    files: dict[str, bytes] | None = None,
) -> Layout:
    """Compile a format that begins with its serial."""
    return compile_layout(LabelFormat.parse(HEAD + SERIAL + fragment, files or {}), batch, shape, dpmm)


def refused(fragment: str, batch: Values = BATCH, shape: Shape = SHAPE) -> InvalidInput:
    """Compile a format that is refused."""
    with pytest.raises(InvalidInput) as refusal:
        compiled(fragment, batch, shape)
    return refusal.value


def test_a_layout_knows_its_label_and_its_serials() -> None:
    """Size, resolution, and what a serial can be."""
    layout = compiled("", shape=("AB", "7", "."))
    assert (layout.width, layout.height, layout.dpmm, layout.sheet) == (60, 30, 8, None)
    assert (layout.serial_alphabet, layout.serial_length) == (frozenset("AB7."), 3)
    (line,) = layout.elements
    assert line == TextLine(Box(0, 0, 20, 3), ("", ""), "sans", 3, "left", 0)


def test_texts_stand_where_their_alignment_says() -> None:
    """Two lines of 3 mm, 1.5 apart, are 7.5 mm high; at the bottom of a box of 10 they begin 2.5 mm down."""
    text = '[[text]]\nvalue = "a\\nb"\nbox = [20, 10, 30, 10]\nsize = 3\nlines = 2\nspacing = 1.5\nalign = "right"\n'
    for valign, top in (("top", 10), ("middle", 11.25), ("bottom", 12.5)):
        _, first, second = compiled(f'{text}valign = "{valign}"').elements
        assert (first.box, second.box) == (Box(20, top, 30, 3), Box(20, top + 4.5, 30, 3))
    turned = compiled(text.replace("30, 10]", "10, 20]") + "rotation = 270").elements[1]
    assert isinstance(turned, TextLine)
    assert (turned.box, turned.rotation, turned.align) == (Box(20, 10, 3, 20), 270, "right")


def test_an_empty_line_is_not_drawn() -> None:
    """But keeps its place."""
    lines = compiled('[[text]]\nvalue = "a\\n\\nb"\nbox = [0, 10, 30, 12]\nsize = 3\nlines = 3').elements[1:]
    assert [line.box.y for line in lines] == [10, 16]


def test_a_text_that_does_not_fit_is_refused_by_name() -> None:
    """Never clipped: the error names the element, the room and the text."""
    error = refused('[[text]]\nvalue = "{product.name} {serial}"\nbox = [0, 10, 12, 3]\nsize = 3\nmin_size = 2.5')
    assert error.code == "format_text_too_long"
    assert error.message == (
        'Expected a text that fits 12 x 3 mm on one line of 2.5 mm, got "Pump {serial}" (line 11, key value of text 2).'
    )


def test_a_serial_is_as_wide_as_it_can_get() -> None:
    """A box for six I is none for six characters that may be a W, whatever the serials in hand are."""
    text = '[[text]]\nvalue = "{serial}"\nbox = [0, 10, 8, 3]\nsize = 3\n'
    assert compiled(text, shape=("I",) * 6)
    assert refused(text, shape=("IW",) * 6).code == "format_text_too_long"


NAME = '[[text]]\nvalue = "{product.name}"\nbox = [0, 10, 40, 7]\nsize = 3\nlines = 2'


def test_a_text_that_the_printer_cannot_set_is_drawn() -> None:
    """All lines of it, so that they look alike; the other texts are left to the printer."""
    two_lines = NAME.replace("}", "}\\nLot {lot.number}")
    serial, *lines = compiled(two_lines, replace(BATCH, product_name="čaj")).elements
    assert [(line.pieces, line.drawn) for line in lines if isinstance(line, TextLine)] == [
        (("čaj",), True),
        (("Lot LOT1",), True),
    ]
    assert isinstance(serial, TextLine)
    assert not serial.drawn


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("牛乳", '"牛" (U+725B CJK UNIFIED IDEOGRAPH-725B)'),
        ("Tea 🍵", '"🍵" (U+1F375 TEACUP WITHOUT HANDLE)'),
        ("باراسيتامول", '"ب" (U+0628 ARABIC LETTER BEH)'),
        ("אקמול", '"א" (U+05D0 HEBREW LETTER ALEF)'),
        ("पैरासिटामोल", '"प" (U+092A DEVANAGARI LETTER PA)'),
        ("พาราเซตามอล", '"พ" (U+0E1E THAI CHARACTER PHO PHAN)'),
        ("q\u0307", '"\u0307" (U+0307 COMBINING DOT ABOVE)'),
        ("a\u202eb", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("f\u200di", "U+200D ZERO WIDTH JOINER"),
        ("\ufb01\ufe0f", '"\ufb01" (U+FB01 LATIN SMALL LIGATURE FI)'),
    ],
)
def test_a_character_that_no_label_can_show_is_refused_by_name(name: str, shown: str) -> None:
    """No glyph, letters that join or stack, marks without a composed letter, from right to left."""
    error = refused(NAME, replace(BATCH, product_name=name))
    assert error.code == "format_glyph"
    assert error.message == f"Expected characters of the shipped font, got {shown} (line 11, key value of text 2)."


def test_a_decomposed_accent_is_printed_as_its_letter() -> None:
    """e and a combining acute are é, which even the printer has."""
    text = '[[text]]\nvalue = "{product.name}"\nbox = [0, 10, 40, 3]\nsize = 3'
    line = compiled(text, replace(BATCH, product_name="Cafe\u0301")).elements[1]
    assert isinstance(line, TextLine)
    assert line.pieces == ("Café",)
    assert not line.drawn


def test_a_product_of_the_wrong_kind_is_refused() -> None:
    """With the format's name."""
    item = replace(BATCH, product_code="P1", product_kind="item")
    with pytest.raises(InvalidInput) as refusal:
        compile_layout(shipped()["unit-50x25"], item, SHAPE, 8)
    assert refusal.value.message == (
        "Expected a product with a GTIN for the label format unit-50x25, got a product with an own item code."
    )
    with pytest.raises(InvalidInput, match="Expected a product with an own item code for the label format item-70x35"):
        compile_layout(shipped()["item-70x35"], BATCH, SHAPE, 8)


def test_parts_depend_on_values() -> None:
    """What has no value is left out; what needs one that is not there is refused."""
    text = '[[text]]\nvalue = "EXP {lot.expiry}"\nbox = [0, 10, 40, 3]\nsize = 3\n'
    without = replace(BATCH, expiry=None)
    assert len(compiled(text + 'when = "lot.expiry"').elements) == 2
    assert len(compiled(text + 'when = "lot.expiry"', without).elements) == 1
    assert refused(text, without).code == "format_value_absent"
    instead = '[[line]]\nfrom = [0, 20]\nto = [9, 20]\nunless = "lot.expiry"'
    assert len(compiled(instead).elements) == 1
    assert len(compiled(instead, without).elements) == 2


def test_labels_that_would_all_be_the_same_are_refused() -> None:
    """The serial stood in a part that this batch does not have."""
    fmt = LabelFormat.parse(HEAD + SERIAL + 'when = "batch.line"')
    assert compile_layout(fmt, BATCH, SHAPE, 8).elements
    with pytest.raises(InvalidInput, match="Expected the serial on the labels of a, got none with this batch's values"):
        compile_layout(fmt, replace(BATCH, line=None), SHAPE, 8)


def test_lines_are_whole_dots_of_one_thickness() -> None:
    """0.3 mm are 2 dots at 8 per mm wherever the line is, 4 at 12, and never none."""
    for dpmm, dots, least in ((8, 2, 1), (12, 4, 1)):
        lines = "".join(
            f"[[line]]\nfrom = [1, {y}]\nto = [50, {y}]\nthickness = 0.3\n" for y in (10, 10.03, 10.06, 10.1, 29.85)
        )
        thin = "[[line]]\nfrom = [2, 1]\nto = [2, 29]\nthickness = 0.1\n"
        layout = compiled(lines + thin, dpmm=dpmm)
        *across, down = layout.elements[1:]
        for line in across:
            assert isinstance(line, Rectangle)
            assert line.box.height * dpmm == pytest.approx(dots)
            assert (line.box.y + line.box.height) <= 30
        assert down.box.width * dpmm == pytest.approx(least)


def test_frames_keep_their_thickness_in_whole_dots() -> None:
    """A filled box has none."""
    frame, filled = compiled(
        "[[box]]\nbox = [1, 5, 50, 20]\nthickness = 0.3\n[[box]]\nbox = [1, 5, 5, 5]\nfill = true"
    ).elements[1:]
    assert frame == Rectangle(Box(1, 5, 50, 20), 0.25)
    assert filled == Rectangle(Box(1, 5, 5, 5), None)


# Pictures.


def logo() -> bytes:
    """A picture 4 wide and 2 high, black in its left half."""
    picture = Image.fromarray(np.array([[0, 0, 255, 255]] * 2, np.uint8))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(("rotation", "black"), [(0, "left"), (90, "top"), (180, "right"), (270, "bottom")])
def test_a_picture_is_scaled_and_turned(rotation: int, black: str) -> None:
    """Into the room there is, in its proportion, clockwise."""
    fragment = f'[[image]]\nfile = "l.png"\nbox = [1, 5, 10, 10]\nrotation = {rotation}'
    picture = compiled(fragment, files={"l.png": logo()}).elements[1]
    assert isinstance(picture, Picture)
    across = rotation in (0, 180)
    assert (picture.columns, picture.rows) == ((80, 40) if across else (40, 80))
    assert picture.box == (Box(1, 7.5, 10, 5) if across else Box(3.5, 5, 5, 10))
    packed = np.frombuffer(picture.bits, np.uint8).reshape(picture.rows, -1)
    bits = np.unpackbits(packed, axis=1)[:, : picture.columns].astype(bool)
    halves = {"left": bits[:, : bits.shape[1] // 2], "right": bits[:, bits.shape[1] // 2 :]}
    halves |= {"top": bits[: bits.shape[0] // 2], "bottom": bits[bits.shape[0] // 2 :]}
    assert halves[black].all()
    assert bits.sum() == bits.size / 2


# Quiet zones, and rules over all barcodes.

QR = '[[barcode]]\nsymbology = "qr"\ndata = "{serial}"\nbox = [20, 5, 10, 10]\nx = [0.25, 0.25, 0.25]\n'
"""29 modules of 0.25 mm with the quiet zone: 7.25 mm in the middle of the box, from 21.375 to 28.625 across."""


@pytest.mark.parametrize(
    ("fragment", "free"),
    [
        ("[[line]]\nfrom = [20, 10]\nto = [30, 10]", False),
        ("[[line]]\nfrom = [21, 1]\nto = [21, 29]", True),
        ("[[line]]\nfrom = [21.5, 1]\nto = [21.5, 29]", False),
        ("[[box]]\nbox = [20, 5, 10, 10]", True),
        ("[[box]]\nbox = [20, 5, 10, 10]\nthickness = 2", False),
        ("[[box]]\nbox = [20, 5, 10, 10]\nfill = true", False),
        ('[[text]]\nvalue = "x"\nbox = [22, 4, 5, 3]\nsize = 3', False),
        ('[[text]]\nvalue = "x"\nbox = [22, 3, 5, 3]\nsize = 3', True),
        (QR.replace("20, 5", "25, 5"), False),
        (QR.replace("20, 5", "28, 5"), True),
    ],
)
def test_nothing_may_reach_into_a_quiet_zone(fragment: str, free: bool) -> None:
    """A frame around it may stand outside; its own readable lines are below it."""
    if free:
        assert compiled(QR + fragment)
        return
    error = refused(QR + fragment)
    assert error.code == "format_quiet_zone"
    assert "Expected nothing but the symbol in the quiet zone of barcode 1, got " in error.message


def test_a_barcodes_own_lines_are_no_trespassers() -> None:
    """They touch the bars."""
    assert compiled(QR.replace("10, 10]", "20, 20]") + "hri = true")


def test_one_label_does_not_contradict_itself() -> None:
    """Rules that hold over all Application Identifiers are checked with the values that are there."""
    gs1 = '[[barcode]]\nsymbology = "gs1-datamatrix"\nbox = [{}, 5, 20, 20]\nx = [0.25, 0.25, 0.25]\nais = {}\n'
    both = gs1.format(0, '["01"]') + 'when = "lot.expiry"\n' + gs1.format(30, '["10", "21"]')
    assert compiled(both)
    error = refused(both, replace(BATCH, expiry=None))
    assert error.code == "gs1_ai_requires"


def test_the_sheet_goes_with_the_layout() -> None:
    """The PDF writer needs it, the others leave it."""
    fmt = shipped()["sheet-a4-3x8"]
    assert compile_layout(fmt, BATCH, SHAPE, 12).sheet == fmt.sheet


def test_a_layout_is_a_function_of_its_inputs() -> None:
    """Compiled again from the format's own text, it is equal: nothing of a run is left in it."""
    fmt = shipped()["unit-100x50"]
    again = LabelFormat.parse(fmt.toml, fmt.files)
    layout = compile_layout(fmt, BATCH, SHAPE, 12)
    assert compile_layout(again, BATCH, SHAPE, 12) == layout
    assert sum(isinstance(element, PlacedSymbol) for element in layout.elements) == 2
