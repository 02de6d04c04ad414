"""GS1 DataMatrix: square symbols of ECC 200 (ISO/IEC 16022), encoded by libzint through `zint_bindings`.

The size is chosen for the plainest way of encoding there is, ASCII encodation, and for the worst serial. So it is
enough for any encoder, and a printer that encodes for itself never overflows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import zint

from labelsvc.domain.gs1 import CSET_82, split_element_string

CHARACTERS = CSET_82
"""What a GS1 DataMatrix carries: GS1 AI encodable character set 82."""

CODEWORDS: dict[int, int] = {
    10: 3, 12: 5, 14: 8, 16: 12, 18: 18, 20: 22, 22: 30, 24: 36, 26: 44,
    32: 62, 36: 86, 40: 114, 44: 144, 48: 174, 52: 204,
    64: 280, 72: 368, 80: 456, 88: 576, 96: 696, 104: 816, 120: 1050, 132: 1304,
}  # fmt: skip
"""Modules on a side -> data codewords (ISO/IEC 16022, table 7). 144 is left out: encoders disagree about it."""

AT_MOST = max(CODEWORDS.values())

STAND_IN = "\x00"
"""Stands for a character of the serial where AIs are looked for; it occurs in no payload."""

_DIGITS = frozenset("0123456789")
_ZINT_SIZE = {side: number for number, side in enumerate(CODEWORDS, start=1)}
_ZINT_ROW = 144  # bytes of a row in zint's module buffer, least significant bit left
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def codewords(positions: Sequence[frozenset[str]]) -> int:
    """Codewords of the worst text of this shape in ASCII encodation, with the leading FNC1.

    Two neighbouring digits share a codeword. The worst text has no digit where it need not have one: a digit more can
    only join the digits beside it.
    """
    count, run = 1, 0
    for chars in positions:
        if chars <= _DIGITS:
            run += 1
        else:
            count += (run + 1) // 2 + 1
            run = 0
    return count + (run + 1) // 2


def side_for(positions: Sequence[frozenset[str]]) -> int | None:
    """The smallest square that carries every text of this shape; None when none does."""
    needed = codewords(positions)
    return next((side for side, room in CODEWORDS.items() if room >= needed), None)


def modules(pieces: tuple[str, ...], length: int, serial: str, side: int) -> bytes:
    """The modules of one serial: rows packed to whole bytes, most significant bit left, 1 is dark.

    Args:
        pieces: fixed texts of the element string around the serial, checked.
        length: characters of the serial.
    """
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.DATAMATRIX
    # libzint's own check of GS1 data would only repeat ours, and it writes its opinion to standard error.
    symbol.input_mode = zint.InputMode.GS1 | zint.InputMode.GS1NOCHECK
    symbol.option_2 = _ZINT_SIZE[side]
    symbol.encode(serial.join(_bracketed(pieces, length)))
    assert symbol.width == symbol.rows == side  # libzint raises when a text does not fit the size it was given
    width = -(-side // 8)
    rows = bytes(symbol.encoded_data).translate(_MIRRORED)
    return b"".join([rows[start : start + width] for start in range(0, side * _ZINT_ROW, _ZINT_ROW)])


@lru_cache(maxsize=64)
def _bracketed(pieces: tuple[str, ...], length: int) -> tuple[str, ...]:
    """The pieces with Application Identifiers in brackets and without FNC1, as zint takes them."""
    stand_in = STAND_IN * max(length, 1)
    pairs = split_element_string(stand_in.join(pieces))
    return tuple("".join(f"[{ai}]{value}" for ai, value in pairs).split(stand_in))
