"""/: the page that says what answers here; and the files that pages load."""

from __future__ import annotations

from pathlib import Path

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response, render_template, request

from labelsvc import __version__
from labelsvc.errors import NotFound
from labelsvc.web import openapi
from labelsvc.web.auth import public
from labelsvc.web.page_views import page

bp = APIBlueprint("front", __name__, enable_openapi=False)

STATIC = Path(__file__).parent.parent / "static"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
#: A handful of small files, read once.
_FILES = {path.name: (path.read_bytes(), _KINDS[path.suffix]) for path in STATIC.iterdir()}


@bp.get("/")
@public
@page()
def front() -> str:
    """Say what this is, for a person with a browser."""
    return render_template("front.html", version=__version__, openapi=openapi.PATH)


@bp.get("/static/<name:name>")
@public
@bp.output(FileSchema, content_type="*/*")
def static(name: str) -> Response:
    """Give a script or a style of ours; the browser asks each time whether it is still the same."""
    if name not in _FILES:
        raise NotFound("route_unknown", "Expected a known path, got one that leads nowhere.")
    body, kind = _FILES[name]
    response = Response(body, mimetype=kind)
    response.cache_control.no_cache = True
    response.add_etag()
    response.make_conditional(request)
    return response
