"""Connections as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from labelsvc.domain.connections import CHOSEN_AT_MOST, DeliveryState, NewConnection
from labelsvc.domain.epcis.events import EventType
from labelsvc.domain.epcis.formats import Format
from labelsvc.storage import connections
from labelsvc.web.models.base import Answer, Body, Id, Listing, Name, PageQuery

_Word = Annotated[Name, Field(min_length=1, max_length=200)]


class ConnectionIn(Body):
    """Whom to send events to, and which; a list that is empty chooses nothing away."""

    url: Annotated[Name, Field(min_length=1, max_length=500, examples=["https://epcis.example.com/capture"])]
    party: Annotated[str, Field(min_length=1, max_length=200, description="GLN, own code or URI of the partner.")]
    event_types: Annotated[list[EventType], Field(max_length=5, default_factory=list)]
    biz_steps: Annotated[list[_Word], Field(max_length=CHOSEN_AT_MOST, default_factory=list, examples=[["shipping"]])]
    products: Annotated[
        list[_Word], Field(max_length=CHOSEN_AT_MOST, default_factory=list, description="Codes of products.")
    ]
    named: Annotated[
        bool, Field(description="Only events with the partner, or a location of theirs, as destination.")
    ] = True
    epc_format: Annotated[Format, Field(description="How identifiers are written.")] = "Always_GS1_Digital_Link"
    token: Annotated[
        str | None, Field(min_length=1, max_length=400, description="What the partner lets us in by: a Bearer token.")
    ] = None

    def noun(self, party: str) -> NewConnection:
        """Return what is asked for.

        Args:
            party: canonical URI.
        """
        return NewConnection(
            self.url,
            party,
            tuple(self.event_types),
            tuple(self.biz_steps),
            tuple(self.products),
            self.named,
            self.epc_format,
            self.token,
        )


class Connection(Answer):
    """A partner who is sent events."""

    id: Id
    url: str
    party: str
    event_types: list[str]
    biz_steps: list[str]
    products: list[str]
    named: bool
    epc_format: Format
    created_at: datetime
    links: dict[str, str]

    @classmethod
    def of(cls, found: connections.Link) -> Connection:
        """Show a connection, without its secrets."""
        return cls.model_validate(_members(found))


class NewConnectionOut(Connection):
    """A connection that was made now."""

    secret: Annotated[str, Field(description="What its signatures are checked with; shown this once.")]

    @classmethod
    def made(cls, found: connections.Link, secret: str) -> NewConnectionOut:
        """Show a connection with its secret."""
        return cls.model_validate({**_members(found), "secret": secret})


class Connections(Listing[Connection]):
    """A page of connections."""


class DocumentQuery(PageQuery):
    """Which deliveries."""

    state: Annotated[
        DeliveryState | None, Field(description="Only those in this state; `dead` is the dead-letter list.")
    ] = None


class SentDocument(Answer):
    """One document on its way to one partner."""

    id: Id
    events: Annotated[int, Field(description="How many.")]
    state: DeliveryState
    attempts: int
    due_at: datetime
    created_at: datetime
    ended_at: datetime | None
    status: Annotated[int | None, Field(description="Of the last answer.")]
    last_error: Annotated[str | None, Field(description="Why the last try failed.")]

    @classmethod
    def of(cls, found: connections.Delivery) -> SentDocument:
        """Show a delivery."""
        members = {name: getattr(found, name) for name in cls.model_fields}
        return cls.model_validate({**members, "events": len(found.events)})


class SentDocuments(Listing[SentDocument]):
    """A page of deliveries."""


def connection_path(connection_id: int) -> str:
    """Return the path of a connection."""
    return f"/api/v1/connections/{connection_id}"


def _members(found: connections.Link) -> dict[str, Any]:
    path = connection_path(found.id)
    shown = ("id", "url", "party", "named", "epc_format", "created_at")
    lists = {name: list(getattr(found, name)) for name in ("event_types", "biz_steps", "products")}
    links = {"self": path, "deliveries": f"{path}/deliveries"}
    return {**{name: getattr(found, name) for name in shown}, **lists, "links": links}
