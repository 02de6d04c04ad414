"""The audit's proofs, as they are asked for."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from labelsvc.auditing.notes import Verifier
from labelsvc.web.models.base import INTEGER_AT_MOST, Answer, Digits, Query

_Size = Annotated[int, Field(ge=0, le=INTEGER_AT_MOST), Digits]


class ProofQuery(Query):
    """What is to be proved: one of both."""

    entry: Annotated[
        int | None, Field(ge=1, le=INTEGER_AT_MOST, description="An entry of the audit; not for partners."), Digits
    ] = None
    event: Annotated[str | None, Field(min_length=1, max_length=500, description="EPCIS eventID.")] = None
    size: Annotated[
        int | None, Field(ge=0, le=INTEGER_AT_MOST, description="Of the tree; by default as it is now."), Digits
    ] = None


class GrowthQuery(Query):
    """Which two trees."""

    from_: Annotated[_Size, Field(alias="from", description="The size of a checkpoint that somebody kept.")]
    to: Annotated[
        int | None, Field(ge=0, le=INTEGER_AT_MOST, description="By default the size that it has now."), Digits
    ] = None


class AuditKey(Answer):
    """Who signs checkpoints."""

    origin: Annotated[str, Field(description="First line of every checkpoint, and name of the key.")]
    key: Annotated[str, Field(description="Ed25519, in the form of C2SP signed-note: NAME+ID+KEY.")]

    @classmethod
    def of(cls, who: Verifier) -> AuditKey:
        """Show a key."""
        return cls(origin=who.name, key=str(who))
