"""Use case: units whose serial may be on two things are noticed, listed with reasons, and settled by a person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.products import check_name
from labelsvc.domain.units.cloning import SUSPECT, Scanned, score, signs
from labelsvc.errors import InvalidInput, NotFound, at
from labelsvc.storage import audit, cloning
from labelsvc.storage.cloning import Signal
from labelsvc.storage.database import Database

#: Events that one look goes through, and events that a new process goes back.
_EVENTS = 20
_BACK = 1_000
FOUND = ("confirmed", "dismissed")


class Watcher:
    """Looks at units that were met since; any number of processes may."""

    def __init__(self, db: Database, now: Callable[[], datetime]) -> None:
        self._db = db
        self._now = now
        self._last: int | None = None

    def look(self) -> int:
        """Judge the units of the next events; return how many signals are new or rose."""
        with self._db.read() as conn:
            if self._last is None:
                self._last = max(0, cloning.newest_event(conn) - _BACK)
            last, met = cloning.met_since(conn, self._last, _EVENTS)
        news = judge(self._db, met, self._now()) if met else 0
        self._last = last
        return news


def judge(db: Database, unit_ids: Sequence[int], now: datetime) -> int:
    """Judge units; return how many signals are new or rose."""
    with db.read() as conn:
        met = cloning.sightings(conn, unit_ids)
        others = cloning.scanned(conn, unit_ids, cloning.usual_scans(conn))
    suspects = []
    for unit_id in unit_ids:
        found = signs(met.get(unit_id, ()), others.get(unit_id, Scanned()))
        if score(found) >= SUSPECT:
            suspects.append((unit_id, found))
    if not suspects:
        return 0

    def work(conn: Connection) -> int:
        return sum(cloning.put(conn, unit_id, score(found), found, now) for unit_id, found in suspects)

    return db.write(work)


def signals(db: Database, state: str, after: tuple[float, int] | None, limit: int) -> list[Signal]:
    """Return the signals in a state, the highest score first."""
    with db.read() as conn:
        return cloning.listing(conn, state, after, limit)


def close_signal(db: Database, call: Call, unit_id: int, state: str, reason: str) -> Signal:
    """Say what a person found of a suspect: `confirmed`, there is a second thing; `dismissed`, there is none.

    Raises:
        InvalidInput: another state, or no reason.
        NotFound: the unit is no suspect.
    """
    if state not in FOUND:
        raise InvalidInput("signal_state", f"Expected confirmed or dismissed, got {state[:40]}.", pointer="/state")
    with at("/reason"):
        check_name(reason, 500)

    def work(conn: Connection) -> Signal:
        before = cloning.get(conn, unit_id)
        if before is None:
            raise NotFound("signal_unknown", f"Expected a unit that is suspect, got {unit_id}.")
        cloning.close(conn, unit_id, state, (call.actor.id, reason), call.at)
        subject = f"unit:{before.epc[:110]}"
        audit.record(
            conn, call, "unit.suspect", subject, before={"state": before.state}, after={"state": state}, reason=reason
        )
        after = cloning.get(conn, unit_id)
        assert after is not None  # it was there
        return after

    return db.write(work)
