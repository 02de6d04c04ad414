"""Tables of the house itself: the installation, who may come in, what was asked before, the audit."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from labelsvc.storage.tables.metadata import metadata
from labelsvc.storage.types import BigKey, Instant, Json

#: One row: what this installation is. The master secret is never stored, only its fingerprint. `skipped`: after a
#: backup was restored, how many numbers at the start of every pool made since may have been issued before.
installation = Table(
    "installation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("secret_fingerprint", String(64), nullable=False),
    Column("skipped", BigInteger, nullable=False, server_default="0"),
    Column("created_at", Instant, nullable=False),
)

#: Clients. The key itself is shown once; `name` survives its rotation, so several rows may share one. `party_id`: of
#: parties, whose a partner is.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("role", String(16), nullable=False),
    Column("party_id", BigInteger),
    Column("digest", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
)

#: People who sign in at the pages; `password` is what scrypt made of it, with salt and parameters; `party_id` as above.
users = Table(
    "users",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("party_id", BigInteger),
    Column("password", String(200), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("disabled_at", Instant),
)

#: Who is signed in. `digest` is of the token that only the browser has.
sessions = Table(
    "sessions",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("user_id", BigInteger, ForeignKey("users.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Index("ix_sessions_user_id", "user_id"),
)

#: Idempotency keys, kept for ever, with what was answered.
requests = Table(
    "requests",
    metadata,
    Column("client", String(120), primary_key=True),
    Column("route", String(80), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("body_digest", String(64), nullable=False),
    Column("answer", Json),
    Column("created_at", Instant, nullable=False),
)

#: Who did what, when, and why; written in the transaction of the change.
audit = Table(
    "audit",
    metadata,
    Column("id", BigKey, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor_kind", String(8), nullable=False),
    Column("actor_id", String(80), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(120), nullable=False, index=True),
    Column("before", Json),
    Column("after", Json),
    Column("reason", String(500)),
)
