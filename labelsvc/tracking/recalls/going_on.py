"""Use case: a recall goes on. Whatever comes into its scope is called back, and whoever had it is listed to be told.

Each step is one short transaction and leaves the books such that the next begins where it ended, in whichever process:
a recall whose process was killed goes on as if nothing had been.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from labelsvc import logs
from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.recalls import RUNNING, Recall
from labelsvc.errors import LabelsvcError
from labelsvc.storage import audit, recall_notices, recall_scope, recalls
from labelsvc.storage.database import Database
from labelsvc.tracking.capturing import capture_in
from labelsvc.tracking.own_events import EPCS_AT_MOST, Why, object_event
from labelsvc.tracking.recalls import balancing, tracing
from labelsvc.tracking.recalls.lifting import lift_some, moment, transaction
from labelsvc.tracking.recalls.scope import made_into, named_units, parts

log = logs.logger(__name__)

ACTOR = Actor("shell", "recaller")
#: Units that come into a recall in one transaction.
_UNITS = 5_000
#: Notices written in one.
_NOTICES = 500


class Recaller:
    """Lets all recalls go on; any number of processes may.

    Args:
        is_over: the process is to end.
    """

    def __init__(
        self, db: Database, issuer: Issuer, now: Callable[[], datetime], is_over: Callable[[], bool] = lambda: False
    ) -> None:
        self._db = db
        self._issuer = issuer
        self._now = now
        self._is_over = is_over
        self._seen: dict[int, tuple[int, int]] = {}

    def look(self) -> int:
        """Let each recall go on in which something may be new; return how many did."""
        with self._db.read() as conn:
            newest = recalls.newest(conn)
            ids = recalls.in_states(conn, RUNNING)
            settled = set(recalls.in_states(conn, {"open"}))
        went = 0
        for recall_id in ids:
            if recall_id in settled and self._seen.get(recall_id) == newest:
                continue
            try:
                done = go_on(self._db, self._issuer, ACTOR, recall_id, self._now, is_over=self._is_over)
            except LabelsvcError as error:  # one that cannot go on must not keep the others from it
                log.warning("recall.stuck", recall=recall_id, code=error.code)
                continue
            went += 1
            if done:
                self._seen[recall_id] = newest
        return went


def go_on(
    db: Database,
    issuer: Issuer,
    actor: Actor,
    recall_id: int,
    now: Callable[[], datetime],
    *,
    steps: int | None = None,
    is_over: Callable[[], bool] = lambda: False,
) -> bool:
    """Do what a recall has to do now, or the first so many steps of it; return whether all is done.

    Raises:
        NotFound: there is no such recall.
    """
    going = _Going(db, issuer, actor, recall_id, now).steps()
    return all(not is_over() and (steps is None or done < steps) for done, _ in enumerate(going, start=1))


class _Going:
    """One recall going on."""

    def __init__(self, db: Database, issuer: Issuer, actor: Actor, recall_id: int, now: Callable[[], datetime]) -> None:
        self._db = db
        self._issuer = issuer
        self._actor = actor
        self._id = recall_id
        self._now = now

    def steps(self) -> Iterator[None]:
        """Do one step after the other, and say so after each."""
        with self._db.read() as conn:
            recall = recalls.get(conn, self._id)
        if recall.state == "lifting":
            while self._write(lift_some, self._issuer):
                yield
        elif recall.state in RUNNING:
            yield from self._gather(recall)
            self._note("scope_fixed")
            if not recall.drill:
                while self._write(_call_some, self._issuer):
                    yield
                self._note("called_back")
            yield from self._find()

    def _write(self, work: Callable[..., int], *more: Any) -> int:
        call = Call(self._actor, self._now())
        return self._db.write(lambda conn: work(conn, call, self._id, *more))

    def _gather(self, recall: Recall) -> Iterator[None]:
        """Let what is in the scope by now be of the recall."""
        with self._db.read() as conn:
            spans = recall_scope.spans_of(conn, recall.scope)
            changed = spans != recall_scope.spans_kept(conn, self._id)
            new = [span for span in spans if recall_scope.has_new(conn, self._id, span)]
            cut = [
                piece for piece in recall_scope.pieces(conn, new, _UNITS) if recall_scope.has_new(conn, self._id, piece)
            ]
            others = sorted({*named_units(conn, recall.scope), *made_into(conn, recall.scope)})
            others = recall_scope.not_of(conn, self._id, others)
            unsorted = recalls.needs_sorting(conn, self._id)
        if changed:
            self._write(lambda conn, _call, recall_id: recall_scope.keep_spans(conn, recall_id, spans))
            yield
        for piece in cut:
            self._write(_add, recall_scope.units_on(piece))
            yield
        for some in parts(others):
            self._write(_add_ids, some)
            yield
        if unsorted:
            self._write(lambda conn, _call, recall_id: recalls.sort_out(conn, recall_id))
            yield

    def _find(self) -> Iterator[None]:
        """Follow all units, list whom to tell, and add up."""
        had, rows = tracing.who_had(self._db, self._id)
        self._note("traced", traced=rows)
        found = iter(had.items())
        while some := list(islice(found, _NOTICES)):
            self._write(_had, some)
            yield
        self._note("notices_listed", notices=len(had))
        balance = balancing.balance(self._db, self._id, self._now())
        figures = {
            "granted": balance.granted,
            "beside": balance.beside,
            "numbers": dict(balance.numbers),
            "units": balance.states,
            "unaccounted": dict(balance.unaccounted),
            "difference": balance.difference,
        }
        self._note("balanced", done=True, balance=figures)
        yield

    def _note(self, stage: str, *, done: bool = False, **figures: Any) -> None:
        """Keep when a stage was done for the first time, and what it found."""
        now = self._now()

        def work(conn: Connection) -> None:
            recall = recalls.get(conn, self._id, lock=True)
            seconds = dict(recall.evidence.get("seconds", {}))
            passed = max(0.0, (now - recall.opened_at).total_seconds())
            evidence = {
                "seconds": {**seconds, stage: seconds.get(stage, round(passed, 3))},
                "figures": {**recall.evidence.get("figures", {}), **figures},
            }
            values: dict[str, Any] = {"evidence": evidence} if evidence != recall.evidence else {}
            if done and recall.state in ("freezing", "drilling"):
                values["state"] = "drilled" if recall.drill else "open"
            if values:
                recalls.set_values(conn, self._id, **values)

        self._db.write(work)


def _add(conn: Connection, _call: Call, recall_id: int, found: Any) -> int:
    recalls.get(conn, recall_id, lock=True)
    return recalls.add_units(conn, recall_id, found)


def _add_ids(conn: Connection, call: Call, recall_id: int, ids: Sequence[int]) -> int:
    return _add(conn, call, recall_id, recall_scope.units_with(conn, ids))


def _had(conn: Connection, call: Call, recall_id: int, some: list[tuple[tracing.Whom, int]]) -> int:
    recalls.get(conn, recall_id, lock=True)
    recall_notices.had(conn, recall_id, tracing.ids_of(conn, some, call.at), call)
    return len(some)


def _call_some(conn: Connection, call: Call, recall_id: int, issuer: Issuer) -> int:
    """Call back the next units of a recall; return how many."""
    recall = recalls.get(conn, recall_id, lock=True)
    if recall.state not in ("freezing", "open"):
        return 0
    some = recalls.to_call(conn, recall_id, EPCS_AT_MOST)
    if some:
        why = Why("holding", "recalled", set=("recalled",), transactions=(transaction(issuer, recall_id),))
        event = object_event(moment(call, some), "OBSERVE", [one.epc for one in some], why)
        captured = capture_in(conn, issuer, call, event, own=True)
        if captured.id is None:
            raise RuntimeError("Expected units that are called back for the first time, got an event of theirs.")
        recalls.mark(conn, recall_id, [one.unit_id for one in some], "called", event_id=captured.id)
        audit.record(conn, call, "recall.call_back", f"recall:{recall_id}", after={"units": len(some)})
    return len(some)
