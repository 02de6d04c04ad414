"""Time as a machine can know it by itself: seconds since it was started, whatever anybody sets its clock to."""

from __future__ import annotations

import secrets
import time
from functools import cache
from pathlib import Path


def since_boot() -> tuple[str, float]:
    """Return which start of the machine this is, and the seconds since, sleep included."""
    return _boot(), time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def elapsed(since: tuple[str, float]) -> float | None:
    """Return the seconds since a moment of `since_boot`; None: the machine was started anew meanwhile."""
    boot, now = since_boot()
    return now - since[1] if since[0] == boot else None


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()[:64]
    except OSError:  # another system: what another process wrote down is then of another start
        return secrets.token_hex(16)
