"""Numbered fields and what a format asks the printer to send back of them (^FN, ^HV), as the ZPL II guide has them.

`^HV#,n,h,t,a` returns at most n (256) bytes of field number # behind the header h, closed by the terminator t; with ^FH
before it, h and t may hold hexadecimal escapes. With a=L there is one answer for each label, with a=F one a format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from labelsvc.printers.virtual.contents import unescaped

_LENGTH_AT_MOST = 256
Fields = dict[int, tuple[bytes, bytes | None]]  # what ^FD gave each, and the escape it was given with


@dataclass(frozen=True, slots=True)
class Echo:
    """One answer that a format asks for.

    Attributes:
        text: header, field and terminator.
        each: for every label; else once for the format.
    """

    text: bytes
    each: bool


def echoes_of(data: bytes, caret: bytes = b"^", delimiter: bytes = b",") -> tuple[Echo, ...]:
    """Return what a format asks to be sent back, in order.

    Args:
        data: the format, control commands taken out.
        caret, delimiter: as they were when it came.
    """
    fields: Fields = {}
    asked: list[tuple[bytes, bytes | None]] = []
    number: int | None = None
    value: tuple[bytes, bytes | None] = (b"", None)
    escape: bytes | None = None
    for name, arguments in _commands(data, caret):
        if name == b"FN":
            digits = re.match(rb"[0-9]{1,4}", arguments)
            number = int(digits[0]) if digits else 0
        elif name == b"FH":
            escape = arguments[:1] or b"_"
        elif name in (b"FD", b"FV"):
            value = (arguments, escape)
        elif name == b"HV":
            asked.append((arguments, escape))
        elif name == b"FS":
            if number is not None:
                fields[number] = value
            number, value, escape = None, (b"", None), None
    return tuple(_echo(arguments, escape, delimiter, fields) for arguments, escape in asked)


def _commands(data: bytes, caret: bytes) -> list[tuple[bytes, bytes]]:
    return [(name.upper(), arguments) for name, arguments in _heard(caret).findall(data)]


@lru_cache(maxsize=16)
def _heard(caret: bytes) -> re.Pattern[bytes]:
    prefix = b"\x1e" + re.escape(caret)
    return re.compile(b"[" + prefix + b"](F[NHDVS]|HV)([^" + prefix + b"]*)", re.IGNORECASE)


def _echo(arguments: bytes, escape: bytes | None, delimiter: bytes, fields: Fields) -> Echo:
    number, length, header, terminator, when = (arguments.split(delimiter) + [b""] * 5)[:5]
    chosen = unescaped(*fields.get(int(number) if number.isdigit() else 0, (b"", None)))
    most = int(length) if length.isdigit() else 64
    text = unescaped(header, escape) + chosen[: min(most, _LENGTH_AT_MOST)] + unescaped(terminator, escape)
    return Echo(text, when.strip()[:1].upper() == b"L")
