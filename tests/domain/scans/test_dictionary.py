"""All Application Identifiers, against another program's table and GS1's rules."""

from __future__ import annotations

import re

import pytest
from biip.gs1_application_identifiers import _GS1_APPLICATION_IDENTIFIERS
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.application_identifiers import TABLE
from labelsvc.domain.scans.dictionary import DICTIONARY, is_lawful, row_at


def theirs() -> dict[str, object]:
    return {row.ai: row for row in _GS1_APPLICATION_IDENTIFIERS.values()}


def test_it_has_the_same_application_identifiers_and_separators_as_another_programs() -> None:
    assert DICTIONARY.keys() == theirs().keys()
    assert {ai: not row.predefined for ai, row in DICTIONARY.items()} == {
        ai: row.separator_required for ai, row in theirs().items()
    }


@pytest.mark.parametrize("ai", sorted({ai if len(ai) < 4 or ai[0] != "3" else f"{ai[:3]}0" for ai in DICTIONARY}))
def test_lengths_are_those_of_the_format_that_another_program_prints(ai) -> None:
    """Such as N3+N3+X..9: the AI, three digits, up to nine characters; in brackets what may be missing."""
    parts = theirs()[ai].format.replace("[+", "+[").split("+")[1:]
    longest = sum(int(re.findall("[0-9]+", part)[-1]) if part != "[-]" else 1 for part in parts)
    assert DICTIONARY[ai].longest == longest


def test_what_we_write_we_can_read() -> None:
    for ai, row in TABLE.items():
        read = DICTIONARY[ai]
        assert (read.shortest, read.longest, read.predefined) == (row.shortest, row.longest, row.predefined), ai


@pytest.mark.parametrize(
    ("ai", "right", "wrong"),
    [
        # (00) and (01) of the General Specifications' figures; then with another check digit, and of zeros.
        ("00", "106141412345678908", "106141412345678909"),
        ("01", "10614141123459", "10614141123458"),
        ("01", "09506000134352", "00000000000000"),
        ("17", "280229", "270229"),
        ("17", "280200", "281300"),
        ("7003", "2802291359", "2802002359"),
        ("7003", "2802292359", "2802292400"),
        ("253", "9501101020016ABC", "9501101020017ABC"),
        ("8003", "09501101020016A", "09501101020017A"),
        ("421", "756CH", "756"),
        ("8010", "95011010A/#-", "95011010a"),
        ("30", "8", ""),
        ("10", "!\"%&'()*+,-./:;<=>?_aZ", "A B"),
        ("21", "A" * 20, "A" * 21),
        ("91", "A" * 90, "A" * 91),
        ("4330", "000725-", "000725+"[:-1] + " "),
    ],
)
def test_a_value_is_right_by_length_characters_check_digit_and_calendar(ai, right, wrong) -> None:
    assert DICTIONARY[ai].allows(right[: DICTIONARY[ai].longest])
    assert not DICTIONARY[ai].allows(wrong)


@given(st.text("0123456789", max_size=6))
def test_the_first_two_digits_say_how_many_an_application_identifier_has(text) -> None:
    row = row_at(text, 0)
    assert [ai for ai in DICTIONARY if text.startswith(ai)] == ([row.ai] if row else [])


def test_contradictions_are_not_lawful() -> None:
    assert is_lawful((("01", "09506000134352"), ("10", "A"), ("10", "A")))
    assert not is_lawful((("01", "09506000134352"), ("10", "A"), ("10", "B")))
    assert not is_lawful((("01", "09506000134352"), ("02", "09506000134352")))
    assert not is_lawful((("01", "09506000134352"), ("21", "A"), ("235", "B")))
