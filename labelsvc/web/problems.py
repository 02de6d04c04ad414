"""Errors as HTTP answers: RFC 9457 problem details; the only place where a category becomes a status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from apiflask import APIFlask, HTTPError
from flask import Response, g, json, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from labelsvc import errors, logs
from labelsvc.web import page_views
from labelsvc.web.epcis import exceptions as epcis
from labelsvc.web.violations import Violation, violations

MEDIA_TYPE = "application/problem+json"
#: Characters of one sentence at most; what the caller sent is cut long before.
DETAIL_AT_MOST = 1_000
#: Seconds after which to ask again, where the error does not say.
RETRY_AFTER = 5

_log = logs.logger(__name__)

#: Category -> status and title.
STATUSES: Mapping[type[errors.LabelsvcError], tuple[int, str]] = {
    errors.Malformed: (400, "The message cannot be read"),
    errors.Unauthenticated: (401, "Nobody we know"),
    errors.NotAllowed: (403, "Not allowed"),
    errors.NotFound: (404, "No such thing"),
    errors.NotAcceptable: (406, "Not in that form"),
    errors.Conflict: (409, "Not in this state"),
    errors.TooLarge: (413, "Too large"),
    errors.UnsupportedMedia: (415, "Not in that language"),
    errors.InvalidInput: (422, "A value breaks a rule"),
    errors.TooMany: (429, "Too often"),
    errors.Unavailable: (503, "Not now"),
}

#: What werkzeug raises by itself -> our error; anything else keeps its status under the code `http_error`.
_FOREIGN: Mapping[int, tuple[type[errors.LabelsvcError], str, str]] = {
    400: (errors.Malformed, "request_malformed", "Expected a readable HTTP request, got a broken one."),
    404: (errors.NotFound, "route_unknown", "Expected a known path, got one that leads nowhere."),
    413: (errors.TooLarge, "body_too_large", "Expected a smaller body."),
    415: (errors.UnsupportedMedia, "media_type", "Expected application/json."),
}


def install(app: APIFlask) -> None:
    """Make every error of an app a problem document."""
    app.register_error_handler(errors.LabelsvcError, answer)
    app.register_error_handler(HTTPError, _from_apiflask)
    app.register_error_handler(HTTPException, _from_werkzeug)
    app.register_error_handler(Exception, _from_bug)


def answer(error: errors.LabelsvcError) -> Response:
    """Return the answer that an error gives."""
    status, title = status_of(error)
    if epcis.is_at(request.path):
        status = epcis.status_of(error, status)
    if page_views.asked_for_a_page():
        response = page_views.answer(error, status, title)
    elif page_views.asked_by_a_customer():
        response = page_views.refuse_customer(error, status)
    else:
        response = _document(error, status, title)
    if status in (429, 503):
        response.headers["Retry-After"] = str(error.facts.get("retry_after", RETRY_AFTER))
    return response


def status_of(error: errors.LabelsvcError) -> tuple[int, str]:
    """Return the status and the title that an error gives."""
    return next(found for kind, found in STATUSES.items() if isinstance(error, kind))


def _document(error: errors.LabelsvcError, status: int, title: str) -> Response:
    members = {name: value for name, value in error.facts.items() if name != "retry_after"}
    if error.pointer is not None and request.method in ("GET", "HEAD"):
        members["parameter"] = error.pointer.lstrip("/")  # there is no body to point into
    elif error.pointer is not None:
        members["pointer"] = error.pointer
    response = _problem(status, title, error.code, error.message, members, kind=type(error))
    if status == 401:
        # RFC 6750, section 3.1: who sent no key is told no error.
        refused = "" if error.code == "key_missing" else ', error="invalid_token"'
        response.headers["WWW-Authenticate"] = f'Bearer realm="labelsvc"{refused}'
    return response


def _problem(
    status: int,
    title: str,
    code: str,
    detail: str,
    members: Mapping[str, Any],
    *,
    kind: type[errors.LabelsvcError] | None = None,
) -> Response:
    at_epcis = epcis.is_at(request.path)
    document = {
        "type": epcis.type_of(code, kind) if at_epcis else f"urn:labelsvc:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail[:DETAIL_AT_MOST],
        **members,
        "request_id": g.get("request_id", ""),
    }
    return Response(json.dumps(document), status, mimetype=MEDIA_TYPE)


def _from_apiflask(error: HTTPError) -> Response:
    """Answer for what APIFlask raises: mostly a pydantic model that did not come about."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return _from_status(error.status_code, {})
    location = next(iter(error.detail), "json")
    return _from_violations(violations(cause, location))


def _from_violations(found: Sequence[Violation]) -> Response:
    first = found[0]
    error = first.error()
    error.facts["errors"] = [violation.member() for violation in found]
    return answer(error)


def _from_werkzeug(error: HTTPException) -> Response:
    headers = {name: value for name, value in error.get_headers() if name not in ("Content-Type", "Content-Length")}
    return _from_status(error.code or 500, headers)


def _from_status(status: int, headers: Mapping[str, str]) -> Response:
    if status == 405:
        response = _problem(405, "Not this method", "method", _methods(headers.get("Allow", "")), {})
    elif status in _FOREIGN:
        kind, code, message = _FOREIGN[status]
        response = answer(kind(code, message))
    else:
        response = _problem(status, "HTTP error", "http_error", f"Expected another request, got status {status}.", {})
    response.headers.extend(headers)
    return response


def _methods(allowed: str) -> str:
    return f"Expected one of the methods {allowed}, got another." if allowed else "Expected another method."


def _from_bug(error: Exception) -> Response:
    """Answer for what nobody foresaw: the log gets everything, the caller an id to ask about."""
    _log.error("unforeseen_error", request_id=g.get("request_id", ""), exc_info=error)
    detail = "Expected no fault of our own, got one; the log knows more under this request_id."
    return _problem(500, "A fault of our own", "internal_error", detail, {})
