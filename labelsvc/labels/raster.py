"""Raster: a layout as a black-and-white picture, one pixel for each dot of the layout's resolution.

Symbols, rectangles and pictures fall on the dots that a printer of that resolution prints. Texts are drawn in the type
of the PDF, one character after the other, each beginning on the dot nearest to its place.
"""

from __future__ import annotations

import io
import math
from functools import lru_cache
from itertools import accumulate
from typing import assert_never

from PIL import Image, ImageChops, ImageDraw, ImageFont

from labelsvc.labels import fonts
from labelsvc.labels.layout import Box, FontName, Layout, Picture, PlacedSymbol, Rectangle, Rotation, TextLine
from labelsvc.labels.turning import Frame, left_over

_WHITE, _BLACK = 1, 0
_EM_UNITS = 2048  # of the font files

# Pillow turns the other way round.
_TURNS: dict[Rotation, Image.Transpose | None] = {
    0: None,
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


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
                _text(label, element, serial, dpmm)
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
    turn = _TURNS[rotation]
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


def _text(label: Image.Image, line: TextLine, serial: str, dpmm: int) -> None:
    text = serial.join(line.pieces)
    frame = Frame(line.box, line.rotation)
    # Whole dots, rounded down: so do printers, and between two sizes the type's hinting takes the larger.
    em = max(1, math.floor(fonts.EM_SCALE * line.size * dpmm))
    places = list(accumulate((em * _advance(line.font, char) for char in text), initial=0.0))
    start = left_over(line.align, frame.width * dpmm - places.pop())
    # Ink may pass its cell a little: the picture has as much room again on every side.
    margin = _dots(line.size, dpmm)
    ink = Image.new("1", (_dots(frame.width, dpmm) + 2 * margin, 3 * margin), 0)
    pen = ImageDraw.Draw(ink)
    baseline = margin + _dots(fonts.ASCENT * line.size, dpmm)
    for char, place in zip(text, places, strict=True):
        pen.text((margin + round(start + place), baseline), char, fill=1, font=_face(line.font, em), anchor="ls")
    ink = ImageChops.offset(ink, _back(ink, margin), 0)
    left, top = _corner(line.box, dpmm)
    _ink(label, _turned(ink, line.rotation), (left - margin, top - margin))


def _back(ink: Image.Image, margin: int) -> int:
    """Give the one dot by which hinting can push a text out of its box, to the left or to the right."""
    left, _, right, _ = ink.getbbox() or (margin, 0, margin, 0)
    return int(left < margin) or -int(right > ink.width - margin)


@lru_cache(maxsize=32)
def _face(font: FontName, em: int) -> ImageFont.FreeTypeFont:
    # Plain layout: characters are placed here, and whether Pillow was built with a shaper must not matter.
    return ImageFont.truetype(str(fonts.path(font)), em, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=4096)
def _advance(font: FontName, char: str) -> float:
    """Measure a character, in parts of the em; so large a face is not rounded to dots."""
    return _face(font, _EM_UNITS).getlength(char) / _EM_UNITS
