"""Findings as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from labelsvc.domain import findings
from labelsvc.domain.findings import REASON_AT_MOST, Closed, FindingState
from labelsvc.web.models.base import Answer, Body, Id, Listing, Name, PageQuery


class FindingQuery(PageQuery):
    """Which findings."""

    state: Annotated[FindingState | None, Field(description="Only those in this state.")] = None
    code: Annotated[Name | None, Field(max_length=32, description="Only those of this rule.")] = None
    owner: Annotated[Name | None, Field(max_length=80, description="Only those of this owner.")] = None
    product: Annotated[
        Name | None, Field(max_length=40, description="Only those that units of this product are behind.")
    ] = None


class ClosingIn(Body):
    """What a finding was."""

    state: Annotated[Closed, Field(description="accepted: the event did happen; dismissed: nothing in it.")]
    reason: Annotated[Name, Field(min_length=1, max_length=REASON_AT_MOST, examples=["Shipped before the scan."])]
    declare: Annotated[bool, Field(description="With dismissed: declare by an event that the first did not occur.")] = (
        False
    )

    def noun(self) -> findings.Closing:
        """Return it as the use case takes it."""
        return findings.Closing(self.state, self.reason, self.declare)


class Finding(Answer):
    """What is wrong with an event, and whose it is."""

    id: Id
    code: Annotated[str, Field(description="The rule that the event breaks.")]
    count: Annotated[int, Field(description="For how many units.")]
    state: FindingState
    event: Annotated[str, Field(description="EPCIS eventID.")]
    event_type: str
    biz_step: str | None
    event_time: datetime
    event_by: Annotated[str, Field(description="Who brought the event.")]
    owner: str | None
    reason: str | None
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    links: dict[str, str]

    @classmethod
    def of(cls, found: findings.FindingRow) -> Finding:
        """Show a finding."""
        path = f"/api/v1/findings/{found.id}"
        return cls(
            id=found.id,
            code=found.code,
            count=found.count,
            state=found.state,
            event=found.event,
            event_type=found.event_type,
            biz_step=found.biz_step,
            event_time=found.event_time,
            event_by=" ".join(found.event_actor),
            owner=found.owner,
            reason=found.reason,
            opened_at=found.opened_at,
            closed_at=found.closed_at,
            closed_by=found.closed_by,
            links={"self": path, "units": f"{path}/units"},
        )


class Findings(Listing[Finding]):
    """A page of findings."""


class UnitBehind(Answer):
    """A unit for which an event breaks a rule."""

    id: Id
    epc: str
    state: Annotated[str, Field(description="As its own events say, now.")]

    @classmethod
    def of(cls, found: findings.UnitBehind) -> UnitBehind:
        """Show a unit."""
        return cls(id=found.id, epc=found.epc, state=found.state)


class UnitsBehind(Listing[UnitBehind]):
    """A page of units."""
