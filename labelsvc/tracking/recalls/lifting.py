"""Use cases: a recall is lifted, which takes a reason and two persons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.products import check_name
from labelsvc.domain.recalls import Recall, check_second_person
from labelsvc.domain.units.rules import SKEW
from labelsvc.errors import Conflict, at
from labelsvc.storage import audit, recalls, webhooks
from labelsvc.storage.database import Database
from labelsvc.storage.recalls import Member
from labelsvc.tracking.capturing import capture_in
from labelsvc.tracking.own_events import EPCS_AT_MOST, Why, object_event

_REASON_AT_MOST = 500


def transaction(issuer: Issuer, recall_id: int) -> tuple[str, str]:
    """Return the business transaction that events of a recall belong to: its type and its URI."""
    return f"{issuer.digital_link}/recall", f"{issuer.digital_link}/recall/{recall_id}"


def moment(call: Call, some: Sequence[Member]) -> datetime:
    """Return when an event of units may be said to happen: now, but not before what a clock ahead of ours told."""
    known = [one.last_at + timedelta(milliseconds=1) for one in some if one.last_at is not None]
    return max(call.at, min(max(known, default=call.at), call.at + SKEW))


def ask_lift(db: Database, call: Call, recall_id: int, reason: str) -> Recall:
    """Ask for a recall to be lifted; somebody else has to approve. Asked again, the latest reason counts.

    Raises:
        NotFound: there is no such recall.
        InvalidInput: no reason.
        Conflict: it is not open.
    """
    with at("/reason"):
        check_name(reason, _REASON_AT_MOST)

    def work(conn: Connection) -> Recall:
        _check_open(recalls.get(conn, recall_id, lock=True))
        asked = {"lift_reason": reason, "lift_asked_by": call.actor.id, "lift_asked_at": call.at}
        recalls.set_values(conn, recall_id, **asked)
        audit.record(conn, call, "recall.lift_ask", f"recall:{recall_id}", after={"asked": True}, reason=reason)
        return recalls.get(conn, recall_id)

    return db.write(work)


def approve_lift(db: Database, call: Call, recall_id: int) -> Recall:
    """Agree that a recall is lifted; what it called back is let go from then on.

    Raises:
        NotFound: there is no such recall.
        NotAllowed: the same person opened it, or asked for that.
        Conflict: it is not open, or nobody asked.
    """

    def work(conn: Connection) -> Recall:
        recall = recalls.get(conn, recall_id, lock=True)
        _check_open(recall)
        if recall.lift is None:
            raise Conflict(
                "recall_lift_unasked", "Expected a recall that somebody asked to lift, got one that nobody did."
            )
        check_second_person(recall, call.actor)
        recalls.set_values(conn, recall_id, state="lifting", lifted_by=call.actor.id, lifted_at=call.at)
        before, after = {"state": recall.state}, {"state": "lifting", "asked_by": recall.lift.asked_by}
        about = f"recall:{recall_id}"
        audit.record(conn, call, "recall.lift", about, before=before, after=after, reason=recall.lift.reason)
        told = {"recall": recall_id, "title": recall.title, "reason": recall.lift.reason}
        webhooks.emit(conn, "recall.lifted", told, call.at)
        return recalls.get(conn, recall_id)

    return db.write(work)


def _check_open(recall: Recall) -> None:
    if recall.state not in ("freezing", "open"):
        raise Conflict("recall_not_open", f"Expected a recall that is open, got one that is {recall.state}.")


def lift_some(conn: Connection, call: Call, recall_id: int, issuer: Issuer) -> int:
    """Let the next units of a recall go; return how many it looked at. After the last one it is lifted.

    What another recall calls back, too, stays called back; what has ended stays as it was.
    """
    recall = recalls.get(conn, recall_id, lock=True)
    if recall.state != "lifting":
        return 0
    some = recalls.called(conn, recall_id, EPCS_AT_MOST)
    if not some:
        recalls.set_values(conn, recall_id, state="lifted")
        return 0
    ids = [one.unit_id for one in some]
    over, kept = recalls.ended_among(conn, ids), recalls.held_by_others(conn, recall_id, ids)
    free = [one for one in some if one.unit_id not in over | kept]
    recalls.mark(conn, recall_id, sorted(over), "ended")
    recalls.mark(conn, recall_id, sorted(kept - over), "kept")
    if free:
        why = Why("holding", unset=("recalled",), transactions=(transaction(issuer, recall_id),))
        event = object_event(moment(call, free), "OBSERVE", [one.epc for one in free], why)
        captured = capture_in(conn, issuer, call, event, own=True)
        if captured.id is None:
            raise RuntimeError("Expected units that are let go for the first time, got an event of theirs.")
        recalls.mark(conn, recall_id, [one.unit_id for one in free], "lifted", lift_event_id=captured.id)
    audit.record(conn, call, "recall.let_go", f"recall:{recall_id}", after={"units": len(free), "kept": len(kept)})
    return len(some)
