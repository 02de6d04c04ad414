"""Tables of scanning: whatever anybody's scanner sent, what it was taken for, and what came of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, String, Table

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant, Json

#: Scans, kept for ever. `name`: the client's own id of it; `raw`: the bytes as they came; `reading`: what they were
#: read as, with each repair; `result`: done, flagged, refused, ambiguous or unknown.
scans = Table(
    "scans",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("intent", String(12), nullable=False),
    Column("at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("reading", Json),
    Column("result", String(12), nullable=False),
    Column("unit_id", BigInteger, ForeignKey("units.id")),
    Column("event_id", BigInteger, ForeignKey("events.id")),
    Column("warnings", Json, nullable=False),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", String(80), nullable=False),
    Index("ix_scans_unit_id", "unit_id"),
    Index("ix_scans_recorded_at", "recorded_at"),
    Index("ix_scans_actor", "actor_kind", "actor_id", "id"),
)
