"""/lots/{id}/reconciliation and its ends, /moves, /verify-scans: every number explained."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response

from labelsvc.printing import close_report, numbers, reconciliation, verifying
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.models.base import IdempotencyHeaders, RepeatHeaders, listing
from labelsvc.web.models.quality import (
    CloseIn,
    DeclarationIn,
    EndCardQuery,
    LotSerial,
    LotSerialQuery,
    LotSerials,
    Moved,
    MoveIn,
    Reconciliation,
    SamplingIn,
    Verdict,
    VerifyScanIn,
)

_PDF, _ZPL = "application/pdf", "application/vnd.zebra-zpl"

bp = APIBlueprint(
    "quality",
    __name__,
    url_prefix="/api/v1",
    tag={"name": "quality", "description": "Every number explained: moves, scans, reconciliation, the end of a lot."},
)


@bp.post("/moves")
@role("qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(MoveIn, arg_name="body")
@bp.output(Moved)
@bp.doc(operation_id="moveNumbers")
def move_numbers(headers: IdempotencyHeaders, body: MoveIn) -> Any:
    """Say by hand what became of numbers, all or none.

    Spoiled, sampled, returned unused or invalidated; a move that is not allowed is 409 and says what was expected.
    """
    asked = call(headers.idempotency_key)
    return Moved(moved=numbers.move_numbers(house().db, house().issuer, asked, body.noun()))


@bp.post("/verify-scans")
@role("line", "station", "qa")
@bp.input(RepeatHeaders, location="headers", arg_name="headers")
@bp.input(VerifyScanIn, arg_name="body")
@bp.output(Verdict)
@bp.doc(operation_id="verifyScan")
def verify_scan(headers: RepeatHeaders, body: VerifyScanIn) -> Any:
    """Say what a scanned label is, and keep the scan.

    A label that is there raises the evidence of its number to `scanned`.
    """
    return Verdict.of(verifying.verify_scan(house().db, house().issuer, call(headers.idempotency_key), body.noun()))


@bp.get("/lots/<whole:lot_id>/reconciliation")
@role("line", "qa")
@bp.output(Reconciliation)
@bp.doc(operation_id="reconcileLot")
def reconcile_lot(lot_id: int) -> Any:
    """Account for every number of a lot, as of now."""
    return Reconciliation.of(reconciliation.reconcile(house().db, lot_id))


@bp.get("/lots/<whole:lot_id>/serials")
@role("qa")
@bp.input(LotSerialQuery, location="query", arg_name="page")
@bp.output(LotSerials)
@bp.doc(operation_id="listLotSerials")
def list_lot_serials(lot_id: int, page: LotSerialQuery) -> Any:
    """List the serials behind a figure."""
    found = reconciliation.serials_behind(house().db, house().issuer, lot_id, page.outcome, page.after, page.limit)
    return listing(found, lambda item: LotSerial(batch=item[0], label=item[1], serial=item[2]))


@bp.put("/lots/<whole:lot_id>/sampling")
@role("qa")
@bp.input(SamplingIn, arg_name="body")
@bp.output(Reconciliation)
@bp.doc(operation_id="setSampling")
def set_sampling(lot_id: int, body: SamplingIn) -> Any:
    """Say which labels of each batch of a lot are to be scanned before it can be closed."""
    return Reconciliation.of(reconciliation.set_sampling(house().db, call(), lot_id, body.noun()))


@bp.post("/lots/<whole:lot_id>/declarations")
@role("qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(DeclarationIn, arg_name="body")
@bp.output(Reconciliation)
@bp.doc(operation_id="declareLot")
def declare_lot(lot_id: int, headers: IdempotencyHeaders, body: DeclarationIn) -> Any:
    """Sign what became of all numbers of a lot that are held, absent, or were sent to printers that tell nothing."""
    asked = call(headers.idempotency_key)
    return Reconciliation.of(reconciliation.declare(house().db, asked, lot_id, body.noun()))


@bp.post("/lots/<whole:lot_id>/close")
@role("qa")
@bp.input(CloseIn, arg_name="body")
@bp.output(Reconciliation)
@bp.doc(operation_id="closeLot")
def close_lot(lot_id: int, body: CloseIn) -> Any:
    """Close a lot of which every number is accounted for; nothing is issued, printed or moved in it any more."""
    return Reconciliation.of(reconciliation.close_lot(house().db, house().issuer, call(), lot_id, body.statement))


@bp.get("/lots/<whole:lot_id>/close-report.pdf")
@role("qa")
@bp.output(FileSchema, content_type=_PDF)
@bp.doc(operation_id="getCloseReport")
def get_close_report(lot_id: int) -> Any:
    """Show a lot's figures, who did what when, and the digest of its serials; a draft while it is open."""
    return Response(close_report.close_report(house().db, house().issuer, lot_id), content_type=_PDF)


@bp.get("/lots/<whole:lot_id>/end-card.pdf")
@role("qa")
@bp.output(FileSchema, content_type=_PDF)
@bp.doc(operation_id="getEndCard")
def get_end_card(lot_id: int) -> Any:
    """Make the control label of a lot, 100 by 50 mm; scanned, it says whether the lot is as it was."""
    return Response(close_report.end_card(house().db, house().issuer, lot_id), content_type=_PDF)


@bp.get("/lots/<whole:lot_id>/end-card.zpl")
@role("qa")
@bp.input(EndCardQuery, location="query", arg_name="label")
@bp.output(FileSchema, content_type=_ZPL)
@bp.doc(operation_id="getEndCardZpl")
def get_end_card_zpl(lot_id: int, label: EndCardQuery) -> Any:
    """Make the control label of a lot for a label printer; of the size of the lot's labels, unless another is given."""
    made = close_report.end_card_zpl(house().db, house().issuer, lot_id, label.dpmm, label.size())
    return Response(made, content_type=_ZPL)
