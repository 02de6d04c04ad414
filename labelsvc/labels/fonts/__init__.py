"""Type: how wide each character is on the widest of the three devices, which there are, and where the baseline lies.

A line of text stands in a cell exactly `size` mm high. All three devices set it the same way:

    top of the cell ─┬─────────────────────
                     │   ASCENT * size         accents of capitals reach up to here (those of ΐ and ΰ a hair farther)
    baseline ────────┼─────────────────────
                     │   DESCENT * size        g, p, Ç, | reach down to here
    bottom ──────────┴─────────────────────

* PDF and PNG draw DejaVu Sans Condensed with an em of EM_SCALE * size, the baseline ASCENT * size below the top.
* ZPL prints the printer's font 0 by `^FTx,y^A0r,h,h`, y on the baseline and h = the whole dots in EM_SCALE * size,
  rounded down. The width is written out and equals the height, which is the font's own proportion. Both font names are
  font 0 on a printer. A text with a character that font 0 lacks is sent as the dots of the PNG.

Capitals are about 0.58 of the size high. Widths are measured, not computed on the fly: `metrics.tsv` holds for each
character the greater of DejaVu's advance and the advance of font 0, the latter widened by 6 % and never less than what
rounding to whole dots makes of it from LEAST_DOTS on. So what fits by this table fits on every device, as long as a
renderer rounds where characters stand and not how wide each one is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labelsvc.labels.layout import FontName

EM_SCALE = 0.8
"""Height of the type's em, in parts of a line's size."""

ASCENT = 0.78
"""From the top of a line's cell down to the baseline, in parts of its size."""

DESCENT = 0.22
"""From the baseline down to the bottom of a line's cell, in parts of its size."""

LEAST_DOTS = 10
"""Height of the smallest font 0 a printer draws, in dots."""

_FILES: Mapping[FontName, str] = {"sans": "DejaVuSansCondensed.ttf", "bold": "DejaVuSansCondensed-Bold.ttf"}
_UNITS = 10_000


@dataclass(frozen=True, slots=True)
class _Metrics:
    widths: Mapping[str, float]
    overhangs: Mapping[str, tuple[float, float]]


def path(font: FontName) -> Path:
    """Name the TrueType file that PDF and PNG draw with."""
    return Path(__file__).with_name(_FILES[font])


def widths(font: FontName) -> Mapping[str, float]:
    """Give each character's advance on the widest device, in parts of a line's size."""
    return _metrics()[font].widths


def overhangs(font: FontName) -> Mapping[str, tuple[float, float]]:
    """Give how far ink passes its advance to the left and to the right, in parts of a line's size.

    Only characters that do so are in the mapping (`J` or `j`, for instance).
    """
    return _metrics()[font].overhangs


def covers(char: str) -> bool:
    """Tell whether a label can show a character: the shipped fonts draw it, by itself and inside the line's cell.

    Both font names cover the same characters. Marks that combine and scripts written from right to left or with joined
    letters are in none.
    """
    return char in _metrics()["sans"].widths


def resident(char: str) -> bool:
    """Tell whether a printer's own font 0 has a character, which is true of few."""
    return char in _font0()


@cache
def digest() -> str:
    """Give the sha256, in hexadecimal, of everything a layout's type depends on."""
    total = hashlib.sha256()
    for content in (_table(), *(path(font).read_bytes() for font in _FILES)):
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


@cache
def _table() -> bytes:
    return Path(__file__).with_name("metrics.tsv").read_bytes()


@cache
def _rows() -> tuple[tuple[str, tuple[int, ...]], ...]:
    lines = (line.split("\t") for line in _table().decode("ascii").splitlines() if not line.startswith("#"))
    return tuple((chr(int(code, 16)), tuple(map(int, numbers))) for code, *numbers in lines)


@cache
def _font0() -> frozenset[str]:
    return frozenset(char for char, numbers in _rows() if numbers[0])


@cache
def _metrics() -> Mapping[FontName, _Metrics]:
    return {"sans": _face(1), "bold": _face(4)}


def _face(column: int) -> _Metrics:
    rows = [(char, numbers[column : column + 3]) for char, numbers in _rows()]
    return _Metrics(
        widths=MappingProxyType({char: width / _UNITS for char, (width, _, _) in rows}),
        overhangs=MappingProxyType(
            {char: (left / _UNITS, right / _UNITS) for char, (_, left, right) in rows if left or right}
        ),
    )
