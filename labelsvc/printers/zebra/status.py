"""What a ZPL printer answers to ~HS (host status) and ~HI (host identification): bytes in, facts out.

Follows the ZPL II guide's pages on ~HS and ~HI: ~HS gives three frames, each <STX> ... <ETX> <CR><LF>; ~HI gives one.
A printer sends no answer to ~HS at all while media or ribbon is out or the head is open, so silence is a fact too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

STX, ETX = b"\x02", b"\x03"
#: A frame is some 80 bytes; what is longer is not one.
FRAME_AT_MOST = 1_024

#: ~JX first: half a format that an earlier connection left behind would swallow our first label.
ASK = b"~JX\r\n~HI\r\n~HS\r\n"


@dataclass(frozen=True, slots=True)
class Identity:
    """The answer to ~HI: model, firmware version, dots per mm."""

    model: str
    version: str
    dpmm: int


@dataclass(frozen=True, slots=True)
class HostStatus:
    """The answer to ~HS, as far as it matters for sending.

    Attributes:
        formats_waiting: formats in the receive buffer.
        labels_remaining: of the batch (^PQ) being printed.
        partial_format: a format has begun to arrive and is not complete.
    """

    paper_out: bool
    paused: bool
    formats_waiting: int
    buffer_full: bool
    partial_format: bool
    corrupt_ram: bool
    under_temperature: bool
    over_temperature: bool
    head_up: bool
    ribbon_out: bool
    labels_remaining: int

    @property
    def busy(self) -> bool:
        """Whether labels of before may still come out."""
        return self.formats_waiting > 0 or self.labels_remaining > 0

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it cannot print, in the words of RFC 8011 5.4.12; empty: it can."""
        found = (
            (self.paper_out, "media-empty-error"),
            (self.head_up, "cover-open"),
            (self.ribbon_out, "marker-supply-empty-error"),
            (self.paused, "paused"),
            (self.over_temperature or self.under_temperature or self.corrupt_ram, "other-error"),
        )
        return tuple(reason for is_so, reason in found if is_so)


class Answers:
    """Collects a printer's answers, in whatever pieces they come; what is no answer is passed over."""

    def __init__(self) -> None:
        self.identity: Identity | None = None
        self.status: HostStatus | None = None
        self._buffer = bytearray()
        self._frames: list[list[str]] = []

    @property
    def complete(self) -> bool:
        """Both questions are answered."""
        return self.identity is not None and self.status is not None

    def feed(self, data: bytes) -> None:
        """Take bytes from the printer."""
        self._buffer += data
        while (end := self._buffer.find(ETX)) >= 0:
            start = self._buffer.rfind(STX, 0, end)
            if start >= 0:
                self._take(bytes(self._buffer[start + 1 : end]))
            del self._buffer[: end + 1]
        del self._buffer[:-FRAME_AT_MOST]

    def _take(self, frame: bytes) -> None:
        fields = frame.decode("ascii", "replace").strip().split(",")
        match len(fields):
            case 12:
                self._frames = [fields]
            case 11 if len(self._frames) == 1:
                self._frames.append(fields)
                self.status = _status(*self._frames) or self.status
            case 4 | 5 | 6 | 7 | 8:  # what the last one, the options, holds is up to the model
                self.identity = _identity(fields) or self.identity


def of_lines(lines: list[str]) -> HostStatus | None:
    """Return the host status that device.host_status gives: the lines of ~HS without STX and ETX."""
    fields = [line.strip().split(",") for line in lines[:3]]
    return _status(fields[0], fields[1]) if [len(line) for line in fields[:2]] == [12, 11] else None


def _status(one: list[str], two: list[str]) -> HostStatus | None:
    try:
        flags = {
            name: _flag(text) for name, text in zip("bcfhjkl", (one[i] for i in (1, 2, 5, 7, 9, 10, 11)), strict=True)
        }
        return HostStatus(
            paper_out=flags["b"],
            paused=flags["c"],
            formats_waiting=_count(one[4]),
            buffer_full=flags["f"],
            partial_format=flags["h"],
            corrupt_ram=flags["j"],
            under_temperature=flags["k"],
            over_temperature=flags["l"],
            head_up=_flag(two[2]),
            ribbon_out=_flag(two[3]),
            labels_remaining=_count(two[8]),
        )
    except ValueError:
        return None


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise ValueError(f"Expected 0 or 1, got {text!r}.")
    return text == "1"


def _count(text: str) -> int:
    if not re.fullmatch("[0-9]{1,8}", text):
        raise ValueError(f"Expected digits, got {text!r}.")
    return int(text)


def _identity(fields: list[str]) -> Identity | None:
    # They are kept and shown: of what a printer may say only what anybody can read.
    model, version, dpmm = (re.sub("[^ -~]", "?", field.strip()) for field in fields[:3])
    if not (model and version and re.fullmatch("[0-9]{1,3}", dpmm) and 1 <= int(dpmm) <= 48):
        return None
    return Identity(model, version, int(dpmm))
