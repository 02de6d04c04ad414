"""/reprints and /products/{code}/reprint-policy: the same serial again on a new label."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.printing import reprinting, reprints
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.models.base import IdempotencyHeaders, listing
from labelsvc.web.models.reprints import (
    RefusalIn,
    Reprint,
    ReprintIn,
    ReprintPolicy,
    ReprintPolicyIn,
    ReprintQuery,
    Reprints,
    reprint_path,
)
from labelsvc.web.paths import created

bp = APIBlueprint(
    "reprints",
    __name__,
    url_prefix="/api/v1",
    tag={"name": "reprints", "description": "The same serial again on a new label, with reason and approval."},
)


@bp.post("/reprints")
@role("qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(ReprintIn, arg_name="body")
@bp.output(Reprint, 201)
@bp.doc(operation_id="askReprint")
def ask_reprint(headers: IdempotencyHeaders, body: ReprintIn) -> Any:
    """Ask for a label to be printed again, by anything that it carries.

    Where the product's policy asks for nobody's approval it is printed at once: `job` is its print job.
    """
    home, asked = house(), call(headers.idempotency_key)
    made = reprinting.ask_reprint(home.db, home.issuer, asked, body.noun(), home.reprint_rules)
    return created(Reprint.of(made), reprint_path(made.id))


@bp.get("/reprints")
@role("qa")
@bp.input(ReprintQuery, location="query", arg_name="page")
@bp.output(Reprints)
@bp.doc(operation_id="listReprints")
def list_reprints(page: ReprintQuery) -> Any:
    """List reprints in the order they were asked for."""
    chosen = (page.state, page.lot)
    return listing(reprints.list_reprints(house().db, house().issuer, chosen, page.after, page.limit), Reprint.of)


@bp.get("/reprints/<whole:reprint_id>")
@role("qa")
@bp.output(Reprint)
@bp.doc(operation_id="getReprint")
def get_reprint(reprint_id: int) -> Any:
    """Show a reprint."""
    return Reprint.of(reprints.get_reprint(house().db, house().issuer, reprint_id))


@bp.post("/reprints/<whole:reprint_id>/approve")
@role("qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.output(Reprint)
@bp.doc(operation_id="approveReprint")
def approve_reprint(reprint_id: int, headers: IdempotencyHeaders) -> Any:
    """Approve what another person asked for; it is printed."""
    asked = call(headers.idempotency_key)
    return Reprint.of(reprinting.approve_reprint(house().db, house().issuer, asked, reprint_id))


@bp.post("/reprints/<whole:reprint_id>/refuse")
@role("qa")
@bp.input(RefusalIn, arg_name="body")
@bp.output(Reprint)
@bp.doc(operation_id="refuseReprint")
def refuse_reprint(reprint_id: int, body: RefusalIn) -> Any:
    """Say that a label is not printed again; whoever asked may take it back so, too."""
    return Reprint.of(reprinting.refuse_reprint(house().db, house().issuer, call(), reprint_id, body.reason))


@bp.get("/products/<code>/reprint-policy")
@role("qa")
@bp.output(ReprintPolicy)
@bp.doc(operation_id="getReprintPolicy")
def get_reprint_policy(code: str) -> Any:
    """Show what a product demands of reprints."""
    return ReprintPolicy.of(reprints.get_reprint_policy(house().db, code))


@bp.put("/products/<code>/reprint-policy")
@role()
@bp.input(ReprintPolicyIn, arg_name="body")
@bp.output(ReprintPolicy)
@bp.doc(operation_id="setReprintPolicy")
def set_reprint_policy(code: str, body: ReprintPolicyIn) -> Any:
    """Say what a product demands of reprints from now on."""
    return ReprintPolicy.of(reprints.set_reprint_policy(house().db, call(), code, body.noun()))
