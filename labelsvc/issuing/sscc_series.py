"""Use cases: which SSCCs are ours to give: series of a GS1 company prefix and an extension digit."""

from __future__ import annotations

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.gs1 import LOGISTIC_UNITS
from labelsvc.domain.logistic_units import NewSeries, Series
from labelsvc.domain.lots import Lot
from labelsvc.domain.products import NewProduct, Product
from labelsvc.domain.schemes import Scheme, collision
from labelsvc.domain.sscc import check_company_prefix, check_extension_digit, pattern
from labelsvc.errors import Conflict, InvalidInput, at
from labelsvc.issuing.products import KEY_VERSION
from labelsvc.storage import audit, lot_tracking, lots, products, ranges, sscc_series
from labelsvc.storage.database import Database
from labelsvc.storage.lot_tracking import Tracking

#: What labels of logistic units look like unless a request says another.
LABEL_FORMAT = "logistic-100x150"


def use_series(db: Database, call: Call, new: NewSeries) -> Series:
    """Let new SSCCs of an extension digit come from a GS1 company prefix; its other series keep what they gave.

    A series that is there becomes current again, with its counter where it was, or further on where `first` says so.

    Raises:
        InvalidInput: no company prefix, no extension digit, or a first serial reference beyond the series' last.
        Conflict: another series could give the same SSCCs, as a shorter or longer prefix that begins alike does.
    """
    with at("/company_prefix"):
        check_company_prefix(new.company_prefix)
    with at("/extension_digit"):
        check_extension_digit(new.extension_digit)
    scheme = Scheme.parse(pattern(new.company_prefix, new.extension_digit))
    if not 1 <= new.first <= scheme.capacity:
        message = f"Expected 1 to {scheme.capacity}, got {new.first}."
        raise InvalidInput("first_reference", message, pointer="/first_reference")

    def work(conn: Connection) -> Series:
        product = _logistic_units(conn, call, scheme)
        known = sscc_series.find(conn, new.company_prefix, new.extension_digit)
        series = known or _add(conn, call, new, product, scheme)
        _skip(conn, call, series, new.first)
        sscc_series.make_current(conn, series)
        found = _found(conn, new)
        after = {"first": found.next, "capacity": found.capacity}
        about = f"sscc:{new.extension_digit}{new.company_prefix}"
        audit.record(conn, call, "sscc.use", about, before={"first": known.next} if known else None, after=after)
        return found

    return db.write(work)


def list_series(db: Database) -> tuple[Series, ...]:
    """Return all series, the oldest first."""
    with db.read() as conn:
        return sscc_series.listing(conn)


def _logistic_units(conn: Connection, call: Call, scheme: Scheme) -> Product:
    """Return what all series are schemes of, locked until the transaction ends; the first series makes it."""
    new = NewProduct(LOGISTIC_UNITS, "Logistic units", scheme.pattern, LABEL_FORMAT)
    product_id = products.add(conn, call, "sscc", new)
    if product_id is not None:
        products.add_scheme(conn, call, product_id, scheme.pattern, KEY_VERSION)
    return products.get(conn, LOGISTIC_UNITS, lock=True)


def _add(conn: Connection, call: Call, new: NewSeries, product: Product, scheme: Scheme) -> Series:
    known = products.schemes_of(conn, product.id)
    scheme_id = next((old.id for old in known if old.pattern == scheme.pattern), None)
    if scheme_id is None:
        for old in known:
            reason = collision(scheme, Scheme.parse(old.pattern))
            if reason is not None:
                raise Conflict("schemes_collide", reason, pointer="/company_prefix", other=old.pattern)
        scheme_id = products.add_scheme(conn, call, product.id, scheme.pattern, KEY_VERSION)
    ranges.pool_of(conn, call, scheme_id, "", scheme.capacity)
    lot = Lot(f"{new.extension_digit}{new.company_prefix}", call.at.date(), None, None)
    lot_id = lots.add(conn, call, product.id, lot)
    assert lot_id is not None  # its number is the series'
    # A logistic unit begins when something is packed into it, not when its label comes out.
    lot_tracking.set_of_lot(conn, lot_id, Tracking(commission_on="event"))
    sscc_series.add(conn, call, new, scheme_id, lot_id)
    return _found(conn, new)


def _skip(conn: Connection, call: Call, series: Series, first: int) -> None:
    """Grant to nobody what was used elsewhere: there are no records of it here."""
    if first > series.next:
        pool_id = ranges.pool_of(conn, call, series.scheme_id, "", series.capacity)
        ranges.take(conn, call, pool_id, ranges.Grant(first - series.next, "lost"))


def _found(conn: Connection, new: NewSeries) -> Series:
    series = sscc_series.find(conn, new.company_prefix, new.extension_digit)
    assert series is not None  # it was just made
    return series
