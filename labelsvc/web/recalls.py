"""/recalls: what is called back, where it is, who has to be told."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response

from labelsvc.domain import recalls
from labelsvc.tracking.recalls import balancing, going_on, lifting, opening, report, telling, tracing
from labelsvc.web.auth import call, client, role
from labelsvc.web.house import house
from labelsvc.web.models.base import IdempotencyHeaders, listing
from labelsvc.web.models.recalls import (
    BalanceQuery,
    LiftIn,
    MassBalance,
    Notice,
    NoticeIn,
    NoticeQuery,
    Notices,
    NumberOfRecall,
    NumbersOfRecall,
    Preview,
    PreviewIn,
    Recall,
    RecallIn,
    RecallNumberQuery,
    RecallQuery,
    Recalls,
    RecallShort,
    RecallUnitQuery,
    TraceQuery,
    UnitOfRecall,
    UnitsOfRecall,
    recall_path,
)
from labelsvc.web.paths import created
from labelsvc.web.streams import streamed

_PDF, _CSV = "application/pdf", "text/csv"

bp = APIBlueprint(
    "recalls",
    __name__,
    url_prefix="/api/v1/recalls",
    tag={"name": "recalls", "description": "What is called back, where every unit of it is, and who has to be told."},
)


def _shown(found: recalls.Recall) -> Recall:
    return Recall.of(found, opening.progress(house().db, found.id))


@bp.post("")
@role("qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(RecallIn, arg_name="body")
@bp.output(Recall, 201)
@bp.doc(operation_id="openRecall")
def open_recall(headers: IdempotencyHeaders, body: RecallIn) -> Any:
    """Call back all that a scope names, now and whenever more of it turns up.

    With `drill` nothing is called back: it is found out how long it would take. `freezing` says that units are still
    being called back: that goes on by itself.
    """
    home, asked = house(), call(headers.idempotency_key)
    found = opening.open_recall(home.db, home.issuer, asked, body.noun(), home.now)
    return created(_shown(found), recall_path(found.id))


@bp.post("/preview")
@role("qa")
@bp.input(PreviewIn, arg_name="body")
@bp.output(Preview)
@bp.doc(operation_id="previewRecall")
def preview_recall(body: PreviewIn) -> Any:
    """Count what a scope comes to; nothing is called back."""
    return Preview.of(opening.preview(house().db, body.scope.noun()))


@bp.get("")
@role("qa")
@bp.input(RecallQuery, location="query", arg_name="page")
@bp.output(Recalls)
@bp.doc(operation_id="listRecalls")
def list_recalls(page: RecallQuery) -> Any:
    """List recalls and drills in the order they were opened."""
    return listing(opening.list_recalls(house().db, page.state, (page.after, page.limit)), RecallShort.of)


@bp.get("/<whole:recall_id>")
@role("qa")
@bp.output(Recall)
@bp.doc(operation_id="getRecall")
def get_recall(recall_id: int) -> Any:
    """Show a recall, how far it is, and what was found."""
    return _shown(opening.get_recall(house().db, recall_id))


@bp.post("/<whole:recall_id>/look")
@role("qa")
@bp.output(Recall)
@bp.doc(operation_id="lookRecall")
def look_recall(recall_id: int) -> Any:
    """Look now for what has come into the scope since, and for whom to tell; it is done every few seconds anyway."""
    home = house()
    going_on.go_on(home.db, home.issuer, client().actor, recall_id, home.now, steps=opening.STEPS_AT_ONCE)
    return _shown(opening.get_recall(home.db, recall_id))


@bp.get("/<whole:recall_id>/units")
@role("qa")
@bp.input(RecallUnitQuery, location="query", arg_name="page")
@bp.output(UnitsOfRecall)
@bp.doc(operation_id="listRecallUnits")
def list_recall_units(recall_id: int, page: RecallUnitQuery) -> Any:
    """List the units of a recall, as they stand with all that they are inside; a page may be short and not the last."""
    window = (page.after, page.limit)
    return listing(balancing.list_units(house().db, recall_id, page.noun(), house().now(), window), UnitOfRecall.of)


@bp.get("/<whole:recall_id>/numbers")
@role("qa")
@bp.input(RecallNumberQuery, location="query", arg_name="page")
@bp.output(NumbersOfRecall)
@bp.doc(operation_id="listRecallNumbers")
def list_recall_numbers(recall_id: int, page: RecallNumberQuery) -> Any:
    """List the numbers of a recall that are no units; a page may be short and not the last."""
    window = (page.after, page.limit)
    return listing(
        balancing.list_numbers(house().db, house().issuer, recall_id, page.outcome, window), NumberOfRecall.of
    )


@bp.get("/<whole:recall_id>/balance")
@role("qa")
@bp.input(BalanceQuery, location="query", arg_name="asked")
@bp.output(MassBalance)
@bp.doc(operation_id="balanceRecall")
def balance_recall(recall_id: int, asked: BalanceQuery) -> Any:
    """Account for every number of a recall's scope, as of now."""
    return MassBalance.of(balancing.balance(house().db, recall_id, house().now(), asked.days))


@bp.get("/<whole:recall_id>/notices")
@role("qa")
@bp.input(NoticeQuery, location="query", arg_name="page")
@bp.output(Notices)
@bp.doc(operation_id="listNotices")
def list_notices(recall_id: int, page: NoticeQuery) -> Any:
    """List who has to be told of a recall."""
    window = (page.after, page.limit)
    return listing(telling.list_notices(house().db, recall_id, page.state, window), Notice.of)


@bp.put("/<whole:recall_id>/notices/<whole:notice_id>")
@role("qa")
@bp.input(NoticeIn, arg_name="body")
@bp.output(Notice)
@bp.doc(operation_id="setNotice")
def set_notice(recall_id: int, notice_id: int, body: NoticeIn) -> Any:
    """Say what was done about a notice, and what was answered."""
    return Notice.of(telling.take_step(house().db, call(), recall_id, notice_id, body.noun()))


@bp.get("/<whole:recall_id>/trace.csv")
@role("qa")
@bp.input(TraceQuery, location="query", arg_name="asked")
@bp.output(FileSchema, content_type=_CSV)
@bp.doc(operation_id="traceRecall")
def trace_recall(recall_id: int, asked: TraceQuery) -> Any:
    """Follow every unit of a recall: to whom it went, through all that it was inside; or what it was made of."""
    return streamed(house().lanes, lambda: tracing.trace(house().db, recall_id, asked.direction))


@bp.get("/<whole:recall_id>/report.pdf")
@role("qa")
@bp.output(FileSchema, content_type=_PDF)
@bp.doc(operation_id="getRecallReport")
def get_recall_report(recall_id: int) -> Any:
    """Show a recall for the authority: scope, times, balance, whom to tell and what they said, who did what."""
    return Response(report.recall_report(house().db, recall_id, house().now()), content_type=_PDF)


@bp.post("/<whole:recall_id>/lift")
@role("qa")
@bp.input(LiftIn, arg_name="body")
@bp.output(Recall)
@bp.doc(operation_id="askLift")
def ask_lift(recall_id: int, body: LiftIn) -> Any:
    """Ask for a recall to be lifted; somebody else than who opened it or asks has to approve."""
    return _shown(lifting.ask_lift(house().db, call(), recall_id, body.reason))


@bp.post("/<whole:recall_id>/lift/approve")
@role("qa")
@bp.output(Recall)
@bp.doc(operation_id="approveLift")
def approve_lift(recall_id: int) -> Any:
    """Agree that a recall is lifted; its units are let go, but for those that another recall calls back."""
    home = house()
    lifting.approve_lift(home.db, call(), recall_id)
    going_on.go_on(home.db, home.issuer, client().actor, recall_id, home.now, steps=opening.STEPS_AT_ONCE)
    return _shown(opening.get_recall(home.db, recall_id))
