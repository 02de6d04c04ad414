"""/inventory: what is where, now or at a moment, and which units to take first."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import Response, request

from labelsvc.domain.units.standing import STATES
from labelsvc.errors import InvalidInput, LabelsvcError
from labelsvc.tracking import inventory
from labelsvc.tracking.inventory import Filter, Line
from labelsvc.web.auth import role
from labelsvc.web.house import house
from labelsvc.web.page_views import page
from labelsvc.web.pages.forms import Form, Shown, shown
from labelsvc.web.violations import echo

bp = APIBlueprint("inventory_page", __name__, enable_openapi=False)

LINES_SHOWN = 500


@bp.get("/inventory")
@role("warehouse", "retail", "qa")
@page("product", "category", "lot", "state", "location", "at")
def inventory_page() -> Response:
    """Count what stands alike, where it lies."""
    form = Form(request.args.to_dict())
    try:
        lines = _lines(form)
    except LabelsvcError as error:
        return shown("inventory.html", Shown(form.fields, error), lines=None, states=STATES)
    return shown(
        "inventory.html",
        Shown(form.fields),
        lines=[(line, _pick_path(line)) for line in lines[:LINES_SHOWN]],
        left_out=max(len(lines) - LINES_SHOWN, 0),
        total=sum(line.count for line in lines),
        states=STATES,
    )


def _lines(form: Form) -> tuple[Line, ...]:
    state = form.choice("state", STATES) if form.optional("state") else None
    asked = Filter(
        product=form.optional("product"),
        category=form.optional("category"),
        location=form.optional("location"),
        states=(state,) if state else (),
        at=_moment(form),
    )
    lot = form.optional("lot")
    found = inventory.stock(house().db, asked, house().now())
    # By its number, as people say it; a lot's id is for programs.
    return tuple(line for line in found if lot in (None, line.lot))


def _moment(form: Form) -> datetime | None:
    text = form.optional("at")
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"Expected a date and a time such as 2026-11-20T09:00, got {echo(text)}."
        raise InvalidInput("moment", message, pointer="/at") from None


def _pick_path(line: Line) -> str | None:
    """Return where it is said which units of a line to take; None: none may be sold."""
    if not line.sellable:
        return None
    where = {"location": line.location} if line.location else {}
    return f"/inventory/pick-list?{urlencode({'product': line.product, 'quantity': 1, **where})}"


@bp.get("/inventory/pick-list")
@role("warehouse", "retail", "qa")
@page("product", "quantity", "location")
def pick_list_page() -> Response:
    """Say which units to take: first expired, first out; none that may not be sold."""
    form = Form({"quantity": "1", **request.args.to_dict()})
    if not form.fields.get("product"):
        return shown("pick_list.html", Shown(form.fields), picks=None)
    try:
        asked = Filter(product=form.text("product"), location=form.optional("location"))
        picks = inventory.pick_list(house().db, asked, form.whole("quantity"), house().now())
    except LabelsvcError as error:
        if error.code == "pick_quantity":
            error.pointer = "/quantity"
        return shown("pick_list.html", Shown(form.fields, error), picks=None)
    return shown("pick_list.html", Shown(form.fields), picks=picks, asked=form.whole("quantity"))
