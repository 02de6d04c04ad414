"""Webhooks as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, get_args

from pydantic import Field

from labelsvc.storage import webhooks
from labelsvc.storage.webhooks import DeliveryState, Event
from labelsvc.web.models.base import Answer, Body, Id, Listing, Name, PageQuery


class WebhookIn(Body):
    """Who is to be told, and of what."""

    url: Annotated[Name, Field(min_length=1, max_length=500, examples=["https://mes.example.com/labelsvc"])]
    events: Annotated[list[Event], Field(min_length=1, max_length=len(get_args(Event)))]


class Webhook(Answer):
    """Someone who is told of events."""

    id: Id
    url: str
    events: list[Event]
    created_at: datetime
    links: dict[str, str]

    @classmethod
    def of(cls, found: webhooks.Webhook) -> Webhook:
        """Show a webhook, without its secret."""
        return cls.model_validate(_members(found))


class NewWebhook(Webhook):
    """A webhook that was made now."""

    secret: Annotated[str, Field(description="What its signatures are checked with; shown this once.")]

    @classmethod
    def made(cls, found: webhooks.Webhook, secret: str) -> NewWebhook:
        """Show a webhook with its secret."""
        return cls.model_validate({**_members(found), "secret": secret})


class Webhooks(Listing[Webhook]):
    """A page of webhooks."""


class DeliveryQuery(PageQuery):
    """Which deliveries."""

    state: Annotated[
        DeliveryState | None, Field(description="Only those in this state; `dead` is the dead-letter list.")
    ] = None


class Delivery(Answer):
    """One event on its way to one webhook."""

    id: Id
    event: Event
    state: DeliveryState
    attempts: int
    due_at: datetime
    created_at: datetime
    ended_at: datetime | None
    last_error: Annotated[str | None, Field(description="Why the last try failed.")]
    body: Annotated[str, Field(description="What is sent, to the letter.")]

    @classmethod
    def of(cls, found: webhooks.Delivery) -> Delivery:
        """Show a delivery."""
        return cls.model_validate({name: getattr(found, name) for name in cls.model_fields})


class Deliveries(Listing[Delivery]):
    """A page of deliveries."""


def webhook_path(webhook_id: int) -> str:
    """Return the path of a webhook."""
    return f"/api/v1/webhooks/{webhook_id}"


def _members(found: webhooks.Webhook) -> dict[str, object]:
    path = webhook_path(found.id)
    return {
        "id": found.id,
        "url": found.url,
        "events": list(found.events),
        "created_at": found.created_at,
        "links": {"self": path, "deliveries": f"{path}/deliveries"},
    }
