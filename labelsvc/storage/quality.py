"""Quality in the books: closed lots, sampling plans, scans."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.jobs import JOB_ENDED
from labelsvc.domain.quality import Closure, SamplingPlan
from labelsvc.errors import Conflict
from labelsvc.storage.database import insert_new
from labelsvc.storage.tables import batches, label_scans, lot_closures, lots, print_jobs, ranges, sampling_plans


def closure(conn: Connection, lot_id: int) -> Closure | None:
    """Return a lot's end; None: it is open."""
    row = conn.execute(select(lot_closures).where(lot_closures.c.lot_id == lot_id)).one_or_none()
    if row is None:
        return None
    said = row._mapping  # `count` is a tuple's own word
    return Closure(row.at, Actor(row.actor_kind, row.actor_id), said["count"], row.digest, row.statement)


def check_open(conn: Connection, lot_id: int, pointer: str | None = None) -> None:
    """See that a lot is open, and keep it so until this transaction ends.

    Raises:
        Conflict: it is closed.
    """
    conn.execute(select(lots.c.id).where(lots.c.id == lot_id).with_for_update(read=True))
    if closure(conn, lot_id) is not None:
        raise Conflict("lot_closed", "Expected a lot that is open, got one that is closed.", pointer=pointer)


def close(conn: Connection, call: Call, lot_id: int, end: Closure, figures: Mapping[str, Any]) -> None:
    """Write down a lot's end."""
    conn.execute(
        insert(lot_closures).values(
            lot_id=lot_id,
            count=end.count,
            digest=end.digest,
            figures=dict(figures),
            statement=end.statement,
            actor_kind=call.actor.kind,
            actor_id=call.actor.id,
            at=call.at,
        )
    )


def plan(conn: Connection, lot_id: int) -> SamplingPlan:
    """Return which labels of a lot are to be scanned."""
    row = conn.execute(select(sampling_plans).where(sampling_plans.c.lot_id == lot_id)).one_or_none()
    return SamplingPlan(row.kind, row.nth) if row else SamplingPlan()


def set_plan(conn: Connection, lot_id: int, chosen: SamplingPlan) -> None:
    """Say which labels of a lot are to be scanned."""
    values = {"kind": chosen.kind, "nth": chosen.nth}
    if not insert_new(conn, sampling_plans, {"lot_id": lot_id, **values}):
        conn.execute(update(sampling_plans).where(sampling_plans.c.lot_id == lot_id).values(**values))


def ranges_of(conn: Connection, lot_id: int) -> tuple[tuple[int, int, int, int], ...]:
    """Return (batch, range, first, count) of each batch of a lot, in the order they were made."""
    rows = conn.execute(
        select(batches.c.id, ranges.c.id, ranges.c.first, ranges.c.count)
        .join_from(batches, ranges, ranges.c.id == batches.c.range_id)
        .where(batches.c.lot_id == lot_id)
        .order_by(batches.c.id)
    )
    return tuple((int(batch), int(range_id), int(first), int(count)) for batch, range_id, first, count in rows)


def granted(conn: Connection, lot_id: int) -> int:
    """Return how many numbers a lot was granted."""
    return int(
        conn.execute(select(func.coalesce(func.sum(ranges.c.count), 0)).where(ranges.c.lot_id == lot_id)).scalar_one()
    )


def jobs_of(conn: Connection, lot_id: int) -> tuple[int, int]:
    """Return how many print jobs of a lot have not ended, and how many labels were printed again."""
    ours = print_jobs.c.batch_id.in_(select(batches.c.id).where(batches.c.lot_id == lot_id))
    still = conn.execute(select(func.count()).where(ours, print_jobs.c.state.not_in(JOB_ENDED))).scalar_one()
    again = conn.execute(select(func.count()).where(ours, print_jobs.c.kind == "reprint")).scalar_one()
    return int(still), int(again)


def job_ids(conn: Connection, lot_id: int) -> tuple[int, ...]:
    """Return the ids of all print jobs of a lot."""
    ours = print_jobs.c.batch_id.in_(select(batches.c.id).where(batches.c.lot_id == lot_id))
    return tuple(conn.execute(select(print_jobs.c.id).where(ours).order_by(print_jobs.c.id)).scalars())


def record_scan(conn: Connection, call: Call, verdict: str, text: str | None, place: Mapping[str, int | None]) -> None:
    """Keep what was read.

    Args:
        place: lot_id, batch_id, range_id and ordinal, as far as they are known.
    """
    said = {"actor_kind": call.actor.kind, "actor_id": call.actor.id, "at": call.at}
    conn.execute(insert(label_scans).values(verdict=verdict, text=text and text[:500], **said, **place))


def was_scanned(conn: Connection, range_id: int, ordinal: int) -> bool:
    """Whether a label was found right before."""
    its = (label_scans.c.range_id == range_id, label_scans.c.ordinal == ordinal, label_scans.c.verdict == "right")
    return conn.execute(select(label_scans.c.id).where(*its).limit(1)).one_or_none() is not None


def scanned(conn: Connection, range_ids: Iterable[int]) -> dict[int, set[int]]:
    """Return the ordinals of each range that were found right."""
    found: dict[int, set[int]] = {}
    rows = conn.execute(
        select(label_scans.c.range_id, label_scans.c.ordinal).where(
            label_scans.c.range_id.in_(tuple(range_ids)), label_scans.c.verdict == "right"
        )
    )
    for range_id, ordinal in rows:
        found.setdefault(int(range_id), set()).add(int(ordinal))
    return found
