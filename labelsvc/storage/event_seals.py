"""Events that the audit vouches for: entries `event.seal` hold their digests, and the audit's chain holds these."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, insert, select

from labelsvc.domain.actors import Call
from labelsvc.storage import audit
from labelsvc.storage.database import members
from labelsvc.storage.pages import AnyRow
from labelsvc.storage.tables import event_seals, events

ACTION = "event.seal"
#: Events of one entry, which goes along with every proof for one of them.
EVENTS_AT_MOST = 50

_COLUMNS = (
    events.c.id,
    events.c.hash,
    events.c.declaration,
    events.c.event_id,
    events.c.record_time,
    events.c.body,
)


def any_unsealed(conn: Connection, since: int) -> bool:
    """Tell whether the audit does not vouch yet for an event with an id above `since`."""
    return conn.execute(_unsealed(since).with_only_columns(events.c.id).limit(1)).first() is not None


def newest_sealed(conn: Connection) -> int:
    """Return the greatest id of an event that the audit vouches for; 0: there is none."""
    query = select(event_seals.c.event_id).order_by(event_seals.c.event_id.desc()).limit(1)
    return int(conn.execute(query).scalar() or 0)


def seal(conn: Connection, call: Call, since: int) -> int:
    """Write one entry for events with ids above `since` that have none; return how many. The caller has the turn."""
    rows = conn.execute(_unsealed(since).order_by(events.c.id).limit(EVENTS_AT_MOST)).all()
    if rows:
        said = {"events": [_digests(row) for row in rows]}
        audit_id = audit.record(conn, call, ACTION, f"event:{rows[0].id}", after=said)
        conn.execute(insert(event_seals), [{"event_id": row.id, "audit_id": audit_id} for row in rows])
    return len(rows)


def entry_of(conn: Connection, event_id: int) -> int | None:
    """Return the id of the entry in which an event's digests stand; None: not yet."""
    query = select(event_seals.c.audit_id).where(event_seals.c.event_id == event_id)
    return conn.execute(query).scalar()


def damaged(conn: Connection, vouched: Sequence[Mapping[str, Any]]) -> list[int]:
    """Return the ids of events that are no longer what an entry says of them.

    Args:
        vouched: `events` of the entry.
    """
    said = {one["id"]: one for one in vouched if isinstance(one.get("id"), int)}
    found: dict[int, Mapping[str, Any] | None]
    try:
        rows = conn.execute(select(*_COLUMNS).where(events.c.id.in_(members(conn, list(said))))).all()
        found = {row.id: _digests(row) for row in rows}
    except (ValueError, TypeError, AttributeError):  # somebody wrote into one what is no value of its column
        found = {event_id: _one(conn, event_id) for event_id in said}
    return [event_id for event_id, digests in said.items() if found.get(event_id) != digests]


def _one(conn: Connection, event_id: int) -> Mapping[str, Any] | None:
    try:
        return _digests(conn.execute(select(*_COLUMNS).where(events.c.id == event_id)).one())
    except Exception:  # noqa: BLE001  # whatever keeps it from being read, it is not what was sealed
        return None


def _unsealed(since: int) -> Any:
    joined = events.outerjoin(event_seals, event_seals.c.event_id == events.c.id)
    return select(*_COLUMNS).select_from(joined).where(events.c.id > since, event_seals.c.event_id.is_(None))


def _digests(row: AnyRow) -> dict[str, Any]:
    """Return what the audit keeps of an event: nothing of what it says, as others are shown the entry too.

    `hash` is the one of CBV 2.0, that anybody computes who was given the event in any form; `body` is of its eventID,
    a line feed, and its bytes as they stand here.
    """
    return {
        "id": row.id,
        "hash": row.hash,
        "declaration": row.declaration,
        "recorded": row.record_time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "body": hashlib.sha256(f"{row.event_id}\n{row.body}".encode()).hexdigest(),
    }
