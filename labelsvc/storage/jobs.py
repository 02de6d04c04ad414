"""Print jobs in the books: a queue per printer, first in, first out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, insert, join, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from labelsvc.domain.actors import Call
from labelsvc.domain.jobs import JOB_ENDED, Baseline, JobKind, JobState
from labelsvc.domain.pages import Page
from labelsvc.errors import NotFound
from labelsvc.storage import webhooks
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import print_job_blocks, print_jobs, printers, station_claims


@dataclass(frozen=True, slots=True)
class JobRow:
    """A print job: the ordinals first .. last of one range, on one printer revision."""

    id: int
    batch_id: int
    range_id: int
    printer_id: int
    printer: str
    printer_revision: int
    first: int
    last: int
    state: JobState
    state_reasons: tuple[str, ...]
    message: str | None
    attempts: int
    not_before: datetime | None
    cancel_requested: bool
    kind: JobKind
    copy: int
    baseline: Baseline | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def ended(self) -> bool:
        """Nothing more will be sent."""
        return self.state in JOB_ENDED


_JOB = select(
    print_jobs.c.id,
    print_jobs.c.batch_id,
    print_jobs.c.range_id,
    print_jobs.c.printer_id,
    printers.c.name.label("printer"),
    print_jobs.c.printer_revision,
    print_jobs.c.first,
    print_jobs.c.last,
    print_jobs.c.state,
    print_jobs.c.state_reasons,
    print_jobs.c.message,
    print_jobs.c.attempts,
    print_jobs.c.not_before,
    print_jobs.c.cancel_requested,
    print_jobs.c.kind,
    print_jobs.c.copy,
    print_jobs.c.baseline,
    print_jobs.c.created_at,
    print_jobs.c.started_at,
    print_jobs.c.ended_at,
).join_from(print_jobs, printers, printers.c.id == print_jobs.c.printer_id)


def _job(row: AnyRow) -> JobRow:
    kept = row.baseline
    baseline = None
    if kept is not None:
        baseline = Baseline(**{**kept, "read_at": datetime.fromisoformat(kept["read_at"])})
    return JobRow(**{**row._mapping, "state_reasons": tuple(row.state_reasons), "baseline": baseline})


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a job is made of."""

    batch_id: int
    range_id: int
    printer_id: int
    printer_revision: int
    first: int
    last: int
    kind: JobKind = "batch"
    copy: int = 0


def add(conn: Connection, call: Call, new: NewJob) -> int:
    """Insert a pending job at the end of its printer's queue; return its id."""
    key = conn.execute(
        insert(print_jobs).values(
            batch_id=new.batch_id,
            range_id=new.range_id,
            printer_id=new.printer_id,
            printer_revision=new.printer_revision,
            first=new.first,
            last=new.last,
            kind=new.kind,
            copy=new.copy,
            state="pending",
            state_reasons=["job-queued"],
            attempts=0,
            cancel_requested=False,
            created_at=call.at,
        )
    ).inserted_primary_key
    assert key is not None  # one row was inserted
    return int(key[0])


def get(conn: Connection, job_id: int, *, lock: bool = False) -> JobRow:
    """Return a job.

    Args:
        lock: keep others from changing it until this transaction ends.

    Raises:
        NotFound: there is none.
    """
    if lock:
        conn.execute(select(print_jobs.c.id).where(print_jobs.c.id == job_id).with_for_update())
    row = conn.execute(_JOB.where(print_jobs.c.id == job_id)).one_or_none()
    if row is None:
        raise NotFound("job_unknown", f"Expected the id of a print job, got {job_id}.")
    return _job(row)


def listing(conn: Connection, chosen: tuple[str | None, str | None], after: int, limit: int) -> Page[JobRow]:
    """Return jobs in the order they came, of one printer (name) and in one state where given."""
    printer, state = chosen
    query = _JOB
    if printer is not None:
        query = query.where(printers.c.name == printer)
    if state is not None:
        query = query.where(print_jobs.c.state == state)
    return page(conn, query, print_jobs.c.id, (after, limit), _job)


def open_jobs(conn: Connection) -> tuple[JobRow, ...]:
    """Return every job that has not ended, in the order they came."""
    rows = conn.execute(_JOB.where(print_jobs.c.state.not_in(JOB_ENDED)).order_by(print_jobs.c.id))
    return tuple(map(_job, rows))


def head_of(printer_id: ColumnElement[int] | int) -> ColumnElement[int]:
    """Select the id of a printer's job that may be sent next: one that was begun, else the oldest.

    Ids are given before commits, so an older job may turn up when a younger one was begun already. One that a station
    prints of labels handed ahead is under way without a claim of its own, and nobody's to send.
    """

    def first(*states: JobState) -> Select[int]:  # by the index, however many jobs there ever were
        return select(func.min(jobs.c.id)).where(jobs.c.printer_id == printer_id, jobs.c.state.in_(states))

    jobs = print_jobs.alias()
    ahead = select(station_claims.c.id).where(
        station_claims.c.batch_id == jobs.c.batch_id,
        station_claims.c.state == "open",
        station_claims.c.kind == "ahead",
        station_claims.c.job_id == jobs.c.id,
        jobs.c.state == "processing",
    )
    begun = first("processing", "processing-stopped").where(~ahead.correlate(jobs).exists())
    waiting = first("pending", "pending-held")
    return func.coalesce(
        begun.correlate(printers).scalar_subquery(),
        waiting.correlate(printers).scalar_subquery(),
    )


def head(conn: Connection, printer_id: int) -> JobRow | None:
    """Return a printer's job that has not ended and is the only one that may be sent: first in, first out."""
    row = conn.execute(_JOB.where(print_jobs.c.id == head_of(printer_id))).one_or_none()
    return _job(row) if row else None


def waiting_printers(conn: Connection, now: datetime, pause_at_most: timedelta) -> tuple[int, ...]:
    """Return the ids of printers whose next job is due, or was being sent by someone; those of stations apart.

    Args:
        pause_at_most: a job due later than this from now was set by a clock that has since jumped back: it is due.
    """
    return tuple(conn.execute(_WAITING, {"now": now, "too_late": now + pause_at_most}).scalars())


_WAITING = (
    select(printers.c.id)
    .select_from(join(printers, print_jobs, print_jobs.c.id == head_of(printers.c.id)))
    .where(
        print_jobs.c.state.in_(("pending", "processing")),
        printers.c.station.is_(None),
        or_(
            print_jobs.c.not_before.is_(None),
            print_jobs.c.not_before <= bindparam("now"),
            print_jobs.c.not_before > bindparam("too_late"),
        ),
    )
    .order_by(printers.c.id)
)


def covering(conn: Connection, range_id: int, first: int, last: int) -> int | None:
    """Return the id of a batch's own job that has all of these numbers; None: there is none."""
    found = select(func.max(print_jobs.c.id)).where(
        print_jobs.c.range_id == range_id,
        print_jobs.c.first <= first,
        print_jobs.c.last >= last,
        print_jobs.c.kind == "batch",
    )
    job_id = conn.execute(found).scalar_one()
    return None if job_id is None else int(job_id)


def set_state(conn: Connection, job_id: int, state: JobState, reasons: tuple[str, ...], **changes: Any) -> None:
    """Move a job to a state, and tell who asked to be told; `changes` are further columns (message, ended_at, ...)."""
    was = conn.execute(
        select(print_jobs.c.state, print_jobs.c.batch_id, printers.c.name)
        .join_from(print_jobs, printers, printers.c.id == print_jobs.c.printer_id)
        .where(print_jobs.c.id == job_id)
    ).one_or_none()
    conn.execute(
        update(print_jobs).where(print_jobs.c.id == job_id).values(state=state, state_reasons=list(reasons), **changes)
    )
    if was is not None and was.state != state:
        body = {"job": job_id, "batch": was.batch_id, "printer": was.name}
        body |= {"state": state, "reasons": list(reasons), "was": was.state}
        at = changes.get("ended_at") or datetime.now(UTC)  # the outbox's own clock: nothing rests on it
        webhooks.emit(conn, "job.state-changed", body, at)


def set_baseline(conn: Connection, job_id: int, baseline: Baseline) -> None:
    """Keep what the job's labels are counted from."""
    kept = {**asdict(baseline), "read_at": baseline.read_at.isoformat()}
    conn.execute(update(print_jobs).where(print_jobs.c.id == job_id).values(baseline=kept))


def request_cancel(conn: Connection, job_id: int, reasons: tuple[str, ...]) -> None:
    """Ask whoever sends the job to stop before its next window."""
    conn.execute(
        update(print_jobs).where(print_jobs.c.id == job_id).values(cancel_requested=True, state_reasons=list(reasons))
    )


def with_cancel_requested(conn: Connection, job_ids: list[int]) -> set[int]:
    """Return those jobs whose end was asked for; of none of them it can be before this transaction ends."""
    if not job_ids:
        return set()
    rows = conn.execute(_CANCEL, {"ids": job_ids})
    return {row.id for row in rows if row.cancel_requested}


_CANCEL = (
    select(print_jobs.c.id, print_jobs.c.cancel_requested)
    .where(print_jobs.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(print_jobs.c.id)
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class Block:
    """The digest of a run of labels inside one block of a job, as the delivery with that token handed them over."""

    job_id: int
    token: int
    first: int
    last: int
    sha256: str


def record_blocks(conn: Connection, blocks: Iterable[Block]) -> None:
    """Keep digests; a run that is known by its first label has grown since."""
    rows = [asdict(block) for block in blocks]
    if rows:
        conn.execute(_BLOCK[conn.dialect.name], rows)


def _grown(insert: Any) -> Any:
    new = insert(print_job_blocks)
    grown = {"last": new.excluded.last, "sha256": new.excluded.sha256}
    return new.on_conflict_do_update(index_elements=list(print_job_blocks.primary_key), set_=grown)


_BLOCK = {"sqlite": _grown(sqlite.insert), "postgresql": _grown(postgresql.insert)}


def first_printed_by(conn: Connection, batch_id: int, ordinal: int) -> JobRow | None:
    """Return the latest of a batch's own jobs that has a number; None: it was never to be printed by one."""
    its = (print_jobs.c.batch_id == batch_id, print_jobs.c.first <= ordinal, print_jobs.c.last >= ordinal)
    row = conn.execute(
        _JOB.where(*its, print_jobs.c.kind == "batch").order_by(print_jobs.c.id.desc()).limit(1)
    ).one_or_none()
    return _job(row) if row else None


def block_of(conn: Connection, job_id: int, ordinal: int) -> tuple[int, int, str] | None:
    """Return (first, last, sha256) of the run of labels that a number was handed over in last; None: it never was."""
    its = (print_job_blocks.c.job_id == job_id, print_job_blocks.c.first <= ordinal, print_job_blocks.c.last >= ordinal)
    row = conn.execute(
        select(print_job_blocks.c.first, print_job_blocks.c.last, print_job_blocks.c.sha256)
        .where(*its)
        .order_by(print_job_blocks.c.token.desc(), print_job_blocks.c.first.desc())
        .limit(1)
    ).one_or_none()
    return (int(row.first), int(row.last), str(row.sha256)) if row else None
