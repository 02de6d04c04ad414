"""Customers, sales, customer returns and exchanges as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field

from labelsvc.domain import customers, sales
from labelsvc.domain.customers import FIELDS
from labelsvc.domain.sales import (
    MONTHS_AT_MOST,
    UNITS_AT_MOST,
    CustomerReturnRequest,
    ExchangeRequest,
    SaleRequest,
    When,
)
from labelsvc.domain.units.standing import State
from labelsvc.tracking import sales as use_cases
from labelsvc.web.models.base import Answer, Body, Id, Listing, Moment, Name, PageQuery, Query, Whole

Scanned = Annotated[
    str,
    Field(
        min_length=1,
        max_length=500,
        description="A unit, as a scanner gives it.",
        examples=["https://id.example.com/01/09520123456788/21/ABC234"],
    ),
]
ProductCode = Annotated[
    Name | None, Field(max_length=40, description="GTIN or item code; of plain serials, and of all others, too.")
]
Pseudonym = Annotated[Name | None, Field(max_length=16, description="Of the customer.", examples=["C-7K3QW9XTB2"])]
#: A moment with its offset; by default now.
At = Annotated[
    Moment | None, Field(description="With its offset; by default now.", examples=["2026-11-20T17:30+01:00"])
]
Place = Annotated[Name | None, Field(min_length=1, max_length=200, description="GLN or URI.")]


class ContactIn(Body):
    """Who a customer is: at least one of these."""

    name: Annotated[str | None, Field(min_length=1, max_length=FIELDS["name"])] = None
    email: Annotated[str | None, Field(min_length=1, max_length=FIELDS["email"])] = None
    phone: Annotated[str | None, Field(min_length=1, max_length=FIELDS["phone"])] = None
    address: Annotated[str | None, Field(min_length=1, max_length=FIELDS["address"])] = None

    def noun(self) -> customers.Contact:
        """Return it as the use case takes it."""
        return customers.Contact(self.name, self.email, self.phone, self.address)


class CustomerIn(Body):
    """A new customer."""

    contact: Annotated[ContactIn | None, Field(description="Who they are, where they say so.")] = None


class EraseQuery(Query):
    """Why somebody is forgotten."""

    reason: Annotated[Name, Field(min_length=1, max_length=500, description="Kept in the audit.")]
    force: Annotated[
        Literal["true", "false"], Field(description="`true`: although they have not been told of a recall.")
    ] = "false"


class Contact(Answer):
    """Who a customer is."""

    name: str | None
    email: str | None
    phone: str | None
    address: str | None


class Customer(Answer):
    """Who bought something."""

    customer: Annotated[str, Field(description="A pseudonym.")]
    created_at: datetime
    contact: Annotated[Contact | None, Field(description="Null: nothing is known, or it was erased.")]

    @classmethod
    def of(cls, found: customers.Customer) -> Customer:
        """Show a customer."""
        said = found.contact
        contact = None if said is None else Contact(**{field: getattr(said, field) for field in FIELDS})
        return cls(customer=found.name, created_at=found.created_at, contact=contact)


class CustomerEntry(Answer):
    """A customer in a list, by the pseudonym alone."""

    id: Id
    customer: str
    created_at: datetime
    known: Annotated[bool, Field(description="There is a contact.")]

    @classmethod
    def of(cls, found: customers.Customer) -> CustomerEntry:
        """Show a customer."""
        return cls(id=found.id, customer=found.name, created_at=found.created_at, known=found.contact is not None)


class Customers(Listing[CustomerEntry]):
    """A page of customers."""


class _Happened(Body):
    """When, where, and by whom."""

    at: At = None
    location: Place = None
    party: Place = None

    def when(self) -> When:
        """Return it as the use case takes it."""
        return When(self.at, self.location, self.party)


class SaleIn(_Happened):
    """Units that a customer bought."""

    units: Annotated[list[Scanned], Field(min_length=1, max_length=UNITS_AT_MOST)]
    product: ProductCode = None
    customer: Pseudonym = None
    channel: Annotated[Name | None, Field(min_length=1, max_length=40, examples=["shop"])] = None
    invoice: Annotated[Name | None, Field(min_length=1, max_length=200, description="Its number, or a URI.")] = None
    already_happened: Annotated[bool, Field(description="It was done: keep it, whatever rule it breaks.")] = False

    def noun(self) -> SaleRequest:
        """Return it as the use case takes it."""
        whom = (self.product, self.customer, self.channel, self.invoice)
        return SaleRequest(tuple(self.units), *whom, self.when(), self.already_happened)


class ReturnIn(_Happened):
    """A unit that a customer brings back."""

    unit: Scanned
    rma: Annotated[Name, Field(min_length=1, max_length=200, description="Number of the return, or a URI.")]
    product: ProductCode = None
    reason: Annotated[Name | None, Field(min_length=1, max_length=500)] = None
    already_happened: Annotated[bool, Field(description="It was done: keep it, whatever rule it breaks.")] = False

    def noun(self) -> CustomerReturnRequest:
        """Return it as the use case takes it."""
        return CustomerReturnRequest(self.unit, self.rma, self.product, self.reason, self.when(), self.already_happened)


class ExchangeIn(_Happened):
    """A unit that a customer gets in place of another."""

    old: Scanned
    new: Scanned
    rma: Annotated[Name, Field(min_length=1, max_length=200, description="Number of the return, or a URI.")]
    product: ProductCode = None
    reason: Annotated[Name | None, Field(min_length=1, max_length=500)] = None
    new_warranty: Annotated[bool, Field(description="Warranted anew, not for what was left.")] = False

    def noun(self) -> ExchangeRequest:
        """Return it as the use case takes it."""
        return ExchangeRequest(self.old, self.new, self.rma, self.product, self.reason, self.when(), self.new_warranty)


class SaleQuery(PageQuery):
    """Which sales."""

    unit: Annotated[str | None, Field(min_length=1, max_length=500, description="Of this unit only.")] = None
    product: ProductCode = None
    customer: Pseudonym = None


class Sale(Answer):
    """One unit sold."""

    id: Id
    unit: Annotated[str, Field(description="Its EPC.")]
    event: Annotated[str, Field(description="EPCIS eventID.")]
    customer: str | None
    sold_at: datetime
    warranty_until: Annotated[date | None, Field(description="The last day.")]
    channel: str | None
    party: str | None
    invoice: str | None
    finding: Annotated[str | None, Field(description="The rule that the sale breaks.")]
    sold_by: str
    returned_at: datetime | None
    replaces: Annotated[str | None, Field(description="The unit that it was given for.")]
    replaced_by: Annotated[str | None, Field(description="The unit that was given for it.")]

    @classmethod
    def of(cls, found: sales.Sale) -> Sale:
        """Show a sale."""
        same = {name: getattr(found, name) for name in sales.Sale.__slots__ if name not in ("epc", "event_id")}
        return cls(unit=found.epc, event=found.event_id, **same)


class Sales(Listing[Sale]):
    """A page of sales."""


class SalesMade(Answer):
    """What one request sold."""

    items: list[Sale]


class CustomerReturn(Answer):
    """One unit that a customer brought back."""

    id: Id
    unit: str
    event: str
    sale: Annotated[Id | None, Field(description="Null: it was not sold through us.")]
    rma: str
    reason: str | None
    returned_at: datetime
    finding: str | None

    @classmethod
    def of(cls, found: sales.CustomerReturn) -> CustomerReturn:
        """Show a customer return."""
        return cls(
            id=found.id,
            unit=found.epc,
            event=found.event_id,
            sale=found.sale_id,
            rma=found.rma,
            reason=found.reason,
            returned_at=found.returned_at,
            finding=found.finding,
        )


class Exchange(Answer):
    """An old unit, back, and the sale of the one that took its place."""

    id: Id
    returned: CustomerReturn
    sale: Sale

    @classmethod
    def of(cls, found: sales.Exchange) -> Exchange:
        """Show an exchange."""
        return cls(id=found.id, returned=CustomerReturn.of(found.returned), sale=Sale.of(found.sale))


class WarrantyIn(Body):
    """For how long a product is warranted."""

    months: Annotated[int | None, Field(ge=1, le=MONTHS_AT_MOST, description="Null: it is not."), Whole]


class ProductWarranty(Answer):
    """For how long a product is warranted that is sold from now on."""

    months: int | None


class Warranty(Answer):
    """Whether a unit is warranted today (UTC)."""

    unit: str
    state: State
    valid: bool
    sale: Annotated[Sale | None, Field(description="Its latest; null: it was never sold.")]

    @classmethod
    def of(cls, found: use_cases.Warranty) -> Warranty:
        """Show a warranty."""
        sale = None if found.sale is None else Sale.of(found.sale)
        return cls(unit=found.unit.epc, state=found.unit.standing.state, valid=found.valid, sale=sale)


def customer_path(name: str) -> str:
    """Return the path of a customer."""
    return f"/api/v1/customers/{quote(name, safe='')}"
