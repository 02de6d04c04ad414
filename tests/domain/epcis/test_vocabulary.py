from __future__ import annotations

import json
from pathlib import Path

import pytest

from labelsvc.domain.epcis.vocabulary import WORDS, Family, bare, urn, web_uri

DEFINITIONS = json.loads((Path(__file__).parent / "schema" / "EPCISDocument.schema.json").read_text("utf-8"))[
    "definitions"
]
NAMES: dict[Family, str] = {
    "bizStep": "bizStep",
    "disposition": "disposition",
    "transaction": "bizTransaction-type",
    "party": "source-dest-type",
    "reason": "error-reason",
    "component": "component",
    "measurement": "measurementType",
    "alert": "sensorAlertType",
}


@pytest.mark.parametrize("family", list(WORDS))
def test_the_words_are_those_of_the_schema(family: Family) -> None:
    assert frozenset(DEFINITIONS[NAMES[family]]["anyOf"][1]["enum"]) == WORDS[family]


def test_cbv_has_41_steps_and_33_dispositions() -> None:
    assert (len(WORDS["bizStep"]), len(WORDS["disposition"])) == (41, 33)


def test_a_word_has_three_spellings() -> None:
    spellings = ["shipping", "https://ref.gs1.org/cbv/BizStep-shipping", "urn:epcglobal:cbv:bizstep:shipping"]
    for text in spellings:
        assert [bare("bizStep", text), web_uri("bizStep", text), urn("bizStep", text)] == spellings
    for other in ("https://vocabulary.example.com/shipping", "https://ref.gs1.org/cbv/Disp-active", "flying"):
        assert (bare("bizStep", other), web_uri("bizStep", other), urn("bizStep", other)) == (other,) * 3
    assert (
        web_uri("measurement", "Temperature") == urn("measurement", "Temperature") == "https://gs1.org/voc/Temperature"
    )
