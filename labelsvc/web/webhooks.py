"""/webhooks: who is told of events, and what could not be told."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.printing.webhooks import webhooks
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.models.base import PageQuery, listing
from labelsvc.web.models.webhooks import (
    Deliveries,
    Delivery,
    DeliveryQuery,
    NewWebhook,
    Webhook,
    WebhookIn,
    Webhooks,
    webhook_path,
)
from labelsvc.web.paths import created

bp = APIBlueprint(
    "webhooks",
    __name__,
    url_prefix="/api/v1/webhooks",
    tag={"name": "webhooks", "description": "Who is told of events."},
)


@bp.post("")
@role()
@bp.input(WebhookIn, arg_name="body")
@bp.output(NewWebhook, 201)
@bp.doc(operation_id="addWebhook")
def add_webhook(body: WebhookIn) -> Any:
    """Tell someone of events from now on; the answer holds the secret of the signatures, this once."""
    what = (body.url, tuple(body.events))
    made, secret = webhooks.add_webhook(house().db, house().issuer, call(), what, house().reach)
    return created(NewWebhook.made(made, secret), webhook_path(made.id))


@bp.get("")
@role()
@bp.input(PageQuery, location="query", arg_name="page")
@bp.output(Webhooks)
@bp.doc(operation_id="listWebhooks")
def list_webhooks(page: PageQuery) -> Any:
    """List webhooks in the order they came."""
    return listing(webhooks.list_webhooks(house().db, page.after, page.limit), Webhook.of)


@bp.get("/<whole:webhook_id>")
@role()
@bp.output(Webhook)
@bp.doc(operation_id="getWebhook")
def get_webhook(webhook_id: int) -> Any:
    """Show a webhook."""
    return Webhook.of(webhooks.get_webhook(house().db, webhook_id))


@bp.delete("/<whole:webhook_id>")
@role()
@bp.output({}, 204)
@bp.doc(operation_id="removeWebhook")
def remove_webhook(webhook_id: int) -> Any:
    """Tell a webhook nothing more, not even what waits for it."""
    webhooks.remove_webhook(house().db, call(), webhook_id)
    return ""


@bp.get("/<whole:webhook_id>/deliveries")
@role()
@bp.input(DeliveryQuery, location="query", arg_name="page")
@bp.output(Deliveries)
@bp.doc(operation_id="listDeliveries")
def list_deliveries(webhook_id: int, page: DeliveryQuery) -> Any:
    """List what is, or was, to be told to a webhook; `?state=dead` is what could not be told."""
    found = webhooks.list_deliveries(house().db, webhook_id, page.state, page.after, page.limit)
    return listing(found, Delivery.of)


@bp.post("/<whole:webhook_id>/deliveries/<whole:delivery_id>/redeliver")
@role()
@bp.output(Delivery)
@bp.doc(operation_id="redeliver")
def redeliver(webhook_id: int, delivery_id: int) -> Any:
    """Tell something again that is dead or was delivered; its receiver knows it by the same id."""
    return Delivery.of(webhooks.redeliver(house().db, call(), webhook_id, delivery_id))
