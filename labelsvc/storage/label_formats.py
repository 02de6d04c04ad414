"""Label formats in the books: every revision, for ever; the files of the package only seed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from labelsvc.domain.pages import Page
from labelsvc.errors import NotFound
from labelsvc.storage.database import insert_new
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import label_format_files, label_formats, label_formats_in_use


@dataclass(frozen=True, slots=True)
class StoredFormat:
    """A revision of a label format."""

    id: int
    revision: str
    name: str
    toml: str
    shipped: bool
    created_at: datetime


_FORMAT = select(
    label_formats.c.id,
    label_formats.c.revision,
    label_formats.c.name,
    label_formats.c.toml,
    label_formats.c.shipped,
    label_formats.c.created_at,
)
_IN_USE = _FORMAT.join(label_formats_in_use, label_formats_in_use.c.revision == label_formats.c.revision)


def _format(row: AnyRow) -> StoredFormat:
    return StoredFormat(**row._mapping)


@dataclass(frozen=True, slots=True)
class NewFormat:
    """A label format and its images, and the hash that names them."""

    revision: str
    name: str
    toml: str
    files: Mapping[str, bytes]


def add(conn: Connection, new: NewFormat, at: datetime, *, shipped: bool = False) -> bool:
    """Insert a revision; False where it is there already."""
    values = {"revision": new.revision, "name": new.name, "toml": new.toml, "shipped": shipped, "created_at": at}
    if not insert_new(conn, label_formats, values):
        return False
    for name, content in new.files.items():
        conn.execute(insert(label_format_files).values(revision=new.revision, name=name, content=content))
    return True


def use(conn: Connection, name: str, revision: str) -> None:
    """Give new batches this revision of a format."""
    if not insert_new(conn, label_formats_in_use, {"name": name, "revision": revision}):
        conn.execute(update(label_formats_in_use).where(label_formats_in_use.c.name == name).values(revision=revision))


def find(conn: Connection, name: str, *, lock: bool = False) -> StoredFormat | None:
    """Return the revision of a format that is in use.

    Args:
        lock: keep others from putting another in use until this transaction ends.
    """
    if lock:
        conn.execute(select(label_formats_in_use.c.name).where(label_formats_in_use.c.name == name).with_for_update())
    row = conn.execute(_IN_USE.where(label_formats_in_use.c.name == name)).one_or_none()
    return _format(row) if row else None


def in_use(conn: Connection, name: str) -> StoredFormat:
    """Return the revision of a format that is in use.

    Raises:
        NotFound: there is no format of that name.
    """
    found = find(conn, name)
    if found is None:
        raise NotFound("label_format_unknown", f"Expected the name of a label format, got {name[:80]!r}.")
    return found


def at_revision(conn: Connection, revision: str) -> StoredFormat:
    """Return a revision that is known to exist."""
    return _format(conn.execute(_FORMAT.where(label_formats.c.revision == revision)).one())


def files_of(conn: Connection, revision: str) -> dict[str, bytes]:
    """Return the images of a revision by name."""
    rows = conn.execute(
        select(label_format_files.c.name, label_format_files.c.content).where(label_format_files.c.revision == revision)
    )
    return {row.name: bytes(row.content) for row in rows}


def listing(conn: Connection, after: int, limit: int) -> Page[StoredFormat]:
    """Return the revision in use of every format."""
    return page(conn, _IN_USE, label_formats.c.id, (after, limit), _format)
