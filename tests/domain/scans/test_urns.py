"""EPC URNs: the examples of the EPC Tag Data Standard, and what is none."""

from __future__ import annotations

import pytest

from labelsvc.domain.scans import parse


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        ("urn:epc:id:sgtin:0614141.112345.400", {"01": "10614141123459", "21": "400"}),
        ("urn:epc:id:sgtin:0614141.112345.32a%2Fb", {"01": "10614141123459", "21": "32a/b"}),
        ("urn:epc:id:sscc:0614141.1234567890", {"00": "106141412345678908"}),
        ("urn:epc:id:sgln:0614141.12345.400", {"414": "0614141123452", "254": "400"}),
        ("urn:epc:id:sgln:0614141.12345.0", {"414": "0614141123452"}),
        ("urn:epc:id:pgln:0614141.12345", {"417": "0614141123452"}),
        ("urn:epc:class:lgtin:0614141.112345.L-1", {"01": "10614141123459", "10": "L-1"}),
        ("urn:epc:idpat:sgtin:0614141.112345.*", {"01": "10614141123459"}),
    ],
)
def test_an_epc_says(text, elements) -> None:
    (reading,) = parse(text).readings
    assert (dict(reading.elements), reading.form) == (elements, "epc_urn")


@pytest.mark.parametrize(
    "text",
    [
        "urn:epc:id:sgtin:0614141.12345.400",
        "urn:epc:id:sgtin:0614141.112345",
        "urn:epc:id:sgtin:0614141.112345.a%20b",
        "urn:epc:id:sscc:0614141.123456789",
        "urn:epc:id:what:0614141.1",
        "urn:epc:",
    ],
)
def test_what_is_no_epc_says_nothing(text) -> None:
    assert parse(text).readings == ()
