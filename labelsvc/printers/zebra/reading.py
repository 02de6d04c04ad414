"""One look at a printer over its JSON port, as domain.readings.Reading.

Status comes in two questions, for a printer in a fault does not answer device.host_status at all, whatever else it
answers (SGD guide, device.host_status).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from labelsvc.domain.readings import Reading
from labelsvc.printers.zebra import faults
from labelsvc.printers.zebra.status import HostStatus, of_lines

UNIQUE_ID = "device.unique_id"
COUNTER = "odometer.total_label_count"
UPTIME = "device.uptime"
SYSTEM = "zpl.system_status"
HOST_STATUS = "device.host_status"

#: What is asked at every look, and then device.host_status alone.
ASKED = (UNIQUE_ID, COUNTER, UPTIME, SYSTEM)

#: 2^63 labels are more than any printer prints; a number beyond is none.
_DIGITS = re.compile(r"[0-9]{1,18}")
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_PART = re.compile(r"([0-9]{1,9})\s*([dhms])[a-z]*", re.IGNORECASE)
_CLOCK = re.compile(r"(?:(?:([0-9]{1,6})[: ]\s*)?([0-9]{1,6}):)?([0-9]{1,6}):([0-9]{1,6})")


def of(values: Mapping[str, str], status: HostStatus | None) -> Reading:
    """Return what a printer says of itself.

    Args:
        values: answers to ASKED, as far as there were some.
        status: device.host_status; None: no answer, which is a fault of its own.
    """
    said = faults.of_system_status(values.get(SYSTEM, "")) or ()
    if status is None:
        return Reading(_text(values.get(UNIQUE_ID)), count(values), uptime(values), said or ("other-error",), None)
    reasons = tuple(dict.fromkeys((*status.reasons, *said)))
    return Reading(
        _text(values.get(UNIQUE_ID)), count(values), uptime(values), reasons, status.busy or status.partial_format
    )


def of_faultless(values: Mapping[str, str]) -> Reading | None:
    """Return what a printer says of itself where ASKED alone tells that nothing keeps it from printing; else None."""
    if faults.of_system_status(values.get(SYSTEM, "")) != ():
        return None
    return Reading(_text(values.get(UNIQUE_ID)), count(values), uptime(values))


def count(values: Mapping[str, str]) -> int | None:
    """Return odometer.total_label_count."""
    text = values.get(COUNTER, "").strip()
    return int(text) if _DIGITS.fullmatch(text) else None


def uptime(values: Mapping[str, str]) -> float | None:
    """Return device.uptime in seconds; it is said in words ("0 days 1 hours ..."), as a clock, or in seconds."""
    text = values.get(UPTIME, "").strip()
    if _DIGITS.fullmatch(text):
        return float(text)
    if clock := _CLOCK.fullmatch(text):
        days, hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    parts = _PART.findall(text)
    if parts and not _PART.sub("", text).strip(" ,"):
        return float(sum(int(number) * _UNITS[unit.lower()] for number, unit in parts))
    return None


def _text(value: str | None) -> str | None:
    """Return a value that is one, as anybody can read it: printers say "?" of what they have not."""
    return re.sub("[^ -~]", "?", value.strip()[:64]) or None if value not in (None, "?") else None


def host_status(value: str) -> HostStatus | None:
    """Return device.host_status: the three lines of ~HS, without the STX and ETX."""
    return of_lines(value.split())
