"""A delivery's books in the database: what a worker writes down before and after each step, and how a delivery ends.

Every commit asks for the printer's lease by its fencing token first, so a sender that was overtaken commits nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from sqlalchemy import Connection

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.delivery import steps
from labelsvc.domain.delivery.proof import tears
from labelsvc.domain.delivery.steps import Command, Fact
from labelsvc.domain.jobs import WINDOW, Baseline, PrinterState
from labelsvc.domain.outcomes import having, runs
from labelsvc.domain.readings import Reading
from labelsvc.domain.reprints import MATCH_NOTES
from labelsvc.printing.advances import PlainAdvance
from labelsvc.printing.driving import LeaseLost
from labelsvc.printing.jobs import end_canceled
from labelsvc.printing.leases import HeldLease
from labelsvc.printing.sender import ATTEMPTS_AT_MOST, BACKOFF_AT_MOST, Sender
from labelsvc.storage import audit, fleet, job_outcomes, jobs, outcomes, printers, reprints
from labelsvc.storage.jobs import Block, JobRow

#: Pause before a printer whose link broke is connected to again.
_RECONNECT_SECONDS = 1.0


class Digests(Protocol):
    """What says which bytes were handed over; `printing.handover.Handover` says more."""

    def digests(self) -> list[tuple[int, int, str]]: ...  # noqa: D102


@dataclass(slots=True)
class DatabaseBooks:
    """The books of one delivery of one job.

    Attributes:
        based: it was said already what its labels are counted from.
        scans: id of the latest verify scan when it was decided which labels to print.
    """

    sender: Sender
    lease: HeldLease
    job: JobRow
    handover: Digests
    based: bool = False
    scans: int = 0
    _undigested: int = field(default=0, init=False)
    _unwritten: dict[int, Block] = field(default_factory=dict, init=False)  # digests, by the first label of each
    _rows: outcomes.Rows | None = field(default=None, init=False)  # as the last commit left them

    @property
    def delivery(self) -> outcomes.Delivery:
        """How the outcomes know it."""
        return outcomes.Delivery(self.job.id, self.job.range_id, self.lease.lease.token)

    @property
    def runs(self) -> bool:
        """Whether nobody else can have the printer at this moment."""
        return self.lease.runs

    def hold(self, first: int, last: int) -> Fact:
        """Hold a window in doubt, unless someone asked for an end."""
        if self.sender.stopping():
            return steps.EndAsked()

        def work(conn: Connection) -> Fact:
            self.lease.renew(conn)
            if jobs.get(conn, self.job.id, lock=True).cancel_requested:
                return steps.CancelAsked()
            if self._is_there(conn, first, last):
                return steps.EndAsked()
            outcomes.hold_in_doubt(conn, self._call(), self.delivery, first, last)
            return steps.Held()

        return self._unless_lost(work)

    def record_sent(self, first: int, last: int) -> None:
        """Write down that the window in doubt was handed over."""

        def work(conn: Connection) -> None:
            self.lease.renew(conn)
            outcomes.record_sent(conn, self._call(), self.delivery, first, last)
            self._record_blocks(conn)

        self.sender.db.write(work)

    def advance(self, known: steps.Advance, reading: Reading | None) -> Fact:
        """Write down what became known of labels on their way, and hold what goes next."""
        self._undigested += len(known.done)
        plain = self._plain(known)
        if plain is None or not self.sender.advances.commit(self.sender.db, plain):
            return self._advance_alone(known, reading)
        self._rows = plain.rows
        self._written(bool(plain.blocks))
        return steps.Held()

    def _plain(self, known: steps.Advance) -> PlainAdvance | None:
        """Return an advance as one that others can commit along with theirs; None where it is none."""
        rows, done = self._rows, runs(known.done)
        more = known.way is not None and known.way[1] - known.way[0] + 1 > known.kept
        unusual = known.torn or known.absent or known.zero is not None
        if unusual or known.way is None or rows is None or rows.doubt is None or len(done) > 1:
            return None
        if more and self.sender.stopping():
            return None
        before = confirmed = rows.confirmed
        if done:
            if before is None or rows.evidence != known.evidence or before.last != done[0][0] - 1:
                return None
            confirmed = replace(before, last=done[0][1])
        moved = outcomes.Rows(confirmed, rows.evidence, replace(rows.doubt, first=known.way[0], last=known.way[1]))
        blocks = self._blocks() if self._undigested >= WINDOW else ()
        first = done[0][0] if done else known.way[0]
        numbers = tuple((self.job.range_id, ordinal) for ordinal in range(first, known.way[1] + 1))
        return PlainAdvance(self.lease.lease, self.job.id, numbers, self.sender.now(), more, moved, blocks)

    def _advance_alone(self, known: steps.Advance, reading: Reading | None) -> Fact:
        said = (runs(known.done), known.evidence, runs(known.torn), runs(known.absent))
        new = known.way is not None and known.way[1] - known.way[0] + 1 > known.kept
        due = self._undigested >= WINDOW

        def work(conn: Connection) -> Fact:
            self.lease.renew(conn)
            way, fact = known.way, self._wish(conn) if new else None
            if way is not None and new and fact is None and self._is_there(conn, way[0] + known.kept, way[1]):
                fact = steps.EndAsked()
            if way is not None and fact is not None:
                way = (way[0], way[0] + known.kept - 1) if known.kept else None
            old_label = bool(known.absent) and job_outcomes.keeps_old_label(conn, self.job)
            outcomes.advance(conn, self._call(), self.delivery, outcomes.Known(*said, old_label), way)
            if known.zero is not None or not self.based:
                uptime = reading.uptime if reading is not None else None
                base = Baseline(self.delivery.token, known.zero, uptime, self.sender.now())
                jobs.set_baseline(conn, self.job.id, base)
            if due:
                self._record_blocks(conn)
            rows.append(outcomes.rows_of(conn, self.delivery))
            return fact or steps.Held()

        rows: list[outcomes.Rows] = []
        self._rows = None
        fact = self._unless_lost(work)
        self._rows = rows[-1] if rows else None
        self.based = True
        self._written(due)
        return fact

    def _written(self, blocks: bool) -> None:  # noqa: FBT001
        """Take note of a commit."""
        if blocks:
            self._undigested = 0
            self._unwritten.clear()

    def _is_there(self, conn: Connection, first: int, last: int) -> bool:
        """Whether somebody scanned one of the labels that are to go next, since this delivery was told to print them.

        It was thought absent then. The job goes back into its queue, and whoever takes it up leaves that label out.
        """
        if self.job.kind == "batch":
            return outcomes.proved(conn, self.job.range_id, first, last, self.scans)
        return not having(job_outcomes.of_job(conn, self.job), {"planned", "absent", "in_doubt"})

    def _wish(self, conn: Connection) -> Fact | None:
        if self.sender.stopping():
            return steps.EndAsked()
        return steps.CancelAsked() if jobs.get(conn, self.job.id, lock=True).cancel_requested else None

    def asked(self) -> Fact | None:
        """Return whether someone wants an end, or has the printer."""
        if not self.lease.runs:
            return steps.LeaseLost()
        if self.sender.stopping():
            return steps.EndAsked()
        with self.sender.db.read() as conn:
            return steps.CancelAsked() if jobs.get(conn, self.job.id).cancel_requested else None

    def report(self, reasons: tuple[str, ...]) -> None:
        """Say how the printer is, while its job goes on."""
        state: PrinterState = "stopped" if reasons else "processing"

        def work(conn: Connection) -> None:
            self.lease.renew(conn)
            printers.set_state(conn, self.job.printer_id, state, reasons, self.sender.now())
            job_reasons = ("printer-stopped", *reasons) if reasons else ("job-printing",)
            jobs.set_state(conn, self.job.id, "processing", job_reasons)
            base = jobs.get(conn, self.job.id).baseline
            if base is not None and tears(reasons):  # an heir may not rely on the count then
                jobs.set_baseline(conn, self.job.id, replace(base, faulted=True))

        self.sender.db.write(work)

    def met(self, identity: str) -> None:
        """Write down that another printer answers than the one that was certified."""

        def work(conn: Connection) -> None:
            self.lease.renew(conn)
            was = printers.at_revision(conn, self.job.printer_id, self.job.printer_revision).profile.unique_id
            fleet.note(conn, self.job.printer_id, "identity-changed", {"was": was, "is": identity}, self.sender.now())

        self.sender.db.write(work)

    def end(self, command: Command) -> None:
        """Write down how the delivery ended.

        Raises:
            LeaseLost: another has the printer, and writes down what it finds.
        """
        self.sender.db.write(lambda conn: self._end(conn, command))

    def _end(self, conn: Connection, command: Command) -> None:
        if isinstance(command, steps.Abandon):
            raise LeaseLost
        self.lease.renew(conn)
        self._record_blocks(conn)
        call = self._call()
        match command:
            case steps.Retry():
                outcomes.narrow_doubt(conn, self.delivery, None)
                retry(conn, self.sender, self.lease, self.job.id, command)
            case steps.Suspend(doubt_until):
                outcomes.narrow_doubt(conn, self.delivery, doubt_until)
                self._suspend(conn, command)
            case steps.Stop(doubt_until):
                outcomes.narrow_doubt(conn, self.delivery, doubt_until)
                stop(conn, self.sender, self.lease, self.job, command)
                if "x-foreign-labels-printed" in command.reasons:  # at least one; who knows how many a reset hid
                    fleet.note(conn, self.job.printer_id, "foreign-labels", {"count": 1}, call.at)
            case steps.Cancel():
                end_canceled(conn, call, self.job)
                self._printer(conn, "idle", ())
            case steps.GiveBack():
                jobs.set_state(conn, self.job.id, "pending", ("job-queued",), message=None, attempts=0, not_before=None)
                self._printer(conn, "idle", ())
            case steps.Complete(reasons):
                jobs.set_state(conn, self.job.id, "completed", reasons, message=self._note(conn), ended_at=call.at)
                after = {"state": "completed", "reasons": list(reasons)}
                audit.record(conn, call, "job.complete", f"job:{self.job.id}", after=after)
                self._printer(conn, "idle", ())

    def _suspend(self, conn: Connection, why: steps.Suspend) -> None:
        """Leave the labels on their way in doubt, for the next delivery to count."""
        job = jobs.get(conn, self.job.id, lock=True)
        assert job.baseline is not None, "a delivery that counts began with a count"
        # A link that breaks again and again but brings labels out between is worth coming back to soon.
        attempts = 1 if outcomes.left_by(conn, self.delivery)[1] else job.attempts
        if attempts >= ATTEMPTS_AT_MOST:
            reasons = ("printer-stopped", "x-labels-in-doubt", *why.reasons)
            stop(conn, self.sender, self.lease, job, steps.Stop(why.doubt_until, reasons, why.message))
            return
        jobs.set_baseline(conn, job.id, replace(job.baseline, faulted=why.faulted, partial=why.partial))
        waited = min(timedelta(seconds=_RECONNECT_SECONDS * 2 ** min(attempts - 1, 6)), BACKOFF_AT_MOST)
        due = {"message": why.message, "attempts": attempts, "not_before": self.sender.now() + waited}
        jobs.set_state(conn, job.id, "processing", ("x-labels-in-doubt", *why.reasons), **due)
        self._printer(conn, "stopped", why.reasons)

    def _note(self, conn: Connection) -> str | None:
        """Return what a person should know of the job, also when it is complete."""
        if self.job.kind == "batch":
            return None
        match = reprints.of_job(conn, self.job.id).match
        return None if match is None else MATCH_NOTES.get(match)

    def _record_blocks(self, conn: Connection) -> None:
        jobs.record_blocks(conn, self._blocks())

    def _blocks(self) -> tuple[Block, ...]:
        """Return the digests that were not surely committed: a work may run twice."""
        token = self.lease.lease.token
        for first, last, digest in self.handover.digests():
            self._unwritten[first] = Block(self.job.id, token, first, last, digest)
        return tuple(self._unwritten.values())

    def _printer(self, conn: Connection, state: PrinterState, reasons: tuple[str, ...]) -> None:
        printers.set_state(conn, self.job.printer_id, state, reasons, self.sender.now())

    def _call(self) -> Call:
        return call_of(self.sender, self.lease)

    def _unless_lost(self, work: Callable[[Connection], Fact]) -> Fact:
        try:
            return self.sender.db.write(work)
        except LeaseLost:
            return steps.LeaseLost()


def call_of(sender: Sender, lease: HeldLease) -> Call:
    """Return what a sender does, as the books know it."""
    return Call(Actor("station", lease.lease.owner[:80]), sender.now())


def retry(conn: Connection, sender: Sender, lease: HeldLease, job_id: int, why: steps.Retry) -> None:
    """Put a job back into its queue for another try, later."""
    job = jobs.get(conn, job_id, lock=True)
    call = call_of(sender, lease)
    if job.cancel_requested:
        end_canceled(conn, call, job)
        _printer(conn, sender, lease, "idle", ())
    elif job.attempts >= ATTEMPTS_AT_MOST:
        stop(conn, sender, lease, job, steps.Stop(None, why.reasons, why.message))
    else:
        pause = min(timedelta(seconds=2 ** min(job.attempts - 1, 6)), BACKOFF_AT_MOST)
        reasons = ("job-queued", *why.reasons)
        jobs.set_state(conn, job.id, "pending", reasons, message=why.message, not_before=call.at + pause)
        _printer(conn, sender, lease, "stopped", why.reasons)


def stop(conn: Connection, sender: Sender, lease: HeldLease, job: JobRow, why: steps.Stop) -> None:
    """Stop a job, which then holds its printer until someone resolves it."""
    lease.renew(conn)
    jobs.set_state(conn, job.id, "processing-stopped", why.reasons, message=why.message)
    after = {"state": "processing-stopped", "reasons": list(why.reasons)}
    audit.record(conn, call_of(sender, lease), "job.stop", f"job:{job.id}", after=after, reason=why.message[:500])
    # 'printer-stopped' is a job's word for it; the printer itself says why, if it can.
    _printer(conn, sender, lease, "stopped", tuple(said for said in why.reasons if said != "printer-stopped"))


def _printer(conn: Connection, sender: Sender, lease: HeldLease, state: PrinterState, reasons: tuple[str, ...]) -> None:
    printers.set_state(conn, lease.lease.printer_id, state, reasons, sender.now())
