"""Clone signals in the books, and the sightings that they are made of, read for many units at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from labelsvc.domain.units.cloning import Scanned, Sighting, Sign
from labelsvc.storage.database import members
from labelsvc.storage.pages import AnyRow
from labelsvc.storage.tables import (
    clone_signals,
    event_terms,
    events,
    locations,
    parties,
    resolver_numbers,
    scans,
    unit_events,
    units,
)

#: Events of one unit, and scans of some, that are looked at.
_ROWS_AT_MOST = 100_000
_GIVEN_TO = ("destination_possessing_party", "destination_owning_party")


def newest_event(conn: Connection) -> int:
    """Return the id of the event that was recorded last; 0: there is none."""
    return int(conn.execute(select(func.coalesce(func.max(events.c.id), 0))).scalar_one())


def met_since(conn: Connection, event_id: int, limit: int) -> tuple[int, list[int]]:
    """Return the last of the next few events, and the units that were met in them."""
    query = select(events.c.id).where(events.c.id > event_id).order_by(events.c.id).limit(limit)
    some = list(conn.execute(query).scalars())
    if not some:
        return event_id, []
    met = select(unit_events.c.unit_id).join(events, events.c.id == unit_events.c.event_id)
    beginning = and_(events.c.own, events.c.biz_step == "commissioning", unit_events.c.finding.is_(None))
    rows = conn.execute(met.where(unit_events.c.event_id.in_(some), ~beginning).distinct())
    return some[-1], sorted(rows.scalars())


def sightings(conn: Connection, unit_ids: Sequence[int]) -> Mapping[int, list[Sighting]]:
    """Return where and how units were met, by their own events that nobody declared wrong."""
    place = func.coalesce(events.c.read_point_id, events.c.biz_location_id)
    query = (
        select(
            unit_events.c.unit_id,
            unit_events.c.event_id,
            unit_events.c.finding,
            events.c.event_time,
            events.c.biz_step,
            events.c.future,
            locations.c.uri,
            locations.c.latitude,
            locations.c.longitude,
            parties.c.uri.label("holder"),
        )
        .join(events, events.c.id == unit_events.c.event_id)
        .outerjoin(locations, locations.c.id == place)
        .outerjoin(parties, parties.c.id == events.c.holder_id)
        .where(unit_events.c.unit_id.in_(members(conn, unit_ids)), ~events.c.error, ~events.c.future)
        .order_by(unit_events.c.unit_id, unit_events.c.at)
        .limit(_ROWS_AT_MOST)
    )
    rows = conn.execute(query).all()
    given = _given_to(conn, sorted({row.event_id for row in rows}))
    found: dict[int, list[Sighting]] = {}
    for row in rows:
        found.setdefault(row.unit_id, []).append(_sighting(row, given.get(row.event_id)))
    return found


def _sighting(row: AnyRow, to: str | None) -> Sighting:
    degrees = (row.latitude, row.longitude) if row.latitude is not None and row.longitude is not None else None
    return Sighting(row.event_time, row.uri, degrees, row.biz_step, row.finding, to=to, by=row.holder)


def _given_to(conn: Connection, event_ids: Sequence[int]) -> Mapping[int, str]:
    if not event_ids:
        return {}
    shipped = (events.c.biz_step == "shipping", event_terms.c.name.in_(_GIVEN_TO))
    query = select(event_terms.c.event_id, event_terms.c.value).join(events, events.c.id == event_terms.c.event_id)
    rows = conn.execute(query.where(event_terms.c.event_id.in_(members(conn, event_ids)), *shipped))
    return {int(event_id): value for event_id, value in rows}


def scanned(conn: Connection, unit_ids: Sequence[int], usual: int) -> Mapping[int, Scanned]:
    """Return how often customers asked for units, and how often a label said something else than the books."""
    its = and_(resolver_numbers.c.range_id == units.c.range_id, resolver_numbers.c.ordinal == units.c.ordinal)
    asked = select(units.c.id, units.c.state, func.coalesce(resolver_numbers.c.count, 0)).outerjoin(
        resolver_numbers, its
    )
    rows = conn.execute(asked.where(units.c.id.in_(members(conn, unit_ids)))).all()
    differs: dict[int, int] = {}
    said = select(scans.c.unit_id, scans.c.warnings).where(scans.c.unit_id.in_(members(conn, unit_ids)))
    for unit_id, warned in conn.execute(said.limit(_ROWS_AT_MOST)):
        if {"wrong_lot", "wrong_expiry"} & set(warned):
            differs[unit_id] = differs.get(unit_id, 0) + 1
    return {
        row.id: Scanned(int(row[2]), usual, differs.get(row.id, 0), never_begun=row.state == "unknown") for row in rows
    }


def usual_scans(conn: Connection) -> int:
    """Return how often nearly all numbers are asked for by customers: at most one of a thousand more often."""
    total = int(conn.execute(select(func.count()).select_from(resolver_numbers)).scalar_one())
    query = select(resolver_numbers.c.count).order_by(resolver_numbers.c.count.desc()).offset(total // 1_000).limit(1)
    found = conn.execute(query).scalar_one_or_none()
    return max(20, int(found or 0))


@dataclass(frozen=True, slots=True)
class Signal:
    """A unit whose serial may be on two things.

    Attributes:
        signs: reason, when and where it is seen first, its weight.
    """

    unit_id: int
    epc: str
    score: float
    signs: tuple[Mapping[str, object], ...]
    state: str
    opened_at: datetime
    reason: str | None
    closed_by: str | None


def put(conn: Connection, unit_id: int, score: float, signs: Sequence[Sign], at: datetime) -> bool:
    """Write a signal down; return whether it is news: it is new, or its score rose."""
    listed = [
        {
            "reason": sign.reason,
            "weight": sign.weight,
            "at": sign.at.isoformat() if sign.at else None,
            "detail": sign.detail[:200],
        }
        for sign in signs
    ]
    its = clone_signals.c.unit_id == unit_id
    known = conn.execute(select(clone_signals.c.score).where(its).with_for_update()).scalar_one_or_none()
    values = {"score": score, "signs": listed}
    if known is None:
        conn.execute(insert(clone_signals).values(unit_id=unit_id, state="open", opened_at=at, **values))
        return True
    rose = score > float(known) + 1e-9
    anew = {"state": "open"} if rose else {}
    conn.execute(update(clone_signals).where(its).values(**values, **anew))
    return rose


def listing(conn: Connection, state: str, after: tuple[float, int] | None, limit: int) -> list[Signal]:
    """Return signals in a state, the highest score first."""
    query = select(clone_signals, units.c.epc).join(units, units.c.id == clone_signals.c.unit_id)
    query = query.where(clone_signals.c.state == state)
    if after is not None:
        less = clone_signals.c.score < after[0]
        query = query.where(or_(less, and_(clone_signals.c.score == after[0], clone_signals.c.unit_id > after[1])))
    rows = conn.execute(query.order_by(clone_signals.c.score.desc(), clone_signals.c.unit_id).limit(limit))
    return [_signal(row) for row in rows]


def get(conn: Connection, unit_id: int) -> Signal | None:
    """Return the signal of a unit."""
    query = select(clone_signals, units.c.epc).join(units, units.c.id == clone_signals.c.unit_id)
    row = conn.execute(query.where(clone_signals.c.unit_id == unit_id)).one_or_none()
    return _signal(row) if row else None


def _signal(row: AnyRow) -> Signal:
    return Signal(
        row.unit_id, row.epc, row.score, tuple(row.signs), row.state, row.opened_at, row.reason, row.closed_by
    )


def close(conn: Connection, unit_id: int, state: str, said: tuple[str, str], at: datetime) -> None:
    """Say what a person found; `said`: who, and why."""
    values = {"state": state, "closed_by": said[0], "reason": said[1], "closed_at": at}
    conn.execute(update(clone_signals).where(clone_signals.c.unit_id == unit_id).values(**values))
