"""Which units somebody points at with a scanner, where nothing but a unit will do."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from labelsvc.domain.gs1 import parse_product_code
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.scans import Parsed, parse
from labelsvc.errors import Conflict, InvalidInput, at
from labelsvc.tracking.reading import Meant, meant
from labelsvc.tracking.whose import code_and_serial


def unit_at(conn: Connection, issuer: Issuer, text: str, product: str | None, pointer: str) -> str:
    """Return the EPC that one text names; raises as `units_at`."""
    return units_at(conn, issuer, (text,), product, (pointer,))[0]


def units_at(
    conn: Connection, issuer: Issuer, texts: Sequence[str], product: str | None, pointers: Sequence[str]
) -> tuple[str, ...]:
    """Return the canonical EPCs that texts name, in their order.

    Args:
        texts: as a scanner gives them.
        product: GTIN or item code; of plain serials, and of all others, too.
        pointers: where each text stood.

    Raises:
        InvalidInput: a text names no unit, and why.
        Conflict: it is a unit of another product, or may be one of several.
    """
    with at("/product"):
        code = None if product is None else parse_product_code(product).value
    found = []
    for text, pointer in zip(texts, pointers, strict=True):
        with at(pointer):
            parsed = parse(text)
            epc = _one(parsed, meant(conn, issuer, parsed, code))
            said = code_and_serial(issuer, epc)
            if code is not None and (said is None or said[0] != code):
                raise Conflict("label_other_product", f"Expected a unit of {code}, got one of another product.")
            found.append(epc)
    return tuple(found)


def _one(parsed: Parsed, things: Sequence[Meant]) -> str:
    if len(things) > 1:
        message = f"Expected a text that names one unit, got one that may name {len(things)}."
        raise Conflict("scan_ambiguous", message, units=sorted(one.epc for one in things))
    if parsed.error is not None:
        raise parsed.error
    if not things or things[0].reading.kind == "logistic":
        raise InvalidInput("scan_no_unit", "Expected what names a unit, got something else.")
    return things[0].epc
