"""Element strings whose separators, first AI or zeros were lost on the way."""

from __future__ import annotations

import pytest

from labelsvc.domain.scans import Repair, parse

GTIN = "09506000134352"
SSCC = "106141412345678908"


def mended(text, **options) -> list[tuple[dict[str, str], list[str]]]:
    readings = [each for each in parse(text, **options).readings if not each.suspected]
    return [(dict(each.elements), [repair.name for repair in each.repairs]) for each in readings]


@pytest.mark.parametrize(
    "typed", ["^]", "\\x1d", "\\X1D", "\\u001d", "{GS}", "{gs}", "[GS]", "\u241d", "\u2194", "|", "]", " ", "%1d"]
)
def test_a_separator_that_came_out_as_something_else_is_one(typed) -> None:
    assert ({"01": GTIN, "10": "L-1", "21": "A"}, ["separator_typed"]) in mended(f"01{GTIN}10L-1{typed}21A")


@pytest.mark.parametrize("typed", ["029", "<GS>", "F8"])
def test_what_may_stand_in_a_value_is_read_both_ways(typed) -> None:
    """Alt+029 without Alt leaves its digits; F8 is what some scanners press, and is only looked for if they do."""
    found = mended(f"]C101{GTIN}10L-1{typed}21A", separators=("F8",))
    assert ({"01": GTIN, "10": f"L-1{typed}21A"}, []) in found
    assert ({"01": GTIN, "10": "L-1", "21": "A"}, ["separator_typed"]) in found


def test_a_value_that_swallowed_the_next_ai_is_split_and_not_split() -> None:
    """As Odoo's users found when their scanners' GS was filtered out."""
    assert mended(f"]d201{GTIN}10L-1" + "21A1") == [
        ({"01": GTIN, "10": "L-121A1"}, []),
        ({"01": GTIN, "10": "L-1", "21": "A1"}, ["separator_lost"]),
    ]


def test_a_value_too_long_for_its_ai_must_have_swallowed_one() -> None:
    assert mended(f"]C101{GTIN}10" + "L" * 19 + "21" + "S" * 19) == [
        ({"01": GTIN, "10": "L" * 19, "21": "S" * 19}, ["separator_lost"])
    ]


def test_where_one_separator_came_through_the_others_did() -> None:
    assert mended(f"]C101{GTIN}10L21A\x1d240X") == [({"01": GTIN, "10": "L21A", "240": "X"}, [])]


def test_a_separator_that_nobody_needs_is_read_over() -> None:
    assert mended(f"]d2\x1d01{GTIN}\x1d17281119\x1d21A\x1d") == [({"01": GTIN, "17": "281119", "21": "A"}, [])]


def test_the_first_ai_and_zeros_may_be_missing() -> None:
    assert ({"01": GTIN, "21": "A-1"}, ["ai_lost"]) in mended(f"{GTIN}21A-1")
    assert ({"00": SSCC, "02": GTIN, "37": "5"}, ["ai_lost"]) in mended(f"{SSCC}02{GTIN}375")
    assert ({"01": GTIN, "21": "A-1"}, ["gtin_padded"]) in mended(f"01{GTIN[1:]}21A-1")
    assert ({"01": GTIN, "21": "A-1"}, ["ai_lost", "gtin_padded"]) in mended(f"{GTIN[1:]}21A-1")
    assert ({"01": GTIN, "21": "A-1"}, ["gtin_padded"]) in mended(f"(01){GTIN[1:]}(21)A-1")


def test_an_element_string_in_a_symbol_that_is_not_gs1s_says_so() -> None:
    first, *_ = parse(f"]d101{GTIN}17281119" + "21A-1").readings
    assert (first.gtin, first.serial, first.repairs) == (GTIN, "A-1", (Repair("not_gs1_symbol", "]d1", "GS1"),))


def test_spaces_between_brackets_are_left_out() -> None:
    assert mended(f"(01) {GTIN} (21) A-1") == [({"01": GTIN, "21": "A-1"}, ["spaces", "spaces"])]


def test_a_repair_says_what_stood_there() -> None:
    (reading,) = [each for each in parse(f"]C101{GTIN}10L^]21A\r\n").readings if each.serial]
    assert reading.repairs == (
        Repair("around", f"]C101{GTIN}10L^]21A\r\n", f"]C101{GTIN}10L^]21A"),
        Repair("separator_typed", "^]", "GS"),
    )


@pytest.mark.parametrize("text", ["(99)", "(01)" * 50, "((01))", f"(98765){GTIN}", f"(01){GTIN}x", f"(03){GTIN}(21)"])
def test_brackets_that_hold_no_ai_or_no_value_say_nothing(text) -> None:
    assert [each for each in parse(text).readings if each.form == "brackets"] == []
