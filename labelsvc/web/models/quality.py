"""Reconciliation, moves, scans and the ends of lots as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from labelsvc.domain import quality
from labelsvc.domain.moves import Declaration, Move
from labelsvc.domain.outcomes import Outcome
from labelsvc.domain.quality import PlanKind, SamplingPlan, VerdictKind, VerifyScan
from labelsvc.web.models.base import (
    INTEGER_AT_MOST,
    Answer,
    Body,
    Digits,
    Id,
    Listing,
    Name,
    PageQuery,
    Query,
    Whole,
)
from labelsvc.web.models.lots import lot_path

Statement = Annotated[
    str, Field(min_length=1, max_length=500, description="What was seen, and by whom; kept for ever.")
]


class MoveIn(Body):
    """What somebody does with numbers of a product."""

    product: Annotated[Name, Field(max_length=40, description="GTIN or item code.")]
    serials: Annotated[list[Annotated[str, Field(max_length=100)]], Field(min_length=1, max_length=1_000)]
    outcome: Literal["spoiled", "sampled", "returned", "invalidated"]
    reason: Annotated[str, Field(min_length=1, max_length=500, description="Why; kept in the audit.")]

    def noun(self) -> Move:
        """Return it as the use case takes it."""
        return Move(self.product, tuple(self.serials), self.outcome, self.reason)


class Moved(Answer):
    """How many numbers were moved."""

    moved: int


class SamplingIn(Body):
    """Which labels of each batch of a lot are to be scanned."""

    plan: Annotated[PlanKind, Field(description="every one, every nth and the last, the two ends, or none.")]
    nth: Annotated[int, Field(ge=1, le=1_000_000, description="With `nth`."), Whole] = 1

    def noun(self) -> SamplingPlan:
        """Return it as the use case takes it."""
        return SamplingPlan(self.plan, self.nth)


class DeclarationIn(Body):
    """What somebody signs of all numbers of a lot of which nothing better is known."""

    of: Annotated[Literal["held", "sent", "absent"], Field(description="The numbers meant.")]
    as_: Annotated[
        Literal["confirmed", "absent", "returned", "spoiled"], Field(alias="as", description="What they are.")
    ]
    statement: Statement
    numbers: Annotated[
        int | None,
        Field(ge=1, le=INTEGER_AT_MOST, description="How many they were when you looked; if they are more now: 409."),
        Whole,
    ] = None

    def noun(self) -> Declaration:
        """Return it as the use case takes it."""
        return Declaration(self.of, self.as_, self.statement, self.numbers)


class CloseIn(Body):
    """The end of a lot."""

    statement: Annotated[str | None, Field(min_length=1, max_length=500)] = None


class Closure(Answer):
    """The end of a lot; `digest` is the SHA-256 of its confirmed serials, sorted, a line feed behind each."""

    at: datetime
    by: str
    count: int
    digest: str
    statement: str | None


class ReconciliationLinks(Answer):
    """Where to go from a reconciliation."""

    lot: str
    serials: str
    close_report: str
    end_card: str


class Reconciliation(Answer):
    """What became of all numbers that a lot was granted; `difference` is what no outcome accounts for."""

    lot: int
    granted: int
    outcomes: Annotated[dict[str, int], Field(description="How many numbers have each outcome.")]
    difference: int
    open_jobs: int
    reprints: Annotated[int, Field(description="Labels printed again.")]
    plan: PlanKind
    nth: int
    to_scan: Annotated[int, Field(description="Labels that the sampling plan asks for and nobody scanned.")]
    closure: Closure | None
    links: ReconciliationLinks

    @classmethod
    def of(cls, found: quality.Reconciliation) -> Reconciliation:
        """Show a reconciliation."""
        path, end = lot_path(found.lot_id), found.closure
        closure = None
        if end is not None:
            closure = Closure(at=end.at, by=end.actor.id, count=end.count, digest=end.digest, statement=end.statement)
        return cls(
            lot=found.lot_id,
            granted=found.granted,
            outcomes=dict(found.outcomes),
            difference=found.difference,
            open_jobs=found.open_jobs,
            reprints=found.reprints,
            plan=found.plan.kind,
            nth=found.plan.nth,
            to_scan=found.to_scan,
            closure=closure,
            links=ReconciliationLinks(
                lot=path,
                serials=f"{path}/serials",
                close_report=f"{path}/close-report.pdf",
                end_card=f"{path}/end-card.pdf",
            ),
        )


class LotSerialQuery(PageQuery):
    """Which serials of a lot."""

    outcome: Annotated[Outcome, Field(description="Those behind this figure.")]


class LotSerial(Answer):
    """A serial of a lot: its batch, and its number in it."""

    batch: int
    label: int
    serial: str


class LotSerials(Listing[LotSerial]):
    """A page of serials of a lot."""


class EndCardQuery(Query):
    """The labels that are loaded where an end-card is to come out."""

    dpmm: Annotated[Literal[8, 12], Field(description="Dots per mm of the printer."), Digits] = 8
    width: Annotated[int | None, Field(ge=10, le=500, description="mm, with `height`."), Digits] = None
    height: Annotated[int | None, Field(ge=10, le=500, description="mm, with `width`."), Digits] = None

    def size(self) -> tuple[float, float] | None:
        """Return the size that was given, mm."""
        if self.width is None and self.height is None:
            return None
        return float(self.width or 0), float(self.height or 0)  # one alone is no size


class VerifyScanIn(Body):
    """What QA or a camera read."""

    text: Annotated[
        str | None, Field(max_length=500, description="As the scanner gave it, GS included; null: not readable.")
    ]
    lot: Annotated[int | None, Field(ge=1, le=INTEGER_AT_MOST, description="Lot it should be of."), Whole] = None
    batch: Annotated[int | None, Field(ge=1, le=INTEGER_AT_MOST, description="Batch it should be of."), Whole] = None
    product: Annotated[Name | None, Field(max_length=40, description="Of a plain serial.")] = None

    def noun(self) -> VerifyScan:
        """Return it as the use case takes it."""
        return VerifyScan(self.text, self.lot, self.batch, self.product)


class Verdict(Answer):
    """What a scan says of a label."""

    verdict: VerdictKind
    message: str
    serial: str | None
    product: str | None
    lot: Id | None
    lot_number: str | None
    batch: Id | None
    label: int | None
    outcome: Annotated[str | None, Field(description="What was known of its number before.")]

    @classmethod
    def of(cls, found: quality.Verdict) -> Verdict:
        """Show a verdict."""
        return cls(
            verdict=found.kind,
            message=found.message,
            serial=found.serial,
            product=found.product,
            lot=found.lot_id,
            lot_number=found.lot_number,
            batch=found.batch_id,
            label=found.label,
            outcome=found.outcome,
        )
