"""What units' events say of them, read for folding and written back folded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from labelsvc.domain.epcis.events import Role
from labelsvc.domain.units.standing import Fact
from labelsvc.storage import places
from labelsvc.storage import units as unit_rows
from labelsvc.storage.database import members
from labelsvc.storage.pages import AnyRow
from labelsvc.storage.tables import events, unit_events, units
from labelsvc.storage.units import Kept

_EVENT = tuple(
    events.c[name]
    for name in (
        "hash",
        "declaration",
        "type",
        "action",
        "biz_step",
        "disposition",
        "read_point_id",
        "biz_location_id",
        "parent_id",
        "holder_id",
        "sets",
        "unsets",
        "lot",
        "expiry",
        "sweeps",
        "event_time",
        "future",
        "own",
        "error",
        "accepted",
    )
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A fact of a unit, with the ids of its event and of the unit that it puts it into or takes it out of."""

    event_id: int
    parent_id: int | None
    fact: Fact


def of_units(conn: Connection, ids: Sequence[int]) -> Mapping[int, list[Stored]]:
    """Return what the events of units say, those too that emptied something a unit was ever put into."""
    mine = select(unit_events.c.unit_id, unit_events.c.role, events.c.id, *_EVENT)
    mine = mine.join(events, events.c.id == unit_events.c.event_id)
    rows = conn.execute(mine.where(unit_events.c.unit_id.in_(members(conn, ids)))).all()
    put_into: dict[int, set[int]] = {}
    for row in rows:
        if row.role == "child" and row.parent_id is not None:
            put_into.setdefault(row.parent_id, set()).add(row.unit_id)
    swept = _sweeps(conn, sorted(put_into))
    words = _Words(conn, [*rows, *swept])
    found: dict[int, list[Stored]] = {unit_id: [] for unit_id in ids}
    for row in rows:
        found[row.unit_id].append(words.stored(row, row.role))
    for row in swept:
        for unit_id in put_into[row.parent_id]:
            found[unit_id].append(words.stored(row, "child"))
    return found


def _sweeps(conn: Connection, parents: list[int]) -> Sequence[AnyRow]:
    if not parents:
        return []
    emptied = (events.c.parent_id.in_(members(conn, parents)), events.c.sweeps)
    return conn.execute(select(events.c.id, *_EVENT).where(*emptied)).all()


class _Words:
    """Rows of events in the words of the rules."""

    def __init__(self, conn: Connection, rows: Sequence[AnyRow]) -> None:
        places_of = [place for row in rows for place in (row.read_point_id, row.biz_location_id)]
        self._locations = places.location_uris(conn, places_of)
        self._parties = places.party_uris(conn, [row.holder_id for row in rows])
        self._parents = unit_rows.epcs_of(conn, [row.parent_id for row in rows])

    def stored(self, row: AnyRow, role: Role) -> Stored:
        place = row.biz_location_id or row.read_point_id
        fact = Fact(
            at=row.event_time,
            hash=row.hash,
            kind=row.type,
            role=role,
            action=row.action,
            step=row.biz_step,
            disposition=row.disposition,
            set=tuple(row.sets.split()),
            unset=tuple(row.unsets.split()),
            location=self._locations.get(place or 0),
            stays=row.biz_location_id is not None,
            parent=self._parents.get(row.parent_id or 0) if role == "child" else None,
            holder=self._parties.get(row.holder_id or 0),
            lot=row.lot,
            expiry=row.expiry,
            future=row.future,
            own=row.own,
            accepted=row.accepted,
            sweeps=row.sweeps and role == "child",
            error=row.error,
            declares=row.declaration != "",
        )
        return Stored(row.id, row.parent_id if role == "child" else None, fact)


@dataclass(frozen=True, slots=True)
class Row:
    """One event of a unit, and how it stood after it."""

    unit_id: int
    event_id: int
    role: Role
    at: datetime
    kept: Kept
    finding: str | None


def rewrite(conn: Connection, ids: Sequence[int], rows: Sequence[Row], last: Mapping[int, tuple[Kept, Fact]]) -> None:
    """Write what was folded of units anew, in place of all that was known of them.

    Args:
        last: how each stands now, and by which fact.
    """
    conn.execute(delete(unit_events).where(unit_events.c.unit_id.in_(members(conn, ids))))
    conn.execute(insert(unit_events), [_values(row) for row in rows])
    if last:
        conn.execute(
            _STANDS,
            [
                {
                    "unit": unit_id,
                    **{f"new_{name}": getattr(kept, name) for name in Kept.__slots__},
                    "new_last_at": fact.at,
                    "new_last_hash": fact.hash,
                }
                for unit_id, (kept, fact) in last.items()
            ],
        )


_STANDS = (
    update(units)
    .where(units.c.id == bindparam("unit"))
    .values({name: bindparam(f"new_{name}") for name in (*Kept.__slots__, "last_at", "last_hash")})
)


def _values(row: Row) -> Mapping[str, object]:
    return {
        "unit_id": row.unit_id,
        "event_id": row.event_id,
        "role": row.role,
        "at": row.at,
        "state": row.kept.state,
        "dispositions": row.kept.dispositions,
        "location_id": row.kept.location_id,
        "parent_id": row.kept.parent_id,
        "holder_id": row.kept.holder_id,
        "finding": row.finding,
    }
