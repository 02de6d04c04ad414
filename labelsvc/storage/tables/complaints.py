"""Tables of complaints: what somebody says is wrong with a unit, and what came of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant

#: `follows_id`: an earlier complaint that somebody says it belongs to, of whichever unit.
complaints = Table(
    "complaints",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("unit_id", BigInteger, ForeignKey("units.id"), nullable=False),
    Column("customer_id", BigInteger, ForeignKey("customers.id")),
    Column("follows_id", BigInteger, ForeignKey("complaints.id")),
    Column("category", String(20), nullable=False),
    Column("severity", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("owner", String(80)),
    Column("resolution", Text),
    Column("opened_at", Instant, nullable=False),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", String(80), nullable=False),
    Column("closed_at", Instant),
    Index("ix_complaints_unit_id", "unit_id"),
    Index("ix_complaints_state", "state"),
)
