"""Tables of reprints: what products demand of them, and each that was asked for."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant

reprint_policies = Table(
    "reprint_policies",
    metadata,
    Column("product_id", BigInteger, ForeignKey("products.id"), primary_key=True),
    Column("approval", Boolean, nullable=False),
    Column("destroyed", String(4), nullable=False),
    Column("per_serial", Integer, nullable=False),
    Column("per_shift", Integer, nullable=False),
)

reprints = Table(
    "reprints",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("product_id", BigInteger, ForeignKey("products.id"), nullable=False),
    Column("lot_id", BigInteger, ForeignKey("lots.id"), nullable=False, index=True),
    Column("batch_id", BigInteger, ForeignKey("batches.id"), nullable=False),
    Column("range_id", BigInteger, ForeignKey("ranges.id"), nullable=False),
    Column("ordinal", BigInteger, nullable=False),
    Column("printer_id", BigInteger, ForeignKey("printers.id"), nullable=False),
    Column("state", String(8), nullable=False),
    Column("copy", Integer),
    Column("reason", String(40), nullable=False),
    Column("note", String(500)),
    Column("destroyed", String(8), nullable=False),
    Column("asked_kind", String(8), nullable=False),
    Column("asked_id", String(80), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("decided_kind", String(8)),
    Column("decided_id", String(80)),
    Column("decided_at", Instant),
    Column("decision", String(500)),
    Column("job_id", BigInteger, ForeignKey("print_jobs.id"), unique=True),
    Column("match", String(16)),
    Index("ix_reprints_number", "range_id", "ordinal"),
    Index("ix_reprints_product_asked", "product_id", "asked_at"),
)
