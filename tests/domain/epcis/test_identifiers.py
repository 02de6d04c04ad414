"""Facts: GS1 Digital Link URI Syntax 1.2 (4.11), EPC Tag Data Standard 2.0 (6.3), CBV 2.0 (8.9)."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from epcpy import epc_pure_identity_to_gs1_element_string
from hypothesis import given, settings
from hypothesis import strategies as st

from labelsvc.domain.application_identifiers import CSET_82
from labelsvc.domain.epcis.identifiers import canonical, canonical_class, canonical_epc
from labelsvc.domain.epcis.urns import company_prefix_length, to_urn
from labelsvc.domain.gtin import check_digit
from labelsvc.errors import InvalidInput

UNIT = "https://id.gs1.org/01/09521141123454/21/ABC"

# The first column's check digits are GS1's arithmetic on paper: 3, 1, 3, ... from the right, modulo 10.
NAMES = [
    ("urn:epc:id:sgtin:9521141.012345.4711", "https://id.gs1.org/01/09521141123454/21/4711"),
    ("urn:epc:id:sgtin:9521141.012345.32a%2Fb", "https://id.gs1.org/01/09521141123454/21/32a%2Fb"),
    ("urn:epc:id:sgtin:9521141.012345.A!b", "https://id.gs1.org/01/09521141123454/21/A%21b"),
    ("urn:epc:id:sscc:4012345.1112223334", "https://id.gs1.org/00/140123451122233341"),
    ("urn:epc:id:sgln:4012345.00022.0", "https://id.gs1.org/414/4012345000221"),
    ("urn:epc:id:sgln:4012345.00011.987", "https://id.gs1.org/414/4012345000115/254/987"),
    ("urn:epc:id:sgln:952114112345..987", "https://id.gs1.org/414/9521141123454/254/987"),
    ("urn:epc:id:pgln:4012345.00000", "https://id.gs1.org/417/4012345000009"),
    ("urn:epc:id:grai:9521141.12345.400", "https://id.gs1.org/8003/09521141123454400"),
    ("urn:epc:id:giai:4000001.111", "https://id.gs1.org/8004/4000001111"),
    ("urn:epc:id:gdti:9521141.12345.006847", "https://id.gs1.org/253/9521141123454006847"),
    ("urn:epc:id:gsrn:9521141.1234567890", "https://id.gs1.org/8018/952114112345678906"),
    ("urn:epc:id:gsrnp:9521141.1234567890", "https://id.gs1.org/8017/952114112345678906"),
    ("urn:epc:id:sgcn:9521141.67890.04711", "https://id.gs1.org/255/952114167890904711"),
    ("urn:epc:id:cpi:9521141.5PQ7%2FZ43.12345", "https://id.gs1.org/8010/95211415PQ7%2FZ43/8011/12345"),
    ("urn:epc:id:itip:9521141.012345.01.02.987", "https://id.gs1.org/8006/095211411234540102/21/987"),
    ("urn:epc:id:upui:9521141.012345.51qIgY)%3C%26", "https://id.gs1.org/01/09521141123454/235/51qIgY%29%3C%26"),
    ("urn:epc:class:lgtin:9521141.012345.L-1", "https://id.gs1.org/01/09521141123454/10/L-1"),
    ("urn:epc:idpat:sgtin:9521141.012345.*", "https://id.gs1.org/01/09521141123454"),
]


@pytest.mark.parametrize(("urn", "link"), NAMES)
def test_a_urn_becomes_a_digital_link_and_comes_back(urn: str, link: str) -> None:
    assert canonical(urn) == link
    assert canonical(link) == link
    length = company_prefix_length(urn)
    assert length is not None
    assert to_urn(link, length) == urn


@pytest.mark.parametrize(
    ("urn", "link"), [pair for pair in NAMES if ":id:" in pair[0] and not pair[0].endswith("22.0")]
)
def test_another_program_finds_the_same_keys(urn: str, link: str) -> None:
    """epcpy gives (AI)value pairs, which are the path of the Digital Link."""
    pairs = re.findall(
        r"\((\d+)\)([^(]*)", epc_pure_identity_to_gs1_element_string(urn).replace("51qIgY)<&", "51qIgY%29%3C%26")
    )
    path = "".join(f"/{ai}/{value if '%' in value else quote(value, safe='')}" for ai, value in pairs)
    assert canonical(urn) == f"https://id.gs1.org{path}"


@settings(max_examples=100)
@given(st.text(sorted(CSET_82), min_size=1, max_size=20), st.integers(6, 12), st.integers(0, 10**13 - 1))
def test_any_unit_goes_to_a_urn_and_comes_back(serial: str, length: int, number: int) -> None:
    digits = f"{number:013d}"
    link = f"https://id.gs1.org/01/{digits}{check_digit(digits)}/21/{quote(serial, safe='')}"
    urn = to_urn(link, length)
    assert urn.startswith("urn:epc:id:sgtin:")
    assert canonical(urn) == link
    assert canonical(link) == link
    assert company_prefix_length(urn) == length


@settings(max_examples=100)
@given(
    st.text(max_size=60)
    | st.sampled_from([urn for urn, _ in NAMES]).flatmap(
        lambda urn: st.integers(0, 40).map(lambda at: urn[:at] + "%" + urn[at:])
    )
)
def test_whatever_it_is_given_it_answers(text: str) -> None:
    try:
        once = canonical(text)
    except InvalidInput:
        return
    assert canonical(once) == once


@pytest.mark.parametrize(
    "text",
    [
        UNIT,
        "https://example.com/01/09521141123454/21/ABC",
        "HTTPS://ID.EXAMPLE.COM/01/09521141123454/21/ABC",
        "http://example.com/some/path/01/09521141123454/22/2A/10/LOT/21/ABC/",
        "https://example.com/gtin/09521141123454/lot/LOT/ser/ABC?17=300101&linkType=gs1:pip#top",
        "https://example.com/01/09521141123454/21/%41BC",
        "urn:epc:id:sgtin:9521141.012345.ABC",
        "URN:EPC:id:sgtin:9521141.012345.ABC",
    ],
)
def test_one_unit_has_one_form(text: str) -> None:
    assert canonical(text) == UNIT
    assert canonical_epc(text) == UNIT


@pytest.mark.parametrize(
    "text",
    [
        "https://id.example.com/item/A-7/21/0001",
        "https://example.com/orders/00/17",
        "urn:uuid:1e5c7a1c-9f3c-4c93-9f2b-5a8d7a2f1f3e",
        "urn:epc:id:gid:95100000.12345.400",
        "geo:47.506694,11.104301",
        "ni:///sha-256;00?ver=CBV2.0",
    ],
)
def test_other_uris_stay_as_they_are(text: str) -> None:
    assert canonical(text) == text


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("https://id.gs1.org/01/952114112345/21/A", "identifier_digits", "Expected 14 digits, got 12."),
        ("https://id.gs1.org/01/9521141123454/21/A", "identifier_digits", "Expected 14 digits, got 13."),
        ("https://id.gs1.org/01/0952114112345X/21/A", "identifier_digits", None),
        ("https://id.gs1.org/01/09521141123450/21/A", "identifier_check_digit", "Expected check digit 4, got 0."),
        ("https://id.gs1.org/00/140123451122233340", "identifier_check_digit", "Expected check digit 1, got 0."),
        ("https://id.gs1.org/414/4012345000220", "identifier_check_digit", "Expected check digit 1, got 0."),
        ("https://id.gs1.org/01/09521141123454/21/A/10/L", "identifier_qualifier", None),
        ("https://id.gs1.org/01/09521141123454/21/A/21/B", "identifier_qualifier", None),
        ("https://id.gs1.org/01/09521141123454/17/300101", "identifier_qualifier", None),
        ("https://id.gs1.org/01/09521141123454/21", "identifier_qualifier", None),
        ("https://id.gs1.org/01/09521141123454/21/" + "A" * 21, "identifier_length", None),
        ("https://id.gs1.org/01/09521141123454/21/A~B", "identifier_characters", None),
        ("https://id.gs1.org/01/09521141123454/21/A%20B", "identifier_characters", None),
        ("https://id.gs1.org/01/09521141123454/21/%C3%A9", "identifier_characters", None),
        ("https://id.gs1.org/01/09521141123454/21/é", "identifier_uri", None),
        ("https://id.gs1.org/01/09521141123454/21/٣", "identifier_uri", None),
        ("urn:epc:id:sgtin:9521141.12345.A", "identifier_urn", None),
        ("urn:epc:id:sgtin:9521141.012345", "identifier_urn", None),
        ("urn:epc:id:sscc:12345.123456789012", "identifier_urn", None),
        ("urn:epc:id:sgtin:9521141.012345." + "A" * 21, "identifier_length", None),
        ("4711", "identifier_uri", None),
        ("https://a.example/" + "x" * 3000, "identifier_uri", None),
    ],
)
def test_what_is_wrong_is_named(text: str, code: str, says: str | None) -> None:
    with pytest.raises(InvalidInput) as refused:
        canonical(text)
    assert refused.value.code == code
    assert says is None or refused.value.message == says


def test_a_lot_is_no_thing_and_a_thing_is_no_class() -> None:
    lot = "https://id.gs1.org/01/09521141123454/10/L1"
    for text in (lot, "urn:epc:class:lgtin:9521141.012345.L1", "https://id.gs1.org/01/09521141123454"):
        with pytest.raises(InvalidInput) as refused:
            canonical_epc(text)
        assert refused.value.code == "identifier_is_class"
    with pytest.raises(InvalidInput) as refused:
        canonical_class(UNIT)
    assert refused.value.code == "identifier_is_epc"
    assert canonical_class(lot) == lot
