"""The API's own description, OpenAPI 3.1: what APIFlask reads off the views, completed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from apiflask import APIFlask
from flask import Response

from labelsvc.web import problems
from labelsvc.web.auth import public, roles_of
from labelsvc.web.models.base import INTEGER_AT_MOST
from labelsvc.web.paths import template

PATH = "/api/v1/openapi.json"
_DESCRIPTION = """\
Issues serial numbers for lots of goods, prints the labels that carry them, and reads any serial back to its lot.

Every route but the public ones asks for `Authorization: Bearer KEY`. Errors are `application/problem+json` (RFC 9457)
with a stable `code`. Lists are read page by page: give `next` back as `after`.
"""

_WHOLE = {"type": "integer", "minimum": 1, "maximum": INTEGER_AT_MOST}
_PATH_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "batch_id": {"description": "Id of a batch.", "schema": _WHOLE},
    "job_id": {"description": "Id of a print job.", "schema": _WHOLE},
    "claim_id": {"description": "Id of a claim of a station.", "schema": _WHOLE},
    "lot_id": {"description": "Id of a lot.", "schema": _WHOLE},
    "connection_id": {"description": "Id of a connection.", "schema": _WHOLE},
    "webhook_id": {"description": "Id of a webhook.", "schema": _WHOLE},
    "unit_id": {"description": "Id of a unit.", "schema": _WHOLE},
    "count_id": {"description": "Id of a cycle count.", "schema": _WHOLE},
    "complaint_id": {"description": "Id of a complaint.", "schema": _WHOLE},
    "recall_id": {"description": "Id of a recall.", "schema": _WHOLE},
    "notice_id": {"description": "Id of a notice of the recall.", "schema": _WHOLE},
    "reprint_id": {"description": "Id of a reprint.", "schema": _WHOLE},
    "record_id": {"description": "Id of a test record.", "schema": _WHOLE},
    "override_id": {"description": "Id of an override.", "schema": _WHOLE},
    "link_id": {"description": "Id of a link.", "schema": _WHOLE},
    "finding_id": {"description": "Id of a finding.", "schema": _WHOLE},
    "party_id": {"description": "Id of a party.", "schema": _WHOLE},
    "location_id": {"description": "Id of a location.", "schema": _WHOLE},
    "delivery_id": {"description": "Id of a delivery.", "schema": _WHOLE},
    "gtin": {
        "description": "GTIN, always 14 digits.",
        "schema": {"type": "string", "pattern": "^[0-9]{14}$"},
        "example": "09520123456788",
    },
    "lot": {
        "description": "A lot number, AI (10).",
        "schema": {"type": "string", "minLength": 1, "maxLength": 20},
        "example": "L2026-118",
    },
    "number": {"description": "Number of a label in its batch, from 1.", "schema": _WHOLE},
    "code": {
        "description": "GTIN of 8, 12, 13 or 14 digits, or own item code.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 40},
        "example": "09520123456788",
    },
    "capture_id": {
        "description": "Id of a capture job.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 36},
    },
    "event_id": {"description": "eventID of an event.", "schema": {"type": "string", "minLength": 1, "maxLength": 500}},
    "value": {"description": "One of them.", "schema": {"type": "string", "minLength": 1, "maxLength": 200}},
    "token": {"description": "A nextPageToken.", "schema": {"type": "string", "minLength": 1, "maxLength": 2000}},
    "subscription_id": {
        "description": "Id of a subscription.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 36},
    },
    "query_name": {"description": "Name of a query.", "schema": {"type": "string", "minLength": 1, "maxLength": 80}},
    "name": {"description": "Its name.", "schema": {"type": "string", "minLength": 1, "maxLength": 80}},
    "sscc": {
        "description": "An SSCC, AI (00).",
        "schema": {"type": "string", "pattern": "^[0-9]{18}$"},
        "example": "309520120000000015",
    },
    "company_prefix": {
        "description": "A GS1 company prefix.",
        "schema": {"type": "string", "pattern": "^[0-9]{6,12}$"},
        "example": "0952012",
    },
    "extension_digit": {
        "description": "The first digit of an SSCC.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 9},
    },
    "serial": {
        "description": "A serial, AI (21).",
        "schema": {"type": "string", "minLength": 1, "maxLength": 20},
        "example": "7Q2XK4M9PA",
    },
}

_PROBLEM_ERROR = {
    "type": "object",
    "required": ["code", "detail"],
    "properties": {
        "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) to a member of the body."},
        "parameter": {"type": "string", "description": "Name of a parameter or a header."},
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
_PROBLEM = {
    "type": "object",
    "description": "What is wrong (RFC 9457). Further members give facts, what is left for instance.",
    "required": ["type", "title", "status", "code", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable name of the rule that was broken."},
        "detail": {"type": "string", "description": "One sentence: Expected X, got Y."},
        "pointer": {"type": "string", "description": "JSON pointer (RFC 6901) to a member of the body."},
        "parameter": {"type": "string", "description": "Name of a parameter or a header."},
        "errors": {"type": "array", "items": _PROBLEM_ERROR, "description": "All that is wrong, where it is more."},
        "request_id": {"type": "string"},
    },
}
_REASONS = {401: "No key, or none that we know.", 403: "The key's role may not do this.", 404: "No such thing."}


def install(app: APIFlask) -> None:
    """Serve the description, complete, at PATH."""
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        AUTO_SERVERS=False,  # the first caller's Host header would stand there for all
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        SERVERS=[{"url": "/"}],
        DESCRIPTION=_DESCRIPTION,
        LICENSE={"name": "MIT", "identifier": "MIT"},
    )

    @cache
    def described() -> str:
        return json.dumps(app.spec)

    @app.get(PATH)
    @public
    @app.doc(hide=True)
    def openapi() -> Response:
        return Response(described(), mimetype="application/json")

    @app.spec_processor
    def complete(found: dict[str, Any] | str) -> dict[str, Any] | str:
        assert isinstance(found, dict)  # a string only where the format is YAML
        spec = _flat_names(found)
        components = spec.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = _PROBLEM
        components["responses"] = {"Problem": _problem_response("Another error.")}
        components["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "An API key; its role decides what it may do."}
        }
        for view, operation in _operations(app, spec):
            _complete(view, operation)
        return spec


def _operations(app: APIFlask, spec: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield every operation with the view behind it."""
    for rule in app.url_map.iter_rules():
        for method, operation in spec["paths"].get(template(rule.rule), {}).items():
            if method.upper() in (rule.methods or ()):
                yield app.view_functions[rule.endpoint], operation


def _complete(view: Any, operation: dict[str, Any]) -> None:
    roles = roles_of(view)
    statuses = [] if roles is None else [401, 403]
    operation["security"] = [] if roles is None else [{"key": []}]
    if roles is not None:
        operation["x-roles"] = sorted(roles)
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            parameter.update(_PATH_PARAMETERS[parameter["name"]], required=True)
            statuses = [*statuses, *([] if 404 in statuses else [404])]
        else:
            _lift(parameter)
    if "requestBody" in operation:
        operation["requestBody"]["required"] = not getattr(view, "_body_optional", False)
    responses = operation["responses"]
    if "201" in responses:
        responses["201"]["headers"] = {
            "Location": {"description": "Path of what was made.", "required": True, "schema": {"type": "string"}}
        }
    for status in statuses:
        responses[str(status)] = _problem_response(_REASONS[status])
    responses["default"] = {"$ref": "#/components/responses/Problem"}


def _lift(parameter: dict[str, Any]) -> None:
    """Say of a parameter what it is: a text has no null, and its description stands outside its schema."""
    schema = parameter["schema"]
    some = [option for option in schema.pop("anyOf", ()) if option != {"type": "null"}]
    if some:
        schema.update(some[0])
    if schema.get("default", ...) is None:
        del schema["default"]
    description = schema.pop("description", None)
    if description is not None:
        parameter["description"] = description
    if parameter["in"] == "header":
        parameter["name"] = parameter["name"].title()


def _problem_response(reason: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": reason, "content": {problems.MEDIA_TYPE: {"schema": schema}}}


def _flat_names(spec: dict[str, Any]) -> dict[str, Any]:
    """Call a schema that is part of others (`Batches.Batch`) by its own name, once.

    Raises:
        RuntimeError: two different schemas have one name.
    """
    text = re.sub(r"#/components/schemas/[A-Za-z0-9_]+\.([A-Za-z0-9_]+)", r"#/components/schemas/\1", json.dumps(spec))
    flat: dict[str, Any] = json.loads(text)
    schemas: dict[str, Any] = {}
    for name, schema in flat.get("components", {}).get("schemas", {}).items():
        own = name.rpartition(".")[2]
        if schemas.setdefault(own, schema) != schema:
            raise RuntimeError(f"Expected one schema called {own}, got two.")
    flat.setdefault("components", {})["schemas"] = schemas
    return flat
