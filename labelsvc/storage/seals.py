r"""The audit's hash chain in the books: entries in the order they were sealed, each digest resting on the one before.

The digest of a seal is SHA-256 of the digest before it (32 bytes; zeros before the first) and the entry's canonical
bytes. These are a JSON object (RFC 8259) in UTF-8 of all columns of the entry: members in the order of their names'
code points at every level, no space between tokens, text unescaped but for `"`, `\` and U+0000 to U+001F (\b \t \n
\f \r, else \u and four small hexadecimal digits), whole numbers in full, other numbers as the shortest decimal that
reads back the same (70.0), `at` in UTC as 2026-11-20T08:30:00.123456Z, always with six digits.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select

from labelsvc.storage.database import insert_new
from labelsvc.storage.tables import audit, audit_seals, turns

#: What the first entry rests on.
BEGINNING = "0" * 64

_TURN = "audit-sealer"


@dataclass(frozen=True, slots=True)
class Seal:
    """One link of the chain; sequence 0 is what the first rests on."""

    sequence: int
    digest: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """A link with what it seals.

    Attributes:
        content: the entry's canonical bytes, empty where it has none any more; None: the entry is not there.
    """

    sequence: int
    digest: str
    audit_id: int
    content: bytes | None
    action: str | None
    subject: str | None


@dataclass(frozen=True, slots=True)
class Tail:
    """Entries without a seal: how many, and the ids of the first and the last."""

    count: int
    first: int | None
    last: int | None


def canonical(entry: Mapping[str, Any]) -> bytes:
    """Return the bytes of an entry that are sealed."""
    at: datetime = entry["at"]
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    value = {**entry, "at": moment}
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(before: str, content: bytes) -> str:
    """Return the digest of a seal."""
    return hashlib.sha256(bytes.fromhex(before) + content).hexdigest()


def is_digest(stored: object) -> bool:
    """Whether what stands in a seal is a digest, be it the right one."""
    return isinstance(stored, str) and re.fullmatch("[0-9a-f]{64}", stored) is not None


def fits(before: str, content: bytes, stored: str) -> bool:
    """Whether a seal's digest is what it has to be; nothing rests on what is none."""
    return is_digest(before) and digest(before, content) == stored


def last(conn: Connection) -> Seal:
    """Return the chain's last seal."""
    row = conn.execute(
        select(audit_seals.c.sequence, audit_seals.c.digest).order_by(audit_seals.c.sequence.desc()).limit(1)
    ).one_or_none()
    return Seal(row.sequence, row.digest) if row else Seal(0, BEGINNING)


def take_turn(conn: Connection) -> None:
    """Wait until nobody else seals, and let nobody until the transaction ends; SQLite has one writer anyway."""
    insert_new(conn, turns, {"name": _TURN})
    conn.execute(select(turns.c.name).where(turns.c.name == _TURN).with_for_update())


def seal(conn: Connection, since: int, at: datetime, at_most: int) -> tuple[int, Seal]:
    """Seal entries with ids above `since` that have no seal yet; return how many, and the chain's last seal.

    The caller has the turn.
    """
    end, rows = last(conn), []
    for entry in conn.execute(_unsealed(since).order_by(audit.c.id).limit(at_most)):
        end = Seal(end.sequence + 1, digest(end.digest, canonical(entry._asdict())))
        rows.append({"sequence": end.sequence, "audit_id": entry.id, "digest": end.digest, "sealed_at": at})
    if rows:
        conn.execute(insert(audit_seals), rows)
    return len(rows), end


def any_unsealed(conn: Connection, since: int) -> bool:
    """Tell whether an entry with an id above `since` has no seal."""
    return conn.execute(_unsealed(since).limit(1)).first() is not None


def newest_sealed(conn: Connection) -> int:
    """Return the greatest id of an entry that has a seal; 0: none has."""
    return int(conn.execute(select(func.max(audit_seals.c.audit_id))).scalar() or 0)


def _unsealed(since: int) -> Any:
    joined = audit.outerjoin(audit_seals, audit_seals.c.audit_id == audit.c.id)
    return select(audit).select_from(joined).where(audit.c.id > since, audit_seals.c.audit_id.is_(None))


def tail(conn: Connection) -> Tail:
    """Return the entries that have no seal."""
    found = _unsealed(0).with_only_columns(func.count(), func.min(audit.c.id), func.max(audit.c.id))
    return Tail(*conn.execute(found).one())


def read(conn: Connection, after: int, limit: int) -> list[Sealed]:
    """Return the seals behind a sequence, in their order, with what they seal."""
    sequence = audit_seals.c.sequence
    links = select(sequence, audit_seals.c.digest, audit_seals.c.audit_id).where(sequence > after)
    rows = conn.execute(links.order_by(sequence).limit(limit)).all()
    if not rows:
        return []
    try:
        entries = _entries(conn, sequence.between(rows[0].sequence, rows[-1].sequence))
    except (ValueError, TypeError):  # somebody wrote into one what is no value of its column: which one is it?
        entries = {}
        for row in rows:
            try:
                entries |= _entries(conn, sequence == row.sequence)
            except (ValueError, TypeError):
                entries[row.audit_id] = _UNREADABLE
    return [Sealed(*row, *entries.get(row.audit_id, (None, None, None))) for row in rows]


def of_entry(conn: Connection, audit_id: int) -> Sealed | None:
    """Return the seal of an entry, with what it seals; None: it has none."""
    query = select(audit_seals.c.sequence).where(audit_seals.c.audit_id == audit_id)
    sequence = conn.execute(query).scalar()
    found = read(conn, sequence - 1, 1) if sequence is not None else []
    return found[0] if found else None


def is_there(conn: Connection, audit_id: int) -> bool:
    """Whether there is an entry with an id."""
    return conn.execute(select(audit.c.id).where(audit.c.id == audit_id)).first() is not None


#: Bytes, action and subject of an entry.
_Entry = tuple[bytes | None, str | None, str | None]
_UNREADABLE: _Entry = (b"", None, None)


def _entries(conn: Connection, which: ColumnElement[bool]) -> dict[int, _Entry]:
    """Return the entries of some seals by their ids; raises ValueError, TypeError where one has no canonical bytes."""
    joined = audit.join(audit_seals, audit_seals.c.audit_id == audit.c.id)
    rows = conn.execute(select(audit).select_from(joined).where(which))
    return {row.id: (canonical(row._asdict()), row.action, row.subject) for row in rows}
