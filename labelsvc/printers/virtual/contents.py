"""What is on a label: the text of its fields, and what its barcodes hold, as a reader of the printed label finds it.

Of the barcodes those that labels of ours and of others carry: Code 128 (^BC), Data Matrix (^BX), QR (^BQ); any other
^B command counts as one whose data stands there as it is. Graphics and recalled formats are not looked into.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

FNC1 = "\x1d"

_CODE_128 = re.compile(r">([<=0-9:;])")
_CODE_128_MEANS = {"0": ">", "<": "^", "=": "~", "8": FNC1}  # the others start or change a code set
_HEX = re.compile(rb"([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a format.

    Attributes:
        code: the barcode command with its arguments (b"BC", b"N,100,N,N,N,N"); None: it is text.
        data: of ^FD or ^FV, hexadecimal escapes resolved.
    """

    code: tuple[bytes, bytes] | None
    data: bytes

    @property
    def payload(self) -> str:
        """What the field holds: of a barcode without what steers its encoding."""
        text = _decoded(self.data)
        if self.code is None:
            return text
        name, arguments = self.code
        parts = [part.strip() for part in _decoded(arguments).split(",")] + [""] * 8
        if name == b"BC":
            return _code_128(text, parts[5].upper() or "N")
        if name == b"BX":
            return _data_matrix(text, parts[6] or "_")
        return _qr(self.data) if name == b"BQ" else text


def fields_of(data: bytes, caret: bytes = b"^") -> Iterator[Field]:
    """Give the fields of a format that have data, in their order."""
    code: tuple[bytes, bytes] | None = None
    value: bytes | None = None
    indicator: bytes | None = None
    for part in re.split(b"[\x1e" + re.escape(caret) + b"]", data)[1:]:
        name, arguments = part[:2].upper(), part[2:]
        if name == b"FH":
            indicator = arguments[:1] or b"_"
        elif name in (b"FD", b"FV"):
            value = unescaped(arguments, indicator)
        elif name[:1] == b"B" and name != b"BY":
            code = (name, arguments)
        elif name == b"FS":
            if value is not None:
                yield Field(code, value)
            code, value, indicator = None, None, None


def unescaped(text: bytes, indicator: bytes | None) -> bytes:
    """Resolve ^FH: the indicator and two hexadecimal digits are a byte."""
    if indicator is None or indicator not in text:
        return text
    first, *others = text.split(indicator)
    resolved = bytearray(first)
    for other in others:
        if _HEX.match(other):
            resolved.append(int(other[:2], 16))
            resolved += other[2:]
        else:
            resolved += indicator + other
    return bytes(resolved)


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _code_128(text: str, mode: str) -> str:
    if mode == "D":  # brackets and spaces are printed, not encoded
        text = re.sub(r"[() ]", "", text)
    text = _CODE_128.sub(lambda found: _CODE_128_MEANS.get(found[1], ""), text)
    return text.removeprefix(FNC1)


def _data_matrix(text: str, escape: str) -> str:
    sign = re.escape(escape[0])

    def meant(found: re.Match[str]) -> str:
        if found[1] == "1":
            return FNC1
        return escape[0] if found[2] is None else chr(int(found[2]))

    return re.sub(f"{sign}(1|{sign}|d([0-9]{{3}}))", meant, text).removeprefix(FNC1)


def _qr(data: bytes) -> str:
    """^FD of a QR: error correction, A or M for automatic or manual, comma; manual data begin with their mode."""
    steer, _, rest = data.partition(b",")
    if steer[1:2].upper() != b"M":
        return _decoded(rest)
    if rest[:1].upper() == b"B" and rest[1:5].isdigit():
        return _decoded(rest[5 : 5 + int(rest[1:5])])
    return _decoded(rest[1:])
