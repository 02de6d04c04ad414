"""Who may call what: Bearer keys, sessions, and the roles that every view names.

A view names its roles with `@role(...)`, or says `@public`. An app with a view that does neither does not start, so a
forgotten line can never open a route. The role admin may do everything that any role may.

Programs come with a key, people with a session, which is a cookie. A page takes a session only, the API a key. What
a page loads from the API (pictures, files, event streams) it may GET with its session; nothing else, so that no other
site's form can do anything by it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from apiflask import APIFlask
from flask import current_app, g, request

from labelsvc import access
from labelsvc.access import Client, Role, sessions
from labelsvc.domain.actors import Call
from labelsvc.errors import NotAllowed, Unauthenticated
from labelsvc.web import page_views
from labelsvc.web.house import house

View = TypeVar("View", bound=Callable[..., Any])

_BEARER = re.compile(r"Bearer +([A-Za-z0-9._~+/=-]{1,400}) *", re.IGNORECASE)

#: Everybody of this house; partners see only what is theirs, by routes that say so.
EVERY_ROLE: tuple[Role, ...] = ("line", "station", "warehouse", "retail", "qa")


def role(*roles: Role) -> Callable[[View], View]:
    """Let clients with one of these roles, and admins, call a view."""

    def mark(view: View) -> View:
        view._roles = frozenset(roles) | {"admin"}  # type: ignore[attr-defined]  # a view carries its own rule
        return view

    return mark


def public(view: View) -> View:
    """Let anyone call a view, without a key."""
    view._roles = None  # type: ignore[attr-defined]  # as above
    return view


def roles_of(view: Callable[..., Any]) -> frozenset[str] | None:
    """Return the roles that may call a view; None: everyone.

    Raises:
        AttributeError: the view names none.
    """
    roles: frozenset[str] | None = view._roles  # type: ignore[attr-defined]  # as above
    return roles


def install(app: APIFlask) -> None:
    """Ask for a key or a session before anything else of a request is looked at."""

    @app.before_request
    def admit() -> None:
        if request.endpoint is None:
            return
        view = current_app.view_functions[request.endpoint]
        allowed = roles_of(view)
        if allowed is None:
            if page_views.is_page(view):
                _meet()
            return
        if page_views.is_page(view) or _comes_with_session():
            _enter()
        else:
            g.client = access.authenticate(house().db, _bearer(), house().now())
        if g.client.role not in allowed:
            names = ", ".join(sorted(allowed))
            raise NotAllowed("role", f"Expected one of the roles {names}, got {g.client.role}.")


def check_views(app: APIFlask) -> None:
    """Refuse an app in which a view names neither roles nor `public`.

    Raises:
        RuntimeError: one does.
    """
    for endpoint, view in app.view_functions.items():
        if not hasattr(view, "_roles"):
            raise RuntimeError(f"Expected @role or @public on the view {endpoint}, got neither.")


def client() -> Client:
    """Return who calls."""
    found: Client = g.client
    return found


def call(key: str | None = None) -> Call:
    """Return this call, for the books.

    Args:
        key: the Idempotency-Key, where the route takes one.
    """
    return Call(client().actor, house().now(), key)


def cookie() -> str:
    """Return the name of the session's cookie; where the browser came over HTTPS it can only have been set so."""
    return "__Host-labelsvc" if request.is_secure else "labelsvc"


def token() -> str:
    """Return the token of the session that this request comes with; an empty one where there is none."""
    return request.cookies.get(cookie(), "")


def visit_cookie() -> str:
    """Return the name of the cookie that somebody has before they sign in."""
    return f"{cookie()}-visit"


def visit() -> str:
    """Return the token of somebody who is not signed in yet."""
    found: str = g.visit
    return found


def _meet() -> None:
    """Let the forms of somebody whom we do not know yet be theirs: another site would have them sign in as another."""
    g.visit = request.cookies.get(visit_cookie()) or secrets.token_urlsafe(32)
    setattr(g, page_views.FORM_KEY, sessions.form_key(g.visit))


def _comes_with_session() -> bool:
    return request.method in ("GET", "HEAD") and "Authorization" not in request.headers and bool(token())


def _enter() -> None:
    if not token():
        raise Unauthenticated("session_missing", "Expected somebody who is signed in, got nobody.")
    entered = access.enter(house().db, token(), house().now())
    g.client = entered.client
    setattr(g, page_views.FORM_KEY, entered.form_key)


def _bearer() -> str:
    header = request.headers.get("Authorization")
    if header is None:
        raise Unauthenticated("key_missing", "Expected the header Authorization: Bearer KEY, got none.")
    found = _BEARER.fullmatch(header)
    if found is None:
        raise Unauthenticated("key_malformed", "Expected Authorization: Bearer KEY, got another form.")
    return found[1]
