"""Long polls: a question that waits for its answer, in few threads and for a bounded time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

#: How often is looked whether there is an answer.
LOOK_SECONDS = 0.5


class Polls:
    """The polls of one app: at most a quarter of its threads wait, and whoever comes besides is answered at once.

    Args:
        threads: of the web process.
    """

    def __init__(self, threads: int) -> None:
        self._free = threading.BoundedSemaphore(max(1, threads // 4))
        self._closed = threading.Event()

    def close(self) -> None:
        """Let nobody wait any more: the process is to end."""
        self._closed.set()

    def wait(self, look: Callable[[], bool], seconds: float) -> bool:
        """Look until there is something, for so long at most; return whether there is."""
        if look():
            return True
        if seconds <= 0 or not self._free.acquire(blocking=False):
            return False
        try:
            ends = time.monotonic() + seconds
            while (left := ends - time.monotonic()) > 0 and not self._closed.wait(min(LOOK_SECONDS, left)):
                if look():
                    return True
        finally:
            self._free.release()
        return False
