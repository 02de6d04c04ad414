"""Notices of recalls in the books: who has to be told, and what was done about that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, insert, select, update

from labelsvc.domain.actors import Call
from labelsvc.domain.pages import Page
from labelsvc.domain.recalls import OPEN_NOTICE, Notice, NoticeKind, NoticeState, Step
from labelsvc.errors import NotFound
from labelsvc.storage.database import members
from labelsvc.storage.pages import AnyRow, page
from labelsvc.storage.tables import customers, locations, parties, recall_notice_steps, recall_notices, recalls

#: Who: kind, and id in its table.
Whom = tuple[NoticeKind, int]

_NOTICE = (
    select(
        recall_notices.c.id,
        recall_notices.c.kind,
        func.coalesce(parties.c.uri, locations.c.uri, customers.c.name).label("uri"),
        func.coalesce(parties.c.name, locations.c.name).label("name"),
        recall_notices.c.units,
        recall_notices.c.state,
        recall_notices.c.how,
        recall_notices.c.note,
        recall_notices.c.quantities,
        recall_notices.c.by,
        recall_notices.c.at,
    )
    .outerjoin(parties, (recall_notices.c.kind == "party") & (parties.c.id == recall_notices.c.whom))
    .outerjoin(customers, (recall_notices.c.kind == "customer") & (customers.c.id == recall_notices.c.whom))
    .outerjoin(locations, (recall_notices.c.kind == "location") & (locations.c.id == recall_notices.c.whom))
)


def _notice(row: AnyRow) -> Notice:
    latest = Step(row.state, row.how, row.note, row.quantities)
    return Notice(row.id, row.kind, row.uri, row.name, row.units, latest, row.by, row.at)


def had(conn: Connection, recall_id: int, some: Sequence[tuple[Whom, int]], call: Call) -> None:
    """Write how many units of a recall each of some had; who had more than before has to be told again.

    Args:
        some: each once.
    """
    kinds = sorted({kind for (kind, _), _ in some})
    for kind in kinds:
        counted = {whom: count for (each, whom), count in some if each == kind}
        _had(conn, recall_id, kind, counted, call)


def _had(conn: Connection, recall_id: int, kind: NoticeKind, counted: Mapping[int, int], call: Call) -> None:
    its = (recall_notices.c.recall_id == recall_id, recall_notices.c.kind == kind)
    known = {
        row.whom: row
        for row in conn.execute(
            select(recall_notices).where(*its, recall_notices.c.whom.in_(members(conn, sorted(counted))))
        )
    }
    new: list[dict[str, object]] = [
        {
            "recall_id": recall_id,
            "kind": kind,
            "whom": whom,
            "units": count,
            "state": "to_tell",
            "quantities": {},
            "at": call.at,
        }
        for whom, count in sorted(counted.items())
        if whom not in known
    ]
    if new:
        conn.execute(insert(recall_notices), new)
    for whom, row in known.items():
        if counted[whom] > row.units and row.state in ("told", "acknowledged", "done"):
            note = f"{counted[whom] - row.units} more units"
            take(conn, row.id, Step("to_tell", note=note), None, call)
        if counted[whom] != row.units:
            conn.execute(update(recall_notices).where(recall_notices.c.id == row.id).values(units=counted[whom]))


def take(conn: Connection, notice_id: int, step: Step, by: str | None, call: Call) -> None:
    """Write what was done about a notice."""
    values = {
        "state": step.state,
        "how": step.how,
        "note": step.note,
        "quantities": dict(step.quantities),
        "by": by,
        "at": call.at,
    }
    conn.execute(insert(recall_notice_steps).values(notice_id=notice_id, **values))
    conn.execute(update(recall_notices).where(recall_notices.c.id == notice_id).values(**values))


def get(conn: Connection, recall_id: int, notice_id: int, *, lock: bool = False) -> Notice:
    """Return a notice of a recall.

    Raises:
        NotFound: there is none.
    """
    its = (recall_notices.c.recall_id == recall_id, recall_notices.c.id == notice_id)
    if lock:
        conn.execute(select(recall_notices.c.id).where(*its).with_for_update())
    row = conn.execute(_NOTICE.where(*its)).one_or_none()
    if row is None:
        raise NotFound("notice_unknown", f"Expected the id of a notice of this recall, got {notice_id}.")
    return _notice(row)


def listing(conn: Connection, recall_id: int, state: NoticeState | None, window: tuple[int, int]) -> Page[Notice]:
    """Return the notices of a recall, in one state where given."""
    query = _NOTICE.where(recall_notices.c.recall_id == recall_id)
    if state is not None:
        query = query.where(recall_notices.c.state == state)
    return page(conn, query, recall_notices.c.id, window, _notice)


def counts(conn: Connection, recall_id: int) -> Mapping[str, int]:
    """Return how many notices of a recall are in each state."""
    query = select(recall_notices.c.state, func.count()).where(recall_notices.c.recall_id == recall_id)
    return {state: int(count) for state, count in conn.execute(query.group_by(recall_notices.c.state))}


def open_for(conn: Connection, kind: NoticeKind, whom: int) -> list[tuple[int, int]]:
    """Return which recalls that run have not reached somebody yet: (recall, notice)."""
    query = select(recall_notices.c.recall_id, recall_notices.c.id)
    query = query.join(recalls, recalls.c.id == recall_notices.c.recall_id)
    its = (recall_notices.c.kind == kind, recall_notices.c.whom == whom)
    running = (recalls.c.state.in_(("freezing", "open")), recall_notices.c.state.in_(sorted(OPEN_NOTICE)))
    rows = conn.execute(query.where(*its, *running).order_by(recall_notices.c.recall_id))
    return [(int(recall_id), int(notice_id)) for recall_id, notice_id in rows]
