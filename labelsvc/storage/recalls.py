"""Recalls in the books, and which units each of them has called back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, case, exists, func, insert, literal, or_, select, update

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.pages import Page
from labelsvc.domain.recalls import Lift, MemberState, Recall, RecallState, Scope, scope_body, scope_of
from labelsvc.domain.units.standing import ENDED, RECALLED
from labelsvc.errors import NotFound
from labelsvc.storage.database import members
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import events, ranges, recall_units, recalls, units


@dataclass(frozen=True, slots=True)
class NewRecall:
    """What a recall begins with."""

    title: str
    reason: str
    drill: bool
    scope: Scope


def add(conn: Connection, call: Call, new: NewRecall) -> int:
    """Insert a recall; return its id."""
    key = conn.execute(
        insert(recalls).values(
            title=new.title,
            reason=new.reason,
            drill=new.drill,
            scope=scope_body(new.scope),
            state="drilling" if new.drill else "freezing",
            evidence={},
            opened_by_kind=call.actor.kind,
            opened_by=call.actor.id,
            opened_at=call.at,
        )
    ).inserted_primary_key
    assert key is not None  # one row was inserted
    return int(key[0])


def _recall(row: AnyRow) -> Recall:
    lift = None
    if row.lift_reason is not None:
        lift = Lift(row.lift_reason, row.lift_asked_by, row.lift_asked_at, row.lifted_by, row.lifted_at)
    opened_by = Actor(row.opened_by_kind, row.opened_by)
    return Recall(
        row.id,
        row.title,
        row.reason,
        row.drill,
        scope_of(row.scope),
        row.state,
        row.evidence,
        opened_by,
        row.opened_at,
        lift,
    )


def get(conn: Connection, recall_id: int, *, lock: bool = False) -> Recall:
    """Return a recall.

    Args:
        lock: nobody else moves it on before the transaction ends.

    Raises:
        NotFound: there is none.
    """
    query = select(recalls).where(recalls.c.id == recall_id)
    row = conn.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("recall_unknown", f"Expected the id of a recall, got {recall_id}.")
    return _recall(row)


def listing(conn: Connection, state: RecallState | None, window: tuple[int, int]) -> Page[Recall]:
    """Return recalls in the order they were opened, in one state where given."""
    query = select(recalls) if state is None else select(recalls).where(recalls.c.state == state)
    return page(conn, query, recalls.c.id, window, _recall)


def in_states(conn: Connection, states: Collection[RecallState]) -> list[int]:
    """Return the ids of the recalls that are in some states."""
    query = select(recalls.c.id).where(recalls.c.state.in_(sorted(states))).order_by(recalls.c.id)
    return list(conn.execute(query).scalars())


def set_values(conn: Connection, recall_id: int, **values: Any) -> None:
    """Change columns of a recall: state, evidence, those of its lifting."""
    conn.execute(update(recalls).where(recalls.c.id == recall_id).values(**values))


def newest(conn: Connection) -> tuple[int, int]:
    """Return what changes whenever units may have come into a scope: the latest event, and the latest range."""
    latest = [conn.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one() for table in (events, ranges)]
    return int(latest[0]), int(latest[1])


# Its units


@dataclass(frozen=True, slots=True)
class Member:
    """A unit of a recall.

    Attributes:
        last_at: when its latest event happened.
    """

    unit_id: int
    epc: str
    last_at: datetime | None


def add_units(conn: Connection, recall_id: int, found: Select[Any]) -> int:
    """Let units be of a recall that are not yet; return how many are new.

    Args:
        found: their ids.
    """
    listed = found.subquery()
    state = case((units.c.state.in_(sorted(ENDED)), "ended"), else_="listed")
    mine = select(recall_units.c.unit_id).where(recall_units.c.recall_id == recall_id)
    new = (
        select(literal(recall_id), units.c.id, state)
        .join(listed, listed.c[0] == units.c.id)
        .where(units.c.id.not_in(mine))
    )
    return conn.execute(insert(recall_units).from_select(["recall_id", "unit_id", "state"], new)).rowcount


def sort_out(conn: Connection, recall_id: int) -> int:
    """Say anew which units are to be called back; return how many changed.

    One that ended cannot be; one whose end was declared wrong can; so can one that is not called back any more, because
    somebody declared the event to be wrong by which it was.
    """
    mine = recall_units.c.recall_id == recall_id
    over = select(units.c.id).where(units.c.id == recall_units.c.unit_id, units.c.state.in_(sorted(ENDED)))
    changed = 0
    for state, now, which in (
        ("listed", "ended", exists(over)),
        ("ended", "listed", ~exists(over)),
        ("called", "listed", ~exists(over) & ~_stands_recalled()),
    ):
        its = (mine, recall_units.c.state == state, which)
        if conn.execute(select(recall_units.c.unit_id).where(*its).limit(1)).one_or_none() is not None:
            changed += conn.execute(update(recall_units).where(*its).values(state=now)).rowcount
    return changed


def needs_sorting(conn: Connection, recall_id: int) -> bool:
    """Whether `sort_out` would change something."""
    over = select(units.c.id).where(units.c.id == recall_units.c.unit_id, units.c.state.in_(sorted(ENDED)))
    which = or_(
        (recall_units.c.state == "listed") & exists(over),
        (recall_units.c.state == "ended") & ~exists(over),
        (recall_units.c.state == "called") & ~exists(over) & ~_stands_recalled(),
    )
    query = select(recall_units.c.unit_id).where(recall_units.c.recall_id == recall_id, which)
    return conn.execute(query.limit(1)).one_or_none() is not None


def _stands_recalled() -> Any:
    stands = select(units.c.id).where(units.c.id == recall_units.c.unit_id, units.c.dispositions.contains(RECALLED))
    return exists(stands)


def to_call(conn: Connection, recall_id: int, limit: int) -> list[Member]:
    """Return units that are to be called back: they have begun, and have not ended."""
    can = units.c.state.not_in([*sorted(ENDED), "unknown"])
    return _members(conn, recall_id, "listed", can, limit)


def called(conn: Connection, recall_id: int, limit: int) -> list[Member]:
    """Return units that are called back by a recall."""
    return _members(conn, recall_id, "called", None, limit)


def _members(conn: Connection, recall_id: int, state: MemberState, which: Any, limit: int) -> list[Member]:
    its = [recall_units.c.recall_id == recall_id, recall_units.c.state == state, *([] if which is None else [which])]
    query = (
        select(units.c.id, units.c.epc, units.c.last_at)
        .join_from(recall_units, units, units.c.id == recall_units.c.unit_id)
        .where(*its)
        .order_by(recall_units.c.unit_id)
        .limit(limit)
    )
    return [Member(*row) for row in conn.execute(query)]


def ended_among(conn: Connection, ids: Sequence[int]) -> set[int]:
    """Return which of some units have ended."""
    its = (units.c.id.in_(members(conn, ids)), units.c.state.in_(sorted(ENDED)))
    return set(conn.execute(select(units.c.id).where(*its)).scalars())


def held_by_others(conn: Connection, recall_id: int, ids: Sequence[int]) -> set[int]:
    """Return which of some units another recall calls back, too."""
    query = select(recall_units.c.unit_id).join(recalls, recalls.c.id == recall_units.c.recall_id)
    its = (recall_units.c.unit_id.in_(members(conn, ids)), recall_units.c.state == "called")
    other = (recalls.c.id != recall_id, recalls.c.state.in_(("freezing", "open")))
    return set(conn.execute(query.where(*its, *other)).scalars())


def mark(conn: Connection, recall_id: int, ids: Sequence[int], state: MemberState, **by: int) -> None:
    """Say how units of a recall are from now on.

    Args:
        by: `event_id` or `lift_event_id`.
    """
    if ids:
        its = (recall_units.c.recall_id == recall_id, recall_units.c.unit_id.in_(members(conn, ids)))
        conn.execute(update(recall_units).where(*its).values(state=state, **by))


def counts(conn: Connection, recall_id: int) -> Mapping[str, int]:
    """Return how many units of a recall are in each state."""
    query = select(recall_units.c.state, func.count()).where(recall_units.c.recall_id == recall_id)
    return {state: int(count) for state, count in conn.execute(query.group_by(recall_units.c.state))}


def ids_after(conn: Connection, recall_id: int, after: int, limit: int) -> list[int]:
    """Return the ids of a recall's units in ascending order, from a cursor on."""
    its = (recall_units.c.recall_id == recall_id, recall_units.c.unit_id > after)
    return list(
        conn.execute(select(recall_units.c.unit_id).where(*its).order_by(recall_units.c.unit_id).limit(limit)).scalars()
    )
