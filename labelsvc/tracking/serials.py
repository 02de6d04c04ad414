"""Use cases: what became of a serial."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from labelsvc.domain.gs1 import check_serial, parse_product_code
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.outcomes import Interval
from labelsvc.domain.quality import KeptScan
from labelsvc.domain.ranges import Range
from labelsvc.errors import NotFound, at
from labelsvc.labels.values import Values
from labelsvc.storage import issued, lots, outcome_history, outcomes, quality, reprints
from labelsvc.storage.batches import BatchRow
from labelsvc.storage.database import Database
from labelsvc.storage.issued import Number
from labelsvc.storage.outcome_history import Said
from labelsvc.storage.reprints import ReprintRow


@dataclass(frozen=True, slots=True)
class Issued:
    """What is known of a serial that was issued.

    Attributes:
        ordinal: its number in its pool, from 0.
        label: its place in its batch, from 1.
        lot_revision: the lot as it was when the serial was granted.
        known: the outcome, with its evidence and reason.
    """

    product_code: str
    product_name: str
    serial: str
    scheme: str
    scope: str
    ordinal: int
    range_id: int
    range_first: int
    range_count: int
    batch_id: int
    label: int
    lot_id: int
    lot_number: str
    lot_revision: int
    production_date: date
    expiry_date: date | None
    best_before: date | None
    printer: str | None
    job_id: int | None
    issued_at: datetime
    known: Interval


@dataclass(frozen=True, slots=True)
class History:
    """All that is known of a serial.

    Attributes:
        said: what became of it, in its order; the last one holds.
        scans, reprints: the latest, in their order.
    """

    issued: Issued
    said: tuple[Said, ...]
    scans: tuple[KeptScan, ...]
    reprints: tuple[ReprintRow, ...]


#: Scans, and reprints, that a history shows.
_ROWS_AT_MOST = 100


def history(db: Database, issuer: Issuer, code: str, serial: str) -> History:
    """Return all that became of a serial, by which evidence, by whom and why; raises as `look_up` does."""
    issued_number = look_up(db, issuer, code, serial)
    with db.read() as conn:
        return _history(conn, issued_number)


def history_of(conn: Connection, number: Number, serial: str) -> History:
    """Return all that became of a number that was issued."""
    return _history(conn, _issued(conn, number.granted, number.batch, number.ordinal, serial))


def _history(conn: Connection, issued_number: Issued) -> History:
    range_id, ordinal = issued_number.range_id, issued_number.ordinal
    said = outcome_history.history(conn, range_id, ordinal)
    scans = quality.scans_of(conn, range_id, ordinal, _ROWS_AT_MOST)
    return History(issued_number, said, scans, reprints.of_number(conn, range_id, ordinal, _ROWS_AT_MOST))


def look_up(db: Database, issuer: Issuer, code: str, serial: str) -> Issued:
    """Read a serial back to its range, batch and lot; no row was ever written for it.

    Raises:
        InvalidInput: the code or the serial breaks a rule of GS1, and which.
        NotFound: no such product; `never_issued`, if the text is not one that this product ever got; `record_lost`, if
            it was issued after the backup that the database was restored from.
    """
    with at("/product"):
        product_code = parse_product_code(code)
    with at("/serial"):
        check_serial(serial)
    with db.read() as conn:
        found = issued.find(conn, issuer, product_code.value, serial)
        if found is not None:
            return _issued(conn, found.granted, found.batch, found.ordinal, serial)
        if issued.is_lost(conn, issuer, product_code.value, serial):
            message = "Expected a serial with a record, got one that was issued and whose record is lost."
            raise NotFound("record_lost", message)
    raise NotFound("never_issued", "Expected a serial that was issued, got one that never was.")


def _issued(conn: Connection, granted: Range, batch: BatchRow, ordinal: int, serial: str) -> Issued:
    lot = lots.at_revision(conn, batch.lot_id, batch.lot_revision).lot
    return Issued(
        product_code=batch.product_code,
        product_name=Values.from_json(batch.frozen).product_name,
        serial=serial,
        scheme=batch.pattern,
        scope=batch.scope,
        ordinal=ordinal,
        range_id=granted.id,
        range_first=granted.first,
        range_count=granted.count,
        batch_id=batch.id,
        label=ordinal - granted.first + 1,
        lot_id=batch.lot_id,
        lot_number=batch.lot_number,
        lot_revision=batch.lot_revision,
        production_date=lot.production,
        expiry_date=lot.expiry,
        best_before=lot.best_before,
        printer=batch.printer,
        job_id=batch.job_id,
        issued_at=granted.created_at,
        known=outcomes.of_number(conn, granted.id, ordinal),
    )
