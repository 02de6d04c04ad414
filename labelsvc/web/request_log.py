"""One log line and one count for every request: who, which route, what came of it, how long.

Never a body, a query string, a key or a serial.
"""

from __future__ import annotations

import re
import time
from uuid import uuid4

from apiflask import APIFlask
from flask import Response, g, request

from labelsvc import logs
from labelsvc.web.house import house
from labelsvc.web.paths import template

HEADER = "X-Request-Id"
_REQUEST_ID = re.compile(r"[0-9A-Za-z._-]{1,64}")
_UNKNOWN_ROUTE = "unknown"

_log = logs.logger(__name__)


def install(app: APIFlask) -> None:
    """Log and count every request of an app; goes in before anything that may refuse one."""

    @app.before_request
    def begin() -> None:
        given = request.headers.get(HEADER, "")
        g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        g.started = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        response.headers[HEADER] = g.request_id
        route = template(request.url_rule.rule) if request.url_rule is not None else _UNKNOWN_ROUTE
        house().metrics.answered(route, _method(), response.status_code, time.perf_counter() - g.started)
        line = _Line(route, response.status_code)
        if response.is_streamed:
            response.call_on_close(line.write)
        else:
            line.write()
        return response


class _Line:
    """The log line of one request, with what is known when its answer begins."""

    def __init__(self, route: str, status: int) -> None:
        self._started: float = g.started
        client = g.get("client")
        self._members = {
            "request_id": g.request_id,
            "actor": client.actor.client if client is not None else None,
            "method": _method(),
            "route": route,
            "status": status,
        }

    def write(self) -> None:
        """Write it, when the answer has left."""
        ms = round((time.perf_counter() - self._started) * 1000, 1)
        _log.info("request", **self._members, ms=ms)


def _method() -> str:
    """Return the method in a form whose number of values has a bound."""
    return request.method if request.method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "OTHER"
