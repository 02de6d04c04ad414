"""What became of a print job's labels, and what of it is the job's own to say.

A batch's job says what became of its numbers until one of them is printed again: from then on that number's latest
reprint does. A reprint's label is one more label of a number that may have had one before, so what became of the label
and what is known of the number are two things: the rows that carry the reprint's job are the label's, and the latest
row of all is the number's. While nothing of a reprint was handed over its number is what it was.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, or_, select

from labelsvc.domain.actors import Call
from labelsvc.domain.jobs import JOB_ENDED
from labelsvc.domain.outcomes import Interval, runs, within
from labelsvc.storage import outcome_history, outcomes
from labelsvc.storage.jobs import JobRow
from labelsvc.storage.tables import outcomes as rows
from labelsvc.storage.tables import print_jobs, reprints


def of_job(conn: Connection, job: JobRow) -> tuple[Interval, ...]:
    """Return what holds now of the labels of a job; of a reprint that was not handed over: planned."""
    if job.kind == "batch":
        return within(outcomes.of_range(conn, job.range_id), job.first, job.last)
    own = outcome_history.of_number_in_job(conn, job.range_id, job.id)
    known = outcomes.of_number(conn, job.range_id, job.first)
    (its,) = within((known,), job.first, job.last)
    if own is None:
        # Of a number that had no label somebody scanned one: it is not printed a second time.
        there = job.copy == 0 and known.outcome != "absent"
        return (its,) if there else (Interval(job.first, job.last, "planned"),)
    if own.outcome == "absent" and keeps_old_label(conn, job):
        return (own,)
    # Whoever scanned it, or moved it, since: that holds of the label too.
    return (its,) if outcome_history.owner_of_number(conn, job.range_id, job.first) is None else (own,)


def in_hand(conn: Connection, job: JobRow) -> tuple[Interval, ...]:
    """Return what holds now of those labels of a job of which it is the job's own to say what becomes of them."""
    if job.kind == "batch":
        taken = _reprinted(conn, job)
        return tuple(part for left in _without(job, taken) for part in within(of_job(conn, job), *left))
    if job.ended and outcome_history.owner_of_number(conn, job.range_id, job.first) != job.id:
        return ()
    return of_job(conn, job)


def say(conn: Connection, call: Call, job: JobRow, interval: Interval) -> None:
    """Write what a person found of a job's labels.

    The label of a reprint that did not come out leaves its number what it was, as long as the old label is there.
    """
    outcomes.append(conn, call, job.range_id, interval, job_id=job.id)
    if interval.outcome == "absent" and keeps_old_label(conn, job):
        outcomes.restore(conn, call, job.id, (job.range_id, interval.first))


def keeps_old_label(conn: Connection, job: JobRow) -> bool:
    """Whether a job prints again what has a label still."""
    if job.kind == "batch" or job.copy == 0:
        return False
    destroyed: str = conn.execute(select(reprints.c.destroyed).where(reprints.c.job_id == job.id)).scalar_one()
    return destroyed == "none"


def being_printed(conn: Connection, batch_id: int, ordinal: int) -> int | None:
    """Return the id of a print job that may still print this number; None: there is none."""
    its = (print_jobs.c.batch_id == batch_id, print_jobs.c.first <= ordinal, print_jobs.c.last >= ordinal)
    return conn.execute(
        select(print_jobs.c.id).where(*its, print_jobs.c.state.not_in(JOB_ENDED)).order_by(print_jobs.c.id).limit(1)
    ).scalar_one_or_none()


def may_have_come_out() -> ColumnElement[bool]:
    """Select, of print_jobs that print one number again, those whose label came out, or may have."""
    last = (
        select(rows.c.outcome)
        .where(
            rows.c.range_id == print_jobs.c.range_id,
            rows.c.first <= print_jobs.c.first,
            rows.c.last >= print_jobs.c.first,
            rows.c.job_id == print_jobs.c.id,
        )
        .order_by(rows.c.id.desc())
        .limit(1)
        .correlate(print_jobs)
        .scalar_subquery()
    )
    return last.in_(("in_doubt", "sent", "confirmed"))


def _reprinted(conn: Connection, job: JobRow) -> tuple[int, ...]:
    """Return the ordinals of a batch's job that a reprint has, or had, in hand."""
    touched = select(rows.c.id).where(rows.c.range_id == print_jobs.c.range_id, rows.c.job_id == print_jobs.c.id)
    found = conn.execute(
        select(print_jobs.c.first)
        .where(
            print_jobs.c.batch_id == job.batch_id,
            print_jobs.c.kind == "reprint",
            print_jobs.c.first.between(job.first, job.last),
            or_(print_jobs.c.state.not_in(JOB_ENDED), touched.exists()),
        )
        .distinct()
        .order_by(print_jobs.c.first)
    )
    return tuple(found.scalars())


def _without(job: JobRow, taken: Iterable[int]) -> list[tuple[int, int]]:
    """Return the job's ordinals but those taken, as intervals."""
    left, first = [], job.first
    for begin, end in runs(taken):
        if first < begin:
            left.append((first, begin - 1))
        first = end + 1
    return [*left, (first, job.last)] if first <= job.last else left
