"""The fleet in the books: how each printer is and since when, what happened to it, and how much waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, insert, select, update

from labelsvc.domain.jobs import JOB_ENDED, PrinterState
from labelsvc.domain.outcomes import having, within
from labelsvc.domain.pages import Page
from labelsvc.storage import outcomes, webhooks
from labelsvc.storage.database import insert_new
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import print_jobs, printer_history, printer_reasons, printer_tallies, printers

Kind = Literal["state", "foreign-labels", "identity-changed", "restarted"]


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a printer."""

    id: int
    kind: Kind
    detail: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """How often something happened to a printer.

    Attributes:
        count: times; of foreign labels, labels.
    """

    count: int
    last_at: datetime
    last_detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for a printer: jobs that have not ended, and their labels that were not handed over."""

    jobs: int = 0
    labels: int = 0


def note(conn: Connection, printer_id: int, kind: Kind, detail: Mapping[str, Any], at: datetime) -> None:
    """Write down what happened to a printer, and tell who asked to be told.

    Args:
        kind: `foreign-labels` ({"count": n}: labels came out that were not ours), `identity-changed` ({"was", "is"}:
            another device answers at its address), `restarted` ({}), `state` (written by `storage.printers.set_state`).
        detail: JSON values.
    """
    conn.execute(insert(printer_history).values(printer_id=printer_id, kind=kind, detail=dict(detail), at=at))
    if kind == "state":
        return
    more = int(detail.get("count", 1))
    row = {"printer_id": printer_id, "kind": kind}
    last = {"last_at": at, "last_detail": dict(detail)}
    if not insert_new(conn, printer_tallies, {**row, **last, "count": more}):
        conn.execute(
            update(printer_tallies)
            .where(printer_tallies.c.printer_id == printer_id, printer_tallies.c.kind == kind)
            .values(count=printer_tallies.c.count + more, **last)
        )
    if kind in ("foreign-labels", "identity-changed"):
        name = conn.execute(select(printers.c.name).where(printers.c.id == printer_id)).scalar_one()
        event: webhooks.Event = "printer.foreign-labels" if kind == "foreign-labels" else "printer.identity-changed"
        webhooks.emit(conn, event, {"printer": name, **detail}, at)


def change_state(
    conn: Connection, printer_id: int, state: PrinterState, reasons: tuple[str, ...], at: datetime
) -> bool:
    """Say how a printer is; return whether that is news."""
    chosen = printers.c.id == printer_id
    was = conn.execute(
        select(printers.c.name, printers.c.state, printers.c.state_reasons).where(chosen).with_for_update()
    ).one_or_none()
    if was is None or (was.state == state and tuple(was.state_reasons) == reasons):
        return False
    conn.execute(update(printers).where(chosen).values(state=state, state_reasons=list(reasons), state_at=at))
    now, before = set(reasons), set(was.state_reasons)
    if before - now:
        gone = printer_reasons.c.reason.in_(before - now)
        conn.execute(delete(printer_reasons).where(printer_reasons.c.printer_id == printer_id, gone))
    for reason in sorted(now - before):
        insert_new(conn, printer_reasons, {"printer_id": printer_id, "reason": reason[:80], "since": at})
    detail = {"state": state, "reasons": list(reasons), "was": was.state}
    note(conn, printer_id, "state", detail, at)
    webhooks.emit(conn, "printer.state-changed", {"printer": was.name, **detail}, at)
    return True


def reasons_since(conn: Connection, printer_ids: Iterable[int]) -> dict[int, dict[str, datetime]]:
    """Return, for each printer, since when it has each of its reasons."""
    found: dict[int, dict[str, datetime]] = {}
    for row in conn.execute(select(printer_reasons).where(printer_reasons.c.printer_id.in_(tuple(printer_ids)))):
        found.setdefault(row.printer_id, {})[row.reason] = row.since
    return found


def tallies(conn: Connection, printer_ids: Iterable[int]) -> dict[int, dict[str, Tally]]:
    """Return, for each printer, what happened to it how often."""
    found: dict[int, dict[str, Tally]] = {}
    for row in conn.execute(select(printer_tallies).where(printer_tallies.c.printer_id.in_(tuple(printer_ids)))):
        said = row._mapping  # `count` is a tuple's own word
        found.setdefault(row.printer_id, {})[row.kind] = Tally(said["count"], row.last_at, row.last_detail)
    return found


def queues(conn: Connection, printer_ids: Iterable[int]) -> dict[int, Queue]:
    """Return, for each printer for which something waits, how much."""
    chosen = (print_jobs.c.printer_id.in_(tuple(printer_ids)), print_jobs.c.state.not_in(JOB_ENDED))
    labels = func.sum(print_jobs.c.last - print_jobs.c.first + 1)
    waiting = conn.execute(
        select(print_jobs.c.printer_id, func.count(), labels).where(*chosen).group_by(print_jobs.c.printer_id)
    )
    found = {printer_id: Queue(int(jobs), int(labels)) for printer_id, jobs, labels in waiting}
    columns = (print_jobs.c.printer_id, print_jobs.c.range_id, print_jobs.c.first, print_jobs.c.last)
    of_batches = (print_jobs.c.kind == "batch", print_jobs.c.started_at.is_not(None))  # a reprint is one label
    begun = conn.execute(select(*columns).where(*chosen, *of_batches)).all()
    for printer_id, range_id, first, last in begun:  # as a rule one a printer
        todo = having(within(outcomes.of_range(conn, range_id), first, last), {"planned", "absent"})
        handed_over = (last - first + 1) - sum(part.count for part in todo)
        queue = found[printer_id]
        found[printer_id] = Queue(queue.jobs, queue.labels - handed_over)
    return found


def history(conn: Connection, printer_id: int, after: int, limit: int) -> Page[Happening]:
    """Return what happened to a printer, in the order it was written down."""
    columns = (printer_history.c.id, printer_history.c.kind, printer_history.c.detail, printer_history.c.at)
    query = select(*columns).where(printer_history.c.printer_id == printer_id)
    return page(conn, query, printer_history.c.id, (after, limit), _happening)


def _happening(row: AnyRow) -> Happening:
    return Happening(**row._mapping)
