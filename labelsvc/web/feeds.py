"""Server-sent events: a look at something once a second, shared by all who follow it, for a bounded time."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from labelsvc.errors import LabelsvcError, TooMany

#: How often what is followed is looked at, and after how long without news a comment says that we are still there: a
#: reader that left is noticed at the second or third.
LOOK_SECONDS = 1.0
HEARTBEAT_SECONDS = 3.0
#: A stream ends after this; its reader comes again by itself, with the id of the last event it got.
STREAM_SECONDS = 120.0

MEDIA_TYPE = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Look:
    """What one look found.

    Attributes:
        body: JSON values.
        ended: nothing more will change.
    """

    body: dict[str, Any]
    ended: bool


@dataclass(slots=True)
class _Shared:
    """One thing that is followed, and by how many."""

    readers: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    looked_at: float = float("-inf")
    found: Look | None = None


class Feeds:
    """The streams of one app: at most a quarter of its threads, for each keeps one; of three, none.

    Args:
        threads: of the web process.
    """

    def __init__(self, threads: int) -> None:
        self.count = threads // 4
        self._lock = threading.Lock()
        self._open = 0
        self._shared: dict[object, _Shared] = {}
        self._closed = threading.Event()

    def close(self) -> None:
        """End all streams soon, and begin no other: the process is to end."""
        self._closed.set()

    def follow(
        self, key: object, look: Callable[[], Look], last_id: str | None
    ) -> tuple[Iterator[bytes], Callable[[], None]]:
        """Return a stream of what `look` finds whenever that is news, and what must be called at its end.

        Args:
            key: who follow the same thing share their looks.
            last_id: the id of the last event that the reader knows.

        Raises:
            TooMany: there are as many streams as there may be.
            LabelsvcError: as the first look.
        """
        with self._lock:
            if self._closed.is_set() or self._open >= self.count:
                message = f"Expected at most {self.count} event streams at once, got one more. Poll the job instead."
                raise TooMany("streams_busy", message, retry_after=10)
            self._open += 1
            shared = self._shared.setdefault(key, _Shared())
            shared.readers += 1
        leave = self._leaver(key, shared)
        try:
            first = self._look(shared, look)
        except BaseException:
            leave()
            raise
        return self._stream(shared, first, look, last_id), leave

    def _leaver(self, key: object, shared: _Shared) -> Callable[[], None]:
        entered = [True]

        def leave() -> None:
            with self._lock:
                if not entered:
                    return
                entered.clear()
                self._open -= 1
                shared.readers -= 1
                if shared.readers == 0:
                    del self._shared[key]

        return leave

    def _stream(self, shared: _Shared, found: Look, look: Callable[[], Look], known: str | None) -> Iterator[bytes]:
        ends = time.monotonic() + STREAM_SECONDS
        quiet_since = time.monotonic()
        yield b"retry: 2000\n\n"
        while True:
            text = json.dumps(found.body, separators=(",", ":"))
            event_id = hashlib.sha256(text.encode()).hexdigest()[:16]
            now = time.monotonic()
            if event_id != known:
                known, quiet_since = event_id, now
                yield f"id: {event_id}\nevent: job\ndata: {text}\n\n".encode()
            elif now - quiet_since >= HEARTBEAT_SECONDS:
                quiet_since = now
                yield b": still here\n\n"
            if found.ended:
                yield b"event: end\ndata: {}\n\n"
                return
            if now >= ends or self._closed.wait(LOOK_SECONDS):
                return
            try:
                found = self._look(shared, look)
            except LabelsvcError:  # the reader comes again, and is told then
                return

    @staticmethod
    def _look(shared: _Shared, look: Callable[[], Look]) -> Look:
        """Look, unless another who follows the same thing did a moment ago."""
        with shared.lock:
            if shared.found is None or time.monotonic() - shared.looked_at >= 0.9 * LOOK_SECONDS:
                shared.found = look()
                shared.looked_at = time.monotonic()
            return shared.found
