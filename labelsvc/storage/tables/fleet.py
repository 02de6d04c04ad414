"""Tables of the fleet: how printers were, what is told to whom, and the seals of the audit."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant, Json

#: Since when a printer has each of the printer-state-reasons that it has now.
printer_reasons = Table(
    "printer_reasons",
    metadata,
    Column("printer_id", BigInteger, ForeignKey("printers.id"), primary_key=True),
    Column("reason", String(80), primary_key=True),
    Column("since", Instant, nullable=False),
)

#: What happened to printers: states that changed, labels that were not ours, other devices at the same address.
printer_history = Table(
    "printer_history",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("printer_id", BigInteger, ForeignKey("printers.id"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("detail", Json, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_printer_history_printer_id", "printer_id", "id"),
)

#: How often each kind of thing happened to a printer, so that nobody need read its history to say so.
printer_tallies = Table(
    "printer_tallies",
    metadata,
    Column("printer_id", BigInteger, ForeignKey("printers.id"), primary_key=True),
    Column("kind", String(24), primary_key=True),
    Column("count", BigInteger, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("last_detail", Json, nullable=False),
)

#: Who is told of what. `sealed_secret` is what its signatures are made with, encrypted.
webhooks = Table(
    "webhooks",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("url", String(500), nullable=False),
    Column("events", Json, nullable=False),
    Column("sealed_secret", String(200), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("removed_at", Instant),
)

#: What is to be told, in the transaction in which it came about; one row per event and webhook.
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("webhook_id", BigInteger, ForeignKey("webhooks.id"), nullable=False),
    Column("event", String(40), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("last_error", String(200)),
    Index("ix_webhook_deliveries_state_due", "state", "due_at"),
    Index("ix_webhook_deliveries_webhook_state", "webhook_id", "state", "id"),
)

#: The audit's hash chain. No foreign key: a seal must outlive the entry that somebody removes.
audit_seals = Table(
    "audit_seals",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("audit_id", BigInteger, nullable=False, unique=True),
    Column("digest", String(64), nullable=False),
    Column("sealed_at", Instant, nullable=False),
)

#: A row to lock for what only one process may do at a time.
turns = Table("turns", metadata, Column("name", String(24), primary_key=True))
