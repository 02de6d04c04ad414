"""Table of clone signals: units whose serial may be on two things."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, String, Table

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import Instant, Json

#: One row a unit. `state`: open, or what a person found: confirmed, dismissed; it opens anew when the score rises.
clone_signals = Table(
    "clone_signals",
    metadata,
    Column("unit_id", BigInteger, ForeignKey("units.id"), primary_key=True, autoincrement=False),
    Column("score", Float, nullable=False),
    Column("signs", Json, nullable=False),
    Column("state", String(10), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("reason", String(500)),
    Column("closed_by", String(80)),
    Column("closed_at", Instant),
    Index("ix_clone_signals_state", "state", "score"),
)
