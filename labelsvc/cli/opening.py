"""What a command works with: settings, database and issuer."""

from __future__ import annotations

import getpass
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import click

from labelsvc import errors
from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.gs1 import check_digital_link_domain
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.pages import Page
from labelsvc.domain.places import named
from labelsvc.settings import Settings
from labelsvc.storage import installation, schema
from labelsvc.storage.database import Database
from labelsvc.storage.secret_file import read_secret

T = TypeVar("T")

#: An id, and a cursor: what both databases can hold.
ID = click.IntRange(1, 2**63 - 1)
CURSOR = click.IntRange(0, 2**63 - 1)


@dataclass(frozen=True, slots=True)
class Shell:
    """An open installation, and who sits before it."""

    settings: Settings
    db: Database
    issuer: Issuer

    def call(self, key: str | None = None) -> Call:
        """Return who does something, and when: now.

        Args:
            key: the Idempotency-Key; without one the command is a new request each time.
        """
        return Call(shell_actor(), datetime.now(UTC), key or f"shell-{secrets.token_hex(16)}")

    def party(self, text: str | None) -> str | None:
        """Return the canonical URI of a party that is named by GLN, own code or URI; None: none is."""
        if text is None:
            return None
        with errors.at("/party"):
            return named("party", text, self.issuer.digital_link)


def tab(text: str | None) -> str:
    """Return a further field of a line, where there is one."""
    return f"\t{text}" if text else ""


def shell_actor() -> Actor:
    """Return who runs the command."""
    try:
        return Actor("shell", getpass.getuser()[:80])
    except (KeyError, OSError):  # a user that the system has no name for
        return Actor("shell", "unknown")


def settings() -> Settings:
    """Return the settings of this process."""
    return Settings.from_environment(os.environ)


@contextmanager
def opened() -> Iterator[Shell]:
    """Open the installation that the settings name.

    Raises:
        Unavailable: there is none, its schema is not the one expected, or the secret is missing or another.
    """
    chosen = settings()
    with Database.open(chosen.database_url) as db:
        if schema.current(db) is None:
            message = f"Expected an installation at {db.url}, got none. Run: labelsvc init"
            raise errors.Unavailable("installation_missing", message)
        schema.check(db)
        secret = read_secret(chosen.secret_file)
        with db.read() as conn:
            installation.check_secret(conn, secret)
        yield Shell(chosen, db, Issuer(secret, check_digital_link_domain(chosen.digital_link)))


def every(page_after: Callable[[int], Page[T]]) -> Iterator[T]:
    """Yield all items of a list that is read page by page.

    Args:
        page_after: returns the page after a cursor; 0 gives the first.
    """
    after: int | None = 0
    while after is not None:
        page = page_after(after)
        yield from page.items
        after = page.next
