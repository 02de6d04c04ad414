"""/epcis/capture: documents of events, taken beside everything else; whoever handed one in asks how far it has come."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response

from labelsvc.domain.actors import Actor
from labelsvc.tracking import captures
from labelsvc.web.auth import call, client, role
from labelsvc.web.epcis import paging
from labelsvc.web.guard import capture as capture_body
from labelsvc.web.guard import linked_data
from labelsvc.web.house import house
from labelsvc.web.models.epcis import CaptureHeaders, CaptureJob, DocumentIn, PagesQuery

bp = APIBlueprint(
    "epcis_capture",
    __name__,
    url_prefix="/epcis/capture",
    tag={"name": "epcis_capture", "description": "EPCIS 2.0: events of other systems, taken into the books."},
)


@bp.post("")
@role("partner", "warehouse", "qa")
@capture_body
@linked_data
@bp.input(CaptureHeaders, location="headers", arg_name="headers")
@bp.input(DocumentIn, arg_name="body")
@bp.output({}, 202)
@bp.doc(operation_id="captureEpcisDocument")
def capture(headers: CaptureHeaders, body: DocumentIn) -> Any:
    """Take a document of events; `Location` is a job that tells how far it has come."""
    job = captures.accept(house().db, call(), body.given, headers.gs1_capture_error_behaviour)
    return Response(status=202, headers={"Location": f"/epcis/capture/{job.name}"})


@bp.get("")
@role("partner", "warehouse", "qa")
@linked_data
@bp.input(PagesQuery, location="query", arg_name="page")
@bp.output(list[CaptureJob])  # type: ignore[arg-type]  # it takes lists of models too
@bp.doc(operation_id="listCaptures")
def list_captures(page: PagesQuery) -> Any:
    """List capture jobs in the order they came; a partner sees their own."""
    after = next(iter(paging.position(page)), 0)
    found = captures.list_captures(house().db, _whose(), after, page.per_page)
    onward = paging.onward(page, None if found.next is None else [found.next])
    return [CaptureJob.of(job) for job in found.items], 200, onward


@bp.get("/<name:capture_id>")
@role("partner", "warehouse", "qa")
@linked_data
@bp.output(CaptureJob)
@bp.doc(operation_id="getCapture")
def get_capture(capture_id: str) -> Any:
    """Tell how far a document has come, and what is wrong with it."""
    job = captures.get_capture(house().db, capture_id, _whose())
    return CaptureJob.of(job), 200, {"GS1-Capture-Error-Behaviour": job.behaviour}


def _whose() -> Actor | None:
    return client().actor if client().role == "partner" else None
