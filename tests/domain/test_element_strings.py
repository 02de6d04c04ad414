"""Element strings: separators, reading apart, and what the carriers of an item say together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.gs1 import (
    CSET_82,
    TABLE,
    check_element_string,
    check_item_carriers,
    element_string,
    hri,
    split_element_string,
)
from labelsvc.errors import InvalidInput

GTIN = "09520123456788"
TEXT = st.text(sorted(CSET_82), min_size=1, max_size=20)
PAIRS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["10", "21", "22", "240", "250"]), TEXT),
        st.tuples(st.just("01"), st.just(GTIN)),
        st.tuples(st.sampled_from(["11", "13", "15", "16", "17"]), st.dates().map(lambda day: f"{day:%y%m%d}")),
        st.tuples(st.sampled_from(["30", "37"]), st.integers(0, 99_999_999).map(str)),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("01", GTIN), ("21", "12345")], f"01{GTIN}2112345"),
        ([("01", GTIN), ("17", "180426"), ("10", "ABC1"), ("21", "12345")], f"01{GTIN}1718042610ABC1\x1d2112345"),
        ([("10", "ABC1"), ("01", GTIN)], f"10ABC1\x1d01{GTIN}"),
        ([("01", GTIN), ("10", "ABC1")], f"01{GTIN}10ABC1"),
    ],
)
def test_fnc1_stands_only_behind_a_variable_value_that_is_not_last(pairs: list[tuple[str, str]], expected: str) -> None:
    """Rule of the General Specifications 7.8.5: predefined lengths need none, and the end needs none."""
    assert element_string(pairs) == expected
    assert split_element_string(expected) == tuple(pairs)


@given(PAIRS)
def test_what_was_joined_comes_apart_again(pairs: list[tuple[str, str]]) -> None:
    """In any order, with any values, nothing is lost or taken for something else."""
    text = element_string(pairs)
    assert check_element_string(text) == tuple(pairs)
    assert not text.endswith("\x1d")


def test_hri_puts_the_ais_in_parentheses() -> None:
    """As people read it below a symbol."""
    assert hri([("01", GTIN), ("21", "12345")]) == "(01)09520123456788(21)12345"


def test_a_reader_passes_over_a_needless_separator() -> None:
    """Some printers put one behind every value; ours do not."""
    assert split_element_string(f"01{GTIN}\x1d21A") == (("01", GTIN), ("21", "A"))
    with pytest.raises(InvalidInput) as error:
        check_element_string(f"01{GTIN}\x1d21A")
    assert error.value.code == "gs1_separator"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("01095201", "gs1_value_length"),
        (f"01{GTIN}21", "gs1_value_length"),
        ("10\x1d21A", "gs1_value_length"),
        ("10" + "A" * 21, "gs1_value_length"),
        ("9912", "gs1_ai_unknown"),
        ("x", "gs1_ai_unknown"),
        ("\x1d01", "gs1_ai_unknown"),
    ],
)
def test_broken_strings_are_refused_with_the_reason(text: str, code: str) -> None:
    """Values that break off, empty values, unknown AIs."""
    with pytest.raises(InvalidInput) as error:
        split_element_string(text)
    assert error.value.code == code


def test_every_value_of_our_own_strings_is_checked() -> None:
    """A wrong check digit inside is found."""
    with pytest.raises(InvalidInput) as error:
        check_element_string("0109520123456789")
    assert error.value.code == "gs1_check_digit"


def test_an_unknown_ai_is_not_written() -> None:
    """There is no telling whether it needs a separator."""
    with pytest.raises(InvalidInput) as error:
        element_string([("99", "x"), ("21", "A")])
    assert error.value.code == "gs1_ai_unknown"


@pytest.mark.parametrize(
    "pairs",
    [
        [("01", GTIN)],
        [("01", GTIN), ("21", "1"), ("10", "L"), ("11", "260101"), ("17", "270101")],
        [("01", GTIN), ("21", "1"), ("01", GTIN)],  # a second carrier says the same again
        [("21", "1"), ("10", "L"), ("01", GTIN)],  # the order does not matter
        [("00", "106141412345678908"), ("02", GTIN), ("37", "12"), ("10", "L")],
        [("01", GTIN), ("21", "1"), ("250", "2")],
    ],
)
def test_items_that_keep_the_rules(pairs: list[tuple[str, str]]) -> None:
    """What one carrier requires may stand on another."""
    check_item_carriers(pairs)


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([("21", "1")], "gs1_ai_requires"),
        ([("10", "L")], "gs1_ai_requires"),
        ([("17", "270101")], "gs1_ai_requires"),
        ([("02", GTIN), ("00", "106141412345678908")], "gs1_ai_requires"),
        ([("01", GTIN), ("250", "2")], "gs1_ai_requires"),
        ([("01", GTIN), ("02", GTIN), ("37", "2"), ("00", "106141412345678908")], "gs1_ai_excludes"),
        ([("01", GTIN), ("21", "1"), ("21", "2")], "gs1_ai_contradicts"),
        ([("01", GTIN), ("01", "09506000134352")], "gs1_ai_contradicts"),
    ],
)
def test_items_that_break_a_rule(pairs: list[tuple[str, str]], code: str) -> None:
    """A serial without its GTIN, a count without its contents, two GTINs on one thing."""
    with pytest.raises(InvalidInput) as error:
        check_item_carriers(pairs)
    assert error.value.code == code


def test_no_ai_is_the_beginning_of_another() -> None:
    """Otherwise a string could be read in two ways."""
    assert not [(a, b) for a in TABLE for b in TABLE if a != b and b.startswith(a)]
