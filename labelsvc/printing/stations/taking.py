"""What the lines of a station's journal mean for the books: those of a worker (printing.books), after the fact.

All lines of one report are written down in one transaction. What a station says has happened: it is written down also
where someone asked for the end of the job meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.delivery import steps
from labelsvc.domain.delivery.steps import Command, Fact
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.journal import Entry
from labelsvc.domain.outcomes import having
from labelsvc.domain.readings import Reading
from labelsvc.errors import InvalidInput
from labelsvc.printing.books import DatabaseBooks
from labelsvc.printing.jobs import end_canceled
from labelsvc.printing.leases import HeldLease
from labelsvc.printing.sender import Sender
from labelsvc.printing.stations import ahead
from labelsvc.storage import audit, batches, job_outcomes, jobs, outcomes, printers, stations
from labelsvc.storage.database import Database
from labelsvc.storage.printers import Lease
from labelsvc.storage.stations import ClaimRow

#: A line whose moment is further off than this from ours is named so: told late, or by a clock that is wrong.
_CLOCK_OFF = 300


class _Within:
    """The transaction that is open already, in the place of a database."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def write(self, work: Callable[[Connection], Any]) -> Any:
        """Do it now."""
        return work(self._conn)


class _ClaimLease(HeldLease):
    """A lease that its claim keeps: whoever has the claim locked has the printer."""

    def __init__(self, lease: Lease) -> None:  # no thread renews it
        self.lease = lease

    @property
    def runs(self) -> bool:
        return True

    def renew(self, conn: Connection) -> None:
        """Nothing to do."""


class _Blocks:
    """Digests of what was handed over, as the station made them."""

    def __init__(self) -> None:
        self.waiting: list[tuple[int, int, str]] = []

    def digests(self) -> list[tuple[int, int, str]]:
        found, self.waiting = self.waiting, []
        return found


class _ReportedBooks(DatabaseBooks):
    """A delivery's books, written after the fact."""

    def advance(self, known: steps.Advance, reading: Reading | None) -> Fact:
        """Write down what became known of labels on their way, and which went next."""
        return self._advance_alone(known, reading)

    def _wish(self, _conn: Connection) -> None:
        """Whatever anybody wished, it has happened."""

    def _is_there(self, _conn: Connection, _first: int, _last: int) -> bool:
        """Nor does it help that somebody knew better."""
        return False

    def record_blocks(self, conn: Connection) -> None:
        """Keep the digests that were said."""
        self._record_blocks(conn)

    def write_end(self, conn: Connection, command: Command) -> None:
        """Write down how the delivery ended, where its job ends with it."""
        self._end(conn, command)

    def goes_on(self, conn: Connection, how: str, until: int | None, why: tuple[tuple[str, ...], str | None]) -> None:
        """Write down that it ended and the station tries again; the job stays the station's."""
        reasons, message = why
        if how in ("retry", "suspend"):
            outcomes.narrow_doubt(conn, self.delivery, until if how == "suspend" else None)
        doubt = ("x-labels-in-doubt",) if how == "suspend" else ()
        jobs.set_state(conn, self.job.id, "processing", (*doubt, *reasons) or ("job-printing",), message=message)
        self._record_blocks(conn)
        self._printer(conn, "stopped" if reasons else "idle", reasons)


class Taking:
    """Writes down the lines of one report, in one transaction."""

    def __init__(self, conn: Connection, call: Call, issuer: Issuer, row: ClaimRow) -> None:
        self._conn = conn
        self._call = call
        self._row = row
        self._issuer = issuer
        self._offset = batches.get(conn, row.batch_id).first - 1
        self._blocks = _Blocks()
        self._books: _ReportedBooks | None = None

    def take(self, entries: Iterable[Entry]) -> None:
        """Write them down."""
        for entry in entries:
            self._check(entry)
            self._one(entry)

    def _check(self, entry: Entry) -> None:
        spans = self._row.spans
        for first, last in entry.labels:
            # What is on its way is one interval, over labels between that are not of the claim any more.
            if first < spans[0][0] or last > spans[-1][1]:
                raise InvalidInput(
                    "journal_label", f"Expected labels of the claim, got {first} to {last}.", pointer="/lines"
                )
        if self._row.job_id is None and entry.do not in ("boot", "use", "return"):
            raise InvalidInput(
                "journal_entry", "Expected a line that uses labels first, got another.", pointer="/lines"
            )

    def _one(self, entry: Entry) -> None:
        said = entry.said
        match entry.do:
            case "boot":
                self._boot(entry)
            case "there":
                """It is what we said; the scan itself is in the books."""
            case "use":
                self._row, self._books = ahead.use(self._conn, self._call, self._row, entry), None
            case "return":
                ahead.give_back(self._conn, self._call, self._row, entry)
            case "begin":
                token = stations.next_token(self._conn, self._row, self._call.at)
                self._row, self._books = replace(self._row, token=token), None
            case "state":
                self._its().report(tuple(said["reasons"]))
            case "met":
                self._its().met(said["identity"])
            case _:
                self._of_delivery(entry.do, said)

    def _of_delivery(self, do: str, said: Mapping[str, Any]) -> None:
        self._note(said.get("blocks", ()))
        match do:
            case "hold":
                first, last = self._span(said["first"], said["last"])
                outcomes.hold_in_doubt(self._conn, self._call, self._its().delivery, first, last)
            case "sent":
                self._its().record_sent(*self._span(said["first"], said["last"]))
            case "advance":
                self._advance(said)
            case "end":
                self._end(said)

    def _boot(self, entry: Entry) -> None:
        after = {"claim": self._row.id, "boot": entry.said["boot"]}
        off = round((entry.at - self._call.at).total_seconds())
        if abs(off) > _CLOCK_OFF:
            after["clock"] = off
        audit.record(self._conn, self._call, "station.boot", f"station:{self._row.station}", after=after)

    def _its(self) -> _ReportedBooks:
        """Return the books of the delivery under way."""
        if self._books is None:
            assert self._row.job_id is not None, "checked before"
            job = jobs.get(self._conn, self._row.job_id, lock=True)
            lease = _ClaimLease(Lease(self._row.printer_id, self._row.station, self._row.token))
            based = job.baseline is not None and job.baseline.token == self._row.token
            self._books = _ReportedBooks(
                _sender(self._conn, self._issuer, self._call.at), lease, job, self._blocks, based
            )
        return self._books

    def _span(self, first: int, last: int) -> tuple[int, int]:
        return first + self._offset, last + self._offset

    def _note(self, blocks: Iterable[Any]) -> None:
        self._blocks.waiting += [(*self._span(first, last), digest) for first, last, digest in blocks]

    def _advance(self, said: Mapping[str, Any]) -> None:
        def numbers(spans: list[list[int]]) -> tuple[int, ...]:
            return tuple(n + self._offset for first, last in spans for n in range(first, last + 1))

        way = None if said["way"] is None else self._span(*said["way"])
        kept = 0 if way is None else way[1] - way[0] + 1
        known = steps.Advance(
            numbers(said["done"]),
            said["evidence"],
            numbers(said["torn"]),
            numbers(said["absent"]),
            way,
            kept,
            said["zero"],
        )
        self._its().advance(known, Reading(uptime=said["uptime"]))
        if said["blocks"]:
            self._its().record_blocks(self._conn)

    def _end(self, said: Mapping[str, Any]) -> None:
        until = None if said["until"] is None else said["until"] + self._offset
        reasons, message = tuple(said["reasons"]), said["message"]
        books = self._its()
        match said["how"]:
            case "stop":
                books.write_end(self._conn, steps.Stop(until, reasons, message or ""))
            case "cancel":
                books.write_end(self._conn, steps.Cancel())
            case "complete":
                self._complete(books, reasons)
            case how:
                if how == "suspend" and books.job.baseline is not None:
                    job = jobs.get(self._conn, books.job.id)
                    assert job.baseline is not None
                    base = replace(job.baseline, faulted=said["faulted"], partial=said["partial"])
                    jobs.set_baseline(self._conn, job.id, base)
                shown = tuple(reason for reason in reasons if reason != "printer-stopped")
                books.goes_on(self._conn, how, until, (shown, message))
                return
        if self._row.kind == "job":
            self._close()

    def _complete(self, books: _ReportedBooks, reasons: tuple[str, ...]) -> None:
        """The claim is worked off; so is its job, where the claim was the rest of it."""
        job = jobs.get(self._conn, books.job.id, lock=True)
        known = job_outcomes.in_hand(self._conn, job)
        if job.cancel_requested and having(known, {"planned", "absent"}):
            books.record_blocks(self._conn)
            end_canceled(self._conn, self._call, job)
        elif having(known, {"planned", "absent"}):
            books.record_blocks(self._conn)
            jobs.set_state(self._conn, job.id, "pending", ("job-queued",), message=None, attempts=0, not_before=None)
            printers.set_state(self._conn, job.printer_id, "idle", (), self._call.at)
        else:
            doubt = having(known, {"in_doubt"})
            warned = ("job-completed-with-warnings", "x-labels-in-doubt", "x-awaiting-scan")
            books.write_end(self._conn, steps.Complete(warned if doubt else reasons))

    def _close(self) -> None:
        """End a claim that was worked off, and free its printer for the next."""
        row = self._row
        stations.keep_lease(self._conn, row.printer_id, None, self._call.at)
        stations.change_claim(self._conn, row.id, state="ended", ended_at=self._call.at)
        audit.record(self._conn, self._call, "station.done", f"station:{row.station}", after={"claim": row.id})


def _sender(conn: Connection, issuer: Issuer, at: datetime) -> Sender:
    return Sender(cast("Database", _Within(conn)), issuer, Path(), lambda: at, lambda: False)
