"""Products and their serial schemes in the books."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from labelsvc.domain.actors import Call
from labelsvc.domain.pages import Page
from labelsvc.domain.products import NewProduct, Product, ProductScheme
from labelsvc.errors import NotFound
from labelsvc.storage.database import insert_new
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import products, schemes

_PRODUCT = (
    select(
        products.c.id,
        products.c.code,
        products.c.kind,
        products.c.name,
        products.c.shelf_life_days,
        products.c.label_format,
        schemes.c.pattern.label("scheme"),
        products.c.scheme_id,
        products.c.created_at,
    )
).join_from(products, schemes, schemes.c.id == products.c.scheme_id)


def _product(row: AnyRow) -> Product:
    return Product(**row._mapping)


def add(conn: Connection, call: Call, kind: str, new: NewProduct) -> int | None:
    """Insert a product without a scheme; return its id, or None where its code is taken."""
    values = {
        "code": new.code,
        "kind": kind,
        "name": new.name,
        "shelf_life_days": new.shelf_life_days,
        "label_format": new.label_format,
        "created_at": call.at,
    }
    row = insert_new(conn, products, values)
    return int(row[0]) if row else None


def find(conn: Connection, code: str) -> Product | None:
    """Return the product of a normalised code."""
    row = conn.execute(_PRODUCT.where(products.c.code == code)).one_or_none()
    return _product(row) if row else None


def get(conn: Connection, code: str, *, lock: bool = False) -> Product:
    """Return the product of a normalised code.

    Args:
        lock: keep others from changing it, or adding a scheme to it, until this transaction ends.

    Raises:
        NotFound: there is none.
    """
    if lock:
        conn.execute(select(products.c.id).where(products.c.code == code).with_for_update())
    found = find(conn, code)
    if found is None:
        raise NotFound("product_unknown", f"Expected the code of a product, got {code}.")
    return found


def by_id(conn: Connection, product_id: int) -> Product:
    """Return a product that is known to exist."""
    return _product(conn.execute(_PRODUCT.where(products.c.id == product_id)).one())


def listing(conn: Connection, after: int, limit: int) -> Page[Product]:
    """Return trade items in the order they came."""
    return page(conn, _PRODUCT.where(products.c.kind != "sscc"), products.c.id, (after, limit), _product)


def add_scheme(conn: Connection, call: Call, product_id: int, pattern: str, key_version: int) -> int:
    """Insert a scheme and make it the product's current one."""
    key = conn.execute(
        insert(schemes).values(product_id=product_id, pattern=pattern, key_version=key_version, created_at=call.at)
    ).inserted_primary_key
    assert key is not None  # one row was inserted
    conn.execute(update(products).where(products.c.id == product_id).values(scheme_id=key[0]))
    return int(key[0])


def schemes_of(conn: Connection, product_id: int) -> tuple[ProductScheme, ...]:
    """Return all schemes of a product, the oldest first."""
    rows = conn.execute(
        select(schemes, (schemes.c.id == products.c.scheme_id).label("current"))
        .join(products, products.c.id == schemes.c.product_id)
        .where(schemes.c.product_id == product_id)
        .order_by(schemes.c.id)
    )
    return tuple(_scheme(row) for row in rows)


def schemes_of_all(conn: Connection, limit: int) -> tuple[tuple[str, ProductScheme], ...]:
    """Return the schemes of all products, the latest first, each with its product's code."""
    current = (schemes.c.id == products.c.scheme_id).label("current")
    query = select(products.c.code, schemes, current)
    query = query.join_from(schemes, products, products.c.id == schemes.c.product_id)
    rows = conn.execute(query.order_by(schemes.c.id.desc()).limit(limit))
    return tuple((row.code, _scheme(row)) for row in rows)


def _scheme(row: AnyRow) -> ProductScheme:
    return ProductScheme(row.id, row.product_id, row.pattern, row.key_version, bool(row.current), row.created_at)


def make_current(conn: Connection, product_id: int, pattern: str) -> None:
    """Make a scheme that the product has its current one."""
    scheme_id = (
        select(schemes.c.id).where(schemes.c.product_id == product_id, schemes.c.pattern == pattern).scalar_subquery()
    )
    conn.execute(update(products).where(products.c.id == product_id).values(scheme_id=scheme_id))
