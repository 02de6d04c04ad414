"""What is known of a serial, as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from labelsvc.domain.outcomes import Evidence, Outcome
from labelsvc.tracking.serials import Issued
from labelsvc.web.models.base import Answer
from labelsvc.web.models.batches import batch_path
from labelsvc.web.models.jobs import job_path
from labelsvc.web.models.lots import lot_path
from labelsvc.web.models.products import product_path


class SerialLot(Answer):
    """The lot as it was when the serial was issued."""

    id: int
    number: str
    revision: int
    production_date: date
    expiry_date: date | None
    best_before: date | None


class SerialRange(Answer):
    """The grant that the serial is of."""

    id: int
    first_ordinal: int
    quantity: int


class SerialLinks(Answer):
    """Where to go from a serial. Not every role may go everywhere."""

    product: str
    lot: str
    batch: str
    label: str
    job: str | None


class Serial(Answer):
    """A serial that was issued, and what is known of it."""

    status: Literal["issued"]
    product: Annotated[str, Field(description="GTIN of 14 digits, or own item code.")]
    product_name: str
    serial: str
    scheme: Annotated[str, Field(description="The pattern it was made with.")]
    ordinal: Annotated[int, Field(description="Its number in its pool, from 0.")]
    range: SerialRange
    batch: Annotated[int, Field(description="Id of its batch.")]
    label: Annotated[int, Field(description="Number of its label in the batch, from 1.")]
    lot: SerialLot
    outcome: Outcome
    evidence: Evidence | None
    reason: str | None
    printer: str | None
    job: int | None
    issued_at: datetime
    links: SerialLinks

    @classmethod
    def of(cls, found: Issued) -> Serial:
        """Show a serial."""
        return cls(
            status="issued",
            product=found.product_code,
            product_name=found.product_name,
            serial=found.serial,
            scheme=found.scheme,
            ordinal=found.ordinal,
            range=SerialRange(id=found.range_id, first_ordinal=found.range_first, quantity=found.range_count),
            batch=found.batch_id,
            label=found.label,
            lot=serial_lot(found),
            outcome=found.known.outcome,
            evidence=found.known.evidence,
            reason=found.known.reason,
            printer=found.printer,
            job=found.job_id,
            issued_at=found.issued_at,
            links=_links(found),
        )


def serial_lot(found: Issued) -> SerialLot:
    """Show the lot of a serial."""
    return SerialLot(
        id=found.lot_id,
        number=found.lot_number,
        revision=found.lot_revision,
        production_date=found.production_date,
        expiry_date=found.expiry_date,
        best_before=found.best_before,
    )


def _links(found: Issued) -> SerialLinks:
    here = batch_path(found.batch_id)
    return SerialLinks(
        product=product_path(found.product_code),
        lot=lot_path(found.lot_id),
        batch=here,
        label=f"{here}/labels/{found.label}.png",
        job=None if found.job_id is None else job_path(found.job_id),
    )
