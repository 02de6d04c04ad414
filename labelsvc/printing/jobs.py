"""Use cases: look at print jobs, cancel them, resolve what is in doubt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.jobs import Doubt, PrintJob, Resolution
from labelsvc.domain.outcomes import Interval, Outcome, having, totals, within
from labelsvc.domain.pages import Page
from labelsvc.domain.products import check_name
from labelsvc.domain.ranges import Numbering
from labelsvc.errors import Conflict, InvalidInput, at
from labelsvc.storage import audit, batches, jobs, outcomes, printers
from labelsvc.storage import requests as request_keys
from labelsvc.storage.database import Database
from labelsvc.storage.jobs import JobRow

_REASON_AT_MOST = 500


def get_job(db: Database, issuer: Issuer, job_id: int) -> PrintJob:
    """Return a print job with what became of its labels.

    Raises:
        NotFound: no such job.
    """
    with db.read() as conn:
        return _seen(conn, issuer, jobs.get(conn, job_id))


def list_jobs(
    db: Database, issuer: Issuer, chosen: tuple[str | None, str | None], after: int, limit: int
) -> Page[PrintJob]:
    """Return print jobs in the order they came.

    Args:
        chosen: name of a printer and a job-state to keep to; None: any.
    """
    with db.read() as conn:
        found = jobs.listing(conn, chosen, after, limit)
        return Page(tuple(_seen(conn, issuer, row) for row in found.items), found.next)


def cancel_job(db: Database, issuer: Issuer, call: Call, job_id: int, reason: str | None) -> PrintJob:
    """End a job; labels that were not handed over are held again, what is in doubt stays in doubt.

    A job that is being sent ends before its next window.

    Raises:
        NotFound: no such job.
        Conflict: it has ended.
    """
    _check_reason(reason)

    def work(conn: Connection) -> PrintJob:
        job = jobs.get(conn, job_id, lock=True)
        if job.ended:
            raise Conflict("job_ended", f"Expected a job that has not ended, got one that is {job.state}.")
        if job.state == "processing":
            jobs.request_cancel(conn, job.id, ("processing-to-stop-point",))
        else:
            _free_printer(conn, call, job)
            end_canceled(conn, call, job)
        audit.record(conn, call, "job.cancel", f"job:{job.id}", before={"state": job.state}, reason=reason)
        return _seen(conn, issuer, jobs.get(conn, job_id))

    return db.write(work)


def end_canceled(conn: Connection, call: Call, job: JobRow) -> None:
    """End a job by someone's wish: what was only planned is held again."""
    for interval in having(_of_job(conn, job), {"planned"}):
        outcomes.append(conn, call, job.range_id, Interval(interval.first, interval.last, "held"))
    jobs.set_state(conn, job.id, "canceled", ("job-canceled-by-user",), ended_at=call.at, cancel_requested=False)


def _free_printer(conn: Connection, call: Call, job: JobRow) -> None:
    """Say that a job no longer holds its printer, where it was the one that did."""
    head = jobs.head(conn, job.printer_id)
    if head is not None and head.id == job.id:
        printers.set_state(conn, job.printer_id, "idle", (), call.at)


def resolve_job(db: Database, issuer: Issuer, call: Call, job_id: int, resolution: Resolution) -> PrintJob:
    """Say what came out of a stopped printer, and whether to go on.

    Up to `last_good` every label handed over is confirmed (a printer's queue is first in, first out), what was handed
    over after it is absent; without one the window in doubt is absent, and all that was handed over since the job last
    went on if nothing came out. To go on prints what is absent or planned.

    The printer must be at rest when somebody looks at it: what it still has in its buffer comes out later. One that
    says it is not, when the job goes on, stops the job again; then another `last_good` may be given, also one that was
    said to be absent.

    Raises:
        NotFound: no such job.
        InvalidInput: `last_good` is no label that this job may have printed.
        Conflict: the job has not stopped, or the key was used for another request.
    """
    _check_reason(resolution.reason)
    route, body = f"jobs/{job_id}/resolve", asdict(resolution)

    def work(conn: Connection) -> PrintJob:
        answered = request_keys.claim(conn, call, route, body)
        if answered is not None:
            return _remembered(answered)
        job = jobs.get(conn, job_id, lock=True)
        known = _of_job(conn, job)
        _check_resolvable(job, known, resolution)
        for interval in _findings(conn, issuer, job, known, resolution):
            outcomes.append(conn, call, job.range_id, replace(interval, reason=resolution.reason))
        _go_on_or_end(conn, call, job, resolution)
        seen = _seen(conn, issuer, jobs.get(conn, job_id))
        before, after = totals(known), {**body, "outcomes": dict(seen.outcomes)}
        audit.record(conn, call, "job.resolve", f"job:{job.id}", before=before, after=after, reason=resolution.reason)
        request_keys.settle(conn, call, route, _remember(seen))
        return seen

    return db.write(work)


def _check_reason(reason: str | None) -> None:
    if reason is not None:
        with at("/reason"):
            check_name(reason, _REASON_AT_MOST)


def _check_resolvable(job: JobRow, known: tuple[Interval, ...], resolution: Resolution) -> None:
    if job.state == "processing-stopped":
        return
    if not (job.ended and having(known, {"in_doubt"})):
        raise Conflict("job_not_stopped", f"Expected a job that is processing-stopped, got one that is {job.state}.")
    if resolution.proceed:
        raise Conflict("job_ended", f"Expected a job that can go on, got one that is {job.state}.", pointer="/continue")


def _ordinal(conn: Connection, issuer: Issuer, job: JobRow, serial: str) -> int:
    """Return the ordinal of the serial an operator scanned."""
    numbering = _numbering(conn, issuer, job)
    reading = numbering.scheme.read(serial)
    if reading is not None and reading.scope == numbering.scope:
        ordinal = numbering.scheme.ordinal(reading.counter, numbering.key)
        if job.first <= ordinal <= job.last:
            return ordinal
    raise InvalidInput("serial_not_in_job", "Expected a serial of this job, got another.", pointer="/last_good")


def _findings(
    conn: Connection, issuer: Issuer, job: JobRow, known: tuple[Interval, ...], resolution: Resolution
) -> list[Interval]:
    """Return what the operator's finding says of each label that was, or may have been, handed over."""
    if resolution.last_good is not None:
        if resolution.nothing_came_out:
            message = "Expected no last good label where nothing came out, got one."
            raise InvalidInput("resolution_contradicts_itself", message, pointer="/last_good")
        return _up_to(job, known, _ordinal(conn, issuer, job, resolution.last_good))
    gone = having(known, {"in_doubt"})
    if resolution.nothing_came_out:
        spans = outcomes.of_last_delivery(conn, job.range_id, job.id)
        gone = tuple(part for span in spans for part in within(having(known, _OPEN), *span))
    return [Interval(part.first, part.last, "absent") for part in gone]


#: Handed over, perhaps, and nothing better is known.
_OPEN: frozenset[Outcome] = frozenset({"sent", "in_doubt"})
#: An absent label was handed over once, and a scan proves that it came out nevertheless, later.
_ONCE_HANDED_OVER: frozenset[Outcome] = frozenset({"sent", "in_doubt", "absent"})
_SCANNABLE: frozenset[Outcome] = frozenset({"sent", "in_doubt", "absent", "confirmed"})


def _up_to(job: JobRow, known: tuple[Interval, ...], last_good: int) -> list[Interval]:
    if not within(having(known, _SCANNABLE), last_good, last_good):
        raise InvalidInput(
            "serial_not_sent",
            "Expected a serial that was handed to the printer, got one that was not.",
            pointer="/last_good",
        )
    good = within(having(known, _ONCE_HANDED_OVER), job.first, last_good)
    gone = within(having(known, _OPEN), last_good + 1, job.last)
    return [
        *(Interval(part.first, part.last, "confirmed", "scanned") for part in good),
        *(Interval(part.first, part.last, "absent") for part in gone),
    ]


def _go_on_or_end(conn: Connection, call: Call, job: JobRow, resolution: Resolution) -> None:
    if job.ended:
        return
    _free_printer(conn, call, job)
    if resolution.proceed:  # which also takes back a cancel that came before
        changes = {"message": None, "attempts": 0, "not_before": None, "cancel_requested": False}
        jobs.set_state(conn, job.id, "pending", ("job-queued",), **changes)
    elif having(_of_job(conn, job), {"planned", "absent"}):
        end_canceled(conn, call, job)
    else:
        jobs.set_state(conn, job.id, "completed", ("job-completed-successfully",), message=None, ended_at=call.at)


def _of_job(conn: Connection, job: JobRow) -> tuple[Interval, ...]:
    return within(outcomes.of_range(conn, job.range_id), job.first, job.last)


def _numbering(conn: Connection, issuer: Issuer, job: JobRow) -> Numbering:
    batch = batches.get(conn, job.batch_id)
    return issuer.numbering(batch.product_code, batch.pattern, batch.scope, batch.key_version)


def _seen(conn: Connection, issuer: Issuer, job: JobRow) -> PrintJob:
    numbering = _numbering(conn, issuer, job)
    known = _of_job(conn, job)
    doubts = having(known, {"in_doubt"})
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
    )


_MOMENTS = ("created_at", "started_at", "ended_at")


def _remember(job: PrintJob) -> dict[str, Any]:
    """Return a job as it was answered, as JSON values."""
    moments = {name: moment.isoformat() if (moment := getattr(job, name)) else None for name in _MOMENTS}
    return {**asdict(job), **moments}


def _remembered(answer: Mapping[str, Any]) -> PrintJob:
    moments = {name: datetime.fromisoformat(answer[name]) if answer[name] else None for name in _MOMENTS}
    doubt = Doubt(**answer["doubt"]) if answer["doubt"] else None
    return PrintJob(**{**answer, **moments, "doubt": doubt, "state_reasons": tuple(answer["state_reasons"])})
