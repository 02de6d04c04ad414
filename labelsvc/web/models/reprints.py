"""Reprints and what products demand of them as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from pydantic import Field

from labelsvc.domain import reprints
from labelsvc.domain.jobs import JobState
from labelsvc.domain.reprints import (
    PER_SERIAL_AT_MOST,
    PER_SHIFT_AT_MOST,
    Demand,
    Destroyed,
    Match,
    ReprintRequest,
    ReprintState,
)
from labelsvc.web.models.base import INTEGER_AT_MOST, Answer, Body, Digits, Id, Listing, Name, PageQuery, Whole
from labelsvc.web.models.jobs import job_path


class ReprintIn(Body):
    """A label that is to be printed again."""

    label: Annotated[
        str,
        Field(
            min_length=1,
            max_length=500,
            description="What it carries, as a scanner gives it: element string, Digital Link, ITEM/SERIAL, serial.",
            examples=["https://id.example.com/01/09520123456788/21/ABC234"],
        ),
    ]
    reason: Annotated[str, Field(min_length=1, max_length=40, description="One of those there are.", examples=["torn"])]
    product: Annotated[Name | None, Field(max_length=40, description="GTIN or item code; of a plain serial.")] = None
    printer: Annotated[Name | None, Field(max_length=80, description="By default the batch's own.")] = None
    note: Annotated[Name | None, Field(min_length=1, max_length=500, description="What happened.")] = None
    destroyed: Annotated[bool, Field(description="The old label is destroyed.")] = False
    destroyed_label: Annotated[
        str | None, Field(min_length=1, max_length=500, description="What was read off the old label before that.")
    ] = None

    def noun(self) -> ReprintRequest:
        """Return it as the use case takes it."""
        return ReprintRequest(
            label=self.label,
            reason=self.reason,
            product=self.product,
            printer=self.printer,
            note=self.note,
            destroyed=self.destroyed,
            destroyed_label=self.destroyed_label,
        )


class RefusalIn(Body):
    """Why a label is not printed again."""

    reason: Annotated[Name, Field(min_length=1, max_length=500, description="Why; kept in the audit.")]


class ReprintQuery(PageQuery):
    """Which reprints."""

    state: Annotated[ReprintState | None, Field(description="Only reprints in this state.")] = None
    lot: Annotated[
        int | None, Field(ge=1, le=INTEGER_AT_MOST, description="Only reprints of this lot (its id)."), Digits
    ] = None


class ReprintPolicyIn(Body):
    """What a product demands of reprints."""

    approval: Annotated[bool, Field(description="Another person than the one who asks has to approve.")] = False
    destroyed: Annotated[Demand, Field(description="What has to be said of the old label.")] = "tick"
    per_serial: Annotated[int, Field(ge=1, le=PER_SERIAL_AT_MOST, description="Copies of one serial."), Whole] = 3
    per_shift: Annotated[int, Field(ge=1, le=PER_SHIFT_AT_MOST, description="Reprints in one shift."), Whole] = 50

    def noun(self) -> reprints.ReprintPolicy:
        """Return it as the use case takes it."""
        return reprints.ReprintPolicy(self.approval, self.destroyed, self.per_serial, self.per_shift)


class ReprintPolicy(Answer):
    """What a product demands of reprints."""

    approval: bool
    destroyed: Demand
    per_serial: int
    per_shift: int

    @classmethod
    def of(cls, policy: reprints.ReprintPolicy) -> ReprintPolicy:
        """Show a policy."""
        return cls(
            approval=policy.approval,
            destroyed=policy.destroyed,
            per_serial=policy.per_serial,
            per_shift=policy.per_shift,
        )


class ReprintLinks(Answer):
    """Where to go from a reprint."""

    self: str
    serial: str
    batch: str
    job: str | None


class Reprint(Answer):
    """The same serial again on a new label."""

    id: Id
    product: str
    serial: str
    lot: Id
    batch: Id
    number: Annotated[int, Field(description="Of the label in its batch, from 1.")]
    printer: str
    state: ReprintState
    copy_number: Annotated[
        int | None, Field(description="1 is the first reprint; 0: the first label, for the original never came out.")
    ]
    reason: str
    note: str | None
    destroyed: Destroyed
    asked_by: str
    asked_at: datetime
    decided_by: Annotated[str | None, Field(description="Null: nobody decided, or nobody had to approve.")]
    decided_at: datetime | None
    decision: Annotated[str | None, Field(description="Why it was refused.")]
    job: Id | None
    job_state: JobState | None
    match: Annotated[
        Match | None, Field(description="Whether its bytes are those that were printed first; null: not sent yet.")
    ]
    links: ReprintLinks

    @classmethod
    def of(cls, found: reprints.Reprint) -> Reprint:
        """Show a reprint."""
        serial = f"/api/v1/serials/{quote(found.product, safe='')}/{quote(found.serial, safe='')}"
        return cls(
            id=found.id,
            product=found.product,
            serial=found.serial,
            lot=found.lot_id,
            batch=found.batch_id,
            number=found.number,
            printer=found.printer,
            state=found.state,
            copy_number=found.copy,
            reason=found.reason,
            note=found.note,
            destroyed=found.destroyed,
            asked_by=found.asked_by.id,
            asked_at=found.asked_at,
            decided_by=found.decided_by.id if found.decided_by else None,
            decided_at=found.decided_at,
            decision=found.decision,
            job=found.job_id,
            job_state=found.job_state,
            match=found.match,
            links=ReprintLinks(
                self=reprint_path(found.id),
                serial=serial,
                batch=f"/api/v1/batches/{found.batch_id}",
                job=None if found.job_id is None else job_path(found.job_id),
            ),
        )


class Reprints(Listing[Reprint]):
    """A page of reprints."""


def reprint_path(reprint_id: int) -> str:
    """Return the path of a reprint."""
    return f"/api/v1/reprints/{reprint_id}"
