"""A unit's standing, folded out of the set of its events: any order, any repetition, days late, the same result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from labelsvc.domain.units.rules import RECEIVING, SELLING, SHIPPING, UNDOING, Finding, begins, broken, ends
from labelsvc.domain.units.standing import (
    CONFORMANT,
    HOLD,
    RECALLED,
    Bond,
    Fact,
    Quality,
    Standing,
    State,
    Terms,
    within,
)


@dataclass(frozen=True, slots=True)
class After:
    """What held of a unit after one of its events, and which rule that event broke."""

    fact: Fact
    standing: Standing
    finding: Finding | None = None


def fold(facts: Iterable[Fact], terms: Terms) -> tuple[After, ...]:
    """Return what held after each of a unit's events, in the order in which they happened.

    Args:
        facts: in any order, each as often as one likes.
    """
    standing = Standing()
    held: list[After] = []
    once = {_place(fact): fact for fact in facts}
    for _, fact in sorted(once.items(), key=lambda item: item[0]):
        if fact.sweeps and standing.parent != fact.parent:
            continue
        finding: Finding | None = None
        if not fact.void:
            standing, finding = step(standing, fact, terms)
        held.append(After(fact, standing, finding))
    return tuple(held)


def _place(fact: Fact) -> tuple[datetime, str, int, bool]:
    return (*fact.key, _TURNS[fact.role], fact.declares)


#: One event may name a unit twice: first what it is as itself, then what it does to others.
_TURNS = {"epc": 0, "input": 1, "output": 2, "child": 3, "parent": 4}


def step(unit: Standing, fact: Fact, terms: Terms) -> tuple[Standing, Finding | None]:
    """Return what holds of a unit after an event, and the rule it broke.

    Where one is broken nothing moves, unless a person accepted the event.
    """
    finding = broken(unit, fact, terms)
    if finding is not None and not fact.accepted:
        return unit, finding
    return _moved(unit, fact, terms), finding


def _moved(unit: Standing, fact: Fact, terms: Terms) -> Standing:
    if fact.role == "child" and fact.action != "OBSERVE":
        unit = _packed(unit, fact)
    elif fact.role in ("parent", "child"):
        unit = replace(unit, state="active", since=fact.at) if unit.state == "unknown" else unit
    else:
        unit = _stepped(unit, fact, terms)
    quality = _quality(fact)
    gone = {*fact.unset, CONFORMANT} if quality == "non_conformant" else {*fact.unset}
    dispositions = {*unit.dispositions, *_set_by(fact)} - gone
    return replace(
        unit,
        dispositions=tuple(sorted(dispositions)),
        quality=quality or unit.quality,
        location=_location(unit, fact),
        holder=fact.holder or unit.holder,
    )


def _packed(unit: Standing, fact: Fact) -> Standing:
    if fact.action == "ADD":
        bond: Bond = "packed" if fact.kind == "AggregationEvent" else "installed"
        begun = replace(unit, state="active", since=fact.at) if unit.state == "unknown" else unit
        return replace(begun, parent=fact.parent, bond=bond)
    # What is taken out of a container is where that had come to, as far as it was told.
    carried = within(unit, fact.container) if fact.container is not None else unit
    since = unit.since if carried.state == unit.state else fact.at
    return replace(carried, since=since, parent=None, bond=None)


def _stepped(unit: Standing, fact: Fact, terms: Terms) -> Standing:
    state = _state_by(unit, fact)
    if begins(fact) and unit.state == "unknown":
        lot, expiry = fact.lot or terms.lot, fact.expiry or terms.expiry
        unit = replace(unit, lot=lot, expiry=expiry)
    elif unit.state == "unknown" and state is None:
        state = "active"  # what others made, met before its beginning was told
    elif fact.lot is not None and unit.lot is None:
        unit = replace(unit, lot=fact.lot, expiry=fact.expiry or unit.expiry)
    return unit if state is None or state == unit.state else replace(unit, state=state, since=fact.at)


def _state_by(unit: Standing, fact: Fact) -> State | None:
    """Return the state that an event brings a unit to; None: it stays in the one it is in."""
    if fact.role == "input":
        return "consumed"
    if ends(fact):
        return "destroyed" if fact.step == "destroying" or fact.disposition == "destroyed" else "decommissioned"
    if fact.step in SELLING:
        return "sold"
    if fact.disposition in _STATE_OF_DISPOSITION:
        return _STATE_OF_DISPOSITION[fact.disposition]
    return _moved_to(unit, fact)


def _moved_to(unit: Standing, fact: Fact) -> State | None:
    if fact.step == "holding" and fact.disposition == "unknown":
        return "lost"
    if unit.state == "sold":
        return None  # it is the customer's, wherever it is sent
    if fact.step in SHIPPING:
        return "in_transit"
    if fact.step in RECEIVING | UNDOING:
        return "in_stock"
    return _STATE_OF_STEP.get(fact.step or "", "active" if begins(fact) else None)


_STATE_OF_DISPOSITION: dict[str | None, State] = {"returned": "returned", "stolen": "stolen", "retail_sold": "sold"}
_STATE_OF_STEP: dict[str, State] = {"sampling": "sampled", "repairing": "repaired", "replacing": "replaced"}


def _set_by(fact: Fact) -> tuple[str, ...]:
    """Return the persistent dispositions that an event sets; `holding` sets what it names, as in EPCIS 1.2.

    Whoever inspects a unit may find that it conforms; that it passes the gate only our own test records say.
    """
    named = (fact.disposition,) if fact.step == "holding" and fact.disposition in (HOLD, RECALLED) else ()
    found = fact.set if fact.own else tuple(word for word in fact.set if word != CONFORMANT)
    return (*found, *named) if RECALLED not in fact.unset else found


def _quality(fact: Fact) -> Quality | None:
    if fact.disposition == "conformant":
        return "conformant"
    return "non_conformant" if fact.disposition == "non_conformant" else None


def _location(unit: Standing, fact: Fact) -> str | None:
    if fact.role == "child" and fact.action == "DELETE" and fact.location is None:
        return unit.location
    if fact.step in SHIPPING:
        return fact.location if fact.stays else None
    return fact.location or unit.location
