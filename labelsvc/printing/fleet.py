"""Use cases: how the printers are, what happened to them, and how far a print job is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from labelsvc.domain.jobs import JobState, Printer
from labelsvc.domain.outcomes import totals
from labelsvc.domain.pages import Page
from labelsvc.storage import fleet, job_outcomes, jobs, printers
from labelsvc.storage.database import Database
from labelsvc.storage.fleet import Happening, Queue, Tally


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """How a printer is.

    Attributes:
        since: for each printer-state-reason since when.
        tallies: what happened to it, how often: foreign-labels, identity-changed, restarted.
    """

    printer: Printer
    since: Mapping[str, datetime]
    queue: Queue
    tallies: Mapping[str, Tally]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a print job is: its state, and how many of its labels have each outcome."""

    job_id: int
    state: JobState
    state_reasons: tuple[str, ...]
    message: str | None
    quantity: int
    outcomes: Mapping[str, int]
    ended: bool


def get_status(db: Database, name: str) -> PrinterStatus:
    """Return how a printer is.

    Raises:
        NotFound: no such printer.
    """
    with db.read() as conn:
        return _statuses(conn, (printers.get(conn, name),))[0]


def list_statuses(db: Database, after: int, limit: int) -> Page[PrinterStatus]:
    """Return how all printers are, in the order they came."""
    with db.read() as conn:
        found = printers.listing(conn, after, limit)
        return Page(_statuses(conn, found.items), found.next)


def _statuses(conn: Connection, found: tuple[Printer, ...]) -> tuple[PrinterStatus, ...]:
    ids = [printer.id for printer in found]
    since, queues, tallies = fleet.reasons_since(conn, ids), fleet.queues(conn, ids), fleet.tallies(conn, ids)
    return tuple(
        PrinterStatus(
            printer,
            # A reason that was there before anybody wrote down since when is at least as old as the state.
            {reason: since.get(printer.id, {}).get(reason, printer.state_at) for reason in printer.state_reasons},
            queues.get(printer.id, Queue()),
            tallies.get(printer.id, {}),
        )
        for printer in found
    )


def list_history(db: Database, name: str, after: int, limit: int) -> Page[Happening]:
    """Return what happened to a printer, in the order it was written down.

    Raises:
        NotFound: no such printer.
    """
    with db.read() as conn:
        return fleet.history(conn, printers.get(conn, name).id, after, limit)


def get_progress(db: Database, job_id: int) -> Progress:
    """Return how far a print job is.

    Raises:
        NotFound: no such job.
    """
    with db.read() as conn:
        job = jobs.get(conn, job_id)
        known = job_outcomes.of_job(conn, job)
    quantity = job.last - job.first + 1
    return Progress(job.id, job.state, job.state_reasons, job.message, quantity, totals(known), job.ended)
