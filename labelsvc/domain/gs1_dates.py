"""Dates in GS1 element strings: six digits YYMMDD, whose day may be 00 (GS1 General Specifications 3.4, 7.12)."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

from labelsvc.errors import InvalidInput

YEARS_AHEAD = 50
YEARS_BACK = 49
"""A two-digit year means the year from 49 years back to 50 years ahead (GS1 General Specifications 7.12)."""

_SIX_DIGITS = re.compile(r"[0-9]{6}")


def format_yymmdd(day: date) -> str:
    """The six digits of a date."""
    return f"{day.year % 100:02}{day.month:02}{day.day:02}"


def parse_yymmdd(text: str, today: date) -> date:
    """The date that six digits mean to someone who reads them today.

    A day of 00 means the last day of the month: "160200" is 29 February 2016.

    Raises:
        InvalidInput: gs1_date, it is not six digits, or no such day exists.
    """
    if not _SIX_DIGITS.fullmatch(text):
        raise InvalidInput("gs1_date", f"Expected six digits YYMMDD, got {text!r}.")
    year, month, day = century(int(text[:2]), today.year) + int(text[:2]), int(text[2:4]), int(text[4:])
    if not 1 <= month <= 12:
        raise InvalidInput("gs1_date", f"Expected a month of 01 to 12, got {text[2:4]}.")
    last = monthrange(year, month)[1]
    if day > last:
        raise InvalidInput("gs1_date", f"Expected a day of 00 to {last} in {year}-{month:02}, got {text[4:]}.")
    return date(year, month, day or last)


def century(two_digits: int, this_year: int) -> int:
    """The century, as 1900 or 2000, of a two-digit year read in `this_year`."""
    now = this_year - this_year % 100
    ahead = two_digits - this_year % 100
    if ahead > YEARS_AHEAD:
        return now - 100
    if ahead < -YEARS_BACK:
        return now + 100
    return now
