"""A layout: a label format filled with a batch's values for one resolution, everything placed, in mm.

Only the serial still varies when a layout is made. A text that holds the serial is kept as *pieces*: the fixed texts
around it, so that `serial.join(pieces)` is the text of one label and a single piece is a fixed text. A serial is
made of `[0-9A-Za-z.-]` only, so it needs no escape in ZPL, PDF, a Digital Link or a GS1 element string.

Coordinates are mm from the label's top left corner, x to the right, y down. A box is where the ink may fall, after
rotation. Rotation is clockwise, as ZPL's N, R, I, B.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from labelsvc.labels.symbols import Symbol

Pieces = tuple[str, ...]
Rotation = Literal[0, 90, 180, 270]
Align = Literal["left", "center", "right"]
FontName = Literal["sans", "bold"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in mm."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of text, proved to fit its box with the widest serial there can be.

    Attributes:
        box: the line's own cell after rotation; across the text it is exactly `size` mm. `align` is within it. It is
            for the characters' widths: ink of the first or last one that passes its width (of J, say; `overhangs` of
            labels.fonts) passes the cell as far, still inside of what the format declares.
        pieces: the text; see the module.
        size: height of the cell, mm. Em and baseline within it are EM_SCALE and ASCENT of labels.fonts.
        drawn: a printer gets it as dots, for its own font lacks a character of the text that the line is of.
    """

    box: Box
    pieces: Pieces
    font: FontName
    size: float
    align: Align
    rotation: Rotation
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class PlacedSymbol:
    """A barcode in its place.

    Attributes:
        box: the modules' own rectangle after rotation, without the quiet zone.
        symbol: payload and modules.
        dots: width of one module in whole dots of the layout's resolution (X = dots / dpmm).
        bar_height: height of the bars of a linear symbol, mm; 0 for a matrix symbol.
    """

    box: Box
    symbol: Symbol
    dots: int
    bar_height: float
    rotation: Rotation


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A filled rectangle, or a frame of `thickness` mm inside its box; a line is a thin filled rectangle."""

    box: Box
    thickness: float | None


@dataclass(frozen=True, slots=True)
class Picture:
    """A black-and-white picture, already scaled to dots of the layout's resolution.

    Attributes:
        columns, rows: dots.
        bits: rows packed to whole bytes, most significant bit left, 1 is black.
    """

    box: Box
    columns: int
    rows: int
    bits: bytes


Element = TextLine | PlacedSymbol | Rectangle | Picture


@dataclass(frozen=True, slots=True)
class Sheet:
    """How labels lie on a sheet of paper (PDF only), in mm."""

    page_width: float
    page_height: float
    columns: int
    rows: int
    left: float
    top: float
    column_pitch: float
    row_pitch: float


@dataclass(frozen=True, slots=True)
class Layout:
    """All that a renderer needs for every label of a batch.

    Attributes:
        width, height: of the label, mm.
        dpmm: dots per mm of the resolution the layout was made for (8 or 12).
        serial_alphabet: every character that a serial of this batch can hold.
        serial_length: characters of every serial of this batch.
        sheet: present where the format is for sheets.
    """

    width: float
    height: float
    dpmm: int
    elements: tuple[Element, ...]
    serial_alphabet: frozenset[str]
    serial_length: int
    sheet: Sheet | None = None
