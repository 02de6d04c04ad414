"""Tables of the stations: who they are, what they claimed, and what their journals said."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant, Json

#: Stations by their client's name. `instance` is a journal directory, `boot` the process that works in it, `boots`
#: those before; `doubled`: two of them worked at once. `clock_offset`: seconds that its clock was before ours.
stations = Table(
    "stations",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("instance", String(64)),
    Column("boot", String(64)),
    Column("boots", Json, nullable=False),
    Column("doubled", Boolean, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("clock_offset", Integer, nullable=False),
)

#: What was handed to stations: labels of one range, for one printer. `spans` are numbers of labels in their batch.
station_claims = Table(
    "station_claims",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("station", String(80), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("printer_id", BigInteger, ForeignKey("printers.id"), nullable=False),
    Column("printer_revision", Integer, nullable=False),
    Column("batch_id", BigInteger, ForeignKey("batches.id"), nullable=False),
    Column("job_id", BigInteger, ForeignKey("print_jobs.id")),
    Column("token", BigInteger, nullable=False),
    Column("spans", Json, nullable=False),
    Column("resumed", Boolean, nullable=False),
    Column("seed", String(64), nullable=False),
    Column("acknowledged", BigInteger, nullable=False),
    Column("chain", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("expires_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Index("ix_station_claims_station_state", "station", "state"),
    Index("ix_station_claims_batch_state", "batch_id", "state"),
)

#: What a journal said, for ever: zlib of its lines. Those that were not accepted are the evidence of a double.
station_reports = Table(
    "station_reports",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("claim_id", BigInteger, ForeignKey("station_claims.id"), nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("before", String(64), nullable=False),
    Column("accepted", Boolean, nullable=False),
    Column("lines", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_station_reports_claim", "claim_id", "last"),
)
