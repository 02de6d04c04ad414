"""The times of an event: RFC 3339 with an offset, any number of decimals."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from labelsvc.errors import InvalidInput

_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,30}))?"
    r"([Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_OFFSET = re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)")


def parse_time(text: str) -> datetime:
    """Return an instant in UTC; what is below a microsecond is cut off.

    Raises:
        InvalidInput: time_format, no such time or no offset.
    """
    whole, decimals = _read(text)
    return whole + timedelta(microseconds=int(decimals[:6].ljust(6, "0")))


def milliseconds(text: str) -> str:
    """A time in UTC to the millisecond, a fourth decimal of 5 to 9 rounding up: `2026-03-18T11:04:03.142Z`.

    Raises:
        InvalidInput: as `parse_time`.
    """
    whole, decimals = _read(text)
    rounded = (int(decimals[:4].ljust(4, "0")) + 5) // 10
    if rounded:
        whole += timedelta(milliseconds=rounded)
    return whole.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def check_offset(text: str) -> str:
    """Return an eventTimeZoneOffset, which is -14:00 to +14:00.

    Raises:
        InvalidInput: time_zone_offset.
    """
    if not _OFFSET.fullmatch(text):
        raise InvalidInput(
            "time_zone_offset", f"Expected an offset of -14:00 to +14:00 such as +01:00, got {text[:40]!r}."
        )
    return text


def _read(text: str) -> tuple[datetime, str]:
    match = _TIME.fullmatch(text)
    if match is None:
        raise _refused(text)
    day, clock, decimals, offset = match.groups()
    try:
        instant = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if offset in 'Zz' else offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise _refused(text) from None
    return instant, decimals or ""


def _refused(text: str) -> InvalidInput:
    return InvalidInput(
        "time_format", f"Expected a time with an offset such as 2026-03-01T12:00:00+01:00, got {text[:60]!r}."
    )
