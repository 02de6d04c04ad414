"""Named queries in the books."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select

from labelsvc.domain.actors import Call
from labelsvc.domain.pages import Page
from labelsvc.errors import NotFound
from labelsvc.storage.database import insert_new
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import named_queries, query_subscriptions


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A query by a name.

    Attributes:
        definition: its parameters, JSON values.
    """

    id: int
    name: str
    definition: Mapping[str, Any]
    created_at: datetime


_QUERY = select(named_queries.c.id, named_queries.c.name, named_queries.c.definition, named_queries.c.created_at)


def _named(row: AnyRow) -> NamedQuery:
    return NamedQuery(**row._mapping)


def add(conn: Connection, call: Call, name: str, definition: Mapping[str, Any]) -> bool:
    """Insert a query; False: one of this name is there."""
    actor = {"actor_kind": call.actor.kind, "actor_id": call.actor.id}
    values = {"name": name, "definition": dict(definition), **actor, "created_at": call.at}
    return insert_new(conn, named_queries, values) is not None


def get(conn: Connection, name: str) -> NamedQuery:
    """Return a query.

    Raises:
        NotFound: there is none of this name.
    """
    row = conn.execute(_QUERY.where(named_queries.c.name == name)).one_or_none()
    if row is None:
        raise NotFound("epcis_query_unknown", "Expected the name of a query, got another text.")
    return _named(row)


def by_id(conn: Connection, query_id: int) -> NamedQuery:
    """Return a query that is there."""
    return _named(conn.execute(_QUERY.where(named_queries.c.id == query_id)).one())


def count(conn: Connection) -> int:
    """Return how many there are."""
    return int(conn.execute(select(func.count()).select_from(named_queries)).scalar_one())


def listing(conn: Connection, after: int, limit: int) -> Page[NamedQuery]:
    """Return queries in the order they came."""
    return page(conn, _QUERY, named_queries.c.id, (after, limit), _named)


def remove(conn: Connection, query_id: int) -> None:
    """Remove a query, and whoever was told of what it finds."""
    conn.execute(delete(query_subscriptions).where(query_subscriptions.c.query_id == query_id))
    conn.execute(delete(named_queries).where(named_queries.c.id == query_id))
