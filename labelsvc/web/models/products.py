"""Products and serial schemes as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import quote

from pydantic import Field

from labelsvc.domain import products
from labelsvc.domain.gs1 import check_item, parse_gtin
from labelsvc.domain.products import NAME_AT_MOST, SHELF_LIFE_AT_MOST, NewProduct
from labelsvc.errors import InvalidInput, at
from labelsvc.web.models.base import Answer, Body, Id, Listing, Name, Whole

Gtin = Annotated[
    str,
    Field(
        description="GTIN of 8, 12, 13 or 14 digits, with its check digit.",
        examples=["09520123456788"],
        json_schema_extra={"pattern": "^([0-9]{8}|[0-9]{12,14})$"},
    ),
]
Item = Annotated[
    str,
    Field(
        description="Own item code; never 8, 12, 13 or 14 digits.",
        examples=["PUMP-7"],
        json_schema_extra={"pattern": "^[0-9A-Za-z][0-9A-Za-z._-]{0,39}$"},
    ),
]
Pattern = Annotated[
    str,
    Field(
        max_length=200,
        description="Pattern of the serials: literals, dates, the lot, and one counter.",
        examples=["{rnd:10}", "{prod:%y%j}{seq:6}"],
    ),
]


class ProductIn(Body):
    """A new product: a GTIN or an own item code, never both."""

    gtin: Gtin | None = None
    item: Item | None = None
    name: Annotated[str, Field(min_length=1, max_length=NAME_AT_MOST, examples=["Ibuprofen 400 mg, 50 tablets"])]
    scheme: Pattern
    label_format: Annotated[Name, Field(description="Name of a label format.", examples=["unit-100x50"])]
    shelf_life_days: Annotated[
        int | None,
        Field(ge=1, le=SHELF_LIFE_AT_MOST, description="Gives lots their expiry date where they name none."),
        Whole,
    ] = None

    def noun(self) -> NewProduct:
        """Return it as the use case takes it.

        Raises:
            InvalidInput: both codes are given or none, or one of them is of the other kind.
        """
        return NewProduct(self._code(), self.name, self.scheme, self.label_format, self.shelf_life_days)

    def _code(self) -> str:
        if (self.gtin is None) == (self.item is None):
            got = "neither" if self.gtin is None else "both"
            raise InvalidInput("product_code", f"Expected either gtin or item, got {got}.", pointer="")
        if self.gtin is not None:
            with at("/gtin"):
                return parse_gtin(self.gtin)
        with at("/item"):
            return check_item(self.item or "")


class ProductLinks(Answer):
    """Where to go from a product."""

    self: str
    schemes: str
    lots: str


class Product(Answer):
    """A product. Exactly one of `gtin` and `item` is not null."""

    id: Id
    gtin: Annotated[str | None, Field(description="Always 14 digits.")]
    item: str | None
    name: str
    scheme: Annotated[str, Field(description="Pattern of the current serial scheme.")]
    label_format: str
    shelf_life_days: int | None
    created_at: datetime
    links: ProductLinks

    @classmethod
    def of(cls, product: products.Product) -> Product:
        """Show a product."""
        here = product_path(product.code)
        return cls(
            id=product.id,
            gtin=product.code if product.kind == "gtin" else None,
            item=product.code if product.kind == "item" else None,
            name=product.name,
            scheme=product.scheme,
            label_format=product.label_format,
            shelf_life_days=product.shelf_life_days,
            created_at=product.created_at,
            links=ProductLinks(
                self=here, schemes=f"{here}/schemes", lots=f"/api/v1/lots?product={quote(product.code, safe='')}"
            ),
        )


class Products(Listing[Product]):
    """A page of products."""


class SchemeIn(Body):
    """Another serial scheme for a product."""

    scheme: Pattern


class Scheme(Answer):
    """A serial scheme of a product."""

    id: Id
    scheme: str
    current: Annotated[bool, Field(description="New batches get their serials from this one.")]
    key_version: int
    created_at: datetime

    @classmethod
    def of(cls, scheme: products.ProductScheme) -> Scheme:
        """Show a serial scheme."""
        return cls(
            id=scheme.id,
            scheme=scheme.pattern,
            current=scheme.current,
            key_version=scheme.key_version,
            created_at=scheme.created_at,
        )


class Schemes(Answer):
    """All serial schemes of a product, the oldest first; a list that is never long."""

    items: list[Scheme]
    next: None


def product_path(code: str) -> str:
    """Return the path of a product."""
    return f"/api/v1/products/{quote(code, safe='')}"
