"""Use cases: users, who sign in at the pages with a password."""

from __future__ import annotations

import re

from sqlalchemy import Connection

from labelsvc.access import passwords
from labelsvc.access.roles import PARTNER, check_party, check_role
from labelsvc.domain.actors import Call
from labelsvc.errors import Conflict, InvalidInput
from labelsvc.storage import audit, places, sessions, users
from labelsvc.storage.database import Database
from labelsvc.storage.users import User

#: Small letters only: a tablet's keyboard likes to begin with a capital, and `Anna` must not be someone else.
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


def add_user(db: Database, call: Call, name: str, role: str, password: str, party: str | None = None) -> User:
    """Add a user.

    Args:
        party: whose a partner is, a canonical URI.

    Raises:
        InvalidInput: the name, the role or the password breaks a rule, or a party is where it may not be or is not
            where it must.
        Conflict: there is, or was, a user of this name.
    """
    if not NAME.fullmatch(name):
        message = f"Expected 1 to 40 of a-z 0-9 . _ - that begin with a letter or digit, got {name[:40]!r}."
        raise InvalidInput("user_name", message, pointer="/name")
    check_role(role)
    check_party(role, party)
    passwords.check_password(password)
    kept = passwords.kept(password)

    def work(conn: Connection) -> User:
        party_id = places.party_ids(conn, (party,), call.at).get(party or "")
        if not users.add(conn, User(0, name, role, call.at, None, party_id), kept):
            message = f"Expected a new user, got {name}, who is known."
            raise Conflict("user_exists", message, pointer="/name")
        audit.record(
            conn, call, "user.add", f"user:{name}", after={"role": role, **({"party": party} if party else {})}
        )
        return users.get(conn, name)

    return db.write(work)


def set_password(db: Database, call: Call, name: str, password: str) -> User:
    """Give a user another password; whoever is signed in with the old one is so no more.

    Raises:
        NotFound: no such user.
        InvalidInput: the password breaks a rule.
    """
    passwords.check_password(password)
    kept = passwords.kept(password)

    def work(conn: Connection) -> User:
        user = users.get(conn, name)
        users.set_password(conn, user.id, kept)
        ended = sessions.end_all(conn, user.id)
        audit.record(conn, call, "user.password", f"user:{name}", after={"sessions_ended": ended})
        return user

    return db.write(work)


def disable_user(db: Database, call: Call, name: str) -> User:
    """Let a user sign in no more, and end their sessions; doing it again changes nothing.

    Raises:
        NotFound: no such user.
    """

    def work(conn: Connection) -> User:
        user = users.get(conn, name)
        if users.disable(conn, user.id, call.at):
            ended = sessions.end_all(conn, user.id)
            audit.record(conn, call, "user.disable", f"user:{name}", after={"sessions_ended": ended})
        return users.get(conn, name)

    return db.write(work)


def enable_user(db: Database, call: Call, name: str) -> User:
    """Let a user sign in again, with the password they had; doing it again changes nothing.

    Raises:
        NotFound: no such user.
    """

    def work(conn: Connection) -> User:
        user = users.get(conn, name, lock=True)
        if user.disabled_at is not None:
            users.enable(conn, user.id)
            audit.record(conn, call, "user.enable", f"user:{name}", after={"role": user.role})
        return users.get(conn, name)

    return db.write(work)


def set_role(db: Database, call: Call, name: str, role: str) -> User:
    """Say what a user may do: at once, in their sessions too; the same again changes nothing.

    Raises:
        NotFound: no such user.
        InvalidInput: no such role.
        Conflict: a partner is one for ever, and nobody becomes one: what they captured is their party's.
    """
    check_role(role)

    def work(conn: Connection) -> User:
        user = users.get(conn, name, lock=True)
        if (user.role == PARTNER) != (role == PARTNER):
            raise Conflict("user_party", f"Expected a user who stays {user.role}, got {role}. Add another user.")
        if user.role != role:
            users.set_role(conn, user.id, role)
            audit.record(conn, call, "user.role", f"user:{name}", before={"role": user.role}, after={"role": role})
        return users.get(conn, name)

    return db.write(work)


def list_users(db: Database) -> tuple[User, ...]:
    """Return all users, in the order they came."""
    with db.read() as conn:
        return users.listing(conn)
