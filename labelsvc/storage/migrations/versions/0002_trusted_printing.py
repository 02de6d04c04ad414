"""What confirmed printing, stations, QA, users, webhooks and the sealed audit need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from labelsvc.storage.types import BigKey, Instant, Json

revision: str = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Go from 0001 to 0002."""
    op.create_table(
        "audit_seals",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("audit_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sealed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint("audit_id", name=op.f("uq_audit_seals_audit_id")),
    )
    op.create_table(
        "label_scans",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=True),
        sa.Column("batch_id", sa.BigInteger(), nullable=True),
        sa.Column("range_id", sa.BigInteger(), nullable=True),
        sa.Column("ordinal", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.String(length=500), nullable=True),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("proved", sa.Boolean(), nullable=False),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_scans")),
    )
    with op.batch_alter_table("label_scans", schema=None) as batch_op:
        batch_op.create_index("ix_label_scans_number", ["range_id", "ordinal"], unique=False)

    op.create_table(
        "turns",
        sa.Column("name", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_turns")),
    )
    op.create_table(
        "users",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("password", sa.String(length=200), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index("ix_sessions_user_id", ["user_id"], unique=False)

    op.create_table(
        "webhooks",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("events", Json, nullable=False),
        sa.Column("sealed_secret", sa.String(length=200), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("removed_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "printer_history",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("detail", Json, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["printer_id"], ["printers.id"], name=op.f("fk_printer_history_printer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printer_history")),
    )
    with op.batch_alter_table("printer_history", schema=None) as batch_op:
        batch_op.create_index("ix_printer_history_printer_id", ["printer_id", "id"], unique=False)

    op.create_table(
        "printer_reasons",
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["printer_id"], ["printers.id"], name=op.f("fk_printer_reasons_printer_id")),
        sa.PrimaryKeyConstraint("printer_id", "reason", name=op.f("pk_printer_reasons")),
    )
    op.create_table(
        "printer_tallies",
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("last_detail", Json, nullable=False),
        sa.ForeignKeyConstraint(["printer_id"], ["printers.id"], name=op.f("fk_printer_tallies_printer_id")),
        sa.PrimaryKeyConstraint("printer_id", "kind", name=op.f("pk_printer_tallies")),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("webhook_id", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_deliveries_webhook_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
    )
    with op.batch_alter_table("webhook_deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_webhook_deliveries_state_due", ["state", "due_at"], unique=False)
        batch_op.create_index("ix_webhook_deliveries_webhook_state", ["webhook_id", "state", "id"], unique=False)

    op.create_table(
        "lot_closures",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("figures", Json, nullable=False),
        sa.Column("statement", sa.String(length=500), nullable=True),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_lot_closures_lot_id")),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_lot_closures")),
    )
    op.create_table(
        "sampling_plans",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_sampling_plans_lot_id")),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_sampling_plans")),
    )
    op.create_index(op.f("ix_ranges_lot_id"), "ranges", ["lot_id"])
    with op.batch_alter_table("installation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("skipped", sa.BigInteger(), server_default="0", nullable=False))
    op.create_table(
        "reprint_policies",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("approval", sa.Boolean(), nullable=False),
        sa.Column("destroyed", sa.String(length=4), nullable=False),
        sa.Column("per_serial", sa.Integer(), nullable=False),
        sa.Column("per_shift", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_reprint_policies_product_id")),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_reprint_policies")),
    )
    op.create_table(
        "reprints",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("range_id", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), nullable=False),
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("copy", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("destroyed", sa.String(length=8), nullable=False),
        sa.Column("asked_kind", sa.String(length=8), nullable=False),
        sa.Column("asked_id", sa.String(length=80), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("decided_kind", sa.String(length=8), nullable=True),
        sa.Column("decided_id", sa.String(length=80), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decision", sa.String(length=500), nullable=True),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("match", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_reprints_batch_id")),
        sa.ForeignKeyConstraint(["job_id"], ["print_jobs.id"], name=op.f("fk_reprints_job_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_reprints_lot_id")),
        sa.ForeignKeyConstraint(["printer_id"], ["printers.id"], name=op.f("fk_reprints_printer_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_reprints_product_id")),
        sa.ForeignKeyConstraint(["range_id"], ["ranges.id"], name=op.f("fk_reprints_range_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reprints")),
        sa.UniqueConstraint("job_id", name=op.f("uq_reprints_job_id")),
    )
    with op.batch_alter_table("reprints", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_reprints_lot_id"), ["lot_id"], unique=False)
        batch_op.create_index("ix_reprints_number", ["range_id", "ordinal"], unique=False)
        batch_op.create_index("ix_reprints_product_asked", ["product_id", "asked_at"], unique=False)

    with op.batch_alter_table("print_jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=8), server_default="batch", nullable=False))
        batch_op.add_column(sa.Column("copy", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("baseline", Json, nullable=True))

    with op.batch_alter_table("printer_revisions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("window", sa.Integer(), server_default="2", nullable=False))
        batch_op.add_column(sa.Column("regulated", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("profile", Json, nullable=True))

    with op.batch_alter_table("printers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("station", sa.String(length=80), nullable=True))

    with op.batch_alter_table("printer_leases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("claim_id", sa.BigInteger(), nullable=True))

    op.create_table(
        "stations",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("instance", sa.String(length=64), nullable=True),
        sa.Column("boot", sa.String(length=64), nullable=True),
        sa.Column("boots", Json, nullable=False),
        sa.Column("doubled", sa.Boolean(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("clock_offset", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_stations")),
    )
    op.create_table(
        "station_claims",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("station", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("printer_revision", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("spans", Json, nullable=False),
        sa.Column("resumed", sa.Boolean(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("acknowledged", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_station_claims_batch_id")),
        sa.ForeignKeyConstraint(["job_id"], ["print_jobs.id"], name=op.f("fk_station_claims_job_id")),
        sa.ForeignKeyConstraint(["printer_id"], ["printers.id"], name=op.f("fk_station_claims_printer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_claims")),
    )
    with op.batch_alter_table("station_claims", schema=None) as batch_op:
        batch_op.create_index("ix_station_claims_batch_state", ["batch_id", "state"], unique=False)
        batch_op.create_index("ix_station_claims_station_state", ["station", "state"], unique=False)

    op.create_table(
        "station_reports",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("lines", sa.LargeBinary(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["station_claims.id"], name=op.f("fk_station_reports_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_station_reports")),
    )
    with op.batch_alter_table("station_reports", schema=None) as batch_op:
        batch_op.create_index("ix_station_reports_claim", ["claim_id", "last"], unique=False)
