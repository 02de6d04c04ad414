"""/sign-in, /sign-out: who sits before the browser."""

from __future__ import annotations

import re
from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request

from labelsvc import access, logs
from labelsvc.access import sessions
from labelsvc.errors import LabelsvcError, TooMany, Unauthenticated
from labelsvc.web.auth import EVERY_ROLE, call, cookie, public, role, token, visit, visit_cookie
from labelsvc.web.house import house
from labelsvc.web.page_views import SIGN_IN, page
from labelsvc.web.pages.forms import Form, Shown, shown

bp = APIBlueprint("signing", __name__, enable_openapi=False)

#: Where a role's work is.
HOMES = {
    "line": "/line",
    "station": "/printers",
    "warehouse": "/scan",
    "retail": "/scan",
    "partner": "/",
    "qa": "/qa",
    "admin": "/qa",
}

_log = logs.logger(__name__)


@bp.get(SIGN_IN)
@public
@page("next")
def sign_in_page() -> Response:
    """Ask for name and password."""
    response = shown("sign_in.html", Shown(), next=_local(request.args.get("next", "")))
    _keep(response, visit_cookie(), visit())
    return response


@bp.post(SIGN_IN)
@public
@page()
def sign_in() -> Any:
    """Begin a session, and lead to where its user was going."""
    form = Form.sent()
    said = (form.fields.get("name", ""), form.fields.get("password", ""))
    address = request.remote_addr or ""
    try:
        begun = access.sign_in(house().db, house().door, said, address, house().now())
    except (Unauthenticated, TooMany) as error:
        # Never the name: people write their password there by mistake.
        _log.warning("sign_in.refused", code=error.code, address=address)
        return _asked_again(error, form)
    entered = access.enter(house().db, begun, house().now())
    response = redirect(_local(form.fields.get("next", "")) or HOMES[entered.client.role], 303)
    _keep(response, cookie(), begun, max_age=round(sessions.LIFETIME.total_seconds()))
    return response


def _keep(response: Any, name: str, value: str, max_age: int | None = None) -> None:
    """Let the browser keep a cookie that no script reads, and that comes with requests of our own pages alone."""
    response.set_cookie(name, value, max_age, secure=request.is_secure, httponly=True, samesite="Strict")


def _asked_again(error: LabelsvcError, form: Form) -> Response:
    again = Shown({"name": form.fields.get("name", "")[:80]}, error)
    response = shown("sign_in.html", again, next=_local(form.fields.get("next", "")))
    if isinstance(error, Unauthenticated):
        response.status_code = 403  # 401 would make a browser ask by itself, in a way that we do not answer
    return response


@bp.post("/sign-out")
@role(*EVERY_ROLE, "partner")
@page()
def sign_out() -> Any:
    """End the session."""
    access.sign_out(house().db, call(), token())
    response = redirect(SIGN_IN, 303)
    response.delete_cookie(cookie(), secure=request.is_secure, httponly=True, samesite="Strict")
    return response


def _local(path: str) -> str:
    """Return a path of this service; an empty one for whatever leads elsewhere."""
    return path if re.fullmatch(r"/(?![/\\])[!-\[\]-~]{0,499}", path) else ""
