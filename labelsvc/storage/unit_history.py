"""A unit's story in the books: its own events, and those of whatever it was inside at the time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, or_, select

from labelsvc.storage.pages import AnyRow
from labelsvc.storage.tables import events, locations, parties, unit_events, units

#: How deep things lie in each other at most.
DEPTH = 8


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a unit's story.

    Attributes:
        id: in the books; event_id: EPCIS eventID.
        location, location_name: bizLocation, else readPoint; None: it does not say.
        holder: the party that the event gives things to.
        role: what the unit, or what it was inside, is in the event.
        state, dispositions, inside: what held afterwards of the one that the event names; inside: an EPC.
        finding: the rule that the event breaks for it.
        error: a declaration says that the event is wrong; declares: it is that declaration.
        through: the EPC of what the unit was inside, whose event it is; None: it names the unit itself.
    """

    id: int
    event_id: str
    type: str
    action: str | None
    biz_step: str | None
    disposition: str | None
    time: datetime
    offset: str
    recorded: datetime
    location: str | None
    location_name: str | None
    holder: str | None
    role: str
    state: str
    dispositions: tuple[str, ...]
    inside: str | None
    finding: str | None
    error: bool
    declares: bool
    actor: str
    through: str | None = None


_PARENT = units.alias()
_EVENTS = (
    select(
        events.c.id,
        events.c.event_id,
        events.c.type,
        events.c.action,
        events.c.biz_step,
        events.c.disposition,
        events.c.event_time,
        events.c.time_offset,
        events.c.record_time,
        locations.c.uri,
        locations.c.name,
        parties.c.uri.label("holder"),
        unit_events.c.role,
        unit_events.c.state,
        unit_events.c.dispositions,
        _PARENT.c.epc,
        unit_events.c.finding,
        events.c.error,
        events.c.declaration,
        events.c.actor_id,
        unit_events.c.parent_id,
        events.c.hash,
    )
    .join(events, events.c.id == unit_events.c.event_id)
    .outerjoin(locations, locations.c.id == func.coalesce(events.c.biz_location_id, events.c.read_point_id))
    .outerjoin(parties, parties.c.id == events.c.holder_id)
    .outerjoin(_PARENT, _PARENT.c.id == unit_events.c.parent_id)
    .order_by(unit_events.c.at, events.c.hash, unit_events.c.role)
)

#: Made once, for it is asked most of all.
_OF_UNIT = _EVENTS.where(unit_events.c.unit_id == bindparam("unit")).limit(bindparam("most"))

#: A moment of a unit: when, and which of the events of that moment.
Moment = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class _Stay:
    """A time in which a unit was inside another."""

    parent_id: int
    epc: str
    begin: Moment
    end: Moment | None


def of_unit(conn: Connection, unit_id: int, limit: int) -> tuple[Happened, ...]:
    """Return a unit's story as it happened; at most `limit` events of it, and of each thing that it was inside."""
    told = list(_told(conn, unit_id, None, limit, 0))
    story: dict[int, tuple[Moment, Happened]] = {}
    for moment, happened in sorted(told, key=lambda item: item[1].through is not None):
        story.setdefault(happened.id, (moment, happened))  # its own line of an event before that of what it was inside
    return tuple(happened for _, happened in sorted(story.values(), key=lambda item: item[0]))


def _told(
    conn: Connection, unit_id: int, stay: _Stay | None, limit: int, depth: int
) -> Iterator[tuple[Moment, Happened]]:
    query = _OF_UNIT.where(*_during(stay)) if stay else _OF_UNIT
    rows = conn.execute(query, {"unit": unit_id, "most": limit}).all()
    through = stay.epc if stay else None
    for row in rows:
        yield (row.event_time, row.hash), _happened(row, through)
    if depth < DEPTH:
        before = _last_before(conn, unit_id, stay.begin) if stay else None
        for inner in _stays(rows, stay, before):
            yield from _told(conn, inner.parent_id, inner, limit, depth + 1)


def _during(stay: _Stay) -> tuple[ColumnElement[bool], ...]:
    at, digest = stay.begin
    after = or_(unit_events.c.at > at, and_(unit_events.c.at == at, events.c.hash >= digest))
    if stay.end is None:
        return (after,)
    at, digest = stay.end
    return (after, or_(unit_events.c.at < at, and_(unit_events.c.at == at, events.c.hash <= digest)))


def _last_before(conn: Connection, unit_id: int, moment: Moment) -> AnyRow | None:
    """Return how a container stood when the unit came into it."""
    at, digest = moment
    earlier = or_(unit_events.c.at < at, and_(unit_events.c.at == at, events.c.hash < digest))
    query = _EVENTS.order_by(None).order_by(unit_events.c.at.desc(), events.c.hash.desc(), unit_events.c.role.desc())
    return conn.execute(query.where(unit_events.c.unit_id == unit_id, earlier).limit(1)).one_or_none()


def _stays(rows: Sequence[AnyRow], around: _Stay | None, before: AnyRow | None) -> Iterator[_Stay]:
    """Return when the unit of these rows was inside what, within the time that is looked at."""
    inside: tuple[int, str, Moment] | None = None
    if around is not None and before is not None and before.parent_id is not None:
        inside = (before.parent_id, before.epc, around.begin)
    for row in rows:
        moment = (row.event_time, row.hash)
        if inside is not None and row.parent_id != inside[0]:
            yield _Stay(*inside, moment)
            inside = None
        if inside is None and row.parent_id is not None:
            inside = (row.parent_id, row.epc, moment)
    if inside is not None:
        yield _Stay(*inside, around.end if around else None)


def _happened(row: AnyRow, through: str | None) -> Happened:
    return Happened(
        row.id,
        row.event_id,
        row.type,
        row.action,
        row.biz_step,
        row.disposition,
        row.event_time,
        row.time_offset,
        row.record_time,
        row.uri,
        row.name,
        row.holder,
        row.role,
        row.state,
        tuple(row.dispositions.split()),
        row.epc,
        row.finding,
        row.error,
        row.declaration != "",
        row.actor_id,
        through,
    )
