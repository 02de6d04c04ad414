"""What tests and overrides say of units becomes events, so that a unit's standing stays a function of its events.

The events happen when something is said in the books, not when it was measured: whatever was shipped before, was
shipped without (docs/decisions/0014). What is said of a lot is said of each of its units, at most a thousand in one
transaction (a sweep), and of those that begin later as soon as they do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.units.rules import SKEW
from labelsvc.domain.units.standing import CONFORMANT, ENDED
from labelsvc.domain.units.testing import Passing, Verdict, required_names, verdict
from labelsvc.storage import audit, lots, overrides, sweeps, unit_tests
from labelsvc.storage.database import Database
from labelsvc.storage.sweeps import Sweep
from labelsvc.storage.units import Known
from labelsvc.tracking.capturing import capture_in
from labelsvc.tracking.own_events import EPCS_AT_MOST, Why, object_event

#: What an override is in the business transactions of its event; CBV has no word for it.
OVERRIDE_TYPE = "urn:labelsvc:transaction:override"
ACTOR = Actor("shell", "assessor")
_LOTS = 100
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is said of units: tests that were recorded (their names), or an override.

    Attributes:
        paper: type and URI of it, as their event names it.
        offset: of the clock on the wall where it was.
    """

    paper: tuple[str, str]
    tests: frozenset[str] = frozenset()
    override: bool = False
    offset: str = "+00:00"


def report_cause(conn: Connection, issuer: Issuer, report_id: int) -> Cause:
    """Return a report as a cause."""
    records = unit_tests.of_report(conn, report_id)
    names = frozenset(one.test.test.name for one in records)
    return Cause(_report_paper(issuer, report_id), names, offset=records[0].offset)


def override_cause(issuer: Issuer, override_id: int) -> Cause:
    """Return an override as a cause."""
    return Cause((OVERRIDE_TYPE, f"{issuer.digital_link}/override/{override_id}"), override=True)


def _report_paper(issuer: Issuer, report_id: int) -> tuple[str, str]:
    return "testres", f"{issuer.digital_link}/test-report/{report_id}"


def assess(conn: Connection, issuer: Issuer, call: Call, known: Sequence[Known], cause: Cause) -> None:
    """Say of units what their tests or an override say now; those that have not begun, or have ended, are left."""
    living = [one for one in known if one.kept.state not in (*ENDED, "unknown")]
    said = _all_of(living, "conformant") if cause.override else _verdicts(conn, living, cause.tests)
    for word in dict.fromkeys(said.values()):
        some = [one for one in living if said.get(one.id) == word]
        if cause.override:
            some = [one for one in some if not _conforms(one)]
        _say(conn, issuer, call, some, word, cause)


def _all_of(known: Sequence[Known], word: Verdict) -> Mapping[int, Verdict]:
    return {one.id: word for one in known}


def _verdicts(conn: Connection, known: Sequence[Known], new: Collection[str]) -> Mapping[int, Verdict]:
    products = {one.product_id for one in known if one.product_id is not None}
    required = {each: required_names(unit_tests.current(conn, each)) for each in products}
    ids = [one.id for one in known]
    of_units = unit_tests.latest_of_units(conn, ids)
    lot_ids = {one.lot_id for one in known if one.lot_id is not None}
    of_lots = {
        lot_id: {name: latest.result for name, latest in found.items()}
        for lot_id, found in unit_tests.latest_of_lots(conn, lot_ids).items()
    }
    by_name = overrides.approved_units(conn, ids)
    by_lot = overrides.approved_lots(conn, lot_ids)
    said: dict[int, Verdict] = {}
    for one in known:
        results = {**of_lots.get(one.lot_id or 0, {}), **of_units[one.id]}
        passing = Passing(_conforms(one), one.id in by_name or one.lot_id in by_lot)
        word = verdict(required.get(one.product_id or 0, frozenset()), results, new, passing)
        if word is not None:
            said[one.id] = word
    return said


def _conforms(one: Known) -> bool:
    return CONFORMANT in one.kept.dispositions.split()


_SAID: Mapping[Verdict, Why] = {
    "conformant": Why("inspecting", "conformant", set=(CONFORMANT,)),
    "non_conformant": Why("inspecting", "non_conformant", unset=(CONFORMANT,)),
    "untested": Why("inspecting", None, unset=(CONFORMANT,)),
}


def _say(conn: Connection, issuer: Issuer, call: Call, known: Sequence[Known], word: Verdict, cause: Cause) -> None:
    why = _SAID[word]
    told = Why(why.step, why.disposition, why.set, why.unset, transactions=(cause.paper,), offset=cause.offset)
    for begin in range(0, len(known), EPCS_AT_MOST):
        some = known[begin : begin + EPCS_AT_MOST]
        event = object_event(_after(some, call.at), "OBSERVE", [one.epc for one in some], told)
        capture_in(conn, issuer, call, event, own=True)


def _after(known: Sequence[Known], now: datetime) -> datetime:
    """Return a moment that comes after all that units were in; of one moment nobody could tell what came first."""
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    latest = [one.last[0] for one in known if one.last is not None and one.last[0] <= now + SKEW]
    return max([now, *(moment + _MILLISECOND for moment in latest if moment >= now)])


def begin_sweep(
    conn: Connection, issuer: Issuer, call: Call, lot_id: int, *, report: int | None = None, override: int | None = None
) -> int | None:
    """Say of the first units of a lot what is said of it; return the sweep that is left for others; None: nothing."""
    sweep_id = sweeps.begin(conn, call, lot_id, report=report, override=override)
    found = sweeps.hold(conn, sweep_id)
    assert found is not None  # it has just begun
    return None if _go_on(conn, issuer, call, found) else sweep_id


def _go_on(conn: Connection, issuer: Issuer, call: Call, sweep: Sweep) -> bool:
    known = sweeps.living(conn, sweep.lot_id, sweep.after, EPCS_AT_MOST)
    if sweep.override_id is not None:
        cause = override_cause(issuer, sweep.override_id)
    else:
        assert sweep.report_id is not None  # a sweep has one of both
        cause = report_cause(conn, issuer, sweep.report_id)
    assess(conn, issuer, call, known, cause)
    return sweeps.go_on(conn, call, sweep, known, EPCS_AT_MOST)


def sweep_some(db: Database, issuer: Issuer, call: Call, sweep_id: int) -> bool:
    """Go on with a sweep, at most a thousand units in one transaction; return whether it is finished."""

    def work(conn: Connection) -> bool:
        found = sweeps.hold(conn, sweep_id)
        if found is None:
            return True
        finished = _go_on(conn, issuer, call, found)
        audit.record(conn, call, "lot.assess", f"lot:{found.lot_id}", after={"sweep": sweep_id, "finished": finished})
        return finished

    return db.write(work)


class Assessor:
    """Says of units what was said of their lots: what a sweep has left, and of those that began since."""

    def __init__(self, db: Database, issuer: Issuer, now: Callable[[], datetime]) -> None:
        self._db = db
        self._issuer = issuer
        self._now = now
        self._lot = 0

    def look(self) -> None:
        """Do what there is to do."""
        with self._db.read() as conn:
            waiting = sweeps.waiting(conn, _LOTS)
            found = sweeps.lots_with_unsaid(conn, self._lot, _LOTS)
        for sweep_id in waiting:
            while not sweep_some(self._db, self._issuer, self._call(), sweep_id):
                pass
        for lot_id in found:
            while assess_begun(self._db, self._issuer, self._call(), lot_id) == EPCS_AT_MOST:
                pass
        self._lot = found[-1] if len(found) == _LOTS else 0

    def _call(self) -> Call:
        return Call(ACTOR, self._now())


def assess_begun(db: Database, issuer: Issuer, call: Call, lot_id: int) -> int:
    """Say of units that began since what was said of their lot, at most a thousand; return of how many."""

    def work(conn: Connection) -> int:
        said = _of_lot(conn, issuer, lot_id)
        known = sweeps.unsaid(conn, lot_id, EPCS_AT_MOST) if said is not None else []
        if said is None or not known:
            return 0
        _say(conn, issuer, call, known, *said)
        audit.record(conn, call, "lot.assess", f"lot:{lot_id}", after={"units": len(known), "verdict": said[0]})
        return len(known)

    return db.write(work)


def _of_lot(conn: Connection, issuer: Issuer, lot_id: int) -> tuple[Verdict, Cause] | None:
    """Return what the lot alone says of all its units, and why; None: nothing, or it takes tests of each unit."""
    tests = unit_tests.current(conn, lots.get(conn, lot_id).product_id)
    latest = unit_tests.latest_of_lots(conn, [lot_id])[lot_id]
    of_lot, required = required_names(tests, "lot"), required_names(tests)
    failed = [latest[name] for name in of_lot if name in latest and latest[name].result == "failed"]
    override = overrides.approved_lots(conn, [lot_id]).get(lot_id)
    if override is not None and all(one.recorded_at <= override.decided_at for one in failed):
        return "conformant", override_cause(issuer, override.id)
    if failed:
        last = max(failed, key=lambda one: one.report_id)
        return "non_conformant", report_cause(conn, issuer, last.report_id)
    if required and required == of_lot and all(name in latest for name in required):
        last = max((latest[name] for name in required), key=lambda one: one.report_id)
        return "conformant", report_cause(conn, issuer, last.report_id)
    return None
