"""Warranties end on the day that the law says."""

from __future__ import annotations

from datetime import date

import pytest

from labelsvc.domain.sales import warranty_until
from labelsvc.errors import InvalidInput


@pytest.mark.parametrize(
    ("sold", "months", "last"),
    [
        (date(2026, 11, 20), 24, date(2028, 11, 20)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 10, 31), 1, date(2026, 11, 30)),
        (date(2026, 11, 30), 1, date(2026, 12, 30)),
        (date(2026, 12, 31), 12, date(2027, 12, 31)),
    ],
)
def test_a_warranty_ends_on_the_same_date_or_else_on_the_last_day_of_its_month(sold, months, last) -> None:
    """By the calendar, on paper; Regulation 1182/71, article 3 (2) (c)."""
    assert warranty_until(sold, months) == last


@pytest.mark.parametrize("months", [0, -1, 1201])
def test_a_warranty_of_no_months_or_of_more_than_a_century_is_none(months) -> None:
    with pytest.raises(InvalidInput) as refused:
        warranty_until(date(2026, 11, 20), months)
    assert refused.value.code == "warranty_months"
