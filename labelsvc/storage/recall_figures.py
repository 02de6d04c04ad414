"""The figures of a recall: how many of its units are in which state and place, and what became of its other numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, exists, func, select

from labelsvc.domain.recalls import Span
from labelsvc.domain.units.standing import Standing, within
from labelsvc.storage import outcomes as outcome_rows
from labelsvc.storage import places
from labelsvc.storage.database import members, table_of
from labelsvc.storage.tables import recall_spans, recall_units, units
from labelsvc.storage.unit_history import DEPTH


@dataclass(frozen=True, slots=True)
class Alike:
    """Units that stand alike.

    Attributes:
        late: they have been in their state since before the moment that was asked about.
        numbered: they carry numbers of the scope.
    """

    state: str
    location_id: int | None
    parent_id: int | None
    late: bool
    count: int
    numbered: bool


def groups(conn: Connection, recall_id: int, before: datetime) -> list[Alike]:
    """Return the units of a scope by how they stand; numbers that no event began are left out, they are no units.

    Args:
        before: since when `late` counts.
    """
    late = case((and_(units.c.since.is_not(None), units.c.since < before), 1), else_=0)
    keys = (units.c.state, units.c.location_id, units.c.parent_id, late)
    query = select(*keys, func.count())
    its = recall_spans.c.recall_id == recall_id
    on = and_(units.c.range_id == recall_spans.c.range_id, units.c.ordinal.between(*_ends()))
    numbered = query.join_from(recall_spans, units, on).where(its, units.c.state != "unknown")
    covered = exists(select(recall_spans.c.first).where(its, on))
    beside = query.join_from(recall_units, units, units.c.id == recall_units.c.unit_id)
    beside = beside.where(recall_units.c.recall_id == recall_id, ~covered)
    return [
        Alike(state, location_id, parent_id, bool(is_late), int(count), is_numbered)
        for is_numbered, rows in ((True, numbered), (False, beside))
        for state, location_id, parent_id, is_late, count in conn.execute(rows.group_by(*keys))
    ]


def _ends() -> tuple[ColumnElement[int], ColumnElement[int]]:
    return recall_spans.c.first, recall_spans.c.last


class Around:
    """How units stand with all that they are inside; what several are inside is looked at once."""

    def __init__(self, conn: Connection, parents: Iterable[int | None], before: datetime) -> None:
        self._rows: dict[int, tuple[Standing, int | None]] = {}
        self._known: dict[int, Standing] = {}
        self._before = before
        wanted = {each for each in parents if each is not None}
        columns = (units.c.id, units.c.state, units.c.since, units.c.location_id, units.c.parent_id)
        for _ in range(DEPTH):
            if not wanted:
                break
            rows = conn.execute(select(*columns).where(units.c.id.in_(members(conn, sorted(wanted))))).all()
            for unit_id, state, since, location_id, parent_id in rows:
                where = None if location_id is None else str(location_id)
                self._rows[unit_id] = (Standing(state, since, location=where), parent_id)
            wanted = {row.parent_id for row in rows if row.parent_id is not None} - self._rows.keys()

    def stands(self, own: Standing, parent_id: int | None, depth: int = 0) -> Standing:
        """Return how a unit stands: state, since when, place (its id as text)."""
        if parent_id is None or depth >= DEPTH:
            return own
        outer = self._known.get(parent_id)
        if outer is None:
            inner, further = self._rows[parent_id]
            outer = self._known[parent_id] = self.stands(inner, further, depth + 1)
        moved = within(own, outer)
        if moved.state == own.state:
            return moved
        return Standing(moved.state, outer.since, location=moved.location)

    def is_late(self, own: Standing, stands: Standing, *, of_own: bool) -> bool:
        """Whether a unit has been as it stands since before the moment that is asked about.

        Args:
            of_own: whether it has been in its own state.
        """
        if stands.state == own.state:
            return of_own
        return stands.since is not None and stands.since < self._before


def uris(conn: Connection, ids: Iterable[str | None]) -> Mapping[str, str]:
    """Return the URIs of places by their ids as texts."""
    found = places.location_uris(conn, [None if each is None else int(each) for each in ids])
    return {str(key): uri for key, uri in found.items()}


def by_outcome(conn: Connection, spans: Sequence[Span]) -> dict[str, int]:
    """Return how many numbers that are no units have each outcome."""
    found: dict[str, int] = {}
    by_range: dict[int, list[Span]] = {}
    for span in spans:
        by_range.setdefault(span.range_id, []).append(span)
    for range_id, its in by_range.items():
        known = outcome_rows.of_range(conn, range_id)
        parts: list[tuple[int, int, str]] = [
            (max(each.first, span.first), min(each.last, span.last), each.outcome)
            for span in its
            for each in known
            if each.first <= span.last and each.last >= span.first
        ]
        for begin, end, word in parts:
            found[word] = found.get(word, 0) + end - begin + 1
        for outcome, count in _units_by_outcome(conn, range_id, parts).items():
            found[outcome] -= count
    return found


#: Intervals in one question.
_PARTS = 500


def _units_by_outcome(conn: Connection, range_id: int, parts: Sequence[tuple[int, int, str]]) -> dict[str, int]:
    counted: dict[str, int] = {}
    columns = {"first": BigInteger, "last": BigInteger, "part": BigInteger}
    for at in range(0, len(parts), _PARTS):
        rows = [(first, last, place) for place, (first, last, _) in enumerate(parts[at : at + _PARTS])]
        listed = table_of(conn, columns, rows)
        on = and_(
            units.c.range_id == range_id,
            units.c.ordinal.between(listed.c.first, listed.c.last),
            units.c.state != "unknown",
        )
        query = select(listed.c.part, func.count()).join_from(listed, units, on).group_by(listed.c.part)
        for place, count in conn.execute(query):
            outcome = parts[at + place][2]
            counted[outcome] = counted.get(outcome, 0) + int(count)
    return counted


@dataclass(frozen=True, slots=True)
class Seen:
    """A unit of a recall, by its own words."""

    id: int
    epc: str
    member: str
    own: Standing
    parent_id: int | None


def members_after(conn: Connection, recall_id: int, after: int, limit: int) -> list[Seen]:
    """Return units of a recall in the order of their ids, from a cursor on."""
    columns = (units.c.id, units.c.epc, recall_units.c.state, units.c.state, units.c.since, units.c.dispositions)
    query = select(*columns, units.c.location_id, units.c.parent_id)
    query = query.join_from(recall_units, units, units.c.id == recall_units.c.unit_id)
    its = (recall_units.c.recall_id == recall_id, recall_units.c.unit_id > after)
    found = []
    for row in conn.execute(query.where(*its).order_by(recall_units.c.unit_id).limit(limit)):
        unit_id, epc, member, state, since, dispositions, location_id, parent_id = row
        where = None if location_id is None else str(location_id)
        own = Standing(state, since, tuple(dispositions.split()), location=where)
        found.append(Seen(unit_id, epc, member, own, parent_id))
    return found


def units_between(conn: Connection, range_id: int, first: int, last: int) -> Mapping[int, str]:
    """Return which numbers first .. last of a range an event names, and in which state the unit is, by ordinal."""
    its = (units.c.range_id == range_id, units.c.ordinal.between(first, last))
    return {int(ordinal): state for ordinal, state in conn.execute(select(units.c.ordinal, units.c.state).where(*its))}
