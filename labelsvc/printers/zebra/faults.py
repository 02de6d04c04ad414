"""What is wrong with a printer: ~HQES and its SGD twin zpl.system_status, as printer-state-reasons.

~HQES answers `PRINTER STATUS`, `ERRORS: f gggggggg hhhhhhhh` and `WARNINGS: f gggggggg hhhhhhhh` on a line each,
between STX and ETX; the h are bit masks in hexadecimal, and conditions add up (ZPL II guide, ~HQ). The answer of
zpl.system_status is `pause,error flag,g,h,warning flag,g,h` with the same masks (SGD guide).
"""

from __future__ import annotations

import re

#: Bits of an error mask; what a printer cannot go on with.
_ERRORS = (
    (0x1, "media-empty-error"),
    (0x2, "marker-supply-empty-error"),
    (0x4, "cover-open"),
    (0x1000, "media-jam"),  # KR403
)
#: Bits that have no word in RFC 8011.
_OTHER = 0x8 | 0x10 | 0x20 | 0x40 | 0x80 | 0x100 | 0x200 | 0x2000 | 0x4000 | 0x8000 | 0x20000 | 0x40000 | 0x80000
_PAUSED = 0x10000  # KR403; others say it in ~HS only
_WARNINGS = ((0x2, "x-head-clean"), (0x8, "media-low"))  # the latter KR403

_LINE = re.compile(rb"(ERRORS|WARNINGS):\s+([01])\s+([0-9A-Fa-f]{8})\s+([0-9A-Fa-f]{8})")
_SYSTEM = re.compile(r"([01]),([01]),([0-9A-Fa-f]{8}),([0-9A-Fa-f]{8}),([01]),([0-9A-Fa-f]{8}),([0-9A-Fa-f]{8})")


def of_hqes(answer: bytes) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return (reasons that stop it, warnings) of an answer to ~HQES; None: it is none."""
    masks = {found[1]: int(found[4], 16) for found in _LINE.finditer(answer[:1_024])}
    if set(masks) != {b"ERRORS", b"WARNINGS"}:
        return None
    return _errors(masks[b"ERRORS"]), tuple(word for bit, word in _WARNINGS if masks[b"WARNINGS"] & bit)


def of_system_status(value: str) -> tuple[str, ...] | None:
    """Return the reasons that stop a printer, of zpl.system_status; None: it does not say."""
    found = _SYSTEM.fullmatch(value.strip())
    if found is None:
        return None
    paused = ("paused",) if found[1] == "1" else ()
    errors = _errors(int(found[4], 16))
    # The flag without a bit that we know of is a fault all the same.
    unknown = ("other-error",) if found[2] == "1" and not errors else ()
    return tuple(dict.fromkeys((*errors, *unknown, *paused)))


def _errors(mask: int) -> tuple[str, ...]:
    found = [word for bit, word in _ERRORS if mask & bit]
    if mask & _OTHER:
        found.append("other-error")
    if mask & _PAUSED:
        found.append("paused")
    return tuple(found)
