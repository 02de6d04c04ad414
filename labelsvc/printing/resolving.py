"""Use case: say what came out of a stopped printer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.jobs import Doubt, PrintJob, Resolution
from labelsvc.domain.outcomes import Interval, Outcome, having, runs, totals, within
from labelsvc.errors import Conflict, InvalidInput
from labelsvc.printing.jobs import check_reason, end_canceled, free_printer, numbering_of, seen_job
from labelsvc.storage import audit, job_outcomes, jobs, outcome_history, outcomes, ranges
from labelsvc.storage import requests as request_keys
from labelsvc.storage.database import Database
from labelsvc.storage.jobs import JobRow


def resolve_job(db: Database, issuer: Issuer, call: Call, job_id: int, resolution: Resolution) -> PrintJob:
    """Say what came out of a stopped printer, and whether to go on.

    Up to `last_good` every label handed over is confirmed (a printer's queue is first in, first out), what was handed
    over after it is absent; without one the window in doubt is absent, and all that was handed over since the job last
    went on if nothing came out. With `scanned` each label in doubt is confirmed or absent by itself; only so is known
    what became of one that a fault tore. Where none is in doubt, all that were sent are. To go on prints what is absent
    or planned, also of a job that was completed.

    The printer must be at rest when somebody looks at it: what it still has in its buffer comes out later. One that
    says it is not, when the job goes on, stops the job again; then another `last_good` may be given, also one that was
    said to be absent.

    Raises:
        NotFound: no such job.
        InvalidInput: `last_good` is no label that this job may have printed.
        Conflict: the job has not stopped, or the key was used for another request.
    """
    check_reason(resolution.reason)
    route, body = f"jobs/{job_id}/resolve", _body(resolution)

    def work(conn: Connection) -> PrintJob:
        answered = request_keys.claim(conn, call, route, body)
        if answered is not None:
            return _remembered(answered)
        job = jobs.get(conn, job_id, lock=True)
        ranges.lock(conn, job.range_id)  # so that no number of it is meanwhile given to a reprint
        known = job_outcomes.in_hand(conn, job)
        _check_resolvable(job, known, resolution)
        for interval in _findings(conn, issuer, job, known, resolution):
            job_outcomes.say(conn, call, job, replace(interval, reason=resolution.reason))
        _go_on_or_end(conn, call, job, resolution)
        seen = seen_job(conn, issuer, jobs.get(conn, job_id))
        before, after = totals(known), {**body, "outcomes": dict(seen.outcomes)}
        audit.record(conn, call, "job.resolve", f"job:{job.id}", before=before, after=after, reason=resolution.reason)
        request_keys.settle(conn, call, route, _remember(seen))
        return seen

    return db.write(work)


def _body(resolution: Resolution) -> dict[str, Any]:
    """Return a resolution as JSON values; what nobody said is not in it."""
    body = asdict(resolution)
    scanned = body.pop("scanned")
    return body if scanned is None else {**body, "scanned": list(scanned)}


def _check_resolvable(job: JobRow, known: tuple[Interval, ...], resolution: Resolution) -> None:
    if job.state == "processing-stopped":
        return
    open_still: frozenset[Outcome] = frozenset({"in_doubt"}) if resolution.scanned is None else _OPEN
    if not (job.ended and having(known, open_still)):
        raise Conflict("job_not_stopped", f"Expected a job that is processing-stopped, got one that is {job.state}.")
    if resolution.proceed and job.state != "completed":
        raise Conflict("job_ended", f"Expected a job that can go on, got one that is {job.state}.", pointer="/continue")


def _ordinal(conn: Connection, issuer: Issuer, job: JobRow, serial: str, pointer: str) -> int:
    """Return the ordinal of the serial an operator scanned."""
    numbering = numbering_of(conn, issuer, job)
    reading = numbering.scheme.read(serial)
    if reading is not None and reading.scope == numbering.scope:
        ordinal = numbering.scheme.ordinal(reading.counter, numbering.key)
        if job.first <= ordinal <= job.last:
            return ordinal
    raise InvalidInput("serial_not_in_job", "Expected a serial of this job, got another.", pointer=pointer)


def _findings(
    conn: Connection, issuer: Issuer, job: JobRow, known: tuple[Interval, ...], resolution: Resolution
) -> list[Interval]:
    """Return what the operator's finding says of each label that was, or may have been, handed over."""
    if resolution.scanned is not None:
        return _scanned(conn, issuer, job, known, resolution)
    if resolution.last_good is not None:
        if resolution.nothing_came_out:
            message = "Expected no last good label where nothing came out, got one."
            raise InvalidInput("resolution_contradicts_itself", message, pointer="/last_good")
        return _up_to(job, known, _ordinal(conn, issuer, job, resolution.last_good, "/last_good"))
    gone = _untorn(having(known, {"in_doubt"}))
    if resolution.nothing_came_out:
        spans = outcome_history.of_last_delivery(conn, job.range_id, job.id)
        gone = _untorn(part for span in spans for part in within(having(known, _OPEN), *span))
    return [Interval(part.first, part.last, "absent") for part in gone]


def _scanned(
    conn: Connection, issuer: Issuer, job: JobRow, known: tuple[Interval, ...], resolution: Resolution
) -> list[Interval]:
    """Return what the scans of all labels in doubt say, one by one."""
    if resolution.last_good is not None or resolution.nothing_came_out:
        message = "Expected either the last good label or all that were scanned, got both."
        raise InvalidInput("resolution_contradicts_itself", message, pointer="/scanned")
    scannable, found = having(known, _SCANNABLE), set()
    for at, serial in enumerate(resolution.scanned or ()):
        ordinal = _ordinal(conn, issuer, job, serial, f"/scanned/{at}")
        if not within(scannable, ordinal, ordinal):
            raise _not_sent(f"/scanned/{at}")
        found.add(ordinal)
    good = found - {n for part in having(known, {"confirmed"}) for n in found if part.first <= n <= part.last}
    doubtful = having(known, {"in_doubt"}) or having(known, {"sent"})
    gone = (n for part in doubtful for n in range(part.first, part.last + 1) if n not in found)
    return [
        *(Interval(first, last, "confirmed", "scanned") for first, last in runs(sorted(good))),
        *(Interval(first, last, "absent", "scanned") for first, last in runs(gone)),
    ]


def _untorn(parts: Iterable[Interval]) -> tuple[Interval, ...]:
    """Leave out labels that a fault tore: others before or after them say nothing of those."""
    return tuple(part for part in parts if part.reason != outcomes.TORN)


#: Handed over, perhaps, and nothing better is known.
_OPEN: frozenset[Outcome] = frozenset({"sent", "in_doubt"})
#: An absent label was handed over once, and a scan proves that it came out nevertheless, later.
_ONCE_HANDED_OVER: frozenset[Outcome] = frozenset({"sent", "in_doubt", "absent"})
_SCANNABLE: frozenset[Outcome] = frozenset({"sent", "in_doubt", "absent", "confirmed"})


def _up_to(job: JobRow, known: tuple[Interval, ...], last_good: int) -> list[Interval]:
    if not within(having(known, _SCANNABLE), last_good, last_good):
        raise _not_sent("/last_good")
    good = _untorn(within(having(known, _ONCE_HANDED_OVER), job.first, last_good))
    gone = _untorn(within(having(known, _OPEN), last_good + 1, job.last))
    return [
        *(Interval(part.first, part.last, "confirmed", "scanned") for part in good),
        *(Interval(part.first, part.last, "absent") for part in gone),
    ]


def _not_sent(pointer: str) -> InvalidInput:
    message = "Expected a serial that was handed to the printer, got one that was not."
    return InvalidInput("serial_not_sent", message, pointer=pointer)


def _go_on_or_end(conn: Connection, call: Call, job: JobRow, resolution: Resolution) -> None:
    if job.ended and not (resolution.proceed and having(job_outcomes.in_hand(conn, job), {"absent"})):
        _say_what_is_left(conn, job)
        return
    free_printer(conn, call, job)
    if resolution.proceed:  # which also takes back a cancel that came before
        changes = {"message": None, "attempts": 0, "not_before": None, "cancel_requested": False, "ended_at": None}
        jobs.set_state(conn, job.id, "pending", ("job-queued",), **changes)
    elif having(job_outcomes.in_hand(conn, job), {"planned", "absent"}):
        end_canceled(conn, call, job)
    else:
        jobs.set_state(conn, job.id, "completed", ("job-completed-successfully",), message=None, ended_at=call.at)


def _say_what_is_left(conn: Connection, job: JobRow) -> None:
    """Take the warning from a completed job where nothing is in doubt any more."""
    if job.state == "completed" and not having(job_outcomes.in_hand(conn, job), {"in_doubt", "absent"}):
        jobs.set_state(conn, job.id, "completed", ("job-completed-successfully",))


_MOMENTS = ("created_at", "started_at", "ended_at")


def _remember(job: PrintJob) -> dict[str, Any]:
    """Return a job as it was answered, as JSON values."""
    moments = {name: moment.isoformat() if (moment := getattr(job, name)) else None for name in _MOMENTS}
    return {**asdict(job), **moments}


def _remembered(answer: Mapping[str, Any]) -> PrintJob:
    moments = {name: datetime.fromisoformat(answer[name]) if answer[name] else None for name in _MOMENTS}
    doubt = Doubt(**answer["doubt"]) if answer["doubt"] else None
    return PrintJob(**{**answer, **moments, "doubt": doubt, "state_reasons": tuple(answer["state_reasons"])})
