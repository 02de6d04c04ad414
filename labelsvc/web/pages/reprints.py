"""/qa/reprints: the same serial again on a new label, asked for by one person and approved by another."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect

from labelsvc.domain.reprints import Reprint, ReprintRequest, ReprintState
from labelsvc.errors import LabelsvcError
from labelsvc.printing import reprinting, reprints
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.page_views import page
from labelsvc.web.pages.forms import Form, Shown, shown
from labelsvc.web.pages.qa import serial_again, serial_path

bp = APIBlueprint("reprints_page", __name__, enable_openapi=False)

AT_MOST = 100


@bp.get("/qa/reprints")
@role("qa")
@page()
def reprints_page() -> Response:
    """List reprints that somebody has to approve."""
    return _listed(Shown())


def _listed(form: Shown) -> Response:
    return shown("reprints.html", form, asked=_in_state("asked"))


def _in_state(state: ReprintState) -> tuple[Reprint, ...]:
    return reprints.list_reprints(house().db, house().issuer, (state, None), 0, AT_MOST).items


@bp.post("/qa/serials/reprint")
@role("qa")
@page()
def ask() -> Any:
    """Ask for a label to be printed again."""
    form = Form.sent()
    product, serial = form.fields.get("product", ""), form.fields.get("serial", "")
    try:
        wanted = ReprintRequest(
            label=f"01{product}21{serial}" if product.isdigit() else f"{product}/{serial}",
            reason=form.text("why"),
            printer=form.optional("printer"),
            note=form.optional("note"),
            destroyed=form.ticked("destroyed"),
            destroyed_label=form.scan("destroyed_label") if form.fields.get("destroyed_label", "").strip() else None,
        )
        asked = call(form.fields.get("key"))
        made = reprinting.ask_reprint(house().db, house().issuer, asked, wanted, house().reprint_rules)
    except LabelsvcError as error:
        # On this page `reason` is that of a move, and the label is the one that the page is about.
        error.pointer = {"/reason": "/why", "/label": None}.get(error.pointer or "", error.pointer)
        return serial_again(product, serial, error)
    if made.job_id is not None:
        return redirect(f"/printers/jobs/{made.job_id}", 303)
    return redirect(serial_path(product, serial), 303)


@bp.post("/qa/reprints/<whole:reprint_id>/approve")
@role("qa")
@page()
def approve(reprint_id: int) -> Any:
    """Approve what another person asked for."""
    try:
        asked = call(Form.sent().fields.get("key"))
        made = reprinting.approve_reprint(house().db, house().issuer, asked, reprint_id)
    except LabelsvcError as error:
        return _listed(Shown.again(error))
    return redirect(f"/printers/jobs/{made.job_id}", 303)


@bp.post("/qa/reprints/<whole:reprint_id>/refuse")
@role("qa")
@page()
def refuse(reprint_id: int) -> Any:
    """Say that a label is not printed again."""
    try:
        reprinting.refuse_reprint(house().db, house().issuer, call(), reprint_id, Form.sent().text("reason"))
    except LabelsvcError as error:
        return _listed(Shown.again(error))
    return redirect("/qa/reprints", 303)
