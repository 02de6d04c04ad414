"""Which numbers became units, kept as intervals, and where outcomes have changed since somebody looked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from labelsvc.domain.outcomes import Interval
from labelsvc.errors import NotFound
from labelsvc.storage import outcomes as outcome_rows
from labelsvc.storage.tables import commissioned, outcomes, ranges


def changed_since(conn: Connection, since: datetime) -> Mapping[int, tuple[object, ...]]:
    """Return the ranges of which something became known since a moment, each with a signature of what is known."""
    query = select(outcomes.c.range_id, func.max(outcomes.c.id), func.max(outcomes.c.at), func.max(outcomes.c.last))
    rows = conn.execute(query.where(outcomes.c.at >= since).group_by(outcomes.c.range_id))
    return {int(row[0]): tuple(row[1:]) for row in rows}


def lot_of(conn: Connection, range_id: int) -> int | None:
    """Return the lot of a range, and keep others from commissioning it until this transaction ends.

    Raises:
        NotFound: no such range.
    """
    query = select(ranges.c.lot_id).where(ranges.c.id == range_id).with_for_update(key_share=True)
    found = conn.execute(query).one_or_none()
    if found is None:
        raise NotFound("range_unknown", f"Expected the id of a range, got {range_id}.")
    return None if found.lot_id is None else int(found.lot_id)


def known_of(conn: Connection, range_id: int) -> tuple[Interval, ...]:
    """Return what is known of every number of a range."""
    return outcome_rows.of_range(conn, range_id)


def of_range(conn: Connection, range_id: int) -> tuple[tuple[int, int], ...]:
    """Return the numbers of a range that are units, as ascending intervals."""
    query = select(commissioned.c.first, commissioned.c.last).where(commissioned.c.range_id == range_id)
    return tuple((int(first), int(last)) for first, last in conn.execute(query.order_by(commissioned.c.first)))


def add(conn: Connection, range_id: int, intervals: Sequence[tuple[int, int]], event_id: int) -> None:
    """Write that numbers became units by an event."""
    rows = [{"range_id": range_id, "first": first, "last": last, "event_id": event_id} for first, last in intervals]
    conn.execute(insert(commissioned), rows)
