"""Customers in the books: pseudonyms, and the contact data behind them as long as they are not erased."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from labelsvc.domain.actors import Call
from labelsvc.domain.customers import FIELDS, Contact, Customer, Obligation, check_pseudonym, unknown
from labelsvc.domain.pages import Page
from labelsvc.domain.recalls import Step
from labelsvc.storage import recall_notices
from labelsvc.storage.database import insert_new
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import customer_contacts, customers

_CUSTOMER = select(
    customers.c.id,
    customers.c.name.label("pseudonym"),
    customers.c.created_at,
    customer_contacts.c.customer_id,
    *(customer_contacts.c[name] for name in FIELDS),
).join_from(customers, customer_contacts, customer_contacts.c.customer_id == customers.c.id, isouter=True)


def _customer(row: AnyRow) -> Customer:
    known = row.customer_id is not None
    contact = Contact(**{name: row._mapping[customer_contacts.c[name]] for name in FIELDS}) if known else None
    return Customer(row.id, row.pseudonym, row.created_at, contact)


def add(conn: Connection, call: Call, pseudonym: str) -> int | None:
    """Insert a customer; return their id, or None where the pseudonym is taken."""
    row = insert_new(conn, customers, {"name": pseudonym, "created_at": call.at})
    return int(row[0]) if row else None


def get(conn: Connection, pseudonym: str, *, lock: bool = False) -> Customer:
    """Return a customer.

    Args:
        lock: keep others from changing their contact until this transaction ends.

    Raises:
        NotFound: there is none.
    """
    name = check_pseudonym(pseudonym)
    if lock:
        conn.execute(select(customers.c.id).where(customers.c.name == name).with_for_update())
    row = conn.execute(_CUSTOMER.where(customers.c.name == name)).one_or_none()
    if row is None:
        raise unknown(pseudonym)
    return _customer(row)


def listing(conn: Connection, after: int, limit: int) -> Page[Customer]:
    """Return customers in the order they came."""
    return page(conn, _CUSTOMER, customers.c.id, (after, limit), _customer)


def set_contact(conn: Connection, call: Call, customer_id: int, contact: Contact) -> None:
    """Keep who a customer is, in place of what was known."""
    values = {**{name: getattr(contact, name) for name in FIELDS}, "updated_at": call.at}
    if insert_new(conn, customer_contacts, {"customer_id": customer_id, **values}) is None:
        its = customer_contacts.c.customer_id == customer_id
        conn.execute(update(customer_contacts).where(its).values(**values))


def erase_contact(conn: Connection, customer_id: int) -> None:
    """Forget who a customer is; the pseudonym and what was sold to it stay."""
    conn.execute(delete(customer_contacts).where(customer_contacts.c.customer_id == customer_id))


def obligations(conn: Connection, customer_id: int) -> tuple[Obligation, ...]:
    """Return why a customer has to be reachable: recalls that run and have not reached them yet.

    Whoever brings a reason to keep contact data answers here, in the transaction that is about to erase them.
    """
    return tuple(Obligation(f"R-{recall}") for recall, _ in recall_notices.open_for(conn, "customer", customer_id))


def give_up(conn: Connection, call: Call, customer_id: int) -> None:
    """Say that a customer can no longer be told, in the transaction that erases them: open notices are `unreachable`.

    The other half of `obligations`.
    """
    for _, notice in recall_notices.open_for(conn, "customer", customer_id):
        step = Step("unreachable", note="their contact was erased")
        recall_notices.take(conn, notice, step, call.actor.id, call)
