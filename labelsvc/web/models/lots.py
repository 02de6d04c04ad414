"""Lots as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from labelsvc.domain.batches import LotDates, LotRequest, OpenLot
from labelsvc.web.models.base import Answer, Body, Day, Id, Listing, PageQuery
from labelsvc.web.models.products import product_path

Expiry = Annotated[Day | None, Field(description="AI (17); by default production plus shelf life.")]
BestBefore = Annotated[Day | None, Field(description="AI (15).")]


class LotDatesIn(Body):
    """The dates of a lot."""

    production_date: Annotated[Day, Field(description="AI (11).", examples=["2026-11-20"])]
    expiry_date: Expiry = None
    best_before: BestBefore = None

    def dates(self) -> LotDates:
        """Return them as the use case takes them."""
        return LotDates(self.production_date, self.expiry_date, self.best_before)


class LotIn(LotDatesIn):
    """A lot to open."""

    product: Annotated[
        str, Field(description="GTIN of 8, 12, 13 or 14 digits, or own item code.", examples=["09520123456788"])
    ]
    number: Annotated[
        str,
        Field(
            description="AI (10): 1 to 20 characters of GS1's set 82; unique within the product.",
            examples=["L-2026-118"],
            json_schema_extra={"minLength": 1, "maxLength": 20},
        ),
    ]

    def noun(self) -> LotRequest:
        """Return it as the use case takes it."""
        return LotRequest(self.product, self.number, self.production_date, self.expiry_date, self.best_before)


class LotQuery(PageQuery):
    """Which lots."""

    product: Annotated[str | None, Field(description="Only lots of this GTIN or item.")] = None


class LotLinks(Answer):
    """Where to go from a lot."""

    self: str
    product: str
    batches: str


class Lot(Answer):
    """A lot."""

    id: Id
    product: Annotated[str, Field(description="GTIN of 14 digits, or own item code.")]
    number: str
    production_date: date
    expiry_date: date | None
    best_before: date | None
    revision: Annotated[int, Field(description="Rises with every edit; batches keep the one they were made with.")]
    warnings: Annotated[list[str], Field(description="Allowed, but worth a look.")]
    created_at: datetime
    links: LotLinks

    @classmethod
    def of(cls, opened: OpenLot) -> Lot:
        """Show a lot."""
        here = lot_path(opened.id)
        return cls(
            id=opened.id,
            product=opened.product_code,
            number=opened.lot.number,
            production_date=opened.lot.production,
            expiry_date=opened.lot.expiry,
            best_before=opened.lot.best_before,
            revision=opened.revision,
            warnings=list(opened.warnings),
            created_at=opened.created_at,
            links=LotLinks(self=here, product=product_path(opened.product_code), batches=f"{here}/batches"),
        )


class Lots(Listing[Lot]):
    """A page of lots."""


def lot_path(lot_id: int) -> str:
    """Return the path of a lot."""
    return f"/api/v1/lots/{lot_id}"
