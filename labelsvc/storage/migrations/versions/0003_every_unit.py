"""What events, units and findings need."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from labelsvc.storage.types import BigKey, Instant, Json

revision: str = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    """Go from 0002 to 0003."""
    # SQLite makes the table anew; the rows that refer to it stay as they are.
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_products_kind"), type_="check")
        batch_op.create_check_constraint(op.f("ck_products_kind"), "kind IN ('gtin', 'item', 'sscc')")

    op.create_table(
        "audit_tiles",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_audit_tiles")),
    )
    op.create_table(
        "captures",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=36), nullable=False),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("behaviour", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("errors", Json, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("claimed_until", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_captures")),
        sa.UniqueConstraint("name", name=op.f("uq_captures_name")),
    )
    with op.batch_alter_table("captures", schema=None) as batch_op:
        batch_op.create_index("ix_captures_actor", ["actor_kind", "actor_id", "id"], unique=False)
        batch_op.create_index("ix_captures_state", ["state"], unique=False)

    op.create_table(
        "customers",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("name", name=op.f("uq_customers_name")),
    )
    op.create_table(
        "event_seals",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("audit_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event_seals")),
    )
    op.create_table(
        "named_queries",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("definition", Json, nullable=False),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_named_queries")),
        sa.UniqueConstraint("name", name=op.f("uq_named_queries_name")),
    )
    op.create_table(
        "parties",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("uri", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("contact", sa.String(length=200), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parties")),
        sa.UniqueConstraint("uri", name=op.f("uq_parties_uri")),
    )
    op.create_table(
        "recalls",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("drill", sa.Boolean(), nullable=False),
        sa.Column("scope", Json, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("evidence", Json, nullable=False),
        sa.Column("opened_by_kind", sa.String(length=8), nullable=False),
        sa.Column("opened_by", sa.String(length=80), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("lift_reason", sa.String(length=500), nullable=True),
        sa.Column("lift_asked_by", sa.String(length=80), nullable=True),
        sa.Column("lift_asked_at", Instant(), nullable=True),
        sa.Column("lifted_by", sa.String(length=80), nullable=True),
        sa.Column("lifted_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recalls")),
    )
    with op.batch_alter_table("recalls", schema=None) as batch_op:
        batch_op.create_index("ix_recalls_state", ["state"], unique=False)

    op.create_table(
        "test_reports",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("instrument", sa.String(length=80), nullable=True),
        sa.Column("tested_by", sa.String(length=80), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("time_offset", sa.String(length=6), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_reports")),
    )
    op.create_table(
        "connections",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("party_id", sa.BigInteger(), nullable=False),
        sa.Column("event_types", Json, nullable=False),
        sa.Column("biz_steps", Json, nullable=False),
        sa.Column("products", Json, nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("epc_format", sa.String(length=24), nullable=False),
        sa.Column("sealed_secret", sa.String(length=400), nullable=False),
        sa.Column("sealed_token", sa.String(length=1000), nullable=True),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("removed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_connections_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connections")),
    )
    op.create_table(
        "customer_contacts",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(length=500), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_customer_contacts_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_contacts")),
    )
    op.create_table(
        "locations",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("uri", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_locations_party_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locations")),
        sa.UniqueConstraint("uri", name=op.f("uq_locations_uri")),
    )
    op.create_table(
        "product_categories",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_product_categories_product_id")),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_product_categories")),
    )
    with op.batch_alter_table("product_categories", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_product_categories_category"), ["category"], unique=False)

    op.create_table(
        "product_links",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("link_type", sa.String(length=40), nullable=False),
        sa.Column("href", sa.String(length=500), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("languages", Json, nullable=False),
        sa.Column("media_type", sa.String(length=120), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_product_links_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_links")),
    )
    with op.batch_alter_table("product_links", schema=None) as batch_op:
        batch_op.create_index("ix_product_links_product_id", ["product_id"], unique=False)

    op.create_table(
        "query_subscriptions",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=36), nullable=False),
        sa.Column("query_id", sa.BigInteger(), nullable=False),
        sa.Column("dest", sa.String(length=500), nullable=False),
        sa.Column("sealed_secret", sa.String(length=400), nullable=True),
        sa.Column("stream", sa.Boolean(), nullable=False),
        sa.Column("schedule", Json, nullable=True),
        sa.Column("report_if_empty", sa.Boolean(), nullable=False),
        sa.Column("initial_record_time", Instant(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["query_id"], ["named_queries.id"], name=op.f("fk_query_subscriptions_query_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_query_subscriptions")),
        sa.UniqueConstraint("name", name=op.f("uq_query_subscriptions_name")),
    )
    with op.batch_alter_table("query_subscriptions", schema=None) as batch_op:
        batch_op.create_index("ix_query_subscriptions_due_at", ["due_at"], unique=False)
        batch_op.create_index("ix_query_subscriptions_query_id", ["query_id"], unique=False)

    op.create_table(
        "recall_notices",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("recall_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("whom", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("how", sa.String(length=80), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("quantities", Json, nullable=False),
        sa.Column("by", sa.String(length=80), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["recall_id"], ["recalls.id"], name=op.f("fk_recall_notices_recall_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_notices")),
        sa.UniqueConstraint("recall_id", "kind", "whom", name=op.f("uq_recall_notices_recall_id_kind_whom")),
    )
    with op.batch_alter_table("recall_notices", schema=None) as batch_op:
        batch_op.create_index("ix_recall_notices_whom", ["kind", "whom"], unique=False)

    op.create_table(
        "resolver_hits",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("hour", Instant(), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_resolver_hits_product_id")),
        sa.PrimaryKeyConstraint("product_id", "hour", "outcome", name=op.f("pk_resolver_hits")),
    )
    with op.batch_alter_table("resolver_hits", schema=None) as batch_op:
        batch_op.create_index("ix_resolver_hits_hour", ["hour"], unique=False)

    op.create_table(
        "test_definitions",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("per", sa.String(length=4), nullable=False),
        sa.Column("required", sa.Boolean(), nullable=False),
        sa.Column("uom", sa.String(length=20), nullable=True),
        sa.Column("lower", sa.String(length=40), nullable=True),
        sa.Column("upper", sa.String(length=40), nullable=True),
        sa.Column("words", Json, nullable=False),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_test_definitions_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_definitions")),
        sa.UniqueConstraint("product_id", "name", "version", name=op.f("uq_test_definitions_product_id_name_version")),
    )
    op.create_table(
        "warranty_terms",
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("months", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_warranty_terms_product_id")),
        sa.PrimaryKeyConstraint("product_id", name=op.f("pk_warranty_terms")),
    )
    op.create_table(
        "connection_deliveries",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("connection_id", sa.BigInteger(), nullable=False),
        sa.Column("events", Json, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_connection_deliveries_connection_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection_deliveries")),
    )
    with op.batch_alter_table("connection_deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_connection_deliveries_connection_id", ["connection_id", "state"], unique=False)
        batch_op.create_index("ix_connection_deliveries_due", ["state", "due_at"], unique=False)

    op.create_table(
        "events",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("declaration", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=500), nullable=False),
        sa.Column("type", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=8), nullable=True),
        sa.Column("biz_step", sa.String(length=200), nullable=True),
        sa.Column("disposition", sa.String(length=200), nullable=True),
        sa.Column("read_point_id", sa.BigInteger(), nullable=True),
        sa.Column("biz_location_id", sa.BigInteger(), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("holder_id", sa.BigInteger(), nullable=True),
        sa.Column("sets", sa.Text(), nullable=False),
        sa.Column("unsets", sa.Text(), nullable=False),
        sa.Column("lot", sa.String(length=200), nullable=True),
        sa.Column("expiry", sa.Date(), nullable=True),
        sa.Column("sweeps", sa.Boolean(), nullable=False),
        sa.Column("event_time", Instant(), nullable=False),
        sa.Column("time_offset", sa.String(length=6), nullable=False),
        sa.Column("record_time", Instant(), nullable=False),
        sa.Column("future", sa.Boolean(), nullable=False),
        sa.Column("own", sa.Boolean(), nullable=False),
        sa.Column("error", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("accepted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("context", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("capture_id", sa.BigInteger(), nullable=True),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["biz_location_id"], ["locations.id"], name=op.f("fk_events_biz_location_id")),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name=op.f("fk_events_capture_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["parties.id"], name=op.f("fk_events_holder_id")),
        sa.ForeignKeyConstraint(["read_point_id"], ["locations.id"], name=op.f("fk_events_read_point_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("hash", "declaration", name=op.f("uq_events_hash_declaration")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("ix_events_biz_location_id", ["biz_location_id"], unique=False)
        batch_op.create_index("ix_events_biz_step", ["biz_step"], unique=False)
        batch_op.create_index("ix_events_disposition", ["disposition"], unique=False)
        batch_op.create_index("ix_events_event_id", ["event_id"], unique=False)
        batch_op.create_index("ix_events_event_time", ["event_time"], unique=False)
        batch_op.create_index("ix_events_parent_id", ["parent_id", "sweeps"], unique=False)
        batch_op.create_index("ix_events_read_point_id", ["read_point_id"], unique=False)
        batch_op.create_index("ix_events_record_time", ["record_time"], unique=False)
        batch_op.create_index("ix_events_type", ["type"], unique=False)

    op.create_table(
        "gate_overrides",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("asked_kind", sa.String(length=8), nullable=False),
        sa.Column("asked_id", sa.String(length=80), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("decided_kind", sa.String(length=8), nullable=True),
        sa.Column("decided_id", sa.String(length=80), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("decision", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_gate_overrides_lot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_overrides")),
    )
    with op.batch_alter_table("gate_overrides", schema=None) as batch_op:
        batch_op.create_index("ix_gate_overrides_lot_id", ["lot_id"], unique=False)
        batch_op.create_index("ix_gate_overrides_state", ["state"], unique=False)

    op.create_table(
        "lot_tracking",
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("commission_on", sa.String(length=10), nullable=False),
        sa.Column("gated_since", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_lot_tracking_lot_id")),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_lot_tracking")),
    )
    op.create_table(
        "recall_notice_steps",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("how", sa.String(length=80), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("quantities", Json, nullable=False),
        sa.Column("by", sa.String(length=80), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["recall_notices.id"], name=op.f("fk_recall_notice_steps_notice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recall_notice_steps")),
    )
    with op.batch_alter_table("recall_notice_steps", schema=None) as batch_op:
        batch_op.create_index("ix_recall_notice_steps_notice_id", ["notice_id"], unique=False)

    op.create_table(
        "sscc_series",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("company_prefix", sa.String(length=12), nullable=False),
        sa.Column("extension_digit", sa.Integer(), nullable=False),
        sa.Column("scheme_id", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_sscc_series_lot_id")),
        sa.ForeignKeyConstraint(["scheme_id"], ["schemes.id"], name=op.f("fk_sscc_series_scheme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sscc_series")),
        sa.UniqueConstraint(
            "company_prefix", "extension_digit", name=op.f("uq_sscc_series_company_prefix_extension_digit")
        ),
        sa.UniqueConstraint("lot_id", name=op.f("uq_sscc_series_lot_id")),
        sa.UniqueConstraint("scheme_id", name=op.f("uq_sscc_series_scheme_id")),
    )
    op.create_table(
        "cycle_counts",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_cycle_counts_event_id")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_cycle_counts_location_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_cycle_counts_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cycle_counts")),
    )
    op.create_table(
        "event_terms",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("value", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_event_terms_event_id")),
        sa.PrimaryKeyConstraint("event_id", "name", "value", name=op.f("pk_event_terms")),
    )
    with op.batch_alter_table("event_terms", schema=None) as batch_op:
        batch_op.create_index("ix_event_terms_value", ["name", "value"], unique=False)

    op.create_table(
        "findings",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_findings_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
        sa.UniqueConstraint("event_id", "code", name=op.f("uq_findings_event_id_code")),
    )
    with op.batch_alter_table("findings", schema=None) as batch_op:
        batch_op.create_index("ix_findings_state", ["state"], unique=False)

    op.create_table(
        "test_sweeps",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=True),
        sa.Column("override_id", sa.BigInteger(), nullable=True),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_test_sweeps_lot_id")),
        sa.ForeignKeyConstraint(["override_id"], ["gate_overrides.id"], name=op.f("fk_test_sweeps_override_id")),
        sa.ForeignKeyConstraint(["report_id"], ["test_reports.id"], name=op.f("fk_test_sweeps_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_sweeps")),
    )
    with op.batch_alter_table("test_sweeps", schema=None) as batch_op:
        batch_op.create_index("ix_test_sweeps_finished_at", ["finished_at"], unique=False)

    op.create_table(
        "commissioned",
        sa.Column("range_id", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_commissioned_event_id")),
        sa.ForeignKeyConstraint(["range_id"], ["ranges.id"], name=op.f("fk_commissioned_range_id")),
        sa.PrimaryKeyConstraint("range_id", "first", name=op.f("pk_commissioned")),
    )
    op.create_table(
        "recall_spans",
        sa.Column("recall_id", sa.BigInteger(), nullable=False),
        sa.Column("range_id", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["range_id"], ["ranges.id"], name=op.f("fk_recall_spans_range_id")),
        sa.ForeignKeyConstraint(["recall_id"], ["recalls.id"], name=op.f("fk_recall_spans_recall_id")),
        sa.PrimaryKeyConstraint("recall_id", "range_id", "first", name=op.f("pk_recall_spans")),
    )
    op.create_table(
        "resolver_numbers",
        sa.Column("range_id", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("visitors", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["range_id"], ["ranges.id"], name=op.f("fk_resolver_numbers_range_id")),
        sa.PrimaryKeyConstraint("range_id", "ordinal", name=op.f("pk_resolver_numbers")),
    )
    op.create_table(
        "units",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("epc", sa.String(length=200), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("lot_id", sa.BigInteger(), nullable=True),
        sa.Column("range_id", sa.BigInteger(), nullable=True),
        sa.Column("ordinal", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("since", Instant(), nullable=True),
        sa.Column("dispositions", sa.Text(), nullable=False),
        sa.Column("quality", sa.String(length=16), nullable=True),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("bond", sa.String(length=16), nullable=True),
        sa.Column("holder_id", sa.BigInteger(), nullable=True),
        sa.Column("lot", sa.String(length=200), nullable=True),
        sa.Column("expiry", sa.Date(), nullable=True),
        sa.Column("last_at", Instant(), nullable=True),
        sa.Column("last_hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["holder_id"], ["parties.id"], name=op.f("fk_units_holder_id")),
        sa.ForeignKeyConstraint(["location_id"], ["locations.id"], name=op.f("fk_units_location_id")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_units_lot_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["units.id"], name=op.f("fk_units_parent_id")),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_units_product_id")),
        sa.ForeignKeyConstraint(["range_id"], ["ranges.id"], name=op.f("fk_units_range_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
        sa.UniqueConstraint("epc", name=op.f("uq_units_epc")),
    )
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.create_index("ix_units_location_id", ["location_id", "state"], unique=False)
        batch_op.create_index("ix_units_lot_id", ["lot_id", "quality"], unique=False)
        batch_op.create_index("ix_units_number", ["range_id", "ordinal"], unique=False)
        batch_op.create_index("ix_units_parent_id", ["parent_id"], unique=False)
        batch_op.create_index("ix_units_product_id", ["product_id", "state"], unique=False)

    op.create_table(
        "clone_signals",
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("signs", Json, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_clone_signals_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_clone_signals")),
    )
    with op.batch_alter_table("clone_signals", schema=None) as batch_op:
        batch_op.create_index("ix_clone_signals_state", ["state", "score"], unique=False)

    op.create_table(
        "complaints",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("follows_id", sa.BigInteger(), nullable=True),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_complaints_customer_id")),
        sa.ForeignKeyConstraint(["follows_id"], ["complaints.id"], name=op.f("fk_complaints_follows_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_complaints_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints")),
    )
    with op.batch_alter_table("complaints", schema=None) as batch_op:
        batch_op.create_index("ix_complaints_state", ["state"], unique=False)
        batch_op.create_index("ix_complaints_unit_id", ["unit_id"], unique=False)

    op.create_table(
        "cycle_count_differences",
        sa.Column("count_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(["count_id"], ["cycle_counts.id"], name=op.f("fk_cycle_count_differences_count_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_cycle_count_differences_unit_id")),
        sa.PrimaryKeyConstraint("count_id", "unit_id", name=op.f("pk_cycle_count_differences")),
    )
    op.create_table(
        "gate_override_units",
        sa.Column("override_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["override_id"], ["gate_overrides.id"], name=op.f("fk_gate_override_units_override_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_gate_override_units_unit_id")),
        sa.PrimaryKeyConstraint("override_id", "unit_id", name=op.f("pk_gate_override_units")),
    )
    with op.batch_alter_table("gate_override_units", schema=None) as batch_op:
        batch_op.create_index("ix_gate_override_units_unit_id", ["unit_id"], unique=False)

    op.create_table(
        "recall_units",
        sa.Column("recall_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("lift_event_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_recall_units_event_id")),
        sa.ForeignKeyConstraint(["lift_event_id"], ["events.id"], name=op.f("fk_recall_units_lift_event_id")),
        sa.ForeignKeyConstraint(["recall_id"], ["recalls.id"], name=op.f("fk_recall_units_recall_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_recall_units_unit_id")),
        sa.PrimaryKeyConstraint("recall_id", "unit_id", name=op.f("pk_recall_units")),
    )
    with op.batch_alter_table("recall_units", schema=None) as batch_op:
        batch_op.create_index("ix_recall_units_state", ["recall_id", "state", "unit_id"], unique=False)
        batch_op.create_index("ix_recall_units_unit_id", ["unit_id"], unique=False)

    op.create_table(
        "sales",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("sold_at", Instant(), nullable=False),
        sa.Column("warranty_until", sa.Date(), nullable=True),
        sa.Column("channel", sa.String(length=40), nullable=True),
        sa.Column("party_id", sa.BigInteger(), nullable=True),
        sa.Column("invoice", sa.String(length=200), nullable=True),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_sales_customer_id")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_sales_event_id")),
        sa.ForeignKeyConstraint(["party_id"], ["parties.id"], name=op.f("fk_sales_party_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_sales_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales")),
        sa.UniqueConstraint("unit_id", "event_id", name=op.f("uq_sales_unit_id_event_id")),
    )
    with op.batch_alter_table("sales", schema=None) as batch_op:
        batch_op.create_index("ix_sales_customer_id", ["customer_id"], unique=False)
        batch_op.create_index("ix_sales_event_id", ["event_id"], unique=False)

    op.create_table(
        "scans",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("intent", sa.String(length=12), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("reading", Json, nullable=True),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("event_id", sa.BigInteger(), nullable=True),
        sa.Column("warnings", Json, nullable=False),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_scans_event_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_scans_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scans")),
    )
    with op.batch_alter_table("scans", schema=None) as batch_op:
        batch_op.create_index("ix_scans_actor", ["actor_kind", "actor_id", "id"], unique=False)
        batch_op.create_index("ix_scans_recorded_at", ["recorded_at"], unique=False)
        batch_op.create_index("ix_scans_unit_id", ["unit_id"], unique=False)

    op.create_table(
        "test_records",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("report_id", sa.BigInteger(), nullable=False),
        sa.Column("test_id", sa.BigInteger(), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("value", sa.String(length=80), nullable=True),
        sa.Column("result", sa.String(length=10), nullable=False),
        sa.Column("corrects", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(["corrects"], ["test_records.id"], name=op.f("fk_test_records_corrects")),
        sa.ForeignKeyConstraint(["lot_id"], ["lots.id"], name=op.f("fk_test_records_lot_id")),
        sa.ForeignKeyConstraint(["report_id"], ["test_reports.id"], name=op.f("fk_test_records_report_id")),
        sa.ForeignKeyConstraint(["test_id"], ["test_definitions.id"], name=op.f("fk_test_records_test_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_test_records_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test_records")),
        sa.UniqueConstraint("corrects", name=op.f("uq_test_records_corrects")),
    )
    with op.batch_alter_table("test_records", schema=None) as batch_op:
        batch_op.create_index("ix_test_records_lot_id", ["lot_id", "unit_id"], unique=False)
        batch_op.create_index("ix_test_records_report_id", ["report_id"], unique=False)
        batch_op.create_index("ix_test_records_unit_id", ["unit_id"], unique=False)

    op.create_table(
        "unit_events",
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("dispositions", sa.Text(), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("holder_id", sa.BigInteger(), nullable=True),
        sa.Column("finding", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_unit_events_event_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_unit_events_unit_id")),
        sa.PrimaryKeyConstraint("unit_id", "event_id", "role", name=op.f("pk_unit_events")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("unit_events", schema=None) as batch_op:
        batch_op.create_index("ix_unit_events_event_id", ["event_id"], unique=False)
        batch_op.create_index("ix_unit_events_parent_id", ["parent_id"], unique=False)

    op.create_table(
        "customer_returns",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("sale_id", sa.BigInteger(), nullable=True),
        sa.Column("rma", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("returned_at", Instant(), nullable=False),
        sa.Column("actor_kind", sa.String(length=8), nullable=False),
        sa.Column("actor_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_customer_returns_event_id")),
        sa.ForeignKeyConstraint(["sale_id"], ["sales.id"], name=op.f("fk_customer_returns_sale_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_customer_returns_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_returns")),
    )
    with op.batch_alter_table("customer_returns", schema=None) as batch_op:
        batch_op.create_index("ix_customer_returns_unit_id", ["unit_id"], unique=False)

    op.create_table(
        "exchanges",
        sa.Column("id", BigKey, nullable=False),
        sa.Column("return_id", sa.BigInteger(), nullable=False),
        sa.Column("sale_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("exchanged_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_exchanges_event_id")),
        sa.ForeignKeyConstraint(["return_id"], ["customer_returns.id"], name=op.f("fk_exchanges_return_id")),
        sa.ForeignKeyConstraint(["sale_id"], ["sales.id"], name=op.f("fk_exchanges_sale_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchanges")),
        sa.UniqueConstraint("return_id", name=op.f("uq_exchanges_return_id")),
        sa.UniqueConstraint("sale_id", name=op.f("uq_exchanges_sale_id")),
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.add_column(sa.Column("party_id", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("outcomes", schema=None) as batch_op:
        batch_op.create_index("ix_outcomes_at", ["at"], unique=False)

    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("party_id", sa.BigInteger(), nullable=True))
