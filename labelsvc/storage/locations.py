"""Locations in the books; events give them rows (storage/places), people give them names."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from labelsvc.domain.actors import Call
from labelsvc.domain.pages import Page
from labelsvc.domain.places import Location, NewLocation
from labelsvc.errors import NotFound
from labelsvc.storage import places
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import locations, parties

_LOCATION = select(locations, parties.c.uri.label("party")).outerjoin(parties, parties.c.id == locations.c.party_id)


def _location(row: AnyRow) -> Location:
    position = None if row.latitude is None else (row.latitude, row.longitude)
    return Location(row.id, row.uri, row.name, row.party, position, row.created_at)


def hold(conn: Connection, call: Call, uri: str) -> Location:
    """Return the location with a canonical URI, which gets a row where it has none, locked as `get` does."""
    return get(conn, places.location_ids(conn, (uri,), call.at)[uri], lock=True)


def get(conn: Connection, location_id: int, *, lock: bool = False) -> Location:
    """Return a location.

    Args:
        lock: keep others from changing it until this transaction ends.

    Raises:
        NotFound: there is none.
    """
    query = _LOCATION.where(locations.c.id == location_id)
    row = conn.execute(query.with_for_update(of=locations) if lock else query).one_or_none()
    if row is None:
        raise NotFound("location_unknown", f"Expected the id of a location, got {location_id}.")
    return _location(row)


def describe(conn: Connection, location_id: int, said: NewLocation, party_id: int | None) -> None:
    """Write what somebody says of a location that is known to exist.

    Args:
        party_id: whose it is.
    """
    latitude, longitude = said.position or (None, None)
    values = {"name": said.name, "party_id": party_id, "latitude": latitude, "longitude": longitude}
    conn.execute(update(locations).where(locations.c.id == location_id).values(**values))


def listing(conn: Connection, uri: str | None, after: int, limit: int) -> Page[Location]:
    """Return locations in the order they came.

    Args:
        uri: only the one with it.
    """
    query = _LOCATION if uri is None else _LOCATION.where(locations.c.uri == uri)
    return page(conn, query, locations.c.id, (after, limit), _location)
