"""Tables of quality: what was scanned, which labels are to be, and the ends of lots."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant, Json

#: Every label that somebody or a camera read, whatever was in it. `proved`: it showed that its number's label is there.
label_scans = Table(
    "label_scans",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("lot_id", BigInteger),
    Column("batch_id", BigInteger),
    Column("range_id", BigInteger),
    Column("ordinal", BigInteger),
    Column("text", String(500)),
    Column("verdict", String(16), nullable=False),
    Column("proved", Boolean, nullable=False),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_label_scans_number", "range_id", "ordinal"),
)

sampling_plans = Table(
    "sampling_plans",
    metadata,
    Column("lot_id", BigInteger, ForeignKey("lots.id"), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("nth", Integer, nullable=False),
)

#: Closed lots. `figures` are those of the moment.
lot_closures = Table(
    "lot_closures",
    metadata,
    Column("lot_id", BigInteger, ForeignKey("lots.id"), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("figures", Json, nullable=False),
    Column("statement", String(500)),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", String(80), nullable=False),
    Column("at", Instant, nullable=False),
)
