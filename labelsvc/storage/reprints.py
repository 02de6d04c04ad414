"""Reprints in the books: what products demand of them, and each that was asked for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, insert, or_, select, update

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.jobs import JOB_ENDED, JobState
from labelsvc.domain.pages import Page
from labelsvc.domain.reprints import Destroyed, Match, ReprintPolicy, ReprintState
from labelsvc.errors import NotFound
from labelsvc.storage.database import insert_new
from labelsvc.storage.job_outcomes import may_have_come_out
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import print_jobs, printers, products, reprint_policies, reprints


@dataclass(frozen=True, slots=True)
class ReprintRow:
    """A reprint, with the state of its print job."""

    id: int
    product: str
    lot_id: int
    batch_id: int
    range_id: int
    ordinal: int
    printer: str
    state: ReprintState
    copy: int | None
    reason: str
    note: str | None
    destroyed: Destroyed
    asked_by: Actor
    asked_at: datetime
    decided_by: Actor | None
    decided_at: datetime | None
    decision: str | None
    job_id: int | None
    job_state: JobState | None
    match: Match | None


_REPRINT = (
    select(
        reprints,
        products.c.code.label("product"),
        printers.c.name.label("printer"),
        print_jobs.c.state.label("job_state"),
    )
    .join_from(reprints, products, products.c.id == reprints.c.product_id)
    .join(printers, printers.c.id == reprints.c.printer_id)
    .outerjoin(print_jobs, print_jobs.c.id == reprints.c.job_id)
)


def _reprint(row: AnyRow) -> ReprintRow:
    return ReprintRow(
        id=row.id,
        product=row.product,
        lot_id=row.lot_id,
        batch_id=row.batch_id,
        range_id=row.range_id,
        ordinal=row.ordinal,
        printer=row.printer,
        state=row.state,
        copy=row.copy,
        reason=row.reason,
        note=row.note,
        destroyed=row.destroyed,
        asked_by=Actor(row.asked_kind, row.asked_id),
        asked_at=row.asked_at,
        decided_by=None if row.decided_id is None else Actor(row.decided_kind, row.decided_id),
        decided_at=row.decided_at,
        decision=row.decision,
        job_id=row.job_id,
        job_state=row.job_state,
        match=row.match,
    )


@dataclass(frozen=True, slots=True)
class NewReprint:
    """What a reprint is made of."""

    product_id: int
    lot_id: int
    batch_id: int
    range_id: int
    ordinal: int
    printer_id: int
    reason: str
    note: str | None
    destroyed: Destroyed


def add(conn: Connection, call: Call, new: NewReprint) -> int:
    """Insert a reprint that somebody asks for; return its id."""
    asked = {"asked_kind": call.actor.kind, "asked_id": call.actor.id, "asked_at": call.at}
    key = conn.execute(insert(reprints).values(**asdict(new), state="asked", **asked)).inserted_primary_key
    assert key is not None  # one row was inserted
    return int(key[0])


def get(conn: Connection, reprint_id: int, *, lock: bool = False) -> ReprintRow:
    """Return a reprint.

    Args:
        lock: keep others from deciding on it until this transaction ends.

    Raises:
        NotFound: there is none.
    """
    if lock:
        conn.execute(select(reprints.c.id).where(reprints.c.id == reprint_id).with_for_update())
    row = conn.execute(_REPRINT.where(reprints.c.id == reprint_id)).one_or_none()
    if row is None:
        raise NotFound("reprint_unknown", f"Expected the id of a reprint, got {reprint_id}.")
    return _reprint(row)


def of_job(conn: Connection, job_id: int) -> ReprintRow:
    """Return the reprint that a print job is of; known to exist."""
    return _reprint(conn.execute(_REPRINT.where(reprints.c.job_id == job_id)).one())


def listing(
    conn: Connection, chosen: tuple[ReprintState | None, int | None], after: int, limit: int
) -> Page[ReprintRow]:
    """Return reprints in the order they were asked for, in one state and of one lot where given."""
    state, lot_id = chosen
    query = _REPRINT
    if state is not None:
        query = query.where(reprints.c.state == state)
    if lot_id is not None:
        query = query.where(reprints.c.lot_id == lot_id)
    return page(conn, query, reprints.c.id, (after, limit), _reprint)


def of_lot(conn: Connection, lot_id: int, limit: int) -> tuple[ReprintRow, ...]:
    """Return the reprints of a lot in the order they were asked for, the latest `limit` of them."""
    rows = conn.execute(_REPRINT.where(reprints.c.lot_id == lot_id).order_by(reprints.c.id.desc()).limit(limit)).all()
    return tuple(_reprint(row) for row in reversed(rows))


def of_number(conn: Connection, range_id: int, ordinal: int, limit: int) -> tuple[ReprintRow, ...]:
    """Return the reprints of one number in the order they were asked for, the latest `limit` of them."""
    its = (reprints.c.range_id == range_id, reprints.c.ordinal == ordinal)
    rows = conn.execute(_REPRINT.where(*its).order_by(reprints.c.id.desc()).limit(limit)).all()
    return tuple(_reprint(row) for row in reversed(rows))


def approve(conn: Connection, call: Call, reprint_id: int, copy: int, job_id: int, *, by_policy: bool) -> None:
    """Say that a reprint is printed, as which copy and by which job; `by_policy`: nobody had to approve."""
    who = {} if by_policy else {"decided_kind": call.actor.kind, "decided_id": call.actor.id}
    values = {"state": "approved", "copy": copy, "job_id": job_id, "decided_at": call.at, **who}
    conn.execute(update(reprints).where(reprints.c.id == reprint_id).values(values))


def refuse(conn: Connection, call: Call, reprint_id: int, why: str) -> None:
    """Say that a reprint is not printed."""
    who = {"decided_kind": call.actor.kind, "decided_id": call.actor.id, "decided_at": call.at}
    conn.execute(update(reprints).where(reprints.c.id == reprint_id).values(state="refused", decision=why, **who))


def set_match(conn: Connection, reprint_id: int, match: Match) -> None:
    """Keep how its block, made again, compares with what was handed over first."""
    conn.execute(update(reprints).where(reprints.c.id == reprint_id).values(match=match))


def open_of(conn: Connection, range_id: int, ordinal: int) -> int | None:
    """Return the id of the reprint of a number that is undecided or under way; None: there is none."""
    undecided = (reprints.c.range_id == range_id, reprints.c.ordinal == ordinal, reprints.c.state == "asked")
    row = conn.execute(select(reprints.c.id).where(*undecided)).one_or_none()
    return int(row.id) if row else under_way(conn, range_id, (ordinal,))


def under_way(conn: Connection, range_id: int, ordinals: Collection[int]) -> int | None:
    """Return the id of a reprint of one of these numbers whose print job has not ended; None: there is none."""
    its = (reprints.c.range_id == range_id, reprints.c.ordinal.in_(ordinals), print_jobs.c.state.not_in(JOB_ENDED))
    return conn.execute(
        select(reprints.c.id)
        .join(print_jobs, print_jobs.c.id == reprints.c.job_id)
        .where(*its)
        .order_by(reprints.c.id)
        .limit(1)
    ).scalar_one_or_none()


def undecided(conn: Connection, lot_id: int) -> int:
    """Return how many reprints of a lot nobody decided on."""
    its = (reprints.c.lot_id == lot_id, reprints.c.state == "asked")
    return int(conn.execute(select(func.count()).where(*its)).scalar_one())


def copies(conn: Connection, range_id: int, ordinal: int) -> tuple[int, int]:
    """Return how many copies of a label were or may have been printed, and the highest number one was given."""
    its = (reprints.c.range_id == range_id, reprints.c.ordinal == ordinal, reprints.c.state == "approved")
    its_jobs = select(func.count()).join_from(reprints, print_jobs, print_jobs.c.id == reprints.c.job_id)
    printed = conn.execute(its_jobs.where(*its, reprints.c.copy > 0, _counts())).scalar_one()
    highest = conn.execute(select(func.coalesce(func.max(reprints.c.copy), 0)).where(*its)).scalar_one()
    return int(printed), int(highest)


def since(conn: Connection, product_id: int, moment: datetime) -> int:
    """Return how many reprints of a product were asked for since a moment, those left out that came to nothing."""
    asked = (reprints.c.product_id == product_id, reprints.c.asked_at >= moment)
    counted = or_(reprints.c.state == "asked", and_(reprints.c.state == "approved", _counts()))
    query = select(func.count()).select_from(reprints).outerjoin(print_jobs, print_jobs.c.id == reprints.c.job_id)
    return int(conn.execute(query.where(*asked, counted)).scalar_one())


def policy(conn: Connection, product_id: int) -> ReprintPolicy:
    """Return what a product demands of reprints."""
    row = conn.execute(select(reprint_policies).where(reprint_policies.c.product_id == product_id)).one_or_none()
    if row is None:
        return ReprintPolicy()
    return ReprintPolicy(bool(row.approval), row.destroyed, row.per_serial, row.per_shift)


def set_policy(conn: Connection, product_id: int, chosen: ReprintPolicy) -> None:
    """Say what a product demands of reprints."""
    values = asdict(chosen)
    if not insert_new(conn, reprint_policies, {"product_id": product_id, **values}):
        conn.execute(update(reprint_policies).where(reprint_policies.c.product_id == product_id).values(**values))


def _counts() -> ColumnElement[bool]:
    """Select, of approved reprints, those whose label was, may have been or will be printed."""
    return or_(print_jobs.c.state.not_in(JOB_ENDED), may_have_come_out())
