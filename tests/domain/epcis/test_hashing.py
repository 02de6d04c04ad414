"""The CBV event hash against the published one, and against the reference program (epcis-event-hash-generator 1.9.3).

Where we differ from that program, on purpose, each shown by a test below:

* It answers by the order of the keys in a transaction, source or destination; we put the type first, as XML does.
* A namespace that does not end with "/" lets it move an extension of a place or a sensor to the end; ours stays.
* Any text that happens to be a CBV word used elsewhere in the document becomes that word's URI, a lot number too.
* It hashes a Digital Link with percent-encoded characters otherwise than the same EPC's URN.
* It rounds half a millisecond to the even one; the rule is up. 999.5 ms and more lose it the event.
* It ends with an error where a transaction has no type, and drops an event in which a text reads "inf".
* It counts an event's own @context, and knows prefixes from an array of contexts only, and from earlier documents too.
* An extension whose name ends with "List" is written twice (`{ns}xList{ns}x=`), in JSON alone.
* It does not know the prefixes that GS1's context defines (cbv, cbvmda, gs1) unless the document defines them again.
"""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from epcis_event_hash_generator import hash_generator, json_to_py
from hypothesis import given, settings

from labelsvc.domain.epcis.contexts import namespaces
from labelsvc.domain.epcis.hashing import event_hash, pre_hash
from labelsvc.domain.epcis.reading import read_event
from labelsvc.errors import InvalidInput
from tests.domain.epcis import generated

pytestmark = pytest.mark.filterwarnings("ignore:open_text is deprecated")  # it reads its own files so

EVENT: dict[str, Any] = {
    "type": "ObjectEvent",
    "eventTime": "2026-03-01T12:00:00.5Z",
    "eventTimeZoneOffset": "+01:00",
    "action": "ADD",
    "bizStep": "commissioning",
    "epcList": ["urn:epc:id:sgtin:9521141.012345.A", "urn:epc:id:sgtin:9521141.012345.B%2F1"],
    "readPoint": {"id": "urn:epc:id:sgln:9521141.12345.0"},
    "ilmd": {"cbvmda:lotNumber": "L-7"},
    "ext:note": {"ext:b": ["2", "1"], "ext:a": "x"},
    "sensorElementList": [{"sensorReport": [{"type": "Temperature", "value": 4.5, "uom": "CEL"}]}],
    "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:9521141.12345"}],
}


def ours(event: Any) -> str:
    return pre_hash(event, namespaces(generated.CONTEXT, event.get("@context")))


def theirs(event: Any) -> str:
    json_to_py._namespaces.clear()
    event = copy.deepcopy(event)
    for name in ("bizTransactionList", "sourceList", "destinationList"):
        if name in event:  # the type first, as in XML
            event[name] = [dict(sorted(each.items(), key=lambda item: item[0] != "type")) for each in event[name]]
    document = generated.document(event)
    return hash_generator.derive_prehashes_from_events(json_to_py.event_list_from_epcis_document_json(document))[0]


@settings(max_examples=60, deadline=None)
@given(generated.events)
def test_it_is_the_text_that_the_reference_program_hashes(event: Any) -> None:
    assert ours(event) == theirs(event)


def test_the_hash_is_the_one_that_its_authors_print() -> None:
    """Example 1 in the README of the reference program, its facts written anew."""
    event = {
        "type": "ObjectEvent",
        "eventTime": "2020-03-04T11:00:30.000+01:00",
        "recordTime": "2020-03-04T11:00:30.999+01:00",
        "eventTimeZoneOffset": "+01:00",
        "epcList": [f"urn:epc:id:sscc:4012345.0000000{last}" for last in ("333", "111", "222")],
        "action": "OBSERVE",
        "bizStep": "departing",
        "readPoint": {"id": "urn:epc:id:sgln:4012345.00011.987"},
        "example:myField1": {"example:mySubField1": "2", "example:mySubField2": "5"},
        "example:myField2": "0",
        "example:myField3": {"example:mySubField3": ["3", "1"]},
    }
    context = ["https://gs1.github.io/EPCIS/epcis-context.jsonld", {"example": "https://ns.example.com/epcis/"}]
    expected = "6ae96341e0acc6d7a261364751f60e68278a81cdf51da0abb6b4e617014e39d7"
    assert event_hash(event, context) == expected
    assert read_event(event, context).uri == f"ni:///sha-256;{expected}?ver=CBV2.0"


@pytest.mark.parametrize(
    "change",
    [
        {"epcList": ["https://id.gs1.org/01/09521141123454/21/A", "https://id.gs1.org/01/09521141123454/21/B%2F1"]},
        {"epcList": ["https://a.example/01/09521141123454/10/L/21/B%2f1?x=1", "urn:epc:id:sgtin:9521141.012345.A"]},
        {"eventTime": "2026-03-01T13:00:00.500+01:00"},
        {"eventTime": "2026-03-01T07:00:00.5004-05:00"},
        {"bizStep": "https://ref.gs1.org/cbv/BizStep-commissioning"},
        {"bizStep": "cbv:BizStep-commissioning"},
        {"readPoint": {"id": "https://id.gs1.org/414/9521141123454"}},
        {"sourceList": [{"source": "https://id.gs1.org/417/9521141123454", "type": "owning_party"}]},
        {"ext:note": {"ext:a": "x", "ext:b": ["1", "2"]}},
        {"eventID": "urn:uuid:1e5c7a1c-9f3c-4c93-9f2b-5a8d7a2f1f3e", "recordTime": "2026-03-02T00:00:00Z"},
        {"errorDeclaration": {"declarationTime": "2026-03-02T00:00:00Z"}},
        {"@context": {"other": "https://other.example.com/"}},
        {"bizTransactionList": [], "quantityList": []},
    ],
)
def test_one_event_in_another_spelling_has_the_same_hash(change: dict[str, Any]) -> None:
    event = {**EVENT, **change}
    names = list(event)
    random.Random(1).shuffle(names)
    assert event_hash({name: event[name] for name in names}, generated.CONTEXT) == event_hash(EVENT, generated.CONTEXT)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "TransactionEvent"},
        {"eventTime": "2026-03-01T12:00:00.501Z"},
        {"eventTimeZoneOffset": "+02:00"},
        {"action": "OBSERVE"},
        {"bizStep": "packing"},
        {"disposition": "active"},
        {"epcList": EVENT["epcList"][:1]},
        {"readPoint": {"id": "urn:epc:id:sgln:9521141.12345.1"}},
        {"readPoint": {**EVENT["readPoint"], "ext:shelf": "3"}},
        {"ilmd": {"cbvmda:lotNumber": "L-8"}},
        {"ext:note": {"ext:b": ["2", "1"], "ext:a": "y"}},
        {"ext:more": "1"},
        {"sensorElementList": [{"sensorReport": [{"type": "Temperature", "value": 4.6, "uom": "CEL"}]}]},
        {"destinationList": [{"type": "owning_party", "destination": "urn:epc:id:pgln:9521141.12345"}]},
        {"certificationInfo": "https://example.com/certificate"},
        {"persistentDisposition": {"set": ["recalled"]}},
    ],
)
def test_another_event_has_another_hash(change: dict[str, Any]) -> None:
    assert event_hash({**EVENT, **change}, generated.CONTEXT) != event_hash(EVENT, generated.CONTEXT)


def test_half_a_millisecond_rounds_up() -> None:
    """CBV 2.0, 8.9, rule 9, and its example."""
    texts = {
        ".1415": "04:03.142Z",
        ".1225": "04:03.123Z",
        ".9995": "04:04.000Z",
        ".1414999": "04:03.141Z",
        "": "04:03.000Z",
    }
    for decimals, expected in texts.items():
        event = {**EVENT, "eventTime": f"2023-01-18T11:04:03{decimals}Z"}
        assert f"eventTime=2023-01-18T11:{expected}eventTimeZoneOffset" in ours(event)


def test_an_extension_stays_in_its_place_whatever_its_namespace_ends_with() -> None:
    event = {
        **EVENT,
        "@context": {"hash": "https://ns.example#"},
        "readPoint": {**EVENT["readPoint"], "hash:shelf": "3"},
    }
    assert "readPointid=https://id.gs1.org/414/9521141123454{https://ns.example#}shelf=3" in ours(event)


def test_a_lot_that_is_spelt_like_a_word_stays_a_lot() -> None:
    event = {**EVENT, "disposition": "active", "ilmd": {"cbvmda:lotNumber": "active"}}
    assert "lotNumber=active" in ours(event)
    assert "lotNumber=https://ref.gs1.org/cbv/Disp-active" in theirs(event)


def test_what_ends_or_misleads_the_reference_program_is_hashed() -> None:
    untyped = {**EVENT, "bizTransactionList": [{"bizTransaction": "https://example.com/po/1"}]}
    assert "bizTransactionListbizTransaction=https://example.com/po/1" in ours(untyped)
    with pytest.raises(IndexError):
        theirs(untyped)
    endless = {**EVENT, "ext:limit": "inf"}
    assert "{https://ext.example.com/ns/}limit=inf" in ours(endless)
    listed = {**EVENT, "ext:partList": ["b", "a"]}
    assert "{https://ext.example.com/ns/}partList=a{https://ext.example.com/ns/}partList=b" in ours(listed)


def test_prefixes_of_gs1_are_known_by_heart() -> None:
    url = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
    event = {name: value for name, value in EVENT.items() if name != "ext:note"}
    assert event_hash(event, url) == event_hash(event, generated.CONTEXT)
    with pytest.raises(InvalidInput) as refused:
        read_event(EVENT, url)
    assert (refused.value.code, refused.value.pointer) == ("event_extension_prefix", "/ext:note")
