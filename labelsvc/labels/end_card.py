"""The end-card of a lot: a control label for behind its last, laid out as other labels are, with no serial on it.

A QR symbol holds what is scanned; beside it, or below it on a narrow label, the same in words.
"""

from __future__ import annotations

from collections.abc import Sequence

from labelsvc.errors import InvalidInput
from labelsvc.labels import fitting
from labelsvc.labels.applications import LEAST_DOTS
from labelsvc.labels.elements import LEAST_SIZE
from labelsvc.labels.fitting import Room
from labelsvc.labels.layout import Box, Element, FontName, Layout, PlacedSymbol
from labelsvc.labels.symbols import Symbol, build
from labelsvc.labels.turning import Frame

#: mm around everything, and between symbol and words.
_MARGIN, _GAP = 2.0, 1.5
#: mm of words that make it worth while to set them beside the symbol.
_WORDS = 18.0
#: Height of a line, mm, where there is room.
_SIZE = 4.5
#: A module of a big label need not be wider, mm.
_X_AT_MOST = 0.75


def lay_out(text: str, words: Sequence[tuple[str, FontName]], size: tuple[float, float], dpmm: int) -> Layout:
    """Lay a card out for a label of a size, mm, and a resolution.

    Args:
        text: what its symbol holds, ASCII.
        words: lines, and in which font; one that is too long is cut off.

    Raises:
        InvalidInput: the label is too small for the symbol (`end_card_size`).
    """
    width, height = size
    symbol = build("qr", (text,), ())
    modules = symbol.columns + symbol.quiet.left + symbol.quiet.right
    beside = width - height >= _WORDS
    room = min(width, height) - 2 * _MARGIN if beside else min(width - 2 * _MARGIN, height / 2)
    dots = int(min(room * dpmm // modules, max(LEAST_DOTS, _X_AT_MOST * dpmm)))
    if dots < LEAST_DOTS:
        least = modules * LEAST_DOTS / dpmm + 2 * _MARGIN
        message = f"Expected a label of at least {least:.3g} x {least:.3g} mm, got {width:g} x {height:g} mm."
        raise InvalidInput("end_card_size", message)
    outer = modules * dots / dpmm
    if beside:
        left = _MARGIN + outer + _GAP
        box = Box(left, _MARGIN, width - left - _MARGIN, height - 2 * _MARGIN)
    else:
        top = _MARGIN + outer + _GAP
        box = Box(_MARGIN, top, width - 2 * _MARGIN, max(0.0, height - top - _MARGIN))
    placed = _placed(symbol, (_MARGIN, (height - outer) / 2 if beside else _MARGIN), dots, dpmm)
    return Layout(width, height, dpmm, (placed, *_lines(words, box)), frozenset(), 0)


def _placed(symbol: Symbol, corner: tuple[float, float], dots: int, dpmm: int) -> PlacedSymbol:
    """Place a symbol on whole dots; its quiet zone begins at the corner."""
    left, top = (round(side * dpmm) + quiet * dots for side, quiet in zip(corner, (4, 4), strict=True))
    side = symbol.columns * dots
    return PlacedSymbol(Box(left / dpmm, top / dpmm, side / dpmm, side / dpmm), symbol, dots, 0, 0)


def _lines(words: Sequence[tuple[str, FontName]], box: Box) -> list[Element]:
    """Set as many lines as there is room for, as large as there is."""
    size = min(_SIZE, max(LEAST_SIZE, box.height / max(1, len(words)) / 1.15))
    pitch, lines = size * 1.15, list[Element]()
    for number, (text, font) in enumerate(words):
        top = number * pitch
        if top + size > box.height + 1e-6:
            break
        frame = Frame(Box(box.x, box.y + top, box.width, size), 0)
        pieces = fitting.composed((text,))
        char = fitting.missing(pieces, ())
        if char is not None:  # a script that no font of ours has: better a mark than no card
            pieces = ("".join("?" if fitting.missing((each,), ()) else each for each in pieces[0]),)
        setting = _fitted(pieces[0], font, (box.width, size))
        if setting is not None:
            line, high = setting
            lines.append(
                fitting.text_line(line, (font, "left"), (size - high, high), frame, drawn=fitting.drawn(pieces, ()))
            )
    return lines


def _fitted(text: str, font: FontName, cell: tuple[float, float]) -> tuple[fitting.Atoms, float] | None:
    """Set a line as large as it fits; cut it off where it does not at all."""
    room = Room(cell[0], cell[1], cell[1], min(cell[1], LEAST_SIZE), 1, 1, anywhere=False)
    for end in range(len(text), 0, -1):
        shown = text if end == len(text) else f"{text[: end - 1].rstrip()}..."
        setting = fitting.fit(fitting.atoms((shown,), (), font), room)
        if setting is not None:
            return setting.lines[0], setting.size
    return None
