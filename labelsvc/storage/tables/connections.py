"""Tables of what partners are sent: who, which events, and each document on its way."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant, Json

#: Partners who are sent events. Events up to `last_id` were looked at, so none is lost and none comes into two
#: documents. `sealed_secret`: what messages are signed with; `sealed_token`: what the partner lets us in by.
connections = Table(
    "connections",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("url", String(500), nullable=False),
    Column("party_id", BigInteger, ForeignKey("parties.id"), nullable=False),
    Column("event_types", Json, nullable=False),
    Column("biz_steps", Json, nullable=False),
    Column("products", Json, nullable=False),
    Column("named", Boolean, nullable=False),
    Column("epc_format", String(24), nullable=False),
    Column("sealed_secret", String(400), nullable=False),
    Column("sealed_token", String(1000)),
    Column("last_id", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("removed_at", Instant),
)

#: Documents for them: `events` are ids, in their order. Waiting, failed (it is tried again), sent, dead.
connection_deliveries = Table(
    "connection_deliveries",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("connection_id", BigInteger, ForeignKey("connections.id"), nullable=False),
    Column("events", Json, nullable=False),
    Column("state", String(8), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("status", Integer),
    Column("last_error", String(200)),
    Index("ix_connection_deliveries_connection_id", "connection_id", "state"),
    Index("ix_connection_deliveries_due", "state", "due_at"),
)
