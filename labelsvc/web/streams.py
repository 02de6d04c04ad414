"""Long answers: made while they are sent, and never cut short in a way that looks whole."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import chain

from flask import Response, g

from labelsvc import logs
from labelsvc.domain.batches import Download
from labelsvc.errors import TooMany

_log = logs.logger(__name__)


class Lanes:
    """How many downloads may run at once: half the threads, so that slow readers never keep the line waiting."""

    def __init__(self, threads: int) -> None:
        self.count = max(1, threads // 2)
        self._free = threading.BoundedSemaphore(self.count)

    def enter(self) -> Callable[[], None]:
        """Take a lane; return what gives it back, once however often it is called.

        Raises:
            TooMany: all are taken.
        """
        if not self._free.acquire(blocking=False):
            raise TooMany("downloads_busy", f"Expected at most {self.count} downloads at once, got one more.")
        taken = [self._free.release]

        def leave() -> None:
            if taken:
                taken.pop()()

        return leave


def streamed(lanes: Lanes, make: Callable[[], Download]) -> Response:
    """Make a download and return it as an answer.

    Its first bytes are made here, so that what cannot be made at all is still answered with a problem document.

    Raises:
        TooMany: too many downloads are running; this one was not begun.
    """
    leave = lanes.enter()
    try:
        response = _answer(make(), leave)
    except BaseException:
        leave()
        raise
    response.call_on_close(leave)  # also where nobody ever reads it
    return response


def _answer(download: Download, leave: Callable[[], None]) -> Response:
    first = next(download.body, b"")
    response = Response(_unbroken(first, download.body, g.request_id, leave), content_type=download.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{download.filename}"'
    return response


def _unbroken(first: bytes, rest: Iterator[bytes], request_id: str, leave: Callable[[], None]) -> Iterator[bytes]:
    """Pass a body on. Where making it fails the error goes on to the server, which drops the connection."""
    try:
        yield from chain((first,), rest)
    except Exception:
        _log.exception("stream_broken", request_id=request_id)
        raise
    finally:
        leave()
        close = getattr(rest, "close", None)
        if close is not None:
            close()
