"""Batches, their downloads and the return of numbers as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from labelsvc.domain import batches
from labelsvc.domain.batches import BatchRequest, LabelsRequest, ReturnRequest
from labelsvc.domain.ranges import AHEAD_HOURS_AT_MOST, QUANTITY_AT_MOST
from labelsvc.web.models.base import INTEGER_AT_MOST, Answer, Body, Digits, Id, Listing, Name, Query, Whole
from labelsvc.web.models.jobs import job_path
from labelsvc.web.models.lots import lot_path

Ordinal = Annotated[int, Field(ge=1, le=INTEGER_AT_MOST)]
Resolution = Annotated[
    Literal[8, 12] | None, Field(description="Dots per mm; by default the printer's, else 12."), Digits
]


class BatchIn(Body):
    """A request for labels."""

    quantity: Annotated[int, Field(ge=1, le=QUANTITY_AT_MOST, examples=[500]), Whole]
    printer: Annotated[Name | None, Field(description="Name of a printer; none: labels are downloaded.")] = None
    label_format: Annotated[Name | None, Field(description="By default the product's own.")] = None
    line: Annotated[str | None, Field(description="Production line.", examples=["line 3"])] = None

    ahead_hours: Annotated[
        int | None,
        Field(
            ge=1,
            le=AHEAD_HOURS_AT_MOST,
            description="Hand the labels ahead to the printer's station, which may use them for so long.",
        ),
        Whole,
    ] = None

    def noun(self) -> BatchRequest:
        """Return it as the use case takes it."""
        return BatchRequest(self.quantity, self.printer, self.label_format, self.line, self.ahead_hours)


class BatchLinks(Answer):
    """Where to go from a batch."""

    self: str
    lot: str
    serials: str
    labels_zpl: str
    labels_pdf: str
    first_label: str
    job: str | None


class Batch(Answer):
    """A batch: one range of serials, and all that its labels are made from."""

    id: Id
    lot: Annotated[int, Field(description="Id of its lot.")]
    lot_number: str
    product: Annotated[str, Field(description="GTIN of 14 digits, or own item code.")]
    quantity: int
    first_serial: str
    last_serial: str
    line: str | None
    printer: str | None
    job: Annotated[int | None, Field(description="Id of its print job; null for a batch that is downloaded.")]
    label_format: str
    format_revision: Annotated[str, Field(description="Hash of the label format as it was when the batch was made.")]
    renderer_revision: int
    outcomes: Annotated[dict[str, int], Field(description="How many of its numbers have each outcome.")]
    created_at: datetime
    links: BatchLinks

    @classmethod
    def of(cls, batch: batches.Batch) -> Batch:
        """Show a batch."""
        return cls(
            id=batch.id,
            lot=batch.lot_id,
            lot_number=batch.lot_number,
            product=batch.product_code,
            quantity=batch.quantity,
            first_serial=batch.first_serial,
            last_serial=batch.last_serial,
            line=batch.line,
            printer=batch.printer,
            job=batch.job_id,
            label_format=batch.label_format,
            format_revision=batch.format_revision,
            renderer_revision=batch.renderer_revision,
            outcomes=dict(batch.outcomes),
            created_at=batch.created_at,
            links=_links(batch),
        )


def _links(batch: batches.Batch) -> BatchLinks:
    here = batch_path(batch.id)
    return BatchLinks(
        self=here,
        lot=lot_path(batch.lot_id),
        serials=f"{here}/serials.csv",
        labels_zpl=f"{here}/labels.zpl",
        labels_pdf=f"{here}/labels.pdf",
        first_label=f"{here}/labels/1.png",
        job=None if batch.job_id is None else job_path(batch.job_id),
    )


class Batches(Listing[Batch]):
    """A page of batches."""


class ReturnIn(Body):
    """Unused numbers to give back."""

    first: Annotated[Ordinal, Field(description="The first label, counted from 1.", examples=[401]), Whole]
    count: Annotated[Ordinal, Field(description="How many labels.", examples=[100]), Whole]
    reason: Annotated[str, Field(min_length=1, max_length=500, examples=["order was cut short"])]

    def noun(self) -> ReturnRequest:
        """Return it as the use case takes it."""
        return ReturnRequest(self.first, self.count, self.reason)


class LabelQuery(Query):
    """How one label is drawn."""

    dpmm: Resolution = None


class LabelsQuery(LabelQuery):
    """Which labels of a batch, and how they are drawn."""

    first: Annotated[Ordinal, Field(description="The first label, counted from 1."), Digits] = 1
    count: Annotated[Ordinal | None, Field(description="How many labels; by default all from there on."), Digits] = None

    def noun(self, form: Literal["zpl", "pdf"]) -> LabelsRequest:
        """Return it as the use case takes it."""
        return LabelsRequest(form, self.first, self.count, self.dpmm)


def batch_path(batch_id: int) -> str:
    """Return the path of a batch."""
    return f"/api/v1/batches/{batch_id}"
