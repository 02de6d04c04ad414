"""Checking a label format: does it keep what its [limits] promise, at every resolution?

It is compiled with the longest values, of the widest characters, that it says it takes. Values are also made up here
for pictures of a format that has no batch yet.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from labelsvc.domain import gs1
from labelsvc.domain.gs1 import ProductKind
from labelsvc.domain.logistic_units import COUNT_AT_MOST, Content
from labelsvc.errors import InvalidInput
from labelsvc.labels import fonts
from labelsvc.labels.compiling import compile_layout
from labelsvc.labels.formats import LabelFormat
from labelsvc.labels.layout import FontName
from labelsvc.labels.symbols import Shape
from labelsvc.labels.values import Values

RESOLUTIONS = (8, 12)
"""Dots per mm of the printers that a format must work on."""

_ITEM_CHARACTERS = string.ascii_letters + string.digits + "._-"
_SERIAL_CHARACTERS = string.ascii_uppercase + string.digits + "-."
_ASCII = string.ascii_letters + string.digits + string.punctuation
_EXAMPLE_GTIN = "09520123456788"
_EXAMPLE_ITEM = "PUMP-4711"
_EXAMPLE_DATES = (date(2026, 11, 22), date(2028, 11, 21), date(2028, 5, 21))
_EXAMPLE_SERIAL = "7K3MZ9Q2XW4H8VDR5TBN"
_EXAMPLE_SSCC = "309520120000000015"


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a format does not keep a promise.

    Attributes:
        resolutions: where it does not, dots per mm.
    """

    code: str
    message: str
    resolutions: tuple[int, ...]


def check(fmt: LabelFormat) -> list[Problem]:
    """Compile a format with the longest values it promises to take; no problems is what one hopes for."""
    found: dict[tuple[str, str], set[int]] = {}
    shape = longest_shape(fmt)
    for values in longest_values(fmt):
        for dpmm in RESOLUTIONS:
            try:
                compile_layout(fmt, values, shape, dpmm)
            except InvalidInput as error:
                found.setdefault((error.code, error.message), set()).add(dpmm)
    return [Problem(code, message, tuple(sorted(places))) for (code, message), places in found.items()]


def longest_shape(fmt: LabelFormat) -> Shape:
    """Give the shape of the longest serial a format promises to take, any character at any position; an SSCC's."""
    if fmt.kinds == ("sscc",):
        return (string.digits,) * len(_EXAMPLE_SSCC)
    return (_SERIAL_CHARACTERS,) * fmt.limits.serial


def longest_values(fmt: LabelFormat) -> Iterator[Values]:
    """Give the values at a format's limits, in the characters that are widest in each font and longest in a link.

    Each comes with all that a batch may have, and with nothing of it.
    """
    limits = fmt.limits
    for kind in fmt.kinds:
        for name, lot, item in dict.fromkeys(_widest(font) for font in ("sans", "bold")):
            everything = Values(
                product_code=_code(kind, item * limits.product_code),
                product_kind=kind,
                product_name=name * limits.product_name,
                lot_number=lot * limits.lot_number,
                production=_EXAMPLE_DATES[0],
                expiry=_EXAMPLE_DATES[1],
                best_before=_EXAMPLE_DATES[2],
                line=name * limits.line,
                quantity=limits.quantity,
                digital_link=_domain(limits.digital_link),
                content=_content(lot * limits.lot_number) if kind == "sscc" else None,
            )
            for values in (everything, _with_lot(everything, "%" * limits.lot_number)):
                yield values
                yield replace(
                    values, expiry=None, best_before=None, line=None, content=Content() if values.content else None
                )


def _code(kind: ProductKind, item: str) -> str:
    return {"gtin": _EXAMPLE_GTIN, "item": item, "sscc": gs1.LOGISTIC_UNITS}[kind]


def _content(lot: str) -> Content:
    return Content(_EXAMPLE_GTIN, COUNT_AT_MOST, lot, _EXAMPLE_DATES[2], _EXAMPLE_DATES[1])


def _with_lot(values: Values, number: str) -> Values:
    content = values.content and replace(values.content, lot=number)
    return replace(values, lot_number=number, content=content)


def _widest(font: FontName) -> tuple[str, str, str]:
    """Give the widest character of a name, of a lot number and of an item code in a font."""
    widths = fonts.widths(font)
    sets: Sequence[str] = (_ASCII, "".join(sorted(gs1.CSET_82)), _ITEM_CHARACTERS)
    name, lot, item = (max(chars, key=lambda char: widths[char]) for chars in sets)
    return name, lot, item


def _domain(length: int) -> str:
    """Make up the beginning of Digital Links that is so long."""
    return f"https://{'w' * (length - len('https://.ex'))}.ex"


def example_values(fmt: LabelFormat, kind: ProductKind | None = None) -> Values:
    """Make up values for a picture of a format; longer than its limits they are not.

    Args:
        fmt: the format.
        kind: of the product; by default the first that the format is for.
    """
    kind = kind or fmt.kinds[0]
    production, expiry, best_before = _EXAMPLE_DATES
    return Values(
        product_code=_code(kind, _EXAMPLE_ITEM[: fmt.limits.product_code]),
        product_kind=kind,
        product_name=_shortened("Circulation pump, stainless steel, 230 V", fmt.limits.product_name),
        lot_number="L-2026-118"[: fmt.limits.lot_number],
        production=production,
        expiry=expiry,
        best_before=best_before,
        line="Line 3"[: fmt.limits.line],
        quantity=min(500, fmt.limits.quantity),
        digital_link="https://id.example.com",
        content=replace(_content("L-2026-118"[: fmt.limits.lot_number]), count=48) if kind == "sscc" else None,
    )


def example_serial(fmt: LabelFormat, length: int = 10) -> str:
    """Make up a serial for a picture of a format."""
    if fmt.kinds == ("sscc",):
        return _EXAMPLE_SSCC
    return _EXAMPLE_SERIAL[: min(length, fmt.limits.serial)]


def _shortened(name: str, longest: int) -> str:
    """Leave out words at the end until a name is short enough."""
    while len(name) > longest and " " in name:
        name = name.rpartition(" ")[0].removesuffix(",")
    return name[:longest]
