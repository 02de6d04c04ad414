"""Use cases: lots."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.batches import LotCard, LotDates, LotRequest, OpenLot
from labelsvc.domain.gs1 import check_lot_number, parse_trade_item
from labelsvc.domain.lots import FIRST_YEAR, LAST_YEAR, Lot, warnings_at_issue
from labelsvc.domain.lots import open_lot as make_lot
from labelsvc.domain.pages import Page
from labelsvc.domain.products import Product, check_trade_item
from labelsvc.domain.schemes import Scheme
from labelsvc.errors import Conflict, InvalidInput, NotFound, at
from labelsvc.storage import audit, lots, products, quality
from labelsvc.storage.database import Database


def open_lot(db: Database, call: Call, request: LotRequest) -> OpenLot:
    """Open a lot of a product; the expiry comes from the product's shelf life where none is given.

    Raises:
        NotFound: no such product.
        InvalidInput: number or dates break a rule, or do not suit the product's serial scheme.
        Conflict: the product has a lot of this number.
    """
    with at("/product"):
        code = parse_trade_item(request.product)
    with at("/number"):
        check_lot_number(request.number)

    def work(conn: Connection) -> OpenLot:
        with at("/product"):
            product = products.get(conn, code.value)
        lot = _checked(request.number, request, product)
        lot_id = lots.add(conn, call, product.id, lot)
        if lot_id is None:
            raise Conflict("lot_exists", f"Expected a new lot of {product.code}, got {lot.number}, which is known.")
        audit.record(conn, call, "lot.open", f"lot:{lot_id}", after={"product": product.code, **_noted(lot)})
        return lots.get(conn, lot_id)

    return _with_warnings(db.write(work), call.at.date())


def edit_lot(db: Database, call: Call, lot_id: int, dates: LotDates) -> OpenLot:
    """Give a lot other dates: a new revision, for the batches to come; those there are keep theirs.

    Raises:
        NotFound: no such lot.
        InvalidInput: the dates break a rule, or do not suit the product's serial scheme.
        Conflict: the lot is closed.
    """

    def work(conn: Connection) -> OpenLot:
        old = lots.get(conn, lot_id, lock=True)
        quality.check_open(conn, lot_id)
        product = products.get(conn, old.product_code)
        check_trade_item(product.kind)
        lot = _checked(old.lot.number, dates, product)
        if lot == old.lot:
            return old
        lots.revise(conn, call, lot_id, old.revision + 1, lot)
        audit.record(conn, call, "lot.edit", f"lot:{lot_id}", before=_noted(old.lot), after=_noted(lot))
        return lots.get(conn, lot_id)

    return _with_warnings(db.write(work), call.at.date())


def get_lot(db: Database, lot_id: int, today: date) -> OpenLot:
    """Return a lot as it stands now.

    Raises:
        NotFound: no such lot.
    """
    with db.read() as conn:
        return _with_warnings(lots.get(conn, lot_id), today)


def list_lots(db: Database, product: str | None, after: int, limit: int) -> Page[OpenLot]:
    """Return lots, of one product or of all, in the order they were opened."""
    with at("/product"):
        code = parse_trade_item(product).value if product is not None else None
    with db.read() as conn:
        found = products.find(conn, code) if code is not None else None
        if code is not None and found is None:
            raise NotFound("product_unknown", f"Expected the code of a product, got {code}.", pointer="/product")
        return lots.listing(conn, found.id if found else None, after, limit)


def latest_lots(db: Database, limit: int, *, also_closed: bool) -> tuple[LotCard, ...]:
    """Return the lots that were opened last, the latest first."""
    with db.read() as conn:
        return lots.latest(conn, limit, also_closed=also_closed)


def _checked(number: str, dates: LotRequest | LotDates, product: Product) -> Lot:
    """Return a lot that keeps the rules and suits the product's serial scheme."""
    try:
        lot = make_lot(number, dates.production_date, dates.expiry_date, dates.best_before, product.shelf_life_days)
        Scheme.parse(product.scheme).scope(lot)
    except InvalidInput as error:
        error.pointer = _pointer(error.code, dates)
        raise
    return lot


#: Which field an error speaks of.
_POINTERS = {
    "lot_expiry_before_production": "/expiry_date",
    "lot_expiry_before_best_before": "/expiry_date",
    "lot_expiry_too_far": "/expiry_date",
    "lot_best_before_before_production": "/best_before",
    "lot_best_before_too_far": "/best_before",
    "scheme_lot_date": "/expiry_date",  # a production date is always there
    "scheme_lot_length": "/number",
    "scheme_lot_characters": "/number",
    "scheme_start": "/number",
}


def _pointer(code: str, dates: LotRequest | LotDates) -> str | None:
    if code == "lot_year":
        # The first date whose year is out of bounds; where the shelf life leads there, what it is counted from.
        days = {name: getattr(dates, name) for name in ("production_date", "expiry_date", "best_before")}
        wrong = (name for name, day in days.items() if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR)
        return f"/{next(wrong, 'production_date')}"
    pointer = _POINTERS.get(code)
    return None if pointer == "/number" and isinstance(dates, LotDates) else pointer


def _with_warnings(opened: OpenLot, today: date) -> OpenLot:
    return replace(opened, warnings=tuple(warning.message for warning in warnings_at_issue(opened.lot, today)))


def _noted(lot: Lot) -> dict[str, str | None]:
    return {
        "number": lot.number,
        "production_date": lot.production.isoformat(),
        "expiry_date": lot.expiry.isoformat() if lot.expiry else None,
        "best_before": lot.best_before.isoformat() if lot.best_before else None,
    }
