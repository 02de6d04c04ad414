"""Findings in the books: what is wrong with an event of units, who owns that, and how it was closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from labelsvc.storage import webhooks
from labelsvc.storage.database import insert_new, members
from labelsvc.storage.tables import events, findings, unit_events

#: Findings of counts are no rules that units' events break: they stay until somebody closes them.
_COUNTED = "count_"


def open_new(conn: Connection, event_id: int, counts: Mapping[str, int], at: datetime) -> None:
    """Write which rules an event breaks, for how many units each."""
    for code, count in sorted(counts.items()):
        _open(conn, event_id, code, count, at)


def _open(conn: Connection, event_id: int, code: str, count: int, at: datetime) -> None:
    row = {"event_id": event_id, "code": code, "count": count, "state": "open", "opened_at": at}
    opened = insert_new(conn, findings, row) is not None
    if not opened:
        its = (findings.c.event_id == event_id, findings.c.code == code)
        conn.execute(update(findings).where(*its).values(count=count))
        again = update(findings).where(*its, findings.c.state == "lapsed").values(state="open", closed_at=None)
        opened = bool(conn.execute(again).rowcount)
    if opened:
        _tell(conn, event_id, code, count, at)


def _tell(conn: Connection, event_id: int, code: str, count: int, at: datetime) -> None:
    """Tell webhooks of a finding that is open now; one that comes back is told again."""
    query = select(findings.c.id, events.c.event_id, events.c.event_time).join(events)
    row = conn.execute(query.where(findings.c.event_id == event_id, findings.c.code == code)).one()
    said = {"finding": row.id, "code": code, "count": count, "event": row.event_id}
    webhooks.emit(conn, "finding.opened", {**said, "event_time": row.event_time.isoformat()}, at)


def of_event(conn: Connection, event_id: int) -> Mapping[str, int]:
    """Return how many units an event breaks which rule for."""
    its = (unit_events.c.event_id == event_id, unit_events.c.finding.is_not(None))
    rows = conn.execute(select(unit_events.c.finding, func.count()).where(*its).group_by(unit_events.c.finding))
    return {code: int(count) for code, count in rows}


def count_again(conn: Connection, event_ids: Sequence[int], at: datetime) -> None:
    """Bring the findings of events up to date with what their units say now; those that are gone lapse."""
    if not event_ids:
        return
    whose = unit_events.c.event_id.in_(members(conn, event_ids))
    broken = (
        select(unit_events.c.event_id, unit_events.c.finding, func.count())
        .where(whose, unit_events.c.finding.is_not(None))
        .group_by(unit_events.c.event_id, unit_events.c.finding)
    )
    now = {(int(event_id), str(code)): int(count) for event_id, code, count in conn.execute(broken)}
    before = conn.execute(
        select(findings.c.id, findings.c.event_id, findings.c.code, findings.c.count, findings.c.state).where(
            findings.c.event_id.in_(members(conn, event_ids))
        )
    ).all()
    for row in before:
        if (row.event_id, row.code) not in now and row.state == "open" and not row.code.startswith(_COUNTED):
            gone = {"state": "lapsed", "closed_at": at, "count": 0}
            conn.execute(update(findings).where(findings.c.id == row.id).values(**gone))
    known = {(row.event_id, row.code): (int(row[3]), row.state) for row in before}
    for (event_id, code), count in now.items():
        said = known.get((event_id, code))
        if said is None or said[0] != count or said[1] == "lapsed":
            _open(conn, event_id, code, count, at)
