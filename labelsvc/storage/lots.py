"""Lots and their revisions in the books."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from labelsvc.domain.actors import Call
from labelsvc.domain.batches import LotCard, OpenLot
from labelsvc.domain.lots import Lot
from labelsvc.domain.pages import Page
from labelsvc.errors import NotFound
from labelsvc.storage.database import insert_new
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import lot_closures, lot_revisions, lots, products

_LOT = (
    select(
        lots.c.id,
        lots.c.product_id,
        products.c.code,
        lots.c.number,
        lots.c.revision,
        lots.c.created_at,
        lot_revisions.c.production_date,
        lot_revisions.c.expiry_date,
        lot_revisions.c.best_before,
    )
    .join_from(lots, products, products.c.id == lots.c.product_id)
    .join(lot_revisions, lot_revisions.c.lot_id == lots.c.id)
)
_CURRENT = lot_revisions.c.revision == lots.c.revision
#: What accounts for SSCCs is no lot to choose from.
_OF_TRADE_ITEMS = products.c.kind != "sscc"


def _lot(row: AnyRow) -> OpenLot:
    dates = Lot(row.number, row.production_date, row.expiry_date, row.best_before)
    return OpenLot(row.id, row.product_id, row.code, dates, row.revision, (), row.created_at)


def add(conn: Connection, call: Call, product_id: int, lot: Lot) -> int | None:
    """Insert a lot at revision 1; return its id, or None where the product has a lot of this number."""
    values = {"product_id": product_id, "number": lot.number, "revision": 1, "created_at": call.at}
    row = insert_new(conn, lots, values)
    if row is None:
        return None
    _add_revision(conn, call, int(row[0]), 1, lot)
    return int(row[0])


def revise(conn: Connection, call: Call, lot_id: int, revision: int, lot: Lot) -> None:
    """Insert the next revision of a lot and make it the current one."""
    _add_revision(conn, call, lot_id, revision, lot)
    conn.execute(update(lots).where(lots.c.id == lot_id).values(revision=revision))


def _add_revision(conn: Connection, call: Call, lot_id: int, revision: int, lot: Lot) -> None:
    conn.execute(
        insert(lot_revisions).values(
            lot_id=lot_id,
            revision=revision,
            production_date=lot.production,
            expiry_date=lot.expiry,
            best_before=lot.best_before,
            created_at=call.at,
        )
    )


def get(conn: Connection, lot_id: int, *, lock: bool = False) -> OpenLot:
    """Return a lot as it stands now.

    Args:
        lock: keep others from editing it until this transaction ends.

    Raises:
        NotFound: there is none.
    """
    if lock:
        conn.execute(select(lots.c.id).where(lots.c.id == lot_id).with_for_update())
    row = conn.execute(_LOT.where(lots.c.id == lot_id, _CURRENT)).one_or_none()
    if row is None:
        raise NotFound("lot_unknown", f"Expected the id of a lot, got {lot_id}.")
    return _lot(row)


def find(conn: Connection, product_id: int, number: str) -> OpenLot | None:
    """Return a product's lot of a number as it stands now; None: it has none."""
    row = conn.execute(_LOT.where(_CURRENT, lots.c.product_id == product_id, lots.c.number == number)).one_or_none()
    return _lot(row) if row else None


def at_revision(conn: Connection, lot_id: int, revision: int) -> OpenLot:
    """Return a lot as it was at a revision that is known to exist."""
    return _lot(conn.execute(_LOT.where(lots.c.id == lot_id, lot_revisions.c.revision == revision)).one())


def listing(conn: Connection, product_id: int | None, after: int, limit: int) -> Page[OpenLot]:
    """Return lots, of one product or of all trade items, in the order they were opened."""
    query = _LOT.where(_CURRENT, _OF_TRADE_ITEMS)
    if product_id is not None:
        query = query.where(lots.c.product_id == product_id)
    return page(conn, query, lots.c.id, (after, limit), _lot)


def latest(conn: Connection, limit: int, *, also_closed: bool) -> tuple[LotCard, ...]:
    """Return the lots of trade items that were opened last, the latest first."""
    closed = lot_closures.c.lot_id.is_not(None).label("closed")
    query = _LOT.add_columns(products.c.name, closed).outerjoin(lot_closures, lot_closures.c.lot_id == lots.c.id)
    query = query.where(_CURRENT, _OF_TRADE_ITEMS)
    if not also_closed:
        query = query.where(lot_closures.c.lot_id.is_(None))
    rows = conn.execute(query.order_by(lots.c.id.desc()).limit(limit))
    return tuple(LotCard(_lot(row), row.name, bool(row.closed)) for row in rows)
