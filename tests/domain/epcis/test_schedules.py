from __future__ import annotations

from datetime import datetime

import pytest

from labelsvc.domain.epcis.schedules import check_schedule, following
from labelsvc.errors import InvalidInput


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        ({"hour": "1", "minute": "5"}, "2026-11-20T01:04:59", "2026-11-20T01:05:00"),
        ({"hour": "1", "minute": "5"}, "2026-11-20T01:05:00", "2026-11-21T01:05:00"),
        ({"second": "[10-12],40"}, "2026-11-20T23:59:12", "2026-11-20T23:59:40"),
        ({"second": "[10-12],40"}, "2026-11-20T23:59:40", "2026-11-21T00:00:10"),
        ({"minute": "0"}, "2026-12-31T23:00:00", "2027-01-01T00:00:00"),
        ({"dayOfWeek": "1"}, "2026-11-20T12:00:00", "2026-11-23T00:00:00"),  # the 20th is a Friday
        ({"dayOfMonth": "29", "month": "2"}, "2026-03-01T00:00:00", "2028-02-29T00:00:00"),
    ],
)
def test_the_next_time_is_the_one_on_the_calendar(schedule, after: str, expected: str) -> None:
    found = following(check_schedule(schedule), datetime.fromisoformat(f"{after}+00:00"))
    assert found == datetime.fromisoformat(f"{expected}+00:00")


@pytest.mark.parametrize(
    "schedule",
    [None, {}, {"hour": "24"}, {"minute": "[5-1]"}, {"week": "1"}, {"hour": True}, {"dayOfMonth": "31", "month": "2"}],
)
def test_a_time_that_never_comes_is_refused(schedule) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_schedule(schedule)
    assert caught.value.code == "subscription_schedule"
