"""Use cases: products and their serial schemes."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.gs1 import ProductCode, parse_trade_item
from labelsvc.domain.pages import Page
from labelsvc.domain.products import NewProduct, Product, ProductScheme, check_name, check_shelf_life
from labelsvc.domain.schemes import Scheme, collision
from labelsvc.errors import Conflict, InvalidInput, NotFound, at
from labelsvc.storage import audit, label_formats, products
from labelsvc.storage.database import Database

#: A pool's key is fixed by the master secret and this; another version would need a disjoint pattern of its own.
KEY_VERSION = 1


def add_product(db: Database, call: Call, new: NewProduct) -> Product:
    """Add a product with its first serial scheme.

    Raises:
        InvalidInput: the code, name, scheme or shelf life breaks a rule.
        Conflict: a product has this code.
    """
    with at("/item" if not new.code.isdigit() else "/gtin"):
        code = parse_trade_item(new.code)
    with at("/name"):
        check_name(new.name)
    with at("/scheme"):
        Scheme.parse(new.scheme)
    with at("/shelf_life_days"):
        check_shelf_life(new.shelf_life_days)

    def work(conn: Connection) -> Product:
        with at("/label_format"):
            label_formats.in_use(conn, new.label_format)
        product_id = products.add(conn, call, code.kind, replace(new, code=code.value))
        if product_id is None:
            raise Conflict("product_exists", f"Expected a new product, got {code.value}, which is known.")
        products.add_scheme(conn, call, product_id, new.scheme, KEY_VERSION)
        product = products.get(conn, code.value)
        audit.record(conn, call, "product.add", f"product:{product.code}", after=_noted(product))
        return product

    return db.write(work)


def get_product(db: Database, code: str) -> Product:
    """Return a product by GTIN or item code.

    Raises:
        NotFound: there is none.
    """
    with db.read() as conn:
        return products.get(conn, known_code(code).value)


def list_products(db: Database, after: int, limit: int) -> Page[Product]:
    """Return products in the order they came."""
    with db.read() as conn:
        return products.listing(conn, after, limit)


def add_scheme(db: Database, call: Call, code: str, pattern: str) -> ProductScheme:
    """Give a product another serial scheme; its lots get their next numbers from it.

    A scheme the product had before becomes current again, with its counters where they were.

    Raises:
        InvalidInput: the pattern breaks a rule.
        Conflict: it could make a serial that another scheme of the product makes.
    """
    with at("/scheme"):
        scheme = Scheme.parse(pattern)

    def work(conn: Connection) -> ProductScheme:
        product = products.get(conn, known_code(code).value, lock=True)
        if product.scheme != pattern:
            _change_scheme(conn, call, product, scheme)
        return next(now for now in products.schemes_of(conn, product.id) if now.current)

    return db.write(work)


def _change_scheme(conn: Connection, call: Call, product: Product, scheme: Scheme) -> None:
    had = products.schemes_of(conn, product.id)
    if any(old.pattern == scheme.pattern for old in had):
        products.make_current(conn, product.id, scheme.pattern)
    else:
        for old in had:
            reason = collision(scheme, Scheme.parse(old.pattern))
            if reason is not None:
                raise Conflict("schemes_collide", reason, pointer="/scheme", other=old.pattern)
        products.add_scheme(conn, call, product.id, scheme.pattern, KEY_VERSION)
    before, after = {"scheme": product.scheme}, {"scheme": scheme.pattern}
    audit.record(conn, call, "product.scheme", f"product:{product.code}", before=before, after=after)


def list_schemes(db: Database, code: str) -> tuple[ProductScheme, ...]:
    """Return all schemes of a product, the oldest first."""
    with db.read() as conn:
        return products.schemes_of(conn, products.get(conn, known_code(code).value).id)


def known_code(text: str) -> ProductCode:
    """Return a product code that names something we may know; one that breaks the rules names nothing."""
    try:
        return parse_trade_item(text)
    except InvalidInput as error:
        raise NotFound("product_unknown", f"Expected the code of a product: {error.message}") from None


def _noted(product: Product) -> dict[str, object]:
    return {
        "name": product.name,
        "scheme": product.scheme,
        "label_format": product.label_format,
        "shelf_life_days": product.shelf_life_days,
    }
