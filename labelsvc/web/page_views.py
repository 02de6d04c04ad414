"""What makes a view a page: HTML for a person with a browser, let in by a session, with forms that carry its key."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode

from flask import Flask, Response, current_app, g, redirect, render_template, request

from labelsvc.access import Client
from labelsvc.domain.epcis.identifiers import CANONICAL
from labelsvc.errors import LabelsvcError, NotAllowed, Unauthenticated

View = TypeVar("View", bound=Callable[..., Any])

SIGN_IN = "/sign-in"
#: Scripts, styles and pictures are our own and come from here; nothing stands in a page itself.
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
}
#: A form's hidden field that holds its session's key.
FORM_KEY = "form_key"


def page(*query: str) -> Callable[[View], View]:
    """Let a view be a page that reads query parameters of these names, and a form where it is posted to."""

    def mark(view: View) -> View:
        view._page_query = frozenset(query)  # type: ignore[attr-defined]  # a function carries its own terms
        return view

    return mark


def query_of(view: Callable[..., Any]) -> Collection[str]:
    """Return the query parameters that a page reads."""
    names: frozenset[str] = getattr(view, "_page_query", frozenset())
    return names


def is_page(view: Callable[..., Any]) -> bool:
    """Tell whether a view is a page."""
    return hasattr(view, "_page_query")


def asked_for_a_page() -> bool:
    """Tell whether the request is for a page."""
    return request.endpoint is not None and is_page(current_app.view_functions[request.endpoint])


def for_customers(view: View) -> View:
    """Let a view answer whoever scanned a label: its errors are pages for browsers, and problems for programs."""
    view._for_customers = True  # type: ignore[attr-defined]  # as above
    return view


def asked_by_a_customer() -> bool:
    """Tell whether somebody with a browser asks for a view that is for customers."""
    if request.endpoint is None or not hasattr(current_app.view_functions[request.endpoint], "_for_customers"):
        return False
    return prefers_html()


def prefers_html() -> bool:
    """Tell whether the Accept header would rather have HTML than JSON; where it is all the same it would not."""
    accepted = request.accept_mimetypes
    return accepted.quality("text/html") > accepted.quality("application/json")


def install(app: Flask) -> None:
    """Check the forms of an app's pages, after whoever sent them was let in and their size was looked at."""

    @app.before_request
    def admit_form() -> None:
        if request.method == "POST" and asked_for_a_page():
            _check_form()

    @app.context_processor
    def known() -> dict[str, Any]:
        client: Client | None = g.get("client")
        return {"me": client, FORM_KEY: g.get(FORM_KEY, "")}

    app.jinja_env.filters["moment"] = moment
    app.jinja_env.filters["moment_there"] = moment_there
    app.jinja_env.filters["brief"] = brief

    @app.after_request
    def harden(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers.update(HEADERS)
        return response


def moment(at: datetime | None) -> str:
    """Return a moment as pages show it."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else ""


def moment_there(at: datetime, offset: str) -> str:
    """Return a moment as clocks showed it where it happened.

    Args:
        offset: theirs from UTC, such as "+01:00".
    """
    return f"{at.astimezone(datetime.strptime(offset, '%z').tzinfo):%Y-%m-%d %H:%M:%S} {offset}"


def brief(uri: str) -> str:
    """Return a canonical URI of GS1's as labels have it, `(01)09520000000011(21)X1`; another one as it is."""
    parts = uri.removeprefix(f"{CANONICAL}/").split("/")
    if not uri.startswith(f"{CANONICAL}/") or len(parts) % 2:
        return uri
    return "".join(f"({ai}){unquote(value)}" for ai, value in zip(parts[::2], parts[1::2], strict=True))


def _check_form() -> None:
    """Refuse a form that another site sent, or that was made for another session.

    Raises:
        NotAllowed: it is one.
    """
    # Browsers say so of every request that they send to a trustworthy address.
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise NotAllowed("form_foreign", "Expected a form of this service, got one of another site.")
    key: str | None = g.get(FORM_KEY)
    if key is not None and not hmac.compare_digest(request.form.get(FORM_KEY, "").encode(), key.encode()):
        raise NotAllowed("form_key", "Expected a form of this session, got another. Go back and load the page again.")


def answer(error: LabelsvcError, status: int, title: str) -> Response:
    """Return the page that an error gives; nobody we know is asked to sign in, and led back then."""
    if isinstance(error, Unauthenticated):
        here = request.full_path if request.query_string else request.path
        where = f"?{urlencode({'next': here})}" if request.method in ("GET", "HEAD") and len(here) <= 500 else ""
        response: Any = redirect(f"{SIGN_IN}{where}", 303)
        return response  # type: ignore[no-any-return]  # a Response, which werkzeug calls by its own name
    return Response(render_template("error.html", title=title, error=error), status, mimetype="text/html")


def refuse_customer(error: LabelsvcError, status: int) -> Response:
    """Return the page that an error gives to whoever scanned a label."""
    return Response(render_template("refused.html", error=error), status, mimetype="text/html")
