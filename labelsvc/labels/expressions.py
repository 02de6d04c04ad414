"""Value expressions: `Best before {lot.best_before:%d.%m.%Y}`, a text with values of the batch in it.

    {product.name} {product.code} {product.gtin} {product.item} {lot.number} {lot.production} {lot.expiry}
    {lot.best_before} {batch.line} {batch.quantity} {serial} {digital_link}        {{ and }} for braces themselves
    {content.gtin} {content.count} {content.lot} {content.best_before} {content.expiry}        of a logistic unit

Dates take a format after a colon (`%d %m %y %Y %j %b %%`), without one they are written as 2026-11-22.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from labelsvc.domain import gs1
from labelsvc.domain.logistic_units import Content
from labelsvc.labels.layout import Pieces
from labelsvc.labels.source import Place
from labelsvc.labels.values import Values

SERIAL = "serial"
DATES = ("lot.production", "lot.expiry", "lot.best_before", "content.best_before", "content.expiry")
CONTENT = ("content.gtin", "content.count", "content.lot", "content.best_before", "content.expiry")
OPTIONAL = ("product.gtin", "product.item", "lot.expiry", "lot.best_before", "batch.line", *CONTENT)
NAMES = (
    "product.name",
    "product.code",
    "product.gtin",
    "product.item",
    "lot.number",
    "lot.production",
    "lot.expiry",
    "lot.best_before",
    "batch.line",
    "batch.quantity",
    *CONTENT,
    SERIAL,
    "digital_link",
)
"""What an expression can name; the OPTIONAL ones may be absent."""

LONGEST = 500
"""Characters of an expression."""

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DATE_FORMAT = re.compile(r"(?:[^%]|%[dmyYjb%])+")
_ABSENT = {"product.gtin": "a GTIN", "product.item": "an own item code"}
_SERIAL_MARK = "\ue000"
"""Stands for the serial while GS1's functions put their text together; no checked value holds it."""


@dataclass(frozen=True, slots=True)
class Field:
    """A value's name in braces, and the format of a date or ''."""

    name: str
    format: str = ""


@dataclass(frozen=True, slots=True)
class Expression:
    """A text with fields in it."""

    parts: tuple[str | Field, ...]
    place: Place

    @property
    def names(self) -> frozenset[str]:
        """The values it needs."""
        return frozenset(part.name for part in self.parts if isinstance(part, Field))


def parse(text: str, place: Place) -> Expression:
    """Read an expression.

    Raises:
        InvalidInput: format_expression, with what was expected at which part of the text.
    """
    if len(text) > LONGEST:
        raise place.error("format_expression", f"at most {LONGEST} characters", f"{len(text)}")
    return Expression(tuple(_parts(text, place)), place)


_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")


def _parts(text: str, place: Place) -> Iterator[str | Field]:
    literal = ""
    for token in _TOKEN.finditer(text):
        if token[1] is not None:
            if literal:
                yield literal
            literal = ""
            yield _field(token[1], place)
        elif token[0] in "{}":
            raise place.error("format_expression", "{{ or }} for a brace that is printed", f"{token[0]} in {text!r}")
        else:
            literal += {"{{": "{", "}}": "}"}.get(token[0], token[0])
    if literal:
        yield literal


def _field(text: str, place: Place) -> Field:
    name, colon, pattern = text.partition(":")
    if name not in NAMES:
        raise place.error("format_expression", f"one of {', '.join(NAMES)} in braces", repr(name))
    if colon and name not in DATES:
        raise place.error("format_expression", f"no format, for {name} is no date", repr(pattern))
    if colon and not _DATE_FORMAT.fullmatch(pattern):
        raise place.error("format_expression", "a date format of %d %m %y %Y %j %b %%", repr(pattern))
    return Field(name, pattern)


def present(name: str, values: Values) -> bool:
    """Tell whether a batch has a value."""
    return name == SERIAL or _known(values)[name] is not None


def resolve(expression: Expression, values: Values) -> Pieces:
    """Put a batch's values in; what is left open is the serial alone.

    Raises:
        InvalidInput: format_value_absent; format_value_character, a line break or another control character in a value.
    """
    known = _known(values)
    pieces = [""]
    for part in expression.parts:
        if isinstance(part, str):
            pieces[-1] += part
        elif part.name == SERIAL:
            pieces.append("")
        elif part.name == "digital_link":
            link = digital_link(values, _LINK, expression.place)
            pieces[-1:] = [pieces[-1] + link[0], *link[1:]]
        else:
            pieces[-1] += _written(part, known, expression.place)
    return tuple(pieces)


def _written(field: Field, known: Mapping[str, str | date | None], place: Place) -> str:
    value = known[field.name]
    if value is None:
        what = _ABSENT.get(field.name, f"a value for {field.name}")
        raise place.error("format_value_absent", what, "a batch without one")
    if isinstance(value, date):
        return write_date(value, field.format) if field.format else value.isoformat()
    for char in value:
        if char < " " or "\x7f" <= char < "\xa0":
            raise place.error("format_value_character", f"no control characters in {field.name}", f"U+{ord(char):04X}")
    return value


def _known(values: Values) -> Mapping[str, str | date | None]:
    if values.content is not None:
        return _known_of_unit(values, values.content)
    gtin = values.product_kind == "gtin"
    return dict.fromkeys(CONTENT) | {
        "product.name": values.product_name,
        "product.code": values.product_code,
        "product.gtin": values.product_code if gtin else None,
        "product.item": None if gtin else values.product_code,
        "lot.number": values.lot_number,
        "lot.production": values.production,
        "lot.expiry": values.expiry,
        "lot.best_before": values.best_before,
        "batch.line": values.line,
        "batch.quantity": str(values.quantity),
        "digital_link": "" if gtin else None,
    }


def _known_of_unit(values: Values, content: Content) -> Mapping[str, str | date | None]:
    """Give the values of a logistic unit, which is no product of any lot."""
    return dict.fromkeys(NAMES) | {
        "batch.line": values.line,
        "batch.quantity": str(values.quantity),
        "content.gtin": content.gtin,
        "content.count": None if content.count is None else str(content.count),
        "content.lot": content.lot,
        "content.best_before": content.best_before,
        "content.expiry": content.expiry,
    }


def write_date(day: date, pattern: str) -> str:
    """Write a date by a format, the same in every locale and on every platform."""
    written = {
        "%d": f"{day.day:02d}",
        "%m": f"{day.month:02d}",
        "%y": f"{day.year % 100:02d}",
        "%Y": f"{day.year:04d}",
        "%j": f"{day.timetuple().tm_yday:03d}",
        "%b": _MONTHS[day.month - 1],
        "%%": "%",
    }
    return re.sub("%.", lambda found: written[found[0]], pattern)


# GS1 data: Application Identifiers in place of an expression.

AIS: Mapping[str, str] = {
    "01": "product.gtin",
    "10": "lot.number",
    "11": "lot.production",
    "15": "lot.best_before",
    "17": "lot.expiry",
    "21": "serial",
}
"""Application Identifiers that the label of a trade item can carry, and the value of each."""

UNIT_AIS: Mapping[str, str] = {
    "00": "serial",
    "02": "content.gtin",
    "10": "content.lot",
    "15": "content.best_before",
    "17": "content.expiry",
    "37": "content.count",
}
"""The same of a logistic unit: what is not its SSCC is of what it holds."""

_LINK = ("01", "10", "21")


def element_pairs(values: Values, ais: Sequence[str], place: Place) -> tuple[gs1.ElementPair, ...]:
    """Pair Application Identifiers with a batch's values, the serial's with a mark.

    Args:
        ais: `17?` leaves (17) out where the batch has no such value.

    Raises:
        InvalidInput: format_value_absent, gs1_*.
    """
    known, names = _known(values), AIS if values.content is None else UNIT_AIS
    pairs = []
    for asked in ais:
        ai = asked.removesuffix("?")
        if ai not in names:
            what = "a trade item" if values.content is None else "a logistic unit"
            raise place.error("format_value_absent", f"an Application Identifier of {what}", f"({ai})")
        name = names[ai]
        if name == SERIAL:
            pairs.append((ai, _SERIAL_MARK))
        elif asked == ai or known[name] is not None:
            value = known[name]
            text = gs1.format_yymmdd(value) if isinstance(value, date) else _written(Field(name), known, place)
            pairs.append((ai, gs1.check_value(ai, text)))
    return tuple(pairs)


def element_string(pairs: Sequence[gs1.ElementPair]) -> Pieces:
    """Join pairs to the payload of a GS1 symbol."""
    return tuple(gs1.element_string(pairs).split(_SERIAL_MARK))


def hri(pairs: Sequence[gs1.ElementPair]) -> Pieces:
    """Join pairs to what people read."""
    return tuple(gs1.hri(pairs).split(_SERIAL_MARK))


def digital_link(values: Values, ais: Sequence[str], place: Place) -> Pieces:
    """Write the Digital Link of a unit.

    Raises:
        InvalidInput: format_value_absent, gs1_*, digital_link_query.
    """
    pairs = dict(element_pairs(values, ais, place))
    gtin, lot, serial = pairs.pop("01"), pairs.pop("10", None), pairs.pop("21", None)
    link = gs1.digital_link(values.digital_link, gtin, lot=lot, serial=serial, query=tuple(pairs.items()))
    return tuple(link.split(quote(_SERIAL_MARK)))
