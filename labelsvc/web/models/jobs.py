"""Print jobs as JSON; their states and reasons are the words of RFC 8011."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Self
from urllib.parse import quote

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from labelsvc.domain import jobs
from labelsvc.domain.jobs import JobKind, JobState, LabelOutcome, PrintJob, Resolution
from labelsvc.domain.outcomes import Evidence, Outcome
from labelsvc.web.models.base import Answer, Body, Id, Listing, Name, PageQuery

Reason = Annotated[str | None, Field(min_length=1, max_length=500, description="Why; kept in the audit.")]


class JobQuery(PageQuery):
    """Which print jobs."""

    printer: Annotated[Name | None, Field(description="Only jobs of this printer.")] = None
    state: Annotated[JobState | None, Field(description="Only jobs in this state.")] = None


class CancelIn(Body):
    """Why a job is cancelled."""

    reason: Reason = None


class ResolutionIn(Body):
    """What an operator found at a stopped printer."""

    last_good: Annotated[
        str | None,
        Field(max_length=100, description="Serial of the last good label; null where none of the window came out."),
    ] = None
    proceed: Annotated[
        bool,
        Field(alias="continue", description="Print what did not come out and what was never sent.", examples=[True]),
    ]
    reason: Reason = None
    scanned: Annotated[
        list[Annotated[str, Field(max_length=100)]] | None,
        Field(
            max_length=1_000, description="Serials of all labels in doubt that came out, instead of the last good one."
        ),
    ] = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        # Silence must never mean that nothing came out: then everything would be printed again.
        if not {"last_good", "scanned"} & self.model_fields_set:
            raise PydanticCustomError("finding_missing", "Expected last_good or scanned, got neither.")
        return self

    def noun(self) -> Resolution:
        """Return it as the use case takes it."""
        scanned = None if self.scanned is None else tuple(self.scanned)
        return Resolution(self.last_good, self.proceed, self.reason, scanned=scanned)


class Doubt(Answer):
    """The labels that may or may not have come out."""

    first_serial: str
    last_serial: str
    count: int


class JobLinks(Answer):
    """Where to go from a print job."""

    self: str
    batch: str
    printer: str


class Job(Answer):
    """A print job: an interval of a batch on one printer."""

    id: Id
    batch: Annotated[int, Field(description="Id of its batch.")]
    printer: str
    kind: Annotated[JobKind, Field(description="`reprint`: of one label, the same serial again.")]
    copy_number: Annotated[int, Field(description="Of a reprint: which copy of its label it is.")]
    state: JobState
    state_reasons: list[str]
    message: Annotated[str | None, Field(description="The same for a person.")]
    quantity: int
    first_serial: str
    last_serial: str
    outcomes: Annotated[dict[str, int], Field(description="How many of its numbers have each outcome.")]
    doubt: Annotated[Doubt | None, Field(description="What has to be resolved before anything else is printed.")]
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    links: JobLinks

    @classmethod
    def of(cls, job: PrintJob) -> Job:
        """Show a print job."""
        return cls(
            id=job.id,
            batch=job.batch_id,
            printer=job.printer,
            kind=job.kind,
            copy_number=job.copy,
            state=job.state,
            state_reasons=list(job.state_reasons),
            message=job.message,
            quantity=job.quantity,
            first_serial=job.first_serial,
            last_serial=job.last_serial,
            outcomes=dict(job.outcomes),
            doubt=None if job.doubt is None else _doubt(job.doubt),
            created_at=job.created_at,
            started_at=job.started_at,
            ended_at=job.ended_at,
            links=JobLinks(
                self=job_path(job.id),
                batch=f"/api/v1/batches/{job.batch_id}",
                printer=f"/api/v1/printers/{quote(job.printer, safe='')}",
            ),
        )


def _doubt(doubt: jobs.Doubt) -> Doubt:
    return Doubt(first_serial=doubt.first_serial, last_serial=doubt.last_serial, count=doubt.count)


class Jobs(Listing[Job]):
    """A page of print jobs."""


class JobLabel(Answer):
    """What is known of one label of a print job."""

    number: Annotated[int, Field(description="In its batch, from 1.")]
    serial: str
    outcome: Outcome
    evidence: Evidence | None
    reason: str | None
    at: datetime | None

    @classmethod
    def of(cls, label: LabelOutcome) -> JobLabel:
        """Show a label."""
        return cls(**asdict(label))


class JobLabels(Listing[JobLabel]):
    """A page of the labels of a print job."""


def job_path(job_id: int) -> str:
    """Return the path of a print job."""
    return f"/api/v1/jobs/{job_id}"


class StreamEvent(Answer):
    """An event of a stream; `data` is JSON."""

    event: str
    data: str
    id: str | None = None
