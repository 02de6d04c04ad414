"""The audit: who did what, when, and why, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from labelsvc.domain.actors import Call
from labelsvc.storage.tables import audit


def record(
    conn: Connection,
    call: Call,
    action: str,
    subject: str,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    """Write one entry.

    Args:
        action: what was done, `noun.verb` (`lot.open`).
        subject: to what, `noun:id` (`lot:5`).
        before, after: what changed, JSON values.
    """
    conn.execute(
        insert(audit).values(
            at=call.at,
            actor_kind=call.actor.kind,
            actor_id=call.actor.id,
            action=action,
            subject=subject,
            before=before,
            after=after,
            reason=reason,
        )
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the audit, as a report shows it."""

    at: datetime
    actor: str
    said: str


def about(conn: Connection, subjects: Sequence[str], limit: int) -> tuple[Entry, ...]:
    """Return what was written of subjects, the latest `limit` of it, in its order; label scans apart."""
    rows = conn.execute(
        select(audit)
        .where(audit.c.subject.in_(subjects), audit.c.action != "label.scan")
        .order_by(audit.c.id.desc())
        .limit(limit)
    ).all()
    return tuple(
        Entry(row.at, f"{row.actor_kind} {row.actor_id}", " ".join(filter(None, (row.action, row.subject, row.reason))))
        for row in reversed(rows)
    )
