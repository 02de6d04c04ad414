"""/qa: scan a label: what it is, how it looks, what became of its number, and what QA makes of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from apiflask import APIBlueprint
from flask import Response, redirect, request

from labelsvc.domain.moves import MOVES, Move
from labelsvc.domain.outcomes import Outcome
from labelsvc.domain.quality import Verdict, VerifyScan
from labelsvc.domain.reprints import REPRINTABLE
from labelsvc.domain.scans import LabelText, read
from labelsvc.errors import InvalidInput, LabelsvcError
from labelsvc.issuing import lots
from labelsvc.printing import numbers, printers, verifying
from labelsvc.tracking import serials as known_serials
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.page_views import page
from labelsvc.web.pages.forms import Form, Shown, scanned, shown

bp = APIBlueprint("qa", __name__, enable_openapi=False)

LOTS_AT_MOST = 50
PRINTERS_AT_MOST = 1_000


@bp.get("/qa")
@role("qa")
@page()
def qa_page() -> Response:
    """Ask for a scan."""
    return _asked(Shown())


def _asked(form: Shown, **more: Any) -> Response:
    known = lots.latest_lots(house().db, LOTS_AT_MOST, also_closed=True)
    return shown("qa.html", form, **{"verdict": None, "found": None, "lots": known, **more})


@bp.post("/qa")
@role("qa")
@page()
def scan() -> Response:
    """Say what a scanned label is, and keep the scan; a box ticked only looks its serial up."""
    form = Form.sent()
    try:
        text = form.scan("text")
        product = form.optional("product")
        if form.ticked("only_look"):
            said = read(text)
            if not isinstance(said, LabelText):
                raise InvalidInput("scan_unreadable", "Expected a label of ours, got another text.", pointer="/text")
            label = said.beside(product)
            return _serial(_code(label), label.serial, Shown())
        lot = form.whole("lot") if form.optional("lot") else None
        wanted = VerifyScan(text, lot, product=product)
        verdict = verifying.verify_scan(house().db, house().issuer, call(), wanted)
        return _asked(_next_scan(form), verdict=verdict, found=_history(verdict))
    except LabelsvcError as error:
        return _asked(Shown.again(error))


def _code(label: LabelText) -> str:
    if label.product is None:
        raise InvalidInput("missing", "Expected the product of a plain serial, got nothing.", pointer="/product")
    return label.product


def _next_scan(form: Form) -> Shown:
    """Return the form for the next label, of the same lot or product."""
    return Shown({name: value for name, value in form.fields.items() if name in ("lot", "product")})


def _history(verdict: Verdict) -> known_serials.History | None:
    if verdict.product is None or verdict.serial is None or verdict.batch_id is None:
        return None
    return known_serials.history(house().db, house().issuer, verdict.product, verdict.serial)


@bp.get("/qa/serials")
@role("qa")
@page("product", "serial")
def serial_page() -> Response:
    """Show a serial: its label, what became of it, and what may be made of it."""
    return _serial(request.args.get("product", ""), scanned(request.args.get("serial", "")), Shown())


def _serial(product: str, serial: str, form: Shown) -> Response:
    found = known_serials.history(house().db, house().issuer, product, serial)
    outcome = found.issued.known.outcome
    return shown(
        "serial.html",
        form,
        found=found,
        moves=_allowed(outcome),
        reprintable=outcome in REPRINTABLE,
        reasons=house().reprint_rules.reasons,
        printers=[found.spec.name for found in printers.list_printers(house().db, 0, PRINTERS_AT_MOST).items],
    )


def serial_again(product: str, serial: str, error: LabelsvcError) -> Response:
    """Show a serial with the form that was sent and what is wrong with it."""
    return _serial(product, serial, Shown.again(error))


def _allowed(outcome: Outcome) -> tuple[Outcome, ...]:
    return tuple(to for to, known in MOVES.items() if outcome in known)


@bp.post("/qa/serials/move")
@role("qa")
@page()
def move() -> Any:
    """Say by hand what became of a number."""
    form = Form.sent()
    product, serial = form.fields.get("product", ""), form.fields.get("serial", "")
    try:
        outcome: Any = form.choice("outcome", tuple(MOVES))
        wanted = Move(product, (serial,), outcome, form.text("reason"))
        numbers.move_numbers(house().db, house().issuer, call(form.fields.get("key")), wanted)
    except LabelsvcError as error:
        return serial_again(product, serial, error)
    return redirect(serial_path(product, serial), 303)


def serial_path(product: str, serial: str) -> str:
    """Return where a serial's page is."""
    return f"/qa/serials?{urlencode({'product': product, 'serial': serial})}"
