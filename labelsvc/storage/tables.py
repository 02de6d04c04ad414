"""Every table, in the order in which a number lives: product, lot, pool, range, batch, job, outcome."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from labelsvc.storage.types import BigKey, Instant, Json

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: One row: what this installation is. The master secret itself is never stored, only its fingerprint.
installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("secret_fingerprint", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
)

#: Clients. The key itself is shown once; `name` survives its rotation, so several rows may share one.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("role", String(16), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
)

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

#: Trade items. `code` is a GTIN of 14 digits or an own item code; `label_format` is a format's name.
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
    CheckConstraint("kind IN ('gtin', 'item')", name="kind"),
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

#: Grants. The numbers first .. first + count - 1 of a pool; the unit of allocation.
ranges = Table(
    "ranges",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("pool_id", BigInteger, ForeignKey("pools.id"), nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("lot_id", BigInteger),
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

#: Idempotency keys, kept for ever, with what was answered.
requests = Table(
    "requests",
    metadata,
    Column("client", String(120), primary_key=True),
    Column("route", String(80), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("body_digest", String(64), nullable=False),
    Column("answer", Json),
    Column("created_at", Instant, nullable=False),
)

printers = Table(
    "printers",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("revision", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("state_reasons", Json, nullable=False),
    Column("state_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
)

#: What a printer is and where; a job freezes the revision it was made for.
printer_revisions = Table(
    "printer_revisions",
    metadata,
    Column("printer_id", BigInteger, ForeignKey("printers.id"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("uri", String(500), nullable=False),
    Column("language", String(8), nullable=False),
    Column("dpmm", Integer, nullable=False),
    Column("media_width", Integer, nullable=False, comment="micrometres"),
    Column("media_height", Integer, nullable=False, comment="micrometres"),
    Column("created_at", Instant, nullable=False),
)

#: One sender per printer. `token` rises with every new owner; a write with an older one is refused.
printer_leases = Table(
    "printer_leases",
    metadata,
    Column("printer_id", BigInteger, ForeignKey("printers.id"), primary_key=True),
    Column("owner", String(80), nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("expires_at", Instant, nullable=False),
)

#: States and reasons are the words of RFC 8011.
print_jobs = Table(
    "print_jobs",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("batch_id", BigInteger, ForeignKey("batches.id"), nullable=False, index=True),
    Column("range_id", BigInteger, ForeignKey("ranges.id"), nullable=False),
    Column("printer_id", BigInteger, ForeignKey("printers.id"), nullable=False),
    Column("printer_revision", Integer, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("state", String(20), nullable=False),
    Column("state_reasons", Json, nullable=False),
    Column("message", Text),
    Column("attempts", Integer, nullable=False),
    Column("not_before", Instant),
    Column("cancel_requested", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    CheckConstraint("first <= last", name="not_empty"),
    Index("ix_print_jobs_printer_state", "printer_id", "state", "id"),
)

#: sha256 of the bytes as handed over, per run of labels inside one block of 1,000 of its job.
print_job_blocks = Table(
    "print_job_blocks",
    metadata,
    Column("job_id", BigInteger, ForeignKey("print_jobs.id"), primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("token", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
)

#: What is known of granted numbers, as intervals of ordinals. Appended; while its delivery (job and lease token) still
#: runs a row may grow or move on, after that it never changes. Of two that cover a number the later one holds.
outcomes = Table(
    "outcomes",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("range_id", BigInteger, ForeignKey("ranges.id"), nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("evidence", String(8)),
    Column("job_id", BigInteger),
    Column("token", BigInteger),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", String(80), nullable=False),
    Column("reason", String(500)),
    Column("at", Instant, nullable=False),
    CheckConstraint("first <= last", name="not_empty"),
    Index("ix_outcomes_range_first", "range_id", "first"),
)

#: Who did what, when, and why; written in the transaction of the change.
audit = Table(
    "audit",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", String(80), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(120), nullable=False, index=True),
    Column("before", Json),
    Column("after", Json),
    Column("reason", String(500)),
)
