"""Overrides in the books: who asked that which units pass the gate of their lot, and who said so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, Select, insert, select, update

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.pages import Page
from labelsvc.domain.units.testing import Override, OverrideState
from labelsvc.errors import NotFound
from labelsvc.storage.database import members
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import gate_override_units, gate_overrides, units


def add(conn: Connection, call: Call, lot_id: int | None, unit_ids: Sequence[int], reason: str) -> int:
    """Write an override that somebody asks for; return its id."""
    asked = {"asked_kind": call.actor.kind, "asked_id": call.actor.id, "asked_at": call.at}
    values = {"lot_id": lot_id, "state": "asked", "reason": reason, **asked}
    key = conn.execute(insert(gate_overrides).values(values)).inserted_primary_key
    assert key is not None  # one row was inserted
    if unit_ids:
        conn.execute(
            insert(gate_override_units), [{"override_id": key[0], "unit_id": each} for each in sorted(unit_ids)]
        )
    return int(key[0])


def get(conn: Connection, override_id: int, *, lock: bool = False) -> Override:
    """Return an override.

    Args:
        lock: keep others from deciding on it until this transaction ends.

    Raises:
        NotFound: there is none.
    """
    query = select(gate_overrides).where(gate_overrides.c.id == override_id)
    row = conn.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("override_unknown", f"Expected the id of an override, got {override_id}.")
    return _override(row, _epcs(conn, [row.id]).get(row.id, ()))


def unit_ids(conn: Connection, override_id: int) -> tuple[int, ...]:
    """Return the ids of the units that an override names."""
    its = gate_override_units.c.override_id == override_id
    return tuple(conn.execute(select(gate_override_units.c.unit_id).where(its)).scalars())


def decide(conn: Connection, call: Call, override_id: int, state: OverrideState, why: str | None = None) -> None:
    """Write that somebody approved or refused."""
    who = {"decided_kind": call.actor.kind, "decided_id": call.actor.id, "decided_at": call.at}
    values = {"state": state, "decision": why, **who}
    conn.execute(update(gate_overrides).where(gate_overrides.c.id == override_id).values(values))


def listing(
    conn: Connection, state: OverrideState | None, lot_id: int | None, unit_id: int | None, window: tuple[int, int]
) -> Page[Override]:
    """Return overrides in the order they were asked for: in a state, of a lot as a whole, or that name a unit."""
    query = select(gate_overrides)
    if state is not None:
        query = query.where(gate_overrides.c.state == state)
    if lot_id is not None:
        query = query.where(gate_overrides.c.lot_id == lot_id)
    if unit_id is not None:
        query = query.where(gate_overrides.c.id.in_(_naming(unit_id)))
    found = page(conn, query, gate_overrides.c.id, window, lambda row: row)
    named = _epcs(conn, [row.id for row in found.items])
    return Page(tuple(_override(row, named.get(row.id, ())) for row in found.items), found.next)


def of_unit(conn: Connection, unit_id: int, lot_id: int | None, limit: int) -> tuple[Override, ...]:
    """Return the overrides that are for a unit, by name or with its whole lot, in the order they were asked for.

    `units` of each is empty: who asks knows the unit.
    """
    is_for = gate_overrides.c.id.in_(_naming(unit_id)) | (gate_overrides.c.lot_id == lot_id)
    rows = conn.execute(select(gate_overrides).where(is_for).order_by(gate_overrides.c.id).limit(limit))
    return tuple(_override(row, ()) for row in rows)


def approved_units(conn: Connection, ids: Sequence[int]) -> frozenset[int]:
    """Return which of some units an approved override names."""
    if not ids:
        return frozenset()
    query = select(gate_override_units.c.unit_id).join(
        gate_overrides, gate_overrides.c.id == gate_override_units.c.override_id
    )
    named = (gate_override_units.c.unit_id.in_(members(conn, ids)), gate_overrides.c.state == "approved")
    return frozenset(conn.execute(query.where(*named)).scalars())


def approved_lots(conn: Connection, ids: Iterable[int]) -> Mapping[int, AnyRow]:
    """Return the latest approved override of each of some lots as a whole, of those that have one."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    its = (gate_overrides.c.lot_id.in_(members(conn, wanted)), gate_overrides.c.state == "approved")
    rows = conn.execute(select(gate_overrides).where(*its).order_by(gate_overrides.c.decided_at, gate_overrides.c.id))
    return {row.lot_id: row for row in rows}


def _naming(unit_id: int) -> Select[tuple[int]]:
    return select(gate_override_units.c.override_id).where(gate_override_units.c.unit_id == unit_id)


def _epcs(conn: Connection, ids: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    if not ids:
        return {}
    query = select(gate_override_units.c.override_id, units.c.epc).join(
        units, units.c.id == gate_override_units.c.unit_id
    )
    rows = conn.execute(query.where(gate_override_units.c.override_id.in_(members(conn, ids))).order_by(units.c.id))
    found: dict[int, list[str]] = {}
    for override_id, epc in rows:
        found.setdefault(override_id, []).append(epc)
    return {override_id: tuple(epcs) for override_id, epcs in found.items()}


def _override(row: AnyRow, epcs: tuple[str, ...]) -> Override:
    return Override(
        id=row.id,
        lot_id=row.lot_id,
        units=epcs,
        state=row.state,
        reason=row.reason,
        asked_by=Actor(row.asked_kind, row.asked_id),
        asked_at=row.asked_at,
        decided_by=None if row.decided_id is None else Actor(row.decided_kind, row.decided_id),
        decided_at=row.decided_at,
        decision=row.decision,
    )
