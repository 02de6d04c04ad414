"""/customers: pseudonyms of those who buy, and the persons behind them, who can be forgotten."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.tracking import customers
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.models.base import IdempotencyHeaders, PageQuery, listing
from labelsvc.web.models.sales import (
    ContactIn,
    Customer,
    CustomerEntry,
    CustomerIn,
    Customers,
    EraseQuery,
    customer_path,
)
from labelsvc.web.paths import created

bp = APIBlueprint(
    "customers",
    __name__,
    url_prefix="/api/v1/customers",
    tag={"name": "customers", "description": "Those who buy, by pseudonym; who they are can be erased."},
)


@bp.post("")
@role("retail", "qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(CustomerIn, arg_name="body")
@bp.output(Customer, 201)
@bp.doc(operation_id="addCustomer")
def add_customer(headers: IdempotencyHeaders, body: CustomerIn) -> Any:
    """Give somebody a pseudonym."""
    contact = None if body.contact is None else body.contact.noun()
    made = customers.add_customer(house().db, house().issuer, call(headers.idempotency_key), contact)
    return created(Customer.of(made), customer_path(made.name))


@bp.get("")
@role("retail", "qa")
@bp.input(PageQuery, location="query", arg_name="page")
@bp.output(Customers)
@bp.doc(operation_id="listCustomers")
def list_customers(page: PageQuery) -> Any:
    """List customers by their pseudonyms alone, in the order they came."""
    return listing(customers.list_customers(house().db, page.after, page.limit), CustomerEntry.of)


@bp.get("/<name>")
@role("retail", "qa")
@bp.output(Customer)
@bp.doc(operation_id="getCustomer")
def get_customer(name: str) -> Any:
    """Show a customer, and who they are."""
    return Customer.of(customers.get_customer(house().db, name))


@bp.put("/<name>/contact")
@role("retail", "qa")
@bp.input(ContactIn, arg_name="body")
@bp.output(Customer)
@bp.doc(operation_id="setContact")
def set_contact(name: str, body: ContactIn) -> Any:
    """Say who a customer is, in place of what was known."""
    return Customer.of(customers.set_contact(house().db, house().issuer, call(), name, body.noun()))


@bp.delete("/<name>/contact")
@role("qa")
@bp.input(EraseQuery, location="query", arg_name="query")
@bp.output({}, 204)
@bp.doc(operation_id="eraseContact")
def erase_contact(name: str, query: EraseQuery) -> Any:
    """Forget who a customer is; what was sold to the pseudonym stays."""
    customers.erase_contact(house().db, house().issuer, call(), name, query.reason, force=query.force == "true")
    return ""
