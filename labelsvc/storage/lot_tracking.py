"""How the units of a lot begin, and what the books say of units beside their events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from labelsvc.domain.units.standing import CONFORMANT, FOREIGN, Terms
from labelsvc.domain.units.testing import CommissionOn
from labelsvc.storage.database import insert_new, members
from labelsvc.storage.tables import lot_revisions, lot_tracking, lots, ranges, units


@dataclass(frozen=True, slots=True)
class Tracking:
    """How a lot is tracked.

    Attributes:
        commission_on: what makes a number a unit: `confirmed`, `scanned` (the evidence) or `event`.
        gated_since: from then on its units are not packed, shipped or sold before their tests are passed.
    """

    commission_on: CommissionOn = "confirmed"
    gated_since: datetime | None = None


def of_lot(conn: Connection, lot_id: int) -> Tracking:
    """Return how a lot is tracked."""
    row = conn.execute(select(lot_tracking).where(lot_tracking.c.lot_id == lot_id)).one_or_none()
    return Tracking(row.commission_on, row.gated_since) if row else Tracking()


def set_of_lot(conn: Connection, lot_id: int, chosen: Tracking) -> None:
    """Say how a lot is tracked."""
    values = {"commission_on": chosen.commission_on, "gated_since": chosen.gated_since}
    if not insert_new(conn, lot_tracking, {"lot_id": lot_id, **values}):
        conn.execute(update(lot_tracking).where(lot_tracking.c.lot_id == lot_id).values(**values))


def stopped_inside(conn: Connection, parents: Sequence[int], at: datetime) -> tuple[list[int], str | None]:
    """Return what is inside units, by its own words, and what the tests show of one that its gate stops.

    Returns:
        ids; `untested`, `non_conformant` or what else is said of the one, None where the gates let all pass.
    """
    query = select(units.c.id, units.c.quality, units.c.dispositions, lot_tracking.c.gated_since)
    query = query.outerjoin(lot_tracking, lot_tracking.c.lot_id == units.c.lot_id)
    rows = conn.execute(query.where(units.c.parent_id.in_(members(conn, parents)))).all()
    stopped = (
        row.quality or "untested"
        for row in rows
        if row.gated_since is not None and row.gated_since <= at and CONFORMANT not in row.dispositions.split()
    )
    return [row.id for row in rows], next(stopped, None)


def terms_of(
    conn: Connection, whose: Iterable[tuple[int | None, int | None]]
) -> Mapping[tuple[int | None, int | None], Terms]:
    """Return what the books say of units, by (product, range)."""
    found: dict[tuple[int | None, int | None], Terms] = {}
    for product_id, range_id in set(whose):
        if product_id is None:
            found[product_id, range_id] = FOREIGN
        elif range_id is None:
            found[product_id, range_id] = Terms(ours=True)
        else:
            found[product_id, range_id] = _of_range(conn, range_id)
    return found


def _of_range(conn: Connection, range_id: int) -> Terms:
    revision = (lot_revisions.c.lot_id == ranges.c.lot_id) & (lot_revisions.c.revision == ranges.c.lot_revision)
    row = conn.execute(
        select(ranges.c.created_at, lots.c.number, lot_revisions.c.expiry_date, lot_tracking.c.gated_since)
        .outerjoin(lots, lots.c.id == ranges.c.lot_id)
        .outerjoin(lot_revisions, revision)
        .outerjoin(lot_tracking, lot_tracking.c.lot_id == ranges.c.lot_id)
        .where(ranges.c.id == range_id)
    ).one()
    return Terms(
        ours=True,
        issued=True,
        granted_at=row.created_at,
        lot=row.number,
        expiry=row.expiry_date,
        gated_since=row.gated_since,
    )
