"""What the bindings of EPCIS have and this service has not."""

from __future__ import annotations

from flask import Response, g, json


def not_built(detail: str) -> Response:
    """Return the answer to what is not built."""
    document = {
        "type": "epcisException:ImplementationException",
        "title": "Not built",
        "status": 501,
        "code": "not_built",
        "detail": detail,
        "request_id": g.get("request_id", ""),
    }
    return Response(json.dumps(document), 501, mimetype="application/problem+json")
