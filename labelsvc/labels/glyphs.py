"""Glyphs: a line of text drawn in the shipped type, as dots of a resolution.

A picture of a label has all its texts from here, and a printer those that its own font lacks characters for; so a
preview shows such a text dot for dot. One character is drawn after the other, each beginning on the dot nearest to its
place. Nothing is shaped, which is why `fonts.covers` leaves out whatever would need it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from PIL import Image, ImageChops, ImageDraw, ImageFont

from labelsvc.labels import fonts
from labelsvc.labels.layout import FontName, Layout, Rotation, TextLine
from labelsvc.labels.turning import Frame, left_over

_EM_UNITS = 2048  # of the font files

# Pillow turns the other way round.
TURNS: dict[Rotation, Image.Transpose | None] = {
    0: None,
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Ink:
    """The ink of a line, cropped to what there is of it on the label, in dots.

    Attributes:
        left, top: from the label's top left corner.
        bits: rows packed to whole bytes, most significant bit left, 1 is black.
    """

    left: int
    top: int
    columns: int
    rows: int
    bits: bytes


def draw(line: TextLine, serial: str, layout: Layout) -> Ink | None:
    """Draw a line of a layout with this serial; None where nothing of it is to be seen (spaces).

    A line without a serial is drawn once for all labels of a batch.
    """
    size = (_dots(layout.width, layout.dpmm), _dots(layout.height, layout.dpmm))
    if len(line.pieces) == 1:
        return _fixed(line, layout.dpmm, size)
    return _drawn(line, serial, layout.dpmm, size)


@lru_cache(maxsize=64)
def _fixed(line: TextLine, dpmm: int, size: tuple[int, int]) -> Ink | None:
    return _drawn(line, "", dpmm, size)


def _drawn(line: TextLine, serial: str, dpmm: int, size: tuple[int, int]) -> Ink | None:
    """Draw a line; `size` is the label's, in dots."""
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
    ink = ImageChops.offset(ink, *_back(ink, margin))
    turn = TURNS[line.rotation]
    turned = ink if turn is None else ink.transpose(turn)
    return _cropped(turned, (_dots(line.box.x, dpmm) - margin, _dots(line.box.y, dpmm) - margin), size)


def _dots(mm: float, dpmm: int) -> int:
    return round(mm * dpmm)


def _cropped(ink: Image.Image, corner: tuple[int, int], size: tuple[int, int]) -> Ink | None:
    """Cut out the ink that is on the label."""
    (x, y), (width, height) = corner, size
    on_label = ink.crop((max(0, -x), max(0, -y), min(ink.width, width - x), min(ink.height, height - y)))
    box = on_label.getbbox()
    if box is None:
        return None
    found = on_label.crop(box)
    return Ink(max(0, x) + box[0], max(0, y) + box[1], found.width, found.height, found.tobytes())


def _back(ink: Image.Image, margin: int) -> tuple[int, int]:
    """Give the one dot by which hinting can push a text out of its box, to the left, to the right or upwards."""
    left, top, right, _ = ink.getbbox() or (margin, margin, margin, margin)
    return int(left < margin) or -int(right > ink.width - margin), int(top < margin)


@lru_cache(maxsize=32)
def _face(font: FontName, em: int) -> ImageFont.FreeTypeFont:
    # Plain layout: characters are placed here, and whether Pillow was built with a shaper must not matter.
    return ImageFont.truetype(str(fonts.path(font)), em, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=4096)
def _advance(font: FontName, char: str) -> float:
    """Measure a character, in parts of the em; so large a face is not rounded to dots."""
    return _face(font, _EM_UNITS).getlength(char) / _EM_UNITS
