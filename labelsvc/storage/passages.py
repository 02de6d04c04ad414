"""What passed through a party: which events are theirs, and which units were with them until when.

An event is a partner's where a client or user of theirs captured it, where it names them as a source, a destination or
as whoever it gives things to, and where it happened at a location of theirs. A unit passed through them where it, or
what it was inside at that time, was in such an event that broke no rule.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CTE, ColumnElement, Connection, Select, and_, or_, select, union_all

from labelsvc.storage.database import members
from labelsvc.storage.tables import api_keys, event_terms, events, locations, parties, unit_events, units, users

#: Terms of an event that name parties and locations.
_NAMING = tuple(
    f"{end}_{kind}" for end in ("source", "destination") for kind in ("owning_party", "possessing_party", "location")
)


#: What is put into a container, or taken out, is no matter of the container's.
_ITSELF = unit_events.c.role != "parent"


def theirs(party_id: int) -> ColumnElement[bool]:
    """Return the condition that an event is a party's own: they may see the whole of it."""
    located = select(locations.c.id).where(locations.c.party_id == party_id)
    uris = union_all(
        select(parties.c.uri).where(parties.c.id == party_id),
        select(locations.c.uri).where(locations.c.party_id == party_id),
    )
    naming = event_terms.c.name.in_(_NAMING)
    named = select(event_terms.c.event_id).where(naming, event_terms.c.value.in_(uris))
    clients = select(api_keys.c.name).where(api_keys.c.party_id == party_id)
    people = select(users.c.name).where(users.c.party_id == party_id)
    return or_(
        and_(events.c.actor_kind == "key", events.c.actor_id.in_(clients)),
        and_(events.c.actor_kind == "user", events.c.actor_id.in_(people)),
        events.c.holder_id == party_id,
        events.c.biz_location_id.in_(located),
        events.c.read_point_id.in_(located),
        events.c.id.in_(named),
    )


def visible(party_id: int) -> ColumnElement[bool]:
    """Return the condition that a party may see something of an event.

    It is theirs, or it happened to a unit until that passed through them. Of the second kind they may see an extract
    only (tracking/partners), so a query that asks for what an extract leaves out has to keep to `theirs`.
    """
    passed = _passed(party_id)
    earlier = select(unit_events.c.event_id).join(passed, passed.c.unit_id == unit_events.c.unit_id)
    return or_(theirs(party_id), events.c.id.in_(earlier.where(unit_events.c.at <= passed.c.at, _ITSELF)))


def visible_among(conn: Connection, party_id: int, ids: Sequence[int]) -> list[int]:
    """Return which of some events a party may see something of, in their order."""
    query = select(events.c.id).where(events.c.id.in_(ids), visible(party_id))
    return list(conn.execute(query.order_by(events.c.id)).scalars())


def _passed(party_id: int) -> CTE:
    """Return units with the moments at which they passed through a party: those that its events name, and theirs."""
    counts = and_(or_(unit_events.c.finding.is_(None), events.c.accepted), ~events.c.error, events.c.declaration == "")
    named = select(unit_events.c.unit_id, unit_events.c.at).join(events, events.c.id == unit_events.c.event_id)
    passed = named.where(theirs(party_id), counts).cte("passed", recursive=True)
    put, since = unit_events.alias(), unit_events.alias()
    came_out = (
        select(since.c.unit_id)
        .where(
            since.c.unit_id == put.c.unit_id,
            since.c.at > put.c.at,
            since.c.at <= passed.c.at,
            since.c.parent_id.is_distinct_from(put.c.parent_id),
        )
        .exists()
    )
    inside = select(put.c.unit_id, passed.c.at).where(
        put.c.parent_id == passed.c.unit_id, put.c.at <= passed.c.at, ~came_out
    )
    return passed.union(inside)


@dataclass(frozen=True, slots=True)
class Own:
    """An event that is a party's own.

    Attributes:
        accepted: a person said that it did happen, whatever rule it breaks.
    """

    id: int
    accepted: bool


def own_among(conn: Connection, party_id: int, event_ids: Sequence[int]) -> Mapping[int, Own]:
    """Return those of some events that are a party's own."""
    if not event_ids:
        return {}
    query = select(events.c.id, events.c.accepted).where(events.c.id.in_(members(conn, event_ids)), theirs(party_id))
    return {int(row.id): Own(row.id, row.accepted) for row in conn.execute(query)}


def made_here(conn: Connection, event_ids: Sequence[int]) -> Collection[int]:
    """Return those of some events that this installation made."""
    if not event_ids:
        return set()
    query = select(events.c.id).where(events.c.id.in_(members(conn, event_ids)), events.c.own)
    return set(conn.execute(query).scalars())


def epcs_among(conn: Connection, party_id: int, event_ids: Sequence[int]) -> Mapping[int, set[str]]:
    """Return for some events which of their units passed through a party at that time or later."""
    if not event_ids:
        return {}
    passed = _passed(party_id)
    query: Select[tuple[int, str]] = (
        select(unit_events.c.event_id, units.c.epc)
        .join(units, units.c.id == unit_events.c.unit_id)
        .join(passed, passed.c.unit_id == unit_events.c.unit_id)
        .where(unit_events.c.event_id.in_(members(conn, event_ids)), unit_events.c.at <= passed.c.at, _ITSELF)
        .distinct()
    )
    found: dict[int, set[str]] = {}
    for row in conn.execute(query):
        found.setdefault(int(row.event_id), set()).add(row.epc)
    return found


def last_of(own: Mapping[int, Own], told: Sequence[tuple[int, datetime, bool]]) -> datetime | None:
    """Return when a unit passed through a party for the last time; None: it never did.

    Args:
        told: its events: id, time, and whether it broke a rule.
    """
    times = [at for event_id, at, broken in told if event_id in own and (not broken or own[event_id].accepted)]
    return max(times, default=None)
