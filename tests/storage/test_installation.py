"""The installation: a database is bound to one master secret, for good."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from labelsvc.errors import Unavailable
from labelsvc.storage import installation
from labelsvc.storage.database import Database

SECRET, OTHER = bytes(range(32)), bytes(32)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def bind(database: Database, secret: bytes) -> None:
    database.write(lambda conn: installation.bind_secret(conn, secret, NOW))


def check(database: Database, secret: bytes) -> None:
    with database.read() as conn:
        installation.check_secret(conn, secret)


def test_only_the_secret_it_was_bound_to_passes(database: Database) -> None:
    """Another is refused by name of its fingerprint; the secrets themselves are not shown."""
    bind(database, SECRET)
    check(database, SECRET)
    with pytest.raises(Unavailable) as refusal:
        check(database, OTHER)
    assert refusal.value.code == "secret_mismatch"
    mine, theirs = (installation.fingerprint(secret)[:12] for secret in (SECRET, OTHER))
    assert refusal.value.message == f"Expected the master secret with fingerprint {mine}, got one with {theirs}."


def test_binding_again_changes_nothing(database: Database) -> None:
    """The same secret is fine, another is refused, and the first one stays."""
    bind(database, SECRET)
    bind(database, SECRET)
    with pytest.raises(Unavailable, match="fingerprint"):
        bind(database, OTHER)
    check(database, SECRET)


def test_a_database_that_was_never_bound_names_the_command(database: Database) -> None:
    """Nothing is granted from it."""
    with pytest.raises(Unavailable, match=r"Run: labelsvc secret init$") as refusal:
        check(database, SECRET)
    assert refusal.value.code == "secret_missing"


def test_the_fingerprint_is_no_plain_digest_of_the_secret() -> None:
    """HMAC-SHA256 with a label of its own, so that it says nothing of a key that is derived elsewhere."""
    expected = hmac.new(SECRET, b"labelsvc master secret fingerprint", hashlib.sha256).hexdigest()
    assert installation.fingerprint(SECRET) == expected
    assert expected != hashlib.sha256(SECRET).hexdigest()
    assert installation.fingerprint(SECRET) != installation.fingerprint(OTHER)
