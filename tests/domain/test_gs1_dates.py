"""Six-digit dates: the day 00, the century, and days that do not exist."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.gs1 import format_yymmdd, parse_yymmdd
from labelsvc.domain.gs1_dates import century
from labelsvc.errors import InvalidInput

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("160200", date(2016, 2, 29)),  # the example of the General Specifications, 3.4
        ("260200", date(2026, 2, 28)),
        ("261200", date(2026, 12, 31)),
        ("180426", date(2018, 4, 26)),
        ("240229", date(2024, 2, 29)),
    ],
)
def test_known_dates(text: str, expected: date) -> None:
    """A day of 00 is the last of its month, leap years included."""
    assert parse_yymmdd(text, TODAY) == expected


@pytest.mark.parametrize(
    "text", ["260230", "230229", "261301", "260001", "260132", "2612", "", "26-1-1", "2612311", "٢٦١٢٣١", "2612 1"]
)
def test_days_that_do_not_exist_are_refused(text: str) -> None:
    """No month 13, no 30 February, no 29 February 2023, nothing but six digits."""
    with pytest.raises(InvalidInput) as error:
        parse_yymmdd(text, TODAY)
    assert error.value.code == "gs1_date"


@pytest.mark.parametrize(
    ("this_year", "two_digits", "expected"),
    [
        (2026, 76, 2000),  # 50 years ahead
        (2026, 77, 1900),  # 51 years ahead would be too far: 49 back
        (2026, 0, 2000),
        (2099, 50, 2000),  # 49 years back
        (2099, 49, 2100),  # 50 back would be too far: 50 ahead
        (2051, 0, 2100),
        (2000, 51, 1900),
        (2000, 50, 2000),
    ],
)
def test_the_century_window(this_year: int, two_digits: int, expected: int) -> None:
    """49 years back to 50 ahead of the reader's own year."""
    assert century(two_digits, this_year) == expected


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(-50, 49))
def test_a_date_reads_back_for_every_reader_near_enough(day: date, years: int) -> None:
    """Up to 50 years before the date and 49 after it, a reader finds the same day."""
    assert parse_yymmdd(format_yymmdd(day), date(day.year + years, 6, 15)) == day
