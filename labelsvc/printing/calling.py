"""Use case: printers that dial in (weblink://SERIAL) are served by the worker they dialled, and by no other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Connection

from labelsvc import logs
from labelsvc.printers.uris import serial_of
from labelsvc.printers.weblink.messages import REASONS
from labelsvc.printing.sender import Sender
from labelsvc.storage import callers, jobs, printers
from labelsvc.storage.jobs import JobRow

log = logs.logger(__name__)

#: How long a job waits before it says that its printer is not there: printers dial again every 10 s or so.
_PATIENCE = timedelta(seconds=15)
_AWAY = "connecting-to-device"


def away(conn: Connection, sender: Sender, printer_ids: Iterable[int]) -> frozenset[int]:
    """Return those printers that nothing can be done for, for they have not dialled in here.

    A job that only has to be ended, or stopped because its sender is gone, needs no printer.
    """
    found = set()
    for printer_id in callers.among(conn, printer_ids):
        job = jobs.head(conn, printer_id)
        left = job is not None and (job.cancel_requested or (job.state == "processing" and job.baseline is None))
        if job is not None and not left and is_away(conn, sender, job):
            found.add(printer_id)
    return frozenset(found)


def is_away(conn: Connection, sender: Sender, job: JobRow) -> bool:
    """Whether a job is for a printer that dials in, and has not dialled in here."""
    serial = _serial(conn, job) if callers.among(conn, (job.printer_id,)) else None
    return serial is not None and (sender.callers is None or serial not in sender.callers.connected())


def _serial(conn: Connection, job: JobRow) -> str | None:
    return serial_of(callers.uri_of(conn, job.printer_id, job.printer_revision))


class Calls:
    """Keeps who may dial in, and what is known of who did, in step with the books."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._told: dict[str, tuple[str, ...]] = {}  # what the books have of each printer that is connected here

    def look(self) -> None:
        """Look once.

        Raises:
            Unavailable: the database did not answer.
        """
        with self._sender.db.read() as conn:
            uris = {serial_of(uri) or "": ids for uri, ids in callers.expected(conn).items()}
            absent = self._absent(conn, uris)
        here = {}
        if self._sender.callers is not None:
            self._sender.callers.expect(uris)
            here = self._sender.callers.connected()
        self._told = {serial: told for serial, told in self._told.items() if serial in here}
        for serial in sorted(here):
            if self._told.get(serial) != here[serial]:
                told = [self._tell(printer_id, here[serial]) for printer_id in uris.get(serial, ())]
                if all(told):
                    self._told[serial] = here[serial]
        for job in absent:
            self._miss(job)

    def _absent(self, conn: Connection, uris: dict[str, tuple[int, ...]]) -> list[JobRow]:
        """Return jobs that wait for a printer for a while, and say nothing of that yet."""
        ids = {printer_id for found in uris.values() for printer_id in found}
        heads = [jobs.head(conn, printer_id) for printer_id in away(conn, self._sender, ids)]
        return [job for job in heads if job is not None and self._is_missed(conn, job)]

    def _is_missed(self, conn: Connection, job: JobRow) -> bool:
        """Whether nobody can have the printer: it would have been served since."""
        if job.state != "pending" or _AWAY in job.state_reasons:
            return False
        moments = (job.created_at, job.not_before, callers.lease_ends(conn, job.printer_id))
        return all(moment is None or moment + _PATIENCE < self._sender.now() for moment in moments)

    def _miss(self, job: JobRow) -> None:
        def work(conn: Connection) -> None:
            if self._is_missed(conn, jobs.get(conn, job.id, lock=True)):
                message = f"Expected the printer {_serial(conn, job)} to dial in, got no connection of it."
                jobs.set_state(conn, job.id, "pending", ("job-queued", _AWAY), message=message)
                printers.set_state(conn, job.printer_id, "stopped", (_AWAY,), self._sender.now())

        self._sender.db.write(work)

    def _tell(self, printer_id: int, reasons: tuple[str, ...]) -> bool:
        """Write down what a printer that is connected told; False: it is being served, and its delivery says it."""
        with self._sender.db.read() as conn:
            if self._is_served(conn, printer_id):
                return False

        def work(conn: Connection) -> bool:
            if self._is_served(conn, printer_id):
                return False
            said = printers.by_id(conn, printer_id).state_reasons
            now = (*(reason for reason in said if reason not in REASONS | {_AWAY}), *reasons)
            head = jobs.head(conn, printer_id)
            stands = bool(now) or (head is not None and head.state == "processing-stopped")
            printers.set_state(conn, printer_id, "stopped" if stands else "idle", now, self._sender.now())
            return True

        return self._sender.db.write(work)

    def _is_served(self, conn: Connection, printer_id: int) -> bool:
        ends = callers.lease_ends(conn, printer_id)
        return ends is not None and ends > self._sender.now()
