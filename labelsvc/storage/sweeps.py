"""Sweeps in the books: what was said of a lot as a whole and has to be said of each of its units, some at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, or_, select, update

from labelsvc.domain.actors import Call
from labelsvc.domain.units.standing import ENDED
from labelsvc.errors import NotFound
from labelsvc.storage import units as unit_rows
from labelsvc.storage.tables import gate_overrides, lots, test_records, test_sweeps, units
from labelsvc.storage.units import Known


@dataclass(frozen=True, slots=True)
class Sweep:
    """What has to be said of the units of a lot whose id is above `after`: a report, or an override."""

    id: int
    lot_id: int
    report_id: int | None
    override_id: int | None
    after: int


def begin(conn: Connection, call: Call, lot_id: int, *, report: int | None = None, override: int | None = None) -> int:
    """Write that something has to be said of all units of a lot; return the sweep's id."""
    values = {"lot_id": lot_id, "report_id": report, "override_id": override, "after": 0, "created_at": call.at}
    key = conn.execute(insert(test_sweeps).values(values)).inserted_primary_key
    assert key is not None  # one row was inserted
    return int(key[0])


def hold(conn: Connection, sweep_id: int) -> Sweep | None:
    """Return a sweep that nobody else goes on with until this transaction ends; None: it is finished.

    Raises:
        NotFound: there is none.
    """
    row = conn.execute(select(test_sweeps).where(test_sweeps.c.id == sweep_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound("sweep_unknown", f"Expected the id of a sweep, got {sweep_id}.")
    return None if row.finished_at is not None else Sweep(row.id, row.lot_id, row.report_id, row.override_id, row.after)


def waiting(conn: Connection, limit: int) -> tuple[int, ...]:
    """Return the ids of sweeps that are not finished, in the order they were begun."""
    query = select(test_sweeps.c.id).where(test_sweeps.c.finished_at.is_(None)).order_by(test_sweeps.c.id)
    return tuple(conn.execute(query.limit(limit)).scalars())


def go_on(conn: Connection, call: Call, sweep: Sweep, done: Sequence[Known], at_most: int) -> bool:
    """Write how far a sweep has come; return whether it is finished."""
    finished = len(done) < at_most
    values = {"after": done[-1].id if done else sweep.after, "finished_at": call.at if finished else None}
    conn.execute(update(test_sweeps).where(test_sweeps.c.id == sweep.id).values(values))
    return finished


def living(conn: Connection, lot_id: int, after: int, limit: int) -> list[Known]:
    """Return units of a lot that have begun and not ended, in the order of their ids, held."""
    its = (units.c.lot_id == lot_id, units.c.id > after, _BEGUN)
    ids = conn.execute(select(units.c.id).where(*its).order_by(units.c.id).limit(limit)).scalars().all()
    return unit_rows.by_id(conn, ids) if ids else []


def unsaid(conn: Connection, lot_id: int, limit: int) -> list[Known]:
    """Return units of a lot that have begun and not ended and of which nothing is said yet, held."""
    its = (units.c.lot_id == lot_id, units.c.quality.is_(None), _BEGUN)
    ids = conn.execute(select(units.c.id).where(*its).order_by(units.c.id).limit(limit)).scalars().all()
    return unit_rows.by_id(conn, ids) if ids else []


def lots_with_unsaid(conn: Connection, after: int, limit: int) -> tuple[int, ...]:
    """Return lots of which something is said as a whole and that have units of which nothing is, from an id on."""
    tested = select(test_records.c.lot_id).where(test_records.c.unit_id.is_(None))
    passed = select(gate_overrides.c.lot_id).where(
        gate_overrides.c.lot_id.is_not(None), gate_overrides.c.state == "approved"
    )
    unsaid_of = (units.c.lot_id == lots.c.id, units.c.quality.is_(None), _BEGUN)
    said = or_(lots.c.id.in_(tested), lots.c.id.in_(passed))
    query = select(lots.c.id).where(lots.c.id > after, said, select(units.c.id).where(*unsaid_of).exists())
    return tuple(conn.execute(query.order_by(lots.c.id).limit(limit)).scalars())


_BEGUN = units.c.state.not_in([*ENDED, "unknown"])
