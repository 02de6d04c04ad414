"""Events as the answer to a query: an EPCISQueryDocument, with identifiers as the client wants them written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request

from labelsvc.domain.epcis.documents import query_document
from labelsvc.domain.epcis.formats import Format, parse_format, prefix_lengths, translated
from labelsvc.domain.epcis.queries import EventQuery, parse_query, split
from labelsvc.errors import InvalidInput
from labelsvc.tracking import querying
from labelsvc.web.epcis import paging
from labelsvc.web.house import house
from labelsvc.web.models.epcis import PagesQuery

#: The query that has no name (EPCIS 2.0, section 8.2.7.1).
SIMPLE = "SimpleEventQuery"
_STREAMED = {"stream", "second", "minute", "hour", "dayOfMonth", "month", "dayOfWeek", "reportIfEmpty"}


def asked() -> Mapping[str, list[str]]:
    """Return the parameters of the query in the URL.

    Raises:
        InvalidInput: query_stream, it asks for a WebSocket.
    """
    given = {name: value for name, value in request.args.items() if name not in ("perPage", "nextPageToken")}
    if _STREAMED & given.keys():
        raise InvalidInput("query_stream", "Expected a query without a schedule, got one for a WebSocket; subscribe.")
    return split(given)


def events(page: PagesQuery, parameters: Mapping[str, Any], name: str = SIMPLE) -> Any:
    """Answer with a page of the events that a query finds."""
    query: EventQuery = parse_query(parameters)
    told = querying.find_events(house().db, query, paging.position(page), page.per_page)
    return answer(told.events, name, paging.onward(page, told.next))


def answer(found: Sequence[tuple[Mapping[str, Any], Any]], name: str, headers: Mapping[str, str]) -> Any:
    """Answer with events in the form that the client wants."""
    wanted = parse_format(request.headers.get("GS1-EPC-Format", "No_Preference"))
    lengths = prefix_lengths(house().company_prefixes)
    shown = [(translated(event, wanted, lengths), context) for event, context in found]
    written: Format = "Never_Translates" if wanted == "No_Preference" else wanted
    return query_document(shown, house().now(), name), 200, {**headers, "GS1-EPC-Format": written}
