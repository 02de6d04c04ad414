"""How long what an event names may be: the books have columns, and columns have an end."""

from __future__ import annotations

from collections.abc import Iterator

from labelsvc.domain.epcis.events import Event
from labelsvc.errors import InvalidInput

#: Characters of an identifier of a thing, a place or a party, of a word of somebody's own, and of an event's id.
IDENTIFIER_AT_MOST = 200
EVENT_ID_AT_MOST = 500
#: Things that one event may name: what is moved at once is moved in one transaction.
EPCS_AT_MOST = 10_000


def check_limits(event: Event) -> None:
    """Refuse an event that the books cannot hold.

    Raises:
        InvalidInput: event_length; event_epcs.
    """
    for pointer, text in _texts(event):
        most = EVENT_ID_AT_MOST if pointer == "/eventID" else IDENTIFIER_AT_MOST
        if len(text) > most:
            raise InvalidInput("event_length", f"Expected at most {most} characters, got {len(text)}.", pointer=pointer)
    named = epcs_of(event)
    if named > EPCS_AT_MOST:
        raise InvalidInput("event_epcs", f"Expected at most {EPCS_AT_MOST:,} EPCs in one event, got {named:,}.")


def epcs_of(event: Event) -> int:
    """Return how many EPCs an event names."""
    return len(event.epcs) + len(event.children) + len(event.inputs) + len(event.outputs) + (event.parent is not None)


def _texts(event: Event) -> Iterator[tuple[str, str]]:
    single = {
        "/type": event.type,
        "/eventID": event.event_id,
        "/bizStep": event.biz_step,
        "/disposition": event.disposition,
        "/readPoint/id": event.read_point,
        "/bizLocation/id": event.biz_location,
        "/parentID": event.parent,
    }
    yield from ((pointer, text) for pointer, text in single.items() if text is not None)
    lists = {
        "epcList": event.epcs,
        "childEPCs": event.children,
        "inputEPCList": event.inputs,
        "outputEPCList": event.outputs,
        "persistentDisposition/set": event.set,
        "persistentDisposition/unset": event.unset,
        "destinationList": tuple(uri for _, uri in event.destinations),
    }
    for name, texts in lists.items():
        yield from ((f"/{name}/{place}", text) for place, text in enumerate(texts))
