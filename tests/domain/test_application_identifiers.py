"""Application Identifiers: the table, and values that may stand behind them."""

from __future__ import annotations

import pytest
import zint
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.gs1 import CSET_82, TABLE, application_identifier, check_lot_number, check_serial, check_value
from labelsvc.errors import InvalidInput

BAD_TEXT = [
    "^XZ",
    "~JA",
    "\x02",
    "\x1e",
    "\x1d",
    "A\n",
    "A B",
    "😀",
    "ü",
    "#",
    "$",
    "@",
    "[",
    "\\",
    "]",
    "`",
    "{",
    "|",
    "}",
]


def test_set_82_has_82_characters() -> None:
    """And none of those that GS1 leaves out."""
    assert len(CSET_82) == 82
    assert not CSET_82 & set(" #$@[\\]^`{|}~")


@pytest.mark.parametrize("check", [check_serial, check_lot_number])
@given(text=st.text(sorted(CSET_82), min_size=1, max_size=20))
def test_any_text_of_set_82_is_taken_as_it_is(check: object, text: str) -> None:
    """1 to 20 characters, unchanged."""
    assert callable(check)
    assert check(text) == text


@pytest.mark.parametrize("text", BAD_TEXT)
def test_characters_outside_set_82_are_refused_in_serials_and_lots(text: str) -> None:
    """Printer commands, control characters, newlines and emoji among them."""
    with pytest.raises(InvalidInput) as error:
        check_serial(text)
    assert error.value.code == "serial_characters"
    with pytest.raises(InvalidInput) as error:
        check_lot_number(text)
    assert error.value.code == "lot_number_characters"


@pytest.mark.parametrize("text", ["", "L" * 21, "L" * 1_000_000])
def test_twenty_characters_are_the_most(text: str) -> None:
    """A lot number of 21 characters is refused, and the sentence says how long it was."""
    with pytest.raises(InvalidInput, match=rf"^Expected 1 to 20 characters, got {len(text)}\.$") as error:
        check_lot_number(text)
    assert error.value.code == "lot_number_length"
    with pytest.raises(InvalidInput) as error:
        check_serial(text)
    assert error.value.code == "serial_length"


@pytest.mark.parametrize(
    ("ai", "value"),
    [("01", "09506000134352"), ("00", "106141412345678908"), ("10", "ABC1"), ("17", "180426"), ("15", "160200"),
     ("21", "12345"), ("37", "12"), ("30", "8"), ("250", "x" * 30)],
)  # fmt: skip
def test_good_values_pass(ai: str, value: str) -> None:
    """Published examples and lengths up to the limit."""
    assert check_value(ai, value) == value


@pytest.mark.parametrize(
    ("ai", "value", "code"),
    [
        ("01", "09506000134353", "gs1_check_digit"),
        ("01", "9506000134352", "gs1_value_length"),
        ("01", "0950600013435X", "gs1_value_characters"),
        ("17", "260230", "gs1_date"),
        ("17", "26023", "gs1_value_length"),
        ("37", "1A", "gs1_value_characters"),
        ("37", "٣", "gs1_value_characters"),
        ("10", "", "gs1_value_length"),
        ("10", "A\x1d21B", "gs1_value_characters"),
        ("250", "x" * 31, "gs1_value_length"),
        ("99", "x", "gs1_ai_unknown"),
        ("", "x", "gs1_ai_unknown"),
    ],
)
def test_bad_values_are_refused_with_the_rule(ai: str, value: str, code: str) -> None:
    """Set, length, check digit, calendar."""
    with pytest.raises(InvalidInput) as error:
        check_value(ai, value)
    assert error.value.code == code


@pytest.mark.parametrize("ai", TABLE)
def test_lengths_and_sets_are_those_of_libzint(ai: str) -> None:
    """libzint, which carries GS1's dictionary, draws the same line at the longest value and at letters."""
    row = application_identifier(ai)
    longest = {"key": "9" * row.longest, "date": "260131", "text": "1" * row.longest}[row.content]
    if row.content == "key":
        longest = next(c for digit in "0123456789" if zint_takes(ai, c := longest[:-1] + digit))
        assert check_value(ai, longest)
    assert zint_takes(ai, longest)
    assert not zint_takes(ai, longest + "1")
    assert zint_takes(ai, "A" * row.longest) == (row.kind == "X")


def zint_takes(ai: str, value: str) -> bool:
    symbol = zint.Symbol()
    symbol.symbology = zint.Symbology.DATAMATRIX
    symbol.input_mode = zint.InputMode.GS1
    symbol.warn_level = zint.WarningLevel.FAIL_ALL
    try:
        symbol.encode(f"[{ai}]{value}")
    except (RuntimeError, ValueError):
        return False
    return not symbol.errtxt
