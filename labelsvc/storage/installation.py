"""The one row that says what this installation is, and the master secret's fingerprint."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from sqlalchemy import Connection, select, update

from labelsvc.domain.actors import Actor, Call
from labelsvc.errors import Unavailable
from labelsvc.storage import audit
from labelsvc.storage.database import insert_new
from labelsvc.storage.tables import installation


def fingerprint(secret: bytes) -> str:
    """Return what may be stored of a master secret: enough to know it again, nothing to derive a key from."""
    return hmac.new(secret, b"labelsvc master secret fingerprint", hashlib.sha256).hexdigest()


def bind_secret(conn: Connection, secret: bytes, at: datetime) -> None:
    """Bind this database to a secret, for good; a database that has one is only checked.

    Raises:
        Unavailable: the database was bound to another secret.
    """
    mine = fingerprint(secret)
    if insert_new(conn, installation, {"id": 1, "secret_fingerprint": mine, "created_at": at}):
        call = Call(Actor("shell", "labelsvc"), at)
        audit.record(conn, call, "secret.bind", "installation:1", after={"fingerprint": mine[:12]})
    check_secret(conn, secret)


def check_secret(conn: Connection, secret: bytes) -> None:
    """Refuse a secret that this database's serials were not made with: it would issue duplicates in silence.

    Raises:
        Unavailable: the fingerprints differ, or there is none yet.
    """
    stored = conn.execute(select(installation.c.secret_fingerprint)).scalar_one_or_none()
    if stored is None:
        raise Unavailable("secret_missing", "Expected a bound master secret, got none. Run: labelsvc secret init")
    mine = fingerprint(secret)
    if not hmac.compare_digest(stored, mine):
        raise Unavailable(
            "secret_mismatch",
            f"Expected the master secret with fingerprint {stored[:12]}, got one with {mine[:12]}.",
        )


def skip(conn: Connection, count: int) -> None:
    """Have every pool that is made from now on begin with so many lost numbers more.

    They add up: a pool that was made after one restore began behind what was skipped then, and gave its numbers from
    there; when it was lost by the next, these are to be skipped, too.
    """
    conn.execute(update(installation).values(skipped=installation.c.skipped + count))


def skipped(conn: Connection) -> int:
    """Return with how many lost numbers a new pool begins: none, unless a backup was restored."""
    return int(conn.execute(select(installation.c.skipped)).scalar_one_or_none() or 0)
