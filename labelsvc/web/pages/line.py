"""/line: ask for labels, and watch them come out."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect, request

from labelsvc.domain.batches import BatchRequest
from labelsvc.domain.jobs import JOB_ENDED
from labelsvc.errors import LabelsvcError
from labelsvc.issuing import batches, lots
from labelsvc.printing import fleet, printers
from labelsvc.web.auth import call, client, role
from labelsvc.web.house import house
from labelsvc.web.page_views import page
from labelsvc.web.pages.forms import Form, Shown, shown

bp = APIBlueprint("line", __name__, enable_openapi=False)

LOTS_AT_MOST = 100
BATCHES_AT_MOST = 10
PRINTERS_AT_MOST = 1_000


@bp.get("/line")
@role("line")
@page()
def line_page() -> Response:
    """Ask which labels."""
    return _asked(Shown())


@bp.post("/line")
@role("line")
@page()
def issue() -> Any:
    """Issue serials for a lot, and print them where a printer is chosen."""
    form = Form.sent()
    try:
        lot_id = form.whole("lot_id") if form.optional("lot_id") else form.whole("lot")
        wanted = BatchRequest(form.whole("quantity"), form.optional("printer"), line=form.optional("line"))
        asked = call(form.fields.get("key"))
        made = batches.issue(house().db, house().issuer, asked, lot_id, wanted)
    except LabelsvcError as error:
        return _asked(Shown.again(error))
    if made.created_at == asked.at:  # not an answer given again
        house().metrics.granted(made.quantity)
    return redirect(f"/line/batches/{made.id}", 303)


def _asked(form: Shown) -> Response:
    db = house().db
    return shown(
        "line.html",
        form,
        lots=lots.latest_lots(db, LOTS_AT_MOST, also_closed=False),
        printers=[found.spec for found in printers.list_printers(db, 0, PRINTERS_AT_MOST).items],
        batches=batches.latest_batches(db, house().issuer, BATCHES_AT_MOST),
    )


@bp.get("/line/batches/<whole:batch_id>")
@role("line", "qa")
@page()
def batch_page(batch_id: int) -> Response:
    """Show a batch, its print job as it goes on, and its files."""
    batch = batches.get_batch(house().db, house().issuer, batch_id)
    job = None if batch.job_id is None else fleet.get_progress(house().db, batch.job_id)
    files = batch.printer is None or client().role in ("qa", "admin")
    ended = job is None or job.state in JOB_ENDED
    return shown("batch.html", Shown(), batch=batch, job=job, ended=ended, files=files, here=request.path)
