"""/epcis/queries/NAME/subscriptions: who is told of what a query finds."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.tracking import subscriptions
from labelsvc.web.auth import call, role
from labelsvc.web.epcis import paging
from labelsvc.web.guard import linked_data
from labelsvc.web.house import house
from labelsvc.web.models.epcis import PagesQuery
from labelsvc.web.models.epcis_subscriptions import Subscription, SubscriptionIn, subscription_path
from labelsvc.web.paths import created

bp = APIBlueprint(
    "epcis_subscriptions",
    __name__,
    url_prefix="/epcis/queries/<name:query_name>/subscriptions",
    tag={"name": "epcis_subscriptions", "description": "EPCIS 2.0: who is told of what a query finds."},
)


@bp.post("")
@role("warehouse", "qa")
@linked_data
@bp.input(SubscriptionIn, arg_name="body")
@bp.output(Subscription, 201)
@bp.doc(operation_id="addSubscription")
def add_subscription(query_name: str, body: SubscriptionIn) -> Any:
    """Tell somebody what a query finds, whenever an event fits or when a clock shows a time."""
    asked = body.asked()
    made = subscriptions.add_subscription(house().db, house().issuer, call(), query_name, asked, house().reach)
    return created(Subscription.of(made), subscription_path(query_name, made.name))


@bp.get("")
@role("warehouse", "qa")
@linked_data
@bp.input(PagesQuery, location="query", arg_name="page")
@bp.output(list[Subscription])  # type: ignore[arg-type]  # it takes lists of models too
@bp.doc(operation_id="listSubscriptions")
def list_subscriptions(query_name: str, page: PagesQuery) -> Any:
    """List the subscriptions of a query in the order they came."""
    after = next(iter(paging.position(page)), 0)
    found = subscriptions.list_subscriptions(house().db, query_name, after, page.per_page)
    onward = paging.onward(page, None if found.next is None else [found.next])
    return [Subscription.of(each) for each in found.items], 200, onward


@bp.get("/<name:subscription_id>")
@role("warehouse", "qa")
@linked_data
@bp.output(Subscription)
@bp.doc(operation_id="getSubscription")
def get_subscription(query_name: str, subscription_id: str) -> Any:
    """Show a subscription, and whether the last message was taken."""
    return Subscription.of(subscriptions.get_subscription(house().db, query_name, subscription_id))


@bp.delete("/<name:subscription_id>")
@role("warehouse", "qa")
@linked_data
@bp.output({}, 204)
@bp.doc(operation_id="removeSubscription")
def remove_subscription(query_name: str, subscription_id: str) -> Any:
    """Tell somebody nothing more."""
    subscriptions.remove_subscription(house().db, call(), query_name, subscription_id)
    return ""
