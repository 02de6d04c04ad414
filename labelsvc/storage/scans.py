"""Scans in the books: whatever a scanner sent is kept, understood or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from labelsvc.domain.actors import Call
from labelsvc.storage.tables import scans


@dataclass(frozen=True, slots=True)
class Kept:
    """A scan as it is kept.

    Attributes:
        name: the client's id of it.
        reading: what it was read as; None: as nothing.
    """

    name: str
    raw: bytes
    intent: str
    at: datetime
    result: str
    reading: Mapping[str, Any] | None = None
    unit_id: int | None = None
    event_id: int | None = None
    warnings: Sequence[str] = ()


def record(conn: Connection, call: Call, scan: Kept) -> None:
    """Keep a scan."""
    conn.execute(
        insert(scans).values(
            name=scan.name,
            raw=scan.raw,
            intent=scan.intent,
            at=scan.at,
            recorded_at=call.at,
            reading=scan.reading,
            result=scan.result,
            unit_id=scan.unit_id,
            event_id=scan.event_id,
            warnings=list(scan.warnings),
            actor_kind=call.actor.kind,
            actor_id=call.actor.id,
        )
    )
