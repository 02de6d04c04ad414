"""Use cases: events that somebody asks for, page by page, in steps that have a bound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.epcis.queries import EventQuery
from labelsvc.errors import NotFound, TooLarge
from labelsvc.storage import event_queries
from labelsvc.storage.database import Database
from labelsvc.storage.event_queries import Body, Place

#: Events whose bodies are read at a time.
_READ_AT_ONCE = 100
#: Steps that are made to find out whether a query has more events than it admits.
_STEPS_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class Told:
    """Some of the events that a query finds.

    Attributes:
        events: each as it was received, with its eventID and its recordTime, and the `@context` it stands in.
        next: where to go on, JSON values; None: these were the last.
    """

    events: tuple[tuple[Mapping[str, Any], Any], ...]
    next: Sequence[Any] | None


def find_events(db: Database, query: EventQuery, position: Sequence[Any], per_page: int) -> Told:
    """Return a page of events; it may be short, or empty, before the last where only bodies can tell which fit.

    Args:
        position: `next` of the page before; empty for the first.

    Raises:
        TooLarge: query_too_large, the query finds more than its own maxEventCount.
    """
    with db.read() as conn:
        top, told, after = _position(position) if position else (event_queries.latest(conn), 0, None)
        if query.most is not None and not position:
            _check_count(conn, query, top)
        wanted = per_page if query.limit is None else min(per_page, query.limit - told)
        found, end = page(conn, query, (0, top), after, wanted)
    told += len(found)
    if end is None or (query.limit is not None and told >= query.limit):
        return Told(tuple(map(shown, found)), None)
    return Told(tuple(map(shown, found)), [top, told, end.id, None if end.key is None else end.key.isoformat()])


def page(
    conn: Connection, query: EventQuery, ids: tuple[int, int], after: Place | None, wanted: int
) -> tuple[list[Body], Place | None]:
    """Return as many events as are wanted, or as one step finds; and where to go on, None at the end."""
    most = event_queries.BODIES_AT_ONCE if query.bodies else wanted + 1
    places, end = event_queries.step(conn, query, after, ids, most)
    found: list[tuple[Place, Body]] = []
    for start in range(0, len(places), _READ_AT_ONCE):
        chunk = places[start : start + _READ_AT_ONCE]
        bodies = event_queries.bodies(conn, [place.id for place in chunk])
        found += [(place, body) for place, body in zip(chunk, bodies, strict=True) if _fits(query, body)]
        if len(found) > wanted:
            return [body for _, body in found[:wanted]], found[wanted - 1][0]
    return [body for _, body in found], end


def get_event(db: Database, event_id: str) -> Told:
    """Return an event by its eventID, and the declarations that it is in error.

    Raises:
        NotFound: there is none.
    """
    with db.read() as conn:
        found = event_queries.bodies(conn, event_queries.named(conn, event_id))
    if not found:
        raise NotFound("event_unknown", "Expected the eventID of an event, got another text.")
    return Told(tuple(map(shown, found)), None)


def _fits(query: EventQuery, body: Body) -> bool:
    return all(condition.holds(body.document, body.context) for condition in query.bodies)


def _check_count(conn: Connection, query: EventQuery, top: int) -> None:
    most = query.most or 0
    after, count = None, 0
    for _ in range(_STEPS_AT_MOST):
        found, after = page(conn, query, (0, top), after, most + 1 - count)
        count += len(found)
        if count > most:
            break
        if after is None:
            return
    raise TooLarge("query_too_large", f"Expected at most {most} events, as maxEventCount says, got more.")


def _position(given: Sequence[Any]) -> tuple[int, int, Place]:
    top, told, row, key = given
    return top, told, Place(row, None if key is None else datetime.fromisoformat(key))


def shown(body: Body) -> tuple[Mapping[str, Any], Any]:
    """Return an event as it was received, with its eventID and its recordTime, and the `@context` it stands in."""
    recorded = body.record_time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**body.document, "eventID": body.event_id, "recordTime": recorded}, body.context
