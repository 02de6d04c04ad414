"""What a printer says of itself at one moment."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a printer; None where it does not say.

    Attributes:
        unique_id: device.unique_id.
        counter: odometer.total_label_count.
        uptime: device.uptime, seconds.
        reasons: printer-state-reasons (RFC 8011 5.4.12) that keep it from printing; empty: none.
        busy: formats wait in its buffer, one has half arrived, or labels of one are still to come.
    """

    unique_id: str | None = None
    counter: int | None = None
    uptime: float | None = None
    reasons: tuple[str, ...] = ()
    busy: bool | None = None
