"""Raster: a layout as a black-and-white picture, one pixel for each dot of the layout's resolution.

Symbols, rectangles and pictures fall on the dots that a printer of that resolution prints. Texts are drawn in the type
of the PDF (labels.glyphs).
"""

from __future__ import annotations

import io
from typing import assert_never

from PIL import Image, ImageDraw

from labelsvc.labels import glyphs
from labelsvc.labels.layout import Box, Layout, Picture, PlacedSymbol, Rectangle, Rotation, TextLine

_WHITE, _BLACK = 1, 0


def draw(layout: Layout, serial: str) -> bytes:
    """Draw one label as a PNG file that knows its resolution.

    Args:
        layout: compiled for PNG; of a sheet, the one label is drawn.
        serial: of the layout's length and alphabet.

    Raises:
        ValueError: the serial is not of the layout.
    """
    file = io.BytesIO()
    resolution = layout.dpmm * 25.4
    pixels(layout, serial).save(file, "PNG", dpi=(resolution, resolution))
    return file.getvalue()


def pixels(layout: Layout, serial: str) -> Image.Image:
    """Draw one label as a picture of mode "1", True being white; see `draw`."""
    if len(serial) != layout.serial_length or not layout.serial_alphabet.issuperset(serial):
        raise ValueError(
            f"Expected a serial of {layout.serial_length} characters of the layout's alphabet, got {serial!r}."
        )
    dpmm = layout.dpmm
    label = Image.new("1", (_dots(layout.width, dpmm), _dots(layout.height, dpmm)), _WHITE)
    for element in layout.elements:
        match element:
            case TextLine():
                _text(label, element, serial, layout)
            case PlacedSymbol():
                _symbol(label, element, serial, dpmm)
            case Rectangle():
                _rectangle(label, element, dpmm)
            case Picture():
                _ink(label, _unpacked(element.columns, element.rows, element.bits), _corner(element.box, dpmm))
            case _:
                assert_never(element)
    return label


def _dots(mm: float, dpmm: int) -> int:
    return round(mm * dpmm)


def _corner(box: Box, dpmm: int) -> tuple[int, int]:
    return _dots(box.x, dpmm), _dots(box.y, dpmm)


def _unpacked(columns: int, rows: int, bits: bytes) -> Image.Image:
    """Make a picture of rows packed to whole bytes; True is ink."""
    return Image.frombytes("1", (columns, rows), bits)


def _ink(label: Image.Image, ink: Image.Image, corner: tuple[int, int]) -> None:
    """Blacken the label where there is ink."""
    label.paste(_BLACK, corner, ink)


def _turned(ink: Image.Image, rotation: Rotation) -> Image.Image:
    turn = glyphs.TURNS[rotation]
    return ink if turn is None else ink.transpose(turn)


def _symbol(label: Image.Image, placed: PlacedSymbol, serial: str, dpmm: int) -> None:
    symbol, dots = placed.symbol, placed.dots
    height = _dots(placed.bar_height, dpmm) if symbol.linear else symbol.rows * dots
    modules = _unpacked(symbol.columns, symbol.rows, symbol.modules(serial))
    upright = modules.resize((symbol.columns * dots, height), Image.Resampling.NEAREST)
    _ink(label, _turned(upright, placed.rotation), _corner(placed.box, dpmm))


def _rectangle(label: Image.Image, rectangle: Rectangle, dpmm: int) -> None:
    box = rectangle.box
    left, top = _corner(box, dpmm)
    # Edges are rounded, not sizes, so that what touches in mm touches in dots; a thin line is never lost.
    right = max(left + 1, _dots(box.x + box.width, dpmm)) - 1
    bottom = max(top + 1, _dots(box.y + box.height, dpmm)) - 1
    pen = ImageDraw.Draw(label)
    thickness = None if rectangle.thickness is None else max(1, _dots(rectangle.thickness, dpmm))
    if thickness is None or 2 * thickness > min(right - left, bottom - top):
        pen.rectangle((left, top, right, bottom), fill=_BLACK)
    else:
        pen.rectangle((left, top, right, bottom), outline=_BLACK, width=thickness)


def _text(label: Image.Image, line: TextLine, serial: str, layout: Layout) -> None:
    drawn = glyphs.draw(line, serial, layout)
    if drawn is not None:
        _ink(label, _unpacked(drawn.columns, drawn.rows, drawn.bits), (drawn.left, drawn.top))
