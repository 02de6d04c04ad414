"""/complaints: what is said to be wrong with a unit, all that is known of it, and what came of that."""

from __future__ import annotations

from typing import Any, get_args

from apiflask import APIBlueprint
from flask import Response, redirect, request

from labelsvc.domain.complaints import Category, ComplaintRequest, Progress, Severity, State
from labelsvc.domain.units.intents import SENTENCES
from labelsvc.errors import LabelsvcError, NotFound
from labelsvc.tracking import complaints, dossiers
from labelsvc.web.auth import call, client, role
from labelsvc.web.house import house
from labelsvc.web.page_views import page
from labelsvc.web.pages.forms import Form, Shown, shown

bp = APIBlueprint("complaints_page", __name__, enable_openapi=False)

AT_MOST = 100
CATEGORIES: tuple[Category, ...] = get_args(Category)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
STATES: tuple[State, ...] = get_args(State)


@bp.get("/complaints")
@role("retail", "qa")
@page("state", "after", "unit")
def complaints_page() -> Response:
    """List complaints, and ask for what is wrong with another unit."""
    return _listed(Shown({name: value for name, value in request.args.items() if name == "unit"}))


def _listed(form: Shown) -> Response:
    asked = request.args if request.method == "GET" else {}
    chosen: Any = asked.get("state", "open")
    after = asked.get("after", "0")
    if chosen not in (*STATES, "all") or not (after.isascii() and after.isdecimal() and len(after) <= 18):
        raise NotFound("route_unknown", "Expected a known path, got one that leads nowhere.")
    state: State | None = None if chosen == "all" else chosen
    found = complaints.list_complaints(house().db, house().issuer, state, None, None, (int(after), AT_MOST))
    return shown(
        "complaints.html",
        form,
        found=found,
        chosen=chosen,
        categories=CATEGORIES,
        severities=SEVERITIES,
    )


@bp.post("/complaints")
@role("retail", "qa")
@page()
def open_complaint() -> Any:
    """Open a complaint of a unit that was scanned, once, however often the button is pressed."""
    form = Form.sent()
    try:
        category: Any = form.choice("category", CATEGORIES)
        severity: Any = form.choice("severity", SEVERITIES)
        asked = ComplaintRequest(
            form.scan("unit"),
            category,
            severity,
            form.fields.get("text", ""),
            form.optional("product"),
            form.optional("customer"),
            form.whole("follows") if form.optional("follows") else None,
        )
        made = complaints.open_complaint(house().db, house().issuer, call(form.fields.get("key")), asked)
    except LabelsvcError as error:
        return _listed(Shown.again(error))
    return redirect(f"/complaints/{made.id}", 303)


@bp.get("/complaints/<whole:complaint_id>")
@role("retail", "qa")
@page()
def complaint_page(complaint_id: int) -> Response:
    """Show a complaint; to QA everything that is known of its unit, and of its neighbours."""
    return _complaint(complaint_id, Shown())


def _complaint(complaint_id: int, form: Shown) -> Response:
    found = complaints.get_complaint(house().db, complaint_id)
    is_qa = client().role != "retail"
    return shown(
        "complaint.html",
        form,
        complaint=found,
        dossier=dossiers.of_complaint(house().db, house().issuer, complaint_id) if is_qa else None,
        states=STATES,
        severities=SEVERITIES,
        findings=SENTENCES,
    )


@bp.post("/complaints/<whole:complaint_id>")
@role("qa")
@page()
def move_complaint(complaint_id: int) -> Any:
    """Say who looks into a complaint, how bad it is, and what came of it."""
    form = Form.sent()
    try:
        state: Any = form.choice("state", STATES)
        severity: Any = form.choice("severity", SEVERITIES)
        resolution = form.fields.get("resolution", "").strip() or None
        progress = Progress(state, severity, form.optional("owner"), resolution)
        complaints.move_complaint(house().db, call(), complaint_id, progress)
    except LabelsvcError as error:
        return _complaint(complaint_id, Shown.again(error))
    return redirect(f"/complaints/{complaint_id}", 303)
