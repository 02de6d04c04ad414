"""What a command works with: settings, database and issuer; and how its errors end it."""

from __future__ import annotations

import getpass
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from labelsvc import errors
from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.gs1 import check_digital_link_domain
from labelsvc.domain.issuer import Issuer
from labelsvc.settings import Settings
from labelsvc.storage import installation, schema
from labelsvc.storage.database import Database
from labelsvc.storage.secret_file import read_secret

#: What a command ends with; sysexits.h where it has a word for it.
_EXITS: dict[type[errors.LabelsvcError], int] = {
    errors.InvalidInput: 65,
    errors.Malformed: 65,
    errors.NotFound: 66,
    errors.Conflict: 73,
    errors.Unavailable: 75,
}


class Group(click.Group):
    """Commands whose errors are one sentence on stderr and an exit status, never a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except errors.LabelsvcError as error:
            where = f"{error.pointer.lstrip('/')}: " if error.pointer else ""
            click.echo(f"labelsvc: {where}{error.message} ({error.code})", err=True)
            ctx.exit(_EXITS.get(type(error), 1))


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
        Unavailable: the schema is not the one expected, or the secret is missing or another.
    """
    chosen = settings()
    with Database.open(chosen.database_url) as db:
        schema.check(db)
        secret = read_secret(chosen.secret_file)
        with db.read() as conn:
            installation.check_secret(conn, secret)
        yield Shell(chosen, db, Issuer(secret, check_digital_link_domain(chosen.digital_link)))
