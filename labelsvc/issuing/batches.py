"""Use cases: issue a batch, look at it, return numbers that were not used."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.batches import Batch, BatchRequest, OpenLot, ReturnRequest
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.jobs import Printer, check_media
from labelsvc.domain.outcomes import Interval, totals, within
from labelsvc.domain.pages import Page
from labelsvc.domain.products import Product, check_name
from labelsvc.domain.ranges import Numbering, RangeKind, check_quantity
from labelsvc.domain.schemes import Scheme
from labelsvc.errors import Conflict, InvalidInput, Unavailable, at
from labelsvc.issuing.ahead import check_ahead, hand_ahead
from labelsvc.labels import RENDERER_REVISION, zpl
from labelsvc.labels.compiling import compile_layout
from labelsvc.labels.formats import LabelFormat, parsed
from labelsvc.labels.values import Values
from labelsvc.storage import (
    audit,
    batches,
    installation,
    jobs,
    label_formats,
    lots,
    outcomes,
    printers,
    products,
    quality,
)
from labelsvc.storage import ranges as range_rows
from labelsvc.storage import requests as request_keys
from labelsvc.storage.batches import BatchRow, Freeze, NewBatch
from labelsvc.storage.database import Database
from labelsvc.storage.jobs import NewJob

#: A lot edited, or a scheme, label format or printer changed between looking and taking: look again, this often.
_LOOKS = 5
_REASON_AT_MOST = 500
_LINE_AT_MOST = 80


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a batch will be made from, as it was when we looked.

    Attributes:
        revision: of the format as the books have it; read today, it may be named otherwise, for fonts that have grown.
    """

    lot: OpenLot
    product: Product
    fmt: LabelFormat
    revision: str
    printer: Printer | None
    values: Values
    numbering: Numbering
    ahead_hours: int | None


class _Moved(Exception):
    """What the plan was made from has changed."""


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
    route, body = f"lots/{lot_id}/batches", _body(request)
    for _ in range(_LOOKS):
        with db.read() as conn:
            installation.check_secret(conn, issuer.secret)
            answered = request_keys.answered(conn, call, route, body)
            if answered is not None:
                return _as_issued(_seen(conn, issuer, batches.get(conn, answered["batch"])))
            plan = _look(conn, issuer, lot_id, request)
        _prove(plan)
        try:
            batch_id = db.write(lambda conn, plan=plan: _grant(conn, issuer, call, (route, body), plan))  # type: ignore[misc]
        except _Moved:
            continue
        return _as_issued(get_batch(db, issuer, batch_id))
    raise Unavailable("lot_busy", "Expected the lot to stay as it is for a moment, got edit after edit.")


def _body(request: BatchRequest) -> dict[str, object]:
    """Return a request as JSON values; a field that the first keys did not know is in it only where it is used."""
    body = asdict(request)
    if request.ahead_hours is None:
        del body["ahead_hours"]
    return body


def _look(conn: Connection, issuer: Issuer, lot_id: int, request: BatchRequest) -> _Plan:
    lot = lots.get(conn, lot_id)
    product = products.by_id(conn, lot.product_id)
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
    return _Plan(lot, product, fmt, stored.revision, printer, values, numbering, request.ahead_hours)


def _prove(plan: _Plan) -> None:
    """Lay the labels out with the widest serial; what cannot be printed is refused here."""
    shape = plan.numbering.scheme.shape(plan.numbering.scope)
    if plan.printer is None:
        compile_layout(plan.fmt, plan.values, shape, 12)
        return
    spec = plan.printer.spec
    check_media(plan.fmt.width, plan.fmt.height, spec)
    layout = compile_layout(plan.fmt, plan.values, shape, spec.dpmm)
    if plan.printer.profile.echo is not None:
        zpl.check_echo(layout)


def _grant(conn: Connection, issuer: Issuer, call: Call, request: tuple[str, dict[str, object]], plan: _Plan) -> int:
    route, body = request
    answered = request_keys.claim(conn, call, route, body)
    if answered is not None:
        return int(answered["batch"])
    installation.check_secret(conn, issuer.secret)
    _check_unmoved(conn, plan)
    quality.check_open(conn, plan.lot.id)
    scheme = plan.numbering.scheme
    pool_id = range_rows.pool_of(conn, call, plan.product.scheme_id, plan.numbering.scope, scheme.capacity)
    with at("/quantity"):
        kind: RangeKind = "issued" if plan.ahead_hours is None else "handed ahead"
        grant = range_rows.Grant(plan.values.quantity, kind, (plan.lot.id, plan.lot.revision))
        granted = range_rows.take(conn, call, pool_id, grant)
    freeze = Freeze(plan.values.to_json(), plan.revision, RENDERER_REVISION)
    printer_id = plan.printer.id if plan.printer else None
    new = NewBatch(granted.id, plan.product.id, plan.lot.id, printer_id, plan.values.line, freeze)
    batch_id = batches.add(conn, call, new)
    if plan.printer is not None and plan.ahead_hours is not None:
        hand_ahead(conn, call, plan.printer, batch_id, (granted.count, plan.ahead_hours))
    elif plan.printer is not None:
        job = NewJob(batch_id, granted.id, plan.printer.id, plan.printer.revision, granted.first, granted.last)
        jobs.add(conn, call, job)
    outcome = Interval(granted.first, granted.last, "planned" if plan.printer else "held")
    outcomes.append(conn, call, granted.id, outcome)
    after = {"lot": plan.lot.id, "quantity": granted.count, "first": granted.first}
    if plan.ahead_hours is not None:
        after["ahead_hours"] = plan.ahead_hours
    audit.record(conn, call, "batch.issue", f"batch:{batch_id}", after=after)
    request_keys.settle(conn, call, route, {"batch": batch_id})
    return batch_id


def _check_unmoved(conn: Connection, plan: _Plan) -> None:
    lot = lots.get(conn, plan.lot.id, lock=True)
    product = products.by_id(conn, plan.product.id)
    printer = printers.get(conn, plan.printer.spec.name) if plan.printer else None
    fmt = label_formats.in_use(conn, plan.fmt.name)
    if (
        lot.revision != plan.lot.revision
        or product.scheme_id != plan.product.scheme_id
        or fmt.revision != plan.revision
        or (printer and printer.revision) != (plan.printer and plan.printer.revision)
    ):
        raise _Moved


def _as_issued(batch: Batch) -> Batch:
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
