"""Webhooks in the books: who is told of what, and an outbox of what is still to be told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from labelsvc.domain.actors import Call
from labelsvc.domain.pages import Page
from labelsvc.errors import NotFound
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import webhook_deliveries, webhooks

Event = Literal[
    "printer.state-changed",
    "printer.identity-changed",
    "printer.foreign-labels",
    "job.state-changed",
    "reprint.asked",
    "lot.closed",
    "recall.opened",
    "recall.lifted",
    "product.guessed",
    "finding.opened",
]
EVENTS: tuple[Event, ...] = get_args(Event)

DeliveryState = Literal["waiting", "delivered", "dead"]
DELIVERY_STATES: tuple[DeliveryState, ...] = get_args(DeliveryState)


@dataclass(frozen=True, slots=True)
class Webhook:
    """Someone who is told of events."""

    id: int
    url: str
    events: tuple[str, ...]
    sealed_secret: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook.

    Attributes:
        due_at: when it is tried next.
        last_error: why the last try failed.
    """

    id: int
    webhook_id: int
    event: str
    body: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    created_at: datetime
    ended_at: datetime | None
    last_error: str | None

    @property
    def message_id(self) -> str:
        """What the receiver knows it by, however often it is tried.

        The id alone is given again: after a backup was restored, and by SQLite when the last row was pruned.
        """
        return f"msg_{self.id}_{self.created_at:%Y%m%d%H%M%S%f}"


_WEBHOOK = select(
    webhooks.c.id, webhooks.c.url, webhooks.c.events, webhooks.c.sealed_secret, webhooks.c.created_at
).where(webhooks.c.removed_at.is_(None))
_DELIVERY = select(webhook_deliveries)


def _webhook(row: AnyRow) -> Webhook:
    return Webhook(**{**row._mapping, "events": tuple(row.events)})


def _delivery(row: AnyRow) -> Delivery:
    return Delivery(**row._mapping)


def emit(conn: Connection, event: Event, body: Mapping[str, Any], at: datetime) -> None:
    """Put an event into the outbox of every webhook that asked for it, in the transaction in which it came about.

    Args:
        body: what happened, JSON values; the receiver gets it as `data`.
    """
    text = ""
    for row in conn.execute(select(webhooks.c.id, webhooks.c.events).where(webhooks.c.removed_at.is_(None))).all():
        if event in row.events:
            text = text or json.dumps({"event": event, "at": at.isoformat(), "data": dict(body)}, ensure_ascii=False)
            conn.execute(
                insert(webhook_deliveries).values(
                    webhook_id=row.id,
                    event=event,
                    body=text,
                    state="waiting",
                    attempts=0,
                    due_at=at,
                    created_at=at,
                )
            )


def add(conn: Connection, call: Call, url: str, events: tuple[str, ...], sealed_secret: str) -> int:
    """Insert a webhook; return its id."""
    key = conn.execute(
        insert(webhooks).values(url=url, events=list(events), sealed_secret=sealed_secret, created_at=call.at)
    ).inserted_primary_key
    assert key is not None  # one row was inserted
    return int(key[0])


def get(conn: Connection, webhook_id: int) -> Webhook:
    """Return a webhook.

    Raises:
        NotFound: there is none, or it was removed.
    """
    row = conn.execute(_WEBHOOK.where(webhooks.c.id == webhook_id)).one_or_none()
    if row is None:
        raise NotFound("webhook_unknown", f"Expected the id of a webhook, got {webhook_id}.")
    return _webhook(row)


def count(conn: Connection) -> int:
    """Return how many webhooks there are."""
    return int(conn.execute(select(func.count()).where(webhooks.c.removed_at.is_(None))).scalar_one())


def listing(conn: Connection, after: int, limit: int) -> Page[Webhook]:
    """Return webhooks in the order they came."""
    return page(conn, _WEBHOOK, webhooks.c.id, (after, limit), _webhook)


def remove(conn: Connection, webhook_id: int, at: datetime) -> None:
    """Tell a webhook nothing more; what was on its way to it goes, and so does its secret."""
    conn.execute(delete(webhook_deliveries).where(webhook_deliveries.c.webhook_id == webhook_id))
    conn.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(removed_at=at, sealed_secret=""))


def deliveries(
    conn: Connection, webhook_id: int, state: DeliveryState | None, after: int, limit: int
) -> Page[Delivery]:
    """Return what is, or was, to be told to a webhook, in the order it came about."""
    query = _DELIVERY.where(webhook_deliveries.c.webhook_id == webhook_id)
    if state is not None:
        query = query.where(webhook_deliveries.c.state == state)
    return page(conn, query, webhook_deliveries.c.id, (after, limit), _delivery)


def delivery(conn: Connection, webhook_id: int, delivery_id: int) -> Delivery:
    """Return one delivery, locked until the transaction ends.

    Raises:
        NotFound: there is none of this webhook.
    """
    chosen = (webhook_deliveries.c.webhook_id == webhook_id, webhook_deliveries.c.id == delivery_id)
    row = conn.execute(_DELIVERY.where(*chosen).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("delivery_unknown", f"Expected the id of a delivery of this webhook, got {delivery_id}.")
    return _delivery(row)


def due(conn: Connection, now: datetime, limit: int) -> list[Delivery]:
    """Return the oldest delivery that is due of each webhook, at most `limit`: one receiver never waits for another."""
    # What came about while its webhook was removed by someone else belongs to nobody.
    first = (
        select(func.min(webhook_deliveries.c.id))
        .join_from(webhook_deliveries, webhooks, webhooks.c.id == webhook_deliveries.c.webhook_id)
        .where(
            webhook_deliveries.c.state == "waiting", webhook_deliveries.c.due_at <= now, webhooks.c.removed_at.is_(None)
        )
        .group_by(webhook_deliveries.c.webhook_id)
    )
    rows = conn.execute(
        _DELIVERY.where(webhook_deliveries.c.id.in_(first)).order_by(webhook_deliveries.c.due_at).limit(limit)
    )
    return [_delivery(row) for row in rows]


def claim(conn: Connection, found: Delivery, until: datetime) -> bool:
    """Take a delivery for a try that ends by `until`; False: another process has."""
    return bool(
        conn.execute(
            update(webhook_deliveries)
            .where(
                webhook_deliveries.c.id == found.id,
                webhook_deliveries.c.state == "waiting",
                webhook_deliveries.c.attempts == found.attempts,
            )
            .values(attempts=found.attempts + 1, due_at=until)
        ).rowcount
    )


def settle(conn: Connection, delivery_id: int, state: DeliveryState, **changes: Any) -> None:
    """Say how a try went; `changes` are further columns (due_at, ended_at, last_error, attempts)."""
    conn.execute(
        update(webhook_deliveries).where(webhook_deliveries.c.id == delivery_id).values(state=state, **changes)
    )


def give_up(conn: Connection, at_most: int, now: datetime, why: str) -> int:
    """End what waits for each webhook, but for the latest `at_most`; return how many."""
    given_up = 0
    for webhook_id in conn.execute(select(webhooks.c.id).where(webhooks.c.removed_at.is_(None))).scalars().all():
        its = (webhook_deliveries.c.webhook_id == webhook_id, webhook_deliveries.c.state == "waiting")
        newest = select(webhook_deliveries.c.id).where(*its).order_by(webhook_deliveries.c.id.desc())
        last = conn.execute(newest.offset(at_most).limit(1)).scalar_one_or_none()
        if last is not None:
            ended = {"state": "dead", "ended_at": now, "last_error": why}
            old = update(webhook_deliveries).where(*its, webhook_deliveries.c.id <= last)
            given_up += conn.execute(old.values(**ended)).rowcount
    return given_up


def prune(conn: Connection, before: datetime) -> int:
    """Forget what ended before a moment, and what no webhook is there for; return how many."""
    removed = select(webhooks.c.id).where(webhooks.c.removed_at.is_not(None))
    ended = webhook_deliveries.c.state.in_(("delivered", "dead")) & (webhook_deliveries.c.ended_at < before)
    return conn.execute(
        delete(webhook_deliveries).where(or_(ended, webhook_deliveries.c.webhook_id.in_(removed)))
    ).rowcount
