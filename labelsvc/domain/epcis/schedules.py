"""When a subscription's query is asked: what a clock has to show (EPCIS 2.0, section 8.2.5.3), in UTC."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from labelsvc.errors import InvalidInput

_FIELDS = {
    "second": (0, 59),
    "minute": (0, 59),
    "hour": (0, 23),
    "dayOfMonth": (1, 31),
    "month": (1, 12),
    "dayOfWeek": (1, 7),  # 1: Monday
}
_PART = re.compile(r"([0-9]{1,2})|\[([0-9]{1,2})-([0-9]{1,2})\]")
#: A day that comes again: the 29th of February does within so many.
_DAYS_AT_MOST = 366 * 8 + 1


def check_schedule(schedule: Any) -> Mapping[str, str]:
    """Return a schedule.

    Raises:
        InvalidInput: subscription_schedule, it has no such form or shows at no time.
    """
    if not isinstance(schedule, dict) or not schedule or not set(schedule) <= set(_FIELDS):
        raise _refused(f"Expected some of {', '.join(_FIELDS)}, got something else.")
    for name, text in schedule.items():
        _numbers(name, text)
    following(schedule, datetime.fromisoformat("2026-01-01T00:00:00+00:00"))
    return {name: str(text) for name, text in schedule.items()}


def following(schedule: Mapping[str, str], after: datetime) -> datetime:
    """Return the first moment after another that a schedule names; fields that it leaves out show anything.

    A field below the finest one named is 0: `hour: 1` is one o'clock, not each second of that hour.

    Raises:
        InvalidInput: subscription_schedule, there is none.
    """
    named = {name: _numbers(name, text) for name, text in schedule.items()}
    finest = next(place for place, name in enumerate(_FIELDS) if name in named)
    for name in ("second", "minute", "hour"):
        if list(_FIELDS).index(name) < finest:
            named[name] = [0]
    start = after.replace(microsecond=0) + timedelta(seconds=1)
    for days in range(_DAYS_AT_MOST):
        day = (start + timedelta(days=days)).replace(hour=0, minute=0, second=0)
        if not _is_day(named, day):
            continue
        for hour in named.get("hour", range(24)):
            for minute in named.get("minute", range(60)):
                if day.replace(hour=hour, minute=minute, second=59) < start:
                    continue
                for second in named.get("second", range(60)):
                    found = day.replace(hour=hour, minute=minute, second=second)
                    if found >= start:
                        return found
    raise _refused("Expected a time that comes, got one that never does.")


def _is_day(named: Mapping[str, list[int]], day: datetime) -> bool:
    shown = {"dayOfMonth": day.day, "month": day.month, "dayOfWeek": day.isoweekday()}
    return all(name not in named or value in named[name] for name, value in shown.items())


def _numbers(name: str, text: Any) -> list[int]:
    """Return the values of a field in their order: `5`, `1,3` or `[8-17],20`."""
    least, most = _FIELDS[name]
    found: set[int] = set()
    for part in str(text).split(",") if isinstance(text, str | int) and not isinstance(text, bool) else [""]:
        match = _PART.fullmatch(part.strip())
        first, last = (int(match[1] or match[2]), int(match[1] or match[3])) if match else (1, 0)
        if not least <= first <= last <= most:
            raise _refused(f"Expected {name} as 5, 1,3 or [8-17], from {least} to {most}, got another text.")
        found.update(range(first, last + 1))
    return sorted(found)


def _refused(message: str) -> InvalidInput:
    return InvalidInput("subscription_schedule", message, pointer="/schedule")
