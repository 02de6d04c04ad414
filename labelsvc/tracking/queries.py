"""Use cases: queries with a name, and what events say, each thing once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.epcis.identifiers import canonical_or_same
from labelsvc.domain.epcis.queries import parse_query
from labelsvc.domain.epcis.vocabulary import bare
from labelsvc.domain.pages import Page
from labelsvc.errors import Conflict, InvalidInput, NotFound
from labelsvc.storage import audit, event_values, named_queries
from labelsvc.storage.database import Database
from labelsvc.storage.named_queries import NamedQuery

QUERIES_AT_MOST = 200

#: Top-level resources: path -> where its values stand, and the parameter of a query that asks for one.
RESOURCES: Mapping[str, tuple[str, str]] = {
    "eventTypes": ("type", "eventType"),
    "epcs": ("epc", "MATCH_anyEPC"),
    "bizSteps": ("biz_step", "EQ_bizStep"),
    "bizLocations": ("biz_location_id", "EQ_bizLocation"),
    "readPoints": ("read_point_id", "EQ_readPoint"),
    "dispositions": ("disposition", "EQ_disposition"),
}


def add_query(db: Database, call: Call, name: str, definition: Mapping[str, Any]) -> NamedQuery:
    """Give a query a name.

    Raises:
        InvalidInput: query_definition, it is none.
        Conflict: query_exists, queries_many.
    """
    try:
        parse_query(definition)
    except InvalidInput as error:
        where = f"/query/{error.facts.get('parameter', '')}"
        raise InvalidInput("query_definition", error.message, pointer=where) from None

    def work(conn: Connection) -> NamedQuery:
        if named_queries.count(conn) >= QUERIES_AT_MOST:
            raise Conflict("queries_many", f"Expected at most {QUERIES_AT_MOST} queries, got one more.")
        if not named_queries.add(conn, call, name, definition):
            raise Conflict("query_exists", "Expected a name that no query has, got one that is taken.")
        audit.record(conn, call, "query.add", f"query:{name}", after=dict(definition))
        return named_queries.get(conn, name)

    return db.write(work)


def remove_query(db: Database, call: Call, name: str) -> None:
    """Remove a query, and tell nobody any more what it finds.

    Raises:
        NotFound: there is none of this name.
    """

    def work(conn: Connection) -> None:
        found = named_queries.get(conn, name)
        named_queries.remove(conn, found.id)
        audit.record(conn, call, "query.remove", f"query:{name}", before=dict(found.definition))

    db.write(work)


def get_query(db: Database, name: str) -> NamedQuery:
    """Return a query.

    Raises:
        NotFound: there is none of this name.
    """
    with db.read() as conn:
        return named_queries.get(conn, name)


def list_queries(db: Database, after: int, limit: int) -> Page[NamedQuery]:
    """Return queries in the order they came."""
    with db.read() as conn:
        return named_queries.listing(conn, after, limit)


def list_values(db: Database, resource: str, position: Sequence[Any], limit: int) -> tuple[list[str], Any]:
    """Return what events say, and where to go on; None: these were the last.

    Args:
        resource: of RESOURCES.
    """
    column, _ = RESOURCES[resource]
    with db.read() as conn:
        if column in event_values.WORDS:
            words = list(event_values.words(conn, column, next(iter(position), ""), limit + 1))
            return words[:limit], words[limit - 1] if len(words) > limit else None
        after = next(iter(position), 0)
        if column == "epc":
            found = event_values.things(conn, after, limit + 1)
        else:
            found = event_values.located(conn, column, after, limit + 1)
    return [value for _, value in found[:limit]], found[limit - 1][0] if len(found) > limit else None


def check_value(db: Database, resource: str, value: str) -> None:
    """Refuse what no event says.

    Raises:
        NotFound: resource_unknown.
    """
    column, _ = RESOURCES[resource]
    said = canonical_or_same(value)
    if column in ("biz_step", "disposition"):
        said = bare("bizStep" if column == "biz_step" else "disposition", value)
    with db.read() as conn:
        if not event_values.says(conn, column, said):
            raise NotFound("resource_unknown", f"Expected one of {resource} that some event names, got another.")
