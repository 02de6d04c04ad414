"""EPCIS documents and query documents: events out of them, each with where it stood, and around events again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from labelsvc.domain.epcis.contexts import GS1_CONTEXT, GS1_CONTEXTS, GS1_PREFIXES, namespaces, parts
from labelsvc.domain.epcis.events import Event
from labelsvc.domain.epcis.fields import (
    Names,
    array_at,
    check_names,
    missing,
    object_at,
    shown,
    text_at,
    time_at,
    uri_at,
)
from labelsvc.domain.epcis.reading import check_context, read_event
from labelsvc.errors import InvalidInput

DocumentType = Literal["EPCISDocument", "EPCISQueryDocument"]

_VERSION = re.compile(r"2(?:\.[0-9]+)*")
_TEXTS = ("instanceIdentifier", "sender", "receiver")
_MEMBERS: dict[str, frozenset[str]] = {
    "EPCISDocument": frozenset(
        ["@context", "id", "type", "schemaVersion", "creationDate", "epcisHeader", "epcisBody", *_TEXTS]
    ),
    "EPCISQueryDocument": frozenset(["@context", "id", "type", "schemaVersion", "creationDate", "epcisBody"]),
}
_REQUIRED = {
    "EPCISDocument": ("@context", "schemaVersion", "creationDate", "epcisBody"),
    "EPCISQueryDocument": ("@context", "epcisBody"),
}


@dataclass(frozen=True, slots=True)
class Document:
    """What a document says.

    Attributes:
        created: creationDate, UTC; a query document may have none.
        context: its `@context`; nothing of it was fetched.
        events: as they stand, unread; the n-th stands at `{pointer}/{n}`.
    """

    type: DocumentType
    created: datetime | None
    context: Any
    events: tuple[Any, ...]
    pointer: str


def read_document(body: Any) -> Document:
    """Take a document apart, without reading its events.

    Raises:
        InvalidInput: document_type, document_version; event_context; and as `reading.read_event` where something is
            missing, unknown or of another type; with a pointer into the document.
    """
    document = object_at(body, "")
    kind = document.get("type")
    if kind == "EPCISDocument":
        return _checked(document, "EPCISDocument")
    if kind == "EPCISQueryDocument":
        return _checked(document, "EPCISQueryDocument")
    got = shown(kind) if isinstance(kind, str) else "none"
    raise InvalidInput("document_type", f"Expected EPCISDocument or EPCISQueryDocument, got {got}.", pointer="/type")


def read_single_event(body: Any) -> Event:
    """Read an event that comes alone, with a `@context` of its own.

    Raises:
        InvalidInput: as `reading.read_event`.
    """
    if "@context" not in object_at(body, ""):
        raise missing("@context", "")
    return read_event(body)


def _checked(document: Mapping[str, Any], kind: DocumentType) -> Document:
    for name in _REQUIRED[kind]:
        if name not in document:
            raise missing(name, "")
    context = document["@context"]
    check_context(context, "/@context")
    names = namespaces(context)
    check_names(document, _MEMBERS[kind], names, "")
    if "id" in document:
        uri_at(document["id"], "/id")
    for name in _TEXTS:
        if name in document:
            text_at(document[name], f"/{name}")
    _check_version(document)
    created = time_at(document["creationDate"], "/creationDate") if "creationDate" in document else None
    if "epcisHeader" in document:  # master data of others: nothing of ours, so it is only seen to be an object
        check_names(object_at(document["epcisHeader"], "/epcisHeader"), ("epcisMasterData",), names, "/epcisHeader")
    where = "/epcisBody"
    results: Mapping[str, Any] = object_at(document["epcisBody"], where)
    if kind == "EPCISQueryDocument":
        where, results = _results(results, names)
    if "eventList" not in results:
        raise missing("eventList", where)
    pointer = f"{where}/eventList"
    return Document(kind, created, context, tuple(array_at(results["eventList"], pointer)), pointer)


def _check_version(document: Mapping[str, Any]) -> None:
    if "schemaVersion" in document:
        version = text_at(document["schemaVersion"], "/schemaVersion")
        if not _VERSION.fullmatch(version):
            raise InvalidInput(
                "document_version", f"Expected a version of EPCIS 2, got {shown(version)}.", pointer="/schemaVersion"
            )


def _results(body: Mapping[str, Any], names: Names) -> tuple[str, Mapping[str, Any]]:
    where = "/epcisBody/queryResults"
    check_names(body, ("queryResults",), names, "/epcisBody")
    if "queryResults" not in body:
        raise missing("queryResults", "/epcisBody")
    results = object_at(body["queryResults"], where)
    check_names(results, ("queryName", "subscriptionID", "resultsBody"), names, where)
    for name in ("queryName", "resultsBody"):
        if name not in results:
            raise missing(name, where)
    for name in ("queryName", "subscriptionID"):
        if name in results:
            text_at(results[name], f"{where}/{name}")
    where = f"{where}/resultsBody"
    found = object_at(results["resultsBody"], where)
    check_names(found, ("eventList", "vocabularyList"), names, where)
    return where, found


def document(events: Iterable[tuple[Mapping[str, Any], Any]], created: datetime) -> dict[str, Any]:
    """An EPCISDocument around events.

    Args:
        events: each event with the `@context` that it stands in.
        created: UTC.
    """
    context, bodies = _gathered(events)
    return {
        "@context": context,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": _written(created),
        "epcisBody": {"eventList": bodies},
    }


def query_document(
    events: Iterable[tuple[Mapping[str, Any], Any]], created: datetime, name: str, *, subscription: str | None = None
) -> dict[str, Any]:
    """An EPCISQueryDocument around events.

    Args:
        events, created: as for `document`.
        name: of the query that found them.
        subscription: the one that they are sent for.
    """
    context, bodies = _gathered(events)
    results: dict[str, Any] = {"queryName": name}
    if subscription is not None:
        results["subscriptionID"] = subscription
    results["resultsBody"] = {"eventList": bodies}
    return {
        "@context": context,
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": _written(created),
        "epcisBody": {"queryResults": results},
    }


def single(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """An event that goes alone, with the `@context` it needs."""
    merged, bodies = _gathered([(event, context)])
    return {**bodies[0], "@context": merged}


def _gathered(events: Iterable[tuple[Mapping[str, Any], Any]]) -> tuple[list[Any], list[dict[str, Any]]]:
    """One context for all; an event whose prefix means something else than another's keeps a context of its own."""
    urls: list[str] = [GS1_CONTEXT]
    prefixes: dict[str, str] = {}
    bodies: list[dict[str, Any]] = []
    for event, context in events:
        own = namespaces(context, event.get("@context"))
        needed = {prefix: uri for prefix, uri in own.items() if GS1_PREFIXES.get(prefix) != uri}
        urls += _further(urls, (*parts(context), *parts(event.get("@context"))))
        clashing = {prefix: uri for prefix, uri in needed.items() if prefixes.setdefault(prefix, uri) != uri}
        body = {name: value for name, value in event.items() if name != "@context"}
        bodies.append({"@context": [clashing], **body} if clashing else body)
    return [*urls, *([prefixes] if prefixes else [])], bodies


def _further(known: Sequence[str], found: Iterable[Any]) -> list[str]:
    return list(
        dict.fromkeys(
            part for part in found if isinstance(part, str) and part not in known and part not in GS1_CONTEXTS
        )
    )


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
