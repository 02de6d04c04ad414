"""Sales in the books: which unit went to which customer by which event, came back, and was replaced by what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, func, insert, select, update

from labelsvc.domain.actors import Call
from labelsvc.domain.pages import Page
from labelsvc.domain.sales import CustomerReturn, Sale
from labelsvc.errors import NotFound
from labelsvc.storage.database import insert_new, members
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import (
    customer_returns,
    customers,
    events,
    exchanges,
    parties,
    sales,
    unit_events,
    units,
    warranty_terms,
)

_NEW_SALE = sales.alias("new_sale")
_OLD_RETURN = customer_returns.alias("old_return")
_NEW_UNIT, _OLD_UNIT = units.alias("new_unit"), units.alias("old_unit")
_GIVEN_FOR, _REPLACED_BY = exchanges.alias("given_for"), exchanges.alias("replaced_by")
#: The latest return of what a sale was of.
_back = (
    select(func.max(customer_returns.c.id)).where(customer_returns.c.sale_id == sales.c.id).correlate(sales)
).scalar_subquery()
_FINDING = (
    select(func.max(unit_events.c.finding))
    .where(unit_events.c.unit_id == sales.c.unit_id, unit_events.c.event_id == sales.c.event_id)
    .correlate(sales)
).scalar_subquery()

_SALE = (
    select(
        sales.c.id,
        units.c.epc,
        events.c.event_id,
        customers.c.name.label("customer"),
        sales.c.sold_at,
        sales.c.warranty_until,
        sales.c.channel,
        parties.c.uri.label("party"),
        sales.c.invoice,
        _FINDING.label("finding"),
        sales.c.actor_id.label("sold_by"),
        customer_returns.c.returned_at,
        _OLD_UNIT.c.epc.label("replaces"),
        _NEW_UNIT.c.epc.label("replaced_by"),
    )
    .join_from(sales, units, units.c.id == sales.c.unit_id)
    .join(events, events.c.id == sales.c.event_id)
    .outerjoin(customers, customers.c.id == sales.c.customer_id)
    .outerjoin(parties, parties.c.id == sales.c.party_id)
    .outerjoin(customer_returns, customer_returns.c.id == _back)
    .outerjoin(_GIVEN_FOR, _GIVEN_FOR.c.sale_id == sales.c.id)
    .outerjoin(_OLD_RETURN, _OLD_RETURN.c.id == _GIVEN_FOR.c.return_id)
    .outerjoin(_OLD_UNIT, _OLD_UNIT.c.id == _OLD_RETURN.c.unit_id)
    .outerjoin(_REPLACED_BY, _REPLACED_BY.c.return_id == customer_returns.c.id)
    .outerjoin(_NEW_SALE, _NEW_SALE.c.id == _REPLACED_BY.c.sale_id)
    .outerjoin(_NEW_UNIT, _NEW_UNIT.c.id == _NEW_SALE.c.unit_id)
)


def _sale(row: AnyRow) -> Sale:
    return Sale(**row._mapping)


@dataclass(frozen=True, slots=True)
class NewSale:
    """What the sale of a unit is made of."""

    unit_id: int
    event_id: int
    customer_id: int | None
    sold_at: datetime
    warranty_until: date | None
    channel: str | None
    party_id: int | None
    invoice: str | None


def add(conn: Connection, call: Call, new: NewSale) -> int:
    """Insert the sale of a unit; return its id."""
    by = {"actor_kind": call.actor.kind, "actor_id": call.actor.id}
    values = {name: getattr(new, name) for name in NewSale.__slots__}
    key = conn.execute(insert(sales).values(**values, **by)).inserted_primary_key
    assert key is not None  # one row was inserted
    return int(key[0])


def get(conn: Connection, sale_id: int) -> Sale:
    """Return a sale.

    Raises:
        NotFound: there is none.
    """
    row = conn.execute(_SALE.where(sales.c.id == sale_id)).one_or_none()
    if row is None:
        raise NotFound("sale_unknown", f"Expected the id of a sale, got {sale_id}.")
    return _sale(row)


def some(conn: Connection, ids: Sequence[int]) -> tuple[Sale, ...]:
    """Return sales by their ids, in the order they were made."""
    rows = conn.execute(_SALE.where(sales.c.id.in_(members(conn, ids))).order_by(sales.c.id))
    return tuple(map(_sale, rows))


def of_unit(conn: Connection, unit_id: int, limit: int) -> tuple[Sale, ...]:
    """Return the sales of a unit, the latest last, at most so many of the latest."""
    rows = conn.execute(_SALE.where(sales.c.unit_id == unit_id).order_by(sales.c.id.desc()).limit(limit)).all()
    return tuple(_sale(row) for row in reversed(rows))


@dataclass(frozen=True, slots=True)
class Last:
    """The sale of a unit that nothing came after yet: id, the customer's id, and the end of the warranty."""

    id: int
    customer_id: int | None
    warranty_until: date | None


def last_of(conn: Connection, unit_id: int) -> Last | None:
    """Return the latest sale of a unit, returned or not; of sales of one moment the one written last."""
    columns = (sales.c.id, sales.c.customer_id, sales.c.warranty_until)
    query = select(*columns).where(sales.c.unit_id == unit_id).order_by(sales.c.sold_at.desc(), sales.c.id.desc())
    row = conn.execute(query.limit(1)).one_or_none()
    return Last(*row) if row else None


def listing(conn: Connection, unit_id: int | None, customer_id: int | None, window: tuple[int, int]) -> Page[Sale]:
    """Return sales in the order they were made.

    Args:
        unit_id, customer_id: of these only.
        window: the cursor, and how many rows at most.
    """
    query = _SALE
    if unit_id is not None:
        query = query.where(sales.c.unit_id == unit_id)
    if customer_id is not None:
        query = query.where(sales.c.customer_id == customer_id)
    return page(conn, query, sales.c.id, window, _sale)


_RETURN_FINDING = (
    select(func.max(unit_events.c.finding))
    .where(unit_events.c.unit_id == customer_returns.c.unit_id, unit_events.c.event_id == customer_returns.c.event_id)
    .correlate(customer_returns)
).scalar_subquery()
_RETURN = (
    select(
        customer_returns.c.id,
        units.c.epc,
        events.c.event_id,
        customer_returns.c.sale_id,
        customer_returns.c.rma,
        customer_returns.c.reason,
        customer_returns.c.returned_at,
        _RETURN_FINDING.label("finding"),
    )
    .join_from(customer_returns, units, units.c.id == customer_returns.c.unit_id)
    .join(events, events.c.id == customer_returns.c.event_id)
)


@dataclass(frozen=True, slots=True)
class NewReturn:
    """What a customer return is made of."""

    unit_id: int
    event_id: int
    sale_id: int | None
    rma: str
    reason: str | None
    returned_at: datetime


def add_return(conn: Connection, call: Call, new: NewReturn) -> int:
    """Insert a customer return; return its id."""
    by = {"actor_kind": call.actor.kind, "actor_id": call.actor.id}
    values = {name: getattr(new, name) for name in NewReturn.__slots__}
    key = conn.execute(insert(customer_returns).values(**values, **by)).inserted_primary_key
    assert key is not None  # one row was inserted
    return int(key[0])


def get_return(conn: Connection, return_id: int) -> CustomerReturn:
    """Return a customer return that is known to exist."""
    row = conn.execute(_RETURN.where(customer_returns.c.id == return_id)).one()
    return CustomerReturn(**row._mapping)


def returns_of(conn: Connection, unit_id: int, limit: int) -> tuple[CustomerReturn, ...]:
    """Return what customers brought a unit back for, the latest last, at most so many of the latest."""
    its = customer_returns.c.unit_id == unit_id
    rows = conn.execute(_RETURN.where(its).order_by(customer_returns.c.id.desc()).limit(limit)).all()
    return tuple(CustomerReturn(**row._mapping) for row in reversed(rows))


def unexchanged(conn: Connection, unit_id: int) -> int | None:
    """Return the id of a unit's latest return, if no other unit was given for it yet."""
    query = select(customer_returns.c.id, exchanges.c.id.label("exchange")).outerjoin(
        exchanges, exchanges.c.return_id == customer_returns.c.id
    )
    its = customer_returns.c.unit_id == unit_id
    row = conn.execute(query.where(its).order_by(customer_returns.c.id.desc()).limit(1)).one_or_none()
    return None if row is None or row.exchange is not None else int(row.id)


def add_exchange(conn: Connection, call: Call, return_id: int, sale_id: int, event_id: int) -> int:
    """Say that the unit of a sale took the place of one that came back; return the id of the exchange."""
    values = {"return_id": return_id, "sale_id": sale_id, "event_id": event_id, "exchanged_at": call.at}
    key = conn.execute(insert(exchanges).values(**values)).inserted_primary_key
    assert key is not None  # one row was inserted
    return int(key[0])


def broken_by(conn: Connection, event_id: int) -> Mapping[str, str]:
    """Return which rule an event breaks for which unit, by EPC."""
    query = select(units.c.epc, unit_events.c.finding).join(units, units.c.id == unit_events.c.unit_id)
    rows = conn.execute(query.where(unit_events.c.event_id == event_id, unit_events.c.finding.is_not(None)))
    return {row.epc: row.finding for row in rows}


def months_of(conn: Connection, product_ids: Iterable[int | None]) -> Mapping[int, int]:
    """Return for how many months products are warranted; those that are not are left out."""
    wanted = sorted({each for each in product_ids if each is not None})
    if not wanted:
        return {}
    its = warranty_terms.c.product_id.in_(members(conn, wanted))
    rows = conn.execute(select(warranty_terms.c.product_id, warranty_terms.c.months).where(its))
    return {int(product_id): int(months) for product_id, months in rows}


def set_months(conn: Connection, product_id: int, months: int | None) -> None:
    """Say for how many months a product is warranted from now on; None: it is not."""
    its = warranty_terms.c.product_id == product_id
    if months is None:
        conn.execute(warranty_terms.delete().where(its))
    elif insert_new(conn, warranty_terms, {"product_id": product_id, "months": months}) is None:
        conn.execute(update(warranty_terms).where(its).values(months=months))
