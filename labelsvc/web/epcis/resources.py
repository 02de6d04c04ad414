"""/epcis, and its top-level resources: what events say, each thing once, and the events that say it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint

from labelsvc.errors import InvalidInput
from labelsvc.tracking import queries
from labelsvc.web.auth import EVERY_ROLE, role
from labelsvc.web.epcis import answers, paging
from labelsvc.web.epcis.events import READERS
from labelsvc.web.epcis.problems import not_built
from labelsvc.web.guard import linked_data, open_query
from labelsvc.web.house import house
from labelsvc.web.models.epcis import CONTEXT, Collection, EventsQuery, Names, PagesQuery, QueryDocument

bp = APIBlueprint(
    "epcis",
    __name__,
    url_prefix="/epcis",
    tag={"name": "epcis", "description": "EPCIS 2.0: what events say, each thing once."},
)

TOP = ["events", *queries.RESOURCES, "capture", "queries"]


@bp.get("")
@role(*EVERY_ROLE, "partner")
@linked_data
@bp.output(Names)
@bp.doc(operation_id="listEpcisResources")
def list_resources() -> Any:
    """Name the top-level resources."""
    return Names(TOP)


@bp.delete("/nextPageToken/<serial:token>")
@role(*EVERY_ROLE, "partner")
@linked_data
@bp.doc(hide=True)  # that it is not built is no description
def forget_token(token: str) -> Any:  # noqa: ARG001  # as the route has it
    """Let go of what is kept for a page token: nothing is, so this is not built."""
    return not_built(
        "Expected a token that something is kept for, got one for which nothing is; it runs out by itself."
    )


def _views(resource: str) -> tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any]]:
    """Return the views of a resource: its values, what one has below it, its events."""
    name = resource[0].upper() + resource[1:]

    @role(*READERS)
    @linked_data
    @bp.input(PagesQuery, location="query", arg_name="page")
    @bp.output(Collection)
    @bp.doc(operation_id=f"listEpcis{name}", summary=f"List the {resource} that events name.")
    def list_values(page: PagesQuery) -> Any:
        found, after = queries.list_values(house().db, resource, paging.position(page), page.per_page)
        onward = paging.onward(page, None if after is None else [after])
        return {"@context": CONTEXT, "type": "Collection", "member": found}, 200, onward

    @role(*READERS)
    @linked_data
    @bp.output(Names)
    @bp.doc(operation_id=f"showEpcis{name}", summary=f"Name what one of {resource} has below it: its events.")
    def show_value(value: str) -> Any:
        queries.check_value(house().db, resource, value)
        return Names(["events"])

    @role(*READERS)
    @linked_data
    @open_query
    @bp.input(EventsQuery, location="query", arg_name="page")
    @bp.output(QueryDocument)
    @bp.doc(operation_id=f"queryEpcis{name}", summary=f"Find the events of one of {resource}.")
    def list_events(value: str, page: EventsQuery) -> Any:
        queries.check_value(house().db, resource, value)
        parameter = queries.RESOURCES[resource][1]
        given = answers.asked()
        if parameter in given:
            raise InvalidInput("query_twice", f"Expected {parameter} in the path alone, got it in the query too.")
        return answers.events(page, {**given, parameter: [value]})

    return list_values, show_value, list_events


def _route() -> None:
    for resource in queries.RESOURCES:
        for below, view in zip(("", "/<uri:value>", "/<uri:value>/events"), _views(resource), strict=True):
            bp.add_url_rule(f"/{resource}{below}", f"{resource}_{view.__name__}", view, methods=["GET"])


_route()
