"""A symbol: a barcode as modules, with no device and no size in it yet.

Only the serial varies within a batch. A symbol is built once for a batch, from the fixed texts around the serial and
from the characters that each position of the serial can hold, and then gives the modules of any serial:

    build("code-128", ("PUMP-4711/", ""), (DIGITS,) * 6) -> Symbol
    symbol.modules("000137") -> bytes

Every serial of the batch has the same number of modules and is encoded in the same way (code sets, version, mask), so
that a layout that holds for one label holds for all of them and a label is the same whichever slice it is printed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from labelsvc.domain.gs1 import CSET_82, FNC1, TABLE, check_digit, check_element_string, split_element_string
from labelsvc.errors import InvalidInput
from labelsvc.labels.symbols import code128, datamatrix, qr
from labelsvc.labels.symbols.code128 import Segment

__all__ = ["FNC1", "GS1_128_AT_MOST", "QUIET_ZONES", "Quiet", "Segment", "Shape", "Symbol", "Symbology", "build"]

Symbology = Literal["code-128", "gs1-128", "qr", "gs1-datamatrix"]

GS1_128_AT_MOST = 48
"""Data characters of a GS1-128, AIs and separating FNC1 included, the leading FNC1 not (GS1 General Specifications
5.4.1; https://support.gs1nz.org/hc/en-us/articles/360039815211 says the same in public)."""

Shape = tuple[str, ...]
"""For each position of the serial, every character that can stand there."""

_CARRIED: dict[Symbology, frozenset[str]] = {
    "code-128": code128.CHARACTERS,
    "gs1-128": CSET_82 | {FNC1},
    "qr": qr.CHARACTERS,
    "gs1-datamatrix": CSET_82 | {FNC1},
}
_NAMES: dict[Symbology, str] = {
    "code-128": "Code 128", "gs1-128": "GS1-128", "qr": "QR", "gs1-datamatrix": "GS1 DataMatrix",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quiet:
    """The quiet zone: modules that stay light around a symbol."""

    left: int
    right: int
    top: int
    bottom: int


QUIET_ZONES: dict[Symbology, Quiet] = {
    "code-128": Quiet(10, 10, 0, 0),  # ISO/IEC 15417: 10X left and right
    "gs1-128": Quiet(10, 10, 0, 0),
    "qr": Quiet(4, 4, 4, 4),  # ISO/IEC 18004: 4X on all four sides
    "gs1-datamatrix": Quiet(1, 1, 1, 1),  # ISO/IEC 16022: 1X on all four sides
}


@dataclass(frozen=True, slots=True)
class Symbol:
    """A barcode of a batch, still without its serial.

    Attributes:
        symbology: a GS1 Digital Link QR is a "qr" with that payload.
        pieces: the fixed texts around the serial; `serial.join(pieces)` is the payload, `FNC1` where one separates.
        serial_length: characters of every serial.
        columns, rows: modules without the quiet zone, the same for every serial; rows is 1 for a linear symbol.
        quiet: the quiet zone around them.
        segments: Code 128 and GS1-128: the code set of each stretch of the payload, else empty.
        version: QR: 1 to 40, else 0.
        sample: QR: the payload that the batch's mask is chosen for, else "".
        ecc: QR: the error correction level, else "".
    """

    symbology: Symbology
    pieces: tuple[str, ...]
    serial_length: int
    columns: int
    rows: int
    quiet: Quiet
    segments: tuple[Segment, ...] = ()
    version: int = 0
    sample: str = ""
    ecc: str = ""

    @property
    def linear(self) -> bool:
        """Whether the symbol is one row of bars."""
        return self.rows == 1

    @property
    def mask(self) -> int:
        """QR: 0 to 7, the same for the whole batch; worked out when first needed, as a printer chooses its own."""
        return qr.best_mask(self.sample, self.version)

    def payload(self, serial: str) -> str:
        """What a reader gives for this serial, `FNC1` for each separating FNC1."""
        return serial.join(self.pieces)

    def modules(self, serial: str) -> bytes:
        """The modules of one serial.

        Args:
            serial: of `serial_length` characters, within the shape that the symbol was built for.

        Returns:
            Rows from the top, each packed to whole bytes, most significant bit left, 1 is dark;
            `rows * ceil(columns / 8)` bytes.

        Raises:
            ValueError: the serial has another length than the symbol was built for.
        """
        if len(self.pieces) == 1:
            return _fixed(self)
        if len(serial) != self.serial_length:
            raise ValueError(f"Expected a serial of {self.serial_length} characters, got {serial!r}.")
        if self.symbology == "qr":
            return qr.encoder(self.pieces, self.serial_length, self.version, self.mask)(serial)
        if self.symbology == "gs1-datamatrix":
            return datamatrix.modules(self.pieces, self.serial_length, serial, self.columns)
        return code128.modules(self.payload(serial), self.segments, gs1=self.symbology == "gs1-128")


@lru_cache(maxsize=64)
def _fixed(symbol: Symbol) -> bytes:
    """The modules of a symbol without a serial: the same on every label, so made once."""
    payload = symbol.pieces[0]
    if symbol.symbology == "qr":
        return qr.plain(payload, symbol.version, symbol.mask)
    if symbol.symbology == "gs1-datamatrix":
        return datamatrix.modules(symbol.pieces, symbol.serial_length, "", symbol.columns)
    return code128.modules(payload, symbol.segments, gs1=symbol.symbology == "gs1-128")


def build(symbology: Symbology, pieces: tuple[str, ...], shape: Shape) -> Symbol:
    """Build the symbol of a batch.

    Args:
        pieces: the fixed texts around the serial; one piece is a payload without the serial. For the GS1 symbologies
            an element string without its leading FNC1, FNC1 where one separates.
        shape: for each position of the serial, every character that can stand there.

    Raises:
        InvalidInput: symbol_empty; symbol_character, one that the symbology does not carry; gs1_*, no element string
            of ours; symbol_too_long, more than 48 characters of GS1-128 or than the largest matrix symbol holds.
    """
    positions = _positions(pieces, shape)
    if not positions:
        raise InvalidInput("symbol_empty", f"Expected something to encode in {_NAMES[symbology]}, got nothing.")
    _check_characters(symbology, positions)
    if symbology in ("gs1-128", "gs1-datamatrix"):
        _check_elements(pieces, shape)
    if symbology == "qr":
        return _build_qr(pieces, shape)
    if symbology == "gs1-datamatrix":
        return _build_datamatrix(pieces, shape, positions)
    return _build_linear(symbology, pieces, shape, positions)


def _build_linear(
    symbology: Symbology, pieces: tuple[str, ...], shape: Shape, positions: list[frozenset[str]]
) -> Symbol:
    gs1 = symbology == "gs1-128"
    if gs1 and len(positions) > GS1_128_AT_MOST:
        raise _too_long(symbology, GS1_128_AT_MOST, len(positions), "data characters with AIs and separators")
    segments = code128.segment(positions)
    columns = code128.columns(segments, _sample(shape).join(pieces), gs1=gs1)
    return Symbol(symbology, pieces, len(shape), columns, 1, QUIET_ZONES[symbology], segments=segments)


def _build_qr(pieces: tuple[str, ...], shape: Shape) -> Symbol:
    payload = _sample(shape).join(pieces)
    version = qr.version_for(len(payload))
    if version is None:
        raise _too_long("qr", qr.AT_MOST, len(payload), "characters")
    side = qr.columns(version)
    quiet = QUIET_ZONES["qr"]
    return Symbol("qr", pieces, len(shape), side, side, quiet, version=version, sample=payload, ecc=qr.ECC)


def _build_datamatrix(pieces: tuple[str, ...], shape: Shape, positions: list[frozenset[str]]) -> Symbol:
    side = datamatrix.side_for(positions)
    if side is None:
        raise _too_long("gs1-datamatrix", datamatrix.AT_MOST, datamatrix.codewords(positions), "codewords")
    return Symbol("gs1-datamatrix", pieces, len(shape), side, side, QUIET_ZONES["gs1-datamatrix"])


def _positions(pieces: tuple[str, ...], shape: Shape) -> list[frozenset[str]]:
    """For each position of the payload, every character that can stand there."""
    serial = [frozenset(chars) for chars in shape]
    positions = [frozenset(char) for char in pieces[0]]
    for piece in pieces[1:]:
        positions += serial
        positions += [frozenset(char) for char in piece]
    return positions


def _sample(shape: Shape) -> str:
    """A serial of this shape that is the same for every slice of a batch."""
    return "".join(chars[0] for chars in shape)


def _check_characters(symbology: Symbology, positions: list[frozenset[str]]) -> None:
    for chars in positions:
        for char in sorted(chars - _CARRIED[symbology]):
            carried = "GS1's character set 82" if symbology.startswith("gs1-") else "printable ASCII characters"
            shown = f"{char!r} (U+{ord(char):04X})" if char.isprintable() else f"U+{ord(char):04X}"
            raise InvalidInput("symbol_character", f"Expected {carried} in {_NAMES[symbology]}, got {shown}.")


def _check_elements(pieces: tuple[str, ...], shape: Shape) -> None:
    """The serial stands inside values of free text, or is an SSCC: what holds for one must hold for all of them."""
    sample, stand_in = _sample(shape), datamatrix.STAND_IN * len(shape)
    if stand_in and f"00{stand_in}" in stand_in.join(pieces) and sample.isdecimal():
        sample = f"{sample[:-1]}{check_digit(sample[:-1])}"  # every SSCC of its scheme has its own
    check_element_string(sample.join(pieces))
    for ai, value in split_element_string(stand_in.join(pieces)):
        row = TABLE[ai]
        is_sscc = ai == "00" and all(frozenset(chars) <= code128.DIGITS for chars in shape)
        if datamatrix.STAND_IN in value and not is_sscc and (row.kind != "X" or row.content != "text"):
            raise InvalidInput("gs1_serial_place", f"Expected the serial in an AI of text, such as (21), got ({ai}).")


def _too_long(symbology: Symbology, at_most: int, got: int, what: str) -> InvalidInput:
    return InvalidInput("symbol_too_long", f"Expected at most {at_most} {what} in {_NAMES[symbology]}, got {got}.")
