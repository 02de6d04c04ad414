"""A claim's labels on disk, as the server rendered them: each is compared with its digest whenever it is read."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from labelsvc.domain.journal import BLOCKS_AT_MOST
from labelsvc.domain.passage import Passage

#: Labels are handed to a transport in chunks of at least this many bytes.
_CHUNK = 65_536
_HEAD_AT_MOST = 2_000
_LABEL_AT_MOST = 4_000_000
#: Labels whose echoes are still known.
_ECHOES = 64


class Spoilt(Exception):
    """Labels that are not what the server rendered."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a label stands in the file, and what it is."""

    number: int
    serial: str
    at: int
    size: int
    sha256: str
    echo: str | None


def index(file: BinaryIO, numbers: Iterable[int]) -> dict[int, Frame]:
    """Return where each label is, having compared all with their digests.

    Args:
        numbers: the labels there must be, in their order.

    Raises:
        Spoilt: they are not what the server said it sends.
    """
    found: dict[int, Frame] = {}
    whole = hashlib.sha256()
    for number in numbers:
        head = _head(file)
        try:
            size = int(head["bytes"])
            frame = Frame(number, str(head["serial"]), file.tell(), size, str(head["sha256"]), head.get("echo"))
            right = head["n"] == number and 0 < size <= _LABEL_AT_MOST
        except (KeyError, ValueError, TypeError):
            right = False
        label = file.read(size) if right else b""
        if not right or hashlib.sha256(label).hexdigest() != frame.sha256:
            raise Spoilt(f"Expected label {number} as it was rendered, got other bytes.")
        whole.update(label)
        found[number] = frame
    last = _head(file)
    if last != {"labels": len(found), "sha256": whole.hexdigest()} or file.read(1):
        raise Spoilt(f"Expected {len(found)} labels as they were rendered, got others.")
    return found


def _head(file: BinaryIO) -> dict[str, Any]:
    line = file.readline(_HEAD_AT_MOST)
    try:
        head = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        head = None
    if not isinstance(head, dict):
        raise Spoilt("Expected a line that says which label follows, got other bytes.")
    return head


class StoredLabels:
    """The labels of one claim (printing.driving.Labels).

    Args:
        path: the file that the server's answer was kept in.
        numbers: the labels there must be.
        origin: number of the first label of the job; blocks of digests are counted from it.

    Raises:
        Spoilt: they are not what the server rendered.
        OSError: the file cannot be read.
    """

    def __init__(self, path: Path, numbers: Iterable[int], origin: int) -> None:
        self._path = path
        with path.open("rb") as file:
            self.frames = index(file, numbers)
        self._file = path.open("rb")
        self._passage = Passage(origin)
        self._echoes: dict[str, int] = {}
        self._lock = threading.Lock()

    def label(self, number: int) -> bytes:
        """Return the bytes of a label.

        Raises:
            Spoilt: they changed on the disk.
        """
        frame = self.frames[number]
        with self._lock:
            self._file.seek(frame.at)
            label = self._file.read(frame.size)
        if hashlib.sha256(label).hexdigest() != frame.sha256:
            raise Spoilt(f"Expected label {number} as it was rendered, got other bytes.")
        return label

    def chunks(self, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes of the labels first .. last."""
        self._passage.begin(first)
        waiting = bytearray()
        for number in range(first, last + 1):
            label, echo = self.label(number), self.frames[number].echo
            if echo is not None:
                self._echoes = dict([*list(self._echoes.items())[1 - _ECHOES :], (echo, number)])
            self._passage.add(label)
            waiting += label
            if len(waiting) >= _CHUNK:
                yield bytes(waiting)
                waiting.clear()
        if waiting:
            yield bytes(waiting)

    def touched(self, handed_over: int) -> tuple[int | None, bool]:
        """Return the last label of which one of the first `handed_over` bytes is, and whether it can come out."""
        return self._passage.touched(handed_over)

    def echoed(self, text: str) -> int | None:
        """Return the label that the printer echoed, if it is one of those sent last."""
        return self._echoes.get(text)

    def digests(self) -> list[list[int | str]]:
        """Return [first, last, sha256] of every run of labels inside one block that grew since it was last asked."""
        return [list(run) for run in self._passage.digests(BLOCKS_AT_MOST)]

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
