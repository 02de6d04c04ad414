"""Use cases: issue a batch, look at it, return numbers that were not used."""

from __future__ import annotations

from dataclasses import asdict, replace

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.batches import Batch, BatchRequest, ReturnRequest
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.outcomes import Interval, totals, within
from labelsvc.domain.pages import Page
from labelsvc.domain.products import check_name, check_trade_item
from labelsvc.domain.ranges import check_quantity
from labelsvc.domain.schemes import Scheme
from labelsvc.errors import Conflict, InvalidInput, at
from labelsvc.issuing.ahead import check_ahead
from labelsvc.issuing.granting import Plan, Request, granted
from labelsvc.labels.formats import parsed
from labelsvc.labels.values import Values
from labelsvc.storage import (
    audit,
    batches,
    label_formats,
    lots,
    outcomes,
    printers,
    products,
    quality,
)
from labelsvc.storage import ranges as range_rows
from labelsvc.storage.batches import BatchRow
from labelsvc.storage.database import Database

_REASON_AT_MOST = 500
_LINE_AT_MOST = 80


def issue(db: Database, issuer: Issuer, call: Call, lot_id: int, request: BatchRequest) -> Batch:
    """Grant serials for a lot, and a print job where a printer is named: one transaction, whatever the quantity.

    Whatever could go wrong with the labels later is found before anything is taken: they are laid out with the widest
    serial there can be.

    Raises:
        NotFound: no such lot, printer or label format.
        InvalidInput: the quantity, or a label that cannot be made.
        Conflict: fewer numbers are left, or the key was used for another request, or the printer has other media.
    """
    with at("/quantity"):
        check_quantity(request.quantity)
    if request.line is not None:
        with at("/line"):
            check_name(request.line, _LINE_AT_MOST)
    if request.ahead_hours is not None:
        check_ahead(request)
    asked = Request(call, f"lots/{lot_id}/batches", _body(request))
    batch_id = granted(db, issuer, asked, lambda conn: _look(conn, issuer, lot_id, request))
    return as_issued(get_batch(db, issuer, batch_id))


def _body(request: BatchRequest) -> dict[str, object]:
    """Return a request as JSON values; a field that the first keys did not know is in it only where it is used."""
    body = asdict(request)
    if request.ahead_hours is None:
        del body["ahead_hours"]
    return body


def _look(conn: Connection, issuer: Issuer, lot_id: int, request: BatchRequest) -> Plan:
    lot = lots.get(conn, lot_id)
    product = products.by_id(conn, lot.product_id)
    check_trade_item(product.kind)
    with at("/label_format"):
        stored = label_formats.in_use(conn, request.label_format or product.label_format)
    printer = None
    if request.printer is not None:
        with at("/printer"):
            printer = printers.get(conn, request.printer)
    scheme = next(scheme for scheme in products.schemes_of(conn, product.id) if scheme.current)
    scope = Scheme.parse(scheme.pattern).scope(lot.lot)
    values = Values(
        product_code=product.code,
        product_kind=product.kind,
        product_name=product.name,
        lot_number=lot.lot.number,
        production=lot.lot.production,
        expiry=lot.lot.expiry,
        best_before=lot.lot.best_before,
        line=request.line,
        quantity=request.quantity,
        digital_link=issuer.digital_link,
    )
    fmt = parsed(stored.toml, label_formats.files_of(conn, stored.revision))
    numbering = issuer.numbering(product.code, scheme.pattern, scope, scheme.key_version)
    return Plan(lot, product, scheme.id, fmt, stored.revision, printer, values, numbering, request.ahead_hours)


def as_issued(batch: Batch) -> Batch:
    """Return a batch as it was when it was issued, for the same key gives the same answer for ever."""
    return replace(batch, outcomes={"planned" if batch.printer else "held": batch.quantity})


def get_batch(db: Database, issuer: Issuer, batch_id: int) -> Batch:
    """Return a batch with what became of its numbers.

    Raises:
        NotFound: no such batch.
    """
    with db.read() as conn:
        return _seen(conn, issuer, batches.get(conn, batch_id))


def list_batches(db: Database, issuer: Issuer, lot_id: int, after: int, limit: int) -> Page[Batch]:
    """Return the batches of a lot in the order they were made.

    Raises:
        NotFound: no such lot.
    """
    with db.read() as conn:
        lots.get(conn, lot_id)
        found = batches.listing(conn, lot_id, after, limit)
        return Page(tuple(_seen(conn, issuer, row) for row in found.items), found.next)


def latest_batches(db: Database, issuer: Issuer, limit: int) -> tuple[Batch, ...]:
    """Return the batches that were made last, the latest first."""
    with db.read() as conn:
        return tuple(_seen(conn, issuer, row) for row in batches.latest(conn, limit))


def _seen(conn: Connection, issuer: Issuer, row: BatchRow) -> Batch:
    numbering = issuer.numbering(row.product_code, row.pattern, row.scope, row.key_version)
    return Batch(
        id=row.id,
        lot_id=row.lot_id,
        product_code=row.product_code,
        lot_number=row.lot_number,
        quantity=row.count,
        first_serial=numbering.text(row.first),
        last_serial=numbering.text(row.first + row.count - 1),
        line=row.line,
        printer=row.printer,
        job_id=row.job_id,
        label_format=row.label_format,
        format_revision=row.format_revision,
        renderer_revision=row.renderer_revision,
        created_at=row.created_at,
        outcomes=totals(outcomes.of_range(conn, row.range_id)),
    )


def return_numbers(db: Database, issuer: Issuer, call: Call, batch_id: int, request: ReturnRequest) -> Batch:
    """Give back numbers of a batch that were not used; they are never issued again.

    Raises:
        NotFound: no such batch.
        InvalidInput: the labels are not of this batch, or there is no reason.
        Conflict: some are not in hand (printed, or returned before); nothing is changed.
    """
    with at("/reason"):
        check_name(request.reason, _REASON_AT_MOST)

    def work(conn: Connection) -> None:
        row = batches.get(conn, batch_id)
        quality.check_open(conn, row.lot_id)
        range_rows.lock(conn, row.range_id)
        first, last = label_interval(row, request.first, request.count)
        now = within(outcomes.of_range(conn, row.range_id), first, last)
        other = next((interval for interval in now if interval.outcome != "held"), None)
        if other is not None:
            raise Conflict(
                "numbers_not_held",
                f"Expected numbers that are held, got label {other.first - row.first + 1}, which is {other.outcome}.",
                pointer="/first",
            )
        outcomes.append(conn, call, row.range_id, Interval(first, last, "returned", reason=request.reason))
        after = {"first": first, "last": last, "outcome": "returned"}
        audit.record(conn, call, "batch.return", f"batch:{batch_id}", after=after, reason=request.reason)

    db.write(work)
    return get_batch(db, issuer, batch_id)


def label_interval(row: BatchRow, first: int, count: int | None) -> tuple[int, int]:
    """Return the ordinals, both included, of labels first .. first + count - 1 of a batch, counted from 1.

    Raises:
        InvalidInput: they are not all of this batch.
    """
    if not 1 <= first <= row.count:
        raise InvalidInput(
            "label_outside_batch", f"Expected a label from 1 to {row.count}, got {first}.", pointer="/first"
        )
    left = row.count - first + 1
    count = left if count is None else count
    if not 1 <= count <= left:
        raise InvalidInput("count_outside_batch", f"Expected 1 to {left} labels, got {count}.", pointer="/count")
    return row.first + first - 1, row.first + first + count - 2
