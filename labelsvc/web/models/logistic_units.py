"""Logistic units and the series of their SSCCs as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from labelsvc.domain import batches, logistic_units
from labelsvc.domain.logistic_units import COUNT_AT_MOST, LogisticRequest
from labelsvc.domain.outcomes import Evidence, Outcome
from labelsvc.domain.ranges import QUANTITY_AT_MOST
from labelsvc.tracking.logistic_units import IssuedSscc
from labelsvc.web.models.base import Answer, Body, Day, Id, Name, Whole
from labelsvc.web.models.jobs import job_path
from labelsvc.web.models.products import Gtin

REFERENCE_AT_MOST = 9_999_999_999
"""Serial reference of the shortest company prefix."""

_PATH = "/api/v1/logistic-units"


class ContentIn(Body):
    """What each unit holds; its label says it. A GTIN and a count, perhaps with lot and dates."""

    gtin: Annotated[Gtin | None, Field(description="AI (02).")] = None
    count: Annotated[int | None, Field(ge=1, le=COUNT_AT_MOST, description="AI (37).", examples=[48]), Whole] = None
    lot: Annotated[str | None, Field(min_length=1, max_length=20, description="AI (10).")] = None
    best_before: Annotated[Day | None, Field(description="AI (15).")] = None
    expiry: Annotated[Day | None, Field(description="AI (17).")] = None

    def noun(self) -> logistic_units.Content:
        """Return it as the use case takes it."""
        return logistic_units.Content(self.gtin, self.count, self.lot, self.best_before, self.expiry)


class LogisticUnitsIn(Body):
    """A request for SSCCs."""

    quantity: Annotated[int, Field(ge=1, le=QUANTITY_AT_MOST, examples=[10]), Whole]
    extension_digit: Annotated[
        int | None, Field(ge=0, le=9, description="By default the least that has a series."), Whole
    ] = None
    printer: Annotated[Name | None, Field(description="Name of a printer; none: labels are downloaded.")] = None
    label_format: Annotated[Name | None, Field(description="By default logistic-100x150.")] = None
    content: Annotated[ContentIn | None, Field(description="What each of them holds.")] = None

    def noun(self) -> LogisticRequest:
        """Return it as the use case takes it."""
        content = self.content.noun() if self.content else logistic_units.Content()
        return LogisticRequest(self.quantity, self.extension_digit, self.printer, self.label_format, content)


class LogisticUnitsLinks(Answer):
    """Where to go from a batch of logistic units. Not every role may go to the job."""

    self: str
    ssccs: str
    labels_zpl: str
    labels_pdf: str
    job: str | None


class LogisticUnits(Answer):
    """A batch of logistic units: consecutive SSCCs, and their labels."""

    id: Id
    quantity: int
    first_sscc: str
    last_sscc: str
    printer: str | None
    job: Annotated[int | None, Field(description="Id of its print job; null where labels are downloaded.")]
    label_format: str
    outcomes: Annotated[dict[str, int], Field(description="How many of its SSCCs have each outcome.")]
    created_at: datetime
    links: LogisticUnitsLinks

    @classmethod
    def of(cls, batch: batches.Batch) -> LogisticUnits:
        """Show a batch of logistic units."""
        here = units_path(batch.id)
        return cls(
            id=batch.id,
            quantity=batch.quantity,
            first_sscc=batch.first_serial,
            last_sscc=batch.last_serial,
            printer=batch.printer,
            job=batch.job_id,
            label_format=batch.label_format,
            outcomes=dict(batch.outcomes),
            created_at=batch.created_at,
            links=LogisticUnitsLinks(
                self=here,
                ssccs=f"{here}/ssccs.csv",
                labels_zpl=f"{here}/labels.zpl",
                labels_pdf=f"{here}/labels.pdf",
                job=None if batch.job_id is None else job_path(batch.job_id),
            ),
        )


class Content(Answer):
    """What the label says that a logistic unit holds."""

    gtin: str | None
    count: int | None
    lot: str | None
    best_before: date | None
    expiry: date | None


class LogisticUnit(Answer):
    """An SSCC that was issued, and what is known of it."""

    status: Literal["issued"]
    sscc: str
    batch: Annotated[int, Field(description="Id of its batch.")]
    label: Annotated[int, Field(description="Number of its label in the batch, from 1.")]
    content: Content
    outcome: Outcome
    evidence: Evidence | None
    reason: str | None
    printer: str | None
    job: int | None
    issued_at: datetime
    links: LogisticUnitsLinks

    @classmethod
    def of(cls, found: IssuedSscc) -> LogisticUnit:
        """Show a logistic unit."""
        its, content, here = found.issued, found.content, units_path(found.issued.batch_id)
        return cls(
            status="issued",
            sscc=its.serial,
            batch=its.batch_id,
            label=its.label,
            content=Content(
                gtin=content.gtin,
                count=content.count,
                lot=content.lot,
                best_before=content.best_before,
                expiry=content.expiry,
            ),
            outcome=its.known.outcome,
            evidence=its.known.evidence,
            reason=its.known.reason,
            printer=its.printer,
            job=its.job_id,
            issued_at=its.issued_at,
            links=LogisticUnitsLinks(
                self=f"{_PATH}/{its.serial}",
                ssccs=f"{here}/ssccs.csv",
                labels_zpl=f"{here}/labels.zpl?first={its.label}&count=1",
                labels_pdf=f"{here}/labels.pdf?first={its.label}&count=1",
                job=None if its.job_id is None else job_path(its.job_id),
            ),
        )


class SeriesIn(Body):
    """Which SSCCs of a series may be given."""

    first_reference: Annotated[
        int, Field(ge=1, le=REFERENCE_AT_MOST, description="Serial references below were used elsewhere."), Whole
    ] = 1


class Series(Answer):
    """A series: the SSCCs of one GS1 company prefix and one extension digit."""

    company_prefix: str
    extension_digit: int
    current: Annotated[bool, Field(description="New SSCCs of this extension digit come from it.")]
    next_reference: Annotated[int, Field(description="The serial reference that is given next.")]
    left: Annotated[int, Field(description="SSCCs that it can still give.")]
    capacity: int
    lot: Annotated[int, Field(description="Id of the lot that accounts for its numbers.")]
    created_at: datetime

    @classmethod
    def of(cls, series: logistic_units.Series) -> Series:
        """Show a series."""
        return cls(
            company_prefix=series.company_prefix,
            extension_digit=series.extension_digit,
            current=series.current,
            next_reference=series.next,
            left=series.left,
            capacity=series.capacity,
            lot=series.lot_id,
            created_at=series.created_at,
        )


class AllSeries(Answer):
    """All series, the oldest first; a list that is never long."""

    items: list[Series]
    next: None


def units_path(batch_id: int) -> str:
    """Return the path of a batch of logistic units."""
    return f"{_PATH}/batches/{batch_id}"
