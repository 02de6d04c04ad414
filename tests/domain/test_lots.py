"""Lots: dates in order, expiry from the shelf life, and years that two digits can carry."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.gs1 import format_yymmdd, parse_yymmdd
from labelsvc.domain.lots import Lot, open_lot, warnings_at_issue
from labelsvc.errors import InvalidInput

PRODUCTION = date(2026, 3, 1)
DAYS = st.dates(date(1990, 1, 1), date(2110, 12, 31))


def refused(*args: object) -> str:
    with pytest.raises(InvalidInput) as error:
        open_lot(*args)  # type: ignore[arg-type]  # the point is to hand over what does not fit
    assert error.value.message.startswith("Expected ")
    return error.value.code


@pytest.mark.parametrize(
    ("shelf_life_days", "expiry"),
    [(30, date(2026, 3, 31)), (1, date(2026, 3, 2)), (365, date(2027, 3, 1)), (730, date(2028, 2, 29)), (None, None)],
)
def test_expiry_from_the_shelf_life_counts_the_production_day_as_day_0(
    shelf_life_days: int | None, expiry: date | None
) -> None:
    """Produced on 1 March with 30 days: 31 March. Two years of 365 days end on the leap day."""
    assert open_lot("L1", PRODUCTION, None, None, shelf_life_days) == Lot("L1", PRODUCTION, expiry, None)


def test_an_expiry_that_is_given_goes_before_the_shelf_life() -> None:
    """The shelf life only fills a gap."""
    given_expiry = date(2026, 5, 5)
    assert open_lot("L1", PRODUCTION, given_expiry, None, 30).expiry == given_expiry


def test_all_dates_on_one_day_are_in_order() -> None:
    """Not later is not before."""
    assert open_lot("L1", PRODUCTION, PRODUCTION, PRODUCTION, None).best_before == PRODUCTION


def test_dates_out_of_order_are_refused_each_by_its_name() -> None:
    """Production, best before, expiry: in this order."""
    before, after = PRODUCTION - timedelta(days=1), PRODUCTION + timedelta(days=40)
    assert refused("L1", PRODUCTION, before, None, None) == "lot_expiry_before_production"
    assert refused("L1", PRODUCTION, None, before, None) == "lot_best_before_before_production"
    assert refused("L1", PRODUCTION, PRODUCTION, after, None) == "lot_expiry_before_best_before"
    assert refused("L1", PRODUCTION, None, after, 30) == "lot_expiry_before_best_before"


def test_sentence_names_both_dates() -> None:
    """Whoever typed them sees which is which."""
    with pytest.raises(InvalidInput, match=r"^Expected an expiry date from 2026-03-01 on, got 2026-02-28\.$"):
        open_lot("L1", PRODUCTION, date(2026, 2, 28), None, None)


def test_years_outside_the_century_are_refused() -> None:
    """Two digits can carry 2000 to 2099 only."""
    assert refused("L1", date(1999, 12, 31), None, None, None) == "lot_year"
    assert refused("L1", date(2100, 1, 1), None, None, None) == "lot_year"
    assert refused("L1", date(2090, 1, 1), date(2100, 1, 1), None, None) == "lot_year"
    assert refused("L1", date(2099, 12, 31), None, None, 1) == "lot_year"
    assert refused("L1", PRODUCTION, None, None, 10**9) == "lot_year"
    assert refused("L1", PRODUCTION, None, None, 10**30) == "lot_year"


def test_a_year_that_would_read_as_the_last_century_is_refused() -> None:
    """'77' read in 2026 means 1977, '76' means 2076."""
    assert open_lot("L1", PRODUCTION, date(2076, 12, 31), None, None).expiry == date(2076, 12, 31)
    assert refused("L1", PRODUCTION, date(2077, 1, 1), None, None) == "lot_expiry_too_far"
    assert refused("L1", PRODUCTION, None, date(2077, 1, 1), None) == "lot_best_before_too_far"


@pytest.mark.parametrize("number", ["", "L" * 21, "A B", "^XZ", "~JA", "\x02", "\x1e", "A\n", "😀"])
def test_lot_numbers_keep_gs1s_rules(number: str) -> None:
    """1 to 20 characters of set 82."""
    assert refused(number, PRODUCTION, None, None, None) in ("lot_number_length", "lot_number_characters")


@given(DAYS, st.none() | DAYS, st.none() | DAYS, st.none() | st.integers(1, 36_525))
def test_every_lot_that_is_opened_keeps_all_rules(
    production: date, expiry: date | None, best_before: date | None, shelf_life_days: int | None
) -> None:
    """Dates in order, and each reads back from six digits on the day of production."""
    try:
        lot = open_lot("L1", production, expiry, best_before, shelf_life_days)
    except InvalidInput:
        return
    dates = [day for day in (lot.production, lot.best_before, lot.expiry) if day is not None]
    assert dates == sorted(dates)
    assert lot.expiry is not None or shelf_life_days is None
    for day in dates:
        assert parse_yymmdd(format_yymmdd(day), lot.production) == day


def test_a_lot_that_is_past_its_dates_is_told_and_not_refused() -> None:
    """The last day itself is still good."""
    lot = open_lot("L1", PRODUCTION, date(2026, 6, 30), date(2026, 5, 31), None)
    assert warnings_at_issue(lot, date(2026, 5, 31)) == ()
    assert [warning.code for warning in warnings_at_issue(lot, date(2026, 6, 30))] == ["lot_past_best_before"]
    found = warnings_at_issue(lot, date(2026, 7, 1))
    assert [warning.code for warning in found] == ["lot_expired", "lot_past_best_before"]
    assert found[0].message == "Expected an expiry date from 2026-07-01 on, got 2026-06-30."
    assert warnings_at_issue(open_lot("L1", PRODUCTION, None, None, None), date(2099, 1, 1)) == ()
