"""What events say, each thing once: the top-level resources of EPCIS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from labelsvc.storage import places
from labelsvc.storage.tables import events, locations, units

#: Columns of events whose values are a resource.
WORDS = ("type", "biz_step", "disposition")
PLACES = ("read_point_id", "biz_location_id")


def words(conn: Connection, column: str, after: str, limit: int) -> Sequence[str]:
    """Return the values of a column in their order, each by one look into its index."""
    return [str(value) for value in _distinct(conn, column, after, limit)]


def located(conn: Connection, column: str, after: int, limit: int) -> Sequence[tuple[int, str]]:
    """Return the locations in a column, as ids and URIs, in the order of their ids."""
    ids = [int(value) for value in _distinct(conn, column, after, limit)]
    uris = places.location_uris(conn, ids)
    return [(each, uris[each]) for each in ids]


def things(conn: Connection, after: int, limit: int) -> Sequence[tuple[int, str]]:
    """Return the EPCs that events name, with the ids of their units."""
    query = select(units.c.id, units.c.epc).where(units.c.id > after).order_by(units.c.id).limit(limit)
    return [(int(row.id), str(row.epc)) for row in conn.execute(query)]


def says(conn: Connection, column: str, value: str) -> bool:
    """Tell whether any event has this value: a word, a location's URI, or (`epc`) an EPC."""
    if column == "epc":
        query = select(units.c.id).where(units.c.epc == value)
    elif column in PLACES:
        query = select(events.c.id).join(locations, locations.c.id == events.c[column]).where(locations.c.uri == value)
    else:
        query = select(events.c.id).where(events.c[column] == value)
    return conn.execute(query.limit(1)).first() is not None


def _distinct(conn: Connection, column: str, after: Any, limit: int) -> list[Any]:
    found: list[Any] = []
    while len(found) < limit:
        following = conn.execute(select(func.min(events.c[column])).where(events.c[column] > after)).scalar_one()
        if following is None:
            break
        found.append(following)
        after = following
    return found
