"""Use cases: let a station in, say which there are, and take from one that is lost what it has."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.pages import Page
from labelsvc.errors import Conflict, NotFound
from labelsvc.printing.jobs import check_reason
from labelsvc.printing.stations.claims import Claim, shown
from labelsvc.printing.stations.doubles import release_claim
from labelsvc.storage import audit, stations
from labelsvc.storage.database import Database
from labelsvc.storage.stations import ClaimRow, Station

#: A station's clock that is further off than this, seconds, is named in the books.
CLOCK_OFF = 300


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a station says who it is.

    Attributes:
        instance: its journal directory; boot: the process that works there.
        clock: what its clock says.
        have: claims whose labels it has.
    """

    instance: str
    boot: str
    clock: datetime
    have: tuple[int, ...] = ()


def arrive(db: Database, call: Call, arrival: Arrival) -> None:
    """Let a station in.

    Raises:
        Conflict: another instance of this client has claims, or two processes work with one journal.
    """

    def work(conn: Connection) -> Conflict | None:
        name = call.actor.id
        was = stations.get(conn, name, lock=True)
        now = Station(name, arrival.instance, arrival.boot, (), call.at, _offset(arrival.clock, call.at))
        if was is None:
            stations.save(conn, now)
            audit.record(conn, call, "station.begin", f"station:{name}", after={"instance": arrival.instance})
            return None
        if was.instance not in (None, arrival.instance):
            if any(claim.acknowledged for claim in stations.open_claims(conn, name)):
                return Conflict("station_other_instance", _OTHER.format(was.instance, arrival.instance))
            audit.record(
                conn,
                call,
                "station.begin",
                f"station:{name}",
                before={"instance": was.instance},
                after={"instance": arrival.instance},
            )
        # Once may be a late question of a process that is gone; who comes back twice works beside another.
        back = was.instance == arrival.instance and was.boots.count(arrival.boot) > 1
        doubled = was.doubled or back
        boots = was.boots if was.boot in (None, arrival.boot) else (*was.boots, str(was.boot))
        stations.save(conn, replace(now, boots=boots, doubled=doubled))
        if doubled and not was.doubled:
            after = {"instance": arrival.instance, "boots": [str(was.boot), arrival.boot]}
            audit.record(conn, call, "station.double", f"station:{name}", after=after)
        if abs(now.clock_offset) > CLOCK_OFF >= abs(was.clock_offset):
            audit.record(conn, call, "station.clock", f"station:{name}", after={"seconds": now.clock_offset})
        return Conflict("station_two_boots", _TWO) if doubled else None

    refused = db.write(work)  # what was found is kept, also where it is refused
    if refused is not None:
        raise refused


_OTHER = "Expected the station's instance {}, which has claims, got {}; release the station if that one is lost."
_TWO = "Expected one process with a journal, got two by turns: a copied directory? Release the station."


def _offset(clock: datetime, at: datetime) -> int:
    return max(-(2**31), min(int((clock - at).total_seconds()), 2**31 - 1))


def list_stations(db: Database, after: int, limit: int) -> Page[tuple[Station, tuple[Claim, ...]]]:
    """Return stations by name, each with what it has."""
    with db.read() as conn:
        found = stations.listing(conn, after, limit)
        each = tuple(
            (one, tuple(shown(conn, row) for row in stations.open_claims(conn, one.name))) for one in found.items
        )
        return Page(each, found.next)


def release(db: Database, call: Call, name: str, claim_id: int | None, reason: str) -> tuple[ClaimRow, ...]:
    """Take a claim, or all that it has, from a station that is lost; then another instance of it may come.

    Whatever is not accounted for by its reports is in doubt then, and is resolved by scans. What it still reports is
    kept, and refused.

    Raises:
        NotFound: no such station, or it has no such claim.
        Conflict: the claim has ended.
    """
    check_reason(reason)

    def work(conn: Connection) -> tuple[ClaimRow, ...]:
        station = stations.get(conn, name, lock=True)
        if claim_id is not None:
            chosen: tuple[ClaimRow, ...] = (stations.get_claim(conn, claim_id, name, lock=True),)
            if chosen[0].state != "open":
                raise Conflict("claim_ended", f"Expected a claim that is open, got one that has {chosen[0].state}.")
        else:
            chosen = tuple(stations.get_claim(conn, row.id, lock=True) for row in stations.open_claims(conn, name))
            if station is None and not chosen:
                raise NotFound("station_unknown", f"Expected the name of a station, got {name[:80]!r}.")
            if station is not None:
                stations.save(conn, replace(station, instance=None, boot=None, boots=(), doubled=False))
        for row in chosen:
            release_claim(conn, call, row, "released", reason)
        before = {"claims": [row.id for row in chosen], "station": None if station is None else _kept(station)}
        audit.record(conn, call, "station.release", f"station:{name}", before=before, reason=reason)
        return tuple(stations.get_claim(conn, row.id) for row in chosen)

    return db.write(work)


def _kept(station: Station) -> dict[str, Any]:
    return {**asdict(station), "seen_at": station.seen_at.isoformat(), "boots": list(station.boots)}
