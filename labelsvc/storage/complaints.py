"""Complaints in the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, insert, select, update

from labelsvc.domain.actors import Call
from labelsvc.domain.complaints import Complaint, ComplaintRequest, Progress
from labelsvc.domain.pages import Page
from labelsvc.errors import NotFound
from labelsvc.storage.database import members
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import complaints, customers, units

_COMPLAINT = (
    select(
        complaints.c.id,
        complaints.c.unit_id,
        units.c.epc,
        customers.c.name,
        complaints.c.follows_id,
        complaints.c.category,
        complaints.c.text,
        complaints.c.state,
        complaints.c.severity,
        complaints.c.owner,
        complaints.c.resolution,
        complaints.c.opened_at,
        complaints.c.actor_id,
        complaints.c.closed_at,
    )
    .join_from(complaints, units, units.c.id == complaints.c.unit_id)
    .outerjoin(customers, customers.c.id == complaints.c.customer_id)
)
#: Complaints of one unit that are listed.
OF_UNIT = 200


def _complaint(row: AnyRow) -> Complaint:
    progress = Progress(row.state, row.severity, row.owner, row.resolution)
    return Complaint(
        id=row.id,
        unit_id=row.unit_id,
        epc=row.epc,
        customer=row.name,
        follows=row.follows_id,
        category=row.category,
        text=row.text,
        progress=progress,
        opened_at=row.opened_at,
        opened_by=row.actor_id,
        closed_at=row.closed_at,
    )


def add(conn: Connection, call: Call, unit_id: int, customer_id: int | None, asked: ComplaintRequest) -> int:
    """Insert a complaint; return its id."""
    values = {
        "unit_id": unit_id,
        "customer_id": customer_id,
        "follows_id": asked.follows,
        "category": asked.category,
        "severity": asked.severity,
        "text": asked.text,
        "state": "open",
        "opened_at": call.at,
        "actor_kind": call.actor.kind,
        "actor_id": call.actor.id,
    }
    key = conn.execute(insert(complaints).values(**values)).inserted_primary_key
    assert key is not None  # one row was inserted
    return int(key[0])


def get(conn: Connection, complaint_id: int, *, lock: bool = False) -> Complaint:
    """Return a complaint.

    Args:
        lock: keep others from moving it until this transaction ends.

    Raises:
        NotFound: there is none.
    """
    if lock:
        conn.execute(select(complaints.c.id).where(complaints.c.id == complaint_id).with_for_update())
    row = conn.execute(_COMPLAINT.where(complaints.c.id == complaint_id)).one_or_none()
    if row is None:
        raise NotFound("complaint_unknown", f"Expected the id of a complaint, got {complaint_id}.")
    return _complaint(row)


def of_unit(conn: Connection, unit_id: int) -> tuple[Complaint, ...]:
    """Return the complaints of a unit, the earliest first."""
    query = _COMPLAINT.where(complaints.c.unit_id == unit_id).order_by(complaints.c.id).limit(OF_UNIT)
    return tuple(map(_complaint, conn.execute(query)))


def ids_by_unit(conn: Connection, unit_ids: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
    """Return the ids of the complaints of units, the earliest first."""
    found: dict[int, tuple[int, ...]] = {}
    query = select(complaints.c.unit_id, complaints.c.id).where(complaints.c.unit_id.in_(members(conn, unit_ids)))
    for unit_id, complaint_id in conn.execute(query.order_by(complaints.c.id)):
        found[unit_id] = (*found.get(unit_id, ()), complaint_id)
    return found


def listing(conn: Connection, state: str | None, unit_id: int | None, window: tuple[int, int]) -> Page[Complaint]:
    """Return complaints in the order they were opened.

    Args:
        state, unit_id: only those in it, only those of it.
        window: the cursor, and how many rows at most.
    """
    query = _COMPLAINT
    if state is not None:
        query = query.where(complaints.c.state == state)
    if unit_id is not None:
        query = query.where(complaints.c.unit_id == unit_id)
    return page(conn, query, complaints.c.id, window, _complaint)


def move(conn: Connection, call: Call, complaint_id: int, progress: Progress) -> None:
    """Write how far a complaint has come."""
    values = {name: getattr(progress, name) for name in Progress.__slots__}
    closed_at = call.at if progress.state == "closed" else None
    conn.execute(update(complaints).where(complaints.c.id == complaint_id).values(**values, closed_at=closed_at))
