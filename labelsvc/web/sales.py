"""/sales, /customer-returns, /exchanges, /warranties: what customers buy, bring back, and have a right to."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.tracking import returns, sales
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.models.base import IdempotencyHeaders, listing
from labelsvc.web.models.sales import (
    CustomerReturn,
    Exchange,
    ExchangeIn,
    ProductWarranty,
    ReturnIn,
    Sale,
    SaleIn,
    SaleQuery,
    Sales,
    SalesMade,
    Warranty,
    WarrantyIn,
)

bp = APIBlueprint(
    "sales",
    __name__,
    url_prefix="/api/v1",
    tag={"name": "sales", "description": "What customers buy, bring back, and have a right to."},
)


@bp.post("/sales")
@role("retail", "qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(SaleIn, arg_name="body")
@bp.output(SalesMade)
@bp.doc(operation_id="sell")
def sell(headers: IdempotencyHeaders, body: SaleIn) -> Any:
    """Sell units to a customer.

    What may not be sold is refused (`event_refused`, with the rule that each unit breaks), unless it already happened.
    """
    asked = call(headers.idempotency_key)
    made = sales.sell(house().db, house().issuer, asked, body.noun())
    return {"items": [Sale.of(each) for each in made]}


@bp.get("/sales")
@role("retail", "qa")
@bp.input(SaleQuery, location="query", arg_name="page")
@bp.output(Sales)
@bp.doc(operation_id="listSales")
def list_sales(page: SaleQuery) -> Any:
    """List sales in the order they were made, of a unit or of a customer."""
    window = (page.after, page.limit)
    found = sales.list_sales(house().db, house().issuer, page.unit, page.product, page.customer, window)
    return listing(found, Sale.of)


@bp.post("/customer-returns")
@role("retail", "qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(ReturnIn, arg_name="body")
@bp.output(CustomerReturn)
@bp.doc(operation_id="takeBack")
def take_back(headers: IdempotencyHeaders, body: ReturnIn) -> Any:
    """Take a unit back from the customer who bought it."""
    asked = call(headers.idempotency_key)
    return CustomerReturn.of(returns.take_back(house().db, house().issuer, asked, body.noun()))


@bp.post("/exchanges")
@role("retail", "qa")
@bp.input(IdempotencyHeaders, location="headers", arg_name="headers")
@bp.input(ExchangeIn, arg_name="body")
@bp.output(Exchange)
@bp.doc(operation_id="exchange")
def exchange(headers: IdempotencyHeaders, body: ExchangeIn) -> Any:
    """Give a customer another unit in place of the one they bought."""
    asked = call(headers.idempotency_key)
    return Exchange.of(returns.exchange(house().db, house().issuer, asked, body.noun()))


@bp.get("/warranties/<code>/<serial:serial>")
@role("retail", "qa")
@bp.output(Warranty)
@bp.doc(operation_id="getWarranty")
def get_warranty(code: str, serial: str) -> Any:
    """Say whether a unit is warranted today."""
    home = house()
    return Warranty.of(sales.warranty_of(home.db, home.issuer, code, serial, home.now()))


@bp.get("/products/<code>/warranty")
@role("retail", "qa")
@bp.output(ProductWarranty)
@bp.doc(operation_id="getProductWarranty")
def get_product_warranty(code: str) -> Any:
    """Show for how many months a product is warranted."""
    return ProductWarranty(months=sales.warranty_months(house().db, code))


@bp.put("/products/<code>/warranty")
@role()
@bp.input(WarrantyIn, arg_name="body")
@bp.output(ProductWarranty)
@bp.doc(operation_id="setProductWarranty")
def set_product_warranty(code: str, body: WarrantyIn) -> Any:
    """Say for how many months a product is warranted that is sold from now on."""
    return ProductWarranty(months=sales.set_warranty(house().db, call(), code, body.months))
