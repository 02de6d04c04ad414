"""Tests, what was measured, overrides and the gate as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from labelsvc.domain.units import testing
from labelsvc.domain.units.testing import (
    NAME_AT_MOST,
    UOM_AT_MOST,
    VALUE_AT_MOST,
    WORDS_AT_MOST,
    CommissionOn,
    DefinedTest,
    NewTest,
    OverrideState,
    Per,
    Record,
    Result,
    limit,
)
from labelsvc.errors import at
from labelsvc.storage import lot_tracking
from labelsvc.tracking.overriding import OverrideRequest
from labelsvc.tracking.quality import REASON_AT_MOST, RESULTS_AT_MOST, UNITS_AT_MOST, Correction, Measured, Report
from labelsvc.web.models.base import INTEGER_AT_MOST, Answer, Body, Digits, Id, Listing, Moment, Name, PageQuery, Whole

_Text = Annotated[Name, Field(min_length=1, max_length=NAME_AT_MOST)]
_Value = Annotated[Name, Field(min_length=1, max_length=VALUE_AT_MOST)]
_Limit = Annotated[str, Field(min_length=1, max_length=40, examples=["1.20"])]
_Reason = Annotated[Name, Field(min_length=1, max_length=REASON_AT_MOST)]
_Epc = Annotated[str, Field(min_length=1, max_length=500, description="EPC: a URN, a Digital Link or its own URI.")]
_Units = Annotated[list[_Epc], Field(max_length=UNITS_AT_MOST, default_factory=list)]
_LotId = Annotated[int, Field(ge=1, le=INTEGER_AT_MOST, description="A lot's id."), Whole]
_LotDigits = Annotated[int, Field(ge=1, le=INTEGER_AT_MOST, description="A lot's id."), Digits]


class TestIn(Body):
    """What is measured of a product, and what is good."""

    __test__ = False

    name: Annotated[_Text, Field(examples=["Torque"])]
    per: Annotated[Per, Field(description="What it is made of: each unit, or its lot as a whole.")] = "unit"
    required: Annotated[bool, Field(description="A unit does not pass the gate of its lot without.")] = True
    uom: Annotated[Name | None, Field(min_length=1, max_length=UOM_AT_MOST, examples=["N m"])] = None
    lower: Annotated[_Limit | None, Field(description="The least that passes, a decimal number as text.")] = None
    upper: Annotated[_Limit | None, Field(description="The most that passes.")] = None
    words: Annotated[list[_Value], Field(max_length=WORDS_AT_MOST, default_factory=list)]

    def noun(self) -> NewTest:
        """Return it as the use case takes it."""
        with at("/lower"):
            lower = None if self.lower is None else limit(self.lower)
        with at("/upper"):
            upper = None if self.upper is None else limit(self.upper)
        return NewTest(self.name, self.per, self.required, self.uom, lower, upper, tuple(self.words))


class TestOut(Answer):
    """A version of a test; it never changes."""

    __test__ = False

    id: Id
    product: str
    name: str
    version: int
    current: Annotated[bool, Field(description="There is no later version.")]
    per: Per
    required: bool
    uom: str | None
    lower: str | None
    upper: str | None
    words: list[str]
    created_at: datetime

    @classmethod
    def of(cls, found: DefinedTest) -> TestOut:
        """Show a test."""
        test = found.test
        return cls(
            id=found.id,
            product=found.product,
            name=test.name,
            version=found.version,
            current=found.current,
            per=test.per,
            required=test.required,
            uom=test.uom,
            lower=None if test.lower is None else f"{test.lower:f}",
            upper=None if test.upper is None else f"{test.upper:f}",
            words=list(test.words),
            created_at=found.created_at,
        )


class TestsOut(Listing[TestOut]):
    """A page of tests."""

    __test__ = False


class MeasuredIn(Body):
    """A value."""

    test: Annotated[_Text, Field(description="Name of a test of the product.")]
    value: Annotated[_Value, Field(description="A decimal number, or a word, as text.", examples=["1.25"])]


class ReportIn(Body):
    """What was measured in one go, of units of one product or of a lot as a whole."""

    units: _Units
    lot: _LotId | None = None
    results: Annotated[list[MeasuredIn], Field(min_length=1, max_length=RESULTS_AT_MOST)]
    instrument: _Text | None = None
    tested_by: Annotated[_Text | None, Field(description="Who measured, where another records it.")] = None
    at: Annotated[Moment | None, Field(description="When, with its offset; by default now.")] = None

    def noun(self) -> Report:
        """Return it as the use case takes it."""
        results = tuple(Measured(one.test, one.value) for one in self.results)
        return Report(results, tuple(self.units), self.lot, self.instrument, self.tested_by, self.at)


class CorrectionIn(Body):
    """What is right instead of a record that is wrong."""

    value: Annotated[_Value | None, Field(description="Null: it should never have been made.")]
    reason: _Reason
    instrument: _Text | None = None
    tested_by: _Text | None = None

    def noun(self) -> Correction:
        """Return it as the use case takes it."""
        return Correction(self.value, self.reason, self.instrument, self.tested_by)


class TestRecord(Answer):
    """A value that was measured, with the limits of then."""

    __test__ = False

    id: Id
    report: Annotated[int, Field(description="What it was recorded with.")]
    test: TestOut
    lot: Id
    unit: Annotated[str | None, Field(description="EPC; null: of the lot as a whole.")]
    value: str | None
    result: Result
    instrument: str | None
    tested_by: str | None
    at: datetime
    offset: str
    recorded_at: datetime
    recorded_by: str
    corrects: Annotated[int | None, Field(description="The record that was wrong.")]
    corrected_by: Annotated[int | None, Field(description="The record that says that this one is wrong.")]
    reason: str | None

    @classmethod
    def of(cls, found: Record) -> TestRecord:
        """Show a record."""
        same = ("id", "report", "value", "result", "instrument", "tested_by", "at", "offset", "recorded_at")
        more = ("corrects", "corrected_by", "reason")
        return cls(
            **{name: getattr(found, name) for name in (*same, *more)},
            test=TestOut.of(found.test),
            lot=found.lot_id,
            unit=found.epc,
            recorded_by=found.actor.id,
        )


class ReportOut(Answer):
    """What was recorded in one go."""

    report: Id
    items: list[TestRecord]


class RecordsOut(Listing[TestRecord]):
    """A page of records."""


class RecordQuery(PageQuery):
    """Which records."""

    unit: Annotated[_Epc | None, Field(description="Only those of this unit, and of its lot as a whole.")] = None
    lot: Annotated[_LotDigits | None, Field(description="Only those of this lot (its id) and its units.")] = None


class OverrideIn(Body):
    """Which units pass the gate, and why: some, or all of a lot."""

    units: _Units
    lot: _LotId | None = None
    reason: _Reason

    def noun(self) -> OverrideRequest:
        """Return it as the use case takes it."""
        return OverrideRequest(self.reason, tuple(self.units), self.lot)


class OverrideQuery(PageQuery):
    """Which overrides."""

    state: Annotated[OverrideState | None, Field(description="Only overrides in this state.")] = None
    lot: Annotated[_LotDigits | None, Field(description="Only those of this lot (its id) as a whole.")] = None
    unit: Annotated[_Epc | None, Field(description="Only those that name this unit.")] = None


class Override(Answer):
    """That units pass the gate of their lot whatever their tests show."""

    id: Id
    lot: Annotated[int | None, Field(description="All units of this lot.")]
    units: list[str]
    state: OverrideState
    reason: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision: Annotated[str | None, Field(description="Why it was refused.")]

    @classmethod
    def of(cls, found: testing.Override) -> Override:
        """Show an override."""
        return cls(
            id=found.id,
            lot=found.lot_id,
            units=list(found.units),
            state=found.state,
            reason=found.reason,
            asked_by=found.asked_by.id,
            asked_at=found.asked_at,
            decided_by=found.decided_by.id if found.decided_by else None,
            decided_at=found.decided_at,
            decision=found.decision,
        )


class Overrides(Listing[Override]):
    """A page of overrides."""


class TrackingIn(Body):
    """How a lot is tracked; what is left out stays."""

    commission_on: Annotated[CommissionOn | None, Field(description="What makes a number a unit.")] = None
    gated: Annotated[
        bool | None, Field(description="No unit is packed, shipped or sold before its tests are passed.")
    ] = None


class Tracking(Answer):
    """How a lot is tracked."""

    commission_on: CommissionOn
    gated: bool
    gated_since: datetime | None

    @classmethod
    def of(cls, found: lot_tracking.Tracking) -> Tracking:
        """Show how a lot is tracked."""
        since = found.gated_since
        return cls(commission_on=found.commission_on, gated=since is not None, gated_since=since)


def override_path(override_id: int) -> str:
    """Return the path of an override."""
    return f"/api/v1/overrides/{override_id}"
