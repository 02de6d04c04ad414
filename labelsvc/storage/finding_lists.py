"""Findings read by people, and what people decide of them; how they come and go is storage/findings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from labelsvc.domain.findings import Chosen, Closed, FindingRow, UnitBehind
from labelsvc.domain.pages import Page
from labelsvc.errors import NotFound
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import events, findings, unit_events, units

_FINDING = select(
    findings,
    events.c.event_id.label("event"),
    events.c.type,
    events.c.biz_step,
    events.c.event_time,
    events.c.actor_kind,
    events.c.actor_id,
).join(events, events.c.id == findings.c.event_id)


def _finding(row: AnyRow) -> FindingRow:
    return FindingRow(
        row.id,
        row.code,
        row._mapping["count"],  # `row.count` counts
        row.state,
        row.event_id,
        row.event,
        row.type,
        row.biz_step,
        row.event_time,
        (row.actor_kind, row.actor_id),
        row.owner,
        row.reason,
        row.opened_at,
        row.closed_at,
        row.closed_by,
    )


def get(conn: Connection, finding_id: int, *, lock: bool = False) -> FindingRow:
    """Return a finding.

    Args:
        lock: keep others from deciding on its event until this transaction ends.

    Raises:
        NotFound: there is none.
    """
    query = _FINDING.where(findings.c.id == finding_id)
    row = conn.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("finding_unknown", f"Expected the id of a finding, got {finding_id}.")
    return _finding(row)


def listing(conn: Connection, chosen: Chosen, after: int, limit: int) -> Page[FindingRow]:
    """Return findings in the order they were opened first."""
    query = _FINDING
    for name in ("state", "code", "owner"):
        wanted = getattr(chosen, name)
        if wanted is not None:
            query = query.where(findings.c[name] == wanted)
    if chosen.product_id is not None:
        behind = (unit_events.c.event_id == findings.c.event_id, unit_events.c.finding == findings.c.code)
        whose = select(unit_events.c.unit_id).join(units, units.c.id == unit_events.c.unit_id)
        query = query.where(whose.where(*behind, units.c.product_id == chosen.product_id).exists())
    return page(conn, query, findings.c.id, (after, limit), _finding)


def units_behind(conn: Connection, found: FindingRow, after: int, limit: int) -> Page[UnitBehind]:
    """Return the units for which an event breaks a rule, in the order they came."""
    behind = (unit_events.c.event_id == found.event_id, unit_events.c.finding == found.code)
    ids = select(unit_events.c.unit_id).where(*behind)
    query = select(units.c.id, units.c.epc, units.c.state).where(units.c.id.in_(ids))
    return page(conn, query, units.c.id, (after, limit), lambda row: UnitBehind(row.id, row.epc, row.state))


def counted(conn: Connection) -> int:
    """Return how many findings are open."""
    return int(conn.execute(select(func.count()).where(findings.c.state == "open")).scalar_one())


def own(conn: Connection, finding_id: int, owner: str) -> None:
    """Write whose a finding is to close."""
    conn.execute(update(findings).where(findings.c.id == finding_id).values(owner=owner))


def close(conn: Connection, finding_id: int, state: Closed, reason: str, closed: tuple[datetime, str]) -> None:
    """Write how a finding was closed.

    Args:
        closed: when, and by whom.
    """
    values = {"state": state, "reason": reason, "closed_at": closed[0], "closed_by": closed[1]}
    conn.execute(update(findings).where(findings.c.id == finding_id).values(**values))


def open_of_event(conn: Connection, event_id: int) -> list[int]:
    """Return the ids of an event's open findings."""
    its = (findings.c.event_id == event_id, findings.c.state == "open")
    return list(conn.execute(select(findings.c.id).where(*its).order_by(findings.c.id)).scalars())


@dataclass(frozen=True, slots=True)
class Decided:
    """An event that somebody decides on.

    Attributes:
        units: the ids of those it names; containers: of those that are in it as themselves, or as a container.
        body, context: as it was received.
    """

    time: datetime
    accepted: bool
    body: str
    context: str | None
    units: tuple[int, ...]
    containers: tuple[int, ...]


def decided(conn: Connection, event_id: int) -> Decided:
    """Return the event of a finding."""
    row = conn.execute(select(events).where(events.c.id == event_id)).one()
    named = select(unit_events.c.unit_id, unit_events.c.role).where(unit_events.c.event_id == event_id)
    met = conn.execute(named.order_by(unit_events.c.unit_id)).all()
    ids = tuple(dict.fromkeys(one.unit_id for one in met))
    containers = tuple(dict.fromkeys(one.unit_id for one in met if one.role != "child"))
    return Decided(row.event_time, row.accepted, row.body, row.context, ids, containers)


def accept(conn: Connection, event_id: int) -> None:
    """Write that an event did happen, whatever rules it breaks."""
    conn.execute(update(events).where(events.c.id == event_id).values(accepted=True))
