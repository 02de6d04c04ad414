"""Use cases: who has to be told of a recall, and what was done about that."""

from __future__ import annotations

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.pages import Page
from labelsvc.domain.products import check_name
from labelsvc.domain.recalls import Notice, NoticeState, Step, check_step
from labelsvc.errors import Conflict, at
from labelsvc.storage import audit, recall_notices, recalls
from labelsvc.storage.database import Database

_TEXTS = (("how", 80), ("note", 500))


def list_notices(db: Database, recall_id: int, state: NoticeState | None, window: tuple[int, int]) -> Page[Notice]:
    """Return who has to be told of a recall, in one state where given.

    Raises:
        NotFound: there is no such recall.
    """
    with db.read() as conn:
        recalls.get(conn, recall_id)
        return recall_notices.listing(conn, recall_id, state, window)


def take_step(db: Database, call: Call, recall_id: int, notice_id: int, step: Step) -> Notice:
    """Say what was done about a notice: told, by which way, what they answered.

    Raises:
        NotFound: there is no such recall or notice.
        InvalidInput: a text is too long, a quantity is none.
        Conflict: the recall is a drill, of which nobody is told.
    """
    for name, at_most in _TEXTS:
        if (text := getattr(step, name)) is not None:
            with at(f"/{name}"):
                check_name(text, at_most)
    check_step(step)

    def work(conn: Connection) -> Notice:
        if recalls.get(conn, recall_id).drill:
            raise Conflict("recall_is_drill", "Expected a recall, got a drill, of which nobody is told.")
        before = recall_notices.get(conn, recall_id, notice_id, lock=True)
        recall_notices.take(conn, notice_id, step, call.actor.id, call)
        said = {"state": step.state, "how": step.how, "quantities": dict(step.quantities), "notice": notice_id}
        about = f"recall:{recall_id}"
        was = {"state": before.latest.state}
        audit.record(conn, call, "recall.notice", about, before=was, after=said, reason=step.note)
        return recall_notices.get(conn, recall_id, notice_id)

    return db.write(work)
