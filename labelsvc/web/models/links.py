"""Links of products as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from labelsvc.domain import links
from labelsvc.domain.links import HREF_AT_MOST, LANGUAGES_AT_MOST, TITLE_AT_MOST
from labelsvc.web.models.base import Answer, Body, Id


class LinkIn(Body):
    """A new link of a product."""

    link_type: Annotated[
        str, Field(min_length=1, max_length=80, description="One of GS1's link types.", examples=["gs1:pip"])
    ]
    href: Annotated[str, Field(min_length=1, max_length=HREF_AT_MOST, examples=["https://example.com/ibuprofen"])]
    title: Annotated[str, Field(min_length=1, max_length=TITLE_AT_MOST, examples=["About this product"])]
    languages: Annotated[
        list[str], Field(max_length=LANGUAGES_AT_MOST, description="Of what is there.", examples=[["en", "de-AT"]])
    ] = Field(default_factory=list)
    media_type: Annotated[str | None, Field(max_length=120, description="Of what is there.")] = None

    def noun(self) -> links.Link:
        """Return it as the use case takes it."""
        return links.Link(self.link_type, self.href, self.title, tuple(self.languages), self.media_type)


class Link(Answer):
    """A link of a product."""

    id: Id
    product: Annotated[str, Field(description="GTIN of 14 digits, or own item code.")]
    link_type: str
    href: str
    title: str
    languages: list[str]
    media_type: str | None
    created_at: datetime

    @classmethod
    def of(cls, found: links.ProductLink) -> Link:
        """Show a link."""
        return cls(
            id=found.id,
            product=found.product_code,
            link_type=f"gs1:{found.link.link_type}",
            href=found.link.href,
            title=found.link.title,
            languages=list(found.link.languages),
            media_type=found.link.media_type,
            created_at=found.created_at,
        )


class Links(Answer):
    """All links of a product, the oldest first; a list that is never long."""

    items: list[Link]
    next: None
