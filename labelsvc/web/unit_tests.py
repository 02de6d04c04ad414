"""/products/{code}/tests, /test-records, /overrides, /lots/{id}/tracking: what is tested, and what stops without it."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.tracking import gating, overriding, quality
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.models.base import IdempotencyHeaders, PageQuery, listing
from labelsvc.web.models.reprints import RefusalIn
from labelsvc.web.models.unit_tests import (
    CorrectionIn,
    Override,
    OverrideIn,
    OverrideQuery,
    Overrides,
    RecordQuery,
    RecordsOut,
    ReportIn,
    ReportOut,
    TestIn,
    TestOut,
    TestRecord,
    TestsOut,
    Tracking,
    TrackingIn,
    override_path,
)
from labelsvc.web.paths import created

bp = APIBlueprint(
    "unit_tests",
    __name__,
    url_prefix="/api/v1",
    tag={"name": "tests", "description": "What is tested of units and lots, and the gate that stops what is not."},
)


@bp.get("/products/<code>/tests")
@role("line", "qa")
@bp.input(PageQuery, location="query", arg_name="page")
@bp.output(TestsOut)
@bp.doc(operation_id="listTests")
def list_tests(code: str, page: PageQuery) -> Any:
    """List every version of every test of a product."""
    return listing(quality.list_tests(house().db, code, page.after, page.limit), TestOut.of)


@bp.post("/products/<code>/tests")
@role()
@bp.input(TestIn, arg_name="body")
@bp.output(TestOut, 201)
@bp.doc(operation_id="defineTest")
def define_test(code: str, body: TestIn) -> Any:
    """Give a product a test, or one that it has another version.

    What was recorded keeps the version, and the limits, that it was measured by.
    """
    made = quality.define_test(house().db, call(), code, body.noun())
    return created(TestOut.of(made), f"/api/v1/products/{made.product}/tests")


@bp.post("/test-records")
@role("line", "qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(ReportIn, arg_name="body")
@bp.output(ReportOut, 201)
@bp.doc(operation_id="recordTests")
def record_tests(headers: IdempotencyHeaders, body: ReportIn) -> Any:
    """Record what was measured of units, or of a lot as a whole.

    Where all required tests of a unit are passed, or one is failed, an EPCIS event says so in the same transaction.
    """
    home = house()
    made = quality.record_tests(home.db, home.issuer, call(headers.idempotency_key), body.noun())
    items = [TestRecord.of(one) for one in made]
    return created({"report": made[0].report, "items": items}, "/api/v1/test-records")


@bp.get("/test-records")
@role("line", "qa")
@bp.input(RecordQuery, location="query", arg_name="page")
@bp.output(RecordsOut)
@bp.doc(operation_id="listTestRecords")
def list_test_records(page: RecordQuery) -> Any:
    """List records in the order they were made: of a unit and of its lot as a whole, of all of a lot, or all."""
    found = quality.list_records(house().db, page.unit, page.lot, (page.after, page.limit))
    return listing(found, TestRecord.of)


@bp.post("/test-records/<whole:record_id>/correct")
@role("qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(CorrectionIn, arg_name="body")
@bp.output(TestRecord, 201)
@bp.doc(operation_id="correctTestRecord")
def correct_test_record(record_id: int, headers: IdempotencyHeaders, body: CorrectionIn) -> Any:
    """Say that a record is wrong, and what is right; both stay for ever."""
    home = house()
    made = quality.correct_record(home.db, home.issuer, call(headers.idempotency_key), record_id, body.noun())
    return created(TestRecord.of(made), "/api/v1/test-records")


@bp.post("/overrides")
@role("qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(OverrideIn, arg_name="body")
@bp.output(Override, 201)
@bp.doc(operation_id="askOverride")
def ask_override(headers: IdempotencyHeaders, body: OverrideIn) -> Any:
    """Ask that units pass the gate of their lot whatever their tests show; another person has to approve."""
    made = overriding.ask_override(house().db, call(headers.idempotency_key), body.noun())
    return created(Override.of(made), override_path(made.id))


@bp.get("/overrides")
@role("qa")
@bp.input(OverrideQuery, location="query", arg_name="page")
@bp.output(Overrides)
@bp.doc(operation_id="listOverrides")
def list_overrides(page: OverrideQuery) -> Any:
    """List overrides in the order they were asked for."""
    chosen = (page.state, page.lot, page.unit)
    return listing(overriding.list_overrides(house().db, chosen, (page.after, page.limit)), Override.of)


@bp.get("/overrides/<whole:override_id>")
@role("qa")
@bp.output(Override)
@bp.doc(operation_id="getOverride")
def get_override(override_id: int) -> Any:
    """Show an override."""
    return Override.of(overriding.get_override(house().db, override_id))


@bp.post("/overrides/<whole:override_id>/approve")
@role("qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.output(Override)
@bp.doc(operation_id="approveOverride")
def approve_override(override_id: int, headers: IdempotencyHeaders) -> Any:
    """Approve what another person asked for: from now on the gate lets these units pass."""
    home = house()
    return Override.of(overriding.approve_override(home.db, home.issuer, call(headers.idempotency_key), override_id))


@bp.post("/overrides/<whole:override_id>/refuse")
@role("qa")
@bp.input(RefusalIn, arg_name="body")
@bp.output(Override)
@bp.doc(operation_id="refuseOverride")
def refuse_override(override_id: int, body: RefusalIn) -> Any:
    """Say that they do not pass; whoever asked may take it back so, too."""
    return Override.of(overriding.refuse_override(house().db, call(), override_id, body.reason))


@bp.get("/lots/<whole:lot_id>/tracking")
@role("line", "qa")
@bp.output(Tracking)
@bp.doc(operation_id="getTracking")
def get_tracking(lot_id: int) -> Any:
    """Show how a lot is tracked."""
    return Tracking.of(gating.get_tracking(house().db, lot_id))


@bp.put("/lots/<whole:lot_id>/tracking")
@role("qa")
@bp.input(TrackingIn, arg_name="body")
@bp.output(Tracking)
@bp.doc(operation_id="setTracking")
def set_tracking(lot_id: int, body: TrackingIn) -> Any:
    """Say how units of a lot begin, and that none is packed, shipped or sold before its tests are passed.

    What is left out stays as it is; a gate stays for ever.
    """
    chosen = gating.set_tracking(house().db, call(), lot_id, commission_on=body.commission_on, gated=body.gated)
    return Tracking.of(chosen)
