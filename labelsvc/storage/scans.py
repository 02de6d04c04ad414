"""Scans in the books: whatever a scanner sent is kept, understood or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from labelsvc.domain.actors import Actor, Call
from labelsvc.storage.tables import scans, units


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


@dataclass(frozen=True, slots=True)
class Listed:
    """A scan as a list shows it.

    Attributes:
        epc: of the unit that it was of; None: of none, or of one that no event ever named.
        notes: codes of rules that it broke, and of warnings.
    """

    raw: bytes
    intent: str
    at: datetime
    result: str
    epc: str | None
    notes: tuple[str, ...]


def latest_of(conn: Connection, actor: Actor, limit: int) -> tuple[Listed, ...]:
    """Return what somebody scanned last, the latest first."""
    query = (
        select(scans.c.raw, scans.c.intent, scans.c.at, scans.c.result, units.c.epc, scans.c.warnings)
        .outerjoin(units, units.c.id == scans.c.unit_id)
        .where(scans.c.actor_kind == actor.kind, scans.c.actor_id == actor.id)
        .order_by(scans.c.id.desc())
        .limit(limit)
    )
    return tuple(Listed(*row[:5], tuple(row[5])) for row in conn.execute(query))
