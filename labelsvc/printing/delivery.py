"""Use case: deliver print jobs to one printer, by the commands of domain/delivery.

Whoever calls `serve` holds the printer's lease. Every commit renews it by its fencing token first, so a sender that was
overtaken commits nothing and sends nothing. No transaction is open while a printer is talking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from labelsvc.domain import delivery as steps
from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.jobs import WINDOW, PrinterState
from labelsvc.domain.outcomes import having, within
from labelsvc.errors import InvalidInput
from labelsvc.printers.transport import NotReady, SendFailed, Transport, WrongPrinter
from labelsvc.printers.uris import transport_for
from labelsvc.printing.handover import Handover, prepare
from labelsvc.printing.jobs import end_canceled
from labelsvc.storage import jobs, outcomes, printers
from labelsvc.storage.database import Database
from labelsvc.storage.jobs import JobRow
from labelsvc.storage.printers import Lease

#: Longest pause between two tries to reach a printer, and how many tries before the job stops and asks for a person.
BACKOFF_AT_MOST = timedelta(seconds=60)
ATTEMPTS_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Sender:
    """What a sender works with.

    Attributes:
        now: the clock.
        stopping: true once the process is to end; a job is then given back at its next window.
        lease_seconds: how long a lease lasts without being renewed; longer than any one window may take.
    """

    db: Database
    issuer: Issuer
    data_dir: Path
    now: Callable[[], datetime]
    stopping: Callable[[], bool]
    lease_seconds: float = 60.0

    def call(self, lease: Lease) -> Call:
        """Return who does it, and when: now."""
        return Call(Actor("station", lease.owner[:80]), self.now())


@dataclass(frozen=True, slots=True)
class _Run:
    """One delivery of one job."""

    sender: Sender
    lease: Lease
    job: JobRow
    transport: Transport
    handover: Handover

    @property
    def books(self) -> outcomes.Delivery:
        """How the books know it."""
        return outcomes.Delivery(self.job.id, self.job.range_id, self.lease.token)


class _LeaseLost(Exception):
    """Another sender has the printer."""


def waiting(sender: Sender) -> tuple[int, ...]:
    """Return the ids of the printers that have something to send now."""
    with sender.db.read() as conn:
        return jobs.waiting_printers(conn, sender.now(), BACKOFF_AT_MOST)


def serve(sender: Sender, printer_id: int, owner: str) -> int:
    """Deliver the jobs of one printer, first in, first out, until none may be sent now; return how many were begun.

    Returns 0 at once where another sender has the printer.
    """
    lease = sender.db.write(
        lambda conn: printers.acquire_lease(conn, printer_id, owner, sender.now(), sender.lease_seconds)
    )
    if lease is None:
        return 0
    begun = 0
    try:
        while not sender.stopping() and (job := sender.db.write(lambda conn: _next(conn, sender, lease))) is not None:
            begun += 1
            _deliver(sender, lease, job)
    except _LeaseLost:
        return begun
    sender.db.write(lambda conn: printers.release_lease(conn, lease, sender.now()))
    return begun


def _renew(conn: Connection, sender: Sender, lease: Lease) -> None:
    if not printers.renew_lease(conn, lease, sender.now(), sender.lease_seconds):
        raise _LeaseLost


def _next(conn: Connection, sender: Sender, lease: Lease) -> JobRow | None:
    """Claim the oldest job of the printer if it may be sent now."""
    _renew(conn, sender, lease)
    head = jobs.head(conn, lease.printer_id)
    if head is None or head.state == "processing-stopped":
        return None
    job = jobs.get(conn, head.id, lock=True)
    call = sender.call(lease)
    if job.cancel_requested and not _doubtful(conn, job):
        end_canceled(conn, call, job)
        return _next(conn, sender, lease)
    if job.state == "processing" and _doubtful(conn, job):
        # Whoever sent it is gone with a window on its way. Only evidence or a person knows what came out.
        jobs.set_state(conn, job.id, "processing-stopped", ("printer-stopped", "x-labels-in-doubt"), message=_GONE)
        printers.set_state(conn, lease.printer_id, "stopped", ("x-labels-in-doubt",), call.at)
        return None
    # A moment further off than any pause lasts was set by a clock that has since jumped back.
    if job.not_before is not None and call.at < job.not_before <= call.at + BACKOFF_AT_MOST:
        return None
    started = job.started_at or call.at
    jobs.set_state(
        conn, job.id, "processing", ("job-printing",), message=None, started_at=started, attempts=job.attempts + 1
    )
    printers.set_state(conn, lease.printer_id, "processing", (), call.at)
    return jobs.get(conn, job.id)


_GONE = "Expected the sender to say what it sent, got no word: it ended with labels on their way."


def _doubtful(conn: Connection, job: JobRow) -> bool:
    return bool(having(within(outcomes.of_range(conn, job.range_id), job.first, job.last), {"in_doubt"}))


def _deliver(sender: Sender, lease: Lease, job: JobRow) -> None:
    with sender.db.read() as conn:
        printer = printers.at_revision(conn, job.printer_id, job.printer_revision)
        known = within(outcomes.of_range(conn, job.range_id), job.first, job.last)
    todo = tuple((part.first, part.last) for part in having(known, {"planned", "absent"}))
    try:
        transport = transport_for(printer.spec.uri, printer.spec.dpmm, sender.data_dir)
        handover = prepare(sender.db, sender.issuer, job, printer.spec)
    except InvalidInput as error:
        why = steps.Stop(None, ("other",), error.message)
        sender.db.write(lambda conn: _stop(conn, sender, lease, job, why))
        return
    run = _Run(sender, lease, job, transport, handover)
    state, command = steps.begin(job.first, WINDOW if transport.windowed else None, todo)
    try:
        while (fact := _obey(run, command)) is not None:
            state, command = steps.step(state, fact)
    finally:
        transport.close()
    sender.db.write(lambda conn: _end(conn, run, command))


def _obey(run: _Run, command: steps.Command) -> steps.Fact | None:
    """Do what a command says; return the fact it led to, or None where it ends the delivery."""
    match command:
        case steps.Connect():
            return _connect(run)
        case steps.HoldInDoubt() if run.sender.stopping():
            return steps.NotReady(("job-queued",), "The sender is ending; the next one goes on here.")
        case steps.HoldInDoubt(first, last):
            return run.sender.db.write(lambda conn: _hold(conn, run, first, last))
        case steps.Send(first, last):
            return _send(run, first, last)
        case steps.RecordSent(first, last):
            run.sender.db.write(lambda conn: _record(conn, run, first, last))
            return steps.Recorded()
        case steps.Disconnect():
            warning = run.transport.close()
            return steps.Disconnected() if warning is None else steps.BrokenOff(warning)
    return None


def _connect(run: _Run) -> steps.Fact:
    try:
        run.transport.open()
    except NotReady as error:
        return steps.NotReady(error.reasons, error.message)
    except WrongPrinter as error:
        return steps.WrongPrinter(("resources-are-not-ready",), str(error))
    return steps.Connected()


def _hold(conn: Connection, run: _Run, first: int, last: int) -> steps.Fact:
    if not printers.renew_lease(conn, run.lease, run.sender.now(), run.sender.lease_seconds):
        return steps.LeaseLost()
    if jobs.get(conn, run.job.id, lock=True).cancel_requested:
        return steps.CancelAsked()
    outcomes.hold_in_doubt(conn, run.sender.call(run.lease), run.books, first, last)
    return steps.Held()


def _send(run: _Run, first: int, last: int) -> steps.Fact:
    try:
        run.transport.send(run.handover.chunks(first, last))
    except SendFailed as error:
        return steps.SendFailed(run.handover.last_touched(error.handed_over), error.message)
    return steps.Sent()


def _record(conn: Connection, run: _Run, first: int, last: int) -> None:
    _renew(conn, run.sender, run.lease)
    outcomes.record_sent(conn, run.sender.call(run.lease), run.books, first, last)
    for block_first, block_last, digest in run.handover.digests():
        jobs.record_block(conn, run.job.id, run.lease.token, (block_first, block_last), digest)


def _end(conn: Connection, run: _Run, command: steps.Command) -> None:
    if isinstance(command, steps.Abandon):
        raise _LeaseLost
    sender, lease, job = run.sender, run.lease, run.job
    _renew(conn, sender, lease)
    match command:
        case steps.Retry(reasons, message):
            outcomes.narrow_doubt(conn, run.books, None)
            _retry(conn, sender, lease, jobs.get(conn, job.id), steps.Retry(reasons, message))
        case steps.Stop(doubt_until, _, _):
            outcomes.narrow_doubt(conn, run.books, doubt_until)
            _stop(conn, sender, lease, job, command)
        case steps.Cancel():
            end_canceled(conn, sender.call(lease), job)
            _printer(conn, sender, lease, "idle", ())
        case steps.Complete():
            # Handed over is all that is known; RFC 8011 has a word for it, and 'printed' it is not.
            jobs.set_state(conn, job.id, "completed", ("queued-in-device",), message=None, ended_at=sender.now())
            _printer(conn, sender, lease, "idle", ())


def _retry(conn: Connection, sender: Sender, lease: Lease, job: JobRow, why: steps.Retry) -> None:
    if job.attempts >= ATTEMPTS_AT_MOST:
        _stop(conn, sender, lease, job, steps.Stop(None, why.reasons, why.message))
        return
    pause = min(timedelta(seconds=2 ** min(job.attempts - 1, 6)), BACKOFF_AT_MOST)
    not_before = None if sender.stopping() else sender.now() + pause
    jobs.set_state(conn, job.id, "pending", ("job-queued", *why.reasons), message=why.message, not_before=not_before)
    ending = sender.stopping()
    _printer(conn, sender, lease, "idle" if ending else "stopped", () if ending else why.reasons)


def _stop(conn: Connection, sender: Sender, lease: Lease, job: JobRow, why: steps.Stop) -> None:
    _renew(conn, sender, lease)
    jobs.set_state(conn, job.id, "processing-stopped", why.reasons, message=why.message)
    _printer(conn, sender, lease, "stopped", why.reasons)


def _printer(conn: Connection, sender: Sender, lease: Lease, state: PrinterState, reasons: tuple[str, ...]) -> None:
    printers.set_state(conn, lease.printer_id, state, reasons, sender.now())
