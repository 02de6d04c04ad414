"""Links of products in the books."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from labelsvc.domain.actors import Call
from labelsvc.domain.links import Link, ProductLink
from labelsvc.errors import NotFound
from labelsvc.storage.pages import AnyRow
from labelsvc.storage.tables import product_links, products

_LINK = select(product_links, products.c.code).join_from(
    product_links, products, products.c.id == product_links.c.product_id
)


def _link(row: AnyRow) -> ProductLink:
    link = Link(row.link_type, row.href, row.title, tuple(row.languages), row.media_type)
    return ProductLink(row.id, row.code, link, row.created_at)


def add(conn: Connection, call: Call, product_id: int, link: Link) -> int:
    """Insert a link of a product; return its id."""
    key = conn.execute(
        insert(product_links).values(
            product_id=product_id,
            link_type=link.link_type,
            href=link.href,
            title=link.title,
            languages=list(link.languages),
            media_type=link.media_type,
            created_at=call.at,
        )
    ).inserted_primary_key
    assert key is not None  # one row was inserted
    return int(key[0])


def of_product(conn: Connection, product_id: int) -> tuple[ProductLink, ...]:
    """Return the links of a product, in the order they came."""
    rows = conn.execute(_LINK.where(product_links.c.product_id == product_id).order_by(product_links.c.id))
    return tuple(map(_link, rows))


def get(conn: Connection, link_id: int, code: str) -> ProductLink:
    """Return a link of the product with a normalised code.

    Raises:
        NotFound: the product has no such link.
    """
    row = conn.execute(_LINK.where(product_links.c.id == link_id, products.c.code == code)).one_or_none()
    if row is None:
        raise NotFound("link_unknown", f"Expected the id of a link of {code}, got {link_id}.")
    return _link(row)


def remove(conn: Connection, link_id: int) -> None:
    """Delete a link that is known to exist."""
    conn.execute(delete(product_links).where(product_links.c.id == link_id))
