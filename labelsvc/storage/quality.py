"""Quality in the books: closed lots, sampling plans, scans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Subquery, distinct, func, insert, or_, select, update

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.jobs import JOB_ENDED
from labelsvc.domain.quality import Closure, KeptScan, SamplingPlan
from labelsvc.errors import Conflict
from labelsvc.storage import job_outcomes
from labelsvc.storage.database import insert_new
from labelsvc.storage.tables import (
    batches,
    label_scans,
    lot_closures,
    lots,
    print_jobs,
    printer_leases,
    ranges,
    sampling_plans,
    station_claims,
)


def closure(conn: Connection, lot_id: int) -> Closure | None:
    """Return a lot's end; None: it is open."""
    row = conn.execute(select(lot_closures).where(lot_closures.c.lot_id == lot_id)).one_or_none()
    if row is None:
        return None
    said = row._mapping  # `count` is a tuple's own word
    return Closure(row.at, Actor(row.actor_kind, row.actor_id), said["count"], row.digest, row.statement)


def check_open(conn: Connection, lot_id: int, pointer: str | None = None) -> None:
    """See that a lot is open, and keep it so until this transaction ends.

    Raises:
        Conflict: it is closed.
    """
    conn.execute(select(lots.c.id).where(lots.c.id == lot_id).with_for_update(read=True))
    if closure(conn, lot_id) is not None:
        raise Conflict("lot_closed", "Expected a lot that is open, got one that is closed.", pointer=pointer)


def close(conn: Connection, call: Call, lot_id: int, end: Closure, figures: Mapping[str, Any]) -> None:
    """Write down a lot's end."""
    conn.execute(
        insert(lot_closures).values(
            lot_id=lot_id,
            count=end.count,
            digest=end.digest,
            figures=dict(figures),
            statement=end.statement,
            actor_kind=call.actor.kind,
            actor_id=call.actor.id,
            at=call.at,
        )
    )


def plan(conn: Connection, lot_id: int) -> SamplingPlan:
    """Return which labels of a lot are to be scanned."""
    row = conn.execute(select(sampling_plans).where(sampling_plans.c.lot_id == lot_id)).one_or_none()
    return SamplingPlan(row.kind, row.nth) if row else SamplingPlan()


def set_plan(conn: Connection, lot_id: int, chosen: SamplingPlan) -> None:
    """Say which labels of a lot are to be scanned."""
    values = {"kind": chosen.kind, "nth": chosen.nth}
    if not insert_new(conn, sampling_plans, {"lot_id": lot_id, **values}):
        conn.execute(update(sampling_plans).where(sampling_plans.c.lot_id == lot_id).values(**values))


def ranges_of(conn: Connection, lot_id: int) -> tuple[tuple[int, int, int, int], ...]:
    """Return (batch, range, first, count) of each batch of a lot, in the order they were made."""
    rows = conn.execute(
        select(batches.c.id, ranges.c.id, ranges.c.first, ranges.c.count)
        .join_from(batches, ranges, ranges.c.id == batches.c.range_id)
        .where(batches.c.lot_id == lot_id)
        .order_by(batches.c.id)
    )
    return tuple((int(batch), int(range_id), int(first), int(count)) for batch, range_id, first, count in rows)


def granted(conn: Connection, lot_id: int) -> int:
    """Return how many numbers a lot was granted."""
    return int(
        conn.execute(select(func.coalesce(func.sum(ranges.c.count), 0)).where(ranges.c.lot_id == lot_id)).scalar_one()
    )


def hold_jobs(conn: Connection, lot_id: int) -> None:
    """Keep print jobs of a lot from going on anew until this transaction ends."""
    ours = print_jobs.c.batch_id.in_(select(batches.c.id).where(batches.c.lot_id == lot_id))
    conn.execute(select(print_jobs.c.id).where(ours).order_by(print_jobs.c.id).with_for_update(read=True))


def is_printing(conn: Connection, batch_id: int, first: int, last: int) -> bool:
    """Whether a print job on some of the numbers first .. last has not ended; one that has stays so until the end."""
    query = select(print_jobs.c.state).where(*_jobs_on(batch_id, first, last)).order_by(print_jobs.c.id)
    return not JOB_ENDED.issuperset(conn.execute(query.with_for_update(read=True)).scalars())


def wait_for_senders(conn: Connection, batch_id: int, ordinal: int) -> None:
    """Let no sender write of a number, which a job of its may be printing now, until this transaction ends.

    A sender renews its printer's lease in every transaction before anything else; a station's report locks its claim.
    """
    claims = (station_claims.c.batch_id == batch_id, station_claims.c.state == "open")
    conn.execute(select(station_claims.c.id).where(*claims).order_by(station_claims.c.id).with_for_update())
    still = print_jobs.c.state.not_in(JOB_ENDED)
    printers = select(print_jobs.c.printer_id).where(*_jobs_on(batch_id, ordinal, ordinal), still)
    lease = select(printer_leases.c.printer_id).where(printer_leases.c.printer_id.in_(printers))
    conn.execute(lease.order_by(printer_leases.c.printer_id).with_for_update())


def _jobs_on(batch_id: int, first: int, last: int) -> tuple[ColumnElement[bool], ...]:
    return (print_jobs.c.batch_id == batch_id, print_jobs.c.first <= last, print_jobs.c.last >= first)


def jobs_of(conn: Connection, lot_id: int) -> tuple[int, int]:
    """Return how many print jobs of a lot have not ended, and how many labels were printed again."""
    ours = print_jobs.c.batch_id.in_(select(batches.c.id).where(batches.c.lot_id == lot_id))
    still = conn.execute(select(func.count()).where(ours, print_jobs.c.state.not_in(JOB_ENDED))).scalar_one()
    copies = (print_jobs.c.kind == "reprint", print_jobs.c.copy > 0, job_outcomes.may_have_come_out())
    again = conn.execute(select(func.count()).where(ours, *copies)).scalar_one()
    return int(still), int(again)


def job_ids(conn: Connection, lot_id: int) -> tuple[int, ...]:
    """Return the ids of all print jobs of a lot."""
    ours = print_jobs.c.batch_id.in_(select(batches.c.id).where(batches.c.lot_id == lot_id))
    return tuple(conn.execute(select(print_jobs.c.id).where(ours).order_by(print_jobs.c.id)).scalars())


@dataclass(frozen=True, slots=True)
class Scan:
    """What was read, and what was found of it.

    Attributes:
        text: as it was read; what is not printable, GS too, is written as an escape. None: nothing was read.
        proved: it showed that its number's label is there.
        lot_id, batch_id, range_id, ordinal: where it belongs, as far as that is known.
    """

    verdict: str
    text: str | None
    proved: bool = False
    lot_id: int | None = None
    batch_id: int | None = None
    range_id: int | None = None
    ordinal: int | None = None


def record_scan(conn: Connection, call: Call, scan: Scan) -> None:
    """Keep what was read."""
    said = {"actor_kind": call.actor.kind, "actor_id": call.actor.id, "at": call.at}
    conn.execute(insert(label_scans).values(**asdict(scan), **said))


def was_scanned(conn: Connection, batch_id: int, range_id: int, ordinal: int) -> bool:
    """Whether a label was found right before, since it was last printed again."""
    copies = (print_jobs.c.kind == "reprint", job_outcomes.may_have_come_out())
    its_jobs = (*_jobs_on(batch_id, ordinal, ordinal), *copies)
    printed = conn.execute(select(func.max(print_jobs.c.started_at)).where(*its_jobs)).scalar_one()
    its = [label_scans.c.range_id == range_id, label_scans.c.ordinal == ordinal, label_scans.c.verdict == "right"]
    if printed is not None:
        its.append(label_scans.c.at >= printed)
    return conn.execute(select(label_scans.c.id).where(*its).limit(1)).one_or_none() is not None


#: Intervals in one question to the database.
_INTERVALS = 100


def scanned(
    conn: Connection, range_id: int, origin: int, there: Sequence[tuple[int, int]], chosen: SamplingPlan
) -> int:
    """Count the labels of a range that a sampling plan asks for and that were found right since they were printed last.

    Args:
        origin, there: as SamplingPlan.asked takes them.
    """
    if not there or chosen.kind == "none":
        return 0
    ordinal = label_scans.c.ordinal
    its = [label_scans.c.range_id == range_id, label_scans.c.verdict == "right"]
    if chosen.kind == "nth":
        its.append(or_((ordinal - origin) % chosen.nth == 0, ordinal == there[-1][1]))
    elif chosen.kind == "ends":
        its.append(ordinal.in_((there[0][0], there[-1][1])))
    again = _printed_again(range_id)
    its.append(or_(again.c.began.is_(None), label_scans.c.at >= again.c.began))
    count = select(func.count(distinct(ordinal))).outerjoin_from(label_scans, again, again.c.first == ordinal)
    total = 0
    for at in range(0, len(there), _INTERVALS):
        inside = or_(*(ordinal.between(first, last) for first, last in there[at : at + _INTERVALS]))
        total += int(conn.execute(count.where(*its, inside)).scalar_one())
    return total


def _printed_again(range_id: int) -> Subquery:
    """Select of which numbers a label was printed again, and when its latest one began: scans of before say nothing."""
    copies = (print_jobs.c.range_id == range_id, print_jobs.c.kind == "reprint", job_outcomes.may_have_come_out())
    its_batch = select(batches.c.id).where(batches.c.range_id == range_id).scalar_subquery()
    query = select(print_jobs.c.first, func.max(print_jobs.c.started_at).label("began"))
    return query.where(print_jobs.c.batch_id == its_batch, *copies).group_by(print_jobs.c.first).subquery()


def scans_of(conn: Connection, range_id: int, ordinal: int, limit: int) -> tuple[KeptScan, ...]:
    """Return the scans of a label, the latest `limit` of them, in their order."""
    its = (label_scans.c.range_id == range_id, label_scans.c.ordinal == ordinal)
    rows = conn.execute(select(label_scans).where(*its).order_by(label_scans.c.id.desc()).limit(limit)).all()
    return tuple(KeptScan(row.verdict, Actor(row.actor_kind, row.actor_id), row.at) for row in reversed(rows))
