"""Recalls as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from labelsvc.domain import recalls
from labelsvc.domain.outcomes import Outcome
from labelsvc.domain.recalls import (
    NAMED_AT_MOST,
    QUANTITY_AT_MOST,
    TRANSIT_DAYS,
    Labels,
    MemberState,
    NoticeKind,
    NoticeState,
    Production,
    RecallState,
    Scope,
    Step,
)
from labelsvc.domain.units.standing import State
from labelsvc.tracking.recalls.balancing import BareNumber, Chosen, RecalledUnit
from labelsvc.tracking.recalls.opening import Preview as Previewed
from labelsvc.tracking.recalls.opening import RecallRequest
from labelsvc.web.models.base import (
    INTEGER_AT_MOST,
    Answer,
    Body,
    Digits,
    Id,
    Listing,
    Moment,
    Name,
    PageQuery,
    Query,
    Whole,
)

_Id = Annotated[int, Field(ge=1, le=INTEGER_AT_MOST), Whole]
_Ids = Annotated[list[_Id], Field(max_length=NAMED_AT_MOST, default_factory=list)]
_Uris = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=500)]], Field(max_length=NAMED_AT_MOST, default_factory=list)
]


class LabelsIn(Body):
    """Labels of a batch, counted from 1, both included."""

    batch: _Id
    first: _Id
    last: _Id


class ProductionIn(Body):
    """What was made in a time, on a line or on any."""

    since: Moment
    until: Moment
    line: Annotated[Name | None, Field(max_length=80, description="Null: any.")] = None


class ScopeIn(Body):
    """What is called back: all that any of these names."""

    lots: Annotated[_Ids, Field(description="Ids.")]
    labels: Annotated[list[LabelsIn], Field(max_length=NAMED_AT_MOST, default_factory=list)]
    production: Annotated[list[ProductionIn], Field(max_length=NAMED_AT_MOST, default_factory=list)]
    jobs: Annotated[_Ids, Field(description="Print jobs.")]
    units: Annotated[_Uris, Field(description="EPCs; also of what others made.")]
    component_lots: Annotated[_Ids, Field(description="Whatever units of these lots went into.")]
    component_units: Annotated[_Uris, Field(description="Whatever these went into.")]
    component_classes: Annotated[_Uris, Field(description="Whatever quantities of these went into: a supplier's lot.")]

    def noun(self) -> Scope:
        """Return it as the use case takes it."""
        return Scope(
            tuple(self.lots),
            tuple(Labels(part.batch, part.first, part.last) for part in self.labels),
            tuple(Production(during.since, during.until, during.line) for during in self.production),
            tuple(self.jobs),
            tuple(self.units),
            tuple(self.component_lots),
            tuple(self.component_units),
            tuple(self.component_classes),
        )


class PreviewIn(Body):
    """A scope to be looked at."""

    scope: ScopeIn


class RecallIn(Body):
    """What is called back, and why."""

    title: Annotated[Name, Field(min_length=1, max_length=200)]
    reason: Annotated[Name, Field(min_length=1, max_length=500, description="Why; kept for ever.")]
    scope: ScopeIn
    drill: Annotated[bool, Field(description="Nothing is called back, nobody is told, everything is timed.")] = False

    def noun(self) -> RecallRequest:
        """Return it as the use case takes it."""
        return RecallRequest(self.title, self.reason, self.scope.noun(), self.drill)


class LiftIn(Body):
    """Why a recall is to be lifted."""

    reason: Annotated[Name, Field(min_length=1, max_length=500, description="Why; kept for ever.")]


class NoticeIn(Body):
    """What was done about a notice."""

    state: NoticeState
    how: Annotated[Name | None, Field(min_length=1, max_length=80, description="Telephone, letter, ...")] = None
    note: Annotated[Name | None, Field(min_length=1, max_length=500)] = None
    quantities: Annotated[
        dict[
            Literal["on_hand", "sold_on", "used", "destroyed", "sent_back"],
            Annotated[int, Field(ge=0, le=QUANTITY_AT_MOST), Whole],
        ],
        Field(default_factory=dict, description="What became of what they had, as they say."),
    ]

    def noun(self) -> Step:
        """Return it as the use case takes it."""
        return Step(self.state, self.how, self.note, {str(word): count for word, count in self.quantities.items()})


_Days = Annotated[
    int, Field(ge=0, le=10_000, description="So long a unit may be on its way before it counts as missing."), Digits
]


class RecallQuery(PageQuery):
    """Which recalls."""

    state: Annotated[RecallState | None, Field(description="Only recalls in this state.")] = None


class BalanceQuery(Query):
    """What counts as unaccounted."""

    days: _Days = TRANSIT_DAYS


class RecallUnitQuery(PageQuery):
    """Which units of a recall."""

    state: Annotated[State | None, Field(description="Only units in this state.")] = None
    member: Annotated[MemberState | None, Field(description="Only those that the recall did this with.")] = None
    missing: Annotated[Literal["true", "false"], Field(description="Only those nobody can put a hand on.")] = "false"
    days: _Days = TRANSIT_DAYS

    def noun(self) -> Chosen:
        """Return it as the use case takes it."""
        return Chosen(self.state, self.member, self.missing == "true", self.days)


class RecallNumberQuery(PageQuery):
    """Which numbers of a recall."""

    outcome: Annotated[Outcome | None, Field(description="Only numbers with this outcome.")] = None


class NoticeQuery(PageQuery):
    """Which notices."""

    state: Annotated[NoticeState | None, Field(description="Only notices in this state.")] = None


class TraceQuery(Query):
    """Which way."""

    direction: Annotated[
        Literal["forward", "backward"], Field(description="Where the units went, or where they come from.")
    ] = "forward"


class Preview(Answer):
    """What a scope comes to, before anything is called back."""

    numbers: Annotated[int, Field(description="Granted, whatever became of them.")]
    units: Annotated[int, Field(description="Units that carry one of these.")]
    named: Annotated[int, Field(description="Units that the scope names one by one and events know.")]
    made: Annotated[int, Field(description="What components went into.")]

    @classmethod
    def of(cls, found: Previewed) -> Preview:
        """Show what a scope comes to."""
        return cls(numbers=found.numbers, units=found.units, named=found.named, made=found.made)


class LiftOut(Answer):
    """That a recall is to end."""

    reason: str
    asked_by: str
    asked_at: datetime
    approved_by: str | None
    approved_at: datetime | None


class RecallLinks(Answer):
    """Where to go from a recall."""

    self: str
    units: str
    numbers: str
    balance: str
    notices: str
    trace: str
    report: str


class Recall(Answer):
    """A recall, or the drill of one."""

    id: Id
    title: str
    reason: str
    drill: bool
    state: RecallState
    scope: dict[str, Any]
    opened_by: str
    opened_at: datetime
    lift: LiftOut | None
    seconds: Annotated[dict[str, float], Field(description="From the opening until each stage was done first.")]
    figures: Annotated[dict[str, Any], Field(description="What was found when it was looked at last.")]
    units: Annotated[dict[str, int], Field(description="How many units of it are in each state.")]
    notices: Annotated[dict[str, int], Field(description="How many of those to be told are in each state.")]
    links: RecallLinks

    @classmethod
    def of(cls, found: recalls.Recall, progress: tuple[Mapping[str, int], Mapping[str, int]]) -> Recall:
        """Show a recall."""
        path, lift = recall_path(found.id), found.lift
        return cls(
            id=found.id,
            title=found.title,
            reason=found.reason,
            drill=found.drill,
            state=found.state,
            scope=recalls.scope_body(found.scope),
            opened_by=found.opened_by.id,
            opened_at=found.opened_at,
            lift=None
            if lift is None
            else LiftOut(
                reason=lift.reason,
                asked_by=lift.asked_by,
                asked_at=lift.asked_at,
                approved_by=lift.approved_by,
                approved_at=lift.approved_at,
            ),
            seconds=dict(found.evidence.get("seconds", {})),
            figures=dict(found.evidence.get("figures", {})),
            units=dict(progress[0]),
            notices=dict(progress[1]),
            links=RecallLinks(
                self=path,
                units=f"{path}/units",
                numbers=f"{path}/numbers",
                balance=f"{path}/balance",
                notices=f"{path}/notices",
                trace=f"{path}/trace.csv",
                report=f"{path}/report.pdf",
            ),
        )


class RecallShort(Answer):
    """A recall in a list."""

    id: Id
    title: str
    reason: str
    drill: bool
    state: RecallState
    opened_by: str
    opened_at: datetime

    @classmethod
    def of(cls, found: recalls.Recall) -> RecallShort:
        """Show a recall."""
        names = ("id", "title", "reason", "drill", "state", "opened_at")
        return cls(**{name: getattr(found, name) for name in names}, opened_by=found.opened_by.id)


class Recalls(Listing[RecallShort]):
    """A page of recalls."""


class UnitsInPlace(Answer):
    """Units in one state and place."""

    state: str
    location: str | None
    count: int


class MassBalance(Answer):
    """Where every number of a recall's scope is, each once."""

    granted: Annotated[int, Field(description="Numbers that the scope holds.")]
    beside: Annotated[int, Field(description="Units of it that are no such number: components' and others'.")]
    numbers: Annotated[dict[str, int], Field(description="Of those that are no units, by outcome.")]
    units: list[UnitsInPlace]
    difference: Annotated[int, Field(description="What nothing accounts for; 0.")]
    unaccounted: Annotated[dict[str, int], Field(description="Of all these, what nobody can put a hand on.")]

    @classmethod
    def of(cls, found: recalls.Balance) -> MassBalance:
        """Show a balance."""
        return cls(
            granted=found.granted,
            beside=found.beside,
            numbers=dict(found.numbers),
            units=[
                UnitsInPlace(state=state, location=location, count=count)
                for (state, location), count in found.units.items()
            ],
            difference=found.difference,
            unaccounted=dict(found.unaccounted),
        )


class UnitOfRecall(Answer):
    """A unit of a recall, as it stands with all that it is inside."""

    id: Id
    epc: str
    member: MemberState
    state: str
    since: datetime | None
    location: str | None
    missing: bool

    @classmethod
    def of(cls, found: RecalledUnit) -> UnitOfRecall:
        """Show a unit."""
        return cls(**{name: getattr(found, name) for name in RecalledUnit.__slots__})


class UnitsOfRecall(Listing[UnitOfRecall]):
    """A page of units of a recall."""


class NumberOfRecall(Answer):
    """A number of a recall's scope that is no unit."""

    epc: Annotated[str, Field(description="As it would be.")]
    batch: Id
    label: int
    outcome: Outcome
    heard_of: Annotated[bool, Field(description="Some event names it all the same.")]

    @classmethod
    def of(cls, found: BareNumber) -> NumberOfRecall:
        """Show a number."""
        return cls(**{name: getattr(found, name) for name in BareNumber.__slots__})


class NumbersOfRecall(Listing[NumberOfRecall]):
    """A page of numbers of a recall."""


class Notice(Answer):
    """Somebody who has to be told of a recall."""

    id: Id
    kind: NoticeKind
    whom: str
    name: str | None
    units: Annotated[int, Field(description="Of the recall that they had, or have.")]
    state: NoticeState
    how: str | None
    note: str | None
    quantities: dict[str, int]
    by: str | None
    at: datetime

    @classmethod
    def of(cls, found: recalls.Notice) -> Notice:
        """Show a notice."""
        latest = found.latest
        return cls(
            id=found.id,
            kind=found.kind,
            whom=found.whom,
            name=found.name,
            units=found.units,
            state=latest.state,
            how=latest.how,
            note=latest.note,
            quantities=dict(latest.quantities),
            by=found.by,
            at=found.at,
        )


class Notices(Listing[Notice]):
    """A page of notices."""


def recall_path(recall_id: int) -> str:
    """Return the path of a recall."""
    return f"/api/v1/recalls/{recall_id}"
