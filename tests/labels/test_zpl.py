"""ZPL is complete, cannot be broken into by what users typed, and prints what the layout says."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from zplkit.parse import parse

from labelsvc.errors import InvalidInput
from labelsvc.labels import fonts
from labelsvc.labels.compiling import compile_layout
from labelsvc.labels.formats import shipped
from labelsvc.labels.layout import (
    Align,
    Box,
    Element,
    Layout,
    Picture,
    PlacedSymbol,
    Rectangle,
    Rotation,
    TextLine,
)
from labelsvc.labels.symbols import Quiet, Symbol, Symbology, build
from labelsvc.labels.values import Values
from labelsvc.labels.zpl import PLAIN, render

SERIAL = "0A-z.19"
ANY = string.digits + string.ascii_letters + ".-"
ROTATIONS: list[Rotation] = [0, 90, 180, 270]
ALIGNS: list[Align] = ["left", "center", "right"]
WHITELIST = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 .,:/+()-")

# Those that place something on this one label; none that sets something up, stores something or counts.
COMMANDS = frozenset(b"^XA ^CI ^PW ^LL ^LH ^FO ^FT ^A0 ^FB ^FH ^FD ^FS ^BY ^BC ^BX ^BQ ^GB ^GF ^PQ ^XZ".split())

# What a printer takes as the start of a command, or as one (3.1 of the ZPL II guide's basics), and what else could
# do harm: the texts a hostile product or lot name would be made of.
HOSTILE = [
    "^XZ",
    "~JA",
    "\x02\x03\x0f\x10\x1e\x1dA\x7f",
    "_5EXZ",
    "\\5E\\7E",
    "\\&x\\\\&",
    ">;>8>0",
    "__1_d094",
    "A\r\nB\tC\x00",
    "€ é 中 😀",
    "^FS^PQ99999999^XZ^XA",
]
texts = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
printable = st.text(
    st.sampled_from([chr(code) for code in range(0x20, 0x250) if fonts.resident(chr(code))]),
    min_size=1,
    max_size=8,
)
shown = st.text(st.sampled_from(sorted(fonts.widths("sans"))), min_size=1, max_size=20)
cset82 = st.text(st.sampled_from("!\"%&'()*+,-./0123456789:;<=>?ABCXYZ_abcxyz"), min_size=1, max_size=12)
ascii_texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12)
serials = st.text(st.sampled_from(ANY), min_size=7, max_size=7)


def layout(*elements: Element, dpmm: int = 8, length: int = len(SERIAL), side: float = 0) -> Layout:
    """A label of 100 mm by 50 mm, or so large that a side fits, whose serials can be anything a scheme makes."""
    return Layout(max(100, side), max(50, side), dpmm, elements, frozenset(ANY), length)


def text(*pieces: str, align: Align = "left", rotation: Rotation = 0) -> TextLine:
    """A line of 5 mm type across the label, or down it."""
    box = Box(10, 20, 80, 5) if rotation in (0, 180) else Box(20, 3, 5, 44)
    return TextLine(box, pieces, "sans", 5, align, rotation)


def symbol(symbology: Symbology, *pieces: str, dots: int = 2, dpmm: int = 8, rotation: Rotation = 0) -> PlacedSymbol:
    """A symbol in the label's top left, 8 mm high where it is linear, with any serial of SERIAL's length."""
    made = build(symbology, pieces, (ANY,) * len(SERIAL))
    width, height = made.columns * dots / dpmm, (8 if made.rows == 1 else made.rows * dots / dpmm)
    if rotation in (90, 270):
        width, height = height, width
    return PlacedSymbol(Box(6, 5, width, height), made, dots, 8 if made.rows == 1 else 0, rotation)


def one(made: Layout, serial: str = SERIAL) -> bytes:
    """The label of one serial."""
    return next(render(made, [serial]))


def fields(label: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The `^FH` indicator and the data of every field, from the bytes alone."""
    for match in re.finditer(rb"\^FH(.)\^FD([^^]*)\^FS", label):
        yield match[1], match[2]


def commands(label: bytes) -> list[bytes]:
    """The names of all commands, as zplkit divides the stream."""
    elements = parse(label).elements
    assert {element.kind for element in elements} == {"format_command"}
    return [bytes(element)[:3] for element in elements]


def test_every_serial_gets_one_complete_format() -> None:
    """A label is a whole format of quantity one, in UTF-8, with its size and origin given, and the next follows it."""
    made = layout(text("lot L1"), text("no. ", " of lot L1"))
    labels = list(render(made, ["AAAAAAA", "BBBBBBB"]))
    for label, serial in zip(labels, (b"AAAAAAA", b"BBBBBBB"), strict=True):
        assert label.startswith(b"^XA^CI28^PW800^LL400^LH0,0^F")
        assert label.endswith(b"^FS^PQ1^XZ\n")
        assert label.count(b"^XA") == label.count(b"^XZ") == label.count(serial) == 1
    assert labels[0].replace(b"AAAAAAA", b"BBBBBBB") == labels[1]


def test_only_the_size_in_dots_differs_between_resolutions() -> None:
    """A millimetre is 8 or 12 dots."""
    assert b"^PW800^LL400^" in one(layout(text("x")))
    assert b"^PW1200^LL600^" in one(layout(text("x"), dpmm=12))


def test_labels_are_made_as_they_are_asked_for() -> None:
    """No serial is drawn before its label is."""
    drawn = iter(["AAAAAAA", "BBBBBBB", "CCCCCCC"])
    next(render(layout(text("", "")), drawn))
    assert list(drawn) == ["BBBBBBB", "CCCCCCC"]


def test_no_setting_of_the_printer_is_touched() -> None:
    """Only commands that place something on this label are used."""
    symbols = [
        symbol("gs1-128", "010950600013435221", ""),
        symbol("code-128", "A/", ""),
        symbol("gs1-datamatrix", "010950600013435221", ""),
        symbol("qr", "https://id.example.com/", ""),
    ]
    picture = Picture(Box(0, 0, 1, 1), 8, 8, bytes(8))
    made = layout(*symbols, picture, Rectangle(Box(1, 1, 9, 9), 1), text("a", align="center"))
    assert set(commands(one(made))) == COMMANDS


@pytest.mark.parametrize("serial", ["AAAAAA", "AAAAAAAA", "AAAAAA^", "AAAAAA\n", "AAAAAA_", "AAAAAAé", ""])
def test_a_serial_that_is_not_of_the_layout_is_an_error(serial: str) -> None:
    """A serial of another length, or with a character that no serial of the batch holds, never reaches a label."""
    with pytest.raises(ValueError, match="Expected a serial of 7 characters"):
        one(layout(text("", "")), serial)


@pytest.mark.parametrize("char", "^~_\\>é\x1e")
def test_a_layout_whose_serials_would_need_an_escape_is_an_error(char: str) -> None:
    """A serial is written without escape, so a layout must promise that it needs none."""
    made = Layout(100, 50, 8, (text("", ""),), frozenset("A" + char), 7)
    with pytest.raises(ValueError, match="Expected serials of plain characters"):
        one(made, "AAAAAAA")


@pytest.mark.parametrize("align", ALIGNS)
@given(texts, texts)
@example("", "")
@example(*HOSTILE[:2])
@example("A\\&B", "\\")
def test_no_text_breaks_out_of_its_field(align: Align, before: str, after: str) -> None:
    """Whatever a text holds, the commands are those of a harmless text, and its bytes are plain or hexadecimal."""
    label = one(layout(text(before, after, align=align)))
    assert commands(label) == commands(one(layout(text("harmless", "", align=align))))
    ((indicator, data),) = fields(label)
    if align == "center":
        data = data.removesuffix(b"\\&")
    assert set(re.sub(rb"_[0-9A-F]{2}", b"", data)) <= WHITELIST
    doubled = [part.replace("\\", "\\\\") if align == "center" else part for part in (before, after)]
    assert _unescaped(indicator, data) == SERIAL.join(doubled).encode()


@settings(max_examples=60)
@given(st.one_of(texts, printable, shown), st.one_of(texts, cset82), st.one_of(texts, printable, shown))
@example("Ιβουπροφαίνη 400 mg", "L-1", "Žluťoučký kůň")
def test_no_value_of_a_batch_breaks_out_of_its_field(judges: Any, name: str, lot: str, line: str) -> None:
    """Whatever product, lot and production line are called, it is refused or prints, by commands of ours alone."""
    day = date(2026, 11, 22)
    values = Values("09506000134352", "gtin", name, lot, day, day, None, line, 1, "https://id.example.com")
    try:
        made = compile_layout(shipped()["unit-100x50"], values, (ANY,) * len(SERIAL), 8)
    except InvalidInput:
        return
    label = one(made)
    assert set(commands(label)) <= COMMANDS
    assert len(commands(label)) == label.count(b"^")
    assert not re.search(rb"[\x00-\x1f\x7e-\xff]", label[:-1])
    (pixels,) = judges.zpl(label, 8)
    judges.holds_its_ink(pixels, made)


def _unescaped(indicator: bytes, data: bytes) -> bytes:
    """Undo `^FH` as the guide describes it."""
    return re.sub(re.escape(indicator) + rb"([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), data)


@given(cset82, st.sampled_from(["gs1-128", "gs1-datamatrix", "qr", "code-128"]))
def test_no_payload_breaks_out_of_its_field(lot: str, symbology: Symbology) -> None:
    """Whatever a lot number of GS1's characters holds, the commands are those of a harmless one."""
    label = one(layout(symbol(symbology, f"10{lot}\x1d21" if "gs1" in symbology else f"{lot}/", "")))
    assert commands(label) == commands(one(layout(symbol(symbology, "10A", ""))))
    assert not re.search(rb"[\x00-\x1f\x7e-\xff]", label[:-1])


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20))
def test_a_qr_of_any_text_does_not_break_out_of_its_field(anything: str) -> None:
    """In a QR any text is plain or hexadecimal too, in UTF-8, and its length is counted in bytes."""
    made = Symbol("qr", (anything, ""), len(SERIAL), 41, 41, Quiet(4, 4, 4, 4), version=6, ecc="M")
    label = one(layout(PlacedSymbol(Box(6, 5, 20.5, 20.5), made, 4, 0, 0)))
    assert commands(label) == commands(one(layout(symbol("qr", "harmless", ""))))
    ((indicator, data),) = fields(label)
    assert set(re.sub(rb"_[0-9A-F]{2}", b"", data)) <= WHITELIST
    payload = anything.encode() + SERIAL.encode()
    assert _unescaped(indicator, data) == b"MM,B%04d" % len(payload) + payload


@settings(max_examples=40)
@given(printable, st.sampled_from(ALIGNS), st.sampled_from(ROTATIONS), st.sampled_from([8, 12]))
def test_text_is_printed_inside_its_box(judges: Any, words: str, align: Align, rotation: Rotation, dpmm: int) -> None:
    """Every text of characters that the printer's font has is printed, inside its box, however it is turned."""
    made = layout(text(words, "", align=align, rotation=rotation), dpmm=dpmm)
    (pixels,) = judges.zpl(one(made), dpmm)
    judges.holds_its_ink(pixels, made)
    assert judges.ink(pixels) is not None


def test_every_character_is_drawn_as_itself(judges: Any) -> None:
    """No two characters that font 0 has come out as the same picture (a printer's backslash is a cent sign)."""
    covered = [chr(code) for code in range(0x21, 0x3000) if fonts.resident(chr(code))]
    labels = b"".join(one(layout(text(char))) for char in covered)
    drawn: dict[bytes, str] = {}
    for char, pixels in zip(covered, judges.zpl(labels, 8), strict=True):
        assert drawn.setdefault(pixels.tobytes(), char) == char
    assert len(drawn) == len(covered) > 90


@pytest.mark.parametrize("rotation", ROTATIONS)
@pytest.mark.parametrize("dpmm", [8, 12])
def test_text_stands_where_its_alignment_says(judges: Any, rotation: Rotation, dpmm: int) -> None:
    """The ink of a line touches the start or the end of its box, or leaves the same room at both, to half a mm."""
    room = {}
    for align in ALIGNS:
        line = text("HHHH", align=align, rotation=rotation)
        (pixels,) = judges.zpl(one(layout(line, dpmm=dpmm)), dpmm)
        upright = np.rot90(pixels, rotation // 90)
        turned = Layout(100, 50, dpmm, (line,), frozenset(ANY), 7)
        box = judges.dots(line.box, turned.dpmm)
        along = (box[0], box[2]) if rotation in (0, 180) else (box[1], box[3])
        if rotation in (180, 270):
            far = upright.shape[1]
            along = (far - along[1], far - along[0])
        left, _, right, _ = judges.ink(upright)
        room[align] = ((left - along[0]) / dpmm, (along[1] - right) / dpmm)
    assert room["left"][0] == pytest.approx(0, abs=0.5)
    assert room["right"][1] == pytest.approx(0, abs=0.5)
    assert room["center"][0] == pytest.approx(room["center"][1], abs=0.5)


@pytest.mark.parametrize("dpmm", [8, 12])
def test_the_baseline_is_where_the_fonts_say(judges: Any, dpmm: int) -> None:
    """A capital stands on the baseline, ASCENT parts of the size below the top of its cell, to a dot."""
    line = text("HHH")
    (pixels,) = judges.zpl(one(layout(line, dpmm=dpmm)), dpmm)
    assert judges.ink(pixels)[3] == pytest.approx((20 + 5 * fonts.ASCENT) * dpmm, abs=1)


@pytest.mark.parametrize(("dpmm", "size", "height"), [(8, 5, 32), (12, 5, 48), (8, 5.1, 32), (12, 1.7, 16)])
def test_type_is_never_larger_than_the_fonts_say(dpmm: int, size: float, height: int) -> None:
    """The printer's font is as high as EM_SCALE (0.8) parts of the size, in whole dots, rounded down."""
    line = TextLine(Box(10, 10, 80, size), ("x",), "bold", size, "left", 0)
    assert f"^A0N,{height},{height}^".encode() in one(layout(line, dpmm=dpmm))


@settings(max_examples=30)
@given(cset82, serials, st.sampled_from(ROTATIONS), st.sampled_from([8, 12]))
def test_gs1_128_prints_its_payload(judges: Any, lot: str, serial: str, rotation: Rotation, dpmm: int) -> None:
    """FNC1 first makes it ]C1; a lot number of any GS1 characters and the FNC1 after it are read back."""
    placed = symbol("gs1-128", f"01{9506000134352:014d}10{lot}\x1d21", "", dpmm=dpmm, rotation=rotation)
    side = max(placed.box.width, placed.box.height) + 12
    _prints(judges, layout(placed, dpmm=dpmm, side=side), serial, "]C1")


@settings(max_examples=30)
@given(ascii_texts, serials)
def test_code_128_prints_its_payload(judges: Any, item: str, serial: str) -> None:
    """All printable ASCII is read back, with the characters that are invocations or prefixes in ZPL."""
    _prints(judges, layout(symbol("code-128", f"{item}/", "")), serial, "]C0")


@pytest.mark.parametrize("serial", ["0123456789", "9876543210"])
def test_code_128_changes_to_digits_within_a_serial(judges: Any, serial: str) -> None:
    """A serial of a letter and digits is cut where its code set changes, and its bars are those of the symbol."""
    made = build("code-128", ("A", "/x"), ("XY",) + (string.digits,) * 10 + ("Z",))
    assert len({segment.code_set for segment in made.segments}) == 2
    placed = PlacedSymbol(Box(6, 5, made.columns * 2 / 8, 8), made, 2, 8, 0)
    _prints(judges, layout(placed, length=12), f"Y{serial}Z", "]C0")


@settings(max_examples=30)
@given(cset82, serials, st.sampled_from(ROTATIONS), st.sampled_from([8, 12]))
def test_gs1_datamatrix_prints_its_payload(judges: Any, lot: str, serial: str, rotation: Rotation, dpmm: int) -> None:
    """FNC1 first makes it ]d2; `_` and `\\`, which are escapes here, and the inner FNC1 are read back."""
    placed = symbol("gs1-datamatrix", f"010950600013435210{lot}\x1d21", "", dots=4, dpmm=dpmm, rotation=rotation)
    _prints(judges, layout(placed, dpmm=dpmm), serial, "]d2")


@settings(max_examples=30)
@given(ascii_texts, serials, st.sampled_from(ROTATIONS), st.sampled_from([8, 12]))
def test_qr_prints_its_payload(judges: Any, words: str, serial: str, rotation: Rotation, dpmm: int) -> None:
    """All printable ASCII is read back; the symbol stands in its box although a printer shifts QR codes."""
    placed = symbol("qr", words, "/x", dots=4, dpmm=dpmm, rotation=rotation)
    _prints(judges, layout(placed, dpmm=dpmm), serial, "]Q1")


def _prints(judges: Any, made: Layout, serial: str, identifier: str) -> None:
    """Print a layout of one symbol, measure it, and read it."""
    (placed,) = made.elements
    assert isinstance(placed, PlacedSymbol)
    (pixels,) = judges.zpl(one(made, serial), made.dpmm)
    judges.modules(pixels, placed, made.dpmm)
    (scan,) = judges.scan(pixels)
    assert (scan.identifier, scan.data) == (identifier, placed.symbol.payload(serial).encode())


def test_code_128_bars_are_the_symbol_s(judges: Any, unpacked: Any) -> None:
    """Code sets are spelled out, so a printer draws the very bars that PDF and PNG show."""
    placed = symbol("gs1-128", "01095060001343521726083110L1\x1d21", "")
    (pixels,) = judges.zpl(one(layout(placed)), 8)
    expected = unpacked(placed.symbol.modules(SERIAL), placed.symbol.columns, 1)
    assert (judges.modules(pixels, placed, 8) == expected).all()


def _covers(shape: Sequence[int], *boxes: tuple[int, int, int, int]) -> Any:
    """A picture of filled boxes."""
    pixels = np.zeros(shape, np.bool_)
    for left, top, right, bottom in boxes:
        pixels[top:bottom, left:right] = True
    return pixels


def test_filled_rectangles_and_frames_cover_their_dots(judges: Any) -> None:
    """Edges are rounded to dots, a frame's lines lie inside its box, and a line of no width is one dot wide."""
    made = layout(
        Rectangle(Box(10, 10, 20, 5), None),
        Rectangle(Box(40, 10, 20, 10), 0.5),
        Rectangle(Box(70, 10, 0.01, 10), None),
        Rectangle(Box(80, 10, 3, 2), 1.5),
        Rectangle(Box(90, 10, 5, 5), 0.01),
    )
    assert b"^GB1,80,1,B,0^" in one(made)
    assert b"^GB40,40,1,B,0^" in one(made)
    (pixels,) = judges.zpl(one(made), 8)
    expected = _covers(
        (400, 800),
        (80, 80, 240, 120),
        *((320, 80, 480, 84), (320, 156, 480, 160), (320, 80, 324, 160), (476, 80, 480, 160)),
        (560, 80, 561, 160),
        (640, 80, 664, 96),
        *((720, 80, 760, 81), (720, 119, 760, 120), (720, 80, 721, 120), (759, 80, 760, 120)),
    )
    assert (pixels == expected).all()


def test_rectangles_that_touch_leave_no_gap(judges: Any) -> None:
    """Two rectangles with a common edge between two dots share it."""
    made = layout(Rectangle(Box(10, 10, 5.19, 5), None), Rectangle(Box(15.19, 10, 5, 5), None))
    (pixels,) = judges.zpl(one(made), 8)
    assert (pixels == _covers((400, 800), (80, 80, 162, 120))).all()


@given(st.integers(1, 40), st.integers(1, 20), st.randoms(use_true_random=False))
@settings(max_examples=20)
def test_pictures_are_printed_dot_by_dot(judges: Any, unpacked: Any, columns: int, rows: int, chance: Any) -> None:
    """A picture of any size comes out as it is, also where its rows do not end on a whole byte."""
    across = -(-columns // 8)
    bits = np.packbits(np.array([[chance.random() < 0.5 for _ in range(columns)] for _ in range(rows)]), axis=1)
    assert bits.shape == (rows, across)
    made = layout(Picture(Box(10, 10, columns / 8, rows / 8), columns, rows, bits.tobytes()))
    (pixels,) = judges.zpl(one(made), 8)
    expected = np.zeros((400, 800), np.bool_)
    expected[80 : 80 + rows, 80 : 80 + columns] = unpacked(bits.tobytes(), columns, rows)
    assert (pixels == expected).all()


def test_the_whitelist_holds_no_character_of_a_command() -> None:
    """What is sent as it is means nothing to ^FH, ^FB, ^BC, ^BX, ^FE, ^FC or the framing."""
    assert frozenset(WHITELIST) == {ord(char) for char in PLAIN}
    assert not PLAIN & set("^~_\\><=;&%#{}|`'\"")
