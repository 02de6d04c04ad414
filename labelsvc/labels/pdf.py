"""PDF: a layout as a file with one label on each page, or many on each sheet, written as it is asked for.

What every label has in common is written once (a form). A label adds what holds its serial: texts, two bytes for each
character in hexadecimal, so that no text can be taken for anything else, and symbols, one bit for each module, a
picture whose pixels are X wide. Nothing is compressed, dated or drawn by lot: the same question has the same bytes.

All coordinates in the file are the layout's own, mm and y down: the first operator of each page says so. Points occur
there and in the size of the page only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from labelsvc.errors import InvalidInput, TooLarge
from labelsvc.labels import fonts, pdf_fonts
from labelsvc.labels.layout import Box, Element, FontName, Layout, Picture, PlacedSymbol, Rectangle, Rotation, TextLine
from labelsvc.labels.pdf_file import HEADER, Objects, PageTree
from labelsvc.labels.pdf_fonts import Face
from labelsvc.labels.turning import Frame

AT_MOST = 1_000_000
"""Labels in one file."""

_POINTS = 72 / 25.4  # in 1 mm
_CATALOG, _FORM = 1, 2
_FONT_NAMES: dict[FontName, str] = {"sans": "S", "bold": "B"}
_READING: dict[Rotation, tuple[int, int]] = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}
_CHUNK = 1 << 16

Draw = Callable[[str, str], str]
"""From a serial and its codes in texts to operators."""


def write(layout: Layout, serials: Iterable[str], count: int) -> Iterator[bytes]:
    """Write a PDF with one label for each serial, in order.

    Args:
        layout: compiled for PDF.
        serials: `count` texts of `layout.serial_length` characters of `layout.serial_alphabet`.

    Returns:
        The file, piece by piece. What is kept meanwhile is 8 bytes for each of its objects, two a page.

    Raises:
        InvalidInput: pdf_labels, no label.
        TooLarge: pdf_labels, more than AT_MOST.
        ValueError: while it is written: a serial is not of the layout, or there are more or fewer than `count`.
    """
    if count < 1:
        raise InvalidInput("pdf_labels", f"Expected at least 1 label in a PDF, got {count}.")
    if count > AT_MOST:
        raise TooLarge("pdf_labels", f"Expected at most {AT_MOST:,} labels in one PDF, got {count:,}.")
    return _chunks(_file(layout, serials, count))


def _chunks(parts: Iterator[bytes]) -> Iterator[bytes]:
    """Hand on the first part at once, the others in pieces worth the while of whoever sends them."""
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


def _file(layout: Layout, serials: Iterable[str], count: int) -> Iterator[bytes]:
    label = _Label(layout)
    positions = _positions(layout)
    width, height = (layout.sheet.page_width, layout.sheet.page_height) if layout.sheet else (layout.width, layout.height)
    inherited = f"/MediaBox[0 0 {_points(width)} {_points(height)}]/Resources<<{label.resources}/XObject<</L {_FORM} 0 R>>>>"
    tree = PageTree(-(-count // len(positions)), label.last + 1, inherited.encode())
    objects = Objects(tree.last)
    yield objects.plain(HEADER)
    # Labels are printed in their own size, not fitted to the paper.
    catalog = b"<</Type/Catalog/Pages %d 0 R/ViewerPreferences<</PrintScaling/None>>>>"
    yield objects.value(_CATALOG, catalog % tree.root)
    yield from label.common(objects)
    start = f"{_POINTS:.9f} 0 0 -{_POINTS:.9f} 0 {height * _POINTS:.6f} cm\n"
    checked = _checked(layout, serials, count)
    for page, first in enumerate(range(0, count, len(positions))):
        drawn = [label.draw(next(checked), at) for at in positions[: count - first]]
        yield from tree.page(objects, page, (start + "".join(drawn)).encode("ascii"))
    next(checked, None)
    yield from objects.end(_CATALOG)


def _checked(layout: Layout, serials: Iterable[str], count: int) -> Iterator[str]:
    """Hand on exactly so many serials: the file already says how many pages it has."""
    known, length, number = layout.serial_alphabet, layout.serial_length, 0
    for number, serial in enumerate(serials, 1):
        if number > count:
            raise ValueError(f"Expected {count} serials, got more.")
        if len(serial) != length or not known.issuperset(serial):
            raise ValueError(f"Expected a serial of {length} characters of the layout's alphabet, got {serial!r}.")
        yield serial
    if number < count:
        raise ValueError(f"Expected {count} serials, got {number}.")


def _positions(layout: Layout) -> list[str]:
    """Give the operator that moves to each label of a page: rows from the top, each from the left."""
    sheet = layout.sheet
    if sheet is None:
        return [""]
    return [
        f"1 0 0 1 {_on_dots(sheet.left + column * sheet.column_pitch, layout.dpmm)} "
        f"{_on_dots(sheet.top + row * sheet.row_pitch, layout.dpmm)} cm"
        for row in range(sheet.rows)
        for column in range(sheet.columns)
    ]


def _on_dots(mm: float, dpmm: int) -> str:
    """A label begins on a whole dot of the sheet, so that the modules of its symbols are whole dots as well."""
    return _mm(round(mm * dpmm) / dpmm)


def _mm(mm: float) -> str:
    """Write a length; the fifth place is a hundredth of a micrometre."""
    return f"{mm:.5f}".rstrip("0").rstrip(".")


def _points(mm: float) -> str:
    """Write a side of a page, rounded down: programs round it up to whole dots."""
    return f"{math.floor(mm * _POINTS * 10_000) / 10_000:.4f}"


class _Label:
    """What is drawn on each label of a layout.

    Attributes:
        resources: entries of the dictionary that names the fonts.
        last: number of the last object that all labels share.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        lines = [element for element in layout.elements if isinstance(element, TextLine)]
        self._codes = pdf_fonts.codes([*layout.serial_alphabet, *(char for line in lines for char in "".join(line.pieces))])
        used = sorted({line.font for line in lines})
        self._numbers = {font: _FORM + 1 + place * pdf_fonts.OBJECTS for place, font in enumerate(used)}
        self._faces = {font: pdf_fonts.embed(font, self._codes, number) for font, number in self._numbers.items()}
        self._pictures = [element for element in layout.elements if isinstance(element, Picture)]
        self._first_picture = _FORM + 1 + len(used) * pdf_fonts.OBJECTS
        self.last = self._first_picture + len(self._pictures) - 1
        names = "".join(f"/{_FONT_NAMES[font]} {number} 0 R" for font, number in self._numbers.items())
        self.resources = f"/Font<<{names}>>"
        self._varying = [self._drawing(element) for element in layout.elements if _varies(element)]

    def common(self, objects: Objects) -> Iterator[bytes]:
        """Write the objects that all labels share."""
        drawn = "".join(self._drawing(element)("", "") for element in self._layout.elements if not _varies(element))
        ...
