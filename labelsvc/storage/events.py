"""Events in the books: each whole, once, and never changed but for what is said of it later."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, or_, select, update

from labelsvc.domain.actors import Call
from labelsvc.domain.epcis.events import Event
from labelsvc.domain.units.rules import RECEIVING, SKEW
from labelsvc.storage import places
from labelsvc.storage.database import insert_new
from labelsvc.storage.tables import event_terms, events


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event that is in the books now.

    Attributes:
        location, holder: where it leaves its units, and with whom; ids.
        corrects: it is an error declaration, or one of it was there before.
    """

    id: int
    location: int | None
    holder: int | None
    future: bool
    corrects: bool


def record(
    conn: Connection, call: Call, event: Event, *, own: bool, parent_id: int | None, capture_id: int | None
) -> Recorded | None:
    """Write an event; None: it is in the books already.

    Args:
        own: this installation made it.
        parent_id: the unit that others are put into or taken out of.
    """
    at = places.location_ids(conn, (event.read_point, event.biz_location), call.at)
    holder_uri = holder_of(event)
    holder = places.party_ids(conn, (holder_uri,), call.at).get(holder_uri or "")
    read_point, biz_location = at.get(event.read_point or ""), at.get(event.biz_location or "")
    future = event.time > call.at + SKEW
    declaration = _declaration(event)
    row = insert_new(
        conn,
        events,
        {
            "hash": event.hash,
            "declaration": declaration,
            "event_id": event.event_id or event.uri,
            "type": event.type,
            "action": event.action,
            "biz_step": event.biz_step,
            "disposition": event.disposition,
            "read_point_id": read_point,
            "biz_location_id": biz_location,
            "parent_id": parent_id,
            "holder_id": holder,
            "sets": " ".join(event.set),
            "unsets": " ".join(event.unset),
            "lot": event.ilmd.lot,
            "expiry": day_of(event.ilmd.expiry),
            "sweeps": event.action == "DELETE" and event.parent is not None and not event.children,
            "event_time": event.time,
            "time_offset": event.offset,
            "record_time": call.at,
            "future": future,
            "own": own,
            "context": None if event.context is None else json.dumps(event.context, ensure_ascii=False),
            "body": json.dumps(event.document, ensure_ascii=False, separators=(",", ":")),
            "capture_id": capture_id,
            "actor_kind": call.actor.kind,
            "actor_id": call.actor.id,
        },
    )
    if row is None:
        return None
    event_id = int(row[0])
    _record_terms(conn, event_id, event)
    corrects = _note_errors(conn, event, declaration)
    return Recorded(event_id, biz_location or read_point, holder, future, corrects)


def holder_of(event: Event) -> str | None:
    """Return who has the things after an event: whoever they were received for."""
    if event.biz_step not in RECEIVING:
        return None
    said = dict(event.destinations)
    return said.get("possessing_party") or said.get("owning_party")


def day_of(text: str | None) -> date | None:
    """Return a date of ILMD; None: it names none."""
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None


def _declaration(event: Event) -> str:
    """Return what tells the declarations of one event from each other, and from the event itself."""
    if event.declaration is None:
        return ""
    said = event.declaration
    parts = [said.time.isoformat(), said.reason or "", *sorted(said.corrective)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _record_terms(conn: Connection, event_id: int, event: Event) -> None:
    terms = {
        *(("epcClass", quantity.epc_class) for quantity in event.quantities),
        *((f"source_{kind}", uri) for kind, uri in event.sources),
        *((f"destination_{kind}", uri) for kind, uri in event.destinations),
        *((f"bizTransaction_{kind or ''}", uri) for kind, uri in event.transactions),
        *((("transformationID", event.transformation_id),) if event.transformation_id else ()),
        *(("correctiveEventID", uri) for uri in (event.declaration.corrective if event.declaration else ())),
    }
    if terms:
        rows = [{"event_id": event_id, "name": name[:80], "value": value[:500]} for name, value in sorted(terms)]
        conn.execute(insert(event_terms), rows)


def _note_errors(conn: Connection, event: Event, declaration: str) -> bool:
    """Mark what is declared to be in error, whichever of both came first; return whether something is."""
    same = or_(events.c.hash == event.hash, events.c.event_id == (event.event_id or event.uri))
    if declaration:
        conn.execute(update(events).where(same, events.c.declaration == "").values(error=True))
        return True
    declared = conn.execute(select(events.c.id).where(same, events.c.declaration != "").limit(1)).one_or_none()
    if declared is None:
        return False
    conn.execute(update(events).where(events.c.hash == event.hash, events.c.declaration == "").values(error=True))
    return True


def bodies(conn: Connection, ids: list[int]) -> Mapping[int, tuple[str, datetime]]:
    """Return events as they were received, with when they were recorded, by their ids."""
    rows = conn.execute(select(events.c.id, events.c.body, events.c.record_time).where(events.c.id.in_(ids)))
    return {int(row.id): (row.body, row.record_time) for row in rows}
