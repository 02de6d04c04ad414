"""Events for the tests of tracking: short ways to say what happened to which units."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from labelsvc.domain.epcis.events import Event, MasterData
from labelsvc.domain.units.standing import Standing
from labelsvc.storage import units
from labelsvc.tracking import capturing

#: The plant's day is 2026-11-20, 08:30 UTC; numbers are granted then.
BEGIN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HOME = "https://id.gs1.org/414/9521321000001"
SHOP = "https://id.gs1.org/414/9521141111116"


def event(hours: float, step: str | None = None, *epcs: str, **said: Any) -> Event:
    """Return an event so many hours after the beginning, by default an ObjectEvent that observes."""
    time = BEGIN + timedelta(hours=hours)
    fields: dict[str, Any] = {"type": "ObjectEvent", "action": "OBSERVE", "biz_step": step, "epcs": epcs, **said}
    made = Event(hash="", event_id=None, time=time, offset="+00:00", document={"type": fields["type"]}, **fields)
    digest = hashlib.sha256(repr((time, sorted(fields.items(), key=str))).encode()).hexdigest()
    return replace(made, hash=digest, document={"type": made.type, "eventTime": time.isoformat(), "n": digest})


def begun(hours: float, *epcs: str, lot: str | None = None, **said: Any) -> Event:
    """Return the event that commissions units."""
    ilmd = MasterData(lot=lot)
    return event(hours, "commissioning", *epcs, action="ADD", disposition="active", ilmd=ilmd, **said)


def packed(hours: float, parent: str, *children: str, action: str = "ADD", **said: Any) -> Event:
    """Return the event that puts things into another, or takes them out of it."""
    step = {"ADD": "packing", "DELETE": "unpacking"}.get(action, "packing")
    return event(hours, step, type="AggregationEvent", action=action, parent=parent, children=children, **said)


class Books:
    """A plant's units."""

    def __init__(self, plant: Any) -> None:
        self.plant = plant

    def capture(self, *events: Event, own: bool = False, at: datetime = BEGIN + timedelta(days=30)) -> Any:
        """Take events into the books, as a request that comes a month later."""
        call = self.plant.call(at=at)
        return capturing.capture(self.plant.db, self.plant.issuer, call, events, own=own)

    def found(self, *events: Event, **more: Any) -> list[dict[str, int]]:
        """Take events into the books; return what is wrong with each."""
        return [dict(one.findings) for one in self.capture(*events, **more)]

    def standing(self, epc: str) -> Standing:
        """Return how a unit stands by its own row."""
        return self.standings(epc)[0]

    def standings(self, *epcs: str) -> list[Standing]:
        """Return how units stand."""
        with self.plant.db.read() as conn:
            rows = {one.epc: one.kept for one in _read(conn, epcs)}
            return units.standing_of(conn, [rows[epc] for epc in epcs])

    def state(self, epc: str) -> str:
        """Return a unit's state."""
        return self.standing(epc).state


def _read(conn: Any, epcs: Any) -> Any:
    return units.find(conn, list(epcs))
