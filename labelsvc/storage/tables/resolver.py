"""Tables of the resolver: where the codes of a product lead."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant, Json

#: Links that makers configured. `languages` is a list, empty where it does not matter.
product_links = Table(
    "product_links",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("product_id", BigInteger, ForeignKey("products.id"), nullable=False),
    Column("link_type", String(40), nullable=False),
    Column("href", String(500), nullable=False),
    Column("title", String(200), nullable=False),
    Column("languages", Json, nullable=False),
    Column("media_type", String(120)),
    Column("created_at", Instant, nullable=False),
    Index("ix_product_links_product_id", "product_id"),
)
