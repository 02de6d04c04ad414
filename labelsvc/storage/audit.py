"""The audit: who did what, when, and why, written in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert

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
