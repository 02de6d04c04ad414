"""When a shift began; the moments are reckoned on paper."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.shifts import Shifts

PRAGUE = ZoneInfo("Europe/Prague")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}:00+00:00")


@pytest.mark.parametrize(
    ("at", "begun"),
    [
        ("11-22T06:00", "11-22T06:00"),
        ("11-22T13:59", "11-22T06:00"),
        ("11-22T14:00", "11-22T14:00"),
        ("11-22T23:30", "11-22T22:00"),
        ("11-23T05:59", "11-22T22:00"),
    ],
)
def test_by_utc(at: str, begun: str) -> None:
    assert Shifts().begun(utc(at)) == utc(begun)


@pytest.mark.parametrize(
    ("at", "begun"),
    [
        ("11-22T05:00", "11-22T05:00"),  # 06:00 in Prague, which is an hour ahead in winter
        ("11-22T04:59", "11-21T21:00"),
        ("07-01T04:00", "07-01T04:00"),  # and two in summer
        ("03-29T03:59", "03-28T21:00"),  # 05:59 on the Sunday when clocks are put forward at 01:00 UTC
        ("03-29T04:00", "03-29T04:00"),
        ("10-25T04:59", "10-24T20:00"),  # 05:59 on the Sunday when they are put back: a night of nine hours
        ("10-25T05:00", "10-25T05:00"),
    ],
)
def test_by_the_clock_on_the_wall(at: str, begun: str) -> None:
    assert Shifts(zone=PRAGUE).begun(utc(at)) == utc(begun)


def test_one_shift_a_day_lasts_a_day() -> None:
    shifts = Shifts((time(7, 30),))
    assert shifts.begun(utc("11-22T07:29")) == utc("11-21T07:30")
    assert shifts.begun(utc("11-22T07:30")) == utc("11-22T07:30")


@given(
    st.integers(1_577_836_800, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),  # 2020 to 2034
    st.sets(st.times().map(lambda moment: moment.replace(second=0, microsecond=0)), min_size=1, max_size=6),
    st.sampled_from([UTC, PRAGUE, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")]),
)
def test_a_shift_began_before_and_not_long_ago(at: datetime, starts: set[time], zone) -> None:
    shifts = Shifts(tuple(starts), zone)
    begun = shifts.begun(at)
    assert at - timedelta(hours=25) < begun <= at  # a day has 25 hours at most
    assert shifts.begun(begun) == begun
