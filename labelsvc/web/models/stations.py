"""Stations, their claims and reports as JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from labelsvc.domain.journal import LINE_AT_MOST
from labelsvc.printing.stations.claims import CLAIMS_AT_MOST
from labelsvc.printing.stations.claims import Claim as HeldClaim
from labelsvc.printing.stations.reports import LINES_AT_MOST, Said
from labelsvc.printing.stations.reports import Acknowledged as Known
from labelsvc.printing.stations.stations import Arrival
from labelsvc.storage.stations import Station as StationRow
from labelsvc.web.models.base import INTEGER_AT_MOST, Answer, Body, Id, Listing, Name, Whole

Token = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[0-9A-Za-z_-]+$")]
Sequence = Annotated[int, Field(ge=1, le=INTEGER_AT_MOST), Whole]


class ClaimIn(Body):
    """A station that asks for labels."""

    instance: Annotated[Token, Field(description="Its journal directory, a random name.")]
    boot: Annotated[Token, Field(description="The process that works there, a random name.")]
    clock: Annotated[str, Field(max_length=40, description="What its clock says, with an offset.")]
    have: Annotated[list[Id], Field(max_length=CLAIMS_AT_MOST, description="Claims that it has.")]
    wait: Annotated[int, Field(ge=0, le=30, description="Seconds to wait for labels at most."), Whole] = 0

    def noun(self, clock: datetime) -> Arrival:
        """Return it as the use case takes it."""
        return Arrival(self.instance, self.boot, clock, tuple(self.have))


class ClaimPrinter(Answer):
    """The printer that a claim is for, as its labels were made for it."""

    name: str
    uri: str
    language: Literal["zpl"]
    dpmm: int
    window: int
    regulated: bool
    profile: Annotated[dict[str, Any], Field(description="What its certification granted.")]


class Claim(Answer):
    """Labels in the hands of a station."""

    id: Id
    kind: Annotated[Literal["job", "ahead"], Field(description="To be printed, or kept for a line without network.")]
    printer: ClaimPrinter
    product: str
    lot_number: str
    batch: int
    job: int | None
    labels: Annotated[list[tuple[int, int]], Field(description="First and last number of each run, in their batch.")]
    origin: Annotated[int, Field(description="Number of the first label of the job.")]
    resumed: Annotated[bool, Field(description="Some were handed over before, and did not come out.")]
    seed: Annotated[str, Field(description="What the journal's chain begins with.")]
    acknowledged: Annotated[int, Field(description="Lines of its journal that the server has.")]
    canceled: Annotated[bool, Field(description="Someone asked for the end of its job.")]
    expires_in: Annotated[float | None, Field(description="Seconds until what was handed ahead may not be used.")]
    links: dict[str, str]

    @classmethod
    def of(cls, claim: HeldClaim, now: datetime) -> Claim:
        """Show a claim."""
        row, spec = claim.row, claim.printer.spec
        path = f"/api/v1/station/claims/{row.id}"
        return cls(
            id=row.id,
            kind=row.kind,
            printer=ClaimPrinter(
                name=spec.name,
                uri=spec.uri,
                language=spec.language,
                dpmm=spec.dpmm,
                window=spec.window,
                regulated=spec.regulated,
                profile=asdict(claim.printer.profile),
            ),
            product=claim.product_code,
            lot_number=claim.lot_number,
            batch=row.batch_id,
            job=row.job_id,
            labels=list(row.spans),
            origin=claim.origin,
            resumed=row.resumed,
            seed=row.seed,
            acknowledged=row.acknowledged,
            canceled=claim.canceled,
            expires_in=None if row.expires_at is None else (row.expires_at - now).total_seconds(),
            links={"labels": f"{path}/labels", "reports": f"{path}/reports"},
        )


There = Annotated[
    list[tuple[int, int]],
    Field(description="Labels of it that somebody scanned since: what of them is not printed yet must not be."),
]


class OpenClaim(Answer):
    """A claim that a station has."""

    id: Id
    printer: str
    acknowledged: int
    chain: Annotated[str, Field(description="The journal's digest behind the last line that the server has.")]
    canceled: bool
    there: There

    @classmethod
    def of(cls, claim: HeldClaim) -> OpenClaim:
        """Show it."""
        row = claim.row
        name, last = claim.printer.spec.name, row.acknowledged
        there = list(claim.there)
        return cls(id=row.id, printer=name, acknowledged=last, chain=row.chain, canceled=claim.canceled, there=there)


class Claimed(Answer):
    """What there is for a station."""

    claim: Annotated[Claim | None, Field(description="Its next labels; null: there are none.")]
    claims: Annotated[list[OpenClaim], Field(description="All that it has.")]


class ReportIn(Body):
    """Lines of a claim's journal."""

    first: Annotated[Sequence, Field(description="Number of the first line.")]
    lines: Annotated[
        list[Annotated[str, Field(max_length=LINE_AT_MOST)]], Field(min_length=1, max_length=LINES_AT_MOST)
    ]
    chain: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="The chain's digest behind the last line.")]

    def noun(self) -> Said:
        """Return it as the use case takes it."""
        return Said(self.first, tuple(self.lines), self.chain)


class Acknowledged(Answer):
    """What the server has of a journal."""

    last: Annotated[int, Field(description="Number of the last line.")]
    canceled: Annotated[bool, Field(description="Someone asked for the end of the job.")]
    ended: Annotated[bool, Field(description="The claim has ended.")]
    there: There

    @classmethod
    def of(cls, found: Known) -> Acknowledged:
        """Show it."""
        return cls(last=found.last, canceled=found.canceled, ended=found.ended, there=list(found.there))


class ReleaseIn(Body):
    """Why a station's claims are taken away."""

    reason: Annotated[Name, Field(min_length=1, max_length=500)]
    claim: Annotated[Id | None, Field(description="One of its claims; null: all, and another instance may come.")] = (
        None
    )


class Station(Answer):
    """A station as it was last heard of."""

    name: str
    instance: str | None
    doubled: Annotated[bool, Field(description="Two processes worked with one journal.")]
    seen_at: datetime
    clock_offset: Annotated[int, Field(description="Seconds that its clock was before ours.")]
    claims: list[OpenClaim]

    @classmethod
    def of(cls, found: tuple[StationRow, tuple[HeldClaim, ...]]) -> Station:
        """Show a station and what it has."""
        row, its = found
        return cls(
            name=row.name,
            instance=row.instance,
            doubled=row.doubled,
            seen_at=row.seen_at,
            clock_offset=row.clock_offset,
            claims=[OpenClaim.of(one) for one in its],
        )


class Stations(Listing[Station]):
    """A page of stations."""


class Released(Answer):
    """Claims that were taken away."""

    claims: list[int]
