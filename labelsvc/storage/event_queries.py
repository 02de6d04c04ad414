"""Events that a query asks for: by index where there is one, and never more rows than a bound allows at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from labelsvc.domain.epcis.queries import EventQuery, Places
from labelsvc.storage.database import members
from labelsvc.storage.tables import event_terms, events, locations, unit_events, units

#: Rows of events that one step looks at, and bodies that it reads.
ROWS_AT_ONCE = 20_000
BODIES_AT_ONCE = 2_000

_VALUE_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a query's order an event stands.

    Attributes:
        key: what the order goes by; None: by `id` alone.
    """

    id: int
    key: datetime | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """An event as it was received.

    Attributes:
        context: the `@context` it stands in.
    """

    id: int
    event_id: str
    record_time: datetime
    document: Mapping[str, Any]
    context: Any


def latest(conn: Connection) -> int:
    """Return the id of the latest event; 0: there is none."""
    return int(conn.execute(select(func.coalesce(func.max(events.c.id), 0))).scalar_one())


def step(
    conn: Connection, query: EventQuery, after: Place | None, ids: tuple[int, int], most: int
) -> tuple[Sequence[Place], Place | None]:
    """Return where the next events stand that fit as far as columns say, and where the step ended before the end.

    Args:
        after: where to go on.
        ids: events above the first id, up to the last.
        most: events at most.
    """
    key = _key(query)
    descending = query.order is not None and query.descending
    low, top = ids
    found = [events.c.id <= top, events.c.id > low, *_indexed(conn, query)]
    if after is not None:
        found.append(_beyond(key, after, descending=descending))
    order = [column.desc() if descending else column.asc() for column in ([key] if key is not None else [])]
    order.append(events.c.id.desc() if descending else events.c.id.asc())
    rows = select(events.c.id, *([key] if key is not None else [])).where(and_(*found)).order_by(*order)
    columns = _columns(conn, query)
    if columns:
        looked_at = rows.limit(ROWS_AT_ONCE).subquery()
        wanted = select(looked_at).join(events, events.c.id == looked_at.c.id).where(and_(*columns))
        positions: Any = [looked_at.c.id] if key is None else [looked_at.c[key.name], looked_at.c.id]
        wanted = wanted.order_by(*(each.desc() if descending else each.asc() for each in positions))
        end = conn.execute(rows.offset(ROWS_AT_ONCE - 1).limit(1)).one_or_none()
    else:
        wanted, end = rows, None
    places = [Place(*row) for row in conn.execute(wanted.limit(most)).all()]
    if len(places) == most:
        return places, places[-1]
    return places, None if end is None else Place(*end)


def bodies(conn: Connection, ids: Sequence[int]) -> Sequence[Body]:
    """Return events as they were received, in the order of the ids."""
    if not ids:
        return []
    query = select(events.c.id, events.c.event_id, events.c.record_time, events.c.body, events.c.context)
    found = {
        int(row.id): Body(
            int(row.id),
            row.event_id,
            row.record_time,
            json.loads(row.body),
            None if row.context is None else json.loads(row.context),
        )
        for row in conn.execute(query.where(events.c.id.in_(members(conn, list(ids)))))
    }
    return [found[each] for each in ids]


def named(conn: Connection, event_id: str) -> Sequence[int]:
    """Return the ids of the events with an eventID: the event, and the declarations that it is in error."""
    query = select(events.c.id).where(events.c.event_id == event_id)
    return [int(row) for row in conn.execute(query.order_by(events.c.id).limit(100)).scalars()]


def _key(query: EventQuery) -> Any:
    if query.order is None:
        return None
    return events.c.event_time if query.order == "eventTime" else events.c.record_time


def _beyond(key: Any, after: Place, *, descending: bool) -> ColumnElement[bool]:
    if key is None:
        return events.c.id > after.id
    if descending:
        return or_(key < after.key, and_(key == after.key, events.c.id < after.id))
    return or_(key > after.key, and_(key == after.key, events.c.id > after.id))


def _indexed(conn: Connection, query: EventQuery) -> list[ColumnElement[bool]]:
    """Return what an index answers."""
    found: list[ColumnElement[bool]] = []
    for (column, op), at in query.times.items():
        found.append(events.c[column] >= at if op == "ge" else events.c[column] < at)
    if query.ids is not None:
        found.append(events.c.event_id.in_(query.ids))
    for roles, epcs in query.epcs:
        named_ones: Select[Any] = (
            select(unit_events.c.event_id)
            .join(units, units.c.id == unit_events.c.unit_id)
            .where(units.c.epc.in_(members(conn, list(epcs))), unit_events.c.role.in_(sorted(roles)))
        )
        found.append(events.c.id.in_(named_ones))
    for name, values in query.terms:
        cut = [value[:_VALUE_AT_MOST] for value in values]
        said = select(event_terms.c.event_id).where(
            event_terms.c.name == name[:80], event_terms.c.value.in_(members(conn, cut))
        )
        found.append(events.c.id.in_(said))
    return found


def _columns(conn: Connection, query: EventQuery) -> list[ColumnElement[bool]]:
    """Return what a column says that has no index."""
    found: list[ColumnElement[bool]] = [events.c[name].in_(values) for name, values in query.columns.items()]
    found += [_located(conn, places) for places in query.places]
    if query.declared:
        found.append(events.c.declaration != "")
    return found


def _located(conn: Connection, places: Places) -> ColumnElement[bool]:
    known: ColumnElement[bool] = locations.c.uri.in_(members(conn, list(places.uris)))
    if places.within:
        starts = [f"{uri.partition('/254/')[0]}/254/" for uri in places.uris if "/254/" not in uri]
        known = or_(known, *(func.substr(locations.c.uri, 1, len(start)) == start for start in starts))
    return events.c[f"{places.column}_id"].in_(select(locations.c.id).where(known))


@dataclass(frozen=True, slots=True)
class Mark:
    """How far events have come at a moment.

    Attributes:
        until: when every transaction below has ended, no event up to `top` can come any more.
        ended: at that moment every one below had.
    """

    top: int
    until: int
    ended: int


def mark(conn: Connection) -> Mark:
    """Return how far events have come: on PostgreSQL transactions end in another order than they took their ids."""
    top = latest(conn)
    if conn.dialect.name == "sqlite":
        return Mark(top, 0, 0)
    snapshot = func.txid_current_snapshot()
    row = conn.execute(select(func.txid_snapshot_xmax(snapshot), func.txid_snapshot_xmin(snapshot))).one()
    return Mark(top, int(row[0]), int(row[1]))


def is_settled(conn: Connection, found: Mark) -> bool:
    """Tell whether no further event can come below a mark."""
    return mark(conn).ended >= found.until
