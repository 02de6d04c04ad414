"""What a recall's scope comes to in the books: numbers as intervals, and the units that carry them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, func, insert, or_, select

from labelsvc.domain.recalls import SPANS_AT_MOST, Scope, Span, merged
from labelsvc.errors import InvalidInput, TooLarge
from labelsvc.storage.database import members
from labelsvc.storage.tables import (
    batches,
    event_terms,
    events,
    lots,
    outcomes,
    print_jobs,
    ranges,
    recall_spans,
    recall_units,
    unit_events,
    units,
)

_LAST = ranges.c.first + ranges.c.count - 1
_RANGE: Select[Any] = select(ranges.c.id, ranges.c.first, _LAST)


def spans_of(conn: Connection, scope: Scope) -> tuple[Span, ...]:
    """Return the numbers that a scope names.

    Raises:
        InvalidInput: there is no such lot, batch, label or job.
        TooLarge: they are more than SPANS_AT_MOST intervals.
    """
    found: list[Span] = []
    for part in (_of_lots, _of_labels, _of_production, _of_jobs):
        found += part(conn, scope)
        if len(found) > SPANS_AT_MOST:
            message = f"Expected a scope of at most {SPANS_AT_MOST:,} intervals of numbers, got more."
            raise TooLarge("recall_too_wide", message)
    return merged(found)


def _spans(conn: Connection, query: Select[Any]) -> list[Span]:
    return [Span(*map(int, row)) for row in conn.execute(query.limit(SPANS_AT_MOST + 1))]


def _of_lots(conn: Connection, scope: Scope) -> list[Span]:
    _check_lots(conn, scope.lots, "/scope/lots")
    return _spans(conn, _RANGE.where(ranges.c.lot_id.in_(members(conn, scope.lots)))) if scope.lots else []


def _check_lots(conn: Connection, ids: Sequence[int], pointer: str) -> None:
    if ids:
        known = set(conn.execute(select(lots.c.id).where(lots.c.id.in_(members(conn, ids)))).scalars())
        _check_known(ids, known, ("lot_unknown", "a lot"), pointer)


def _check_known(ids: Iterable[int], known: set[int], what: tuple[str, str], pointer: str) -> None:
    code, noun = what
    for place, each in enumerate(ids):
        if each not in known:
            raise InvalidInput(code, f"Expected the id of {noun}, got {each}.", pointer=f"{pointer}/{place}")


def _of_labels(conn: Connection, scope: Scope) -> list[Span]:
    if not scope.labels:
        return []
    query = select(batches.c.id, ranges.c.id, ranges.c.first, ranges.c.count)
    query = query.join_from(batches, ranges, ranges.c.id == batches.c.range_id)
    asked = [part.batch for part in scope.labels]
    rows = {row[0]: row for row in conn.execute(query.where(batches.c.id.in_(members(conn, asked))))}
    found = []
    for place, part in enumerate(scope.labels):
        row = rows.get(part.batch)
        pointer = f"/scope/labels/{place}"
        if row is None:
            raise InvalidInput("batch_unknown", f"Expected the id of a batch, got {part.batch}.", pointer=pointer)
        if part.last > row[3]:
            message = f"Expected labels of a batch of {row[3]:,}, got label {part.last:,}."
            raise InvalidInput("label_not_in_batch", message, pointer=pointer)
        found.append(Span(row[1], row[2] + part.first - 1, row[2] + part.last - 1))
    return found


def _of_production(conn: Connection, scope: Scope) -> list[Span]:
    found: list[Span] = []
    for during in scope.production:
        query = _RANGE.join_from(ranges, batches, batches.c.range_id == ranges.c.id)
        last_known = select(func.max(outcomes.c.at)).where(outcomes.c.range_id == ranges.c.id).scalar_subquery()
        its = [batches.c.created_at <= during.until, last_known >= during.since]
        if during.line is not None:
            its.append(batches.c.line == during.line)
        found += _spans(conn, query.where(*its))
    return found


def _of_jobs(conn: Connection, scope: Scope) -> list[Span]:
    if not scope.jobs:
        return []
    asked = print_jobs.c.id.in_(members(conn, scope.jobs))
    known = set(conn.execute(select(print_jobs.c.id).where(asked)).scalars())
    _check_known(scope.jobs, known, ("job_unknown", "a print job"), "/scope/jobs")
    return _spans(conn, select(print_jobs.c.range_id, print_jobs.c.first, print_jobs.c.last).where(asked))


def keep_spans(conn: Connection, recall_id: int, spans: Sequence[Span]) -> bool:
    """Write the numbers of a recall's scope; return whether they are others than before."""
    if tuple(spans) == spans_kept(conn, recall_id):
        return False
    conn.execute(delete(recall_spans).where(recall_spans.c.recall_id == recall_id))
    rows = [{"recall_id": recall_id, "range_id": one.range_id, "first": one.first, "last": one.last} for one in spans]
    if rows:
        conn.execute(insert(recall_spans), rows)
    return True


def spans_kept(conn: Connection, recall_id: int) -> tuple[Span, ...]:
    """Return the numbers of a recall's scope, in ascending order."""
    query = select(recall_spans.c.range_id, recall_spans.c.first, recall_spans.c.last)
    query = query.where(recall_spans.c.recall_id == recall_id)
    return tuple(
        Span(*map(int, row)) for row in conn.execute(query.order_by(recall_spans.c.range_id, recall_spans.c.first))
    )


def units_on(span: Span) -> Select[Any]:
    """Select the ids of the units that carry the numbers of a span."""
    return select(units.c.id).where(units.c.range_id == span.range_id, units.c.ordinal.between(span.first, span.last))


def pieces(conn: Connection, spans: Iterable[Span], at_once: int) -> Iterator[Span]:
    """Cut spans into parts that hold at most so many units each, and leave out what holds none."""
    for span in spans:
        first = span.first
        while first <= span.last:
            its = (units.c.range_id == span.range_id, units.c.ordinal.between(first, span.last))
            some = select(units.c.ordinal).where(*its).order_by(units.c.ordinal).limit(at_once).subquery()
            last = conn.execute(select(func.max(some.c.ordinal))).scalar_one()
            if last is None:
                break
            yield Span(span.range_id, first, last)
            first = last + 1


def units_with(conn: Connection, ids: Sequence[int]) -> Select[Any]:
    """Select units by their ids."""
    return select(units.c.id).where(units.c.id.in_(members(conn, ids)))


def carried(conn: Connection, span: Span) -> int:
    """Return how many units carry numbers of a span."""
    return int(conn.execute(select(func.count()).select_from(units_on(span).subquery())).scalar_one())


def not_of(conn: Connection, recall_id: int, ids: Sequence[int]) -> list[int]:
    """Return which of some units are not of a recall yet."""
    if not ids:
        return []
    its = (recall_units.c.recall_id == recall_id, recall_units.c.unit_id.in_(members(conn, ids)))
    known = set(conn.execute(select(recall_units.c.unit_id).where(*its)).scalars())
    return [each for each in ids if each not in known]


def has_new(conn: Connection, recall_id: int, span: Span) -> bool:
    """Whether a span holds a unit that is not of the recall yet."""
    mine = select(recall_units.c.unit_id).where(recall_units.c.recall_id == recall_id)
    query = units_on(span).where(units.c.id.not_in(mine)).limit(1)
    return conn.execute(query).one_or_none() is not None


# What components went into


def components(conn: Connection, scope: Scope) -> Select[Any] | None:
    """Select the ids of the units whose way is to be followed; None: the scope names no component.

    Raises:
        InvalidInput: there is no such lot.
    """
    _check_lots(conn, scope.component_lots, "/scope/component_lots")
    chosen = []
    if scope.component_lots:
        chosen.append(units.c.lot_id.in_(members(conn, scope.component_lots)))
    if scope.component_units:
        chosen.append(units.c.epc.in_(members(conn, scope.component_units)))
    return select(units.c.id).where(or_(*chosen)) if chosen else None


def made_of_classes(conn: Connection, classes: Sequence[str]) -> list[int]:
    """Return the units that were made of quantities of EPC classes, or had some installed."""
    if not classes:
        return []
    named = and_(event_terms.c.name == "epcClass", event_terms.c.value.in_(members(conn, classes)))
    into = events.c.type.in_(("TransformationEvent", "AssociationEvent"))
    query = select(events.c.id).join(event_terms, event_terms.c.event_id == events.c.id)
    its = list(conn.execute(query.where(named, into, ~events.c.error, events.c.declaration == "").distinct()).scalars())
    return outcomes_of_events(conn, its)


def outcomes_of_events(conn: Connection, ids: Sequence[int]) -> list[int]:
    """Return the units that came out of events: outputs of transformations, also of their later parts, and parents."""
    if not ids:
        return []
    parts, later = event_terms.alias(), event_terms.alias()
    whole = (
        select(later.c.event_id)
        .join_from(parts, later, (later.c.name == "transformationID") & (later.c.value == parts.c.value))
        .where(parts.c.name == "transformationID", parts.c.event_id.in_(members(conn, ids)))
    )
    its = list({*ids, *conn.execute(whole).scalars()})
    came_out = unit_events.c.role.in_(("output", "parent"))
    query = select(unit_events.c.unit_id).where(unit_events.c.event_id.in_(members(conn, its)), came_out)
    return sorted(conn.execute(query.distinct()).scalars())


def consuming(conn: Connection, ids: Sequence[int]) -> list[int]:
    """Return which of some events made something of what they name, or installed it somewhere."""
    if not ids:
        return []
    into = or_(
        events.c.type == "TransformationEvent", (events.c.type == "AssociationEvent") & (events.c.action == "ADD")
    )
    return list(conn.execute(select(events.c.id).where(events.c.id.in_(members(conn, ids)), into)).scalars())


def any_consuming(conn: Connection) -> bool:
    """Whether anything was ever made of something, or installed."""
    kinds = ("TransformationEvent", "AssociationEvent")
    return conn.execute(select(events.c.id).where(events.c.type.in_(kinds)).limit(1)).one_or_none() is not None
