"""Clone signals as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from labelsvc.storage.cloning import Signal
from labelsvc.web.models.base import LIMIT_AT_MOST, Answer, Body, Digits, Name, Query


class SignalQuery(Query):
    """Which suspects, and where to go on."""

    state: Annotated[
        Literal["open", "confirmed", "dismissed"], Field(description="By default those that nobody settled.")
    ] = "open"
    after: Annotated[
        str | None, Field(pattern=r"^[0-9]\.[0-9]{1,20}:[0-9]{1,18}$", description="`next` of the page before.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_AT_MOST, description="Items at most."), Digits] = 50


class SignalIn(Body):
    """What a person found."""

    state: Literal["confirmed", "dismissed"]
    reason: Annotated[Name, Field(min_length=1, max_length=500)]


class SignOut(Answer):
    """One sign, where it is seen first."""

    reason: str
    weight: float
    at: datetime | None
    detail: str


class CloneSignal(Answer):
    """A suspect."""

    unit: int
    epc: str
    score: float
    signs: list[SignOut]
    state: str
    opened_at: datetime
    reason: str | None
    closed_by: str | None

    @classmethod
    def of(cls, one: Signal) -> CloneSignal:
        """Show a suspect."""
        return cls(
            unit=one.unit_id,
            epc=one.epc,
            score=round(one.score, 4),
            signs=[SignOut.model_validate(dict(sign)) for sign in one.signs],
            state=one.state,
            opened_at=one.opened_at,
            reason=one.reason,
            closed_by=one.closed_by,
        )


class CloneSignals(Answer):
    """Suspects, the highest score first."""

    items: list[CloneSignal]
    next: Annotated[str | None, Field(description="Give it back as `after`; null on the last page.")]
