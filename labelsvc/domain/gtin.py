"""Product codes: GTIN-8, -12, -13 and -14, kept as 14 digits; own item codes for trade items that have no GTIN.

One more, `(00)`, stands for all logistic units; their serials are SSCCs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from labelsvc.errors import InvalidInput

_GTIN_LENGTHS = (8, 12, 13, 14)
_DIGITS = re.compile(r"[0-9]+")
_ITEM = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}")
ITEM_AT_MOST = 40

LOGISTIC_UNITS = "(00)"
"""The product code of logistic units: neither a GTIN nor an item code has parentheses."""

ProductKind = Literal["gtin", "item", "sscc"]


@dataclass(frozen=True, slots=True)
class ProductCode:
    """What names a product.

    Attributes:
        kind: "gtin", "item" for an own item code, "sscc" for logistic units.
        value: 14 digits, the item code as it was given, or `(00)`.
    """

    kind: ProductKind
    value: str


def check_digit(digits: str) -> int:
    """The check digit that follows these digits of a GS1 key: weights 3, 1, 3, ... from the right, modulo 10.

    Section 7.9 of the GS1 General Specifications.
    """
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return -total % 10


def is_key(text: str, *lengths: int) -> bool:
    """Tell whether a text is a GS1 key of one of these lengths: digits, not all zero, with their check digit."""
    return (
        len(text) in lengths
        and _DIGITS.fullmatch(text) is not None
        and text.strip("0") != ""
        and int(text[-1]) == check_digit(text[:-1])
    )


def parse_gtin(text: str) -> str:
    """A GTIN as 14 digits.

    Args:
        text: 8, 12, 13 or 14 digits, the last one its check digit.

    Raises:
        InvalidInput: gtin_digits, gtin_length, gtin_check_digit; gtin_zero, a number that nobody was given.
    """
    if not _DIGITS.fullmatch(text):
        raise InvalidInput("gtin_digits", f"Expected digits, got {_shown(text)}.")
    if len(text) not in _GTIN_LENGTHS:
        raise InvalidInput("gtin_length", f"Expected 8, 12, 13 or 14 digits, got {len(text)}.")
    expected = check_digit(text[:-1])
    if int(text[-1]) != expected:
        raise InvalidInput("gtin_check_digit", f"Expected check digit {expected}, got {text[-1]}.")
    if not text.strip("0"):
        raise InvalidInput("gtin_zero", "Expected the number of a trade item, got zeros only.")
    return text.zfill(14)


def check_item(text: str) -> str:
    """Return an own item code.

    It goes into URLs, file names, CSV and Code 128 as it is, and can never be taken for a GTIN.

    Raises:
        InvalidInput: item_characters, item_looks_like_gtin.
    """
    if not _ITEM.fullmatch(text):
        raise InvalidInput(
            "item_characters",
            f"Expected 1 to {ITEM_AT_MOST} of 0-9 A-Z a-z . _ - and a letter or digit first, got {_shown(text)}.",
        )
    if _DIGITS.fullmatch(text) and len(text) in _GTIN_LENGTHS:
        raise InvalidInput(
            "item_looks_like_gtin", f"Expected an item code that is not 8, 12, 13 or 14 digits, got {text!r}."
        )
    return text


def parse_product_code(text: str) -> ProductCode:
    """Read the code of anything that carries our serials: of a trade item, or of logistic units.

    Raises:
        InvalidInput: as `parse_trade_item`.
    """
    return ProductCode("sscc", LOGISTIC_UNITS) if text == LOGISTIC_UNITS else parse_trade_item(text)


def parse_trade_item(text: str) -> ProductCode:
    """Take 8, 12, 13 or 14 digits for a GTIN and anything else for an own item code.

    Raises:
        InvalidInput: as `parse_gtin` and `check_item`.
    """
    if _DIGITS.fullmatch(text) and len(text) in _GTIN_LENGTHS:
        return ProductCode("gtin", parse_gtin(text))
    return ProductCode("item", check_item(text))


def _shown(text: str) -> str:
    return repr(text) if len(text) <= ITEM_AT_MOST else f"{len(text)} characters"
