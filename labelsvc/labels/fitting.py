"""Fitting text into a box: wrapping it and shrinking it, by the widths of labels.fonts.

The serial is one thing that cannot be broken, as wide as the widest character that can stand at each of its positions,
so what fits once fits for every serial of the batch.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from labelsvc.labels import fonts
from labelsvc.labels.layout import Align, Box, FontName, Pieces, TextLine
from labelsvc.labels.symbols import Shape
from labelsvc.labels.turning import Frame

_STEP = 0.1
"""mm by which type is made smaller until it fits."""

_ROOM = 1e-6
"""mm that are no difference."""


@dataclass(frozen=True, slots=True)
class Atom:
    """A character, or the serial (None), with its width in parts of the line's size.

    Attributes:
        left, right: how far ink passes the width.
    """

    char: str | None
    width: float
    left: float
    right: float


Atoms = tuple[Atom, ...]


@dataclass(frozen=True, slots=True)
class Room:
    """What a text may take.

    Attributes:
        width, height: mm.
        size, min_size: largest and smallest height of a line, mm.
        lines: at most so many.
        spacing: from line to line, in parts of the size.
        anywhere: words may be broken, at the smallest size, where nothing else fits.
    """

    width: float
    height: float
    size: float
    min_size: float
    lines: int
    spacing: float
    anywhere: bool


@dataclass(frozen=True, slots=True)
class Setting:
    """A text as it was made to fit: its lines from the top, all of one size."""

    lines: tuple[Atoms, ...]
    size: float


def missing(pieces: Pieces, shape: Shape) -> str | None:
    """Give the first character that no label can show, None when all can be shown."""
    return next((char for char in _characters(pieces, shape) if not fonts.covers(char)), None)


def drawn(pieces: Pieces, shape: Shape) -> bool:
    """Tell whether a printer's own font lacks a character of a text, so that all of it is sent as dots."""
    return not all(map(fonts.resident, _characters(pieces, shape)))


def _characters(pieces: Pieces, shape: Shape) -> Iterable[str]:
    """Give every character that a text can have, but for line breaks."""
    chars = dict.fromkeys("".join(pieces) + ("".join(shape) if len(pieces) > 1 else ""))
    chars.pop("\n", None)
    return chars


def composed(pieces: Pieces) -> Pieces:
    """Write letters with their accents as one character each, as the fonts have them (NFC)."""
    return tuple(unicodedata.normalize("NFC", piece) for piece in pieces)


def atoms(pieces: Pieces, shape: Shape, font: FontName) -> Atoms:
    """Measure a text whose characters all have a glyph; line breaks have no width."""
    widths, overhangs = fonts.widths(font), fonts.overhangs(font)

    def overhang(chars: str, side: Literal[0, 1]) -> float:
        return max(overhangs.get(char, (0.0, 0.0))[side] for char in chars)

    def fixed(piece: str) -> Iterator[Atom]:
        for char in piece:
            yield Atom(char, widths.get(char, 0.0), overhang(char, 0), overhang(char, 1))

    measured = list(fixed(pieces[0]))
    for piece in pieces[1:]:
        width = math.fsum(max(widths[char] for char in chars) for chars in shape)
        measured.append(Atom(None, width, overhang(shape[0], 0), overhang(shape[-1], 1)))
        measured.extend(fixed(piece))
    return tuple(measured)


def written(line: Sequence[Atom]) -> Pieces:
    """Give the text of a line."""
    pieces = [""]
    for atom in line:
        if atom.char is None:
            pieces.append("")
        else:
            pieces[-1] += atom.char
    return tuple(pieces)


def width(line: Sequence[Atom]) -> float:
    """Give how much room a line takes, its ink included, in parts of its size."""
    return math.fsum(atom.width for atom in line) + line[0].left + line[-1].right if line else 0.0


def shown(pieces: Pieces) -> str:
    """Give a text for an error message: the serial by its name, cut where it is long."""
    text = "{serial}".join(pieces)
    return f'"{text}"' if len(text) <= 80 else f'"{text[:77]}..."'


def text_line(
    line: Atoms, style: tuple[FontName, Align], cell: tuple[float, float], frame: Frame, *, drawn: bool
) -> TextLine:
    """Place a line of text across a frame, so that all its ink is inside.

    Args:
        cell: top within the frame and height, mm.
        drawn: whether a printer gets it as dots.
    """
    (font, align), (top, size) = style, cell
    left, right = (line[0].left * size, line[-1].right * size) if line else (0.0, 0.0)
    box = frame.placed(Box(left, top, frame.width - left - right, size))
    return TextLine(box, written(line), font, size, align, frame.rotation, drawn)


def sizes(largest: float, smallest: float) -> Iterator[float]:
    """Give the sizes to try, in mm, from the largest down to the smallest."""
    for step in range(math.ceil((largest - smallest) / _STEP - _ROOM)):
        yield round(largest - step * _STEP, 6)
    yield smallest


def fit(text: Atoms, room: Room) -> Setting | None:
    """Set a text as large as it fits its room; None when it does not at the smallest size either."""
    for size in sizes(room.size, room.min_size):
        lines = wrap(text, (room.width + _ROOM) / size)
        if lines is not None and _fits(lines, size, room):
            return Setting(lines, size)
    if room.anywhere:
        lines = wrap(text, (room.width + _ROOM) / room.min_size, anywhere=True)
        if lines is not None and _fits(lines, room.min_size, room):
            return Setting(lines, room.min_size)
    return None


def _fits(lines: Sequence[Atoms], size: float, room: Room) -> bool:
    high = size * (1 + (len(lines) - 1) * room.spacing)
    wide = max(map(width, lines)) * size
    return len(lines) <= room.lines and high <= room.height + _ROOM and wide <= room.width + 2 * _ROOM


def wrap(text: Atoms, room: float, *, anywhere: bool = False) -> tuple[Atoms, ...] | None:
    """Break a text into lines at spaces and at its own line breaks.

    Args:
        room: of a line, in parts of the size.
        anywhere: break wherever a line is full.

    Returns:
        The lines, without the spaces they were broken at; None when a word (or, anywhere, the serial) is wider than
        a line.
    """
    lines: list[Atoms] = []
    for paragraph in _paragraphs(text):
        start = 0
        while True:
            end = _end(paragraph, start, room)
            if end == len(paragraph):
                lines.append(paragraph[start:])
                break
            spaces = [at for at in range(start + 1, end + 1) if paragraph[at].char == " "]
            cut = end if anywhere else max(spaces, default=start)
            if cut == start:
                return None
            lines.append(_trimmed(paragraph[start:cut]))
            start = next((at for at in range(cut, len(paragraph)) if paragraph[at].char != " "), len(paragraph))
    return tuple(lines)


def _paragraphs(text: Atoms) -> Iterator[Atoms]:
    start = 0
    for at, atom in enumerate(text):
        if atom.char == "\n":
            yield text[start:at]
            start = at + 1
    yield text[start:]


def _end(text: Atoms, start: int, room: float) -> int:
    """Find where a line that starts there is full."""
    taken = text[start].left if start < len(text) else 0.0
    for at in range(start, len(text)):
        taken += text[at].width
        if taken + text[at].right > room:
            return at
    return len(text)


def _trimmed(line: Atoms) -> Atoms:
    end = len(line)
    while end and line[end - 1].char == " ":
        end -= 1
    return line[:end]
