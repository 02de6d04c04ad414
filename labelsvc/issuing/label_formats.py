"""Use cases: label formats, each revision kept for ever."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.pages import Page
from labelsvc.errors import at
from labelsvc.labels.formats import LabelFormat, shipped
from labelsvc.storage import audit, label_formats
from labelsvc.storage.database import Database
from labelsvc.storage.label_formats import NewFormat, StoredFormat


def add_format(db: Database, call: Call, toml: str, files: Mapping[str, bytes]) -> StoredFormat:
    """Add a revision of a label format, and give it to the batches to come.

    The same content is the same revision: to add an old one again is to go back to it.

    Raises:
        InvalidInput: the format breaks a rule; the sentence names line and key.
    """
    with at("/toml"):
        fmt = LabelFormat.parse(toml, files)

    def work(conn: Connection) -> StoredFormat:
        before = label_formats.find(conn, fmt.name, lock=True)
        if before is None or before.revision != fmt.revision:
            label_formats.add(conn, NewFormat(fmt.revision, fmt.name, toml, files), call.at)
            _use(conn, call, "label_format.add", fmt, before)
        return label_formats.at_revision(conn, fmt.revision)

    return db.write(work)


def seed_formats(db: Database, now: datetime) -> None:
    """Put the shipped label formats into the books; a format that a user has changed stays the user's."""
    formats = shipped()
    call = Call(Actor("shell", "labelsvc"), now)

    def work(conn: Connection) -> None:
        for fmt in formats.values():
            before = label_formats.find(conn, fmt.name, lock=True)
            label_formats.add(conn, NewFormat(fmt.revision, fmt.name, fmt.toml, fmt.files), now, shipped=True)
            if before is None or (before.shipped and before.revision != fmt.revision):
                _use(conn, call, "label_format.seed", fmt, before)

    db.write(work)


def _use(conn: Connection, call: Call, action: str, fmt: LabelFormat, before: StoredFormat | None) -> None:
    label_formats.use(conn, fmt.name, fmt.revision)
    old = {"revision": before.revision} if before else None
    new = {"revision": fmt.revision}
    audit.record(conn, call, action, f"label_format:{fmt.name}", before=old, after=new)


def get_format(db: Database, name: str) -> StoredFormat:
    """Return the revision of a label format that is in use.

    Raises:
        NotFound: no such format.
    """
    with db.read() as conn:
        return label_formats.in_use(conn, name)


def list_formats(db: Database, after: int, limit: int) -> Page[StoredFormat]:
    """Return the revision in use of every label format."""
    with db.read() as conn:
        return label_formats.listing(conn, after, limit)
