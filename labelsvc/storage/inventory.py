"""What is where: units grouped by how they stand, now and at any time in the past, by the set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    case,
    func,
    insert,
    null,
    or_,
    select,
    update,
)

from labelsvc.domain.actors import Call
from labelsvc.domain.units.standing import ON_HAND
from labelsvc.storage.database import insert_new, members
from labelsvc.storage.pages import AnyRow
from labelsvc.storage.tables import (
    cycle_count_differences,
    cycle_counts,
    events,
    locations,
    lots,
    product_categories,
    products,
    unit_events,
    units,
)

#: How deep things lie in each other at most.
_DEPTH = 8
_LOGISTIC = "https://id.gs1.org/00/%"
#: Canonical EPCs of trade items begin with so many characters that say which.
_CLASS = len("https://id.gs1.org/01/") + 14


@dataclass(frozen=True, slots=True)
class Sought:
    """Which units: each None means any. `category`: of the product."""

    product_id: int | None = None
    lot_id: int | None = None
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Units that stand alike by their own events.

    Attributes:
        trade_item: what their EPCs begin with, of those that others made.
        parent_id: what they are inside, which says where they are.
    """

    product_id: int | None
    trade_item: str | None
    lot: str | None
    expiry: date | None
    state: str
    dispositions: str
    location_id: int | None
    parent_id: int | None
    count: int


@dataclass(frozen=True, slots=True)
class Place:
    """How a container stands by its own events."""

    state: str
    dispositions: str
    location_id: int | None
    parent_id: int | None


_TRADE_ITEM = case((units.c.product_id.is_(None), func.substr(units.c.epc, 1, _CLASS)), else_=null())
_WHAT = (units.c.product_id, _TRADE_ITEM, units.c.lot, units.c.expiry)


def groups(conn: Connection, sought: Sought, at: datetime | None = None) -> list[Group]:
    """Return units that have begun, grouped by how they stand.

    Args:
        at: as they stood then, by all that is known today; None: now.
    """
    if at is None:
        query = select(*_WHAT, *_how(units), func.count()).where(*_are(sought), units.c.state != "unknown")
        return [_group(row) for row in conn.execute(query.group_by(*_WHAT, *_how(units)))]
    then = _latest(at).subquery()
    query = select(*_WHAT, *_how(then), func.count()).join(then, then.c.unit_id == units.c.id)
    rows = conn.execute(query.where(*_are(sought), then.c.state != "unknown").group_by(*_WHAT, *_how(then)))
    return [_group(row) for row in rows]


def _group(row: AnyRow) -> Group:
    return Group(*tuple(row))


def _how(table: FromClause) -> tuple[ColumnElement[Any], ...]:
    return tuple(table.c[name] for name in ("state", "dispositions", "location_id", "parent_id"))


def _are(sought: Sought) -> Iterator[ColumnElement[bool]]:
    yield units.c.epc.not_like(_LOGISTIC)
    if sought.product_id is not None:
        yield units.c.product_id == sought.product_id
    if sought.lot_id is not None:
        yield units.c.lot_id == sought.lot_id
    if sought.category is not None:
        its = select(product_categories.c.product_id).where(product_categories.c.category == sought.category)
        yield units.c.product_id.in_(its)


def _latest(at: datetime) -> Select[tuple[object, ...]]:
    """Select how each unit stood after its latest event up to a moment."""
    turn = func.row_number().over(
        partition_by=unit_events.c.unit_id,
        order_by=(unit_events.c.at.desc(), events.c.hash.desc(), unit_events.c.role.desc()),
    )
    ranked = (
        select(unit_events, turn.label("turn"))
        .join(events, events.c.id == unit_events.c.event_id)
        .where(unit_events.c.at <= at)
        .subquery()
    )
    return select(ranked).where(ranked.c.turn == 1)


def around(conn: Connection, parents: Iterable[int | None], at: datetime | None = None) -> Mapping[int, Place]:
    """Return how containers stand, and what those are inside, however deep."""
    found: dict[int, Place] = {}
    level = sorted({each for each in parents if each is not None})
    for _ in range(_DEPTH):
        if not level:
            break
        found |= dict(_places(conn, level, at))
        level = sorted({place.parent_id for place in found.values() if place.parent_id} - found.keys())
    return found


def _places(conn: Connection, ids: Sequence[int], at: datetime | None) -> Iterator[tuple[int, Place]]:
    if at is None:
        rows = conn.execute(select(units.c.id, *_how(units)).where(units.c.id.in_(members(conn, ids))))
    else:
        then = _latest(at).subquery()
        rows = conn.execute(select(then.c.unit_id, *_how(then)).where(then.c.unit_id.in_(members(conn, ids))))
    return ((int(row[0]), Place(*row[1:])) for row in rows)


@dataclass(frozen=True, slots=True)
class OnHand:
    """A unit that may lie in stock, by its own events, before one looks at what it is inside."""

    id: int
    epc: str
    lot: str | None
    expiry: date | None
    state: str
    dispositions: str
    quality: str | None
    location_id: int | None
    parent_id: int | None


#: What expires first comes first, what never does last.
_FIRST_EXPIRED = (units.c.expiry.is_(None), units.c.expiry, units.c.since, units.c.id)
_ON_HAND = (
    units.c.id,
    units.c.epc,
    units.c.lot,
    units.c.expiry,
    units.c.state,
    units.c.dispositions,
    units.c.quality,
    units.c.location_id,
    units.c.parent_id,
)


def first_expired(conn: Connection, sought: Sought, day: date, offset: int, limit: int) -> list[OnHand]:
    """Return units that are not expired and may lie in stock, those that expire first in front."""
    good = or_(units.c.expiry.is_(None), units.c.expiry >= day)
    there = or_(units.c.state.in_(ON_HAND), units.c.parent_id.is_not(None))
    query = select(*_ON_HAND).where(*_are(sought), good, there, units.c.dispositions == "")
    rows = conn.execute(query.order_by(*_FIRST_EXPIRED).offset(offset).limit(limit))
    return [OnHand(*row) for row in rows]


def at_location(conn: Connection, sought: Sought, location_ids: Sequence[int], limit: int) -> list[OnHand]:
    """Return units that may be at locations: by their own word, or inside something."""
    there = or_(units.c.location_id.in_(location_ids), units.c.parent_id.is_not(None))
    query = select(*_ON_HAND).where(*_are(sought), there, units.c.state != "unknown")
    return [OnHand(*row) for row in conn.execute(query.order_by(units.c.id).limit(limit))]


def names(conn: Connection, product_ids: Iterable[int | None]) -> Mapping[int, tuple[str, str, str | None]]:
    """Return code, name and category of products."""
    wanted = sorted({each for each in product_ids if each is not None})
    if not wanted:
        return {}
    query = select(products.c.id, products.c.code, products.c.name, product_categories.c.category)
    query = query.outerjoin(product_categories, product_categories.c.product_id == products.c.id)
    rows = conn.execute(query.where(products.c.id.in_(members(conn, wanted))))
    return {int(row[0]): (row[1], row[2], row[3]) for row in rows}


def set_category(conn: Connection, product_id: int, category: str) -> None:
    """Say what a product is sorted under."""
    if not insert_new(conn, product_categories, {"product_id": product_id, "category": category}):
        its = product_categories.c.product_id == product_id
        conn.execute(update(product_categories).where(its).values(category=category))


def location_id(conn: Connection, uri: str) -> int | None:
    """Return the id of a location that something ever named."""
    found = conn.execute(select(locations.c.id).where(locations.c.uri == uri)).scalar_one_or_none()
    return None if found is None else int(found)


def lot_product(conn: Connection, lot_id: int) -> int | None:
    """Return the product of a lot."""
    found = conn.execute(select(lots.c.product_id).where(lots.c.id == lot_id)).scalar_one_or_none()
    return None if found is None else int(found)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a count of a location came to."""

    location_id: int
    product_id: int | None
    event_id: int | None
    expected: int
    seen: int


def add_count(conn: Connection, call: Call, counted: Counted, missing: Sequence[int], surplus: Sequence[int]) -> int:
    """Write down a count with its differences, ids of units; return its id."""
    said = {name: getattr(counted, name) for name in Counted.__slots__}
    who = {"actor_kind": call.actor.kind, "actor_id": call.actor.id, "at": call.at}
    key = conn.execute(insert(cycle_counts).values(**said, **who)).inserted_primary_key
    assert key is not None  # one row was inserted
    rows = [
        {"count_id": int(key[0]), "unit_id": unit_id, "kind": kind}
        for kind, ids in (("missing", missing), ("surplus", surplus))
        for unit_id in ids
    ]
    if rows:
        conn.execute(insert(cycle_count_differences), rows)
    return int(key[0])


def get_count(conn: Connection, count_id: int) -> AnyRow | None:
    """Return a count."""
    query = select(cycle_counts, locations.c.uri).join(locations, locations.c.id == cycle_counts.c.location_id)
    return conn.execute(query.where(cycle_counts.c.id == count_id)).one_or_none()


def differences(conn: Connection, count_id: int, after: int, limit: int) -> list[tuple[int, str, str]]:
    """Return (unit id, EPC, kind) of what differed in a count."""
    its = and_(cycle_count_differences.c.count_id == count_id, cycle_count_differences.c.unit_id > after)
    query = select(cycle_count_differences.c.unit_id, units.c.epc, cycle_count_differences.c.kind)
    query = query.join(units, units.c.id == cycle_count_differences.c.unit_id).where(its)
    rows = conn.execute(query.order_by(cycle_count_differences.c.unit_id).limit(limit))
    return [(int(unit_id), epc, kind) for unit_id, epc, kind in rows]
