"""Use cases: units are sold to customers, and the books know which to whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.gs1 import check_serial, parse_product_code
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.pages import Page
from labelsvc.domain.products import check_name
from labelsvc.domain.sales import MONTHS_AT_MOST, Sale, SaleRequest, body_of, check_sale, warranty_until
from labelsvc.errors import InvalidInput, NotFound, at
from labelsvc.storage import audit, customers, products, sales, units
from labelsvc.storage import requests as request_keys
from labelsvc.storage.database import Database
from labelsvc.storage.sales import NewSale
from labelsvc.tracking.customers import known_customer
from labelsvc.tracking.pointed import units_at
from labelsvc.tracking.selling import keep, observed, party_id
from labelsvc.tracking.units import Unit, found
from labelsvc.tracking.whose import epc_of

CHANNEL_AT_MOST = 40
STEP = ("retail_selling", "retail_sold")


def sell(db: Database, issuer: Issuer, call: Call, request: SaleRequest) -> tuple[Sale, ...]:
    """Sell units to a customer: one event for all, of which nobody outside learns who the customer is.

    Raises:
        InvalidInput: a text names no unit, one is named twice, or there is no such customer.
        Conflict: a rule is broken and it is not said that it happened already; the key was used before.
    """
    check_sale(request)
    if request.channel is not None:
        with at("/channel"):
            check_name(request.channel, CHANNEL_AT_MOST)
    body = body_of(request)

    def work(conn: Connection) -> tuple[Sale, ...]:
        answered = request_keys.claim(conn, call, "sales", body)
        if answered is not None:
            return sales.some(conn, answered["sales"])
        pointers = [f"/units/{n}" for n in range(len(request.units))]
        epcs = units_at(conn, issuer, request.units, request.product, pointers)
        _check_once(epcs)
        customer = known_customer(conn, request.customer)
        moment = request.when.moment(call.at)
        papers = () if request.invoice is None else (("inv", request.invoice),)
        with at("/invoice"):
            event = observed(issuer, epcs, STEP, request.when, moment, *papers)
        event_id = keep(conn, issuer, call, event, already_happened=request.already_happened)
        customer_id = customer.id if customer else None
        party = party_id(conn, call, request.when.party)
        new = NewSale(0, event_id, customer_id, moment, None, request.channel, party, request.invoice)
        made = write_sales(conn, call, epcs, new)
        after = {"sales": made, "units": list(epcs), "customer": request.customer}
        audit.record(conn, call, "sale.add", f"sale:{made[0]}", after=after)
        request_keys.settle(conn, call, "sales", {"sales": made})
        return sales.some(conn, made)

    return db.write(work)


def _check_once(epcs: tuple[str, ...]) -> None:
    for place, epc in enumerate(epcs):
        if epc in epcs[:place]:
            message = "Expected each unit once, got one twice."
            raise InvalidInput("unit_twice", message, pointer=f"/units/{place}")


def write_sales(
    conn: Connection, call: Call, epcs: tuple[str, ...], new: NewSale, *, by_terms: bool = True
) -> list[int]:
    """Write the sales of units that one event is of; return their ids.

    Args:
        new: what they share.
        by_terms: each is warranted as its product is from now on, not as `new` says.
    """
    known = {one.epc: one for one in units.find(conn, epcs)}
    months = sales.months_of(conn, [one.product_id for one in known.values()])
    made = []
    for epc in epcs:
        its = months.get(known[epc].product_id or 0)
        until = new.warranty_until
        if by_terms:
            until = None if its is None else warranty_until(new.sold_at.date(), its)
        row = (known[epc].id, new.event_id, new.customer_id, new.sold_at, until, new.channel, new.party_id, new.invoice)
        made.append(sales.add(conn, call, NewSale(*row)))
    return made


def list_sales(
    db: Database, issuer: Issuer, unit: str | None, product: str | None, customer: str | None, window: tuple[int, int]
) -> Page[Sale]:
    """Return sales in the order they were made, of a unit or of a customer only.

    Raises:
        InvalidInput, Conflict: the text names no unit, or may name several.
        NotFound: no event ever named the unit; there is no such customer.
    """
    with db.read() as conn:
        unit_id = None
        if unit is not None:
            (epc,) = units_at(conn, issuer, (unit,), product, ("/unit",))
            unit_id = found(conn, epc).id
        customer_id = None if customer is None else customers.get(conn, customer).id
        return sales.listing(conn, unit_id, customer_id, window)


@dataclass(frozen=True, slots=True)
class Warranty:
    """Whether a unit is warranted.

    Attributes:
        sale: its latest; None: it was never sold.
        valid: it is, on the day that is asked about.
    """

    unit: Unit
    sale: Sale | None
    valid: bool


def warranty_of(db: Database, issuer: Issuer, code: str, serial: str, now: datetime) -> Warranty:
    """Return the warranty of a unit by its serial.

    Raises:
        InvalidInput: the code or the serial breaks a rule of GS1.
        NotFound: no event ever named the unit.
    """
    with at("/product"):
        product_code = parse_product_code(code).value
    with at("/serial"):
        check_serial(serial)
    with db.read() as conn:
        unit = found(conn, epc_of(issuer, product_code, serial))
        last = sales.last_of(conn, unit.id)
        sale = None if last is None else sales.get(conn, last.id)
    return Warranty(unit, sale, sale is not None and _is_valid(sale, now.date()))


def _is_valid(sale: Sale, today: date) -> bool:
    return sale.returned_at is None and sale.warranty_until is not None and today <= sale.warranty_until


def warranty_months(db: Database, code: str) -> int | None:
    """Return for how many months a product is warranted; None: it is not.

    Raises:
        NotFound: there is no such product.
    """
    with db.read() as conn:
        product = products.get(conn, _code(code))
        return sales.months_of(conn, [product.id]).get(product.id)


def set_warranty(db: Database, call: Call, code: str, months: int | None) -> int | None:
    """Say for how many months a product is warranted that is sold from now on.

    Raises:
        NotFound: there is no such product.
        InvalidInput: not 1 to 1,200 months.
    """
    if months is not None and not 1 <= months <= MONTHS_AT_MOST:
        message = f"Expected 1 to {MONTHS_AT_MOST} months, got {months}."
        raise InvalidInput("warranty_months", message, pointer="/months")

    def work(conn: Connection) -> int | None:
        product = products.get(conn, _code(code), lock=True)
        before = {"months": sales.months_of(conn, [product.id]).get(product.id)}
        sales.set_months(conn, product.id, months)
        after = {"months": months}
        audit.record(conn, call, "product.warranty", f"product:{product.code}", before=before, after=after)
        return months

    return db.write(work)


def _code(text: str) -> str:
    try:
        return parse_product_code(text).value
    except InvalidInput:
        raise NotFound("product_unknown", "Expected the code of a product, got a text that is none.") from None
