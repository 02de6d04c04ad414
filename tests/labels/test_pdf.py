"""A PDF of labels is whole, small, measured in dots, and its text can be copied; judged by pdfium and qpdf."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pikepdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelsvc.errors import InvalidInput, TooLarge
from labelsvc.labels import fonts, pdf
from labelsvc.labels.layout import (
    Align,
    Box,
    Element,
    Layout,
    Picture,
    PlacedSymbol,
    Rectangle,
    Rotation,
    Sheet,
    TextLine,
)
from labelsvc.labels.pdf_file import Objects
from labelsvc.labels.symbols import Symbology, build

DIGITS = "0123456789"
SHAPE = (DIGITS,) * 6
TURNS: tuple[Rotation, ...] = (0, 90, 180, 270)
PAYLOADS: dict[Symbology, tuple[str, ...]] = {
    "code-128": ("PUMP-4711/", ""),
    "gs1-128": ("010950600013435221", ""),
    "qr": ("https://id.example.com/01/09506000134352/21/", ""),
    "gs1-datamatrix": ("010950600013435221", ""),
}
LINES = st.text(
    st.sampled_from([chr(code) for code in range(0x21, 0x530) if fonts.covers(chr(code)) and code != 0xAD]),
    min_size=1,
    max_size=30,
)


def layout(*elements: Element, dpmm: int = 8, sheet: Sheet | None = None) -> Layout:
    """A label of 60 x 70 mm whose serials are six digits."""
    return Layout(60, 70, dpmm, elements, frozenset(DIGITS), len(SHAPE), sheet)


def line(text: str, align: Align = "left", rotation: Rotation = 0, box: Box = Box(4, 10, 30, 4)) -> TextLine:  # noqa: B008 - frozen
    """A line of text in its cell; {} is the serial. The cell is given upright and turned about its corner."""
    size = box.height
    turned = Box(box.x, box.y, size, box.width) if rotation in (90, 270) else box
    return TextLine(turned, tuple(text.split("{}")), "sans", size, align, rotation)


def placed(symbology: Symbology, pieces: tuple[str, ...], rotation: Rotation, dpmm: int) -> PlacedSymbol:
    """A symbol with X of 2 dots at 8 mm, 8 mm, with bars of 6 mm."""
    symbol = build(symbology, pieces, SHAPE)
    high = 6.0 if symbol.linear else 0.0
    width, height = symbol.columns * 2 / dpmm, high or symbol.rows * 2 / dpmm
    box = Box(8, 8, height, width) if rotation in (90, 270) else Box(8, 8, width, height)
    return PlacedSymbol(box, symbol, 2, high, rotation)


def serials(count: int, first: int = 0) -> Iterator[str]:
    """Serials that nobody could mistake for one another."""
    return (f"{number * 7919 % 1_000_000:06d}" for number in range(first, first + count))


def written(made: Layout, count: int) -> bytes:
    """A whole file of so many labels."""
    return b"".join(pdf.write(made, serials(count), count))


def texts(file: bytes) -> list[str]:
    """What a person copies from each page."""
    document = pypdfium2.PdfDocument(file)
    found = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return found


def test_labels_come_in_the_order_of_their_serials() -> None:
    """The text of page n holds the serial n, in a file of more pages than one node of the page tree holds."""
    assert texts(written(layout(line("SN {}")), 150)) == [f"SN {serial}" for serial in serials(150)]


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 128, 4096, 4097])
def test_every_file_is_whole(count: int) -> None:
    """qpdf finds no fault, whether the tree of pages is even or not, and no list in the tree is long."""
    file = written(layout(line("{}")), count)
    with pikepdf.open(io.BytesIO(file)) as document:
        assert document.check_pdf_syntax() == []
        assert len(document.pages) == count
        assert len({page.objgen for page in document.pages}) == count
        nodes = [thing for thing in document.objects if isinstance(thing, pikepdf.Dictionary) and "/Kids" in thing]
        assert max(len(node.Kids) for node in nodes) <= 64
        assert document.Root.Pages.Count == count


def test_a_page_is_as_large_as_the_label() -> None:
    """60 x 70 mm are 170.079 x 198.425 points, and a print is not fitted to the paper."""
    with pikepdf.open(io.BytesIO(written(layout(line("{}")), 1))) as document:
        box = [float(number) for number in document.pages[0].mediabox]
        assert box == pytest.approx([0, 0, 60 / 25.4 * 72, 70 / 25.4 * 72], abs=1e-3)
        assert document.Root.ViewerPreferences.PrintScaling == "/None"


@settings(max_examples=40, deadline=None)
@given(text=LINES)
@pytest.mark.parametrize("bold", [False, True])
def test_any_text_can_be_copied(text: str, bold: bool) -> None:
    """Letters of all alphabets the type has, brackets and backslashes are copied as they were given."""
    # A hyphen at the end of a line is taken for a broken word: the brackets keep it from the end.
    element = TextLine(Box(1, 1, 58, 2), (f"[{text}]{{", "}"), "bold" if bold else "sans", 2, "left", 0)
    (copied,) = texts(written(layout(element), 1))
    assert copied == f"[{text}]{{000000}}"


def test_spaces_that_look_alike_stay_what_they_are() -> None:
    """A space and a no-break space have one glyph but each its own code."""
    with pikepdf.open(io.BytesIO(written(layout(line("a b\u00a0c {}")), 1))) as document:
        font = document.pages[0].Resources.Font.S
        table = bytes(font.ToUnicode.read_bytes()).decode()
    assert re.search(r"<(\w{4})> <0020>", table)
    assert re.search(r"<(\w{4})> <00A0>", table)


def test_a_text_the_type_lacks_is_refused() -> None:
    """No empty box is ever drawn in place of a character."""
    with pytest.raises(ValueError, match=r"Expected characters of DejaVuSansCondensed, got '字'\."):
        written(layout(line("字 {}")), 1)


def test_a_font_is_embedded_once_and_only_what_is_used_of_it() -> None:
    """A file of 500 labels carries each font once, in less than 40 kB."""
    bold = TextLine(Box(1, 20, 58, 3), ("Lot ", ""), "bold", 3, "left", 0)
    file = written(layout(line("SN {}"), bold), 500)
    with pikepdf.open(io.BytesIO(file)) as document:
        kinds = Counter(str(thing.get("/Type")) for thing in document.objects if isinstance(thing, pikepdf.Dictionary))
        sizes = [len(thing.FontFile2.read_bytes()) for thing in document.objects if "/FontFile2" in dir_of(thing)]
    assert kinds["/FontDescriptor"] == 2
    assert len(sizes) == 2
    assert max(sizes) < 40_000


def dir_of(thing: pikepdf.Object) -> list[str]:
    """The keys of a dictionary, none of anything else."""
    return list(thing.keys()) if isinstance(thing, pikepdf.Dictionary) else []


def test_the_same_question_has_the_same_bytes() -> None:
    """Neither time nor chance is in a file: two processes with different hash seeds write the same."""
    program = (
        "import hashlib; from labelsvc.labels import pdf; from labelsvc.labels.layout import *\n"
        "text = TextLine(Box(1, 1, 50, 3), ('Žluťoučký kůň (1) ', ' ABC'), 'sans', 3, 'center', 0)\n"
        "made = Layout(60, 40, 8, (text,), frozenset('0123456789ABCDEF'), 2)\n"
        "print(hashlib.sha256(b''.join(pdf.write(made, ['A0', 'F7'], 2))).hexdigest())"
    )
    digests = {
        subprocess.check_output([sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed})
        for seed in ("1", "2")
    }
    assert len(digests) == 1
    file = written(layout(line("{}")), 3)
    assert file == written(layout(line("{}")), 3)
    assert not re.search(rb"/(CreationDate|ModDate|ID|Filter)\b", file)


@pytest.mark.parametrize("dpmm", [8, 12])
@pytest.mark.parametrize("rotation", TURNS)
@pytest.mark.parametrize("symbology", PAYLOADS)
def test_modules_are_whole_dots(
    judges: Any, unpacked: Any, symbology: Symbology, rotation: Rotation, dpmm: int
) -> None:
    """At the layout's resolution every module is exactly X wide and where the layout has it, however it is turned."""
    element = placed(symbology, PAYLOADS[symbology], rotation, dpmm)
    pages = judges.pdf(written(layout(element, dpmm=dpmm), 2), dpmm)
    for page, serial in zip(pages, serials(2), strict=True):
        symbol = element.symbol
        expected = unpacked(symbol.modules(serial), symbol.columns, symbol.rows)
        assert (judges.modules(page, element, dpmm) == expected).all()
        (scan,) = judges.scan(page)
        assert scan.data.decode().endswith(serial)


def test_a_symbol_without_the_serial_is_drawn_once(judges: Any) -> None:
    """What all labels share is not repeated on each of them, and is on each of them."""
    element = placed("qr", ("https://example.com/a-leaflet",), 0, 8)
    below = Box(4, 40, 30, 4)
    one, many = written(layout(element, line("{}", box=below)), 1), written(layout(element, line("{}", box=below)), 20)
    assert len(many) - len(one) < 19 * 300  # the symbol alone would be 300 bytes
    assert {scan.data for page in judges.pdf(many, 8) for scan in judges.scan(page)} == {
        b"https://example.com/a-leaflet"
    }


@pytest.mark.parametrize("rotation", TURNS)
@pytest.mark.parametrize("align", ["left", "center", "right"])
@pytest.mark.parametrize("text", ["HI{}HI", "HIMMMIH"])
def test_text_stands_where_it_is_aligned(judges: Any, text: str, align: Align, rotation: Rotation) -> None:
    """Ink begins, ends or has its middle where the box does, read in the direction of the text; 1.2 mm at most off."""
    # H has its stems some 0.1 em from its edges.
    element = line(text, align, rotation)
    (page,) = judges.pdf(written(layout(element, dpmm=12), 1), 12)
    left, top, right, bottom = judges.dots(element.box, 12)
    upright = np.rot90(page[top:bottom, left:right], rotation // 90)
    assert upright.sum() == page.sum() > 0, "ink outside the box"
    ink = judges.ink(upright)
    before, after = ink[0], upright.shape[1] - ink[2]
    assert {"left": before, "center": abs(before - after), "right": after}[align] <= 0.4 * 12
    assert {"left": after, "center": min(before, after), "right": before}[align] > 5 * 12
    # Capitals stand on the baseline: more room above than below would be upside down.
    assert ink[1] < upright.shape[0] - ink[3] + 0.2 * 12


def test_rectangles_frames_and_pictures_are_drawn_to_the_dot(judges: Any) -> None:
    """Filled, framed and dotted areas cover exactly the dots of their boxes."""
    random = np.random.default_rng(1)
    dots = random.random((30, 45)) < 0.5
    picture = Picture(Box(30 / 8, 200 / 8, 45 / 8, 30 / 8), 45, 30, np.packbits(dots, axis=1).tobytes())
    filled = Rectangle(Box(10 / 8, 10 / 8, 101 / 8, 3 / 8), None)
    frame = Rectangle(Box(200 / 8, 33 / 8, 77 / 8, 55 / 8), 2 / 8)
    thick = Rectangle(Box(200 / 8, 133 / 8, 10 / 8, 9 / 8), 5 / 8)
    (page,) = judges.pdf(written(layout(filled, frame, thick, picture), 1), 8)
    expected = np.zeros((560, 480), bool)
    expected[10:13, 10:111] = True
    expected[33:88, 200:277] = True
    expected[35:86, 202:275] = False
    expected[133:142, 200:210] = True
    expected[200:230, 30:75] = dots
    assert (page == expected).all()


def test_a_sheet_is_filled_row_by_row(judges: Any, unpacked: Any) -> None:
    """Eleven labels on sheets of 2 x 4: eight and three, in order, symbols in whole dots although the pitch is not."""
    sheet = Sheet(210, 297, columns=2, rows=4, left=10.03, top=2.21, column_pitch=70.17, row_pitch=72.6)
    element = placed("qr", PAYLOADS["qr"], 0, 12)
    file = written(layout(element, line("{}", box=Box(2, 1, 40, 3)), dpmm=12, sheet=sheet), 11)
    with pikepdf.open(io.BytesIO(file)) as document:
        assert document.check_pdf_syntax() == []
    assert [page.split() for page in texts(file)] == [list(serials(8)), list(serials(3, 8))]
    pages = judges.pdf(file, 12)
    assert [page.shape for page in pages] == [(3564, 2520)] * 2
    for number, serial in enumerate(serials(11)):
        row, column = divmod(number % 8, 2)
        left, top = round((10.03 + column * 70.17) * 12), round((2.21 + row * 72.6) * 12)
        label = pages[number // 8][top : top + 840, left : left + 720]
        expected = unpacked(element.symbol.modules(serial), element.symbol.columns, element.symbol.rows)
        assert (judges.modules(label, element, 12) == expected).all()
    assert judges.ink(pages[1])[3] < (2.21 + 72.6 + 70) * 12, "places of the last sheet that are not used are empty"


def test_the_first_bytes_leave_before_a_serial_is_asked_for() -> None:
    """A client sees the answer begin at once, however many labels there are."""

    def none_yet() -> Iterator[str]:
        raise AssertionError("a serial was asked for")
        yield

    assert next(pdf.write(layout(line("{}")), none_yet(), 1_000_000)).startswith(b"%PDF-")


def test_memory_grows_by_the_cross_reference_only() -> None:
    """19,000 labels more take 16 bytes each (8 for each of two objects) and at most 128 kB."""
    # No text here: reading a font takes 4 MB for a moment, which would hide what is kept.
    made = layout(placed("code-128", PAYLOADS["code-128"], 0, 8))

    def peak(count: int) -> int:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        for _ in pdf.write(made, serials(count), count):
            pass
        return tracemalloc.get_traced_memory()[1] - before

    tracemalloc.start()
    try:
        peak(100)  # fills what is computed once
        few, many = peak(1_000), peak(20_000)
    finally:
        tracemalloc.stop()
    assert many - few < 19_000 * 16 + 128_000


@pytest.mark.parametrize("count", [1_000_001, 10**30])
def test_more_than_a_million_labels_are_refused(count: int) -> None:
    """A limit that is said before anything is written."""
    with pytest.raises(TooLarge) as refused:
        pdf.write(layout(line("{}")), [], count)
    assert refused.value.code == "pdf_labels"
    assert refused.value.message == f"Expected at most 1,000,000 labels in one PDF, got {count:,}."


@pytest.mark.parametrize("count", [0, -1])
def test_no_label_is_refused(count: int) -> None:
    """A PDF has at least one page."""
    with pytest.raises(InvalidInput, match=f"Expected at least 1 label in a PDF, got {count}."):
        pdf.write(layout(line("{}")), [], count)


@pytest.mark.parametrize(
    ("given_serials", "message"),
    [
        (["000001"], "Expected 2 serials, got 1."),
        (["000001", "000002", "000003"], "Expected 2 serials, got more."),
        (["000001", "00000A"], "Expected a serial of 6 characters of the layout's alphabet, got '00000A'."),
        (["000001", "00000"], "Expected a serial of 6 characters of the layout's alphabet, got '00000'."),
    ],
)
def test_a_broken_file_never_looks_whole(given_serials: list[str], message: str) -> None:
    """With other serials than were promised the writing stops, before the end of the file."""
    parts: list[bytes] = []
    with pytest.raises(ValueError, match=re.escape(message)):
        parts.extend(pdf.write(layout(line("{}")), given_serials, 2))
    assert b"%%EOF" not in b"".join(parts)


def test_a_file_too_long_for_its_table_is_not_finished() -> None:
    """Offsets have ten digits (ISO 32000-1, 7.5.4): beyond 10 GB no object could be found."""
    objects = Objects(1)
    objects._position = 10**10
    with pytest.raises(ValueError, match=r"Expected a PDF of at most 10,000,000,000 bytes, got more\."):
        objects.write(1, b"")
