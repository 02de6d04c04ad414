"""What is said over Weblink: JSON in binary messages; bytes in, facts out, no socket.

The manual does not describe it. All is from what a public server says and does: the discovery of a main connection
with the serial number at bytes 188 to 200, the first frame of a channel, the orders, and the alerts.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

PROTOCOL = "v1.weblink.zebra.com"
RAW, CONFIG = "v1.raw.zebra.com", "v1.config.zebra.com"

#: As discovery tells it: twelve bytes of it at most.
SERIAL = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,11}")
_SERIAL_AT = slice(188, 200)
#: Conditions of alerts that have a word in RFC 8011 5.4.12.
_REASONS = {
    "PAPER OUT": "media-empty-error",
    "RIBBON OUT": "marker-supply-empty-error",
    "HEAD OPEN": "cover-open",
    "PRINTER PAUSED": "paused",
}
REASONS = frozenset(_REASONS.values())


@dataclass(frozen=True, slots=True)
class Greeting:
    """The first message of a connection.

    Attributes:
        serial: who dials in.
        channel: what it is for; None: it is a main connection.
        unique_id: in a channel its serial number in full, which discovery may have no room for.
    """

    serial: str
    channel: str | None = None
    unique_id: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """A condition that began or ended, as a printer-state-reason."""

    reason: str
    holds: bool


def greeting(message: bytes) -> Greeting | None:
    """Read the first message of a connection; None: it is none that we know."""
    said = _object(message)
    channel = said.get("channel_name")
    if channel in (RAW, CONFIG):
        unique_id = said.get("unique_id")
        if not isinstance(unique_id, str):
            return None
        serial = unique_id[: _SERIAL_AT.stop - _SERIAL_AT.start]
        return Greeting(serial, channel, unique_id) if SERIAL.fullmatch(serial) else None
    try:
        discovery = base64.b64decode(said.get("discovery_b64", ""), validate=True)
        serial = discovery[_SERIAL_AT].rstrip(b"\0 ").decode("ascii")
    except (ValueError, TypeError):
        return None
    return Greeting(serial) if SERIAL.fullmatch(serial) else None


def order_channel(name: str) -> bytes:
    """Return what asks a printer to open a channel."""
    return json.dumps({"open": name}).encode("ascii")


def order_alerts() -> bytes:
    """Return what asks a printer to tell of all that happens to it."""
    return json.dumps({"configure_alert": "ALL MESSAGES,SDK,Y,Y,,,N"}).encode("ascii")


def alert(message: bytes) -> Alert | None:
    """Read a message of a main connection; None: it is no alert that has a word of ours."""
    told = _object(message).get("alert")
    if not isinstance(told, dict):
        return None
    condition, state = told.get("condition"), told.get("condition_state")
    if not isinstance(condition, str) or state not in ("SET", "CLEAR") or condition not in _REASONS:
        return None
    return Alert(_REASONS[condition], holds=state == "SET")


def in_order(reasons: Iterable[str]) -> tuple[str, ...]:
    """Return reasons always in the same order."""
    told = set(reasons)
    return tuple(reason for reason in _REASONS.values() if reason in told)


def _object(message: bytes) -> dict[str, Any]:
    try:
        said = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
