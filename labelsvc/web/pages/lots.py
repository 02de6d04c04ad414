"""/qa/lots: every number of a lot explained, and the end of a lot."""

from __future__ import annotations

import re
from typing import Any, get_args

from apiflask import APIBlueprint
from flask import Response, redirect, request

from labelsvc.domain.moves import DECLARED, OPEN, Declaration
from labelsvc.domain.outcomes import OUTCOMES, Outcome
from labelsvc.domain.quality import PlanKind, SamplingPlan
from labelsvc.errors import LabelsvcError, NotFound
from labelsvc.issuing import lots
from labelsvc.printing import reconciliation
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.page_views import page
from labelsvc.web.pages.forms import Form, Shown, shown

bp = APIBlueprint("lots_page", __name__, enable_openapi=False)

SERIALS_AT_MOST = 200
#: What may be declared, as a form says it: of what, as what.
DECLARATIONS = tuple(f"{of}-{outcome}" for outcome, known in DECLARED.items() for of in OPEN if of in known)


@bp.get("/qa/lots/<whole:lot_id>")
@role("qa")
@page()
def lot_page(lot_id: int) -> Response:
    """Show what became of every number of a lot."""
    return _lot(lot_id, Shown())


def _lot(lot_id: int, form: Shown) -> Response:
    lot = lots.get_lot(house().db, lot_id, house().now().date())
    found = reconciliation.reconcile(house().db, lot_id)
    left = sum(found.outcomes[outcome] for outcome in OPEN)
    ready = not left and not found.open_jobs and not found.to_scan
    return shown("lot.html", form, lot=lot, found=found, open=OPEN, ready=ready, declarations=DECLARATIONS)


@bp.get("/qa/lots/<whole:lot_id>/serials")
@role("qa")
@page("outcome", "after")
def lot_serials(lot_id: int) -> Response:
    """List the serials behind a figure."""
    outcome: Any = request.args.get("outcome", "")
    after = request.args.get("after", "0")
    if outcome not in OUTCOMES or not (after.isascii() and after.isdecimal() and len(after) <= 18):
        raise NotFound("route_unknown", "Expected a known path, got one that leads nowhere.")
    lot = lots.get_lot(house().db, lot_id, house().now().date())
    chosen: Outcome = outcome
    found = reconciliation.serials_behind(house().db, house().issuer, lot_id, chosen, int(after), SERIALS_AT_MOST)
    return shown("lot_serials.html", Shown(), lot=lot, outcome=chosen, found=found)


@bp.post("/qa/lots/<whole:lot_id>/sampling")
@role("qa")
@page()
def set_sampling(lot_id: int) -> Any:
    """Say which labels of a lot are to be scanned."""

    def change(form: Form) -> None:
        kind: Any = form.choice("plan", get_args(PlanKind))
        chosen = SamplingPlan(kind, form.whole("nth") if kind == "nth" else 1)
        reconciliation.set_sampling(house().db, call(), lot_id, chosen)

    return _changed(lot_id, change)


@bp.post("/qa/lots/<whole:lot_id>/declare")
@role("qa")
@page()
def declare(lot_id: int) -> Any:
    """Sign what became of numbers of which nothing better is known."""

    def change(form: Form) -> None:
        said: Any = form.choice("declaration", DECLARATIONS).split("-")
        seen = form.fields.get(f"seen_{said[0]}", "")  # what the page showed
        numbers = int(seen) if re.fullmatch("[0-9]{1,19}", seen) else None
        declaration = Declaration(said[0], said[1], form.text("statement"), numbers)
        reconciliation.declare(house().db, call(form.fields.get("key")), lot_id, declaration)

    return _changed(lot_id, change)


@bp.post("/qa/lots/<whole:lot_id>/close")
@role("qa")
@page()
def close(lot_id: int) -> Any:
    """Close a lot of which every number is accounted for."""

    def change(form: Form) -> None:
        reconciliation.close_lot(house().db, house().issuer, call(), lot_id, form.optional("closing"))

    return _changed(lot_id, change)


def _changed(lot_id: int, change: Any) -> Any:
    try:
        change(Form.sent())
    except LabelsvcError as error:
        return _lot(lot_id, Shown.again(error))
    return redirect(f"/qa/lots/{lot_id}", 303)
