"""GS1 Application Identifiers: the ones that we write, their format, and what they require and exclude.

The table holds facts of the GS1 Barcode Syntax Dictionary and of the GS1 General Specifications, section 3.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from labelsvc.domain.gs1_dates import parse_yymmdd
from labelsvc.domain.gtin import check_digit
from labelsvc.errors import InvalidInput

CSET_82 = frozenset("!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
"""GS1 AI encodable character set 82 (General Specifications, figure 7.11-1): no space, no #$@[\\]^`{|}~."""

_DIGITS = re.compile(r"[0-9]*")
_ANY_DAY = date(2025, 1, 1)  # for checks that do not depend on the century

Kind = Literal["N", "X"]
Content = Literal["key", "date", "text"]


@dataclass(frozen=True, slots=True)
class ApplicationIdentifier:
    """One row of the table.

    Attributes:
        ai: its two to four digits.
        title: data title, as GS1 prints it.
        kind: N, digits; X, character set 82.
        shortest, longest: characters of the value.
        content: a "key" ends with a check digit, a "date" is YYMMDD with day 00 allowed.
        predefined: the length is known from the first two digits, so that no FNC1 is needed behind it.
        requires: of each group at least one must be on the item.
        excludes: none of these may be on the item.
    """

    ai: str
    title: str
    kind: Kind
    shortest: int
    longest: int
    content: Content = "text"
    predefined: bool = False
    requires: tuple[frozenset[str], ...] = ()
    excludes: frozenset[str] = frozenset()


def _key(
    ai: str, title: str, length: int, *, requires: tuple[frozenset[str], ...] = (), excludes: str = ""
) -> ApplicationIdentifier:
    return ApplicationIdentifier(
        ai, title, "N", length, length, "key", predefined=True, requires=requires, excludes=frozenset(excludes.split())
    )


def _date(ai: str, title: str, *also: str) -> ApplicationIdentifier:
    requires = (_TRADE_ITEM | frozenset(also),)
    return ApplicationIdentifier(ai, title, "N", 6, 6, "date", predefined=True, requires=requires)


def _variable(
    ai: str, title: str, kind: Kind, longest: int, *requires: frozenset[str], excludes: str = ""
) -> ApplicationIdentifier:
    return ApplicationIdentifier(ai, title, kind, 1, longest, requires=requires, excludes=frozenset(excludes.split()))


_TRADE_ITEM = frozenset({"01", "02", "03", "8006", "8026"})
_ONE_ITEM = frozenset({"01", "03", "8006"})
_GTIN = frozenset({"01"})

TABLE: dict[str, ApplicationIdentifier] = {
    row.ai: row
    for row in (
        _key("00", "SSCC", 18),
        _key("01", "GTIN", 14, excludes="02 255 37"),
        _key("02", "CONTENT", 14, requires=(frozenset({"37"}),)),
        _variable("10", "BATCH/LOT", "X", 20, _TRADE_ITEM),
        _date("11", "PROD DATE"),
        _date("13", "PACK DATE"),
        _date("15", "BEST BEFORE"),
        _date("16", "SELL BY"),
        _date("17", "USE BY OR EXPIRY", "255"),
        _variable("21", "SERIAL", "X", 20, _ONE_ITEM, excludes="235"),
        _variable("22", "CPV", "X", 20, _GTIN),
        _variable("30", "VAR. COUNT", "N", 8, frozenset({"01", "02"})),
        _variable("37", "COUNT", "N", 8, frozenset({"00"}), frozenset({"02", "8026"})),
        _variable("240", "ADDITIONAL ID", "X", 30, _TRADE_ITEM),
        _variable("250", "SECONDARY SERIAL", "X", 30, _ONE_ITEM, frozenset({"21"})),
    )
}


def application_identifier(ai: str) -> ApplicationIdentifier:
    """The row of an Application Identifier.

    Raises:
        InvalidInput: gs1_ai_unknown.
    """
    if ai not in TABLE:
        raise InvalidInput("gs1_ai_unknown", f"Expected one of the AIs {', '.join(TABLE)}, got {ai[:8]!r}.")
    return TABLE[ai]


def check_value(ai: str, value: str) -> str:
    """Return a value that may stand behind an Application Identifier (R1 to R3: set, length, check digit, calendar).

    Raises:
        InvalidInput: gs1_ai_unknown, gs1_value_length, gs1_value_characters, gs1_check_digit, gs1_date.
    """
    row = application_identifier(ai)
    if not row.shortest <= len(value) <= row.longest:
        raise InvalidInput("gs1_value_length", f"Expected {_lengths(row)} for AI ({ai}), got {len(value)}.")
    _check_characters("gs1_value_characters", value, f"AI ({ai})", row.kind)
    if row.content == "key" and int(value[-1]) != check_digit(value[:-1]):
        raise InvalidInput(
            "gs1_check_digit", f"Expected check digit {check_digit(value[:-1])} in AI ({ai}), got {value[-1]}."
        )
    if row.content == "date":
        parse_yymmdd(value, _ANY_DAY)
    return value


def check_serial(text: str) -> str:
    """Return a serial, AI (21): 1 to 20 characters of set 82.

    Raises:
        InvalidInput: serial_length, serial_characters.
    """
    return _check_text("serial", text)


def check_lot_number(text: str) -> str:
    """Return a lot number, AI (10): 1 to 20 characters of set 82.

    Raises:
        InvalidInput: lot_number_length, lot_number_characters.
    """
    return _check_text("lot_number", text)


def _check_text(name: str, text: str) -> str:
    if not 1 <= len(text) <= 20:
        raise InvalidInput(f"{name}_length", f"Expected 1 to 20 characters, got {len(text)}.")
    _check_characters(f"{name}_characters", text, name.replace("_", " "), "X")
    return text


def _check_characters(code: str, text: str, where: str, kind: Kind) -> None:
    if kind == "N" and not _DIGITS.fullmatch(text):
        raise InvalidInput(code, f"Expected digits in {where}, got {text!r}.")
    for char in text:
        if char not in CSET_82:
            raise InvalidInput(
                code, f"Expected letters, digits or !\"%&'()*+,-./:;<=>?_ in {where}, got U+{ord(char):04X}."
            )


def _lengths(row: ApplicationIdentifier) -> str:
    noun = "digits" if row.kind == "N" else "characters"
    return f"{row.longest} {noun}" if row.shortest == row.longest else f"{row.shortest} to {row.longest} {noun}"
