"""Users in the books: of their passwords the digests only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from labelsvc.errors import NotFound
from labelsvc.storage.database import insert_new
from labelsvc.storage.pages import AnyRow
from labelsvc.storage.tables import parties, users


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in at the pages.

    Attributes:
        party_id, party: whose a partner is; party: its canonical URI.
    """

    id: int
    name: str
    role: str
    created_at: datetime
    disabled_at: datetime | None
    party_id: int | None = None
    party: str | None = None


_USER = select(
    users.c.id,
    users.c.name,
    users.c.role,
    users.c.created_at,
    users.c.disabled_at,
    users.c.party_id,
    parties.c.uri.label("party"),
).outerjoin(parties, parties.c.id == users.c.party_id)


def _user(row: AnyRow) -> User:
    return User(row.id, row.name, row.role, row.created_at, row.disabled_at, row.party_id, row.party)


def add(conn: Connection, user: User, password: str) -> bool:
    """Insert a user (its id is given here); False: there is one of this name.

    Args:
        password: what is kept of it.
    """
    values = {
        "name": user.name,
        "role": user.role,
        "party_id": user.party_id,
        "password": password,
        "created_at": user.created_at,
    }
    return insert_new(conn, users, values) is not None


def find(conn: Connection, name: str) -> tuple[User, str] | None:
    """Return a user with what is kept of the password."""
    row = conn.execute(_USER.add_columns(users.c.password).where(users.c.name == name)).one_or_none()
    return (_user(row), row.password) if row else None


def get(conn: Connection, name: str, *, lock: bool = False) -> User:
    """Return a user.

    Args:
        lock: keep others from changing it until this transaction ends.

    Raises:
        NotFound: there is none.
    """
    query = _USER.where(users.c.name == name)
    row = conn.execute(query.with_for_update(of=users) if lock else query).one_or_none()
    if row is None:
        raise NotFound("user_unknown", f"Expected the name of a user, got {name[:40]!r}.", pointer="/name")
    return _user(row)


def listing(conn: Connection) -> tuple[User, ...]:
    """Return all users, in the order they came."""
    return tuple(_user(row) for row in conn.execute(_USER.order_by(users.c.id)))


def set_password(conn: Connection, user_id: int, password: str) -> None:
    """Keep another password's digest."""
    conn.execute(update(users).where(users.c.id == user_id).values(password=password))


def set_role(conn: Connection, user_id: int, role: str) -> None:
    """Say what a user may do from now on."""
    conn.execute(update(users).where(users.c.id == user_id).values(role=role))


def enable(conn: Connection, user_id: int) -> None:
    """Let a user sign in again."""
    conn.execute(update(users).where(users.c.id == user_id).values(disabled_at=None))


def disable(conn: Connection, user_id: int, now: datetime) -> bool:
    """Let a user sign in no more; False: that was so before."""
    enabled = (users.c.id == user_id, users.c.disabled_at.is_(None))
    return bool(conn.execute(update(users).where(*enabled).values(disabled_at=now)).rowcount)
