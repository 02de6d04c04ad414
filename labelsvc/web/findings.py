"""/findings: what is wrong with events is somebody's to close."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.domain.findings import Chosen
from labelsvc.tracking import findings
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.models.base import PageQuery, listing
from labelsvc.web.models.findings import ClosingIn, Finding, FindingQuery, Findings, UnitBehind, UnitsBehind

bp = APIBlueprint(
    "findings",
    __name__,
    url_prefix="/api/v1/findings",
    tag={"name": "findings", "description": "What is wrong with events of units."},
)


@bp.get("")
@role("warehouse", "qa")
@bp.input(FindingQuery, location="query", arg_name="page")
@bp.output(Findings)
@bp.doc(operation_id="listFindings")
def list_findings(page: FindingQuery) -> Any:
    """List findings in the order they were opened first; `?state=open` is what somebody has to look at."""
    product_id = None if page.product is None else findings.product_id(house().db, page.product)
    chosen = Chosen(page.state, page.code, page.owner, product_id)
    return listing(findings.list_findings(house().db, chosen, page.after, page.limit), Finding.of)


@bp.get("/<whole:finding_id>")
@role("warehouse", "qa")
@bp.output(Finding)
@bp.doc(operation_id="getFinding")
def get_finding(finding_id: int) -> Any:
    """Show a finding."""
    return Finding.of(findings.get_finding(house().db, finding_id))


@bp.get("/<whole:finding_id>/units")
@role("warehouse", "qa")
@bp.input(PageQuery, location="query", arg_name="page")
@bp.output(UnitsBehind)
@bp.doc(operation_id="listUnitsBehindFinding")
def list_units(finding_id: int, page: PageQuery) -> Any:
    """List the units for which the event breaks the rule."""
    return listing(findings.units_behind(house().db, finding_id, page.after, page.limit), UnitBehind.of)


@bp.post("/<whole:finding_id>/take")
@role("qa")
@bp.output(Finding)
@bp.doc(operation_id="takeFinding")
def take_finding(finding_id: int) -> Any:
    """Make a finding one's own, from whomever."""
    return Finding.of(findings.take_finding(house().db, call(), finding_id))


@bp.post("/<whole:finding_id>/close")
@role("qa")
@bp.input(ClosingIn, arg_name="body")
@bp.output(Finding)
@bp.doc(operation_id="closeFinding")
def close_finding(finding_id: int, body: ClosingIn) -> Any:
    """Say what a finding was: the event did happen and moves its units, or it moves nothing."""
    return Finding.of(findings.close_finding(house().db, house().issuer, call(), finding_id, body.noun()))
