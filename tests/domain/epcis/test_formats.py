from __future__ import annotations

from typing import Any

import pytest

from labelsvc.domain.epcis.formats import parse_format, prefix_lengths, translated
from labelsvc.domain.epcis.hashing import event_hash
from labelsvc.errors import InvalidInput

URN: dict[str, Any] = {
    "type": "AggregationEvent",
    "eventTime": "2026-03-01T12:00:00Z",
    "eventTimeZoneOffset": "+00:00",
    "action": "ADD",
    "parentID": "urn:epc:id:sscc:9521141.1234567890",
    "childEPCs": ["urn:epc:id:sgtin:9521141.012345.4%2F7", "urn:epc:id:gid:95100000.12345.400"],
    "childQuantityList": [{"epcClass": "urn:epc:class:lgtin:9521141.012345.L", "quantity": 3}],
    "readPoint": {"id": "urn:epc:id:sgln:9521141.12345.0", "ext:a": "1"},
    "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:9521141.12345"}],
    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:9521141123454:7"}],
}
LINK: dict[str, Any] = {
    **URN,
    "parentID": "https://id.gs1.org/00/195211412345678900",
    "childEPCs": ["https://id.gs1.org/01/09521141123454/21/4%2F7", "urn:epc:id:gid:95100000.12345.400"],
    "childQuantityList": [{"epcClass": "https://id.gs1.org/01/09521141123454/10/L", "quantity": 3}],
    "readPoint": {"id": "https://id.gs1.org/414/9521141123454", "ext:a": "1"},
    "sourceList": [{"type": "owning_party", "source": "https://id.gs1.org/417/9521141123454"}],
}
OURS = prefix_lengths(["9521141", "952"])


def test_an_event_is_translated_both_ways_without_loss() -> None:
    assert translated(URN, "Always_GS1_Digital_Link", OURS) == LINK
    assert translated(LINK, "Always_EPC_URN", OURS) == URN
    assert event_hash(URN, None) == event_hash(LINK, None)


def test_who_prefers_nothing_gets_what_was_received() -> None:
    for event in (URN, LINK):
        assert translated(event, "No_Preference", OURS) is event
        assert translated(event, "Never_Translates", OURS) is event
    assert translated(LINK, "Always_GS1_Digital_Link", OURS) == LINK
    assert translated(URN, "Always_EPC_URN", OURS) == URN


def test_a_prefix_of_others_is_asked_for_and_may_stay_unknown() -> None:
    foreign = {**LINK, "parentID": "https://id.gs1.org/00/140123451122233341"}
    assert translated(foreign, "Always_EPC_URN", OURS)["parentID"] == foreign["parentID"]
    asked = prefix_lengths(["9521141"], lambda _identifier: 7)
    assert translated(foreign, "Always_EPC_URN", asked)["parentID"] == "urn:epc:id:sscc:4012345.1112223334"


def test_a_header_says_one_of_four() -> None:
    assert parse_format("Always_EPC_URN") == "Always_EPC_URN"
    with pytest.raises(InvalidInput) as refused:
        parse_format("urn")
    assert refused.value.code == "epc_format"
