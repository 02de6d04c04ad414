"""/audit: checkpoints that a partner keeps, and proofs that they check without us."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema
from flask import Response

from labelsvc.auditing import notes, proving
from labelsvc.errors import InvalidInput, NotAllowed
from labelsvc.web.auth import client, role
from labelsvc.web.house import house
from labelsvc.web.models.audit import AuditKey, GrowthQuery, ProofQuery

bp = APIBlueprint(
    "audit",
    __name__,
    url_prefix="/api/v1/audit",
    tag={"name": "audit", "description": "What was done, proved to others."},
)

_TEXT = "text/plain; charset=utf-8"


@bp.get("/key")
@role("partner", "qa")
@bp.output(AuditKey)
@bp.doc(operation_id="getAuditKey")
def get_key() -> Any:
    """Show the public key that checkpoints are signed with; get it once, in a way that you trust."""
    return AuditKey.of(notes.verifier(house().issuer))


@bp.get("/checkpoint")
@role("partner", "qa")
@bp.output(FileSchema, content_type="text/plain")
@bp.doc(operation_id="getCheckpoint")
def get_checkpoint() -> Any:
    """Give the audit's tree as it is now: origin, size and root, signed (C2SP tlog-checkpoint). Keep it."""
    return Response(proving.checkpoint(house().db, house().issuer), content_type=_TEXT)


@bp.get("/proof")
@role("partner", "qa")
@bp.input(ProofQuery, location="query", arg_name="asked")
@bp.output(FileSchema, content_type="text/plain")
@bp.doc(operation_id="getInclusionProof")
def get_proof(asked: ProofQuery) -> Any:
    """Prove that an entry, or the one that vouches for an event, is in the audit's tree (C2SP tlog-proof)."""
    if (asked.entry is None) == (asked.event is None):
        raise InvalidInput("proof_of", "Expected an entry or an event, got both or neither.", pointer="/entry")
    party, home = client().party, house()
    if asked.event is not None:
        proof = proving.prove_event(home.db, home.issuer, asked.event, asked.size, party)
    elif party is not None:
        raise NotAllowed("role", "Expected a partner to ask for events, got an entry.")
    else:
        proof = proving.prove_entry(home.db, home.issuer, asked.entry or 0, asked.size)
    return Response(str(proof), content_type=_TEXT)


@bp.get("/consistency")
@role("partner", "qa")
@bp.input(GrowthQuery, location="query", arg_name="asked")
@bp.output(FileSchema, content_type="text/plain")
@bp.doc(operation_id="getConsistencyProof")
def get_consistency(asked: GrowthQuery) -> Any:
    """Prove that the tree begins with an older one: nothing in that was changed or removed (C2SP tlog-witness)."""
    proof = proving.prove_growth(house().db, house().issuer, asked.from_, asked.to)
    return Response(str(proof), content_type=_TEXT)
