"""Tables of what is issued: label formats, products, lots, pools, ranges, batches."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant

#: Revisions of label formats, never deleted. `shipped`: it came with the package, not from a user.
label_formats = Table(
    "label_formats",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("revision", String(64), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("toml", Text, nullable=False),
    Column("shipped", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)

#: Which revision of each format new batches get.
label_formats_in_use = Table(
    "label_formats_in_use",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("revision", String(64), ForeignKey("label_formats.revision"), nullable=False),
)

label_format_files = Table(
    "label_format_files",
    metadata,
    Column("revision", String(64), ForeignKey("label_formats.revision"), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

#: Trade items, and in one row (`sscc`) all logistic units. `code` is a GTIN of 14 digits, an own item code or `(00)`;
#: `label_format` is a format's name.
products = Table(
    "products",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("code", String(40), nullable=False, unique=True),
    Column("kind", String(4), nullable=False),
    Column("name", String(200), nullable=False),
    Column("shelf_life_days", Integer),
    Column("label_format", String(80), nullable=False),
    Column("scheme_id", BigInteger),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("kind IN ('gtin', 'item', 'sscc')", name="kind"),
)

#: Serial schemes, immutable; all of one product are proved disjoint before a row is added.
schemes = Table(
    "schemes",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("product_id", BigInteger, ForeignKey("products.id"), nullable=False),
    Column("pattern", String(200), nullable=False),
    Column("key_version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("product_id", "pattern"),
)

lots = Table(
    "lots",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("product_id", BigInteger, ForeignKey("products.id"), nullable=False),
    Column("number", String(20), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("product_id", "number"),
)

lot_revisions = Table(
    "lot_revisions",
    metadata,
    Column("lot_id", BigInteger, ForeignKey("lots.id"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("production_date", Date, nullable=False),
    Column("expiry_date", Date),
    Column("best_before", Date),
    Column("created_at", Instant, nullable=False),
)

#: Counters, one per scheme and scope. `next` is the next ordinal to grant.
pools = Table(
    "pools",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("scheme_id", BigInteger, ForeignKey("schemes.id"), nullable=False),
    Column("scope", String(20), nullable=False),
    Column("next", BigInteger, nullable=False),
    Column("capacity", BigInteger, nullable=False),
    UniqueConstraint("scheme_id", "scope"),
    CheckConstraint("next >= 0 AND next <= capacity", name="next_within_capacity"),
)

#: SSCCs of one GS1 company prefix and extension digit: one scheme with one pool, and a lot to account for them.
sscc_series = Table(
    "sscc_series",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("company_prefix", String(12), nullable=False),
    Column("extension_digit", Integer, nullable=False),
    Column("scheme_id", BigInteger, ForeignKey("schemes.id"), nullable=False, unique=True),
    Column("lot_id", BigInteger, ForeignKey("lots.id"), nullable=False, unique=True),
    Column("current", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("company_prefix", "extension_digit"),
)

#: Grants. The numbers first .. first + count - 1 of a pool; the unit of allocation.
ranges = Table(
    "ranges",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("pool_id", BigInteger, ForeignKey("pools.id"), nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("lot_id", BigInteger, index=True),
    Column("lot_revision", Integer),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", String(80), nullable=False),
    Column("request_key", String(200)),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("pool_id", "first"),
    CheckConstraint("count >= 1 AND first >= 0", name="not_empty"),
)

#: Requests for labels. `frozen` holds the values that are printed, whatever happens to product or lot later.
batches = Table(
    "batches",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("range_id", BigInteger, ForeignKey("ranges.id"), nullable=False, unique=True),
    Column("product_id", BigInteger, ForeignKey("products.id"), nullable=False),
    Column("lot_id", BigInteger, ForeignKey("lots.id"), nullable=False, index=True),
    Column("frozen", Text, nullable=False),
    Column("format_revision", String(64), ForeignKey("label_formats.revision"), nullable=False),
    Column("renderer_revision", Integer, nullable=False),
    Column("line", String(80)),
    Column("printer_id", BigInteger, ForeignKey("printers.id")),
    Column("created_at", Instant, nullable=False),
)
