"""Use cases: where the codes of a product lead, beside our own page."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.links import LINKS_AT_MOST, Link, ProductLink, check_link, link_type_of
from labelsvc.domain.products import Product
from labelsvc.errors import Conflict
from labelsvc.issuing.products import known_code
from labelsvc.storage import audit, links, products
from labelsvc.storage.database import Database


def add_link(db: Database, call: Call, code: str, link: Link) -> ProductLink:
    """Give a product a link; several of one type are told apart by language and media type.

    Raises:
        NotFound: no such product.
        InvalidInput: the link breaks a rule.
        Conflict: the product has this link, or LINKS_AT_MOST.
    """
    checked = check_link(replace(link, link_type=link_type_of(link.link_type)))

    def work(conn: Connection) -> ProductLink:
        product = products.get(conn, known_code(code).value, lock=True)
        had = links.of_product(conn, product.id)
        if any(old.link == checked for old in had):
            raise Conflict("link_exists", "Expected a new link, got one that the product has.")
        if len(had) >= LINKS_AT_MOST:
            raise Conflict("links_many", f"Expected at most {LINKS_AT_MOST} links of a product, got one more.")
        link_id = links.add(conn, call, product.id, checked)
        audit.record(conn, call, "product.link", f"product:{product.code}", after=_noted(checked))
        return links.get(conn, link_id, product.code)

    return db.write(work)


def remove_link(db: Database, call: Call, code: str, link_id: int) -> None:
    """Take a link from a product.

    Raises:
        NotFound: no such product, or it has no such link.
    """

    def work(conn: Connection) -> None:
        found = links.get(conn, link_id, known_code(code).value)
        links.remove(conn, link_id)
        audit.record(conn, call, "product.unlink", f"product:{found.product_code}", before=_noted(found.link))

    db.write(work)


def list_links(db: Database, code: str) -> tuple[ProductLink, ...]:
    """Return the links of a product, in the order they came.

    Raises:
        NotFound: no such product.
    """
    return product_with_links(db, known_code(code).value)[1]


def product_with_links(db: Database, code: str) -> tuple[Product, tuple[ProductLink, ...]]:
    """Return a product by its normalised code, and its links.

    Raises:
        NotFound: no such product.
    """
    with db.read() as conn:
        product = products.get(conn, code)
        return product, links.of_product(conn, product.id)


def _noted(link: Link) -> dict[str, object]:
    return {
        "link_type": link.link_type,
        "href": link.href.partition("?")[0],  # a query may hold a key; the audit is for ever
        "title": link.title,
        "languages": list(link.languages),
        "media_type": link.media_type,
    }
