"""Use case: deliver print jobs to one printer, by the commands of domain/delivery.

Whoever calls `serve` holds the printer's lease. A sender that ends in any way it did not foresee leaves the job as
`processing`; whoever looks at it next goes on by counting, where the printer's profile grants that, or stops it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from labelsvc import logs
from labelsvc.domain.actors import Call
from labelsvc.domain.delivery import blind, confirmed, steps
from labelsvc.domain.delivery.standing import Inherited, Terms
from labelsvc.domain.jobs import WINDOW, Baseline, Printer
from labelsvc.domain.outcomes import having, within
from labelsvc.domain.readings import Reading
from labelsvc.errors import InvalidInput, Unavailable
from labelsvc.printers.uris import transport_for
from labelsvc.printing.blocks import compare
from labelsvc.printing.books import DatabaseBooks, call_of, stop
from labelsvc.printing.calling import away, is_away
from labelsvc.printing.driving import Driver, LeaseLost
from labelsvc.printing.handover import prepare
from labelsvc.printing.jobs import end_canceled
from labelsvc.printing.leases import HeldLease
from labelsvc.printing.sender import ATTEMPTS_AT_MOST, BACKOFF_AT_MOST, LEASE_SECONDS, Sender
from labelsvc.storage import job_outcomes, jobs, outcomes, printers
from labelsvc.storage.jobs import JobRow

__all__ = ["LEASE_SECONDS", "Sender", "serve", "waiting"]

log = logs.logger(__name__)


def waiting(sender: Sender) -> tuple[int, ...]:
    """Return the ids of the printers that have something to send now; of those that dial in, only who did so here."""
    with sender.db.read() as conn:
        due = jobs.waiting_printers(conn, sender.now(), BACKOFF_AT_MOST)
        not_here = away(conn, sender, due)
    return tuple(printer_id for printer_id in due if printer_id not in not_here)


def serve(sender: Sender, printer_id: int, owner: str) -> int:
    """Deliver the jobs of one printer, first in, first out, until none may be sent now; return how many were begun.

    Returns 0 at once where another sender has the printer.

    Raises:
        Unavailable: the database did not answer; what was on its way stays in doubt.
    """
    lease = HeldLease.acquire(sender.db, printer_id, owner, sender.now, sender.lease_seconds)
    if lease is None:
        return 0
    begun = 0
    try:
        with lease:
            while not sender.stopping() and (job := sender.db.write(lambda conn: _next(conn, sender, lease))):
                begun += 1
                if not _deliver(sender, lease, job):
                    break  # its next attempt is another delivery, and needs another token
    except LeaseLost:
        log.warning("delivery.overtaken", printer=printer_id, owner=owner)
    return begun


def _next(conn: Connection, sender: Sender, lease: HeldLease) -> JobRow | None:
    """Claim the printer's next job if it may be sent now."""
    lease.renew(conn)
    while (head := jobs.head(conn, lease.lease.printer_id)) is not None:
        job = jobs.get(conn, head.id, lock=True)
        if job.ended:  # by someone else, until we had the lock
            continue
        call = call_of(sender, lease)
        why = _why_not(conn, job)
        if why is not None:
            stop(conn, sender, lease, job, why)
            return None
        if job.state == "processing-stopped":
            return None
        if not job.cancel_requested:
            # A printer that dials in may have left since it was looked for; that is no attempt of its job.
            if not is_away(conn, sender, job):
                return _claimed(conn, call, job)
            if job.state == "processing" and job.baseline is None:  # its sender died before it held a label in doubt
                jobs.set_state(conn, job.id, "pending", ("job-queued",))
            return None
        end_canceled(conn, call, job)
    return None


def _why_not(conn: Connection, job: JobRow) -> steps.Stop | None:
    """Return why nobody but a person may go on with a job, where that is so and not known yet."""
    if job.state == "processing" and job.baseline is None:
        # Whoever sent it is gone, and its connection with it. Only evidence or a person knows what came out.
        known = job_outcomes.in_hand(conn, job)
        if having(known, {"in_doubt"}):
            last = max(interval.last for interval in having(known, {"in_doubt"}))
            return steps.Stop(last, ("printer-stopped", "x-labels-in-doubt"), _GONE)
        if having(known, {"sent"}):
            return steps.Stop(None, ("printer-stopped",), _GONE)
    if job.state != "processing-stopped" and job.attempts >= ATTEMPTS_AT_MOST:
        message = f"Expected a delivery within {ATTEMPTS_AT_MOST} attempts, got none."
        return steps.Stop(None, ("printer-stopped",), message)
    return None


_GONE = "Expected the sender to say what it sent, got no word: it ended with labels on their way."


def _claimed(conn: Connection, call: Call, job: JobRow) -> JobRow | None:
    # A moment further off than any pause lasts was set by a clock that has since jumped back.
    if job.not_before is not None and call.at < job.not_before <= call.at + BACKOFF_AT_MOST:
        return None
    changes = {"started_at": job.started_at or call.at, "attempts": job.attempts + 1}
    jobs.set_state(conn, job.id, "processing", ("job-printing",), message=None, **changes)
    printers.set_state(conn, job.printer_id, "processing", (), call.at)
    return jobs.get(conn, job.id)


def _deliver(sender: Sender, lease: HeldLease, job: JobRow) -> bool:
    """Deliver a job; return whether the printer may get its next one under the same lease."""
    try:
        driver, begun = _prepared(sender, lease, job)
    except Unavailable:
        raise
    except Exception as error:
        log.exception("delivery.preparing", job=job.id)
        said = error.message if isinstance(error, InvalidInput) else f"Expected labels, got {type(error).__name__}."
        why = steps.Stop(None, ("resources-are-not-ready",), said)
        sender.db.write(lambda conn: stop(conn, sender, lease, job, why))
        return False
    books = driver.books
    assert isinstance(books, DatabaseBooks)
    command = driver.drive(*begun)
    books.end(command)
    return isinstance(command, steps.Complete | steps.Cancel)


def _prepared(sender: Sender, lease: HeldLease, job: JobRow) -> tuple[Driver, Any]:
    """Return what drives a delivery, and the state, command and step it begins with."""
    with sender.db.read() as conn:
        printer = printers.at_revision(conn, job.printer_id, job.printer_revision)
        known = job_outcomes.in_hand(conn, job)
        inherited = _inherited(conn, job)
        scans = outcomes.last_scan(conn)
    todo = tuple((part.first, part.last) for part in having(known, {"planned", "absent"}))
    spec, seconds = printer.spec, sender.answer_seconds
    transport = transport_for(
        spec.uri, spec.dpmm, sender.data_dir, printer.profile, answer_seconds=seconds, callers=sender.callers
    )
    handover = prepare(sender.db, sender.issuer, job, printer)
    if job.kind == "reprint":
        compare(sender.db, sender.issuer, job, lambda conn: _comparing(conn, sender, lease))
    books = DatabaseBooks(sender, lease, job, handover, scans=scans)
    counts = printer.profile.counter is not None
    was_up = _was_up(sender, printer, job.baseline)
    driver = Driver(books, handover, transport, counts, was_up, sender.look_seconds)
    if hasattr(transport, "read"):
        window = 1 if printer.spec.regulated else printer.spec.window
        terms = Terms(printer.profile, window, printer.spec.regulated)
        return driver, (*confirmed.begin(terms, todo, inherited), confirmed.step)
    window_at_most = WINDOW if transport.windowed else None
    resumed = bool(having(known, {"absent"}))
    return driver, (*blind.begin(job.first, window_at_most, todo, resumed=resumed), blind.step)


def _comparing(conn: Connection, sender: Sender, lease: HeldLease) -> Call:
    lease.renew(conn)
    return call_of(sender, lease)


def _inherited(conn: Connection, job: JobRow) -> Inherited | None:
    """Return what the delivery that the job's labels were counted from last left in doubt."""
    base = job.baseline
    if base is None or job.state != "processing":
        return None
    left, done = outcomes.left_by(conn, outcomes.Delivery(job.id, job.range_id, base.token))
    if left is None:
        return None
    now = within(job_outcomes.of_job(conn, job), *left)
    open_still = [part for part in having(now, {"in_doubt"}) if part.reason is None]
    if not open_still:
        return None
    way = tuple(range(left[0], left[1] + 1))
    # Where some were accounted for meanwhile, by a scan, a count of the others says nothing.
    countable = base.zero is not None and sum(part.count for part in open_still) == len(way)
    zero = base.zero + done if countable and base.zero is not None else None
    return Inherited(way, zero, base.faulted, base.partial)


def _was_up(sender: Sender, printer: Printer, base: Baseline | None) -> Callable[[Reading], bool]:
    """Return what tells, by a reading, whether a printer was on since its labels were last counted.

    It was, surely, if it has been on for longer than that is ago. One that had just been switched on then cannot be
    told from one that was switched off and on since.
    """
    asked = sender.now()

    def was_up(reading: Reading) -> bool:
        if base is None or reading.uptime is None or not printer.profile.uptime:
            return False
        return reading.uptime > (asked - base.read_at).total_seconds() + _CLOCKS_APART

    return was_up


#: How far the clocks of two machines, and of a printer, may be apart: seconds.
_CLOCKS_APART = 10.0
