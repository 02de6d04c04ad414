"""/: the page that says what answers here."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import render_template

from labelsvc import __version__
from labelsvc.web import openapi
from labelsvc.web.auth import public

bp = APIBlueprint("pages", __name__, enable_openapi=False)


@bp.get("/")
@public
def front() -> str:
    """Say what this is, for a person with a browser."""
    return render_template("front.html", version=__version__, openapi=openapi.PATH)
