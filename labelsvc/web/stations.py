"""/station: what a station asks and tells; /stations: which there are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apiflask import APIBlueprint
from apiflask.schemas import FileSchema

from labelsvc.errors import InvalidInput
from labelsvc.printing import blocks
from labelsvc.printing.stations import claims, reports, stations
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.models.base import PageQuery, listing
from labelsvc.web.models.stations import (
    Acknowledged,
    Claim,
    Claimed,
    ClaimIn,
    OpenClaim,
    Released,
    ReleaseIn,
    ReportIn,
    Station,
    Stations,
)
from labelsvc.web.streams import streamed

bp = APIBlueprint(
    "stations",
    __name__,
    url_prefix="/api/v1",
    tag={"name": "stations", "description": "Stations: places with printers that fetch their labels."},
)


@bp.post("/station/claims")
@role("station")
@bp.input(ClaimIn, arg_name="body")
@bp.output(Claimed)
@bp.doc(operation_id="claimLabels")
def claim_labels(body: ClaimIn) -> Any:
    """Ask for labels to print, and wait for some.

    The same claim is answered again until a line of its journal was reported.
    """
    db, asked = house().db, call()
    try:
        arrival = body.noun(datetime.fromisoformat(body.clock))
        stations.arrive(db, asked, arrival)
    except (ValueError, TypeError):
        raise InvalidInput(
            "not_date", "Expected a moment with its offset, got another text.", pointer="/clock"
        ) from None
    name = asked.actor.id
    there = house().polls.wait(lambda: claims.is_waiting(db, name, arrival.have), body.wait)
    found = claims.claim(db, call(), arrival.have) if there else None
    if found is not None and found.row.job_id is not None:
        blocks.compare_claimed(db, house().issuer, call(), found.row.job_id)
    shown = None if found is None else Claim.of(found, house().now())
    return {"claim": shown, "claims": [OpenClaim.of(one) for one in claims.open_claims(db, name)]}


@bp.get("/station/claims/<whole:claim_id>/labels")
@role("station")
@bp.output(FileSchema, content_type=claims.MEDIA_TYPE)
@bp.doc(operation_id="getClaimLabels")
def get_claim_labels(claim_id: int) -> Any:
    """Fetch the bytes of a claim's labels, each with its digest; a last line has the digest of all."""
    name = call().actor.id
    return streamed(house().lanes, lambda: claims.claim_labels(house().db, house().issuer, name, claim_id))


@bp.post("/station/claims/<whole:claim_id>/reports")
@role("station")
@bp.input(ReportIn, arg_name="body")
@bp.output(Acknowledged)
@bp.doc(operation_id="reportClaim")
def report_claim(claim_id: int, body: ReportIn) -> Any:
    """Report lines of a claim's journal, in their order; what is known already is compared."""
    return Acknowledged.of(reports.report(house().db, house().issuer, call(), claim_id, body.noun()))


@bp.get("/stations")
@role("qa")
@bp.input(PageQuery, location="query", arg_name="page")
@bp.output(Stations)
@bp.doc(operation_id="listStations")
def list_stations(page: PageQuery) -> Any:
    """List stations by name, with what each of them has; `after` counts stations."""
    return listing(stations.list_stations(house().db, page.after, page.limit), Station.of)


@bp.post("/stations/<name:name>/release")
@role("qa")
@bp.input(ReleaseIn, arg_name="body")
@bp.output(Released)
@bp.doc(operation_id="releaseStation")
def release_station(name: str, body: ReleaseIn) -> Any:
    """Take a claim, or all, from a station that is lost; what is not accounted for is in doubt then."""
    gone = stations.release(house().db, call(), name, body.claim, body.reason)
    return {"claims": [row.id for row in gone]}
