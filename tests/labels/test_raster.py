"""A preview is true to the dot: symbols, rectangles and pictures are measured in pixels, texts against the PDF."""

from __future__ import annotations

import re
import struct
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from labelsvc.labels import pdf, raster
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


def layout(*elements: Element, dpmm: int = 8, sheet: Sheet | None = None) -> Layout:
    """A label of 60 x 70 mm whose serials are six digits."""
    return Layout(60, 70, dpmm, elements, frozenset(DIGITS), len(SHAPE), sheet)


def text(value: str, align: Align, rotation: Rotation, size: float = 4) -> TextLine:
    """A line of text in a cell 30 mm long; {} is the serial."""
    box = Box(10, 10, size, 30) if rotation in (90, 270) else Box(10, 10, 30, size)
    return TextLine(box, tuple(value.split("{}")), "sans", size, align, rotation)


def ink(made: Layout, serial: str = "000137") -> npt.NDArray[np.bool_]:
    """The dots that are black."""
    return ~np.array(raster.pixels(made, serial))


def test_one_dot_is_one_pixel() -> None:
    """60 x 70 mm at 12 dots per mm are 720 x 840 pixels of black or white, and the file says 12,000 to the metre."""
    made = layout(Rectangle(Box(1, 1, 1, 1), None), dpmm=12)
    image = raster.pixels(made, "000137")
    assert (image.mode, image.size) == ("1", (720, 840))
    file = raster.draw(made, "000137")
    # PNG specification, 11.2.2 and 11.3.5.3: IHDR has size, bit depth and colour type, pHYs pixels per unit 1 (metre).
    assert struct.unpack_from(">IIBB", file, file.index(b"IHDR") + 4) == (720, 840, 1, 0)
    assert struct.unpack_from(">IIB", file, file.index(b"pHYs") + 4) == (12_000, 12_000, 1)


def test_the_file_holds_the_pixels(judges: Any) -> None:
    """What is looked at is what is measured, and asking twice gives the same."""
    made = layout(text("SN {}", "left", 0))
    assert (judges.png(raster.draw(made, "000137")) == ink(made)).all()
    assert raster.draw(made, "000137") == raster.draw(made, "000137")


@pytest.mark.parametrize("dpmm", [8, 12])
@pytest.mark.parametrize("rotation", TURNS)
@pytest.mark.parametrize("symbology", PAYLOADS)
def test_modules_are_whole_dots(
    judges: Any, unpacked: Any, symbology: Symbology, rotation: Rotation, dpmm: int
) -> None:
    """Every module is exactly X wide and where the layout has it, however the symbol is turned; a decoder reads it."""
    symbol = build(symbology, PAYLOADS[symbology], SHAPE)
    high = 6.0 if symbol.linear else 0.0
    width, height = symbol.columns * 2 / dpmm, high or symbol.rows * 2 / dpmm
    box = Box(8, 8, height, width) if rotation in (90, 270) else Box(8, 8, width, height)
    placed = PlacedSymbol(box, symbol, 2, high, rotation)
    pixels = ink(layout(placed, dpmm=dpmm))
    expected = unpacked(symbol.modules("000137"), symbol.columns, symbol.rows)
    assert (judges.modules(pixels, placed, dpmm) == expected).all()
    (scan,) = judges.scan(pixels)
    assert scan.data == "000137".join(PAYLOADS[symbology]).encode()


def test_rectangles_frames_and_pictures_are_drawn_to_the_dot() -> None:
    """Filled, framed and dotted areas cover exactly the dots of their boxes; a line thinner than a dot is one dot."""
    dots = np.random.default_rng(1).random((30, 45)) < 0.5
    picture = Picture(Box(30 / 8, 200 / 8, 45 / 8, 30 / 8), 45, 30, np.packbits(dots, axis=1).tobytes())
    filled = Rectangle(Box(10 / 8, 10 / 8, 101 / 8, 3 / 8), None)
    hair = Rectangle(Box(10 / 8, 20 / 8, 101 / 8, 0.3 / 8), None)
    frame = Rectangle(Box(200 / 8, 33 / 8, 77 / 8, 55 / 8), 2 / 8)
    thick = Rectangle(Box(200 / 8, 133 / 8, 10 / 8, 9 / 8), 5 / 8)
    expected = np.zeros((560, 480), bool)
    expected[10:13, 10:111] = True
    expected[20:21, 10:111] = True
    expected[33:88, 200:277] = True
    expected[35:86, 202:275] = False
    expected[133:142, 200:210] = True
    expected[200:230, 30:75] = dots
    assert (ink(layout(filled, hair, frame, thick, picture)) == expected).all()


@pytest.mark.parametrize("rotation", TURNS)
def test_a_turned_text_is_the_text_turned(judges: Any, rotation: Rotation) -> None:
    """Rotation is clockwise and changes no dot of the letters."""
    upright, turned = text("Žg{}", "left", 0), text("Žg{}", "left", rotation)
    left, top, right, bottom = judges.dots(upright.box, 8)
    expected = np.rot90(ink(layout(upright))[top:bottom, left:right], -(rotation // 90))
    left, top, right, bottom = judges.dots(turned.box, 8)
    found = ink(layout(turned))
    assert (found[top:bottom, left:right] == expected).all()
    assert found.sum() == expected.sum() > 0


@pytest.mark.parametrize("dpmm", [8, 12])
@pytest.mark.parametrize("align", ["left", "center", "right"])
@pytest.mark.parametrize("size", [2, 3.3, 6])
def test_text_stands_where_the_pdf_has_it(judges: Any, size: float, align: Align, dpmm: int) -> None:
    """Ink of both begins and ends at the same places, but for whole dots: one a side, and what the em is rounded by."""
    made = layout(text("Hg{}ÁH", align, 0, size), dpmm=dpmm)
    (page,) = judges.pdf(b"".join(pdf.write(made, ["000137"], 1)), dpmm)
    theirs, ours = judges.ink(page), judges.ink(ink(made))
    em = 0.8 * size * dpmm
    rounding = (theirs[2] - theirs[0]) * (em - int(em)) / em
    across = [abs(one - other) for one, other in zip(theirs[::2], ours[::2], strict=True)]
    down = [abs(one - other) for one, other in zip(theirs[1::2], ours[1::2], strict=True)]
    assert max(across) <= 1.5 + rounding
    assert max(down) <= 2
    left, top, right, bottom = judges.dots(made.elements[0].box, dpmm)
    assert left <= ours[0] < ours[2] <= right
    assert top <= ours[1] < ours[3] <= bottom


def test_the_sheet_is_left_out() -> None:
    """A preview shows one label, also of a format for sheets."""
    sheet = Sheet(210, 297, 2, 4, 10, 2, 70, 72)
    element = text("SN {}", "left", 0)
    assert (ink(layout(element, sheet=sheet)) == ink(layout(element))).all()


@pytest.mark.parametrize("serial", ["00013", "0001377", "00013A"])
def test_a_foreign_serial_is_refused(serial: str) -> None:
    """A preview shows only what can be printed."""
    message = f"Expected a serial of 6 characters of the layout's alphabet, got {serial!r}."
    with pytest.raises(ValueError, match=re.escape(message)):
        raster.draw(layout(text("SN {}", "left", 0)), serial)
