"""Code 128 and GS1-128: code sets, symbol characters, check character, bars (ISO/IEC 15417).

The bar patterns are those of python-barcode. Where to change the code set is decided here and once for a batch, from
the characters each position can hold: a position goes to code set C only where it is always a digit. So every serial
has the same number of symbol characters. Code set A is never needed: no control characters are carried.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from barcode.charsets import code128 as tables

CodeSet = Literal["B", "C"]

FNC1 = "\x1d"
DIGITS = frozenset("0123456789")
CHARACTERS = frozenset(chr(code) for code in range(0x20, 0x7F))
"""What Code 128 carries here: printable ASCII."""

_START: dict[CodeSet, int] = {"B": tables.START_CODES["B"], "C": tables.START_CODES["C"]}
_SWITCH: dict[CodeSet, int] = {"B": 100, "C": 99}
_FNC1_VALUE = 102
_VALUES_B: dict[str, int] = {char: tables.B[char] for char in CHARACTERS} | {FNC1: _FNC1_VALUE}
_STOP = tables.STOP + "11"  # the termination bar belongs to the stop pattern

_SYMBOL_CHARACTER = 11  # modules of a symbol character
_STOP_CHARACTER = 13


class Segment(NamedTuple):
    """A stretch of the payload in one code set: `payload[start:stop]`."""

    code_set: CodeSet
    start: int
    stop: int


def segment(positions: Sequence[frozenset[str]]) -> tuple[Segment, ...]:
    """Choose code sets that need the fewest symbol characters, the same for every text of this shape.

    Args:
        positions: for each position of the payload every character that it can hold; an FNC1 stands alone.

    Returns:
        Segments that cover the payload, without gaps. In code set C digits stand in pairs, and an FNC1 between two
        pairs. Of two equally short ways code set B is taken.
    """
    end = len(positions)
    # rest[s][i]: symbol characters for positions i.. when code set s is on; step[s][i]: the move that achieves it.
    rest: dict[CodeSet, list[int]] = {"B": [0] * (end + 1), "C": [0] * (end + 1)}
    step: dict[CodeSet, list[str]] = {"B": [""] * (end + 1), "C": [""] * (end + 1)}
    for i in range(end - 1, -1, -1):
        in_b = 1 + rest["B"][i + 1]
        width = _width_in_c(positions, i)
        in_c = 1 + rest["C"][i + width] if width else end + 2  # never the shorter one
        rest["B"][i], step["B"][i] = min((in_b, "B"), (in_c + 1, "C"))
        rest["C"][i], step["C"][i] = min((in_c, "C"), (in_b + 1, "B"))
    code_set: CodeSet = "C" if rest["C"][0] < rest["B"][0] else "B"
    return _follow(positions, step, code_set)


def _width_in_c(positions: Sequence[frozenset[str]], i: int) -> int:
    """How many positions one symbol character of code set C takes at i; 0: none can."""
    if positions[i] == {FNC1}:
        return 1
    return 2 if i + 2 <= len(positions) and positions[i] <= DIGITS and positions[i + 1] <= DIGITS else 0


def _follow(
    positions: Sequence[frozenset[str]], step: dict[CodeSet, list[str]], code_set: CodeSet
) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    start = i = 0
    while i < len(positions):
        if step[code_set][i] != code_set:
            segments.append(Segment(code_set, start, i))
            code_set, start = ("B" if code_set == "C" else "C"), i
        i += _width_in_c(positions, i) if code_set == "C" else 1
    segments.append(Segment(code_set, start, i))
    return tuple(segments)


def values(payload: str, segments: Sequence[Segment], *, gs1: bool) -> list[int]:
    """The values of all symbol characters from start to check character, without the stop.

    Args:
        payload: text whose shape the segments were made for; `FNC1` where one separates.
        gs1: write the leading FNC1 that makes the symbol a GS1-128.
    """
    codes = [_START[segments[0].code_set]]
    if gs1:
        codes.append(_FNC1_VALUE)
    for number, (code_set, start, stop) in enumerate(segments):
        if number:
            codes.append(_SWITCH[code_set])
        if code_set == "B":
            codes += [_VALUES_B[char] for char in payload[start:stop]]
        else:
            codes += _pairs(payload[start:stop])
    codes.append(check_character(codes))
    return codes


def _pairs(text: str) -> list[int]:
    codes: list[int] = []
    i = 0
    while i < len(text):
        if text[i] == FNC1:
            codes.append(_FNC1_VALUE)
            i += 1
        else:
            codes.append(int(text[i : i + 2]))
            i += 2
    return codes


def check_character(codes: Sequence[int]) -> int:
    """Modulo 103 of the weighted sum: weight 1 for the start character and the first after it, then 2, 3, ..."""
    return (codes[0] + sum(weight * code for weight, code in enumerate(codes[1:], start=1))) % 103


def columns(segments: Sequence[Segment], payload: str, *, gs1: bool) -> int:
    """Modules of a symbol, without the quiet zone; the same for every text of the shape."""
    return len(values(payload, segments, gs1=gs1)) * _SYMBOL_CHARACTER + _STOP_CHARACTER


def modules(payload: str, segments: tuple[Segment, ...], *, gs1: bool) -> bytes:
    """One row of modules, packed to whole bytes, most significant bit left, 1 is dark."""
    bits = "".join([tables.CODES[code] for code in values(payload, segments, gs1=gs1)]) + _STOP
    spare = -len(bits) % 8
    return (int(bits, 2) << spare).to_bytes((len(bits) + spare) // 8, "big")
