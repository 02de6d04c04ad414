"""Products (trade items) and the serial schemes that belong to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from labelsvc.domain.gtin import ProductKind
from labelsvc.errors import Conflict, InvalidInput

NAME_AT_MOST = 200
SHELF_LIFE_AT_MOST = 36_525


@dataclass(frozen=True, slots=True)
class NewProduct:
    """What someone says of a product that we do not know yet.

    Attributes:
        code: GTIN-8, -12, -13 or -14, or an own item code.
        scheme: pattern of its serial scheme.
        label_format: name of a label format.
    """

    code: str
    name: str
    scheme: str
    label_format: str
    shelf_life_days: int | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """What carries our serials: a trade item, or all our logistic units.

    Attributes:
        code: GTIN of 14 digits, or an own item code; `(00)` of logistic units.
        scheme: pattern of the current serial scheme.
        label_format: name of the label format its batches get unless they ask for another.
    """

    id: int
    code: str
    kind: ProductKind
    name: str
    shelf_life_days: int | None
    label_format: str
    scheme: str
    scheme_id: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ProductScheme:
    """A serial scheme of one product; immutable, and disjoint from all others of the product."""

    id: int
    product_id: int
    pattern: str
    key_version: int
    current: bool
    created_at: datetime


def check_trade_item(kind: ProductKind) -> None:
    """See that a lot is one of a trade item.

    Raises:
        Conflict: lot_of_logistic_units.
    """
    if kind == "sscc":
        message = "Expected a lot of a trade item, got what accounts for SSCCs, which logistic units are asked for."
        raise Conflict("lot_of_logistic_units", message)


def check_name(name: str, at_most: int = NAME_AT_MOST) -> str:
    """Return a name that can be shown and printed on one line.

    Raises:
        InvalidInput: it is empty, too long or holds control characters.
    """
    if not name.strip():
        raise InvalidInput("name_empty", "Expected a name, got nothing.")
    if len(name) > at_most:
        raise InvalidInput("name_too_long", f"Expected at most {at_most} characters, got {len(name)}.")
    for char in name:
        if not char.isprintable():
            raise InvalidInput("name_control_character", f"Expected printable characters, got U+{ord(char):04X}.")
    return name


def check_shelf_life(days: int | None) -> int | None:
    """Return a shelf life in days that a date can be reckoned with."""
    if days is not None and not 1 <= days <= SHELF_LIFE_AT_MOST:
        raise InvalidInput("shelf_life_days", f"Expected 1 to {SHELF_LIFE_AT_MOST} days, got {days}.")
    return days
