"""What verifying a unit asks the books: how it stands, by its number or by its code."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from labelsvc.domain.units.standing import HOLD, RECALLED, State
from labelsvc.storage.pages import AnyRow
from labelsvc.storage.tables import lots, units


@dataclass(frozen=True, slots=True)
class Stands:
    """How a unit stands, as far as anyone may know it."""

    state: State
    recalled: bool
    on_hold: bool


_UNIT = select(units.c.state, units.c.dispositions, units.c.quality)


def _stands(row: AnyRow | None) -> Stands | None:
    if row is None:
        return None
    held = HOLD in row.dispositions.split() or row.quality == "non_conformant"
    return Stands(row.state, RECALLED in row.dispositions.split(), held)


def by_number(conn: Connection, range_id: int, ordinal: int) -> Stands | None:
    """Return how the unit with a number granted here stands; None: there is no such unit."""
    query = _UNIT.where(units.c.range_id == range_id, units.c.ordinal == ordinal)
    return _stands(conn.execute(query).first())


def by_epc(conn: Connection, epc: str) -> Stands | None:
    """Return how the unit with a canonical EPC stands; None: there is no such unit."""
    return _stands(conn.execute(_UNIT.where(units.c.epc == epc)).one_or_none())


def lot_of(conn: Connection, product_id: int, number: str) -> int | None:
    """Return the id of a product's lot; None: it has none of this number."""
    found = conn.execute(select(lots.c.id).where(lots.c.product_id == product_id, lots.c.number == number))
    return found.scalar_one_or_none()
