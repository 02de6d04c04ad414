"""What is drawn on a page of a PDF: each element of a layout as operators (ISO 32000-1, annex A).

Coordinates are the layout's, mm and y down. Texts are two bytes for each character in hexadecimal, so that no text can
be taken for anything else. A symbol is a picture with one bit for each module and as wide as its modules are; bars
are such a picture with one row. Unlike rectangles side by side it has no seams, whatever the resolution.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from labelsvc.labels import fonts
from labelsvc.labels.layout import Box, Picture, PlacedSymbol, Rectangle, Rotation, TextLine
from labelsvc.labels.pdf_fonts import Face
from labelsvc.labels.turning import Frame, left_over

Draw = Callable[[str, str], str]
"""From a serial, and its codes in texts, to operators."""

_INSET = 0.005
"""How far pictures and rectangles stay inside their edges, in dots. Programs widen them to all the dots they touch, and
without this the last digit of a number would make one dot more."""

# Which way is on, along upright content: x, y. Up is then y, -x, for y runs down.
_READING: dict[Rotation, tuple[int, int]] = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}


def length(mm: float) -> str:
    """Write a length; the fifth place is a hundredth of a micrometre."""
    return f"{mm:.5f}".rstrip("0").rstrip(".")


def text(line: TextLine, name: str, face: Face, code: Mapping[str, str]) -> Draw:
    """Draw a line of text, in the font that the page calls by this name."""
    frame = Frame(line.box, line.rotation)
    em = fonts.EM_SCALE * line.size
    on, down = _READING[line.rotation]
    font = f"BT/{name} {length(em)} Tf {on} {down} {down} {-on} "
    pieces = ["".join([code[char] for char in piece]) for piece in line.pieces]
    fixed, times = face.width("".join(line.pieces)), len(line.pieces) - 1

    def start(serial: str) -> str:
        room = frame.width - em * (fixed + times * face.width(serial))
        place = frame.placed(Box(left_over(line.align, room), fonts.ASCENT * line.size, 0, 0))
        return f"{font}{length(place.x)} {length(place.y)} Tm<"

    if line.align == "left":
        same = start("")
        return lambda _, coded: f"{same}{coded.join(pieces)}>Tj ET\n"
    return lambda serial, coded: f"{start(serial)}{coded.join(pieces)}>Tj ET\n"


def symbol(placed: PlacedSymbol, dpmm: int) -> Draw:
    """Draw a symbol, X being `placed.dots / dpmm` mm exactly."""
    frame, drawn = Frame(placed.box, placed.rotation), placed.symbol
    width = drawn.columns * placed.dots / dpmm
    height = frame.height if drawn.linear else drawn.rows * placed.dots / dpmm
    modules = f"BI/W {drawn.columns}/H {drawn.rows}/IM true/D[1 0]/F/AHx ID "
    start = f"q {_unit_square(frame, (width, height), dpmm)} cm {modules}"
    return lambda serial, _: f"{start}{drawn.modules(serial).hex()}> EI Q\n"


def rectangle(element: Rectangle, dpmm: int) -> str:
    """Draw a filled rectangle or a frame."""
    box, edge, inset = element.box, element.thickness, _INSET / dpmm
    outer = _rectangle(box, inset)
    if edge is None or 2 * edge >= min(box.width, box.height):
        return f"{outer} f\n"
    return f"{outer} {_rectangle(box, edge - inset)} f*\n"


def _rectangle(box: Box, inset: float) -> str:
    sides = (box.x + inset, box.y + inset, box.width - 2 * inset, box.height - 2 * inset)
    return " ".join(length(number) for number in sides) + " re"


def picture(element: Picture, name: str, dpmm: int) -> str:
    """Draw the picture that the page calls by this name."""
    size = (element.columns / dpmm, element.rows / dpmm)
    return f"q {_unit_square(Frame(element.box, 0), size, dpmm)} cm/{name} Do Q\n"


def image(element: Picture) -> bytes:
    """Give the entries of a picture's stream, whose data are its bits."""
    size = f"/Width {element.columns}/Height {element.rows}"
    return f"/Type/XObject/Subtype/Image/ImageMask true{size}/Decode[1 0]".encode()


def _unit_square(frame: Frame, size: tuple[float, float], dpmm: int) -> str:
    """Give the matrix that brings the unit square, y up, in which every picture is drawn to its place."""
    inset = _INSET / dpmm
    width, height = (side - 2 * inset for side in size)
    on, down = _READING[frame.rotation]
    corner = frame.placed(Box(inset, inset + height, 0, 0))
    sides = (on * width, down * width, down * height, -on * height)
    return " ".join(length(number) for number in (*sides, corner.x, corner.y))
