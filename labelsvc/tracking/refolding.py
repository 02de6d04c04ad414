"""Units folded anew out of all their events: where one comes late, or says that another was wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.units.folding import After, fold
from labelsvc.domain.units.standing import Fact, Standing, within
from labelsvc.storage import findings, lot_tracking, unit_facts, units
from labelsvc.storage.unit_facts import Row, Stored
from labelsvc.storage.units import Known

#: Units folded in one go.
_UNITS = 500
#: How deep things lie in each other at most: a unit in a case on a pallet in a container on a ship is five.
DEPTH = 8


def refold(
    conn: Connection, call: Call, ids: Sequence[int], containers: Sequence[int], *, after: datetime, beside: set[int]
) -> None:
    """Fold units anew, and whatever was taken out of them, or out of what was in them, after a moment.

    Args:
        containers: units that were moved, and need not be folded, but in which others may have been.
        beside: units that need not be folded.
    """
    done = set(beside)
    level = [unit_id for unit_id in dict.fromkeys(ids) if unit_id not in done]
    around = sorted({*containers, *level})
    for _ in range(DEPTH):
        for turn in _turns(level, units.parents_among(conn, level) if level else {}):
            for at in range(0, len(turn), _UNITS):
                _fold(conn, call, units.by_id(conn, turn[at : at + _UNITS]))
        done |= set(level)
        level = [unit_id for unit_id in units.once_inside(conn, around, after) if unit_id not in done] if around else []
        around = level
        if not level:
            return


def _turns(level: Sequence[int], parents: Mapping[int, set[int]]) -> Iterator[list[int]]:
    """Give units after whatever they were ever inside, for where that was says where they came to.

    Things that were in each other by turns are folded as often as things can be deep.
    """
    left = set(level)
    while left:
        free = sorted(unit_id for unit_id in left if not parents.get(unit_id, set()) & left - {unit_id})
        if not free:
            yield from [sorted(left)] * DEPTH
            return
        yield free
        left -= set(free)


def _fold(conn: Connection, call: Call, known: Sequence[Known]) -> None:
    ids = [one.id for one in known]
    stored = unit_facts.of_units(conn, ids)
    terms = lot_tracking.terms_of(conn, [(one.product_id, one.range_id) for one in known])
    folded: list[tuple[int, int, After]] = []
    for one in known:
        events = {(each.fact.hash, each.fact.declares): each.event_id for each in stored[one.id]}
        facts = [_placed(conn, each) for each in stored[one.id]]
        afterwards = fold(facts, terms[one.product_id, one.range_id])
        folded += [(one.id, events[held.fact.hash, held.fact.declares], held) for held in afterwards]
    kept = units.kept_of(conn, [held.standing for *_, held in folded], call.at)
    rows = [
        Row(unit_id, event_id, held.fact.role, held.fact.at, stands, held.finding)
        for (unit_id, event_id, held), stands in zip(folded, kept, strict=True)
    ]
    last = {unit_id: (stands, held.fact) for (unit_id, _, held), stands in zip(folded, kept, strict=True)}
    touched = {each.event_id for facts in stored.values() for each in facts}
    unit_facts.rewrite(conn, ids, rows, last)
    findings.count_again(conn, sorted(touched), call.at)


def _placed(conn: Connection, stored: Stored) -> Fact:
    fact = stored.fact
    if fact.role != "child" or fact.action != "DELETE" or fact.parent is None:
        return fact
    return replace(fact, container=container(conn, fact.parent, fact.key))


def container(conn: Connection, epc: str, key: tuple[datetime, str]) -> Standing | None:
    """Return where a container was just before a moment, and how it stood, with all that it was in itself."""
    unit_id: int | None = units.ids_of(conn, [epc]).get(epc)
    inner: list[Standing] = []
    for _ in range(DEPTH):
        kept = None if unit_id is None else units.stood_before(conn, unit_id, key)
        if kept is None:
            break
        inner.append(units.standing_of(conn, [kept])[0])
        unit_id = kept.parent_id
    if not inner:
        return None
    outer = inner.pop()
    while inner:
        outer = within(inner.pop(), outer)
    return outer
