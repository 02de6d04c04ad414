"""Compiling: a label format and the values of a batch become a layout for one resolution.

All but the serial is settled here, and proved to hold for every serial of the batch: that texts fit, that the type has
the characters, that modules are whole dots within their limits, that quiet zones stay quiet.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from labelsvc.domain import gs1
from labelsvc.errors import InvalidInput
from labelsvc.labels import barcodes, expressions, fitting, images
from labelsvc.labels.elements import Barcode, Image, Stroke, Text
from labelsvc.labels.fitting import Room, Setting
from labelsvc.labels.formats import LabelFormat
from labelsvc.labels.layout import Box, Element, Layout, Picture, Pieces, PlacedSymbol, Rectangle, TextLine
from labelsvc.labels.source import Place
from labelsvc.labels.symbols import Shape
from labelsvc.labels.turning import Frame, in_dots, in_mm, left_over
from labelsvc.labels.values import Values


@dataclass(slots=True)
class _Compilation:
    """What one run is about, and what it has made so far."""

    fmt: LabelFormat
    values: Values
    shape: Shape
    dpmm: int
    placed: list[tuple[Place, Element]] = field(default_factory=list)
    quiet: list[tuple[Place, Box]] = field(default_factory=list)
    pairs: list[gs1.ElementPair] = field(default_factory=list)


def compile_layout(fmt: LabelFormat, values: Values, shape: Shape, dpmm: int) -> Layout:
    """Fill a label format with a batch's values.

    Args:
        shape: for each position of the serial, every character that can stand there.
        dpmm: dots per mm of the resolution.

    Raises:
        InvalidInput: format_product_kind; format_value_absent, format_text_too_long, format_glyph,
            format_barcode_too_large, format_resolution, format_quiet_zone; symbol_* and gs1_*. The message names
            the element and its line.
    """
    if values.product_kind not in fmt.kinds:
        names = {"gtin": "a product with a GTIN", "item": "a product with an own item code", "sscc": "a logistic unit"}
        raise InvalidInput(
            "format_product_kind",
            f"Expected {names[fmt.kinds[0]]} for the label format {fmt.name}, got {names[values.product_kind]}.",
        )
    run = _Compilation(fmt, values, shape, dpmm)
    for element in fmt.elements:
        condition = element.stance.condition
        if condition is None or condition.holds(values):
            match element:
                case Text():
                    _place_text(run, element)
                case Barcode():
                    _place_barcode(run, element)
                case Stroke():
                    run.placed.append((element.stance.place, _rectangle(fmt, element, dpmm)))
                case _:
                    run.placed.append((element.stance.place, _picture(fmt, element, dpmm)))
    gs1.check_item_carriers(run.pairs)
    _check_serial(run)
    _check_quiet_zones(run)
    drawn = tuple(element for _, element in run.placed)
    return Layout(fmt.width, fmt.height, dpmm, drawn, frozenset("".join(shape)), len(shape), fmt.sheet)


def _place_text(run: _Compilation, text: Text) -> None:
    stance = text.stance
    frame = Frame(stance.box, stance.rotation)
    pieces = fitting.composed(expressions.resolve(text.expression, run.values))
    setting = _set(run, text, pieces, frame)
    high = setting.size * (1 + (len(setting.lines) - 1) * text.spacing)
    top = left_over(stance.vertical_align, max(0.0, frame.height - high))
    # All lines of a text look alike: one character that a printer lacks, and all of them are drawn.
    drawn = fitting.drawn(pieces, run.shape)
    for number, line in enumerate(setting.lines):
        if line:
            cell = (top + number * setting.size * text.spacing, setting.size)
            placed = fitting.text_line(line, (text.font, stance.align), cell, frame, drawn=drawn)
            run.placed.append((stance.place, placed))


def _set(run: _Compilation, text: Text, pieces: Pieces, frame: Frame) -> Setting:
    at = text.expression.place
    char = fitting.missing(pieces, run.shape)
    if char is not None:
        name = unicodedata.name(char, "without a name")
        shown = f'"{char}" (U+{ord(char):04X} {name})' if char.isprintable() else f"U+{ord(char):04X} {name}"
        raise at.error("format_glyph", "characters of the shipped font", shown)
    room = Room(
        frame.width, frame.height, text.size, text.min_size, text.lines, text.spacing, text.breaking == "anywhere"
    )
    setting = fitting.fit(fitting.atoms(pieces, run.shape, text.font), room)
    if setting is None:
        lines = f"{text.lines} lines" if text.lines > 1 else "one line"
        expected = f"a text that fits {frame.width:g} x {frame.height:g} mm on {lines} of {text.min_size:g} mm"
        raise at.error("format_text_too_long", expected, fitting.shown(pieces))
    return setting


def _place_barcode(run: _Compilation, barcode: Barcode) -> None:
    at = barcode.stance.place
    filled = barcodes.content(barcode, run.values, run.shape)
    symbol, lines = barcodes.place(barcode, filled, run.shape, run.dpmm)
    run.pairs.extend(filled.pairs)
    run.quiet.append((at, barcodes.quiet_zone(symbol, barcode, run.dpmm)))
    run.placed.append((at, symbol))
    run.placed.extend((at, line) for line in lines)


def _rectangle(fmt: LabelFormat, stroke: Stroke, dpmm: int) -> Rectangle:
    """Bring a rectangle to whole dots, at least one, so that lines of one thickness are equally thick everywhere."""
    box = stroke.stance.box
    width, height = (max(1, round(side * dpmm)) for side in (box.width, box.height))
    left, top = (
        max(0, min(round(at * dpmm), round(edge * dpmm) - side))
        for at, edge, side in ((box.x, fmt.width, width), (box.y, fmt.height, height))
    )
    thickness = None if stroke.thickness is None else max(1, round(stroke.thickness * dpmm)) / dpmm
    return Rectangle(in_mm(Box(left, top, width, height), dpmm), thickness)


def _picture(fmt: LabelFormat, image: Image, dpmm: int) -> Picture:
    stance = image.stance
    frame = Frame(in_dots(stance.box, dpmm), stance.rotation)
    grey = images.read(fmt.files[image.file], stance.place)
    columns, rows = images.fitting(grey, int(frame.width), int(frame.height))
    left = int(left_over(stance.align, frame.width - columns))
    top = int(left_over(stance.vertical_align, frame.height - rows))
    box = frame.placed(Box(left, top, columns, rows))
    black = np.rot90(images.dots(grey, columns, rows, image.threshold), -(stance.rotation // 90))
    bits = np.packbits(black, axis=1).tobytes()
    return Picture(in_mm(box, dpmm), int(box.width), int(box.height), bits)


def _check_serial(run: _Compilation) -> None:
    """Refuse labels that are all the same: the serial stood in parts that this batch has no values for."""
    pieces = (
        element.symbol.pieces if isinstance(element, PlacedSymbol) else element.pieces
        for _, element in run.placed
        if isinstance(element, PlacedSymbol | TextLine)
    )
    if not any(len(text) > 1 for text in pieces):
        expected = f"the serial on the labels of {run.fmt.name}"
        raise InvalidInput("format_rules", f"Expected {expected}, got none with this batch's values.")


def _check_quiet_zones(run: _Compilation) -> None:
    for at, zone in run.quiet:
        for place, element in run.placed:
            own = place == at and isinstance(element, PlacedSymbol | TextLine)
            if not own and any(_meet(zone, ink) for ink in _ink(element)):
                expected = f"nothing but the symbol in the quiet zone of {at.owner}"
                raise place.error("format_quiet_zone", expected, f"{place.owner} in it")


def _ink(element: Element) -> Iterator[Box]:
    """Give the rectangles that hold an element's ink; a frame is empty inside."""
    box = element.box
    if not isinstance(element, Rectangle) or element.thickness is None:
        yield box
        return
    thick = element.thickness
    yield Box(box.x, box.y, box.width, thick)
    yield Box(box.x, box.y + box.height - thick, box.width, thick)
    yield Box(box.x, box.y, thick, box.height)
    yield Box(box.x + box.width - thick, box.y, thick, box.height)


def _meet(one: Box, other: Box) -> bool:
    room = 1e-3
    across = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
    down = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    return across > room and down > room
