"""/scans and /units: anybody of the house scans a thing, and learns its whole story; a partner learns their part."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.tracking import partners, scanning, units
from labelsvc.tracking.units import Story
from labelsvc.web.auth import EVERY_ROLE, call, client, role
from labelsvc.web.house import house
from labelsvc.web.models.base import IdempotencyHeaders
from labelsvc.web.models.scans import ScanIn, ScanOut, UnitOut, UnitQuery

bp = APIBlueprint(
    "scans",
    __name__,
    url_prefix="/api/v1",
    tag={"name": "units", "description": "Things that carry serials: scanned, and followed for ever."},
)


@bp.post("/scans")
@role("warehouse", "retail", "qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(ScanIn, arg_name="body")
@bp.output(ScanOut)
@bp.doc(operation_id="scan")
def scan(headers: IdempotencyHeaders, body: ScanIn) -> Any:
    """Say what was scanned and what is meant by it; one line answers what happened and what is wrong.

    The Idempotency-Key is the scan's own id: a scan that is sent again is the same scan, with its own time.
    """
    return ScanOut.of(scanning.scan(house().db, house().issuer, call(headers.idempotency_key), body.noun()))


@bp.get("/units")
@role(*EVERY_ROLE, "partner")
@bp.input(UnitQuery, location="query", arg_name="asked")
@bp.output(UnitOut)
@bp.doc(operation_id="getUnit")
def get_unit(asked: UnitQuery) -> Any:
    """Tell a unit's whole story, through all that it was ever inside."""
    return UnitOut.of(_told(units.story(house().db, asked.epc)))


@bp.get("/units/<code>/<serial:serial>")
@role(*EVERY_ROLE, "partner")
@bp.output(UnitOut)
@bp.doc(operation_id="getUnitOfSerial")
def get_unit_of_serial(code: str, serial: str) -> Any:
    """Tell the whole story of a product's serial."""
    return UnitOut.of(_told(units.story_of_serial(house().db, house().issuer, code, serial)))


def _told(story: Story) -> Story:
    party = client().party
    return story if party is None else partners.part(house().db, party, story)
