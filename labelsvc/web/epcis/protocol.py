"""What all answers below /epcis have in common: versions, limits, OPTIONS."""

from __future__ import annotations

import re
from collections.abc import Mapping

from apiflask import APIFlask
from flask import Response, current_app, request

from labelsvc import __version__
from labelsvc.domain.epcis.formats import parse_format
from labelsvc.errors import InvalidInput, NotAcceptable
from labelsvc.settings import Settings
from labelsvc.tracking.captures import EVENTS_AT_MOST
from labelsvc.web.auth import EVERY_ROLE, role
from labelsvc.web.epcis import exceptions

#: Characters of a path with its query.
URI_AT_MOST = 8_000
_VERSION = re.compile(r"([0-9]{1,4})(?:\.([0-9]{1,4}))?(?:\.[0-9]{1,4})*")
_OURS = (2, 0)
_STANDARDS = ("EPCIS", "CBV")

_HEADERS = {
    "GS1-EPCIS-Version": "2.0",
    "GS1-EPCIS-Min": "2.0",
    "GS1-EPCIS-Max": "2.0",
    "GS1-CBV-Version": "2.0",
    "GS1-CBV-Min": "2.0",
    "GS1-CBV-Max": "2.0",
    "GS1-Extensions": "{}",
    "GS1-Vendor-Version": f"labelsvc {__version__}",
}


def install(app: APIFlask, settings: Settings) -> None:
    """Let the routes below /epcis speak as EPCIS wants; goes in when all of them are there."""
    limits = {
        "GS1-EPCIS-Capture-Limit": str(EVENTS_AT_MOST),
        "GS1-EPCIS-Capture-File-Size-Limit": str(settings.max_capture),
    }

    @app.before_request
    def understand() -> None:
        if exceptions.is_at(request.path) and request.endpoint is not None:
            _check_uri()
            _check_versions()
            parse_format(request.headers.get("GS1-EPC-Format", "No_Preference"))

    @app.after_request
    def tell(response: Response) -> Response:
        if exceptions.is_at(request.path):
            _describe(response, limits)
        return response

    _discover(app)


def _describe(response: Response, limits: Mapping[str, str]) -> None:
    response.headers.update(_HEADERS)
    response.headers.setdefault("GS1-EPC-Format", "Never_Translates")
    discovered = request.method == "OPTIONS"
    if response.status_code == 413 or (discovered and request.path in ("/epcis", "/epcis/capture")):
        response.headers.update(limits)
    if discovered and request.path in ("/epcis", "/epcis/capture"):
        response.headers["GS1-Capture-Error-Behaviour"] = "rollback, proceed"
    response.vary.update(("Accept", "GS1-EPC-Format"))


def _check_uri() -> None:
    if len(request.full_path) > URI_AT_MOST:
        message = f"Expected a URI of at most {URI_AT_MOST} characters, got {len(request.full_path)}."
        raise InvalidInput("uri_too_long", message)


def _check_versions() -> None:
    for standard in _STANDARDS:
        asked = {name: _version(f"GS1-{standard}-{name}") for name in ("Version", "Min", "Max")}
        exact, least, most = asked["Version"], asked["Min"], asked["Max"]
        if (exact or _OURS) != _OURS or (least or _OURS) > _OURS or (most or _OURS) < _OURS:
            raise NotAcceptable("epcis_version", f"Expected {standard} 2.0 to be good, got another version only.")


def _version(header: str) -> tuple[int, int] | None:
    text = request.headers.get(header)
    if text is None:
        return None
    found = _VERSION.fullmatch(text.strip())
    if found is None:
        raise InvalidInput("epcis_version_header", f"Expected a version such as 2.0 in {header}, got another text.")
    return int(found[1]), int(found[2] or 0)


def _discover(app: APIFlask) -> None:
    """Let OPTIONS tell what every resource is good for."""

    @role(*EVERY_ROLE, "partner")
    @app.doc(hide=True)
    def options(**_path: str) -> Response:
        methods = {
            method
            for rule in current_app.url_map.iter_rules()
            if request.url_rule is not None and rule.rule == request.url_rule.rule
            for method in rule.methods or ()
        }
        return Response(status=204, headers={"Allow": ", ".join(sorted(methods))})

    rules = {rule.rule for rule in app.url_map.iter_rules() if exceptions.is_at(rule.rule)}
    for rule in sorted(rules):
        app.add_url_rule(rule, "epcis_options", options, methods=["OPTIONS"])
