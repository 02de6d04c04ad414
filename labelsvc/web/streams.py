"""Long answers: made while they are sent, and never cut short in a way that looks whole."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from flask import Response, g

from labelsvc import logs
from labelsvc.domain.batches import Download

_log = logs.logger(__name__)


def streamed(download: Download) -> Response:
    """Return a download as an answer.

    Its first bytes are made here, so that what cannot be made at all is still answered with a problem document.
    """
    first = next(download.body, b"")
    response = Response(_unbroken(first, download.body, g.request_id), content_type=download.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{download.filename}"'
    return response


def _unbroken(first: bytes, rest: Iterator[bytes], request_id: str) -> Iterator[bytes]:
    """Pass a body on. Where making it fails the error goes on to the server, which drops the connection."""
    try:
        yield from chain((first,), rest)
    except Exception:
        _log.exception("stream_broken", request_id=request_id)
        raise
    finally:
        close = getattr(rest, "close", None)
        if close is not None:
            close()
