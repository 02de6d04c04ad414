"""/epcis/queries: queries with a name."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.tracking import queries
from labelsvc.web.auth import call, role
from labelsvc.web.epcis import answers, paging
from labelsvc.web.epcis.events import READERS
from labelsvc.web.guard import linked_data, open_query
from labelsvc.web.house import house
from labelsvc.web.models.epcis import EventsQuery, NamedQuery, PagesQuery, QueryDocument, QueryIn, query_path
from labelsvc.web.paths import created

bp = APIBlueprint(
    "epcis_queries",
    __name__,
    url_prefix="/epcis/queries",
    tag={"name": "epcis_queries", "description": "EPCIS 2.0: queries with a name, and who is told what they find."},
)


@bp.post("")
@role("warehouse", "qa")
@linked_data
@bp.input(QueryIn, arg_name="body")
@bp.output(NamedQuery, 201)
@bp.doc(operation_id="addEpcisQuery")
def add_query(body: QueryIn) -> Any:
    """Give a query a name."""
    made = queries.add_query(house().db, call(), body.name, body.query)
    return created(NamedQuery.of(made), query_path(made.name))


@bp.get("")
@role(*READERS)
@linked_data
@bp.input(PagesQuery, location="query", arg_name="page")
@bp.output(list[NamedQuery])  # type: ignore[arg-type]  # it takes lists of models too
@bp.doc(operation_id="listEpcisQueries")
def list_queries(page: PagesQuery) -> Any:
    """List queries in the order they came."""
    found = queries.list_queries(house().db, next(iter(paging.position(page)), 0), page.per_page)
    onward = paging.onward(page, None if found.next is None else [found.next])
    return [NamedQuery.of(each) for each in found.items], 200, onward


@bp.get("/<name:query_name>")
@role(*READERS)
@linked_data
@bp.output(NamedQuery)
@bp.doc(operation_id="getEpcisQuery")
def get_query(query_name: str) -> Any:
    """Show a query."""
    return NamedQuery.of(queries.get_query(house().db, query_name))


@bp.delete("/<name:query_name>")
@role("warehouse", "qa")
@linked_data
@bp.output({}, 204)
@bp.doc(operation_id="removeEpcisQuery")
def remove_query(query_name: str) -> Any:
    """Remove a query, and tell nobody any more what it finds."""
    queries.remove_query(house().db, call(), query_name)
    return ""


@bp.get("/<name:query_name>/events")
@role(*READERS)
@linked_data
@open_query
@bp.input(EventsQuery, location="query", arg_name="page")
@bp.output(QueryDocument)
@bp.doc(operation_id="runEpcisQuery")
def list_events(query_name: str, page: EventsQuery) -> Any:
    """Find the events of a query; what the URL asks for has to hold beside it."""
    found = queries.get_query(house().db, query_name)
    return answers.events(page, {**answers.asked(), **found.definition}, found.name)
