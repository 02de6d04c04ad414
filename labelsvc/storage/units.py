"""Units in the books: who each is, how it stands, and the events it was in, moved on by the set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Text,
    and_,
    bindparam,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)

from labelsvc.domain.units.standing import ENDED, Standing
from labelsvc.storage import places
from labelsvc.storage.database import among, as_numbers, gathered, insert_new_from, members, table_of
from labelsvc.storage.pages import AnyRow
from labelsvc.storage.tables import events, locations, parties, unit_events, units

EPC_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a unit is in our own books; all None: another made it."""

    product_id: int | None = None
    lot_id: int | None = None
    range_id: int | None = None
    ordinal: int | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A standing as the books keep it: ids for what has a row. Equal ones move alike, so they are moved at once."""

    state: str
    since: datetime | None
    dispositions: str
    quality: str | None
    location_id: int | None
    parent_id: int | None
    bond: str | None
    holder_id: int | None
    lot: str | None
    expiry: date | None


@dataclass(frozen=True, slots=True)
class Known:
    """A unit that was found.

    Attributes:
        last: time and hash of its latest event; None: it was in none.
    """

    id: int
    epc: str
    product_id: int | None
    lot_id: int | None
    range_id: int | None
    kept: Kept
    last: tuple[datetime, str] | None


_KEPT = tuple(units.c[name] for name in Kept.__slots__)
_COLUMNS = (units.c.id, units.c.epc, units.c.product_id, units.c.lot_id, units.c.range_id)
UNKNOWN = Kept("unknown", None, "", None, None, None, None, None, None, None)


def find(conn: Connection, epcs: Sequence[str], *, hold: bool = False) -> list[Known]:
    """Return the units with these EPCs that have a row, in the order of their ids.

    Args:
        hold: nobody else moves them before the transaction ends.
    """
    query = select(*_COLUMNS, *_KEPT, units.c.last_at, units.c.last_hash).where(among(conn, units.c.epc, epcs))
    query = query.order_by(units.c.id)
    return [_known(row) for row in conn.execute(query.with_for_update() if hold else query)]


#: Made once, for it is asked most of all: a unit, with the names of where it is, who has it and what it is inside.
_AROUND = units.alias()
_ONE = (
    select(
        *_COLUMNS,
        *_KEPT,
        units.c.last_at,
        units.c.last_hash,
        locations.c.uri.label("location"),
        parties.c.uri.label("holder"),
        _AROUND.c.epc.label("parent"),
    )
    .outerjoin(locations, locations.c.id == units.c.location_id)
    .outerjoin(parties, parties.c.id == units.c.holder_id)
    .outerjoin(_AROUND, _AROUND.c.id == units.c.parent_id)
    .where(units.c.epc == bindparam("epc"))
)


def one(conn: Connection, epc: str) -> tuple[Known, Standing] | None:
    """Return a unit with how it stands by its own events; None: no event ever named it."""
    row = conn.execute(_ONE, {"epc": epc}).one_or_none()
    if row is None:
        return None
    known = _known(row)
    return known, _standing(known.kept, row.location, row.parent, row.holder)


@dataclass(frozen=True, slots=True)
class Alike:
    """Units that stand alike, after the same event: whatever happens to them next happens to all of them alike.

    Attributes:
        last: time and hash of their latest event; None: they were in none.
    """

    ids: Sequence[int]
    product_id: int | None
    range_id: int | None
    kept: Kept
    last: tuple[datetime, str] | None


def alike(conn: Connection, epcs: Sequence[str]) -> list[Alike]:
    """Return the units with these EPCs that have a row, those together that stand alike.

    Nobody else moves them before the transaction ends.
    """
    return _alike(conn, among(conn, units.c.epc, epcs))


def alike_inside(conn: Connection, parent_id: int) -> list[Alike]:
    """Return what is inside a unit now by its own word, those together that stand alike; held as `alike` does."""
    return _alike(conn, units.c.parent_id == parent_id)


def _alike(conn: Connection, which: ColumnElement[bool]) -> list[Alike]:
    columns = (units.c.id, units.c.product_id, units.c.range_id, *_KEPT, units.c.last_at, units.c.last_hash)
    held = select(*columns).where(which).order_by(units.c.id).with_for_update().subquery()
    how = [held.c[column.name] for column in columns[1:]]
    rows = conn.execute(select(gathered(conn, held.c.id), *how).group_by(*how))
    return [_together(row) for row in rows]


def _together(row: AnyRow) -> Alike:
    ids, product_id, range_id, *how = row
    *kept, last_at, last_hash = how
    return Alike(as_numbers(ids), product_id, range_id, Kept(*kept), None if last_at is None else (last_at, last_hash))


def missing(conn: Connection, epcs: Sequence[str]) -> list[str]:
    """Return those of some EPCs that have no row."""
    asked = members(conn, epcs).subquery()
    known = select(units.c.id).where(units.c.epc == asked.c[0]).exists()
    return list(conn.execute(select(asked.c[0]).where(~known)).scalars())


def by_id(conn: Connection, ids: Sequence[int]) -> list[Known]:
    """Return units by their ids, in their order, held until the transaction ends."""
    query = select(*_COLUMNS, *_KEPT, units.c.last_at, units.c.last_hash).where(among(conn, units.c.id, ids))
    return [_known(row) for row in conn.execute(query.order_by(units.c.id).with_for_update())]


def peek(conn: Connection, unit_id: int) -> Known:
    """Return a unit by its id, as it is now."""
    query = select(*_COLUMNS, *_KEPT, units.c.last_at, units.c.last_hash).where(units.c.id == unit_id)
    return _known(conn.execute(query).one())


def _known(row: AnyRow) -> Known:
    last = None if row.last_at is None else (row.last_at, row.last_hash)
    return Known(row[0], row[1], row[2], row[3], row[4], Kept(*row[5:15]), last)


def add(conn: Connection, who: Mapping[str, Identity]) -> None:
    """Give EPCs rows that have none; of two transactions that do so the second finds the first's."""
    rows = [(epc, one.product_id, one.lot_id, one.range_id, one.ordinal) for epc, one in sorted(who.items())]
    columns: Mapping[str, type[Text | BigInteger]] = {"epc": Text, **dict.fromkeys(_OF_IDENTITY, BigInteger)}
    listed = table_of(conn, columns, rows)
    new = select(*listed.c, literal("unknown"), literal("")).where(listed.c.epc.not_in(select(units.c.epc)))
    insert_new_from(conn, units, ["epc", *_OF_IDENTITY, "state", "dispositions"], new)


_OF_IDENTITY = ("product_id", "lot_id", "range_id", "ordinal")


def standing_of(conn: Connection, kept: Sequence[Kept]) -> list[Standing]:
    """Return standings in the words of the rules."""
    located = places.location_uris(conn, [one.location_id for one in kept])
    held = places.party_uris(conn, [one.holder_id for one in kept])
    parents = epcs_of(conn, [one.parent_id for one in kept])
    return [
        _standing(one, located.get(one.location_id or 0), parents.get(one.parent_id or 0), held.get(one.holder_id or 0))
        for one in kept
    ]


def _standing(kept: Kept, location: str | None, parent: str | None, holder: str | None) -> Standing:
    return Standing(
        kept.state,  # type: ignore[arg-type]  # only states are ever written
        kept.since,
        tuple(kept.dispositions.split()),
        kept.quality,  # type: ignore[arg-type]  # as above
        location,
        parent,
        kept.bond,  # type: ignore[arg-type]  # as above
        holder,
        kept.lot,
        kept.expiry,
    )


def kept_of(conn: Connection, standings: Sequence[Standing], at: datetime) -> list[Kept]:
    """Return standings as the books keep them."""
    located = places.location_ids(conn, [one.location for one in standings], at)
    held = places.party_ids(conn, [one.holder for one in standings], at)
    parents = ids_of(conn, [one.parent for one in standings])
    return [
        Kept(
            one.state,
            one.since,
            " ".join(word for word in one.dispositions if ":" not in word),
            one.quality,
            located.get(one.location or ""),
            parents.get(one.parent or ""),
            one.bond,
            held.get(one.holder or ""),
            one.lot,
            one.expiry,
        )
        for one in standings
    ]


def epcs_of(conn: Connection, ids: Iterable[int | None]) -> Mapping[int, str]:
    """Return EPCs by the ids of their units."""
    wanted = sorted({each for each in ids if each is not None})
    if not wanted:
        return {}
    rows = conn.execute(select(units.c.id, units.c.epc).where(among(conn, units.c.id, wanted)))
    return {int(unit_id): epc for unit_id, epc in rows}


def ids_of(conn: Connection, epcs: Iterable[str | None]) -> Mapping[str, int]:
    """Return the ids of units by their EPCs."""
    wanted = sorted({each for each in epcs if each is not None})
    if not wanted:
        return {}
    rows = conn.execute(select(units.c.epc, units.c.id).where(among(conn, units.c.epc, wanted)))
    return {epc: int(unit_id) for epc, unit_id in rows}


@dataclass(frozen=True, slots=True)
class Moved:
    """Units that stand alike after one event.

    Attributes:
        finding: the rule that it broke for them, so that they stand as before.
    """

    ids: Sequence[int]
    role: str
    kept: Kept
    finding: str | None


def move(conn: Connection, event_id: int, key: tuple[datetime, str], moved: Moved) -> None:
    """Write how units stand after an event that is their latest."""
    whose = members(conn, moved.ids)
    values = {name: getattr(moved.kept, name) for name in Kept.__slots__}
    conn.execute(update(units).where(units.c.id.in_(whose)).values(**values, last_at=key[0], last_hash=key[1]))
    record(conn, event_id, key[0], moved)


def record(conn: Connection, event_id: int, at: datetime, moved: Moved) -> None:
    """Write that units were in an event, and how they stood after it."""
    listed = members(conn, moved.ids).subquery()
    kept = moved.kept
    said = {
        "event_id": event_id,
        "role": moved.role,
        "at": at,
        "state": kept.state,
        "dispositions": kept.dispositions,
        "location_id": kept.location_id,
        "parent_id": kept.parent_id,
        "holder_id": kept.holder_id,
        "finding": moved.finding,
    }
    columns = [null() if value is None else literal(value, unit_events.c[name].type) for name, value in said.items()]
    rows = select(listed.c[0], *columns)
    conn.execute(insert(unit_events).from_select(["unit_id", *said], rows))


def living(conn: Connection, range_id: int, spans: Sequence[tuple[int, int]], limit: int) -> list[str]:
    """Return the EPCs of units with these numbers that have begun and not ended."""
    begun = (units.c.range_id == range_id, units.c.state.not_in([*ENDED, "unknown"]))
    found: list[str] = []
    for first, last in spans:
        query = select(units.c.epc).where(*begun, units.c.ordinal.between(first, last)).order_by(units.c.ordinal)
        found += conn.execute(query.limit(limit - len(found))).scalars()
        if len(found) >= limit:
            break
    return found


def all_inside(conn: Connection, epc: str, limit: int) -> list[str]:
    """Return the EPCs of what is inside a unit now, and inside that, however deep."""
    found: list[str] = []
    level = list(ids_of(conn, [epc]).values())
    for _ in range(_DEPTH):
        query = select(units.c.id, units.c.epc).where(units.c.parent_id.in_(members(conn, level)))
        rows = conn.execute(query.order_by(units.c.id).limit(limit)).all() if level else []
        level = [row.id for row in rows]
        found += [row.epc for row in rows]
    return found[:limit]


#: How deep things lie in each other at most.
_DEPTH = 8


def once_inside(conn: Connection, parents: Sequence[int], after: datetime) -> list[int]:
    """Return what was ever inside one of these and was in an event at or after a moment."""
    was = unit_events.c.parent_id.in_(members(conn, parents))
    query = select(unit_events.c.unit_id).join(units, units.c.id == unit_events.c.unit_id)
    return sorted(conn.execute(query.where(was, units.c.last_at >= after).distinct()).scalars())


def parents_among(conn: Connection, ids: Sequence[int]) -> Mapping[int, set[int]]:
    """Return which of some units each of them is said to have been put into, or taken out of."""
    its = (unit_events.c.unit_id.in_(members(conn, ids)), unit_events.c.role == "child")
    query = select(unit_events.c.unit_id, events.c.parent_id).join(events, events.c.id == unit_events.c.event_id)
    rows = conn.execute(query.where(*its, events.c.parent_id.in_(members(conn, ids))).distinct())
    found: dict[int, set[int]] = {}
    for unit_id, parent_id in rows:
        found.setdefault(int(unit_id), set()).add(int(parent_id))
    return found


def stood_before(conn: Connection, unit_id: int, key: tuple[datetime, str]) -> Kept | None:
    """Return how a unit stood just before a moment: state, dispositions, place, holder, parent; None: unheard of."""
    earlier = or_(unit_events.c.at < key[0], and_(unit_events.c.at == key[0], events.c.hash < key[1]))
    query = (
        select(unit_events)
        .join(events, events.c.id == unit_events.c.event_id)
        .where(unit_events.c.unit_id == unit_id, earlier)
        .order_by(unit_events.c.at.desc(), events.c.hash.desc(), unit_events.c.role.desc())
        .limit(1)
    )
    row = conn.execute(query).one_or_none()
    if row is None:
        return None
    return Kept(
        row.state, None, row.dispositions, None, row.location_id, row.parent_id, None, row.holder_id, None, None
    )
