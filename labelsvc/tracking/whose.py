"""Whose an EPC is: ours, with the number that was granted for it, or another's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from sqlalchemy import Connection

from labelsvc.domain.digital_link import encoded
from labelsvc.domain.gtin import LOGISTIC_UNITS
from labelsvc.domain.issuer import Issuer
from labelsvc.storage import issued, products
from labelsvc.storage.units import Identity

#: What canonical EPCs of GS1 keys stand below (CBV 2.0, section 8.3).
GS1 = "https://id.gs1.org"
_TRADE_ITEM = re.compile(rf"{re.escape(GS1)}/01/([0-9]{{14}})/21/([^/]+)")
_ITEM = re.compile(r"/item/([0-9A-Za-z._-]+)/21/([^/]+)")


def epc_of(issuer: Issuer, code: str, serial: str) -> str:
    """Return the EPC of a unit of ours: a GS1 Digital Link, or below our own domain where a product has no GTIN.

    To events a logistic unit is the same whoever issued its SSCC: it begins when something is packed into it.
    """
    if code == LOGISTIC_UNITS:
        return f"{GS1}/00/{serial}"
    if len(code) == 14 and code.isdigit():
        return f"{GS1}/01/{code}/21/{encoded(serial)}"
    return f"{issuer.digital_link}/item/{code}/21/{encoded(serial)}"


def code_and_serial(issuer: Issuer, epc: str) -> tuple[str, str] | None:
    """Return the product's code and the serial that an EPC says; None: it is no trade item's, nor an item of ours."""
    found = _TRADE_ITEM.fullmatch(epc)
    if found is None and epc.startswith(issuer.digital_link):
        found = _ITEM.fullmatch(epc.removeprefix(issuer.digital_link))
    return (found[1], unquote(found[2])) if found else None


def identify(conn: Connection, issuer: Issuer, epcs: Iterable[str]) -> Mapping[str, Identity]:
    """Return who EPCs are in our own books."""
    who: dict[str, Identity] = {}
    by_code: dict[str, dict[str, str]] = {}
    for epc in epcs:
        said = code_and_serial(issuer, epc)
        if said is None:
            who[epc] = Identity()
        else:
            by_code.setdefault(said[0], {})[said[1]] = epc
    for code, serials in by_code.items():
        product = products.find(conn, code)
        product_id = product.id if product else None
        places = issued.find_all(conn, issuer, code, list(serials)) if product else {}
        for serial, epc in serials.items():
            place = places.get(serial)
            who[epc] = (
                Identity(product_id, place.lot_id, place.range_id, place.ordinal) if place else Identity(product_id)
            )
    return who
