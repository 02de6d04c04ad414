"""Use cases: a recall is looked at beforehand, opened, and found again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.pages import Page
from labelsvc.domain.products import check_name
from labelsvc.domain.recalls import Recall, RecallState, Scope, scope_body
from labelsvc.errors import at
from labelsvc.storage import audit, recall_notices, recall_scope, recalls, webhooks
from labelsvc.storage import requests as request_keys
from labelsvc.storage.database import Database
from labelsvc.storage.recalls import NewRecall
from labelsvc.tracking.recalls.going_on import go_on
from labelsvc.tracking.recalls.scope import checked, made_into, named_units

TITLE_AT_MOST, REASON_AT_MOST = 200, 500
#: Transactions that the request which opens a recall waits for, of a thousand units each; the chore does the rest.
STEPS_AT_ONCE = 40


@dataclass(frozen=True, slots=True)
class Preview:
    """What a scope comes to, before anything is called back.

    Attributes:
        numbers: granted, whatever became of them.
        units: that carry one of these; named: other units that the scope names; made: what components went into.
    """

    numbers: int
    units: int
    named: int
    made: int


@dataclass(frozen=True, slots=True)
class RecallRequest:
    """What somebody calls back, and why."""

    title: str
    reason: str
    scope: Scope
    drill: bool = False


def preview(db: Database, scope: Scope) -> Preview:
    """Count what a scope comes to.

    Raises:
        InvalidInput: it names nothing, or what there is not.
        TooLarge: it is too wide.
    """
    wanted = checked(scope)
    with db.read() as conn:
        spans = recall_scope.spans_of(conn, wanted)
        carried = sum(recall_scope.carried(conn, span) for span in spans)
        named, made = len(named_units(conn, wanted)), len(made_into(conn, wanted))
        return Preview(sum(span.count for span in spans), carried, named, made)


def open_recall(
    db: Database, issuer: Issuer, call: Call, request: RecallRequest, now: Callable[[], datetime]
) -> Recall:
    """Call back all that a scope names, or find out in a drill how long that would take.

    From the first transaction on the recall stands in the books; what this request does not get done goes on by itself.

    Raises:
        InvalidInput: the scope names nothing, or what there is not; no title or reason.
        TooLarge: it is too wide.
        Conflict: the key was used before.
    """
    for name, at_most in (("title", TITLE_AT_MOST), ("reason", REASON_AT_MOST)):
        with at(f"/{name}"):
            check_name(getattr(request, name), at_most)
    wanted = checked(request.scope)
    said = {"title": request.title, "reason": request.reason, "drill": request.drill, "scope": scope_body(wanted)}

    def work(conn: Connection) -> int:
        answered = request_keys.claim(conn, call, "recalls", said)
        if answered is not None:
            return int(answered["recall"])
        spans = recall_scope.spans_of(conn, wanted)
        recall_scope.components(conn, wanted)  # that its lots are there
        recall_id = recalls.add(conn, call, NewRecall(request.title, request.reason, request.drill, wanted))
        recall_scope.keep_spans(conn, recall_id, spans)
        name = "recall.drill" if request.drill else "recall.open"
        after = {"title": request.title, "scope": said["scope"]}
        audit.record(conn, call, name, f"recall:{recall_id}", after=after, reason=request.reason)
        if not request.drill:
            told = {"recall": recall_id, "title": request.title, "reason": request.reason, "scope": said["scope"]}
            webhooks.emit(conn, "recall.opened", told, call.at)
        request_keys.settle(conn, call, "recalls", {"recall": recall_id})
        return recall_id

    recall_id = db.write(work)
    go_on(db, issuer, call.actor, recall_id, now, steps=STEPS_AT_ONCE)
    return get_recall(db, recall_id)


def get_recall(db: Database, recall_id: int) -> Recall:
    """Return a recall.

    Raises:
        NotFound: there is none.
    """
    with db.read() as conn:
        return recalls.get(conn, recall_id)


def progress(db: Database, recall_id: int) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return how many units of a recall, and how many notices, are in each state."""
    with db.read() as conn:
        return recalls.counts(conn, recall_id), recall_notices.counts(conn, recall_id)


def list_recalls(db: Database, state: RecallState | None, window: tuple[int, int]) -> Page[Recall]:
    """Return recalls in the order they were opened."""
    with db.read() as conn:
        return recalls.listing(conn, state, window)
