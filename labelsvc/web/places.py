"""/parties and /locations: who and where, by name."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.tracking import places
from labelsvc.web.auth import EVERY_ROLE, call, role
from labelsvc.web.house import house
from labelsvc.web.models.base import listing
from labelsvc.web.models.places import (
    Location,
    LocationEdit,
    LocationIn,
    Locations,
    Parties,
    Party,
    PartyEdit,
    PartyIn,
    PlaceQuery,
    location_path,
    party_path,
)
from labelsvc.web.paths import created

bp = APIBlueprint(
    "places",
    __name__,
    url_prefix="/api/v1",
    tag={"name": "places", "description": "Parties and locations."},
)


@bp.post("/parties")
@role("qa")
@bp.input(PartyIn, arg_name="body")
@bp.output(Party, 201)
@bp.doc(operation_id="addParty")
def add_party(body: PartyIn) -> Any:
    """Name a party, whether or not events have told of it."""
    made = places.add_party(house().db, house().issuer, call(), body.by(), body.said())
    return created(Party.of(made), party_path(made.id))


@bp.get("/parties")
@role(*EVERY_ROLE)
@bp.input(PlaceQuery, location="query", arg_name="page")
@bp.output(Parties)
@bp.doc(operation_id="listParties")
def list_parties(page: PlaceQuery) -> Any:
    """List parties in the order they came, those too that only events have named."""
    return listing(places.list_parties(house().db, page.uri, page.after, page.limit), Party.of)


@bp.get("/parties/<whole:party_id>")
@role(*EVERY_ROLE)
@bp.output(Party)
@bp.doc(operation_id="getParty")
def get_party(party_id: int) -> Any:
    """Show a party."""
    return Party.of(places.get_party(house().db, party_id))


@bp.put("/parties/<whole:party_id>")
@role("qa")
@bp.input(PartyEdit, arg_name="body")
@bp.output(Party)
@bp.doc(operation_id="editParty")
def edit_party(party_id: int, body: PartyEdit) -> Any:
    """Say something else of a party; what names it stays."""
    return Party.of(places.edit_party(house().db, call(), party_id, body.said()))


@bp.post("/locations")
@role("qa")
@bp.input(LocationIn, arg_name="body")
@bp.output(Location, 201)
@bp.doc(operation_id="addLocation")
def add_location(body: LocationIn) -> Any:
    """Name a location, whether or not events have told of it."""
    made = places.add_location(house().db, house().issuer, call(), body.by(), body.said())
    return created(Location.of(made), location_path(made.id))


@bp.get("/locations")
@role(*EVERY_ROLE)
@bp.input(PlaceQuery, location="query", arg_name="page")
@bp.output(Locations)
@bp.doc(operation_id="listLocations")
def list_locations(page: PlaceQuery) -> Any:
    """List locations in the order they came, those too that only events have named."""
    return listing(places.list_locations(house().db, page.uri, page.after, page.limit), Location.of)


@bp.get("/locations/<whole:location_id>")
@role(*EVERY_ROLE)
@bp.output(Location)
@bp.doc(operation_id="getLocation")
def get_location(location_id: int) -> Any:
    """Show a location."""
    return Location.of(places.get_location(house().db, location_id))


@bp.put("/locations/<whole:location_id>")
@role("qa")
@bp.input(LocationEdit, arg_name="body")
@bp.output(Location)
@bp.doc(operation_id="editLocation")
def edit_location(location_id: int, body: LocationEdit) -> Any:
    """Say something else of a location; what names it stays."""
    return Location.of(places.edit_location(house().db, house().issuer, call(), location_id, body.said()))
