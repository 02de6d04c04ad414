"""The first tables: clients, products, lots, pools, ranges, batches, printers, jobs, outcomes, the audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from labelsvc.storage.types import BigKey, Instant, Json

revision: str = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Go from an empty database to 0001."""
    _api_keys()
    _audit()
    _installation()
    _label_formats()
    _printers()
    _products()
    _requests()
    _label_format_files()
    _label_formats_in_use()
    _lots()
    _printer_leases()
    _printer_revisions()
    _schemes()
    _lot_revisions()
    _pools()
    _ranges()
    _batches()
    _outcomes()
    _print_jobs()
    _print_job_blocks()


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant()),
        sa.Column("revoked_at", Instant()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
    )


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("before", Json),
        sa.Column("after", Json),
        sa.Column("reason", sa.String(length=500)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_subject"), "audit", ["subject"])


def _installation() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )


def _label_formats() -> None:
    op.create_table(
        "label_formats",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("toml", sa.Text(), nullable=False),
        sa.Column("shipped", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_formats")),
        sa.UniqueConstraint("revision", name=op.f("uq_label_formats_revision")),
    )


def _printers() -> None:
    op.create_table(
        "printers",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("state_reasons", Json, nullable=False),
        sa.Column("state_at", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printers")),
        sa.UniqueConstraint("name", name=op.f("uq_printers_name")),
    )


def _products() -> None:
    op.create_table(
        "products",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("shelf_life_days", sa.Integer()),
        sa.Column("label_format", sa.String(length=80), nullable=False),
        sa.Column("scheme_id", sa.BigInteger()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("kind IN ('gtin', 'item')", name=op.f("ck_products_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("code", name=op.f("uq_products_code")),
    )


def _requests() -> None:
    op.create_table(
        "requests",
        sa.Column("client", sa.String(length=120), nullable=False),
        sa.Column("route", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=False),
        sa.Column("answer", Json),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("client", "route", "key", name=op.f("pk_requests")),
    )


def _label_format_files() -> None:
    op.create_table(
        "label_format_files",
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["revision"], ["label_formats.revision"], name=op.f("fk_label_format_files_revision")),
        sa.PrimaryKeyConstraint("revision", "name", name=op.f("pk_label_format_files")),
    )


def _label_formats_in_use() -> None:
    op.create_table(
        "label_formats_in_use",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["revision"], ["label_formats.revision"], name=op.f("fk_label_formats_in_use_revision")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_label_formats_in_use")),
    )


def _lots() -> None:
    op.create_table(
        "lots",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_lots_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lots")),
        sa.UniqueConstraint("product_id", "number", name=op.f("uq_lots_product_id_number")),
    )


def _printer_leases() -> None:
    op.create_table(
        "printer_leases",
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["printer_id"], ["printers.id"], name=op.f("fk_printer_leases_printer_id")),
        sa.PrimaryKeyConstraint("printer_id", name=op.f("pk_printer_leases")),
    )


def _printer_revisions() -> None:
    op.create_table(
        "printer_revisions",
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("uri", sa.String(length=500), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("dpmm", sa.Integer(), nullable=False),
        sa.Column("media_width", sa.Integer(), nullable=False, comment="micrometres"),
        sa.Column("media_height", sa.Integer(), nullable=False, comment="micrometres"),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["printer_id"], ["printers.id"], name=op.f("fk_printer_revisions_printer_id")),
        sa.PrimaryKeyConstraint("printer_id", "revision", name=op.f("pk_printer_revisions")),
    )


def _schemes() -> None:
    op.create_table(
        "schemes",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("pattern", sa.String(length=200), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_schemes_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schemes")),
        sa.UniqueConstraint("product_id", "pattern", name=op.f("uq_schemes_product_id_pattern")),
    )


def _lot_revisions() -> None:
    op.create_table(
        "lot_revisions",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("production_date", sa.Date(), nullable=False),
        sa.Column("expiry_date", sa.Date()),
        sa.Column("best_before", sa.Date()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_lot_revisions_lot_id")),
        sa.PrimaryKeyConstraint("lot_id", "revision", name=op.f("pk_lot_revisions")),
    )


def _pools() -> None:
    op.create_table(
        "pools",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("scheme_id", sa.BigInteger(), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("next", sa.BigInteger(), nullable=False),
        sa.Column("capacity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("next >= 0 AND next <= capacity", name=op.f("ck_pools_next_within_capacity")),
        sa.ForeignKeyConstraint(["scheme_id"], ["schemes.id"], name=op.f("fk_pools_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pools")),
        sa.UniqueConstraint("scheme_id", "scope", name=op.f("uq_pools_scheme_id_scope")),
    )


def _ranges() -> None:
    op.create_table(
        "ranges",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("pool_id", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("lot_id", sa.BigInteger()),
        sa.Column("lot_revision", sa.Integer()),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("request_key", sa.String(length=200)),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("count >= 1 AND first >= 0", name=op.f("ck_ranges_not_empty")),
        sa.ForeignKeyConstraint(["pool_id"], ["pools.id"], name=op.f("fk_ranges_pool_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ranges")),
        sa.UniqueConstraint("pool_id", "first", name=op.f("uq_ranges_pool_id_first")),
    )


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("range_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("frozen", sa.Text(), nullable=False),
        sa.Column("format_revision", sa.String(length=64), nullable=False),
        sa.Column("renderer_revision", sa.Integer(), nullable=False),
        sa.Column("line", sa.String(length=80)),
        sa.Column("printer_id", sa.BigInteger()),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["format_revision"], ["label_formats.revision"], name=op.f("fk_batches_format_revision")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_batches_lot_id")),
        sa.ForeignKeyConstraint(["printer_id"], ["printers.id"], name=op.f("fk_batches_printer_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_batches_product_id")),
        sa.ForeignKeyConstraint(["range_id"], ["ranges.id"], name=op.f("fk_batches_range_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("range_id", name=op.f("uq_batches_range_id")),
    )
    op.create_index(op.f("ix_batches_lot_id"), "batches", ["lot_id"])


def _outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("range_id", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("evidence", sa.String(length=8)),
        sa.Column("job_id", sa.BigInteger()),
        sa.Column("token", sa.BigInteger()),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=500)),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("first <= last", name=op.f("ck_outcomes_not_empty")),
        sa.ForeignKeyConstraint(["range_id"], ["ranges.id"], name=op.f("fk_outcomes_range_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcomes")),
    )
    op.create_index("ix_outcomes_range_first", "outcomes", ["range_id", "first"])


def _print_jobs() -> None:
    op.create_table(
        "print_jobs",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("range_id", sa.BigInteger(), nullable=False),
        sa.Column("printer_id", sa.BigInteger(), nullable=False),
        sa.Column("printer_revision", sa.Integer(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("state_reasons", Json, nullable=False),
        sa.Column("message", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", Instant()),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("started_at", Instant()),
        sa.Column("ended_at", Instant()),
        sa.CheckConstraint("first <= last", name=op.f("ck_print_jobs_not_empty")),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_print_jobs_batch_id")),
        sa.ForeignKeyConstraint(["printer_id"], ["printers.id"], name=op.f("fk_print_jobs_printer_id")),
        sa.ForeignKeyConstraint(["range_id"], ["ranges.id"], name=op.f("fk_print_jobs_range_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_jobs")),
    )
    op.create_index(op.f("ix_print_jobs_batch_id"), "print_jobs", ["batch_id"])
    op.create_index("ix_print_jobs_printer_state", "print_jobs", ["printer_id", "state", "id"])


def _print_job_blocks() -> None:
    op.create_table(
        "print_job_blocks",
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["print_jobs.id"], name=op.f("fk_print_job_blocks_job_id")),
        sa.PrimaryKeyConstraint("job_id", "first", "token", name=op.f("pk_print_job_blocks")),
    )
