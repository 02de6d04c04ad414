"""Use case: numbers become units, as soon as their label is known to be there.

What makes a number a unit is said of each lot: that its label came out (`confirmed`), that somebody scanned it
(`scanned`), or an event from outside (`event`), for lots whose labels are only later put on something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.outcomes import Interval
from labelsvc.storage import audit, batches, commissioned, lot_tracking, lots, units
from labelsvc.storage.database import Database
from labelsvc.storage.units import Identity
from labelsvc.tracking.capturing import capture_in
from labelsvc.tracking.own_events import EPCS_AT_MOST, Why, commissioning_event, object_event
from labelsvc.tracking.whose import epc_of

#: How far a new process looks back: what was confirmed while none ran.
_FIRST_LOOK = timedelta(days=7)
#: How far every later look does: longer than any transaction runs.
_NEXT_LOOK = timedelta(minutes=10)
ACTOR = Actor("shell", "commissioner")


class Commissioner:
    """Looks for labels that came out, and makes units of their numbers; any number of processes may.

    Args:
        site: where that is, a location's canonical URI.
    """

    def __init__(self, db: Database, issuer: Issuer, site: str | None, now: Callable[[], datetime]) -> None:
        self._db = db
        self._issuer = issuer
        self._site = site
        self._now = now
        self._seen: dict[int, tuple[object, ...]] = {}
        self._back = _FIRST_LOOK

    def look(self) -> int:
        """Commission what is there to commission; return how many numbers became units."""
        now = self._now()
        with self._db.read() as conn:
            changed = commissioned.changed_since(conn, now - self._back)
        made = 0
        for range_id, signature in changed.items():
            if self._seen.get(range_id) != signature:
                made += commission_range(self._db, self._issuer, Call(ACTOR, now), range_id, self._site)
        self._seen = dict(changed)
        self._back = _NEXT_LOOK
        return made


def commission_range(db: Database, issuer: Issuer, call: Call, range_id: int, site: str | None = None) -> int:
    """Make units of those numbers of a range that are due; a transaction for each thousand. Return how many."""
    made = 0
    for some in (_commission_some, _withdraw_some):
        at_once = EPCS_AT_MOST
        while at_once == EPCS_AT_MOST:
            at_once = db.write(lambda conn, some=some: some(conn, issuer, call, range_id, site))  # type: ignore[misc]
            made += at_once if some is _commission_some else 0
    return made


def _commission_some(conn: Connection, issuer: Issuer, call: Call, range_id: int, site: str | None) -> int:
    lot_id = commissioned.lot_of(conn, range_id)
    if lot_id is None:
        return 0
    on = lot_tracking.of_lot(conn, lot_id).commission_on
    due = [one for one in commissioned.known_of(conn, range_id) if _is_due(one, on)]
    wanted = list(_first(missing(due, commissioned.of_range(conn, range_id)), EPCS_AT_MOST))
    if not wanted:
        return 0
    known_at = max(one.at for one in due if one.at is not None)
    _commission(conn, issuer, call, _Due(range_id, wanted, known_at, site))
    return sum(last - first + 1 for first, last in wanted)


def _withdraw_some(conn: Connection, issuer: Issuer, call: Call, range_id: int, site: str | None) -> int:
    """End units whose numbers were taken back since: their labels are scrap, or not to be used."""
    commissioned.lot_of(conn, range_id)
    gone = [one for one in commissioned.known_of(conn, range_id) if one.outcome in _TAKEN_BACK]
    epcs = units.living(conn, range_id, [(one.first, one.last) for one in gone], EPCS_AT_MOST) if gone else []
    if epcs:
        why = Why("decommissioning", "inactive", read_point=site)
        capture_in(conn, issuer, call, object_event(call.at, "DELETE", epcs, why), own=True)
        audit.record(conn, call, "range.withdraw", f"range:{range_id}", after={"units": len(epcs)})
    return len(epcs)


_TAKEN_BACK = frozenset({"spoiled", "sampled", "returned", "invalidated"})


def _is_due(known: Interval, on: str) -> bool:
    if known.outcome != "confirmed" or on == "event":
        return False
    return on == "confirmed" or known.evidence == "scanned"


def missing(there: Sequence[Interval], done: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Return the parts of ascending intervals that others do not cover."""
    ends = iter([*done, (2**63, 2**63)])
    first, last = next(ends)
    for interval in there:
        at = interval.first
        while at <= interval.last:
            while last < at:
                first, last = next(ends)
            if at < first:
                yield at, min(interval.last, first - 1)
            at = max(last + 1, at) if first <= at else min(interval.last + 1, first)


def _first(intervals: Iterator[tuple[int, int]], count: int) -> Iterator[tuple[int, int]]:
    for first, last in intervals:
        if count <= 0:
            return
        end = min(last, first + count - 1)
        yield first, end
        count -= end - first + 1


@dataclass(frozen=True, slots=True)
class _Due:
    """Numbers of a range that become units: intervals of ordinals, since when that is known, and where they are."""

    range_id: int
    numbers: Sequence[tuple[int, int]]
    at: datetime
    site: str | None


def _commission(conn: Connection, issuer: Issuer, call: Call, due: _Due) -> None:
    batch = batches.of_range(conn, due.range_id)
    assert batch is not None  # a range of a lot is a batch's
    lot = lots.at_revision(conn, batch.lot_id, batch.lot_revision)
    numbering = issuer.numbering(batch.product_code, batch.pattern, batch.scope, batch.key_version)
    who: dict[str, Identity] = {}
    for first, last in due.numbers:
        for ordinal, serial in enumerate(numbering.texts(first, last - first + 1), first):
            epc = epc_of(issuer, batch.product_code, serial)
            who[epc] = Identity(lot.product_id, batch.lot_id, due.range_id, ordinal)
    why = Why("commissioning", "active", read_point=due.site, place=due.site)
    dates = (batch.lot_number, lot.lot.production, lot.lot.expiry, lot.lot.best_before)
    captured = capture_in(conn, issuer, call, commissioning_event(due.at, list(who), why, dates), own=True, who=who)
    if captured.id is None:
        raise RuntimeError("Expected numbers that are no units yet, got an event of theirs.")
    commissioned.add(conn, due.range_id, due.numbers, captured.id)
    labels = [[first - batch.first + 1, last - batch.first + 1] for first, last in due.numbers]
    audit.record(conn, call, "batch.commission", f"batch:{batch.id}", after={"labels": labels, "units": len(who)})
