"""Parties in the books; events give them rows (storage/places), people give them names."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from labelsvc.domain.actors import Call
from labelsvc.domain.pages import Page
from labelsvc.domain.places import NewParty, Party
from labelsvc.errors import NotFound
from labelsvc.storage import places
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import parties


def _party(row: AnyRow) -> Party:
    return Party(row.id, row.uri, row.name, row.contact, row.created_at)


def hold(conn: Connection, call: Call, uri: str) -> Party:
    """Return the party with a canonical URI, which gets a row where it has none, locked until the transaction ends."""
    places.party_ids(conn, (uri,), call.at)
    return _party(conn.execute(select(parties).where(parties.c.uri == uri).with_for_update()).one())


def get(conn: Connection, party_id: int, *, lock: bool = False) -> Party:
    """Return a party.

    Args:
        lock: keep others from changing it until this transaction ends.

    Raises:
        NotFound: there is none.
    """
    query = select(parties).where(parties.c.id == party_id)
    row = conn.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("party_unknown", f"Expected the id of a party, got {party_id}.")
    return _party(row)


def by_uri(conn: Connection, uri: str) -> Party:
    """Return the party with a canonical URI.

    Raises:
        NotFound: neither an event nor anybody here has named it.
    """
    row = conn.execute(select(parties).where(parties.c.uri == uri)).one_or_none()
    if row is None:
        raise NotFound("party_unknown", f"Expected a party that is known, got {uri}.", pointer="/party")
    return _party(row)


def describe(conn: Connection, party_id: int, said: NewParty) -> None:
    """Write what somebody says of a party that is known to exist."""
    conn.execute(update(parties).where(parties.c.id == party_id).values(name=said.name, contact=said.contact))


def listing(conn: Connection, uri: str | None, after: int, limit: int) -> Page[Party]:
    """Return parties in the order they came.

    Args:
        uri: only the one with it.
    """
    query = select(parties) if uri is None else select(parties).where(parties.c.uri == uri)
    return page(conn, query, parties.c.id, (after, limit), _party)
