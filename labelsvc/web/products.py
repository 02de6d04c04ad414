"""/products: trade items and their serial schemes."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from labelsvc.issuing import products
from labelsvc.web.auth import call, role
from labelsvc.web.house import house
from labelsvc.web.models.base import PageQuery, listing
from labelsvc.web.models.products import Product, ProductIn, Products, Scheme, SchemeIn, Schemes, product_path
from labelsvc.web.paths import created

bp = APIBlueprint(
    "products",
    __name__,
    url_prefix="/api/v1/products",
    tag={"name": "products", "description": "Trade items and their serial schemes."},
)


@bp.post("")
@role()
@bp.input(ProductIn, arg_name="body")
@bp.output(Product, 201)
@bp.doc(operation_id="addProduct")
def add_product(body: ProductIn) -> Any:
    """Add a product with its first serial scheme."""
    made = products.add_product(house().db, call(), body.noun())
    return created(Product.of(made), product_path(made.code))


@bp.get("")
@role("line", "qa")
@bp.input(PageQuery, location="query", arg_name="page")
@bp.output(Products)
@bp.doc(operation_id="listProducts")
def list_products(page: PageQuery) -> Any:
    """List products in the order they came."""
    return listing(products.list_products(house().db, page.after, page.limit), Product.of)


@bp.get("/<code>")
@role("line", "qa")
@bp.output(Product)
@bp.doc(operation_id="getProduct")
def get_product(code: str) -> Any:
    """Show a product."""
    return Product.of(products.get_product(house().db, code))


@bp.post("/<code>/schemes")
@role()
@bp.input(SchemeIn, arg_name="body")
@bp.output(Scheme, 201)
@bp.doc(operation_id="addScheme")
def add_scheme(code: str, body: SchemeIn) -> Any:
    """Give a product another serial scheme.

    It must be proved that it never makes a serial that another scheme of the product makes. A scheme that the product
    had before becomes current again, with its counters where they were.
    """
    made = products.add_scheme(house().db, call(), code, body.scheme)
    return created(Scheme.of(made), f"{product_path(code)}/schemes")


@bp.get("/<code>/schemes")
@role("line", "qa")
@bp.output(Schemes)
@bp.doc(operation_id="listSchemes")
def list_schemes(code: str) -> Any:
    """List all serial schemes of a product, the oldest first."""
    return {"items": [Scheme.of(scheme) for scheme in products.list_schemes(house().db, code)], "next": None}
