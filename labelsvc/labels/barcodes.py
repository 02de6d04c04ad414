"""Barcodes of a format in their place: payload, module width in whole dots, quiet zone, human-readable lines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from labelsvc.domain.gs1 import ElementPair
from labelsvc.labels import expressions, fitting
from labelsvc.labels.applications import GS1_128_WIDTH_AT_MOST, LEAST_DOTS
from labelsvc.labels.elements import Barcode
from labelsvc.labels.fitting import Atoms
from labelsvc.labels.layout import Box, Pieces, PlacedSymbol, Rotation, TextLine
from labelsvc.labels.symbols import Shape, Symbol, build
from labelsvc.labels.turning import Frame, in_dots, in_mm, left_over
from labelsvc.labels.values import Values

LEAST_BAR_HEIGHT = 5.0
"""mm of the bars of a linear symbol where no application asks for more."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a barcode of a batch carries.

    Attributes:
        pairs: Application Identifiers with their values, none where it is not GS1's.
        readable: the human-readable lines as they may be broken, one piece after the other.
    """

    symbol: Symbol
    pairs: tuple[ElementPair, ...]
    readable: tuple[Pieces, ...]


def content(barcode: Barcode, values: Values, shape: Shape) -> Content:
    """Fill a barcode with a batch's values.

    Raises:
        InvalidInput: format_value_absent; symbol_* and gs1_*, it cannot carry them.
    """
    place = barcode.stance.place
    with place.within():
        if barcode.data is not None:
            pieces = expressions.resolve(barcode.data, values)
            return Content(build(barcode.symbology, pieces, shape), (), (pieces,))
        pairs = expressions.element_pairs(values, barcode.ais, place)
        if barcode.carrier == "digital-link-qr":
            pieces = expressions.digital_link(values, barcode.ais, place)
        else:
            pieces = expressions.element_string(pairs)
        readable = tuple(expressions.hri([pair]) for pair in pairs)
        return Content(build(barcode.symbology, pieces, shape), pairs, readable)


def place(barcode: Barcode, filled: Content, shape: Shape, dpmm: int) -> tuple[PlacedSymbol, list[TextLine]]:
    """Put a barcode into its box, its quiet zone and human-readable lines included.

    Raises:
        InvalidInput: format_resolution, no module of whole dots is within the limits; format_barcode_too_large;
            format_text_too_long, a human-readable line.
    """
    frame = Frame(in_dots(barcode.stance.box, dpmm), barcode.stance.rotation)
    lines = _lines(barcode, filled, shape, frame.width / dpmm)
    below = math.ceil(len(lines) * (barcode.hri_size or 0) * dpmm - 1e-6)
    quiet, symbol = filled.symbol.quiet, filled.symbol
    dots = _module_dots(barcode, symbol, (frame.width, frame.height - below), dpmm)
    bars = _bars(barcode, frame.height - below, dpmm) if symbol.linear else 0
    inner_height = bars or symbol.rows * dots
    outer = ((symbol.columns + quiet.left + quiet.right) * dots, inner_height + (quiet.top + quiet.bottom) * dots)
    left = int(left_over(barcode.stance.align, frame.width - outer[0]))
    top = int(left_over(barcode.stance.vertical_align, frame.height - below - outer[1]))
    inner = Box(left + quiet.left * dots, top + quiet.top * dots, symbol.columns * dots, inner_height)
    # A QR looks the same way round on every printer: ZPL cannot turn it, and a reader does not mind.
    rotation: Rotation = 0 if symbol.symbology == "qr" else barcode.stance.rotation
    placed = PlacedSymbol(in_mm(frame.placed(inner), dpmm), symbol, dots, bars / dpmm, rotation)
    upright = Frame(in_mm(frame.box, dpmm), frame.rotation)
    drawn = any(fitting.drawn(pieces, shape) for pieces in filled.readable)
    return placed, list(_text_lines(barcode, lines, (top + outer[1]) / dpmm, upright, drawn=drawn))


def quiet_zone(placed: PlacedSymbol, barcode: Barcode, dpmm: int) -> Box:
    """Give the box of a symbol together with its quiet zone, mm."""
    quiet, x = placed.symbol.quiet, placed.dots / dpmm
    sides = [quiet.left, quiet.top, quiet.right, quiet.bottom]
    turns = barcode.stance.rotation // 90
    left, top, right, bottom = (sides[(side - turns) % 4] * x for side in range(4))
    box = placed.box
    return Box(box.x - left, box.y - top, box.width + left + right, box.height + top + bottom)


def _module_dots(barcode: Barcode, symbol: Symbol, room: tuple[float, float], dpmm: int) -> int:
    """Choose the whole dots of a module: within the limits and the box, nearest to the target."""
    at, x, quiet = barcode.stance.place, barcode.x, symbol.quiet
    least, most = max(LEAST_DOTS, math.ceil(x.least * dpmm - 1e-6)), math.floor(x.most * dpmm + 1e-6)
    if least > most:
        raise at.error(
            "format_resolution",
            f"a module of {x.least:g} to {x.most:g} mm and at least {LEAST_DOTS} dots",
            f"{dpmm} dots per mm, where none of whole dots is",
        )
    columns = symbol.columns + quiet.left + quiet.right
    rows = symbol.rows + quiet.top + quiet.bottom
    width = min(room[0], GS1_128_WIDTH_AT_MOST * dpmm) if symbol.symbology == "gs1-128" else room[0]
    fits = int(width // columns) if symbol.linear else int(min(width // columns, room[1] // rows))
    if fits < least:
        got = f"{columns * least / dpmm:.4g} mm wide" + ("" if symbol.linear else " and high")
        size = f"{width / dpmm:.4g} x {room[1] / dpmm:.4g} mm"
        raise at.error("format_barcode_too_large", f"a barcode that fits {size} with its quiet zone", f"one {got}")
    return min(range(least, min(most, fits) + 1), key=lambda dots: (abs(dots / dpmm - x.target), -dots))


def _bars(barcode: Barcode, room: float, dpmm: int) -> int:
    least = max(LEAST_BAR_HEIGHT, barcode.least_bar_height)
    wanted = barcode.bar_height if barcode.bar_height is not None else room / dpmm
    if wanted * dpmm > room + 1e-6 or wanted < least - 1e-6:
        expected = f"room for bars {max(least, barcode.bar_height or 0):g} mm high"
        raise barcode.stance.place.error("format_barcode_too_large", expected, f"{max(0.0, room / dpmm):.4g} mm")
    return int(wanted * dpmm + 1e-6)


def _lines(barcode: Barcode, filled: Content, shape: Shape, room: float) -> list[Atoms]:
    """Break the human-readable text between Application Identifiers where it is too long for a line."""
    if barcode.hri_size is None:
        return []
    lines: list[Atoms] = []
    for pieces in filled.readable:
        more = fitting.atoms(pieces, shape, "sans")
        if lines and fitting.width(lines[-1] + more) * barcode.hri_size <= room:
            lines[-1] += more
        else:
            lines.append(more)
    for line in lines:
        if fitting.width(line) * barcode.hri_size > room:
            text = fitting.shown(fitting.written(line))
            expected = f"a human-readable line of at most {room:.4g} mm"
            raise barcode.stance.place.error("format_text_too_long", expected, text)
    return lines


def _text_lines(
    barcode: Barcode, lines: Sequence[Atoms], top: float, frame: Frame, *, drawn: bool
) -> Iterator[TextLine]:
    for number, line in enumerate(lines):
        size = barcode.hri_size or 0
        yield fitting.text_line(line, ("sans", barcode.stance.align), (top + number * size, size), frame, drawn=drawn)
