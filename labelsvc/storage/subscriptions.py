"""Who is told of what a named query finds, and how far they were told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from labelsvc.domain.pages import Page
from labelsvc.errors import NotFound
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import named_queries, query_subscriptions


@dataclass(frozen=True, slots=True)
class Subscription:
    """Somebody who is told.

    Attributes:
        sealed_secret: what messages are signed with, encrypted; None: they are not.
        last_id: events up to this one were told.
        tries: since the last that went well; last_error: why the last one failed.
    """

    id: int
    name: str
    query_id: int
    query_name: str
    definition: Mapping[str, Any]
    dest: str
    sealed_secret: str | None
    stream: bool
    schedule: Mapping[str, str] | None
    report_if_empty: bool
    initial_record_time: datetime
    last_id: int
    due_at: datetime
    tries: int
    last_error: str | None
    created_at: datetime


_OF = query_subscriptions.c
_SUBSCRIPTION = select(
    _OF.id,
    _OF.name,
    _OF.query_id,
    named_queries.c.name.label("query_name"),
    named_queries.c.definition,
    _OF.dest,
    _OF.sealed_secret,
    _OF.stream,
    _OF.schedule,
    _OF.report_if_empty,
    _OF.initial_record_time,
    _OF.last_id,
    _OF.due_at,
    _OF.tries,
    _OF.last_error,
    _OF.created_at,
).join(named_queries, named_queries.c.id == _OF.query_id)


def _subscription(row: AnyRow) -> Subscription:
    return Subscription(**row._mapping)


def add(conn: Connection, values: Mapping[str, Any]) -> Subscription:
    """Insert a subscription."""
    conn.execute(insert(query_subscriptions).values(**values))
    return _subscription(conn.execute(_SUBSCRIPTION.where(_OF.name == values["name"])).one())


def get(conn: Connection, query_id: int, name: str) -> Subscription:
    """Return a subscription of a query.

    Raises:
        NotFound: there is none.
    """
    row = conn.execute(_SUBSCRIPTION.where(_OF.query_id == query_id, _OF.name == name)).one_or_none()
    if row is None:
        raise NotFound("subscription_unknown", "Expected the id of a subscription of this query, got another text.")
    return _subscription(row)


def listing(conn: Connection, query_id: int, after: int, limit: int) -> Page[Subscription]:
    """Return the subscriptions of a query in the order they came."""
    return page(conn, _SUBSCRIPTION.where(_OF.query_id == query_id), _OF.id, (after, limit), _subscription)


def count(conn: Connection) -> int:
    """Return how many there are."""
    return int(conn.execute(select(func.count()).select_from(query_subscriptions)).scalar_one())


def remove(conn: Connection, subscription_id: int) -> None:
    """Tell somebody nothing more."""
    conn.execute(delete(query_subscriptions).where(_OF.id == subscription_id))


def due(conn: Connection, now: datetime, limit: int) -> list[Subscription]:
    """Return who is to be told something, or looked after, now."""
    rows = conn.execute(_SUBSCRIPTION.where(_OF.due_at <= now).order_by(_OF.due_at).limit(limit))
    return [_subscription(row) for row in rows]


def claim(conn: Connection, found: Subscription, until: datetime) -> bool:
    """Take a subscription for a try that ends by `until`; False: another process has, or it is gone."""
    chosen = (_OF.id == found.id, _OF.due_at == found.due_at, _OF.last_id == found.last_id)
    return bool(conn.execute(update(query_subscriptions).where(*chosen).values(due_at=until)).rowcount)


def settle(conn: Connection, subscription_id: int, **changes: Any) -> None:
    """Say how far somebody was told, or why not."""
    conn.execute(update(query_subscriptions).where(_OF.id == subscription_id).values(**changes))
