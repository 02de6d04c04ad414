"""Use case: deliver print jobs to one printer, by the commands of domain/delivery.

Whoever calls `serve` holds the printer's lease. Every commit renews it by its fencing token first, so a sender that was
overtaken commits nothing and sends nothing. No transaction is open while a printer is talking. A sender that ends in
any way it did not foresee leaves the job as `processing`, and whoever looks at it next stops it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from labelsvc import logs
from labelsvc.domain import delivery as steps
from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.jobs import WINDOW, PrinterState
from labelsvc.domain.outcomes import having, within
from labelsvc.errors import InvalidInput, Unavailable
from labelsvc.printers.transport import NotReady, SendFailed, Transport, Unfit
from labelsvc.printers.uris import transport_for
from labelsvc.printing.handover import Handover, prepare
from labelsvc.printing.jobs import end_canceled
from labelsvc.printing.leases import HeldLease, LeaseLost
from labelsvc.storage import audit, jobs, outcomes, printers
from labelsvc.storage.database import Database
from labelsvc.storage.jobs import JobRow

log = logs.logger(__name__)

#: Longest pause between two tries to reach a printer, and how many tries before the job stops and asks for a person.
BACKOFF_AT_MOST = timedelta(seconds=60)
ATTEMPTS_AT_MOST = 500
#: How long a lease lasts without being renewed.
LEASE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Sender:
    """What a sender works with.

    Attributes:
        now: the clock.
        stopping: true once the process is to end; a job is then given back at its next window.
        lease_seconds: after which another sender may take a printer of one that died.
    """

    db: Database
    issuer: Issuer
    data_dir: Path
    now: Callable[[], datetime]
    stopping: Callable[[], bool]
    lease_seconds: float = LEASE_SECONDS


@dataclass(frozen=True, slots=True)
class _Run:
    """One delivery of one job.

    Attributes:
        todo: intervals that are still to be printed.
        resumed: some of them were in doubt before, so that whatever the printer still holds must not come out.
    """

    sender: Sender
    lease: HeldLease
    job: JobRow
    transport: Transport
    handover: Handover
    todo: tuple[steps.Interval, ...]
    resumed: bool

    @property
    def books(self) -> outcomes.Delivery:
        """How the books know it."""
        return outcomes.Delivery(self.job.id, self.job.range_id, self.lease.lease.token)


def waiting(sender: Sender) -> tuple[int, ...]:
    """Return the ids of the printers that have something to send now."""
    with sender.db.read() as conn:
        return jobs.waiting_printers(conn, sender.now(), BACKOFF_AT_MOST)


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


def _call(sender: Sender, lease: HeldLease) -> Call:
    return Call(Actor("station", lease.lease.owner[:80]), sender.now())


def _next(conn: Connection, sender: Sender, lease: HeldLease) -> JobRow | None:
    """Claim the printer's next job if it may be sent now."""
    lease.renew(conn)
    while (head := jobs.head(conn, lease.lease.printer_id)) is not None:
        job = jobs.get(conn, head.id, lock=True)
        if job.ended:  # by someone else, until we had the lock
            continue
        call = _call(sender, lease)
        why = _why_not(conn, job)
        if why is not None:
            _stop(conn, sender, lease, job, why)
            return None
        if job.state == "processing-stopped":
            return None
        if not job.cancel_requested:
            return _claimed(conn, call, job)
        end_canceled(conn, call, job)
    return None


def _why_not(conn: Connection, job: JobRow) -> steps.Stop | None:
    """Return why nobody but a person may go on with a job, where that is so and not known yet."""
    if job.state == "processing":
        # Whoever sent it is gone, and its connection with it. Only evidence or a person knows what came out.
        known = within(outcomes.of_range(conn, job.range_id), job.first, job.last)
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
        run = _prepared(sender, lease, job)
    except Unavailable:
        raise
    except Exception as error:
        log.exception("delivery.preparing", job=job.id)
        said = error.message if isinstance(error, InvalidInput) else f"Expected labels, got {type(error).__name__}."
        why = steps.Stop(None, ("resources-are-not-ready",), said)
        sender.db.write(lambda conn: _stop(conn, sender, lease, job, why))
        return False
    state, command = steps.begin(job.first, WINDOW if run.transport.windowed else None, run.todo)
    try:
        while (fact := _obey(run, command)) is not None:
            state, command = steps.step(state, fact)
    finally:
        run.transport.abandon()
    sender.db.write(lambda conn: _end(conn, run, command))
    return isinstance(command, steps.Complete | steps.Cancel)


def _prepared(sender: Sender, lease: HeldLease, job: JobRow) -> _Run:
    with sender.db.read() as conn:
        printer = printers.at_revision(conn, job.printer_id, job.printer_revision)
        known = within(outcomes.of_range(conn, job.range_id), job.first, job.last)
    todo = tuple((part.first, part.last) for part in having(known, {"planned", "absent"}))
    transport = transport_for(printer.spec.uri, printer.spec.dpmm, sender.data_dir)
    handover = prepare(sender.db, sender.issuer, job, printer.spec)
    return _Run(sender, lease, job, transport, handover, todo, resumed=bool(having(known, {"absent"})))


def _obey(run: _Run, command: steps.Command) -> steps.Fact | None:
    """Do what a command says; return the fact it led to, or None where it ends the delivery."""
    match command:
        case steps.Connect():
            return _connect(run)
        case steps.HoldInDoubt() if run.sender.stopping():
            return steps.EndAsked()
        case steps.HoldInDoubt(first, last):
            try:
                return run.sender.db.write(lambda conn: _hold(conn, run, first, last))
            except LeaseLost:
                return steps.LeaseLost()
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
        run.transport.open(at_rest=run.resumed)
    except NotReady as error:
        return steps.NotReady(error.reasons, error.message)
    except Unfit as error:
        return steps.Unfit(error.reasons, error.message)
    return steps.Connected()


def _hold(conn: Connection, run: _Run, first: int, last: int) -> steps.Fact:
    run.lease.renew(conn)
    if jobs.get(conn, run.job.id, lock=True).cancel_requested:
        return steps.CancelAsked()
    outcomes.hold_in_doubt(conn, _call(run.sender, run.lease), run.books, first, last)
    return steps.Held()


def _send(run: _Run, first: int, last: int) -> steps.Fact:
    try:
        run.transport.send(_chunks(run, first, last))
    except SendFailed as error:
        return steps.SendFailed(run.handover.last_touched(error.handed_over), error.message, again=error.again)
    except LeaseLost:
        return steps.LeaseLost()
    return steps.Sent()


def _chunks(run: _Run, first: int, last: int) -> Iterator[bytes]:
    """Yield the bytes of labels as long as the printer is ours.

    Raises:
        SendFailed: they could not be made.
        LeaseLost: another may have the printer.
    """
    made, passed = run.handover.chunks(first, last), 0
    while True:
        if not run.lease.runs:
            raise LeaseLost
        try:
            chunk = next(made, None)
        except Exception as error:
            log.exception("delivery.labels", job=run.job.id)
            message = f"Expected every label to be made, got {type(error).__name__}."
            raise SendFailed(passed, message, again=False) from error
        if chunk is None:
            return
        yield chunk
        passed += len(chunk)


def _record(conn: Connection, run: _Run, first: int, last: int) -> None:
    run.lease.renew(conn)
    outcomes.record_sent(conn, _call(run.sender, run.lease), run.books, first, last)
    for block_first, block_last, digest in run.handover.digests():
        jobs.record_block(conn, run.job.id, run.books.token, (block_first, block_last), digest)


def _end(conn: Connection, run: _Run, command: steps.Command) -> None:
    if isinstance(command, steps.Abandon):
        raise LeaseLost
    sender, lease, job = run.sender, run.lease, run.job
    lease.renew(conn)
    call = _call(sender, lease)
    match command:
        case steps.Retry():
            outcomes.narrow_doubt(conn, run.books, None)
            _retry(conn, sender, lease, job.id, command)
        case steps.Stop(doubt_until, _, _):
            outcomes.narrow_doubt(conn, run.books, doubt_until)
            _stop(conn, sender, lease, job, command)
        case steps.Cancel():
            end_canceled(conn, call, job)
            _printer(conn, sender, lease, "idle", ())
        case steps.GiveBack():
            jobs.set_state(conn, job.id, "pending", ("job-queued",), message=None, attempts=0, not_before=None)
            _printer(conn, sender, lease, "idle", ())
        case steps.Complete():
            # Handed over is all that is known; RFC 8011 has a word for it, and 'printed' it is not.
            jobs.set_state(conn, job.id, "completed", ("queued-in-device",), message=None, ended_at=call.at)
            audit.record(conn, call, "job.complete", f"job:{job.id}", after={"state": "completed"})
            _printer(conn, sender, lease, "idle", ())


def _retry(conn: Connection, sender: Sender, lease: HeldLease, job_id: int, why: steps.Retry) -> None:
    job = jobs.get(conn, job_id, lock=True)
    call = _call(sender, lease)
    if job.cancel_requested:
        end_canceled(conn, call, job)
        _printer(conn, sender, lease, "idle", ())
    elif job.attempts >= ATTEMPTS_AT_MOST:
        _stop(conn, sender, lease, job, steps.Stop(None, why.reasons, why.message))
    else:
        pause = min(timedelta(seconds=2 ** min(job.attempts - 1, 6)), BACKOFF_AT_MOST)
        reasons = ("job-queued", *why.reasons)
        jobs.set_state(conn, job.id, "pending", reasons, message=why.message, not_before=call.at + pause)
        _printer(conn, sender, lease, "stopped", why.reasons)


def _stop(conn: Connection, sender: Sender, lease: HeldLease, job: JobRow, why: steps.Stop) -> None:
    lease.renew(conn)
    jobs.set_state(conn, job.id, "processing-stopped", why.reasons, message=why.message)
    after = {"state": "processing-stopped", "reasons": list(why.reasons)}
    audit.record(conn, _call(sender, lease), "job.stop", f"job:{job.id}", after=after, reason=why.message[:500])
    # 'printer-stopped' is a job's word for it; the printer itself says why, if it can.
    _printer(conn, sender, lease, "stopped", tuple(said for said in why.reasons if said != "printer-stopped"))


def _printer(conn: Connection, sender: Sender, lease: HeldLease, state: PrinterState, reasons: tuple[str, ...]) -> None:
    printers.set_state(conn, lease.lease.printer_id, state, reasons, sender.now())
