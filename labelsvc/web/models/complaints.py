"""Complaints and dossiers as JSON."""

from __future__ import annotations

import base64
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from labelsvc.domain import complaints, neighbours
from labelsvc.domain.complaints import TEXT_AT_MOST, Category, ComplaintRequest, Progress, Severity, State
from labelsvc.domain.jobs import JobState
from labelsvc.domain.neighbours import Kind
from labelsvc.domain.outcomes import Evidence, Outcome
from labelsvc.domain.quality import VerdictKind
from labelsvc.domain.reprints import ReprintState
from labelsvc.tracking import dossiers
from labelsvc.web.models.base import INTEGER_AT_MOST, Answer, Body, Id, Listing, Name, PageQuery, Whole
from labelsvc.web.models.jobs import job_path
from labelsvc.web.models.sales import CustomerReturn, ProductCode, Pseudonym, Sale, Scanned
from labelsvc.web.models.scans import UnitOut
from labelsvc.web.models.serials import SerialLot, serial_lot
from labelsvc.web.models.unit_tests import TestRecord

_Text = Annotated[str, Field(min_length=1, max_length=TEXT_AT_MOST, description="What is wrong.")]


class ComplaintIn(Body):
    """What somebody says is wrong with a unit."""

    unit: Scanned
    category: Category
    severity: Severity
    text: _Text
    product: ProductCode = None
    customer: Pseudonym = None
    follows: Annotated[
        int | None, Field(ge=1, le=INTEGER_AT_MOST, description="An earlier complaint that it belongs to."), Whole
    ] = None

    def noun(self) -> ComplaintRequest:
        """Return it as the use case takes it."""
        about = (self.category, self.severity, self.text)
        return ComplaintRequest(self.unit, *about, self.product, self.customer, self.follows)


class ProgressIn(Body):
    """How far a complaint has come."""

    state: State
    severity: Severity
    owner: Annotated[Name | None, Field(min_length=1, max_length=80)] = None
    resolution: Annotated[str | None, Field(min_length=1, max_length=TEXT_AT_MOST, description="What came of it.")] = (
        None
    )

    def noun(self) -> Progress:
        """Return it as the use case takes it."""
        return Progress(self.state, self.severity, self.owner, self.resolution)


class ComplaintQuery(PageQuery):
    """Which complaints."""

    state: Annotated[State | None, Field(description="Those in it only.")] = None
    unit: Annotated[str | None, Field(min_length=1, max_length=500, description="Of this unit only.")] = None
    product: ProductCode = None


class Complaint(Answer):
    """What somebody says is wrong with a unit, and what came of it."""

    id: Id
    unit: str
    customer: Annotated[str | None, Field(description="A pseudonym.")]
    category: Category
    severity: Severity
    text: str
    state: State
    owner: str | None
    resolution: str | None
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
    follows: Id | None
    earlier: Annotated[list[Id], Field(description="Complaints that the unit had before, and the one it follows.")]
    dossier: str

    @classmethod
    def of(cls, found: complaints.Complaint) -> Complaint:
        """Show a complaint."""
        return cls(
            id=found.id,
            unit=found.epc,
            customer=found.customer,
            category=found.category,
            severity=found.progress.severity,
            text=found.text,
            state=found.progress.state,
            owner=found.progress.owner,
            resolution=found.progress.resolution,
            opened_at=found.opened_at,
            opened_by=found.opened_by,
            closed_at=found.closed_at,
            follows=found.follows,
            earlier=list(found.earlier),
            dossier=f"{complaint_path(found.id)}/dossier",
        )


class Complaints(Listing[Complaint]):
    """A page of complaints."""


class LabelPicture(Answer):
    """The label as it was printed first."""

    png: Annotated[str | None, Field(description="The picture, Base64; null: it cannot be drawn any more.")]
    dpmm: int
    label_format: str
    same_renderer: Annotated[bool, Field(description="False: the label may have looked a little different.")]


class DossierOutcome(Answer):
    """What became known of the number."""

    at: datetime
    outcome: Outcome
    evidence: Evidence | None
    reason: str | None
    by: str
    job: Id | None


class DossierScan(Answer):
    """A verify scan of the label."""

    at: datetime
    verdict: VerdictKind
    by: str


class DossierReprint(Answer):
    """A reprint of the label."""

    id: Id
    state: ReprintState
    copy_number: int | None
    reason: str
    note: str | None
    printer: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None
    job: Id | None


class DossierJob(Answer):
    """The print job that the label first came from."""

    id: Id
    state: JobState
    printer: str
    started_at: datetime | None
    ended_at: datetime | None
    link: str


class DossierPrinted(Answer):
    """How the number came onto a label."""

    product: str
    product_name: str
    serial: str
    lot: SerialLot
    batch: Id
    number: Annotated[int, Field(description="Of the label in its batch, from 1.")]
    issued_at: datetime
    line: Annotated[str | None, Field(description="Production line.")]
    printer: str | None
    job: DossierJob | None
    outcomes: Annotated[list[DossierOutcome], Field(description="In their order; the last one holds.")]
    scans: list[DossierScan]
    reprints: list[DossierReprint]
    label: LabelPicture

    @classmethod
    def of(cls, found: dossiers.Printed) -> DossierPrinted:
        """Show how a number came onto a label."""
        number, picture = found.history.issued, found.picture
        png = None if picture.png is None else base64.b64encode(picture.png).decode()
        return cls(
            product=number.product_code,
            product_name=number.product_name,
            serial=number.serial,
            lot=serial_lot(number),
            batch=number.batch_id,
            number=number.label,
            issued_at=number.issued_at,
            line=found.line,
            printer=number.printer,
            job=_job(found),
            outcomes=_outcomes(found),
            scans=[DossierScan(at=each.at, verdict=each.verdict, by=each.actor.id) for each in found.history.scans],
            reprints=_reprints(found),
            label=LabelPicture(
                png=png, dpmm=picture.dpmm, label_format=picture.label_format, same_renderer=picture.same_renderer
            ),
        )


def _outcomes(found: dossiers.Printed) -> list[DossierOutcome]:
    return [
        DossierOutcome(
            at=each.known.at or found.history.issued.issued_at,
            outcome=each.known.outcome,
            evidence=each.known.evidence,
            reason=each.known.reason,
            by=each.actor.id,
            job=each.job_id,
        )
        for each in found.history.said
    ]


def _reprints(found: dossiers.Printed) -> list[DossierReprint]:
    return [
        DossierReprint(
            id=each.id,
            state=each.state,
            copy_number=each.copy,
            reason=each.reason,
            note=each.note,
            printer=each.printer,
            asked_by=each.asked_by.id,
            asked_at=each.asked_at,
            decided_by=each.decided_by.id if each.decided_by else None,
            job=each.job_id,
        )
        for each in found.history.reprints
    ]


def _job(found: dossiers.Printed) -> DossierJob | None:
    job = found.job
    if job is None:
        return None
    times = {"started_at": job.started_at, "ended_at": job.ended_at}
    return DossierJob(id=job.id, state=job.state, printer=job.printer, **times, link=job_path(job.id))


class Neighbours(Answer):
    """Other units that share something with the unit, beside all others of its product."""

    kind: Kind
    name: Annotated[str, Field(description="Of what they share.")]
    units: int
    complaints: Annotated[int, Field(description="Units of them that somebody complained of.")]
    rate: Annotated[float | None, Field(description="Complaints by units.")]
    ratio: Annotated[float | None, Field(description="Their rate by the base rate.")]
    chance: Annotated[float, Field(description="Two-sided p-value of Fisher's exact test against the product.")]
    stands_out: Annotated[bool, Field(description="It is above the base rate, and hardly by chance.")]

    @classmethod
    def of(cls, group: neighbours.Group) -> Neighbours:
        """Show a group of neighbours."""
        return cls(
            kind=group.kind,
            name=group.name,
            units=group.counts.units,
            complaints=group.counts.complaints,
            rate=group.counts.rate,
            ratio=group.ratio,
            chance=group.chance,
            stands_out=group.stands_out,
        )


class BaseRate(Answer):
    """All other units of the product."""

    units: int
    complaints: int
    rate: float | None


class Dossier(Answer):
    """Everything that is known of a unit."""

    unit: Annotated[str, Field(description="Its EPC.")]
    complaint: Annotated[Complaint | None, Field(description="The one that is looked into.")]
    printed: Annotated[DossierPrinted | None, Field(description="Null: its number was never granted here.")]
    custody: Annotated[UnitOut | None, Field(description="Null: no event ever named it.")]
    tests: Annotated[list[TestRecord], Field(description="Of the unit, and of its lot as a whole.")]
    sales: list[Sale]
    customer_returns: list[CustomerReturn]
    warranty_until: Annotated[date | None, Field(description="Of its latest sale.")]
    complaints: Annotated[list[Complaint], Field(description="Of the unit, and the one that this follows.")]
    recalls: list[dict[str, Any]]
    base: BaseRate
    neighbours: list[Neighbours]

    @classmethod
    def of(cls, found: dossiers.Dossier) -> Dossier:
        """Show a dossier."""
        base = found.base
        return cls(
            unit=found.epc,
            complaint=Complaint.of(found.complaint) if found.complaint else None,
            printed=DossierPrinted.of(found.printed) if found.printed else None,
            custody=UnitOut.of(found.story) if found.story else None,
            tests=[TestRecord.of(each) for each in found.tests],
            sales=[Sale.of(each) for each in found.sales],
            customer_returns=[CustomerReturn.of(each) for each in found.returns],
            warranty_until=found.sales[-1].warranty_until if found.sales else None,
            complaints=[Complaint.of(each) for each in found.complaints],
            recalls=[dict(each) for each in found.recalls],
            base=BaseRate(units=base.units, complaints=base.complaints, rate=base.rate),
            neighbours=[Neighbours.of(each) for each in found.neighbours],
        )


def complaint_path(complaint_id: int) -> str:
    """Return the path of a complaint."""
    return f"/api/v1/complaints/{complaint_id}"
