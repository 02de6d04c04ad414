"""Parties and locations in the books: whatever an event names has a row, with or without a name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, Table, select

from labelsvc.storage.database import among, insert_new
from labelsvc.storage.tables import locations, parties


def location_ids(conn: Connection, uris: Iterable[str | None], at: datetime) -> Mapping[str, int]:
    """Return the ids of locations by their canonical URIs; one that nobody named before gets a row."""
    return _ids(conn, locations, uris, at)


def party_ids(conn: Connection, uris: Iterable[str | None], at: datetime) -> Mapping[str, int]:
    """Return the ids of parties by their canonical URIs; one that nobody named before gets a row."""
    return _ids(conn, parties, uris, at)


def location_uris(conn: Connection, ids: Iterable[int | None]) -> Mapping[int, str]:
    """Return the URIs of locations by their ids."""
    return _uris(conn, locations, {each for each in ids if each is not None})


def party_uris(conn: Connection, ids: Iterable[int | None]) -> Mapping[int, str]:
    """Return the URIs of parties by their ids."""
    return _uris(conn, parties, {each for each in ids if each is not None})


def _ids(conn: Connection, table: Table, uris: Iterable[str | None], at: datetime) -> Mapping[str, int]:
    wanted = sorted({uri for uri in uris if uri is not None})
    if not wanted:
        return {}
    known = _known(conn, table, wanted)
    for uri in wanted:
        if uri not in known:
            insert_new(conn, table, {"uri": uri, "created_at": at})
    return known if len(known) == len(wanted) else _known(conn, table, wanted)


def _known(conn: Connection, table: Table, uris: list[str]) -> dict[str, int]:
    rows = conn.execute(select(table.c.uri, table.c.id).where(among(conn, table.c.uri, uris)))
    return {uri: int(row_id) for uri, row_id in rows}


def _uris(conn: Connection, table: Table, ids: Collection[int]) -> Mapping[int, str]:
    if not ids:
        return {}
    rows = conn.execute(select(table.c.id, table.c.uri).where(among(conn, table.c.id, sorted(ids))))
    return {int(row_id): uri for row_id, uri in rows}
