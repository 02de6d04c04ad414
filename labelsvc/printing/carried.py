"""The number behind a label, by anything that the label carries."""

from __future__ import annotations

from sqlalchemy import Connection

from labelsvc.domain.gs1 import parse_product_code
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.scans import EndCard, read
from labelsvc.errors import Conflict, InvalidInput, NotFound, at
from labelsvc.labels.values import Values
from labelsvc.storage import issued
from labelsvc.storage.issued import Number

_TEXT_AT_MOST = 500


def number_on(conn: Connection, issuer: Issuer, text: str, product: str | None) -> Number:
    """Return the number of a label that somebody holds in hand.

    Args:
        text: as a scanner gives it.
        product: GTIN or item code it should be of; a plain serial needs it.

    Raises:
        NotFound: no such product, or it never got the serial.
        InvalidInput: the text is no label of ours, or a plain serial without a product.
        Conflict: the label is of another product, or its lot not the number's.
    """
    said = read(text) if len(text) <= _TEXT_AT_MOST else None
    if said is None or isinstance(said, EndCard):
        got = "the card of a lot" if said else "a text that is none"
        raise InvalidInput("label_unreadable", f"Expected what a label of ours carries, got {got}.")
    said = said.beside(product)
    named = None if product is None else _code(product, "/product")
    carried = None if said.product is None else _code(said.product)
    if named is not None and carried is not None and named != carried:
        raise Conflict("label_other_product", f"Expected a label of {named}, got one of {carried}.")
    code = carried or named
    if code is None:
        message = "Expected the product of a plain serial, got none."
        raise InvalidInput("product_missing", message, pointer="/product")
    number = issued.find(conn, issuer, code, said.serial)
    if number is None:
        raise NotFound("never_issued", f"Expected a serial that {code} got, got {said.serial[:40]!r}.")
    lot = Values.from_json(number.batch.frozen).printed_lot
    if said.lot not in (None, lot):
        message = f"Expected a label of lot {lot}, as its serial is, got one of another lot."
        raise Conflict("label_other_lot", message)
    return number


def _code(text: str, pointer: str | None = None) -> str:
    if pointer is None:
        return parse_product_code(text).value
    with at(pointer):
        return parse_product_code(text).value
