"""Use cases: look at print jobs and their labels, cancel them."""

from __future__ import annotations

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.jobs import Doubt, LabelOutcome, PrintJob
from labelsvc.domain.outcomes import Interval, having, totals, within
from labelsvc.domain.pages import Page
from labelsvc.domain.products import check_name
from labelsvc.domain.ranges import Numbering
from labelsvc.errors import Conflict, at
from labelsvc.storage import audit, batches, job_outcomes, jobs, outcomes, printers
from labelsvc.storage.database import Database
from labelsvc.storage.jobs import JobRow

_REASON_AT_MOST = 500


def get_job(db: Database, issuer: Issuer, job_id: int) -> PrintJob:
    """Return a print job with what became of its labels.

    Raises:
        NotFound: no such job.
    """
    with db.read() as conn:
        return seen_job(conn, issuer, jobs.get(conn, job_id))


def list_jobs(
    db: Database, issuer: Issuer, chosen: tuple[str | None, str | None], after: int, limit: int
) -> Page[PrintJob]:
    """Return print jobs in the order they came.

    Args:
        chosen: name of a printer and a job-state to keep to; None: any.
    """
    with db.read() as conn:
        found = jobs.listing(conn, chosen, after, limit)
        return Page(tuple(seen_job(conn, issuer, row) for row in found.items), found.next)


def list_labels(db: Database, issuer: Issuer, job_id: int, after: int, limit: int) -> Page[LabelOutcome]:
    """Return what is known of each label of a job, in their order.

    Args:
        after: number of the label before the first one wanted.

    Raises:
        NotFound: no such job.
    """
    with db.read() as conn:
        job = jobs.get(conn, job_id)
        batch = batches.get(conn, job.batch_id)
        numbering = numbering_of(conn, issuer, job)
        first = max(job.first, batch.first + after)
        last = min(job.last, first + limit - 1)
        known = within(job_outcomes.of_job(conn, job), first, last)
    texts = iter(numbering.texts(first, last - first + 1)) if last >= first else iter(())
    found = tuple(
        LabelOutcome(ordinal - batch.first + 1, next(texts), part.outcome, part.evidence, part.reason, part.at)
        for part in known
        for ordinal in range(part.first, part.last + 1)
    )
    return Page(found, last - batch.first + 1 if last < job.last else None)


def cancel_job(db: Database, issuer: Issuer, call: Call, job_id: int, reason: str | None) -> PrintJob:
    """End a job; labels that were not handed over are held again, what is in doubt stays in doubt.

    The number of a reprint that was not handed over is what it was before.

    A job that is being sent ends before its next window.

    Raises:
        NotFound: no such job.
        Conflict: it has ended.
    """
    check_reason(reason)

    def work(conn: Connection) -> PrintJob:
        job = jobs.get(conn, job_id, lock=True)
        if job.ended:
            raise Conflict("job_ended", f"Expected a job that has not ended, got one that is {job.state}.")
        if job.state == "processing":
            jobs.request_cancel(conn, job.id, ("processing-to-stop-point",))
        else:
            free_printer(conn, call, job)
            end_canceled(conn, call, job)
        audit.record(conn, call, "job.cancel", f"job:{job.id}", before={"state": job.state}, reason=reason)
        return seen_job(conn, issuer, jobs.get(conn, job_id))

    return db.write(work)


def end_canceled(conn: Connection, call: Call, job: JobRow) -> None:
    """End a job by someone's wish: what was only planned is held again, or what it was before its reprint."""
    if job.kind == "batch":  # the number of a reprint is still what it was
        for interval in having(job_outcomes.of_job(conn, job), {"planned"}):
            outcomes.append(conn, call, job.range_id, Interval(interval.first, interval.last, "held"))
    jobs.set_state(conn, job.id, "canceled", ("job-canceled-by-user",), ended_at=call.at, cancel_requested=False)


def free_printer(conn: Connection, call: Call, job: JobRow) -> None:
    """Say that a job no longer holds its printer, where it was the one that did."""
    head = jobs.head(conn, job.printer_id)
    if head is not None and head.id == job.id:
        printers.set_state(conn, job.printer_id, "idle", (), call.at)


def check_reason(reason: str | None) -> None:
    """Raise InvalidInput where a reason is not one."""
    if reason is not None:
        with at("/reason"):
            check_name(reason, _REASON_AT_MOST)


def numbering_of(conn: Connection, issuer: Issuer, job: JobRow) -> Numbering:
    """Return what makes a job's ordinals serials."""
    batch = batches.get(conn, job.batch_id)
    return issuer.numbering(batch.product_code, batch.pattern, batch.scope, batch.key_version)


def seen_job(conn: Connection, issuer: Issuer, job: JobRow) -> PrintJob:
    """Return a job as callers see it."""
    numbering = numbering_of(conn, issuer, job)
    known = job_outcomes.of_job(conn, job)
    doubts = having(job_outcomes.in_hand(conn, job), {"in_doubt"})
    doubt = None
    if doubts:
        count = sum(interval.count for interval in doubts)
        doubt = Doubt(numbering.text(doubts[0].first), numbering.text(doubts[-1].last), count)
    return PrintJob(
        id=job.id,
        batch_id=job.batch_id,
        printer=job.printer,
        state=job.state,
        state_reasons=job.state_reasons,
        message=job.message,
        quantity=job.last - job.first + 1,
        first_serial=numbering.text(job.first),
        last_serial=numbering.text(job.last),
        outcomes=totals(known),
        doubt=doubt,
        created_at=job.created_at,
        started_at=job.started_at,
        ended_at=job.ended_at,
        kind=job.kind,
        copy=job.copy,
    )
