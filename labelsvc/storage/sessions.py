"""Sessions of users in the books, by the digests of their tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update

from labelsvc.storage.tables import sessions, users


@dataclass(frozen=True, slots=True)
class Session:
    """A session, and whose it is.

    Attributes:
        seen_at: when it was used last, to the minute.
        disabled: its user may not sign in any more.
        party_id: whose they are, where they are a partner.
    """

    name: str
    role: str
    expires_at: datetime
    seen_at: datetime
    disabled: bool
    party_id: int | None = None


def add(conn: Connection, digest: str, user_id: int, now: datetime, expires_at: datetime) -> None:
    """Insert a session that begins now."""
    values = {"digest": digest, "user_id": user_id, "created_at": now, "expires_at": expires_at, "seen_at": now}
    conn.execute(insert(sessions).values(**values))


def find(conn: Connection, digest: str) -> Session | None:
    """Return the session with this digest, be it over or not."""
    row = conn.execute(
        select(
            users.c.name, users.c.role, sessions.c.expires_at, sessions.c.seen_at, users.c.disabled_at, users.c.party_id
        )
        .join_from(sessions, users, users.c.id == sessions.c.user_id)
        .where(sessions.c.digest == digest)
    ).one_or_none()
    if row is None:
        return None
    return Session(row.name, row.role, row.expires_at, row.seen_at, row.disabled_at is not None, row.party_id)


def seen(conn: Connection, digest: str, now: datetime) -> None:
    """Say that a session was used."""
    conn.execute(update(sessions).where(sessions.c.digest == digest, sessions.c.seen_at < now).values(seen_at=now))


def end(conn: Connection, digest: str) -> bool:
    """Remove a session; False: there is none."""
    return bool(conn.execute(delete(sessions).where(sessions.c.digest == digest)).rowcount)


def end_all(conn: Connection, user_id: int) -> int:
    """Remove all sessions of a user; return how many."""
    return conn.execute(delete(sessions).where(sessions.c.user_id == user_id)).rowcount


def end_everybodys(conn: Connection) -> int:
    """Remove all sessions; return how many."""
    return conn.execute(delete(sessions)).rowcount


def end_old(conn: Connection, user_id: int, now: datetime, idle_since: datetime, keep: int) -> None:
    """Remove everybody's sessions that are over, and of a user's all but the latest `keep`."""
    conn.execute(delete(sessions).where(or_(sessions.c.expires_at <= now, sessions.c.seen_at <= idle_since)))
    its = select(sessions.c.digest).where(sessions.c.user_id == user_id)
    old = conn.execute(its.order_by(sessions.c.created_at.desc(), sessions.c.digest).offset(keep)).scalars().all()
    if old:
        conn.execute(delete(sessions).where(sessions.c.digest.in_(old)))
