"""Use case: what somebody scanned last, for whoever wants to see that it was taken."""

from __future__ import annotations

from labelsvc.domain.actors import Actor
from labelsvc.storage import scans
from labelsvc.storage.database import Database
from labelsvc.storage.scans import Listed


def latest_scans(db: Database, actor: Actor, limit: int) -> tuple[Listed, ...]:
    """Return what somebody scanned last, the latest first."""
    with db.read() as conn:
        return scans.latest_of(conn, actor, limit)
