"""Tables of printing: printers and who may send to them, print jobs, and what became of each number."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    false,
)

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant, Json

#: `station`: the client whose claims serve it; NULL: our own workers do.
printers = Table(
    "printers",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("revision", Integer, nullable=False),
    Column("station", String(80)),
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
    Column("window", Integer, nullable=False, server_default="2"),
    Column("regulated", Boolean, nullable=False, server_default=false()),
    Column("profile", Json),
    Column("created_at", Instant, nullable=False),
)

#: One sender per printer. `token` rises with every new owner; a write with an older one is refused. With a `claim_id` a
#: station has it, which may be out of reach for hours: then it does not run out.
printer_leases = Table(
    "printer_leases",
    metadata,
    Column("printer_id", BigInteger, ForeignKey("printers.id"), primary_key=True),
    Column("owner", String(80), nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("claim_id", BigInteger),
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
    Column("kind", String(8), nullable=False, server_default="batch"),
    Column("copy", Integer, nullable=False, server_default="0"),
    Column("baseline", Json),
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
#: runs a row may grow or move on, after that it never changes; a row of scans grows while one actor scans on. Of
#: two that cover a number the later one holds.
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
    Index("ix_outcomes_at", "at"),
)
