"""Tables of what other systems ask again and again: named queries, and who is told of what they find."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant, Json

#: Queries of EPCIS by a name of somebody's choice.
named_queries = Table(
    "named_queries",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("definition", Json, nullable=False),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", String(80), nullable=False),
    Column("created_at", Instant, nullable=False),
)

#: Who is told of what a query finds: whenever an event fits (`stream`), or when a clock shows what `schedule` says.
#: Events up to `last_id` were told; there is no other queue. `tries` since the last that went well.
query_subscriptions = Table(
    "query_subscriptions",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("name", String(36), nullable=False, unique=True),
    Column("query_id", BigInteger, ForeignKey("named_queries.id"), nullable=False),
    Column("dest", String(500), nullable=False),
    Column("sealed_secret", String(400)),
    Column("stream", Boolean, nullable=False),
    Column("schedule", Json),
    Column("report_if_empty", Boolean, nullable=False),
    Column("initial_record_time", Instant, nullable=False),
    Column("last_id", BigInteger, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("last_error", String(200)),
    Column("created_at", Instant, nullable=False),
    Index("ix_query_subscriptions_query_id", "query_id"),
    Index("ix_query_subscriptions_due_at", "due_at"),
)
