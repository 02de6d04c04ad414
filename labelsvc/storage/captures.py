"""Capture jobs in the books: documents that were handed in, and how far each has come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, or_, select, update

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.pages import Page
from labelsvc.errors import NotFound
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import captures

Behaviour = Literal["rollback", "proceed"]
State = Literal["waiting", "taking", "done"]


@dataclass(frozen=True, slots=True)
class Job:
    """A document that was handed in.

    Attributes:
        behaviour: what one wrong event does: `rollback` (none is taken) or `proceed` (the others are).
        state: `waiting` (nobody looked at its events), `taking` (the right ones are being taken), `done`.
        done: of `total` events, as many have been taken or left out.
        wrong: as many are not taken; errors: the first of them, as problem documents.
        tries: since it last came on.
    """

    id: int
    name: str
    actor: Actor
    behaviour: Behaviour
    state: State
    done: int
    total: int
    wrong: int
    errors: Sequence[Mapping[str, Any]]
    tries: int
    created_at: datetime
    finished_at: datetime | None


_JOB = select(
    captures.c.id,
    captures.c.name,
    captures.c.actor_kind,
    captures.c.actor_id,
    captures.c.behaviour,
    captures.c.state,
    captures.c.done,
    captures.c.total,
    captures.c.wrong,
    captures.c.errors,
    captures.c.tries,
    captures.c.created_at,
    captures.c.finished_at,
)


def _job(row: AnyRow) -> Job:
    return Job(row[0], row[1], Actor(row[2], row[3]), *row[4:])


def add(conn: Connection, call: Call, name: str, behaviour: Behaviour, kept: tuple[bytes, int]) -> Job:
    """Insert a job that waits.

    Args:
        kept: the document as it is to be kept, and how many events are in it.
    """
    document, total = kept
    conn.execute(
        insert(captures).values(
            name=name,
            actor_kind=call.actor.kind,
            actor_id=call.actor.id,
            behaviour=behaviour,
            state="waiting",
            done=0,
            total=total,
            wrong=0,
            errors=[],
            document=document,
            tries=0,
            created_at=call.at,
        )
    )
    return get(conn, name)


def get(conn: Connection, name: str, actor: Actor | None = None) -> Job:
    """Return a job.

    Args:
        actor: only one of theirs.

    Raises:
        NotFound: there is none.
    """
    row = conn.execute(_JOB.where(captures.c.name == name)).one_or_none()
    if row is None or (actor is not None and _job(row).actor != actor):
        raise NotFound("capture_unknown", "Expected the id of a capture job, got another text.")
    return _job(row)


def listing(conn: Connection, actor: Actor | None, after: int, limit: int) -> Page[Job]:
    """Return jobs in the order they came; of one actor where one is given."""
    query = _JOB
    if actor is not None:
        query = query.where(captures.c.actor_kind == actor.kind, captures.c.actor_id == actor.id)
    return page(conn, query, captures.c.id, (after, limit), _job)


def open_jobs(conn: Connection) -> int:
    """Return how many jobs have not come to their end."""
    return int(conn.execute(select(func.count()).where(captures.c.state.in_(("waiting", "taking")))).scalar_one())


def claim(conn: Connection, now: datetime, until: datetime) -> Job | None:
    """Take the oldest job that nobody is at, for as long; None: there is none."""
    free = or_(captures.c.claimed_until.is_(None), captures.c.claimed_until < now)
    query = _JOB.where(captures.c.state.in_(("waiting", "taking")), free).order_by(captures.c.id).limit(1)
    row = conn.execute(query.with_for_update(skip_locked=True)).one_or_none()
    if row is None:
        return None
    values = {"claimed_until": until, "tries": row.tries + 1}
    conn.execute(update(captures).where(captures.c.id == row.id).values(**values))
    return _job(row)


def document_of(conn: Connection, job_id: int) -> bytes:
    """Return the document of a job that has not come to its end."""
    found: bytes = conn.execute(select(captures.c.document).where(captures.c.id == job_id)).scalar_one()
    return found


def hold(conn: Connection, job_id: int, until: datetime | None) -> None:
    """Stay at a job for longer, or let go of it."""
    conn.execute(update(captures).where(captures.c.id == job_id).values(claimed_until=until))


def validated(conn: Connection, job_id: int, wrong: int, errors: Sequence[Mapping[str, Any]]) -> None:
    """Say what is wrong with the events of a job; from here on the right ones are taken."""
    values = {"state": "taking", "wrong": wrong, "errors": list(errors)}
    conn.execute(update(captures).where(captures.c.id == job_id, captures.c.state == "waiting").values(**values))


def advance(conn: Connection, job: Job, place: tuple[int, int], until: datetime) -> bool:
    """Move a job on from one event to another; False: another process has.

    Args:
        place: from where to where.
    """
    first, end = place
    return bool(
        conn.execute(
            update(captures)
            .where(captures.c.id == job.id, captures.c.state == "taking", captures.c.done == first)
            .values(done=end, claimed_until=until, tries=0)
        ).rowcount
    )


def failed(conn: Connection, job_id: int, errors: Sequence[Mapping[str, Any]], wrong: int) -> None:
    """Say that further events of a job are wrong."""
    conn.execute(update(captures).where(captures.c.id == job_id).values(errors=list(errors), wrong=wrong))


def finish(conn: Connection, job_id: int, at: datetime) -> None:
    """End a job; its document is not needed any more."""
    values = {"state": "done", "finished_at": at, "document": None, "claimed_until": None}
    conn.execute(update(captures).where(captures.c.id == job_id).values(**values))
