"""PDF: a layout as a file with one label on each page, or many on each sheet, written as it is asked for.

What all labels have in common is written once (a form); a label adds what holds its serial. Nothing is compressed,
dated or drawn by lot: the same question has the same bytes. The layout's own coordinates are used throughout; the first
operator of each page turns them into points, which occur there and in the size of the page only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import assert_never

from labelsvc.errors import InvalidInput, TooLarge
from labelsvc.labels import pdf_content, pdf_fonts
from labelsvc.labels.layout import Element, FontName, Layout, Picture, PlacedSymbol, Rectangle, TextLine
from labelsvc.labels.pdf_file import HEADER, Objects, PageTree

AT_MOST = 1_000_000
"""Labels in one file."""

_POINTS = 72 / 25.4  # in 1 mm
_CHUNK = 1 << 16
_CATALOG, _FIRST_SHARED = 1, 2
_FONT_NAMES: dict[FontName, str] = {"sans": "S", "bold": "B"}


def write(layout: Layout, serials: Iterable[str], count: int) -> Iterator[bytes]:
    """Write a PDF with one label for each serial, in order.

    Args:
        layout: compiled for PDF.
        serials: `count` texts of `layout.serial_length` characters of `layout.serial_alphabet`.

    Returns:
        The file, piece by piece. All that is kept meanwhile is 8 bytes for each object, two of which make a page.

    Raises:
        InvalidInput: pdf_labels, no label.
        TooLarge: pdf_labels, more than AT_MOST.
        ValueError: later, in the midst of the file: a serial is not of the layout, or they are not `count`.
    """
    if count < 1:
        raise InvalidInput("pdf_labels", f"Expected at least 1 label in a PDF, got {count}.")
    if count > AT_MOST:
        raise TooLarge("pdf_labels", f"Expected at most {AT_MOST:,} labels in one PDF, got {count:,}.")
    return _chunks(_file(layout, _checked(layout, serials, count), count))


def _chunks(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Hand on the first part at once, the others in pieces worth sending."""
    yield next(parts)
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= _CHUNK:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _checked(layout: Layout, serials: Iterable[str], count: int) -> Iterator[str]:
    """Hand on exactly `count` serials, for the file says early how many pages it has."""
    known, length, number = layout.serial_alphabet, layout.serial_length, 0
    for number, serial in enumerate(serials, 1):
        if number > count:
            raise ValueError(f"Expected {count} serials, got more.")
        if len(serial) != length or not known.issuperset(serial):
            raise ValueError(f"Expected a serial of {length} characters of the layout's alphabet, got {serial!r}.")
        yield serial
    if number < count:
        raise ValueError(f"Expected {count} serials, got {number}.")


def _file(layout: Layout, serials: Iterator[str], count: int) -> Iterator[bytes]:
    yield HEADER
    sheet = layout.sheet
    width, height = (sheet.page_width, sheet.page_height) if sheet else (layout.width, layout.height)
    places = _places(layout)
    label = _Label(layout)
    size = f"/MediaBox[0 0 {_side(width)} {_side(height)}]".encode()
    tree = PageTree(-(-count // len(places)), _FIRST_SHARED + len(label.shared), size + label.resources)
    objects = Objects(tree.last)
    # Printed in their own size, not fitted to the paper.
    yield objects.write(_CATALOG, b"/Type/Catalog/Pages %d 0 R/ViewerPreferences<</PrintScaling/None>>" % tree.root)
    for number, (entries, data) in enumerate(label.shared, _FIRST_SHARED):
        yield objects.write(number, entries, data)
    scale = f"{_POINTS:.9f} 0 0 -{_POINTS:.9f} 0 {height * _POINTS:.6f} cm\n"
    for page, first in enumerate(range(0, count, len(places))):
        drawn = [place(label.draw(next(serials))) for place in places[: count - first]]
        yield from tree.page(objects, page, f"{scale}{''.join(drawn)}".encode("ascii"))
    next(serials, None)  # more serials than labels are an error as well
    yield from objects.end(_CATALOG)


def _side(mm: float) -> str:
    """Write a page's side in points, rounded down: programs round it up to whole dots."""
    return f"{math.floor(mm * _POINTS * 10_000) / 10_000:.4f}"


def _places(layout: Layout) -> list[Callable[[str], str]]:
    """For each label of a page, rows from the top and each from the left: what brings its operators to their place."""
    sheet = layout.sheet
    if sheet is None:
        return [lambda drawn: drawn]
    return [
        _place(sheet.left + column * sheet.column_pitch, sheet.top + row * sheet.row_pitch, layout.dpmm)
        for row in range(sheet.rows)
        for column in range(sheet.columns)
    ]


def _place(x: float, y: float, dpmm: int) -> Callable[[str], str]:
    # On a whole dot of the sheet, so that modules of whole dots stay such.
    left, top = (pdf_content.length(round(mm * dpmm) / dpmm) for mm in (x, y))
    return lambda drawn: f"q 1 0 0 1 {left} {top} cm\n{drawn}Q\n"


class _Label:
    """What is drawn for each label, and the objects that all labels share.

    Attributes:
        shared: dictionary, and stream or None, of each object from _FIRST_SHARED on.
        resources: entry of the page tree's root that names what a page draws with.
    """

    def __init__(self, layout: Layout) -> None:
        lines = [element for element in layout.elements if isinstance(element, TextLine)]
        used = {char for line in lines for piece in line.pieces for char in piece}
        self._code = pdf_fonts.codes(used | layout.serial_alphabet)
        self._dpmm = layout.dpmm
        self._faces: dict[FontName, pdf_fonts.Face] = {}
        self.shared: list[tuple[bytes, bytes | None]] = []
        named = self._embed(sorted({line.font for line in lines}))
        first_picture = _FIRST_SHARED + len(self.shared)
        fixed = "".join(self._draw(element)("", "") for element in layout.elements if not _varies(element))
        form = _FIRST_SHARED + len(self.shared)
        pictures = "".join(f"/P{number} {number} 0 R" for number in range(first_picture, form))
        entries = f"/Type/XObject/Subtype/Form/BBox[0 0 {layout.width} {layout.height}]"
        entries += f"/Resources<</Font<<{named}>>/XObject<<{pictures}>>>>"
        self.shared.append((entries.encode(), fixed.encode()))
        self.resources = f"/Resources<</Font<<{named}>>/XObject<</L {form} 0 R>>>>".encode()
        self._varying = [self._draw(element) for element in layout.elements if _varies(element)]

    def draw(self, serial: str) -> str:
        """Give the operators of one label, in the label's own coordinates."""
        code = self._code
        coded = "".join([code[char] for char in serial])
        return "/L Do\n" + "".join([draw(serial, coded) for draw in self._varying])

    def _embed(self, used: list[FontName]) -> str:
        """Embed fonts and give the entries that name them."""
        named = ""
        for font in used:
            number = _FIRST_SHARED + len(self.shared)
            self._faces[font] = pdf_fonts.embed(font, self._code, number)
            self.shared += self._faces[font].objects
            named += f"/{_FONT_NAMES[font]} {number} 0 R"
        return named

    def _draw(self, element: Element) -> pdf_content.Draw:
        match element:
            case TextLine():
                return pdf_content.text(element, _FONT_NAMES[element.font], self._faces[element.font], self._code)
            case PlacedSymbol():
                return pdf_content.symbol(element, self._dpmm)
            case Rectangle():
                return _same(pdf_content.rectangle(element, self._dpmm))
            case Picture():
                number = _FIRST_SHARED + len(self.shared)
                self.shared.append((pdf_content.image(element), element.bits))
                return _same(pdf_content.picture(element, f"P{number}", self._dpmm))
            case _:
                assert_never(element)


def _same(operators: str) -> pdf_content.Draw:
    return lambda _serial, _coded: operators


def _varies(element: Element) -> bool:
    """Whether the element holds the serial."""
    match element:
        case TextLine():
            return len(element.pieces) > 1
        case PlacedSymbol():
            return len(element.symbol.pieces) > 1
        case _:
            return False
