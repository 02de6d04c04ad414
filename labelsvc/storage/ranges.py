"""Pools and ranges: where numbers come from, and who has which."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, case, insert, literal, select, update

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.ranges import Range, RangeKind
from labelsvc.errors import Conflict
from labelsvc.storage import installation
from labelsvc.storage.database import insert_new
from labelsvc.storage.pages import AnyRow
from labelsvc.storage.tables import pools, ranges


@dataclass(frozen=True, slots=True)
class Grant:
    """What a grant is for.

    Attributes:
        lot: id and revision, where there is a lot.
    """

    count: int
    kind: RangeKind = "issued"
    lot: tuple[int, int] | None = None


def pool_of(conn: Connection, call: Call, scheme_id: int, scope: str, capacity: int) -> int:
    """Return the id of the counter of one scheme and scope; make it where there is none.

    After a backup was restored its first numbers may have been issued by a pool that is not in the books: they are
    lost.
    """
    key = {"scheme_id": scheme_id, "scope": scope}
    made = insert_new(conn, pools, {**key, "next": 0, "capacity": capacity})
    if made is not None:
        lost = min(installation.skipped(conn), capacity)
        if lost:
            take(conn, call, int(made[0]), Grant(lost, "lost"))
        return int(made[0])
    return int(
        conn.execute(select(pools.c.id).where(pools.c.scheme_id == scheme_id, pools.c.scope == scope)).scalar_one()
    )


def take(conn: Connection, call: Call, pool_id: int, grant: Grant) -> Range:
    """Grant the next numbers of a pool: one update that no two can win for the same numbers, and one row.

    Raises:
        Conflict: the pool holds fewer; `available` says how many, and nothing is taken.
    """
    end = conn.execute(
        update(pools)
        .where(pools.c.id == pool_id, pools.c.next <= pools.c.capacity - grant.count)
        .values(next=pools.c.next + grant.count)
        .returning(pools.c.next)
    ).scalar_one_or_none()
    if end is None:
        left = conn.execute(select(pools.c.capacity - pools.c.next).where(pools.c.id == pool_id)).scalar_one()
        raise Conflict(
            "capacity_exceeded", f"Expected at most {left} (all that is left), got {grant.count}.", available=int(left)
        )
    lot_id, lot_revision = grant.lot or (None, None)
    values = {
        "pool_id": pool_id,
        "first": end - grant.count,
        "count": grant.count,
        "kind": grant.kind,
        "lot_id": lot_id,
        "lot_revision": lot_revision,
        "actor_kind": call.actor.kind,
        "actor_id": call.actor.id,
        "request_key": call.key,
        "created_at": call.at,
    }
    key = conn.execute(insert(ranges).values(values)).inserted_primary_key
    assert key is not None  # one row was inserted
    return Range(
        int(key[0]),
        pool_id,
        end - grant.count,
        grant.count,
        grant.kind,
        lot_id,
        lot_revision,
        call.actor,
        call.key,
        call.at,
    )


def _range(row: AnyRow) -> Range:
    return Range(
        row.id,
        row.pool_id,
        row.first,
        row._mapping["count"],  # a row is a tuple, which has a method of this name
        row.kind,
        row.lot_id,
        row.lot_revision,
        Actor(row.actor_kind, row.actor_id),
        row.request_key,
        row.created_at,
    )


def holding(conn: Connection, scheme_id: int, scope: str, ordinal: int) -> Range | None:
    """Return the range that an ordinal of a pool was granted in; None: it was never granted."""
    row = conn.execute(
        select(ranges)
        .join(pools, pools.c.id == ranges.c.pool_id)
        .where(pools.c.scheme_id == scheme_id, pools.c.scope == scope, ranges.c.first <= ordinal)
        .order_by(ranges.c.first.desc())
        .limit(1)
    ).one_or_none()
    found = _range(row) if row else None
    return found if found and ordinal <= found.last else None


def has_pool(conn: Connection, scheme_id: int, scope: str) -> bool:
    """Whether a scheme and scope have a counter."""
    key = (pools.c.scheme_id == scheme_id, pools.c.scope == scope)
    return conn.execute(select(pools.c.id).where(*key)).one_or_none() is not None


def lose(conn: Connection, call: Call, count: int) -> int:
    """Grant the next numbers of every pool to nobody, so many or all that are left; return of how many pools."""
    left = pools.c.capacity - pools.c.next
    lost = case((left < count, left), else_=count)
    names = ("pool_id", "first", "count", "kind", "actor_kind", "actor_id", "created_at")
    said = (
        literal("lost"),
        literal(call.actor.kind),
        literal(call.actor.id),
        literal(call.at, ranges.c.created_at.type),
    )
    rows = select(pools.c.id, pools.c.next, lost, *said).where(left > 0)
    conn.execute(insert(ranges).from_select(names, rows))
    return int(conn.execute(update(pools).where(left > 0).values(next=pools.c.next + lost)).rowcount)


def lock(conn: Connection, range_id: int) -> None:
    """Keep others from changing what is known of a range's numbers until this transaction ends."""
    # Not so strong that a delivery, whose outcomes refer to the range, would have to wait.
    conn.execute(select(ranges.c.id).where(ranges.c.id == range_id).with_for_update(key_share=True))
