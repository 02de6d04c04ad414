"""Labels that are handed ahead to a station, for a line that may lose its network: a batch in no print job."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.batches import BatchRequest
from labelsvc.domain.jobs import Printer
from labelsvc.domain.ranges import AHEAD_AT_MOST, AHEAD_HOURS_AT_MOST
from labelsvc.errors import Conflict, InvalidInput
from labelsvc.storage import stations
from labelsvc.storage.stations import NewClaim


def check_ahead(request: BatchRequest) -> None:
    """See that labels may be handed ahead as asked for.

    Raises:
        InvalidInput: for too long, too many, or for no printer.
    """
    hours = request.ahead_hours
    if hours is None or not 1 <= hours <= AHEAD_HOURS_AT_MOST:
        raise InvalidInput("ahead", f"Expected 1 to {AHEAD_HOURS_AT_MOST} hours, got {hours}.", pointer="/ahead_hours")
    if request.printer is None:
        raise InvalidInput("ahead", "Expected the printer that the labels are for, got none.", pointer="/printer")
    if request.quantity > AHEAD_AT_MOST:
        message = f"Expected at most {AHEAD_AT_MOST} labels ahead, got {request.quantity}."
        raise InvalidInput("ahead", message, pointer="/quantity")


def hand_ahead(conn: Connection, call: Call, printer: Printer, batch_id: int, what: tuple[int, int]) -> None:
    """Let the printer's station have a batch's labels.

    Args:
        what: how many labels, and for how many hours.

    Raises:
        Conflict: the printer has no station.
    """
    station = printer.spec.station
    if station is None:
        message = f"Expected a printer of a station, got {printer.spec.name}, which our own workers serve."
        raise Conflict("printer_without_station", message, pointer="/printer")
    quantity, hours = what
    new = NewClaim(
        station=station,
        kind="ahead",
        printer_id=printer.id,
        printer_revision=printer.revision,
        batch_id=batch_id,
        job_id=None,
        token=0,
        spans=((1, quantity),),
        resumed=False,
        seed=secrets.token_hex(32),
        expires_at=call.at + timedelta(hours=hours),
        created_at=call.at,
    )
    stations.add_claim(conn, new)
