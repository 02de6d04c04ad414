"""Parties and locations as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from labelsvc.domain import places
from labelsvc.domain.places import CODE_AT_MOST, CONTACT_AT_MOST, EXTENSION_AT_MOST, URI_AT_MOST, NamedBy
from labelsvc.domain.products import NAME_AT_MOST
from labelsvc.errors import InvalidInput
from labelsvc.web.models.base import Answer, Body, Id, Listing, Name, PageQuery

Gln = Annotated[str, Field(max_length=13, description="13 digits.", examples=["9521321000001"])]
Code = Annotated[
    str, Field(max_length=CODE_AT_MOST, description="A code of your own: 0-9 A-Z a-z . _ -", examples=["WH-2"])
]
Uri = Annotated[str, Field(max_length=URI_AT_MOST, description="As an event names it.")]
Shown = Annotated[Name, Field(min_length=1, max_length=NAME_AT_MOST, examples=["Central warehouse"])]
Latitude = Annotated[float | None, Field(ge=-90, le=90, description="Degrees, WGS 84.")]
Longitude = Annotated[float | None, Field(ge=-180, le=180, description="Degrees, WGS 84.")]


class PlaceQuery(PageQuery):
    """Which parties or locations."""

    uri: Annotated[Uri | None, Field(description="Only the one with this canonical URI.")] = None


class PartyEdit(Body):
    """What is said of a party."""

    name: Shown
    contact: Annotated[
        Name | None, Field(min_length=1, max_length=CONTACT_AT_MOST, description="Where it is reached.")
    ] = None

    def said(self) -> places.NewParty:
        """Return it as the use case takes it."""
        return places.NewParty(self.name, self.contact)


class PartyIn(PartyEdit):
    """A party: a GLN, a code of your own or a URI, exactly one of them."""

    gln: Gln | None = None
    code: Code | None = None
    uri: Uri | None = None

    def by(self) -> NamedBy:
        """Return what names it."""
        return NamedBy(self.gln, self.code, self.uri)


class Party(Answer):
    """Who makes, moves, sells or has units."""

    id: Id
    uri: Annotated[str, Field(description="Canonical.")]
    name: Annotated[str | None, Field(description="null: events named it, nobody here has.")]
    contact: str | None
    created_at: datetime
    links: dict[str, str]

    @classmethod
    def of(cls, found: places.Party) -> Party:
        """Show a party."""
        return cls(
            id=found.id,
            uri=found.uri,
            name=found.name,
            contact=found.contact,
            created_at=found.created_at,
            links={"self": party_path(found.id)},
        )


class Parties(Listing[Party]):
    """A page of parties."""


class LocationEdit(Body):
    """What is said of a location."""

    name: Shown
    party: Annotated[
        Name | None, Field(max_length=URI_AT_MOST, description="Whose it is: GLN, a code of your own, or URI.")
    ] = None
    latitude: Latitude = None
    longitude: Longitude = None

    def said(self) -> places.NewLocation:
        """Return it as the use case takes it.

        Raises:
            InvalidInput: of latitude and longitude only one is given.
        """
        if self.latitude is None or self.longitude is None:
            if self.latitude is not self.longitude:
                missing = "latitude" if self.latitude is None else "longitude"
                message = "Expected latitude and longitude, got one of them."
                raise InvalidInput("position", message, pointer=f"/{missing}")
            return places.NewLocation(self.name, self.party)
        return places.NewLocation(self.name, self.party, (float(self.latitude), float(self.longitude)))


class LocationIn(LocationEdit):
    """A location: a GLN (perhaps with an extension), a code of your own or a URI, exactly one of them."""

    gln: Gln | None = None
    extension: Annotated[
        str | None, Field(min_length=1, max_length=EXTENSION_AT_MOST, description="Of the GLN: AI 254.")
    ] = None
    code: Code | None = None
    uri: Uri | None = None

    def by(self) -> NamedBy:
        """Return what names it."""
        return NamedBy(self.gln, self.code, self.uri, self.extension)


class Location(Answer):
    """Where units are."""

    id: Id
    uri: Annotated[str, Field(description="Canonical.")]
    name: Annotated[str | None, Field(description="null: events named it, nobody here has.")]
    party: Annotated[str | None, Field(description="Whose it is: its URI.")]
    latitude: Latitude
    longitude: Longitude
    created_at: datetime
    links: dict[str, str]

    @classmethod
    def of(cls, found: places.Location) -> Location:
        """Show a location."""
        latitude, longitude = found.position or (None, None)
        return cls(
            id=found.id,
            uri=found.uri,
            name=found.name,
            party=found.party,
            latitude=latitude,
            longitude=longitude,
            created_at=found.created_at,
            links={"self": location_path(found.id)},
        )


class Locations(Listing[Location]):
    """A page of locations."""


def party_path(party_id: int) -> str:
    """Return the path of a party."""
    return f"/api/v1/parties/{party_id}"


def location_path(location_id: int) -> str:
    """Return the path of a location."""
    return f"/api/v1/locations/{location_id}"
