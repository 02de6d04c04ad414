"""Tables of tests: what is measured of a product, what was measured, and who let what pass without."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant, Json

#: Versions of tests; none is ever changed. `per`: unit or lot. Limits are numbers as they were written.
test_definitions = Table(
    "test_definitions",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("product_id", BigInteger, ForeignKey("products.id"), nullable=False),
    Column("name", String(80), nullable=False),
    Column("version", Integer, nullable=False),
    Column("per", String(4), nullable=False),
    Column("required", Boolean, nullable=False),
    Column("uom", String(20)),
    Column("lower", String(40)),
    Column("upper", String(40)),
    Column("words", Json, nullable=False),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", String(80), nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("product_id", "name", "version"),
)

#: What was recorded in one go: of a lot, or of units of one product; when it was measured, by what and whom.
test_reports = Table(
    "test_reports",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("instrument", String(80)),
    Column("tested_by", String(80)),
    Column("at", Instant, nullable=False),
    Column("time_offset", String(6), nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", String(80), nullable=False),
)

#: Values, for ever. Without `unit_id` of the lot as a whole. `corrects`: the record that was wrong, and why (`reason`).
test_records = Table(
    "test_records",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("report_id", BigInteger, ForeignKey("test_reports.id"), nullable=False),
    Column("test_id", BigInteger, ForeignKey("test_definitions.id"), nullable=False),
    Column("lot_id", BigInteger, ForeignKey("lots.id"), nullable=False),
    Column("unit_id", BigInteger, ForeignKey("units.id")),
    Column("value", String(80)),
    Column("result", String(10), nullable=False),
    Column("corrects", BigInteger, ForeignKey("test_records.id"), unique=True),
    Column("reason", String(500)),
    Index("ix_test_records_report_id", "report_id"),
    Index("ix_test_records_unit_id", "unit_id"),
    Index("ix_test_records_lot_id", "lot_id", "unit_id"),
)

#: That units (those in gate_override_units), or all of a lot, pass the gate: asked, approved or refused.
gate_overrides = Table(
    "gate_overrides",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("lot_id", BigInteger, ForeignKey("lots.id")),
    Column("state", String(8), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("asked_kind", String(8), nullable=False),
    Column("asked_id", String(80), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("decided_kind", String(8)),
    Column("decided_id", String(80)),
    Column("decided_at", Instant),
    Column("decision", String(500)),
    Index("ix_gate_overrides_lot_id", "lot_id"),
    Index("ix_gate_overrides_state", "state"),
)

gate_override_units = Table(
    "gate_override_units",
    metadata,
    Column("override_id", BigInteger, ForeignKey("gate_overrides.id"), primary_key=True),
    Column("unit_id", BigInteger, ForeignKey("units.id"), primary_key=True),
    Index("ix_gate_override_units_unit_id", "unit_id"),
)

#: What was said of a lot and has to be said of each of its units: how far that has come (`after`, a unit's id).
test_sweeps = Table(
    "test_sweeps",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("lot_id", BigInteger, ForeignKey("lots.id"), nullable=False),
    Column("report_id", BigInteger, ForeignKey("test_reports.id")),
    Column("override_id", BigInteger, ForeignKey("gate_overrides.id")),
    Column("after", BigInteger, nullable=False),
    Column("finished_at", Instant),
    Column("created_at", Instant, nullable=False),
    Index("ix_test_sweeps_finished_at", "finished_at"),
)
