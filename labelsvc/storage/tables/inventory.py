"""Tables of inventory: what products are sorted under, and what was counted."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant

product_categories = Table(
    "product_categories",
    metadata,
    Column("product_id", BigInteger, ForeignKey("products.id"), primary_key=True),
    Column("category", String(80), nullable=False, index=True),
)

#: Counts of a location: `expected` by the books at that moment, `seen` by whoever counted.
cycle_counts = Table(
    "cycle_counts",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("location_id", BigInteger, ForeignKey("locations.id"), nullable=False),
    Column("product_id", BigInteger, ForeignKey("products.id")),
    Column("event_id", BigInteger, ForeignKey("events.id")),
    Column("expected", Integer, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", String(80), nullable=False),
    Column("at", Instant, nullable=False),
)

#: What differed: `missing`, the books have it there and nobody saw it; `surplus`, the other way round.
cycle_count_differences = Table(
    "cycle_count_differences",
    metadata,
    Column("count_id", BigInteger, ForeignKey("cycle_counts.id"), primary_key=True),
    Column("unit_id", BigInteger, ForeignKey("units.id"), primary_key=True),
    Column("kind", String(8), nullable=False),
)
