"""/epcis/events: one event in, events out by the query language of EPCIS 2.0."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from apiflask import APIBlueprint

from labelsvc.access import Role
from labelsvc.domain.epcis.documents import single
from labelsvc.errors import Conflict
from labelsvc.tracking import captures, querying
from labelsvc.web.auth import call, role
from labelsvc.web.epcis import answers
from labelsvc.web.guard import linked_data, open_query
from labelsvc.web.house import house
from labelsvc.web.models.epcis import EventIn, EventsQuery, QueryDocument, SingleEvent

bp = APIBlueprint(
    "epcis_events",
    __name__,
    url_prefix="/epcis/events",
    tag={"name": "epcis_events", "description": "EPCIS 2.0: events, asked for by anything that they say."},
)

#: Who asks for events; a partner sees only their own, by a view of their own.
READERS: tuple[Role, ...] = ("warehouse", "retail", "qa")


@bp.post("")
@role("partner", "warehouse", "qa")
@linked_data
@bp.input(EventIn, arg_name="body")
@bp.output(SingleEvent, 201)
@bp.doc(operation_id="captureEpcisEvent")
def capture_event(body: EventIn) -> Any:
    """Take one event into the books; one that is there already is 409."""
    taken = captures.capture_event(house().db, house().issuer, call(), body.given)
    if taken.id is None:
        raise Conflict("event_exists", "Expected an event that is not in the books, got one that is.")
    event_id = taken.event.event_id or taken.event.uri
    shown = single({**body.given, "eventID": event_id}, None)
    return shown, 201, {"Location": f"/epcis/events/{quote(event_id, safe='')}"}


@bp.get("")
@role(*READERS)
@linked_data
@open_query
@bp.input(EventsQuery, location="query", arg_name="page")
@bp.output(QueryDocument)
@bp.doc(operation_id="queryEpcisEvents")
def list_events(page: EventsQuery) -> Any:
    """Find events by what they say; a page may be short before the last, where bodies have to be read."""
    return answers.events(page, answers.asked())


@bp.get("/<serial:event_id>")
@role(*READERS)
@linked_data
@bp.output(QueryDocument)
@bp.doc(operation_id="getEpcisEvent")
def get_event(event_id: str) -> Any:
    """Show an event, and the declarations that it is in error."""
    return answers.answer(querying.get_event(house().db, event_id).events, answers.SIMPLE, {})
