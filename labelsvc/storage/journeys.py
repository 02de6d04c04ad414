"""Where units went: their own events, and those of whatever they were inside at the time, for many units at once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from labelsvc.storage.database import members
from labelsvc.storage.tables import event_terms, events, locations, parties, unit_events
from labelsvc.storage.unit_history import DEPTH


class Met(NamedTuple):
    """A unit in an event.

    Attributes:
        at: a moment that can be compared: when, and the event's hash.
        through: the id of what the unit was inside, which the event names; None: it names the unit itself.
        finding: the rule that the event breaks for the one that it names.
    """

    at: tuple[Any, str]
    event_id: int
    role: str
    through: int | None
    finding: str | None


class _Stay(NamedTuple):
    """A time inside another unit; `end` None: it is still there."""

    parent_id: int
    begin: tuple[Any, str]
    end: tuple[Any, str] | None


_ROWS = (
    select(
        unit_events.c.unit_id,
        unit_events.c.at,
        events.c.hash,
        unit_events.c.event_id,
        unit_events.c.role,
        unit_events.c.parent_id,
        unit_events.c.finding,
    )
    .join(events, events.c.id == unit_events.c.event_id)
    .where(~events.c.error, events.c.declaration == "")
    .order_by(unit_events.c.unit_id, unit_events.c.at, events.c.hash, unit_events.c.role)
)


def of_units(conn: Connection, ids: Sequence[int]) -> dict[int, list[Met]]:
    """Return what each of some units was in, itself or through what it was inside, in its order, each event once."""
    own, stays = _read(conn, ids)
    around = _Containers(conn, {stay.parent_id for some in stays.values() for stay in some})
    for unit_id, some in stays.items():
        met = own[unit_id]
        named = {one.event_id for one in met}
        for stay in some:
            met += [one for one in around.during(stay) if one.event_id not in named]
        met.sort(key=lambda one: one.at)
    return own


def _read(conn: Connection, ids: Iterable[int]) -> tuple[dict[int, list[Met]], dict[int, list[_Stay]]]:
    wanted = list(ids)
    own: dict[int, list[Met]] = {unit_id: [] for unit_id in wanted}
    stays: dict[int, list[_Stay]] = {}
    begun: dict[int, tuple[int, tuple[Any, str]]] = {}
    for unit_id, at, digest, event_id, role, parent_id, finding in conn.execute(
        _ROWS.where(unit_events.c.unit_id.in_(members(conn, wanted)))
    ):
        moment = (at, digest)
        if role != "parent":
            own[unit_id].append(Met(moment, event_id, role, None, finding))
        inside = begun.get(unit_id)
        if inside is not None and inside[0] != parent_id:
            stays.setdefault(unit_id, []).append(_Stay(*begun.pop(unit_id), moment))
            inside = None
        if inside is None and parent_id is not None:
            begun[unit_id] = (parent_id, moment)
    for unit_id, since in begun.items():
        stays.setdefault(unit_id, []).append(_Stay(*since, None))
    return own, stays


class _Containers:
    """What units were inside, and all that happened to those, also through what they were inside themselves."""

    def __init__(self, conn: Connection, ids: set[int]) -> None:
        self._own: dict[int, list[Met]] = {}
        self._stays: dict[int, list[_Stay]] = {}
        self._whole: dict[int, list[Met]] = {}
        self._keys: dict[int, list[tuple[Any, str]]] = {}
        for _ in range(DEPTH):
            wanted = ids - self._own.keys()
            if not wanted:
                break
            own, stays = _read(conn, sorted(wanted))
            self._own |= own
            self._stays |= stays
            ids = {stay.parent_id for some in stays.values() for stay in some}

    def during(self, stay: _Stay, depth: int = 0) -> list[Met]:
        """Return what happened to a container while something was inside."""
        whole = self._of(stay.parent_id, depth)
        keys = self._keys.get(stay.parent_id) or [one.at for one in whole]
        first = bisect_left(keys, stay.begin)
        last = len(keys) if stay.end is None else bisect_right(keys, stay.end)
        return whole[first:last]

    def _of(self, container: int, depth: int) -> list[Met]:
        known = self._whole.get(container)
        if known is not None:
            return known
        found = [one._replace(through=container) for one in self._own.get(container, ())]
        if depth < DEPTH:
            named = {one.event_id for one in found}
            for stay in self._stays.get(container, ()):
                found += [one for one in self.during(stay, depth + 1) if one.event_id not in named]
        found.sort(key=lambda one: one.at)
        self._whole[container] = found
        self._keys[container] = [one.at for one in found]
        return found


# What events say


@dataclass(frozen=True, slots=True)
class Told:
    """What an event says of where things go.

    Attributes:
        location, location_id: where.
        party, party_id: who has them afterwards, as it says, else whose the place is.
        destinations, sources: parties, URIs, each with its id; None: it has none.
    """

    id: int
    event_id: str
    type: str
    step: str | None
    disposition: str | None
    time: datetime
    location: str | None
    location_id: int | None
    party: str | None
    party_id: int | None
    destinations: tuple[tuple[str, int | None], ...] = ()
    sources: tuple[tuple[str, int | None], ...] = ()


_PLACE = func.coalesce(events.c.biz_location_id, events.c.read_point_id)
_TOLD = (
    select(
        events.c.id,
        events.c.event_id,
        events.c.type,
        events.c.biz_step,
        events.c.disposition,
        events.c.event_time,
        locations.c.uri,
        locations.c.id,
        parties.c.uri,
        parties.c.id,
    )
    .outerjoin(locations, locations.c.id == _PLACE)
    .outerjoin(parties, parties.c.id == func.coalesce(events.c.holder_id, locations.c.party_id))
)
_KINDS = ("possessing_party", "owning_party")
_NAMES = [f"{side}_{kind}" for side in ("destination", "source") for kind in _KINDS]


def told(conn: Connection, ids: Sequence[int]) -> Mapping[int, Told]:
    """Return what events say, by their ids in the books."""
    wanted = members(conn, sorted(ids)) if ids else None
    if wanted is None:
        return {}
    terms = (
        select(event_terms.c.event_id, event_terms.c.name, event_terms.c.value, parties.c.id)
        .outerjoin(parties, parties.c.uri == event_terms.c.value)
        .where(event_terms.c.event_id.in_(wanted), event_terms.c.name.in_(_NAMES))
        .order_by(event_terms.c.value)
    )
    sides: dict[tuple[int, str], dict[str, int | None]] = {}
    for event_id, name, uri, party_id in conn.execute(terms):
        sides.setdefault((event_id, name.partition("_")[0]), {})[uri] = party_id
    found = {}
    for row in conn.execute(_TOLD.where(events.c.id.in_(wanted))):
        to, source = (tuple(sides.get((row[0], side), {}).items()) for side in ("destination", "source"))
        found[int(row[0])] = Told(*row, to, source)  # type: ignore[call-arg]  # ten columns
    return found
