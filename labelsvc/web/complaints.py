"""/complaints and /dossiers: what is said to be wrong with a unit, and everything that is known of it."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.tracking import complaints, dossiers
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.models.base import IdempotencyHeaders, listing
from labelsvc.web.models.complaints import (
    Complaint,
    ComplaintIn,
    ComplaintQuery,
    Complaints,
    Dossier,
    ProgressIn,
    complaint_path,
)
from labelsvc.web.paths import created

bp = APIBlueprint(
    "complaints",
    __name__,
    url_prefix="/api/v1",
    tag={"name": "complaints", "description": "What is said to be wrong with a unit, and all that is known of it."},
)


@bp.post("/complaints")
@role("retail", "qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(ComplaintIn, arg_name="body")
@bp.output(Complaint, 201)
@bp.doc(operation_id="openComplaint")
def open_complaint(headers: IdempotencyHeaders, body: ComplaintIn) -> Any:
    """Open a complaint of a unit that was scanned."""
    asked = call(headers.idempotency_key)
    made = complaints.open_complaint(house().db, house().issuer, asked, body.noun())
    return created(Complaint.of(made), complaint_path(made.id))


@bp.get("/complaints")
@role("retail", "qa")
@bp.input(ComplaintQuery, location="query", arg_name="page")
@bp.output(Complaints)
@bp.doc(operation_id="listComplaints")
def list_complaints(page: ComplaintQuery) -> Any:
    """List complaints in the order they were opened."""
    window = (page.after, page.limit)
    found = complaints.list_complaints(house().db, house().issuer, page.state, page.unit, page.product, window)
    return listing(found, Complaint.of)


@bp.get("/complaints/<whole:complaint_id>")
@role("retail", "qa")
@bp.output(Complaint)
@bp.doc(operation_id="getComplaint")
def get_complaint(complaint_id: int) -> Any:
    """Show a complaint."""
    return Complaint.of(complaints.get_complaint(house().db, complaint_id))


@bp.put("/complaints/<whole:complaint_id>")
@role("qa")
@bp.input(ProgressIn, arg_name="body")
@bp.output(Complaint)
@bp.doc(operation_id="moveComplaint")
def move_complaint(complaint_id: int, body: ProgressIn) -> Any:
    """Say who looks into a complaint, how bad it is, and what came of it."""
    return Complaint.of(complaints.move_complaint(house().db, call(), complaint_id, body.noun()))


@bp.get("/complaints/<whole:complaint_id>/dossier")
@role("qa")
@bp.output(Dossier)
@bp.doc(operation_id="getDossier")
def get_dossier(complaint_id: int) -> Any:
    """Show everything that is known of the unit of a complaint, and of its neighbours."""
    return Dossier.of(dossiers.of_complaint(house().db, house().issuer, complaint_id))


@bp.get("/dossiers/<code>/<serial:serial>")
@role("qa")
@bp.output(Dossier)
@bp.doc(operation_id="getDossierOfSerial")
def get_dossier_of_serial(code: str, serial: str) -> Any:
    """Show everything that is known of a unit by its serial."""
    return Dossier.of(dossiers.of_serial(house().db, house().issuer, code, serial))
