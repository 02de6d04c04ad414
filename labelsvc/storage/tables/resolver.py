"""Tables of the resolver: where the codes of a product lead, and how often they were asked for."""

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

#: How often a product was asked for, by the hour: `led`, `shown`, `verified`, or why it was not. Of nobody in person.
resolver_hits = Table(
    "resolver_hits",
    metadata,
    Column("product_id", BigInteger, ForeignKey("products.id"), primary_key=True),
    Column("hour", Instant, primary_key=True),
    Column("outcome", String(24), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Index("ix_resolver_hits_hour", "hour"),
)

#: How often a number that was issued was asked for. `visitors`: how many different ones asked, once a day each.
resolver_numbers = Table(
    "resolver_numbers",
    metadata,
    Column("range_id", BigInteger, ForeignKey("ranges.id"), primary_key=True),
    Column("ordinal", BigInteger, primary_key=True, autoincrement=False),
    Column("count", BigInteger, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("visitors", BigInteger, nullable=False),
)
