"""QR codes: version, mask, and the fast way held against the plain one."""

from __future__ import annotations

import random

import pytest
import qrcode

from labelsvc.labels.symbols import build, qr

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
PIECES = ("https://id.example.com/01/09520123456788/10/L-2026-118/21/", "?11=260301&17=270301")


def straight(payload: str, version: int, mask: int) -> bytes:
    """The modules as the package gives them, written out without any code of ours."""
    code = qrcode.QRCode(version=version, error_correction=qrcode.constants.ERROR_CORRECT_M, mask_pattern=mask)
    code.add_data(qrcode.util.QRData(payload.encode(), mode=qrcode.util.MODE_8BIT_BYTE))
    code.make(fit=False)
    width = (len(code.modules) + 7) // 8
    rows = ["".join("01"[bool(dark)] for dark in row).ljust(8 * width, "0") for row in code.modules]
    return b"".join(int(row, 2).to_bytes(width, "big") for row in rows)


@pytest.mark.parametrize(
    ("pieces", "length", "version"),
    [
        (PIECES, 12, 6),
        (("", ""), 20, 2),  # nothing but the serial
        (("A", "-", "/end"), 8, 2),  # the serial twice
    ],
)
def test_many_serials_are_bit_identical_to_the_package(pieces: tuple[str, ...], length: int, version: int) -> None:
    """300 random serials, of which the first go the plain way and the others through the table."""
    chance = random.Random(1)
    symbol = build("qr", pieces, (ALPHABET,) * length)
    assert symbol.version == version
    for _ in range(300):
        serial = "".join(chance.choices(ALPHABET, k=length))
        assert symbol.modules(serial) == straight(serial.join(pieces), symbol.version, symbol.mask)


def test_every_character_of_a_serial_has_its_place_in_the_table() -> None:
    """Letters of both cases, digits, dot and hyphen: all that a scheme can issue."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-"
    symbol = build("qr", ("s:", ""), (alphabet,))
    for char in alphabet * 2:
        assert symbol.modules(char) == straight(f"s:{char}", symbol.version, symbol.mask)


@pytest.mark.parametrize(("length", "version"), [(14, 1), (15, 2), (106, 6), (107, 7), (180, 9), (181, 10), (2331, 40)])
def test_version_holds_the_bytes_of_the_standard(length: int, version: int) -> None:
    """Byte capacities at level M as ISO/IEC 18004 tabulates them: 14, 26, ..., 106, ..., 180, ..., 2331."""
    assert qr.version_for(length) == version
    assert qr.columns(version) == 17 + 4 * version


def test_beyond_version_40_there_is_none() -> None:
    """2,332 bytes do not fit."""
    assert qr.version_for(qr.AT_MOST + 1) is None


def test_mask_is_fixed_by_the_shape_and_not_by_a_serial() -> None:
    """The mask is the best for the first character of every position; no other serial has a say."""
    symbol = build("qr", PIECES, (ALPHABET,) * 12)
    payload = ("2" * 12).join(PIECES)
    code = qrcode.QRCode(version=6, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(payload, optimize=0)
    assert symbol.mask == code.best_mask_pattern()
    before = [symbol.modules("3" * 12), symbol.modules("Z" * 12)]
    again = build("qr", PIECES, (ALPHABET,) * 12)
    assert [again.modules("3" * 12), again.modules("Z" * 12)] == before
