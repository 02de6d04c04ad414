"""Batches in the books, with all that they freeze."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from labelsvc.domain.actors import Call
from labelsvc.domain.pages import Page
from labelsvc.errors import NotFound
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import (
    batches,
    label_formats,
    lots,
    pools,
    print_jobs,
    printer_revisions,
    printers,
    products,
    ranges,
    schemes,
)


@dataclass(frozen=True, slots=True)
class Freeze:
    """What a batch keeps from the moment it is made.

    Attributes:
        values: the values printed on its labels (labels.values.Values as JSON text).
    """

    values: str
    format_revision: str
    renderer_revision: int


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A batch with what its serials and labels are made from.

    Attributes:
        first, count: ordinals of its range.
        printer_dpmm: dots per mm of the printer as it was for the job; None without one.
    """

    id: int
    range_id: int
    first: int
    count: int
    lot_id: int
    lot_revision: int
    lot_number: str
    product_code: str
    pattern: str
    scope: str
    key_version: int
    frozen: str
    label_format: str
    format_revision: str
    renderer_revision: int
    line: str | None
    printer: str | None
    printer_dpmm: int | None
    job_id: int | None
    created_at: datetime


#: The job a batch was made with; later jobs on its numbers have higher ids, and print again.
_job = print_jobs.alias("first_job")

_BATCH = (
    select(
        batches.c.id,
        batches.c.range_id,
        ranges.c.first,
        ranges.c.count,
        batches.c.lot_id,
        ranges.c.lot_revision,
        lots.c.number.label("lot_number"),
        products.c.code.label("product_code"),
        schemes.c.pattern,
        pools.c.scope,
        schemes.c.key_version,
        batches.c.frozen,
        label_formats.c.name.label("label_format"),
        batches.c.format_revision,
        batches.c.renderer_revision,
        batches.c.line,
        printers.c.name.label("printer"),
        printer_revisions.c.dpmm.label("printer_dpmm"),
        _job.c.id.label("job_id"),
        batches.c.created_at,
    )
    .join_from(batches, ranges, ranges.c.id == batches.c.range_id)
    .join(pools, pools.c.id == ranges.c.pool_id)
    .join(schemes, schemes.c.id == pools.c.scheme_id)
    .join(products, products.c.id == batches.c.product_id)
    .join(lots, lots.c.id == batches.c.lot_id)
    .join(label_formats, label_formats.c.revision == batches.c.format_revision)
    .outerjoin(printers, printers.c.id == batches.c.printer_id)
    .outerjoin(
        _job,
        _job.c.id
        == select(func.min(print_jobs.c.id))
        .where(print_jobs.c.batch_id == batches.c.id, print_jobs.c.kind == "batch")
        .correlate(batches)
        .scalar_subquery(),
    )
    .outerjoin(
        printer_revisions,
        (printer_revisions.c.printer_id == _job.c.printer_id)
        & (printer_revisions.c.revision == _job.c.printer_revision),
    )
)


def _batch(row: AnyRow) -> BatchRow:
    return BatchRow(**row._mapping)


@dataclass(frozen=True, slots=True)
class NewBatch:
    """What a batch is made of: ids of what it belongs to, and what it freezes."""

    range_id: int
    product_id: int
    lot_id: int
    printer_id: int | None
    line: str | None
    freeze: Freeze


def add(conn: Connection, call: Call, new: NewBatch) -> int:
    """Insert a batch; return its id."""
    key = conn.execute(
        insert(batches).values(
            range_id=new.range_id,
            product_id=new.product_id,
            lot_id=new.lot_id,
            frozen=new.freeze.values,
            format_revision=new.freeze.format_revision,
            renderer_revision=new.freeze.renderer_revision,
            line=new.line,
            printer_id=new.printer_id,
            created_at=call.at,
        )
    ).inserted_primary_key
    assert key is not None  # one row was inserted
    return int(key[0])


def get(conn: Connection, batch_id: int) -> BatchRow:
    """Return a batch.

    Raises:
        NotFound: there is none.
    """
    row = conn.execute(_BATCH.where(batches.c.id == batch_id)).one_or_none()
    if row is None:
        raise NotFound("batch_unknown", f"Expected the id of a batch, got {batch_id}.")
    return _batch(row)


def of_range(conn: Connection, range_id: int) -> BatchRow | None:
    """Return the batch of a range; None where a range has none."""
    row = conn.execute(_BATCH.where(batches.c.range_id == range_id)).one_or_none()
    return _batch(row) if row else None


def listing(conn: Connection, lot_id: int, after: int, limit: int) -> Page[BatchRow]:
    """Return the batches of a lot in the order they were made."""
    return page(conn, _BATCH.where(batches.c.lot_id == lot_id), batches.c.id, (after, limit), _batch)


def latest(conn: Connection, limit: int) -> tuple[BatchRow, ...]:
    """Return the batches that were made last, the latest first."""
    return tuple(_batch(row) for row in conn.execute(_BATCH.order_by(batches.c.id.desc()).limit(limit)))
