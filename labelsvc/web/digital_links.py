"""Requests for Digital Links: their path as it came, and the answers that the resolver's standard asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Response, request

from labelsvc.domain.named import Named, read_path
from labelsvc.errors import InvalidInput, Malformed
from labelsvc.tracking.verifying import Checked
from labelsvc.web.auth import public
from labelsvc.web.guard import own_terms
from labelsvc.web.house import house
from labelsvc.web.page_views import for_customers

View = TypeVar("View", bound=Callable[..., Any])

#: What is answered below the path that the Digital Link domain may have; nothing else is.
_BELOW = ("/01/", "/00/", "/item/", "/verify/", "/static/", "/linkset-context.jsonld")
QUERY_AT_MOST = 2_000
"""Characters of a query that are passed on."""

HEADERS: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Accept-Language",
    "Access-Control-Expose-Headers": "Link, Location, Retry-After",
}


class Prefixed:
    """An app that is also found below the path of the Digital Link domain, as far as strangers are to find it.

    Args:
        prefix: as `/id` of `https://example.com/id`.
    """

    def __init__(self, app: WSGIApplication, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        path = environ.get("PATH_INFO", "")
        below = path.removeprefix(self._prefix)
        if below != path and below.startswith(_BELOW):
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + self._prefix
            environ["PATH_INFO"] = below
        return self._app(environ, start_response)


def for_anyone(view: View) -> View:
    """Let anyone with a code call a view, and answer what is wrong with the code with 400, as GS1's resolvers do."""
    passing = gated(view)

    @wraps(view)
    def answered(*args: Any, **values: Any) -> Any:
        if request.method == "OPTIONS":
            return Response(status=204, headers={"Allow": HEADERS["Access-Control-Allow-Methods"]})
        try:
            return passing(*args, **values)
        except InvalidInput as error:
            raise Malformed(error.code, error.message) from None

    return public(own_terms(for_customers(answered)))  # type: ignore[return-value]  # called as the view is


def gated(view: View) -> View:
    """Let a view answer only who passes the gate for strangers."""

    @wraps(view)
    def answered(*args: Any, **values: Any) -> Any:
        with house().gate.passed(request.remote_addr or ""):
            return view(*args, **values)

    return answered  # type: ignore[return-value]  # called as the view is


def raw_path() -> str:
    """Return the path as it came: a slash inside a serial is %2F there, which a server has undone elsewhere."""
    uri = request.environ.get("REQUEST_URI") or request.environ.get("RAW_URI") or quote(request.path)
    path = uri.partition("?")[0]
    if not path.startswith("/"):  # a request may name the host, too
        path = urlsplit(path).path
    return str(path.removeprefix(request.script_root))


def named(below: str = "") -> Named:
    """Return what the path names, behind `below`.

    Raises:
        InvalidInput: as `read_path`.
    """
    return read_path(raw_path().removeprefix(below))


def query() -> str:
    """Return the query as it is passed on.

    Raises:
        InvalidInput: it is longer than QUERY_AT_MOST.
    """
    found = quote(request.query_string, safe="%/:?@!$&'()*+,;=-._~[]")
    if len(found) > QUERY_AT_MOST:
        raise InvalidInput("link_too_long", f"Expected a query of at most {QUERY_AT_MOST} characters, got more.")
    return found


def counted(found: Checked) -> Checked:
    """Count what somebody asked for, and pass it on."""
    now = house().now()
    outcome = "led" if not found.looked else "shown" if found.verdict is None else found.verdict.reason or "verified"
    house().metrics.hit(outcome)
    if found.product is not None:
        house().hits.count(found.product.id, outcome, now)
    if found.number is not None:
        house().hits.count_number(found.number, request.remote_addr or "", now)
    return found
