"""What a request must be before a view sees it: the checks that APIFlask leaves out.

What a view takes is read off its own declarations (`input`, `output`), so there is one place that says it. A request is
refused that carries a query parameter nobody declared or one twice, a body where none is read, a body in another
language, too large, or of JSON that two readers could understand differently.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from apiflask import APIFlask
from flask import Request, current_app, request

from labelsvc.errors import InvalidInput, Malformed, NotAcceptable, TooLarge, UnsupportedMedia
from labelsvc.settings import Settings
from labelsvc.web import page_views
from labelsvc.web.violations import printable

JSON_DEPTH_AT_MOST = 32
#: Digits of one number; Python itself refuses to read far longer ones.
JSON_DIGITS_AT_MOST = 400

_JSON = ("application/json", "application/ld+json")
_FORM = "application/x-www-form-urlencoded"
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a view takes and gives."""

    query: frozenset[str]
    body: bool
    body_required: bool
    limit: str
    media_types: tuple[str, ...]
    open_query: bool
    form: bool
    own: bool


class StrictRequest(Request):
    """A request whose JSON means the same to every reader."""

    def get_json(self, *_args: object, **_options: object) -> Any:
        """Return the body's JSON object; an optional body that is not there is an empty one."""
        body = self.get_data()
        if len(body) >= (self.max_content_length or 0):
            # werkzeug stops reading there, but takes what it has got for the whole.
            raise _too_large()
        return read_object(body) if body else {}


def optional_body(view: View) -> View:
    """Let a view be called without the body it declares."""
    view._body_optional = True  # type: ignore[attr-defined]  # a function carries its own terms
    return view


def upload(view: View) -> View:
    """Let a view take a body of `Settings.max_upload` bytes."""
    view._limit = "upload"  # type: ignore[attr-defined]  # as above
    return view


def capture(view: View) -> View:
    """Let a view take a body of `Settings.max_capture` bytes."""
    view._limit = "capture"  # type: ignore[attr-defined]  # as above
    return view


def linked_data(view: View) -> View:
    """Let a view read and answer JSON under the name of JSON-LD too."""
    view._linked_data = True  # type: ignore[attr-defined]  # as above
    return view


def open_query(view: View) -> View:
    """Let a view say itself which query parameters it knows, beside those that it declares."""
    view._open_query = True  # type: ignore[attr-defined]  # as above
    return view


def own_terms(view: View) -> View:
    """Let a view take any query and any Accept header: a standard says what it makes of them."""
    view._own_terms = True  # type: ignore[attr-defined]  # as above
    return view


def install(app: APIFlask, settings: Settings) -> None:
    """Check every request of an app before its view, and after authentication where that was installed first."""
    app.request_class = StrictRequest
    limits = {"body": settings.max_body, "upload": settings.max_upload, "capture": settings.max_capture}

    @app.before_request
    def admit() -> None:
        if request.endpoint is None:
            return
        terms = _terms(current_app.view_functions[request.endpoint])
        request.max_content_length = limits[terms.limit] + 1
        if not terms.own:
            _check_query(terms)
            _check_accept(terms)
        _check_body(terms)


def _terms(view: Callable[..., Any]) -> _Terms:
    spec = getattr(view, "_spec", {})
    names = [
        field.alias or name
        for model, location in spec.get("args") or ()
        if location == "query"
        for name, field in model.model_fields.items()
    ]
    response = spec.get("response") or {}
    a_page, linked = page_views.is_page(view), getattr(view, "_linked_data", False)
    return _Terms(
        query=frozenset(names).union(page_views.query_of(view)),
        body=bool(spec.get("body")),
        body_required=not getattr(view, "_body_optional", False),
        limit=getattr(view, "_limit", "body"),
        media_types=_JSON
        if linked
        else ("text/html" if a_page else response.get("content_type") or "application/json",),
        open_query=getattr(view, "_open_query", False),
        form=a_page and request.method == "POST",
        own=getattr(view, "_own_terms", False),
    )


def _check_query(terms: _Terms) -> None:
    for name, values in request.args.lists():
        if name not in terms.query and not terms.open_query:
            known = ", ".join(sorted(terms.query)) or "no parameters"
            raise InvalidInput("query_unknown", f"Expected {known}, got {printable(name)}.", parameter=printable(name))
        if len(values) > 1:
            raise InvalidInput(
                "query_repeated", f"Expected {name} once, got it {len(values)} times.", parameter=printable(name)
            )


def _check_accept(terms: _Terms) -> None:
    if request.accept_mimetypes and not any(map(_admitted, terms.media_types)):
        got = printable(request.headers.get("Accept", ""))
        named = " or ".join(terms.media_types)
        raise NotAcceptable("not_acceptable", f"Expected an Accept header that admits {named}, got {got}.")


def _admitted(media_type: str) -> bool:
    """Tell whether the most specific range that fits has a weight; parameters (`charset`, `version`) do not count."""
    kind = media_type.partition("/")[0]
    weights = {name.partition(";")[0].strip().lower(): weight for name, weight in request.accept_mimetypes}
    return next((weights[name] > 0 for name in (media_type, f"{kind}/*", "*/*") if name in weights), False)


def _check_body(terms: _Terms) -> None:
    sent = bool(request.content_length) or "Transfer-Encoding" in request.headers
    if not terms.body and not terms.form:
        if sent:
            raise Malformed("body_unexpected", "Expected no body, got one.")
        return
    if request.content_length is not None and request.content_length >= (request.max_content_length or 0):
        raise _too_large()
    if not sent:
        if terms.body and terms.body_required:
            raise Malformed("body_missing", "Expected a JSON object, got no body.")
        return
    wanted = (_FORM,) if terms.form else _JSON if terms.media_types == _JSON else _JSON[:1]
    if request.mimetype not in wanted:
        got = printable(request.mimetype) or "nothing"
        if "xml" in got and wanted == _JSON:
            got += ", and EPCIS in XML is not read here"
        raise UnsupportedMedia("media_type", f"Expected {' or '.join(wanted)}, got {got}.")
    if request.mimetype_params.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise UnsupportedMedia("charset", "Expected a body in UTF-8, got another encoding.")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMedia("content_encoding", "Expected a body that is not compressed, got a Content-Encoding.")


def _too_large() -> TooLarge:
    most = (request.max_content_length or 0) - 1
    return TooLarge("body_too_large", f"Expected a body of at most {most} bytes, got more.")


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a body holds.

    Raises:
        Malformed: it is no JSON in UTF-8, nests deeper than 32, names a member twice, or holds NaN or Infinity.
        InvalidInput: it is JSON, but no object.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed("json_encoding", f"Expected JSON in UTF-8, got byte {body[error.start]:#04x}.") from None
    _check_depth(text)
    try:
        value = json.loads(
            text, object_pairs_hook=_members, parse_constant=_no_constant, parse_int=_whole, parse_float=_number
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Malformed("json", f"Expected JSON, got something else at {place}.") from None
    if not isinstance(value, dict):
        raise InvalidInput("not_object", "Expected a JSON object, got another value.", pointer="")
    return value


def _check_depth(text: str) -> None:
    depth = 0
    for token in _STRUCTURE.finditer(text):
        char = text[token.start()]
        if char in "[{":
            depth += 1
            if depth > JSON_DEPTH_AT_MOST:
                raise Malformed("json_depth", f"Expected JSON at most {JSON_DEPTH_AT_MOST} levels deep, got more.")
        elif char in "]}":
            depth -= 1


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise Malformed("json_duplicate_member", f'Expected every member once, got "{printable(name)}" twice.')
        members[name] = value
    return members


def _no_constant(name: str) -> NoReturn:
    raise Malformed("json_constant", f"Expected a number that JSON knows, got {name}.")


def _whole(digits: str) -> int:
    _check_digits(digits)
    return int(digits)


def _number(digits: str) -> float:
    _check_digits(digits)
    return float(digits)


def _check_digits(digits: str) -> None:
    if len(digits) > JSON_DIGITS_AT_MOST:
        raise Malformed("json_number", f"Expected numbers of at most {JSON_DIGITS_AT_MOST} digits, got {len(digits)}.")
