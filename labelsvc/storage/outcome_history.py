"""What was said of numbers before, by whom and by which print job; what holds now is in storage.outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from labelsvc.domain.actors import Actor
from labelsvc.domain.outcomes import Interval
from labelsvc.storage.outcomes import SAID, Delivery, covering
from labelsvc.storage.tables import outcomes, print_jobs


@dataclass(frozen=True, slots=True)
class Said:
    """What became known of a number, by whom, and by which print job.

    Attributes:
        known: of the interval that it was said of.
    """

    known: Interval
    actor: Actor
    job_id: int | None


def history(conn: Connection, range_id: int, ordinal: int) -> tuple[Said, ...]:
    """Return all that was said of one number, in its order; the last one holds."""
    rows = conn.execute(
        select(*SAID, outcomes.c.actor_kind, outcomes.c.actor_id, outcomes.c.job_id)
        .where(*covering(range_id, ordinal))
        .order_by(outcomes.c.id)
    )
    return tuple(Said(Interval(*row[:6]), Actor(row.actor_kind, row.actor_id), row.job_id) for row in rows)


def owner_of_number(conn: Connection, range_id: int, ordinal: int) -> int | None:
    """Return the id of the print job that what holds now of a number is known by; None: of none."""
    job_id: int | None = conn.execute(
        select(outcomes.c.job_id).where(*covering(range_id, ordinal)).order_by(outcomes.c.id.desc()).limit(1)
    ).scalar_one()
    return job_id


def of_number_in_job(conn: Connection, range_id: int, job_id: int) -> Interval | None:
    """Return what is known of the label of a job that prints one number; None: nothing of it was handed over."""
    row = conn.execute(
        select(*SAID)
        .where(outcomes.c.range_id == range_id, outcomes.c.job_id == job_id)
        .order_by(outcomes.c.id.desc())
        .limit(1)
    ).one_or_none()
    return Interval(*row) if row else None


def of_last_delivery(conn: Connection, range_id: int, job_id: int) -> tuple[tuple[int, int], ...]:
    """Return the intervals that a job's last delivery handed over, or may have; what holds of them now may differ."""
    its = (outcomes.c.range_id == range_id, outcomes.c.job_id == job_id)
    last = select(func.max(outcomes.c.token)).where(*its).scalar_subquery()
    rows = conn.execute(
        select(outcomes.c.first, outcomes.c.last).where(*its, outcomes.c.token == last).order_by(outcomes.c.first)
    )
    return tuple((int(first), int(end)) for first, end in rows)


def handed_over_since(conn: Connection, before: Delivery, at: datetime) -> tuple[tuple[int, int], ...]:
    """Return the intervals that later deliveries handed over, or may have; reprints of other jobs left out."""
    its_kind = select(print_jobs.c.kind).where(print_jobs.c.id == outcomes.c.job_id).scalar_subquery()
    rows = conn.execute(
        select(outcomes.c.first, outcomes.c.last)
        .where(
            outcomes.c.range_id == before.range_id,
            outcomes.c.token.is_not(None),
            outcomes.c.at >= at,
            or_(outcomes.c.job_id != before.job_id, outcomes.c.token != before.token),
            or_(outcomes.c.job_id == before.job_id, its_kind == "batch"),
        )
        .order_by(outcomes.c.first)
    )
    return tuple((int(first), int(last)) for first, last in rows)
