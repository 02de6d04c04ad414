"""/printers: how printers are, what stopped, and what a person found there."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, redirect

from labelsvc.domain.jobs import JOB_ENDED, PrintJob, Resolution
from labelsvc.domain.pages import Page as JobPage
from labelsvc.errors import InvalidInput, LabelsvcError
from labelsvc.issuing import batches
from labelsvc.printing import fleet, jobs, resolving
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.page_views import page
from labelsvc.web.pages.forms import Form, Shown, serial_in, shown

bp = APIBlueprint("printers_page", __name__, enable_openapi=False)

#: Printers, and jobs of each state, that one page shows.
PRINTERS_AT_MOST = 200
JOBS_AT_MOST = 50
FINDINGS = ("last_good", "scanned", "none", "nothing")


@bp.get("/printers")
@role("station", "qa")
@page()
def printers_page() -> Response:
    """Show how all printers are, which jobs stopped and which are under way."""
    statuses = fleet.list_statuses(house().db, 0, PRINTERS_AT_MOST)
    under_way = [job for state in ("processing", "pending", "pending-held") for job in _jobs(state).items]
    stopped = _jobs("processing-stopped")
    return shown("printers.html", Shown(), statuses=statuses, stopped=stopped, under_way=under_way)


def _jobs(state: str) -> JobPage[PrintJob]:
    return jobs.list_jobs(house().db, house().issuer, (None, state), 0, JOBS_AT_MOST)


@bp.get("/printers/jobs/<whole:job_id>")
@role("station", "qa")
@page()
def job_page(job_id: int) -> Response:
    """Show a print job; say what came out of a printer that stopped, or cancel."""
    return _job(job_id, Shown())


@bp.post("/printers/jobs/<whole:job_id>/resolve")
@role("qa")
@page()
def resolve(job_id: int) -> Any:
    """Say what came out of a stopped printer, and whether to go on."""
    form = Form.sent()
    product = _product(job_id)
    try:
        found = _resolution(form, product)
        resolving.resolve_job(house().db, house().issuer, call(form.fields.get("key")), job_id, found)
    except LabelsvcError as error:
        return _job(job_id, Shown.again(error))
    return redirect(f"/printers/jobs/{job_id}", 303)


def _product(job_id: int) -> str:
    job = jobs.get_job(house().db, house().issuer, job_id)
    return batches.get_batch(house().db, house().issuer, job.batch_id).product_code


def _resolution(form: Form, product: str) -> Resolution:
    finding = form.choice("finding", FINDINGS)
    last_good, scanned = None, None
    if finding == "last_good":
        last_good = serial_in(form.scan("last_good"), product, "/last_good")
    elif form.fields.get("last_good", "").strip():
        # A scan that went into the wrong field must never count as one that was not made.
        message = "Expected the finding that a last good label was scanned, got a scan beside another finding."
        raise InvalidInput("resolution_contradicts_itself", message, pointer="/last_good")
    if finding == "scanned":
        lines = form.scans("scanned")
        scanned = tuple(serial_in(line, product, f"/scanned/{place}") for place, line in enumerate(lines))
        if not scanned:
            raise InvalidInput("missing", "Expected one scan a line, got nothing.", pointer="/scanned")
    elif form.scans("scanned"):
        message = "Expected the finding that labels were scanned one by one, got scans beside another finding."
        raise InvalidInput("resolution_contradicts_itself", message, pointer="/scanned")
    proceed = form.choice("proceed", ("yes", "no")) == "yes"
    return Resolution(last_good, proceed, form.optional("reason"), finding == "nothing", scanned)


@bp.post("/printers/jobs/<whole:job_id>/cancel")
@role("qa")
@page()
def cancel(job_id: int) -> Any:
    """End a print job."""
    try:
        jobs.cancel_job(house().db, house().issuer, call(), job_id, Form.sent().optional("reason"))
    except LabelsvcError as error:
        return _job(job_id, Shown.again(error))
    return redirect(f"/printers/jobs/{job_id}", 303)


def _job(job_id: int, form: Shown) -> Response:
    job = jobs.get_job(house().db, house().issuer, job_id)
    ended = job.state in JOB_ENDED
    open_still = job.doubt is not None or "sent" in job.outcomes
    resolvable = job.state == "processing-stopped" or (ended and open_still)
    return shown("job.html", form, job=job, ended=ended, resolvable=resolvable)
