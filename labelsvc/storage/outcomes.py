"""Outcomes in the books: intervals that are appended, and the two that a running delivery moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    ScalarSelect,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from labelsvc.domain.actors import Call
from labelsvc.domain.outcomes import Evidence, Interval, paint
from labelsvc.storage.pages import AnyRow
from labelsvc.storage.tables import label_scans, outcomes, print_jobs


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to deliver a job: the job and the fencing token of the lease it runs under.

    No two attempts at one job share a token.
    """

    job_id: int
    range_id: int
    token: int


def append(
    conn: Connection,
    call: Call,
    range_id: int,
    interval: Interval,
    delivery: Delivery | None = None,
    job_id: int | None = None,
) -> None:
    """Write what became known of an interval.

    Args:
        delivery: that found it out, and may move it on.
        job_id: of the print job whose labels a person said it of.
    """
    conn.execute(
        insert(outcomes).values(
            range_id=range_id,
            first=interval.first,
            last=interval.last,
            outcome=interval.outcome,
            evidence=interval.evidence,
            reason=interval.reason,
            job_id=delivery.job_id if delivery else job_id,
            token=delivery.token if delivery else None,
            actor_kind=call.actor.kind,
            actor_id=call.actor.id,
            at=call.at,
        )
    )


#: The columns that make an Interval.
SAID = tuple(outcomes.c[name] for name in ("first", "last", "outcome", "evidence", "reason", "at"))


def of_range(conn: Connection, range_id: int) -> tuple[Interval, ...]:
    """Return what holds now of every number of a range."""
    rows = conn.execute(select(*SAID).where(outcomes.c.range_id == range_id).order_by(outcomes.c.id))
    return paint(Interval(*row) for row in rows)


def of_number(conn: Connection, range_id: int, ordinal: int) -> Interval:
    """Return what holds now of one number that is known to be granted."""
    row = conn.execute(select(*SAID).where(*covering(range_id, ordinal)).order_by(outcomes.c.id.desc()).limit(1)).one()
    return Interval(*row)


def prove(conn: Connection, call: Call, range_id: int, ordinal: int) -> None:
    """Say that a label was scanned, so it is there.

    It joins the labels that the same actor scanned just before it, where nothing was said of it since.
    """
    since = select(func.max(outcomes.c.id)).where(*covering(range_id, ordinal)).scalar_subquery()
    joined = conn.execute(
        update(outcomes)
        .where(
            outcomes.c.range_id == range_id,
            outcomes.c.last == ordinal - 1,
            outcomes.c.outcome == "confirmed",
            outcomes.c.evidence == "scanned",
            outcomes.c.job_id.is_(None),
            outcomes.c.reason.is_(None),
            outcomes.c.actor_kind == call.actor.kind,
            outcomes.c.actor_id == call.actor.id,
            outcomes.c.id > since,
        )
        .values(last=ordinal, at=call.at)
    ).rowcount
    if not joined:
        append(conn, call, range_id, Interval(ordinal, ordinal, "confirmed", "scanned"))


def last_scan(conn: Connection) -> int:
    """Return the id of the latest verify scan; 0: there was none."""
    return int(conn.execute(select(func.coalesce(func.max(label_scans.c.id), 0))).scalar_one())


def proved(conn: Connection, range_id: int, first: int, last: int, after: int = 0) -> bool:
    """Whether a verify scan, one after that of the id `after`, found one of the labels first .. last to be there."""
    found = select(label_scans.c.id).where(
        label_scans.c.range_id == range_id,
        label_scans.c.ordinal.between(first, last),
        label_scans.c.proved,
        label_scans.c.id > after,
    )
    return conn.execute(found.limit(1)).one_or_none() is not None


def with_proof(conn: Connection, numbers: list[tuple[tuple[int, int], ...]]) -> set[tuple[int, int]]:
    """Return those numbers (range, ordinal) that a verify scan found to be there."""
    asked = [number for some in numbers for number in some]
    return {(int(row.range_id), int(row.ordinal)) for row in conn.execute(_PROVED, {"numbers": asked})}


_PROVED = select(label_scans.c.range_id, label_scans.c.ordinal).where(
    tuple_(label_scans.c.range_id, label_scans.c.ordinal).in_(bindparam("numbers", expanding=True)),
    label_scans.c.proved,
)


@contextmanager
def _scans_stand(conn: Connection, delivery: Delivery, span: tuple[int, int] | None) -> Iterator[None]:
    """Let what is known of scanned labels stand, whatever their delivery writes of them meanwhile.

    The delivery goes by what the printer says; somebody had the label in hand. A scan may even come before a station
    has told of the label; then it is written down here. What was scanned of a number that is printed again may have
    been its old label, and says nothing of the new one.
    """
    scans = _scans_of(conn, delivery, span) if span else {}
    if scans and _prints_again(conn, delivery.job_id):
        scans = {}
    before = {ordinal: _holding(conn, delivery.range_id, ordinal) for ordinal in scans}
    yield
    for ordinal, row in before.items():
        now = _holding(conn, delivery.range_id, ordinal)
        told = {**row._mapping, "first": ordinal, "last": ordinal}
        if row.outcome == "planned" or row.job_id == delivery.job_id:
            told |= {"outcome": "confirmed", "evidence": "scanned", "reason": None, "job_id": None, "token": None}
            told |= dict(zip(("actor_kind", "actor_id", "at"), scans[ordinal], strict=True))
        elif now.id == row.id:
            continue
        conn.execute(insert(outcomes).values({name: said for name, said in told.items() if name != "id"}))


def let_scans_stand(conn: Connection, range_id: int, span: tuple[int, int], since: datetime) -> None:
    """Say of labels that were scanned before their station told of them, and of which it tells no more: they are there.

    Args:
        since: when the station got them.
    """
    for ordinal, (kind, who, at) in _scanned(conn, range_id, span, since).items():
        told = {"outcome": "confirmed", "evidence": "scanned", "actor_kind": kind, "actor_id": who, "at": at}
        conn.execute(insert(outcomes).values(range_id=range_id, first=ordinal, last=ordinal, **told))


def scanned_since(conn: Connection, range_id: int, span: tuple[int, int], since: datetime) -> list[int]:
    """Return the ordinals of labels that were scanned since, and found to be there, in ascending order."""
    return sorted(_scanned(conn, range_id, span, since))


def _scans_of(conn: Connection, delivery: Delivery, span: tuple[int, int]) -> dict[int, tuple[str, str, datetime]]:
    """Return the labels of a job that were scanned: who did, and when."""
    begun = select(print_jobs.c.created_at).where(print_jobs.c.id == delivery.job_id).scalar_subquery()
    return _scanned(conn, delivery.range_id, span, begun)


def _scanned(
    conn: Connection, range_id: int, span: tuple[int, int], since: datetime | ScalarSelect[datetime]
) -> dict[int, tuple[str, str, datetime]]:
    found = select(label_scans.c.ordinal, label_scans.c.actor_kind, label_scans.c.actor_id, label_scans.c.at).where(
        label_scans.c.range_id == range_id,
        label_scans.c.ordinal.between(*span),
        label_scans.c.proved,
        label_scans.c.at >= since,
    )
    return {int(ordinal): (kind, who, at) for ordinal, kind, who, at in conn.execute(found.order_by(label_scans.c.id))}


def _prints_again(conn: Connection, job_id: int) -> bool:
    kind: str = conn.execute(select(print_jobs.c.kind).where(print_jobs.c.id == job_id)).scalar_one()
    return kind == "reprint"


def _holding(conn: Connection, range_id: int, ordinal: int) -> AnyRow:
    """Return the row that holds of a number."""
    found = select(outcomes).where(*covering(range_id, ordinal)).order_by(outcomes.c.id.desc()).limit(1)
    return conn.execute(found).one()


def covering(range_id: int, ordinal: int) -> tuple[ColumnElement[bool], ...]:
    """Return the condition of the rows that say something of a number."""
    return (outcomes.c.range_id == range_id, outcomes.c.first <= ordinal, outcomes.c.last >= ordinal)


def restore(conn: Connection, call: Call, job_id: int, number: tuple[int, int]) -> None:
    """Say that of a number (range, ordinal) holds again what was known of it but for a job's labels."""
    range_id, ordinal = number
    row = conn.execute(
        select(*SAID)
        .where(*covering(range_id, ordinal), or_(outcomes.c.job_id.is_(None), outcomes.c.job_id != job_id))
        .order_by(outcomes.c.id.desc())
        .limit(1)
    ).one()
    was = Interval(*row)
    append(conn, call, range_id, Interval(ordinal, ordinal, was.outcome, was.evidence, was.reason))


def hold_in_doubt(conn: Connection, call: Call, delivery: Delivery, first: int, last: int) -> None:
    """Commit, before a byte is written, that these labels may come out."""
    append(conn, call, delivery.range_id, Interval(first, last, "in_doubt", "sent"), delivery)


def record_sent(conn: Connection, call: Call, delivery: Delivery, first: int, last: int) -> None:
    """Say that the window in doubt was handed over; it joins the labels this delivery sent just before."""
    with _scans_stand(conn, delivery, (first, last)):
        _record_sent(conn, call, delivery, first, last)


def _record_sent(conn: Connection, call: Call, delivery: Delivery, first: int, last: int) -> None:
    _lift_doubt(conn, delivery)
    joined = conn.execute(
        update(outcomes)
        .where(*_of(delivery), outcomes.c.outcome == "sent", outcomes.c.last == first - 1)
        .values(last=last, at=call.at)
    ).rowcount
    if not joined:
        append(conn, call, delivery.range_id, Interval(first, last, "sent", "sent"), delivery)


@dataclass(frozen=True, slots=True)
class Known:
    """What became known of labels on their way; intervals of ordinals.

    Attributes:
        done: came out, by this evidence.
        torn: met a fault, and stay in doubt.
        absent: did not come out, by the odometer.
        old_label: the number that is absent has another label, so that it is what it was.
    """

    done: tuple[tuple[int, int], ...]
    evidence: Evidence
    torn: tuple[tuple[int, int], ...]
    absent: tuple[tuple[int, int], ...]
    old_label: bool = False


TORN = "a fault met it: destroy the torn piece, and scan the label if there is a good one"


def advance(conn: Connection, call: Call, delivery: Delivery, known: Known, way: tuple[int, int] | None) -> None:
    """Say what became known of labels on their way, and which labels are on their way, in doubt, from now on."""
    parts = [*known.done, *known.torn, *known.absent, *([way] if way else [])]
    span = (min(first for first, _ in parts), max(last for _, last in parts)) if parts else None
    with _scans_stand(conn, delivery, span):
        _advance(conn, call, delivery, known, way)


def _advance(conn: Connection, call: Call, delivery: Delivery, known: Known, way: tuple[int, int] | None) -> None:
    for first, last in known.done:
        # Rows of one delivery that touch are one row, as with `sent`.
        joined = conn.execute(
            update(outcomes)
            .where(
                *_of(delivery),
                outcomes.c.outcome == "confirmed",
                outcomes.c.evidence == known.evidence,
                outcomes.c.last == first - 1,
            )
            .values(last=last, at=call.at)
        ).rowcount
        if not joined:
            append(conn, call, delivery.range_id, Interval(first, last, "confirmed", known.evidence), delivery)
    for first, last in known.torn:  # no delivery owns them any more: they stay until someone says what they are
        append(conn, call, delivery.range_id, Interval(first, last, "in_doubt", "sent", TORN), job_id=delivery.job_id)
    for first, last in known.absent:
        append(conn, call, delivery.range_id, Interval(first, last, "absent", "counted"), delivery)
        if known.old_label:
            restore(conn, call, delivery.job_id, (delivery.range_id, first))
    if way is None:
        _lift_doubt(conn, delivery)
        return
    moved = conn.execute(
        update(outcomes)
        .where(*_of(delivery), outcomes.c.outcome == "in_doubt")
        .values(first=way[0], last=way[1], at=call.at)
    ).rowcount
    if not moved:
        hold_in_doubt(conn, call, delivery, *way)


@dataclass(frozen=True, slots=True)
class Move:
    """A row of a running delivery, by its id, as it is to be."""

    row: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows that a running delivery moves on: what it confirmed last, by which evidence, and what is in doubt."""

    confirmed: Move | None
    evidence: Evidence | None
    doubt: Move | None


def rows_of(conn: Connection, delivery: Delivery) -> Rows:
    """Return the rows of a delivery that its next advance may move."""
    columns = (outcomes.c.id, outcomes.c.first, outcomes.c.last, outcomes.c.outcome, outcomes.c.evidence)
    its = conn.execute(select(*columns).where(*_of(delivery)).order_by(outcomes.c.last)).all()
    confirmed = next((row for row in reversed(its) if row.outcome == "confirmed"), None)
    doubt = next((row for row in its if row.outcome == "in_doubt"), None)
    return Rows(_move(confirmed), confirmed.evidence if confirmed else None, _move(doubt))


def _move(row: AnyRow | None) -> Move | None:
    return None if row is None else Move(row.id, row.first, row.last)


_MOVED = (
    update(outcomes)
    .where(outcomes.c.id == bindparam("row"))
    .values(first=bindparam("new_first"), last=bindparam("new_last"), at=bindparam("new_at"))
)


def move(conn: Connection, moved: list[tuple[Rows, datetime]]) -> None:
    """Move rows of deliveries that still run, whose senders hold their leases, in one go.

    Raises:
        RuntimeError: one of them is not there.
    """
    values = [
        {"row": to.row, "new_first": to.first, "new_last": to.last, "new_at": at}
        for rows, at in moved
        for to in (rows.confirmed, rows.doubt)
        if to is not None
    ]
    found = conn.execute(_MOVED, values).rowcount if values else 0
    if found != len(values):
        raise RuntimeError(f"Expected {len(values)} rows of deliveries, got {found}.")


def left_by(conn: Connection, delivery: Delivery) -> tuple[tuple[int, int] | None, int]:
    """Return the labels that a delivery left in doubt, if it did, and how many it confirmed."""
    rows = conn.execute(select(outcomes.c.first, outcomes.c.last, outcomes.c.outcome).where(*_of(delivery))).all()
    doubt = next(((int(row.first), int(row.last)) for row in rows if row.outcome == "in_doubt"), None)
    return doubt, sum(int(row.last) - int(row.first) + 1 for row in rows if row.outcome == "confirmed")


def narrow_doubt(conn: Connection, delivery: Delivery, last: int | None) -> None:
    """Say that of the window in doubt only the labels up to `last` (None: not one) may have been handed over.

    The others are again what they were before the window.
    """
    if last is None:
        _lift_doubt(conn, delivery)
    else:
        conn.execute(update(outcomes).where(*_of(delivery), outcomes.c.outcome == "in_doubt").values(last=last))


def _lift_doubt(conn: Connection, delivery: Delivery) -> None:
    conn.execute(delete(outcomes).where(*_of(delivery), outcomes.c.outcome == "in_doubt"))


def _of(delivery: Delivery) -> tuple[ColumnElement[bool], ...]:
    return (
        outcomes.c.range_id == delivery.range_id,  # by this they are found; the table keeps all there ever was
        outcomes.c.job_id == delivery.job_id,
        outcomes.c.token == delivery.token,
    )
