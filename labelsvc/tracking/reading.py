"""Which thing a scan means: every reading that the text allows, narrowed by what the books know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from labelsvc.domain.gs1 import parse_yymmdd
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.scans import Parsed, Reading
from labelsvc.errors import InvalidInput, LabelsvcError
from labelsvc.storage import issued, units
from labelsvc.tracking.whose import code_and_serial, epc_of


@dataclass(frozen=True, slots=True)
class Meant:
    """One thing that a scan may mean.

    Attributes:
        epc: canonical.
        known: the books know it: some event names it, or it was granted here.
    """

    epc: str
    reading: Reading
    known: bool


def meant(conn: Connection, issuer: Issuer, parsed: Parsed, product: str | None = None) -> tuple[Meant, ...]:
    """Return the things that a scan may mean; two and more: nobody can tell which.

    What the books know comes before what they do not, what was read before what is only suspected.

    Args:
        product: normalised code of the product that a serial alone is of; None: any that got this serial.
    """
    found: dict[str, Meant] = {}
    for reading in parsed.readings:
        for epc in _epcs(conn, issuer, reading, product):
            if epc not in found:
                found[epc] = Meant(epc, reading, _is_known(conn, issuer, epc))
    tiers = [
        [one for one in found.values() if one.known and not one.reading.suspected],
        [one for one in found.values() if one.known],
        [one for one in found.values() if not one.reading.suspected and one.reading.names_something],
    ]
    return tuple(next((tier for tier in tiers if tier), []))


def _epcs(conn: Connection, issuer: Issuer, reading: Reading, product: str | None) -> Iterator[str]:
    if reading.kind in ("unit", "logistic"):
        epc = reading.epc(issuer.digital_link)
        if epc is not None:
            yield epc
    elif reading.kind == "serial" and reading.serial is not None:
        if product is not None:
            yield epc_of(issuer, product, reading.serial)
        else:
            for code in issued.codes_with(conn, issuer, reading.serial):
                yield epc_of(issuer, code, reading.serial)


def _is_known(conn: Connection, issuer: Issuer, epc: str) -> bool:
    if units.find(conn, [epc]):
        return True
    said = code_and_serial(issuer, epc)
    if said is None:
        return False
    try:
        return issued.find(conn, issuer, *said) is not None
    except LabelsvcError:  # no product of ours
        return False


def label_says(reading: Reading, today: date) -> tuple[str | None, date | None]:
    """Return the lot and the expiry that a label says; None: it does not."""
    text = reading.dates.get("17")
    try:
        return reading.lot, parse_yymmdd(text, today) if text else None
    except InvalidInput:
        return reading.lot, None


def in_short(reading: Reading) -> dict[str, object]:
    """Return a reading as it is kept and shown."""
    return {
        "form": reading.form,
        "elements": [list(pair) for pair in reading.elements],
        "item": reading.item,
        "domain": reading.domain,
        "symbology": reading.symbology,
        "repairs": [{"name": one.name, "was": one.was, "now": one.now} for one in reading.repairs],
        "suspected": reading.suspected,
    }
