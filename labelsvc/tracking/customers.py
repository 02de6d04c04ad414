"""Use cases: customers by pseudonym, who they are, and that they are forgotten."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.customers import Contact, Customer, check_contact, pseudonym
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.pages import Page
from labelsvc.domain.personal import keyed_digest
from labelsvc.domain.products import check_name
from labelsvc.errors import Conflict, InvalidInput, NotFound, Unavailable, at
from labelsvc.storage import audit, customers
from labelsvc.storage import requests as request_keys
from labelsvc.storage.database import Database

_REASON_AT_MOST = 500
#: Pseudonyms that are tried; the second is taken once in 2^50 / customers.
_TRIES = 5


def add_customer(db: Database, issuer: Issuer, call: Call, contact: Contact | None) -> Customer:
    """Give somebody a pseudonym; who they are need not be known.

    Raises:
        InvalidInput: the contact says nothing, or too much.
        Conflict: the key was used before.
    """
    if contact is not None:
        with at("/contact"):
            check_contact(contact)
    # What was asked is kept for ever, so that a repetition is known; the person is in it by digests alone.
    body = {"contact": None if contact is None else _noted(issuer, contact)}

    def work(conn: Connection) -> Customer:
        answered = request_keys.claim(conn, call, "customers", body)
        if answered is not None:
            return customers.get(conn, answered["customer"])
        name, customer_id = _new(conn, call)
        if contact is not None:
            customers.set_contact(conn, call, customer_id, contact)
        audit.record(conn, call, "customer.add", f"customer:{name}", after=body)
        request_keys.settle(conn, call, "customers", {"customer": name})
        return customers.get(conn, name)

    return db.write(work)


def _new(conn: Connection, call: Call) -> tuple[str, int]:
    for _ in range(_TRIES):
        name = pseudonym(secrets.choice)
        customer_id = customers.add(conn, call, name)
        if customer_id is not None:
            return name, customer_id
    raise Unavailable("pseudonym_taken", "Expected a pseudonym that nobody has, got none.")


def get_customer(db: Database, name: str) -> Customer:
    """Return a customer with their contact, as far as it is known.

    Raises:
        NotFound: there is none.
    """
    with db.read() as conn:
        return customers.get(conn, name)


def list_customers(db: Database, after: int, limit: int) -> Page[Customer]:
    """Return customers in the order they came."""
    with db.read() as conn:
        return customers.listing(conn, after, limit)


def set_contact(db: Database, issuer: Issuer, call: Call, name: str, contact: Contact) -> Customer:
    """Say who a customer is, in place of what was known.

    Raises:
        NotFound: there is no such customer.
        InvalidInput: the contact says nothing, or too much.
    """
    check_contact(contact)

    def work(conn: Connection) -> Customer:
        customer = customers.get(conn, name, lock=True)
        customers.set_contact(conn, call, customer.id, contact)
        before = None if customer.contact is None else _noted(issuer, customer.contact)
        after = _noted(issuer, contact)
        audit.record(conn, call, "customer.contact", f"customer:{name}", before=before, after=after)
        return customers.get(conn, name)

    return db.write(work)


def erase_contact(db: Database, issuer: Issuer, call: Call, name: str, reason: str, *, force: bool = False) -> None:
    """Forget who a customer is. The pseudonym and all that was sold to it stay.

    Args:
        force: although a recall runs of which they have not been told: then nobody can tell them any more.

    Raises:
        NotFound: there is no such customer, or nothing is known of them.
        InvalidInput: no reason.
        Conflict: a recall runs of which they have not been told.
    """
    with at("/reason"):
        check_name(reason, _REASON_AT_MOST)

    def work(conn: Connection) -> None:
        customer = customers.get(conn, name, lock=True)
        if customer.contact is None:
            raise NotFound("contact_unknown", "Expected a customer whose contact is known, got one whose is not.")
        recalls = [each.recall for each in customers.obligations(conn, customer.id)]
        if recalls and not force:
            message = "Expected a customer who knows of all recalls of what they bought, got one who was not told yet."
            raise Conflict("customer_in_recall", message, recalls=recalls)
        if recalls:
            customers.give_up(conn, call, customer.id)
        customers.erase_contact(conn, customer.id)
        after = {"forced": True, "recalls": recalls} if recalls else None
        before = _noted(issuer, customer.contact)
        audit.record(conn, call, "customer.erase", f"customer:{name}", before=before, after=after, reason=reason)

    db.write(work)


def _noted(issuer: Issuer, contact: Contact) -> dict[str, str]:
    return {field: keyed_digest(issuer.secret, value) for field, value in contact.said.items()}


def known_customer(conn: Connection, name: str | None, pointer: str = "/customer") -> Customer | None:
    """Return the customer that a request names; None: it names none.

    Raises:
        InvalidInput: there is none.
    """
    if name is None:
        return None
    try:
        return customers.get(conn, name)
    except NotFound as error:
        raise InvalidInput(error.code, error.message, pointer=pointer) from None
