"""A scanner that types as an American keyboard, plugged into computers that are set to others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.scans import Repair, parse
from labelsvc.domain.scans.layouts import LAYOUTS, retyped, undashed
from tests.domain.scans.labelled import typed_on

GTIN = "09506000134352"
LINK = f"https://id.example.com/01/{GTIN}/21/aZ-7?17=281119"


@pytest.mark.parametrize(
    ("layout", "shown"),
    [
        ("german", "httpsÖ--id.example.com-01-09506000134352-21-aYß7_17\u00b4281119"),
        ("swiss", "httpsé--id.example.com-01-09506000134352-21-aY'7_17^281119"),
        ("french", 'httpsM!!id:exq,ple:co,!à&!àç(à-ààà&"\'"(é!é&!qW)è§&è=é_&&&ç'),
    ],
)
def test_a_link_typed_on_another_keyboard_is_read(layout, shown) -> None:
    assert typed_on(layout)(LINK) == shown
    (reading,) = parse(shown).readings
    assert (reading.gtin, reading.serial, reading.dates) == (GTIN, "aZ-7", {"17": "281119"})
    assert reading.domain == "https://id.example.com"
    assert [repair for repair in reading.repairs if repair.name == "layout"] == [Repair("layout", layout, "us")]
    assert not reading.suspected


@given(st.text(st.characters(min_codepoint=33, max_codepoint=125), min_size=1), st.sampled_from(sorted(LAYOUTS)))
def test_what_a_keyboard_did_can_be_undone(text, layout) -> None:
    shown = typed_on(layout)(text)
    assert shown == text or (layout, text) in set(retyped(shown))


def test_dashes_for_slashes_are_undone_where_a_link_comes_of_it() -> None:
    text = f"https:--id.my-shop.example-01-{GTIN}-21-A-7"
    first, *others = parse(text).readings
    assert (first.gtin, first.serial) == (GTIN, "A-7")
    assert "https://id.my-shop.example" in {each.domain for each in (first, *others)}
    assert all(each.serial == "A-7" or "caps_lock" in {repair.name for repair in each.repairs} for each in others)
    assert list(undashed("https:--" + "-" * 40)) == []
