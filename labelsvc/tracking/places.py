"""Use cases: who and where, by name. Events may have named a party or a location long before anybody here does."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.pages import Page
from labelsvc.domain.places import Location, NamedBy, NewLocation, NewParty, Party, named
from labelsvc.errors import Conflict, at
from labelsvc.storage import audit, locations, parties
from labelsvc.storage.database import Database


def add_party(db: Database, issuer: Issuer, call: Call, by: NamedBy, said: NewParty) -> Party:
    """Give a party a name; whether events have named it already makes no difference.

    Raises:
        InvalidInput: what names it, or what is said of it, breaks a rule.
        Conflict: it has a name.
    """
    uri = by.canonical("party", issuer.digital_link)
    said.check()

    def work(conn: Connection) -> Party:
        found = parties.hold(conn, call, uri)
        if found.name is not None:
            raise Conflict("party_exists", f"Expected a party without a name, got {uri}, which has one.")
        parties.describe(conn, found.id, said)
        made = parties.get(conn, found.id)
        audit.record(conn, call, "party.add", f"party:{found.id}", after=_noted_party(made))
        return made

    return db.write(work)


def edit_party(db: Database, call: Call, party_id: int, said: NewParty) -> Party:
    """Say something else of a party; the same again changes nothing.

    Raises:
        NotFound: no such party.
        InvalidInput: what is said of it breaks a rule.
    """
    said.check()

    def work(conn: Connection) -> Party:
        found = parties.get(conn, party_id, lock=True)
        if (found.name, found.contact) == (said.name, said.contact):
            return found
        parties.describe(conn, party_id, said)
        made = parties.get(conn, party_id)
        before, after = _noted_party(found), _noted_party(made)
        audit.record(conn, call, "party.edit", f"party:{party_id}", before=before, after=after)
        return made

    return db.write(work)


def get_party(db: Database, party_id: int) -> Party:
    """Return a party.

    Raises:
        NotFound: no such party.
    """
    with db.read() as conn:
        return parties.get(conn, party_id)


def list_parties(db: Database, uri: str | None, after: int, limit: int) -> Page[Party]:
    """Return parties in the order they came, named or not.

    Args:
        uri: only the one with this canonical URI.
    """
    with db.read() as conn:
        return parties.listing(conn, uri, after, limit)


def add_location(db: Database, issuer: Issuer, call: Call, by: NamedBy, said: NewLocation) -> Location:
    """Give a location a name; whether events have named it already makes no difference.

    Raises:
        InvalidInput: what names it, or what is said of it, breaks a rule.
        NotFound: its party is not known.
        Conflict: it has a name.
    """
    uri = by.canonical("location", issuer.digital_link)
    party_uri = _checked(issuer, said)

    def work(conn: Connection) -> Location:
        found = locations.hold(conn, call, uri)
        if found.name is not None:
            raise Conflict("location_exists", f"Expected a location without a name, got {uri}, which has one.")
        locations.describe(conn, found.id, said, _party_id(conn, party_uri))
        made = locations.get(conn, found.id)
        audit.record(conn, call, "location.add", f"location:{found.id}", after=_noted_location(made))
        return made

    return db.write(work)


def edit_location(db: Database, issuer: Issuer, call: Call, location_id: int, said: NewLocation) -> Location:
    """Say something else of a location; the same again changes nothing.

    Raises:
        NotFound: no such location, or its party is not known.
        InvalidInput: what is said of it breaks a rule.
    """
    party_uri = _checked(issuer, said)

    def work(conn: Connection) -> Location:
        found = locations.get(conn, location_id, lock=True)
        if (found.name, found.party, found.position) == (said.name, party_uri, said.position):
            return found
        locations.describe(conn, location_id, said, _party_id(conn, party_uri))
        made = locations.get(conn, location_id)
        before, after = _noted_location(found), _noted_location(made)
        audit.record(conn, call, "location.edit", f"location:{location_id}", before=before, after=after)
        return made

    return db.write(work)


def get_location(db: Database, location_id: int) -> Location:
    """Return a location.

    Raises:
        NotFound: no such location.
    """
    with db.read() as conn:
        return locations.get(conn, location_id)


def list_locations(db: Database, uri: str | None, after: int, limit: int) -> Page[Location]:
    """Return locations in the order they came, named or not.

    Args:
        uri: only the one with this canonical URI.
    """
    with db.read() as conn:
        return locations.listing(conn, uri, after, limit)


def _checked(issuer: Issuer, said: NewLocation) -> str | None:
    said.check()
    if said.party is None:
        return None
    with at("/party"):
        return named("party", said.party, issuer.digital_link)


def _party_id(conn: Connection, uri: str | None) -> int | None:
    return None if uri is None else parties.by_uri(conn, uri).id


def _noted_party(found: Party) -> dict[str, Any]:
    # A contact may be a person, and the audit is for ever.
    return {"uri": found.uri, "name": found.name, "contact": found.contact is not None}


def _noted_location(found: Location) -> dict[str, Any]:
    position = None if found.position is None else list(found.position)
    return {"uri": found.uri, "name": found.name, "party": found.party, "position": position}
