"""A unit's neighbours in the books: how many others share something with it, and of how many somebody complained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Select, func, select

from labelsvc.domain.neighbours import Counts, Group
from labelsvc.storage.tables import batches, complaints, lots, print_jobs, printers, unit_events, units

#: Things that a unit was inside that are looked at: the latest ones.
CONTAINERS = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Whose neighbours these are: a unit and its product, and what else is known of where it is from."""

    unit_id: int
    product_id: int
    lot_id: int | None = None
    range_id: int | None = None


def counted(conn: Connection, of: Place) -> tuple[Counts, tuple[Group, ...]]:
    """Return the counts of all other units of the product, and of each group of neighbours.

    The number of statements is bounded, whatever the number of units.
    """
    base = _counts(conn, of, None)
    groups = [*_of_lot(conn, of), *_of_batch(conn, of), *_inside(conn, of)]
    return base, tuple(groups)


def _counts(conn: Connection, of: Place, shared: ColumnElement[bool] | None) -> Counts:
    """Count units that began, but for the one that is looked at."""
    its = [units.c.product_id == of.product_id, units.c.state != "unknown", units.c.id != of.unit_id]
    if shared is not None:
        its.append(shared)
    here = select(func.count()).select_from(units).where(*its)
    wrong = select(func.count(complaints.c.unit_id.distinct())).join(units, units.c.id == complaints.c.unit_id)
    row = conn.execute(select(here.scalar_subquery(), wrong.where(*its).scalar_subquery())).one()
    return Counts(int(row[0]), int(row[1]))


def _of_lot(conn: Connection, of: Place) -> Sequence[Group]:
    if of.lot_id is None:
        return ()
    number = conn.execute(select(lots.c.number).where(lots.c.id == of.lot_id)).scalar_one()
    return (Group("lot", number, _counts(conn, of, units.c.lot_id == of.lot_id)),)


#: When printing of a batch began; of one that was downloaded, when it was made.
_begun = func.coalesce(
    select(func.min(print_jobs.c.started_at))
    .where(print_jobs.c.batch_id == batches.c.id, print_jobs.c.kind == "batch")
    .correlate(batches)
    .scalar_subquery(),
    batches.c.created_at,
)


def _of_batch(conn: Connection, of: Place) -> Sequence[Group]:
    if of.range_id is None:
        return ()
    row = conn.execute(
        select(batches.c.line, batches.c.printer_id, printers.c.name, _begun.label("begun"))
        .outerjoin(printers, printers.c.id == batches.c.printer_id)
        .where(batches.c.range_id == of.range_id)
    ).one_or_none()
    if row is None:
        return ()
    hour = _moment(row.begun).replace(minute=0, second=0, microsecond=0)
    within = (_begun >= hour, _begun < hour + timedelta(hours=1))
    found = [Group("hour", hour.isoformat(timespec="minutes"), _of_batches(conn, of, *within))]
    if row.line is not None:
        found.append(Group("line", row.line, _of_batches(conn, of, batches.c.line == row.line)))
    if row.printer_id is not None:
        found.append(Group("printer", row.name, _of_batches(conn, of, batches.c.printer_id == row.printer_id)))
    return found


def _moment(value: datetime) -> datetime:
    return value if value.tzinfo is not None else value.replace(tzinfo=UTC)


def _of_batches(conn: Connection, of: Place, *such: ColumnElement[bool]) -> Counts:
    ranges = select(batches.c.range_id).where(batches.c.product_id == of.product_id, *such)
    return _counts(conn, of, units.c.range_id.in_(ranges))


def _inside(conn: Connection, of: Place) -> Sequence[Group]:
    """Return a group for each thing that the unit is or was inside, be it through another."""
    was = select(unit_events.c.parent_id).where(unit_events.c.unit_id == of.unit_id)
    around = was.where(unit_events.c.parent_id.is_not(None)).cte("around", recursive=True)
    outer = select(unit_events.c.parent_id).join(around, unit_events.c.unit_id == around.c.parent_id)
    around = around.union(outer.where(unit_events.c.parent_id.is_not(None)))
    query = select(units.c.id, units.c.epc).join(around, around.c.parent_id == units.c.id)
    rows = conn.execute(query.order_by(units.c.id.desc()).limit(CONTAINERS)).all()
    return [Group("inside", epc, _counts(conn, of, units.c.id.in_(_content(unit_id)))) for unit_id, epc in rows]


def _content(unit_id: int) -> Select[tuple[int]]:
    """Select all that is or was inside a thing, be it through another."""
    content = select(unit_events.c.unit_id).where(unit_events.c.parent_id == unit_id).cte("content", recursive=True)
    inner = select(unit_events.c.unit_id).join(content, unit_events.c.parent_id == content.c.unit_id)
    content = content.union(inner)
    return select(content.c.unit_id)
