"""/jobs: print jobs, their end and their doubts."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.printing import jobs, resolving
from labelsvc.web.auth import call, role
from labelsvc.web.guard import optional_body
from labelsvc.web.house import house
from labelsvc.web.models.base import IdempotencyHeaders, PageQuery, listing
from labelsvc.web.models.jobs import CancelIn, Job, JobLabel, JobLabels, JobQuery, Jobs, ResolutionIn

bp = APIBlueprint(
    "jobs",
    __name__,
    url_prefix="/api/v1/jobs",
    tag={"name": "jobs", "description": "Print jobs."},
)


@bp.get("")
@role("station", "qa")
@bp.input(JobQuery, location="query", arg_name="page")
@bp.output(Jobs)
@bp.doc(operation_id="listJobs")
def list_jobs(page: JobQuery) -> Any:
    """List print jobs in the order they came."""
    chosen = (page.printer, page.state)
    return listing(jobs.list_jobs(house().db, house().issuer, chosen, page.after, page.limit), Job.of)


@bp.get("/<whole:job_id>")
@role("station", "qa")
@bp.output(Job)
@bp.doc(operation_id="getJob")
def get_job(job_id: int) -> Any:
    """Show a print job and what became of its labels."""
    return Job.of(jobs.get_job(house().db, house().issuer, job_id))


@bp.get("/<whole:job_id>/labels")
@role("station", "qa")
@bp.input(PageQuery, location="query", arg_name="page")
@bp.output(JobLabels)
@bp.doc(operation_id="listJobLabels")
def list_job_labels(job_id: int, page: PageQuery) -> Any:
    """Say of each label of a print job what became of it, by which evidence and since when."""
    found = jobs.list_labels(house().db, house().issuer, job_id, page.after, page.limit)
    return listing(found, JobLabel.of)


@bp.post("/<whole:job_id>/cancel")
@role("qa")
@optional_body
@bp.input(CancelIn, arg_name="body")
@bp.output(Job)
@bp.doc(operation_id="cancelJob")
def cancel_job(job_id: int, body: CancelIn) -> Any:
    """End a print job.

    Labels that were not handed over are held again; what is in doubt stays in doubt until it is resolved.
    """
    return Job.of(jobs.cancel_job(house().db, house().issuer, call(), job_id, body.reason))


@bp.post("/<whole:job_id>/resolve")
@role("qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(ResolutionIn, arg_name="body")
@bp.output(Job)
@bp.doc(operation_id="resolveJob")
def resolve_job(job_id: int, headers: IdempotencyHeaders, body: ResolutionIn) -> Any:
    """Say what came out of a stopped printer, and whether to go on.

    Up to `last_good` every label is confirmed, the rest of the window did not come out. With `scanned` every label in
    doubt that is not in the list did not come out. To continue prints what did not come out and what was never sent.
    """
    asked = call(headers.idempotency_key)
    return Job.of(resolving.resolve_job(house().db, house().issuer, asked, job_id, body.noun()))
