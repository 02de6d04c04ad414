"""Use cases: a user signs in, is let in by their session, and signs out.

A session is a random token that only the browser has; the books have its digest. It ends after 12 hours, after two
hours in which nobody used it, when its user signs out, gets another password or is disabled.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from labelsvc.access import passwords
from labelsvc.access.guesses import Guesses
from labelsvc.access.roles import PARTNER, Client
from labelsvc.access.users import NAME
from labelsvc.domain.actors import Actor, Call
from labelsvc.errors import TooMany, Unauthenticated
from labelsvc.storage import audit, sessions, users
from labelsvc.storage.database import Database

LIFETIME = timedelta(hours=12)
IDLE = timedelta(hours=2)
#: Sessions of one user at once; another one ends the oldest.
PER_USER = 20
#: Characters of a name that are looked at; one that exists has 40 at most.
_NAME_AT_MOST = 80
#: That a session was used is written down at most this often.
_SEEN_EVERY = timedelta(minutes=1)
#: Passwords that are tried at the same time, and that may wait for it: each takes 32 MiB and a quarter of a second.
_AT_ONCE = 2
_WAITING = 4


class Door:
    """Where a web process lets users in: how often is guessed, and how many passwords are tried at once."""

    def __init__(self) -> None:
        self.guesses = Guesses()
        self._seats = threading.BoundedSemaphore(_AT_ONCE + _WAITING)
        self._trying = threading.BoundedSemaphore(_AT_ONCE)

    @contextmanager
    def seat(self) -> Iterator[None]:
        """Wait until a password may be tried.

        Raises:
            TooMany: too many others wait.
        """
        if not self._seats.acquire(blocking=False):
            message = f"Expected at most {_AT_ONCE + _WAITING} people to sign in at once, got one more. Try again."
            raise TooMany("sign_in_busy", message, retry_after=2)
        try:
            with self._trying:
                yield
        finally:
            self._seats.release()


@dataclass(frozen=True, slots=True)
class Entered:
    """Someone who is signed in.

    Attributes:
        form_key: what each form of this session has to carry; nobody can tell it who does not know the token.
    """

    client: Client
    form_key: str


def sign_in(db: Database, door: Door, said: tuple[str, str], address: str, now: datetime) -> str:
    """Begin a session and return its token, which is shown this once.

    Args:
        said: name and password.
        address: where the browser is.

    Raises:
        Unauthenticated: nobody's name, another's password, or a user who was disabled; the answer, and the time it
            takes, is the same for all three.
        TooMany: wrong too often, or too many others at this moment.
    """
    name, password = said[0].strip().lower()[:_NAME_AT_MOST], said[1][: passwords.LENGTH_AT_MOST + 1]
    door.guesses.begin(name, address, now)
    with door.seat():
        found = _found(db, name)
        right = passwords.is_right(password, found[1] if found else None)
    if found is None or not right or found[0].disabled_at is not None:
        raise Unauthenticated("sign_in", "Expected a name and its password, got something else.")
    door.guesses.right(name, address)
    user, token = found[0], secrets.token_urlsafe(32)

    def work(conn: Connection) -> None:
        if users.get(conn, name, lock=True).disabled_at is not None or users.find(conn, name) != found:
            raise Unauthenticated("sign_in", "Expected a name and its password, got something else.")
        sessions.end_old(conn, user.id, now, now - IDLE, PER_USER - 1)
        sessions.add(conn, _digest(token), user.id, now, now + LIFETIME)
        audit.record(conn, Call(Actor("user", name), now), "user.sign_in", f"user:{name}")

    db.write(work)
    return token


def _found(db: Database, name: str) -> tuple[users.User, str] | None:
    if not NAME.fullmatch(name):  # it cannot be anyone's, and perhaps not even be asked for
        return None
    with db.read() as conn:
        return users.find(conn, name)


def enter(db: Database, token: str, now: datetime) -> Entered:
    """Return whose session this is.

    Raises:
        Unauthenticated: nobody's, or it has ended.
    """
    digest = _digest(token)
    with db.read() as conn:
        session = sessions.find(conn, digest)
    if session is None or not now < min(session.expires_at, session.seen_at + IDLE) or _shut_out(session):
        raise Unauthenticated("session_ended", "Expected a session that goes on, got one that has ended.")
    if now - session.seen_at >= _SEEN_EVERY:
        db.write(lambda conn: sessions.seen(conn, digest, now))
    found = Client(session.name, session.role, "user", session.party_id)  # type: ignore[arg-type]  # one of ROLES
    return Entered(found, form_key(token))


def _shut_out(session: sessions.Session) -> bool:
    # Before partners had parties there may have been some: of nobody they would see what nobody should.
    return session.disabled or (session.role == PARTNER and session.party_id is None)


def sign_out(db: Database, call: Call, token: str) -> None:
    """End a session.

    Raises:
        Unauthenticated: it has ended.
    """

    def work(conn: Connection) -> None:
        if not sessions.end(conn, _digest(token)):
            raise Unauthenticated("session_ended", "Expected a session that goes on, got one that has ended.")
        audit.record(conn, call, "user.sign_out", f"user:{call.actor.id}")

    db.write(work)


def _digest(token: str) -> str:
    """Return the SHA-256 of a token: it has 256 random bits, so nothing slower is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def form_key(token: str) -> str:
    """Return what a form has to carry that belongs to a token."""
    return hmac.new(token.encode("utf-8", "surrogatepass"), b"form", hashlib.sha256).hexdigest()
