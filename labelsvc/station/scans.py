"""Scans of things while the server is out of reach: a file of lines, each on the disk before the next scan is read.

A line is a JSON object: the scan's id, when it was, the text in Base64, what was meant. Beside the file stands
`<file>.sent`, how many lines have been answered. Sending one again is safe: its id is the Idempotency-Key.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from labelsvc.errors import InvalidInput
from labelsvc.station.client import Refused, Server
from labelsvc.station.files import write_whole

#: Bytes of a scan, and of a line.
_SCAN_AT_MOST = 4_096
_LINE_AT_MOST = 20_000


class Journal:
    """The file that scans are kept in; one process writes it at a time."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._session = secrets.token_hex(8)
        self._count = 0
        if self._file.tell() and not path.read_bytes().endswith(b"\n"):
            self._file.write(b"\n")  # the power went in the middle of a line

    def keep(self, text: bytes, intent: str, place: str | None, at: datetime) -> None:
        """Write a scan down; it is on the disk when this returns.

        Raises:
            InvalidInput: it is longer than a scan can be.
            OSError: the disk does not take it.
        """
        if len(text) > _SCAN_AT_MOST:
            raise InvalidInput("scan_too_long", f"Expected at most {_SCAN_AT_MOST} bytes, got {len(text)}.")
        self._count += 1
        line = {
            "id": f"{self._session}-{self._count}",
            "at": at.isoformat(timespec="milliseconds"),
            "raw": base64.b64encode(text).decode(),
            "intent": intent,
            "place": place,
        }
        self._file.write(json.dumps(line).encode() + b"\n")
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class Sent:
    """What the server answered to a line; `line` counts from 1."""

    line: int
    result: str
    message: str


def send(path: Path, server: Server) -> Iterator[Sent]:
    """Send what was not answered yet, in its order; what the server refuses is answered, too.

    Raises:
        Unreachable: the server does not answer; what was answered is remembered.
        OSError: the file cannot be read.
    """
    mark = path.with_name(path.name + ".sent")
    done = int(mark.read_text("ascii")) if mark.exists() else 0
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if number <= done or not line.endswith(b"\n"):
                continue
            yield _send(server, number, line)
            write_whole(mark, [str(number).encode()])


def _send(server: Server, number: int, line: bytes) -> Sent:
    said = _read(line)
    if said is None:
        return Sent(number, "unreadable", "Expected a scan, got a line that is none.")
    body = {name: said[name] for name in ("raw", "intent", "at", "place") if said.get(name) is not None}
    try:
        answer = server.ask("/api/v1/scans", {**body, "happened": True}, key=str(said["id"]))
    except Refused as refused:
        return Sent(number, "refused", str(refused))
    return Sent(number, str(answer.get("result")), str(answer.get("message")))


def _read(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line) if len(line) <= _LINE_AT_MOST else None
    except ValueError:
        return None
    return said if isinstance(said, dict) and {"id", "raw", "intent", "at"} <= said.keys() else None
