"""The CBV event hash against the published one."""

from __future__ import annotations

from labelsvc.domain.epcis.hashing import event_hash

CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"example": "https://ns.example.com/epcis/"},
]


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
    assert event_hash(event, CONTEXT) == "6ae96341e0acc6d7a261364751f60e68278a81cdf51da0abb6b4e617014e39d7"
