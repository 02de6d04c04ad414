"""QR codes in byte mode at error correction level M (ISO/IEC 18004), for many serials of one batch.

With version, mask and length fixed, every module of a QR code is an affine function over GF(2) of the payload's bits:
placement moves bits, Reed-Solomon and the mask add them. So the modules of a serial are those of one reference serial,
exclusive-or what each character differs by. Both come from the `qrcode` package; the tests hold the result against it
bit by bit. A table depends on length, version and the serial's places only and is shared by all batches that have them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from qrcode import util
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

ECC = "M"
AT_MOST = 2331
"""Bytes in version 40 at level M."""
CHARACTERS = frozenset(chr(code) for code in range(0x20, 0x7F))
"""What a QR code carries here. Bytes beyond ASCII mean different things to different readers unless an ECI says which
character set they are in, and neither ^BQ of a printer nor every reader knows ECIs."""

_ASCII_BITS = 7
_REFERENCE = "0"
_PLAIN_AT_MOST = 40
"""A table costs as much as some 7 plain codes for each position of the serial; a preview or a few labels do not pay."""


def version_for(length: int) -> int | None:
    """The smallest version that carries so many bytes at level M; None when not even version 40 does."""
    return int(_code(b"a" * length, None, None).version) if length <= AT_MOST else None


def columns(version: int) -> int:
    """Modules on each side, without the quiet zone."""
    return 17 + 4 * version


@lru_cache(maxsize=256)
def best_mask(payload: str, version: int) -> int:
    """The mask with the lowest penalty for this text."""
    return int(_code(payload.encode("ascii"), version, None).best_mask_pattern())


def plain(payload: str, version: int, mask: int) -> bytes:
    """The modules of one payload, straight from the package: rows packed to whole bytes."""
    code = _code(payload.encode("ascii"), version, mask)
    code.make(fit=False)
    width = columns(version)
    spare = -width % 8
    return b"".join(
        (int("".join("1" if dark else "0" for dark in row), 2) << spare).to_bytes((width + spare) // 8, "big")
        for row in code.modules
    )


class Encoder:
    """Gives the modules of any serial of one batch; the same whether it is asked for one or for a million."""

    __slots__ = ("_asked", "_length", "_mask", "_pieces", "_reference", "_size", "_table", "_version")

    def __init__(self, pieces: tuple[str, ...], length: int, version: int, mask: int) -> None:
        self._pieces, self._length, self._version, self._mask = pieces, length, version, mask
        self._size = columns(version) * -(-columns(version) // 8)
        self._asked = 0
        self._table: tuple[dict[str, int], ...] | None = None
        self._reference = 0

    def __call__(self, serial: str) -> bytes:
        """Rows packed to whole bytes, most significant bit left, 1 is dark."""
        if self._table is None:
            if self._asked < _PLAIN_AT_MOST:
                self._asked += 1
                return plain(serial.join(self._pieces), self._version, self._mask)
            reference = plain((_REFERENCE * self._length).join(self._pieces), self._version, self._mask)
            self._reference = int.from_bytes(reference, "big")
            self._table = differences(self._version, tuple(map(len, self._pieces)), self._length)
        bits = self._reference
        for position, char in zip(self._table, serial, strict=True):
            bits ^= position[char]
        return bits.to_bytes(self._size, "big")


@lru_cache(maxsize=32)
def encoder(pieces: tuple[str, ...], length: int, version: int, mask: int) -> Encoder:
    """The encoder of a batch, kept while it is in use."""
    return Encoder(pieces, length, version, mask)


@lru_cache(maxsize=8)
def differences(version: int, piece_lengths: tuple[int, ...], length: int) -> tuple[dict[str, int], ...]:
    """What each character changes against the reference serial, at each position of the serial.

    Args:
        piece_lengths: characters of the fixed texts; the serial stands between them.
        length: characters of the serial.

    Returns:
        For each position of the serial: character -> modules that change, as a big-endian integer of the rows.
    """
    pieces = tuple("0" * size for size in piece_lengths)
    reference = _REFERENCE * length

    def changed(position: int, bit: int) -> int:
        char = chr(ord(_REFERENCE) ^ (1 << bit))
        serial = reference[:position] + char + reference[position + 1 :]
        return int.from_bytes(plain(serial.join(pieces), version, mask=0), "big") ^ base

    base = int.from_bytes(plain(reference.join(pieces), version, mask=0), "big")
    table: list[dict[str, int]] = []
    for position in range(length):
        flips = [changed(position, bit) for bit in range(_ASCII_BITS)]
        table.append({char: _combined(flips, ord(char) ^ ord(_REFERENCE)) for char in CHARACTERS})
    return tuple(table)


def _combined(flips: list[int], difference: int) -> int:
    bits = 0
    for bit, flip in enumerate(flips):
        if difference >> bit & 1:
            bits ^= flip
    return bits


def _code(payload: bytes, version: int | None, mask: int | None) -> QRCode[Any]:
    code: QRCode[Any] = QRCode(version=version, error_correction=ERROR_CORRECT_M, mask_pattern=mask)
    code.add_data(util.QRData(payload, mode=util.MODE_8BIT_BYTE))
    return code
