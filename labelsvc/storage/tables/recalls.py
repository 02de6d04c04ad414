"""Tables of recalls: what is called back, which numbers and units that is, and who has to be told."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant, Json

#: Recalls and drills, never deleted. `scope` as it was asked for; `evidence`: what was found of it, and how fast.
recalls = Table(
    "recalls",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("title", String(200), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("drill", Boolean, nullable=False),
    Column("scope", Json, nullable=False),
    Column("state", String(10), nullable=False),
    Column("evidence", Json, nullable=False),
    Column("opened_by_kind", String(8), nullable=False),
    Column("opened_by", String(80), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("lift_reason", String(500)),
    Column("lift_asked_by", String(80)),
    Column("lift_asked_at", Instant),
    Column("lifted_by", String(80)),
    Column("lifted_at", Instant),
    Index("ix_recalls_state", "state"),
)

#: The numbers of a recall's scope, as disjoint intervals of ordinals.
recall_spans = Table(
    "recall_spans",
    metadata,
    Column("recall_id", BigInteger, ForeignKey("recalls.id"), primary_key=True),
    Column("range_id", BigInteger, ForeignKey("ranges.id"), primary_key=True),
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
)

#: The units of a recall's scope. `listed`: not called back, or not yet; `called`, by the event; `ended` before that;
#: `lifted`, by `lift_event_id`; `kept`: it is not called back by this one any more, but by another.
recall_units = Table(
    "recall_units",
    metadata,
    Column("recall_id", BigInteger, ForeignKey("recalls.id"), primary_key=True),
    Column("unit_id", BigInteger, ForeignKey("units.id"), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("event_id", BigInteger, ForeignKey("events.id")),
    Column("lift_event_id", BigInteger, ForeignKey("events.id")),
    Index("ix_recall_units_state", "recall_id", "state", "unit_id"),
    Index("ix_recall_units_unit_id", "unit_id"),
)

#: Who has to be told: a party, a customer, or a place of which nobody knows whose it is. `units` they had; the columns
#: from `state` on are those of the latest step.
recall_notices = Table(
    "recall_notices",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("recall_id", BigInteger, ForeignKey("recalls.id"), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("whom", BigInteger, nullable=False),
    Column("units", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("how", String(80)),
    Column("note", String(500)),
    Column("quantities", Json, nullable=False),
    Column("by", String(80)),
    Column("at", Instant, nullable=False),
    UniqueConstraint("recall_id", "kind", "whom"),
    Index("ix_recall_notices_whom", "kind", "whom"),
)

#: What was done about a notice, step by step; appended.
recall_notice_steps = Table(
    "recall_notice_steps",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("notice_id", BigInteger, ForeignKey("recall_notices.id"), nullable=False),
    Column("state", String(12), nullable=False),
    Column("how", String(80)),
    Column("note", String(500)),
    Column("quantities", Json, nullable=False),
    Column("by", String(80)),
    Column("at", Instant, nullable=False),
    Index("ix_recall_notice_steps_notice_id", "notice_id"),
)
