"""Tokens: the parts of a serial scheme's pattern, each of which gives a fixed number of characters.

    A                literal characters, [0-9A-Za-z.-]
    {prod:%y%j}      production date; directives of FIELDS and literal characters
    {exp:%y%m}       expiry date
    {lot:N}          lot number of exactly N characters
    {seq:N}          counter from 1, N digits, zero padded
    {rnd:N}          counter, unguessable, N characters of GS1's 32
    {rnd:N@digits}   ... of 0-9
    {rnd:N@alnum}    ... of 0-9A-Z
    {check}          GS1's check digit of the digits before it, at the end of a serial of digits only

Dates in serials lie in the years 2000 to 2099, so that two digits name one year.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Literal, Protocol

from labelsvc.domain.ff1 import MINIMUM_DOMAIN
from labelsvc.errors import InvalidInput

DIGITS = "0123456789"
ALNUM = DIGITS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
GS1_32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""GS1's alphabet of 32 without look-alikes (no 0, 1, I, O)."""

LITERALS = ALNUM + "abcdefghijklmnopqrstuvwxyz.-"
"""Every character that a serial can hold, whichever token gives it."""

LONGEST_SERIAL = 20
"""Characters of AI (21) at most."""

LONGEST_PATTERN = 256
FIRST_DATE, LAST_DATE = date(2000, 1, 1), date(2099, 12, 31)

FIELDS: dict[str, tuple[int, Callable[[date], str]]] = {
    "%Y": (4, lambda day: f"{day.year:04d}"),
    "%y": (2, lambda day: f"{day.year % 100:02d}"),
    "%m": (2, lambda day: f"{day.month:02d}"),
    "%d": (2, lambda day: f"{day.day:02d}"),
    "%j": (3, lambda day: f"{day.timetuple().tm_yday:03d}"),
    "%G": (4, lambda day: f"{day.isocalendar().year:04d}"),
    "%g": (2, lambda day: f"{day.isocalendar().year % 100:02d}"),
    "%V": (2, lambda day: f"{day.isocalendar().week:02d}"),
}
"""Directives of a date: width in characters, and the text. All of fixed width, all in ASCII digits."""

DateKind = Literal["prod", "exp"]


class LotFacts(Protocol):
    """What a scheme asks of a lot."""

    @property
    def number(self) -> str:
        """AI (10)."""

    @property
    def production(self) -> date:
        """AI (11)."""

    @property
    def expiry(self) -> date | None:
        """AI (17)."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A literal character run."""

    text: str

    @property
    def width(self) -> int:
        """Characters of a serial it fills."""
        return len(self.text)


@dataclass(frozen=True, slots=True)
class DatePart:
    """`{prod:FORMAT}` or `{exp:FORMAT}`.

    Attributes:
        parts: directives of FIELDS and single literal characters, in order.
    """

    kind: DateKind
    parts: tuple[str, ...]

    @property
    def width(self) -> int:
        """Characters of a serial it fills."""
        return sum(FIELDS[part][0] if part in FIELDS else 1 for part in self.parts)

    def text(self, lot: LotFacts) -> str:
        """Write the lot's date.

        Raises:
            InvalidInput: the lot has no such date, or one outside 2000 to 2099.
        """
        day, name = (lot.production, "a production date") if self.kind == "prod" else (lot.expiry, "an expiry date")
        if day is None:
            raise InvalidInput("scheme_lot_date", f"Expected {name} for {{{self.kind}:...}}, got a lot without one.")
        if not FIRST_DATE <= day <= LAST_DATE:
            raise InvalidInput(
                "scheme_lot_date", f"Expected {name} from {FIRST_DATE} to {LAST_DATE}, got {day.isoformat()}."
            )
        return write_date(self.parts, day)


@dataclass(frozen=True, slots=True)
class LotPart:
    """`{lot:N}`."""

    width: int

    def text(self, lot: LotFacts) -> str:
        """Give the lot's number.

        Raises:
            InvalidInput: it has another length, or a character that no serial may hold.
        """
        if len(lot.number) != self.width:
            raise InvalidInput(
                "scheme_lot_length",
                f"Expected a lot number of {self.width} characters for {{lot:{self.width}}}, got {len(lot.number)}.",
            )
        for character in lot.number:
            if character not in LITERALS:
                raise InvalidInput(
                    "scheme_lot_characters",
                    f"Expected a lot number of 0-9, A-Z, a-z, '.' and '-' for {{lot:{self.width}}}, got {character!r}.",
                )
        return lot.number


@dataclass(frozen=True, slots=True)
class Counter:
    """`{seq:N}` or `{rnd:N@...}`.

    Attributes:
        alphabet: the digits, that of 0 first.
    """

    kind: Literal["seq", "rnd"]
    width: int
    alphabet: str


@dataclass(frozen=True, slots=True)
class CheckDigit:
    """`{check}`: GS1's check digit of all that stands before it."""

    width: int = 1


Token = Fixed | DatePart | LotPart | Counter | CheckDigit

_DATES: dict[str, DateKind] = {"prod": "prod", "exp": "exp"}
_ALPHABETS = {"": GS1_32, "digits": DIGITS, "alnum": ALNUM}
_PIECE = re.compile(r"(?P<literal>[^{}]+)|\{(?P<name>[^{}:]*):?(?P<argument>[^{}]*)\}")
_COUNT = re.compile(r"[1-9][0-9]?")


def read_pattern(pattern: str) -> Iterator[Token]:
    """Read a pattern's tokens in order.

    Raises:
        InvalidInput: `scheme_*`, with the place or token that is wrong.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise InvalidInput(
            "scheme_syntax", f"Expected a pattern of at most {LONGEST_PATTERN} characters, got {len(pattern)}."
        )
    position = 0
    while position < len(pattern):
        piece = _PIECE.match(pattern, position)
        if piece is None:
            lone = f"{pattern[position]!r} at character {position + 1}"
            raise InvalidInput("scheme_syntax", f"Expected braces in pairs, {{name:...}}, got a lone {lone}.")
        position = piece.end()
        if piece["literal"] is not None:
            yield _literal(piece["literal"])
        else:
            yield _token(piece[0], piece["name"], piece["argument"])


def _literal(text: str) -> Fixed:
    for character in text:
        if character not in LITERALS:
            raise InvalidInput(
                "scheme_literal", f"Expected literal characters 0-9, A-Z, a-z, '.' and '-', got {character!r}."
            )
    return Fixed(text)


def _token(whole: str, name: str, argument: str) -> Token:
    if name in _DATES:
        return DatePart(_DATES[name], tuple(_directives(whole, argument)))
    if name == "lot":
        return LotPart(_count(whole, argument))
    if name == "seq":
        return Counter("seq", _count(whole, argument), DIGITS)
    if name == "rnd":
        count, at, choice = argument.partition("@")
        if choice not in _ALPHABETS or (at and not choice):
            raise InvalidInput("scheme_token", f"Expected {{rnd:N}}, {{rnd:N@digits}} or {{rnd:N@alnum}}, got {whole}.")
        return _unguessable(whole, _count(whole, count), _ALPHABETS[choice])
    if whole == "{check}":
        return CheckDigit()
    known = "{prod:...}, {exp:...}, {lot:N}, {seq:N}, {rnd:N} or {check}"
    raise InvalidInput("scheme_token", f"Expected a token {known}, got {whole}.")


def _directives(whole: str, argument: str) -> Iterator[str]:
    if "%" not in argument:
        raise InvalidInput("scheme_date", f"Expected a date directive such as %y or %j, got {whole}.")
    position = 0
    while position < len(argument):
        part = argument[position : position + (2 if argument[position] == "%" else 1)]
        if part not in FIELDS and part not in LITERALS:
            raise InvalidInput(
                "scheme_date", f"Expected one of {', '.join(FIELDS)} or a literal character, got {part!r} in {whole}."
            )
        position += len(part)
        yield part


def _count(whole: str, digits: str) -> int:
    if not _COUNT.fullmatch(digits) or int(digits) > LONGEST_SERIAL:
        raise InvalidInput(
            "scheme_count", f"Expected a length of 1 to {LONGEST_SERIAL} without leading zeros, got {whole}."
        )
    return int(digits)


def _unguessable(whole: str, width: int, alphabet: str) -> Counter:
    numbers = len(alphabet) ** width
    if numbers < MINIMUM_DOMAIN:
        raise InvalidInput(
            "scheme_domain",
            f"Expected an unguessable counter of at least {MINIMUM_DOMAIN:,} numbers, got {numbers:,} in {whole}.",
        )
    return Counter("rnd", width, alphabet)


def write_date(parts: tuple[str, ...], day: date) -> str:
    """Write a date by directives and literal characters."""
    return "".join(FIELDS[part][1](day) if part in FIELDS else part for part in parts)


@lru_cache(maxsize=64)
def calendar(parts: tuple[str, ...]) -> frozenset[str]:
    """Give every text that a date from 2000 to 2099 has by these directives.

    The whole truth about which date texts exist: February, leap years and ISO weeks need no rule of their own. Tens
    of milliseconds the first time, a look-up after that.
    """
    columns = [_column(part) if part in FIELDS else (part,) * len(_days()) for part in parts]
    return frozenset(map("".join, zip(*columns, strict=True)))


@cache
def _days() -> tuple[date, ...]:
    return tuple(FIRST_DATE + timedelta(days=n) for n in range((LAST_DATE - FIRST_DATE).days + 1))


@cache
def _column(directive: str) -> tuple[str, ...]:
    write = FIELDS[directive][1]
    return tuple(map(write, _days()))
