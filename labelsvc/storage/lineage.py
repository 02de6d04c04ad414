"""What units are made of, and which of our batches, jobs and printers they come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, or_, select

from labelsvc.storage.database import members
from labelsvc.storage.tables import (
    batches,
    event_terms,
    events,
    lots,
    print_jobs,
    printers,
    ranges,
    unit_events,
    units,
)


class Part(NamedTuple):
    """One thing in another.

    Attributes:
        how: `made_of` or `part`.
        part_id: None: it is a quantity of a class.
    """

    unit_id: int
    how: str
    part_id: int | None
    part: str
    event_id: int


def parts_of(conn: Connection, ids: Sequence[int]) -> list[Part]:
    """Return what some units were made of, and what was ever installed in them."""
    whose = unit_events.c.unit_id.in_(members(conn, ids))
    valid = (~events.c.error, events.c.declaration == "")
    query = select(unit_events.c.unit_id, unit_events.c.event_id, unit_events.c.role)
    query = query.join(events, events.c.id == unit_events.c.event_id)
    installed = (unit_events.c.role == "parent") & (events.c.type == "AssociationEvent") & (events.c.action == "ADD")
    made = conn.execute(query.where(whose, *valid, or_(unit_events.c.role == "output", installed))).all()
    if not made:
        return []
    wholes = _wholes(conn, [event_id for _, event_id, role in made if role == "output"])
    into: dict[int, list[tuple[int, str]]] = {}
    for unit_id, event_id, role in made:
        for each in wholes.get(event_id, (event_id,)) if role == "output" else (event_id,):
            into.setdefault(each, []).append((unit_id, "made_of" if role == "output" else "part"))
    inside = members(conn, sorted(into))
    went_in = select(unit_events.c.event_id, units.c.id, units.c.epc).join(units, units.c.id == unit_events.c.unit_id)
    went_in = went_in.where(unit_events.c.event_id.in_(inside), unit_events.c.role.in_(("input", "child")))
    classes = select(event_terms.c.event_id, event_terms.c.value)
    classes = classes.where(event_terms.c.event_id.in_(inside), event_terms.c.name == "epcClass")
    rows = [(event_id, part_id, epc) for event_id, part_id, epc in conn.execute(went_in)]
    rows += [(event_id, None, value) for event_id, value in conn.execute(classes)]
    return sorted(
        {Part(unit_id, how, part_id, part, at) for at, part_id, part in rows for unit_id, how in into[at]},
        key=lambda one: (one.unit_id, one.event_id, one.part),
    )


def _wholes(conn: Connection, ids: Sequence[int]) -> Mapping[int, set[int]]:
    """Return all parts of the transformations that events are parts of, by event."""
    if not ids:
        return {}
    mine, others = event_terms.alias(), event_terms.alias()
    query = select(mine.c.event_id, others.c.event_id).join_from(
        mine, others, (others.c.name == "transformationID") & (others.c.value == mine.c.value)
    )
    found: dict[int, set[int]] = {event_id: {event_id} for event_id in ids}
    rows = conn.execute(query.where(mine.c.name == "transformationID", mine.c.event_id.in_(members(conn, list(ids)))))
    for event_id, other in rows:
        found[event_id].add(other)
    return found


@dataclass(frozen=True, slots=True)
class Made:
    """Where the numbers of a range come from.

    Attributes:
        jobs: (first, last, id, printer) of each print job on them.
    """

    range_id: int
    first: int
    lot: str | None
    batch: int | None
    line: str | None
    jobs: tuple[tuple[int, int, int, str], ...]


def ranges_made(conn: Connection, ids: Sequence[int]) -> Mapping[int, Made]:
    """Return where the numbers of ranges come from."""
    if not ids:
        return {}
    wanted = members(conn, sorted(ids))
    jobs: dict[int, list[tuple[int, int, int, str]]] = {}
    columns = (print_jobs.c.range_id, print_jobs.c.first, print_jobs.c.last, print_jobs.c.id, printers.c.name)
    query = select(*columns).join_from(print_jobs, printers, printers.c.id == print_jobs.c.printer_id)
    for range_id, *job in conn.execute(query.where(print_jobs.c.range_id.in_(wanted)).order_by(print_jobs.c.id)):
        jobs.setdefault(range_id, []).append(tuple(job))
    made = select(ranges.c.id, ranges.c.first, lots.c.number, batches.c.id, batches.c.line)
    made = made.outerjoin_from(ranges, lots, lots.c.id == ranges.c.lot_id)
    made = made.outerjoin(batches, batches.c.range_id == ranges.c.id)
    return {
        row[0]: Made(*row, tuple(jobs.get(row[0], ()))) for row in conn.execute(made.where(ranges.c.id.in_(wanted)))
    }


class Number(NamedTuple):
    """Who a unit is in our books."""

    unit_id: int
    epc: str
    range_id: int | None
    ordinal: int | None
    lot: str | None


def numbers_of(conn: Connection, ids: Sequence[int]) -> list[Number]:
    """Return who units are, in the order of their ids."""
    columns = (units.c.id, units.c.epc, units.c.range_id, units.c.ordinal, units.c.lot)
    query = select(*columns).where(units.c.id.in_(members(conn, ids))).order_by(units.c.id)
    return [Number(*row) for row in conn.execute(query)]


def beginnings(conn: Connection, ids: Sequence[int]) -> Mapping[int, int]:
    """Return the event that began each of some units; of several the latest written one that no rule stands against."""
    begins = or_(
        (events.c.type == "ObjectEvent") & (events.c.action == "ADD") & (unit_events.c.role == "epc"),
        unit_events.c.role == "output",
    )
    query = select(unit_events.c.unit_id, unit_events.c.event_id).join(events, events.c.id == unit_events.c.event_id)
    its = (unit_events.c.unit_id.in_(members(conn, ids)), unit_events.c.finding.is_(None), ~events.c.error, begins)
    return {int(unit_id): int(event_id) for unit_id, event_id in conn.execute(query.where(*its).order_by(events.c.id))}
