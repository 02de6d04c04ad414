"""The audit: who did what, when, and why, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from labelsvc.domain.actors import Call
from labelsvc.storage.pages import AnyRow
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
) -> int:
    """Write one entry; return its id.

    Args:
        action: what was done, `noun.verb` (`lot.open`).
        subject: to what, `noun:id` (`lot:5`).
        before, after: what changed, JSON values.
    """
    key = conn.execute(
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
    ).inserted_primary_key
    assert key is not None  # one row was inserted
    return int(key[0])


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the audit, as a report shows it."""

    at: datetime
    actor: str
    said: str


def about(conn: Connection, subjects: Sequence[str], limit: int) -> tuple[Entry, ...]:
    """Return what was written of subjects, the latest `limit` of it, in its order."""
    found: list[AnyRow] = []
    for at in range(0, len(subjects), _SUBJECTS):
        query = select(audit).where(audit.c.subject.in_(subjects[at : at + _SUBJECTS]))
        found += conn.execute(query.order_by(audit.c.id.desc()).limit(limit))
        found = sorted(found, key=lambda row: row.id, reverse=True)[:limit]
    return tuple(Entry(row.at, f"{row.actor_kind} {row.actor_id}", _said(row)) for row in reversed(found))


#: Subjects in one question to the database.
_SUBJECTS = 500


def _said(row: AnyRow) -> str:
    labels = row.after.get("labels") if isinstance(row.after, dict) else None
    which = f", labels {_runs(labels)}" if isinstance(labels, list) else ""
    return f"{row.action} {row.subject}{which}{f': {row.reason}' if row.reason else ''}"


def _runs(labels: Sequence[Sequence[int]]) -> str:
    shown = [f"{first}" if first == last else f"{first}-{last}" for first, last in labels[:20]]
    return ", ".join(shown) + (" ..." if len(labels) > len(shown) else "")
