"""Shifts: the moments of a day at which one begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo


@dataclass(frozen=True, slots=True)
class Shifts:
    """When shifts begin, every day, by the clock on the wall.

    Attributes:
        starts: at least one; the last shift of a day ends where the first of the next begins.
        zone: of that clock.
    """

    starts: tuple[time, ...] = (time(6), time(14), time(22))
    zone: tzinfo = UTC

    def begun(self, at: datetime) -> datetime:
        """Return when the shift began that a moment lies in, in UTC.

        Args:
            at: an aware instant.
        """
        today = at.astimezone(self.zone).date()
        # Yesterday's and tomorrow's too: the last shift goes over midnight, and clocks are put forward and back.
        days = (today + timedelta(days=days) for days in (-1, 0, 1))
        starts = (datetime.combine(day, start, self.zone).astimezone(UTC) for day in days for start in self.starts)
        return max(start for start in starts if start <= at)
