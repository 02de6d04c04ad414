from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from labelsvc.domain.epcis.documents import document, query_document, read_document, read_single_event, single
from labelsvc.domain.epcis.hashing import event_hash
from labelsvc.domain.epcis.reading import read_event
from labelsvc.errors import InvalidInput
from tests.domain.epcis import generated

SCHEMA = jsonschema_rs.Draft7Validator(
    json.loads((Path(__file__).parent / "schema" / "EPCISDocument.schema.json").read_text("utf-8")),
    validate_formats=True,
)
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GS1 = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
EVENT = {
    "type": "ObjectEvent",
    "eventTime": "2026-03-01T12:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "OBSERVE",
    "epcList": ["https://id.gs1.org/01/09521141123454/21/A"],
    "ext:a": "1",
}
QUERY: dict[str, Any] = {
    "@context": GS1,
    "type": "EPCISQueryDocument",
    "epcisBody": {"queryResults": {"queryName": "recalled", "resultsBody": {"eventList": [EVENT]}}},
}


def test_a_document_gives_its_events_and_where_they_stand() -> None:
    read = read_document(generated.document(EVENT, {"type": "nonsense"}))
    assert (read.type, read.pointer, len(read.events)) == ("EPCISDocument", "/epcisBody/eventList", 2)
    assert read.created == NOW
    assert read_event(read.events[0], read.context).epcs == ("https://id.gs1.org/01/09521141123454/21/A",)


def test_a_query_document_is_as_good() -> None:
    read = read_document(QUERY)
    assert (read.pointer, read.events) == ("/epcisBody/queryResults/resultsBody/eventList", (EVENT,))
    assert read.created is None


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"type": "ObjectEvent"}, "document_type", "/type"),
        ({"type": None}, "document_type", "/type"),
        ({"schemaVersion": "1.2"}, "document_version", "/schemaVersion"),
        ({"schemaVersion": 2}, "event_field_type", "/schemaVersion"),
        ({"creationDate": "2026-03-01"}, "time_format", "/creationDate"),
        ({"creationDate": "2026-03-01T12:00:00"}, "time_format", "/creationDate"),
        ({"@context": "no uri"}, "event_uri", "/@context"),
        ({"@context": [GS1, GS1]}, "event_context", "/@context/1"),
        ({"@context": 7}, "event_field_type", "/@context"),
        ({"epcisBody": {}}, "event_field_missing", "/epcisBody/eventList"),
        ({"epcisBody": {"eventList": {}}}, "event_field_type", "/epcisBody/eventList"),
        ({"epcisBody": []}, "event_field_type", "/epcisBody"),
        ({"events": []}, "event_field_unknown", "/events"),
        ({"nowhere:x": 1}, "event_extension_prefix", "/nowhere:x"),
        ({"sender": 1}, "event_field_type", "/sender"),
        ({"id": "a b"}, "event_uri", "/id"),
    ],
)
def test_what_is_wrong_with_a_document_is_named(change: dict[str, Any], code: str, pointer: str) -> None:
    body = {**generated.document(EVENT), **change}
    with pytest.raises(InvalidInput) as refused:
        read_document(body)
    assert (refused.value.code, refused.value.pointer) == (code, pointer)


@pytest.mark.parametrize("name", ["@context", "schemaVersion", "creationDate", "epcisBody"])
def test_what_a_document_needs_is_asked_for(name: str) -> None:
    body = {key: value for key, value in generated.document(EVENT).items() if key != name}
    assert not SCHEMA.is_valid(body)
    with pytest.raises(InvalidInput) as refused:
        read_document(body)
    assert (refused.value.code, refused.value.pointer) == ("event_field_missing", f"/{name}")


def test_a_context_that_points_to_a_url_is_only_compared() -> None:
    """Nothing opens it: its prefixes are unknown, and the rest is read."""
    context = [GS1, "http://127.0.0.1:1/never.jsonld"]
    plain = {name: value for name, value in EVENT.items() if name != "ext:a"}
    assert read_event(plain, context).hash == read_event(plain, GS1).hash
    with pytest.raises(InvalidInput) as refused:
        read_event(EVENT, context)
    assert refused.value.code == "event_extension_prefix"


def test_events_of_several_contexts_go_into_one_document_and_stay_what_they_are() -> None:
    contexts = [
        [GS1, {"ext": "https://ext.example.com/ns/"}],
        [GS1, {"ext": "https://other.example.com/"}, "https://example.com/context.jsonld"],
        ["https://gs1.github.io/EPCIS/epcis-context.jsonld", {"ext": "https://ext.example.com/ns/"}],
    ]
    events = [(EVENT, context) for context in contexts]
    for body in (document(events, NOW), query_document(events, NOW, "all", subscription="s-1")):
        assert SCHEMA.is_valid(body)
        read = read_document(body)
        assert read.created == NOW
        hashes = [read_event(event, read.context).hash for event in read.events]
        assert hashes == [event_hash(EVENT, context) for context in contexts]
        assert read.context[:2] == [GS1, "https://example.com/context.jsonld"]


def test_an_event_goes_alone_with_its_context() -> None:
    context = {"ext": "https://ext.example.com/ns/"}
    alone = single(EVENT, context)
    assert SCHEMA.is_valid(alone)
    assert read_single_event(alone).hash == event_hash(EVENT, context)
    with pytest.raises(InvalidInput) as refused:
        read_single_event(EVENT)
    assert refused.value.pointer == "/@context"
