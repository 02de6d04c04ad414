"""How a batch comes into the books: looked at and proved to be printable first, then granted in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.batches import OpenLot
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.jobs import Printer, check_media
from labelsvc.domain.outcomes import Interval
from labelsvc.domain.products import Product
from labelsvc.domain.ranges import Numbering, RangeKind
from labelsvc.errors import Unavailable, at
from labelsvc.issuing.ahead import hand_ahead
from labelsvc.labels import RENDERER_REVISION, zpl
from labelsvc.labels.compiling import compile_layout
from labelsvc.labels.formats import LabelFormat
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
from labelsvc.storage.batches import Freeze, NewBatch
from labelsvc.storage.database import Database
from labelsvc.storage.jobs import NewJob

#: A lot edited, or a scheme, label format or printer changed between looking and taking: look again, this often.
_LOOKS = 5


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for, as its Idempotency-Key remembers it.

    Attributes:
        route: the use case with what its path names.
        body: the parsed request, JSON values.
    """

    call: Call
    route: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a batch will be made from, as it was when we looked.

    Attributes:
        scheme_id: what its serials come from.
        revision: of the format as the books have it; read today, it may be named otherwise, for fonts that have grown.
    """

    lot: OpenLot
    product: Product
    scheme_id: int
    fmt: LabelFormat
    revision: str
    printer: Printer | None
    values: Values
    numbering: Numbering
    ahead_hours: int | None = None


class _Moved(Exception):
    """What the plan was made from has changed."""


def granted(db: Database, issuer: Issuer, request: Request, look: Callable[[Connection], Plan]) -> int:
    """Grant what somebody asks for, or find what was granted for the same key; return the batch's id.

    Whatever could go wrong with the labels later is found before anything is taken: they are laid out with the widest
    serial there can be.

    Args:
        look: makes the plan; it is made anew where something moved meanwhile.

    Raises:
        InvalidInput: a label that cannot be made.
        Conflict: fewer numbers are left, or the key was used for another request, or the printer has other media.
    """
    for _ in range(_LOOKS):
        with db.read() as conn:
            installation.check_secret(conn, issuer.secret)
            answered = request_keys.answered(conn, request.call, request.route, request.body)
            if answered is not None:
                return int(answered["batch"])
            plan = look(conn)
        _prove(plan)
        try:
            return db.write(lambda conn, plan=plan: _grant(conn, issuer, request, plan))  # type: ignore[misc]
        except _Moved:
            continue
    raise Unavailable("lot_busy", "Expected the lot to stay as it is for a moment, got edit after edit.")


def _prove(plan: Plan) -> None:
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


def _grant(conn: Connection, issuer: Issuer, request: Request, plan: Plan) -> int:
    call = request.call
    answered = request_keys.claim(conn, call, request.route, request.body)
    if answered is not None:
        return int(answered["batch"])
    installation.check_secret(conn, issuer.secret)
    _check_unmoved(conn, plan)
    quality.check_open(conn, plan.lot.id)
    scheme = plan.numbering.scheme
    pool_id = range_rows.pool_of(conn, call, plan.scheme_id, plan.numbering.scope, scheme.capacity)
    with at("/quantity"):
        kind: RangeKind = "issued" if plan.ahead_hours is None else "handed ahead"
        grant = range_rows.Grant(plan.values.quantity, kind, (plan.lot.id, plan.lot.revision))
        taken = range_rows.take(conn, call, pool_id, grant)
    freeze = Freeze(plan.values.to_json(), plan.revision, RENDERER_REVISION)
    printer_id = plan.printer.id if plan.printer else None
    new = NewBatch(taken.id, plan.product.id, plan.lot.id, printer_id, plan.values.line, freeze)
    batch_id = batches.add(conn, call, new)
    if plan.printer is not None and plan.ahead_hours is not None:
        hand_ahead(conn, call, plan.printer, batch_id, (taken.count, plan.ahead_hours))
    elif plan.printer is not None:
        job = NewJob(batch_id, taken.id, plan.printer.id, plan.printer.revision, taken.first, taken.last)
        jobs.add(conn, call, job)
    outcome = Interval(taken.first, taken.last, "planned" if plan.printer else "held")
    outcomes.append(conn, call, taken.id, outcome)
    after = {"lot": plan.lot.id, "quantity": taken.count, "first": taken.first}
    if plan.ahead_hours is not None:
        after["ahead_hours"] = plan.ahead_hours
    audit.record(conn, call, "batch.issue", f"batch:{batch_id}", after=after)
    request_keys.settle(conn, call, request.route, {"batch": batch_id})
    return batch_id


def _check_unmoved(conn: Connection, plan: Plan) -> None:
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
