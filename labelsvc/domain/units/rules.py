"""What may not happen to a unit: each rule gives the stable code of a finding, or nothing.

A finding is no refusal: the event is kept. But it moves nothing before a person has said that it did happen.
"""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import Literal

from labelsvc.domain.units.standing import ON_HAND, RECALLED, Fact, Standing, Terms

Finding = Literal[
    "future_time",  # eventTime lies ahead of the clock that recorded it
    "before_issue",  # it happened before its serial was granted
    "unknown_serial",  # our product, but a serial that it never got
    "not_commissioned",  # nothing may happen to a unit before its beginning
    "already_commissioned",
    "lot_mismatch",
    "expiry_mismatch",
    "terminated",  # after its end
    "already_inactive",  # ended, or sold, a second time
    "sale_blocked_recalled",
    "sale_blocked_on_hold",
    "sale_blocked_failed_tests",
    "sale_blocked_expired",
    "sale_blocked_stolen",
    "blocked_untested",  # its required tests have not been passed
    "packed_in",  # it is inside another, which would have to be unpacked first
    "already_packed",  # into the same one again
    "not_in_parent",
    "inside_itself",
    "undo_refused_state",
    "undo_refused_late",
    "recall_lift_refused",  # by somebody whose recall it is not
]

#: How far clocks may differ.
SKEW = timedelta(minutes=10)
#: For how long a step may be undone (Commission Delegated Regulation (EU) 2016/161, article 13).
UNDO_WITHIN = timedelta(days=10)

SELLING = frozenset({"retail_selling", "dispensing"})
SHIPPING = frozenset({"shipping", "departing", "transporting"})
RECEIVING = frozenset({"receiving", "accepting", "arriving", "storing", "stocking", "unloading"})
UNDOING = frozenset({"void_shipping"})
#: Steps that look at a unit or say something of it, and move nothing: they may happen to one that is packed.
LOOKING = frozenset(
    {"inspecting", "holding", "sensor_reporting", "cycle_counting", "stock_taking", "commissioning", "encoding"}
)
_PLACED_ON_THE_MARKET = SELLING | SHIPPING | {"packing"}


def begins(fact: Fact) -> bool:
    """Whether an event begins a unit: ADD in an ObjectEvent, the output of a transformation."""
    return (fact.kind == "ObjectEvent" and fact.action == "ADD") or fact.role == "output"


def ends(fact: Fact) -> bool:
    """Whether an event ends a unit: DELETE in an ObjectEvent that sells nothing, the input of a transformation."""
    return (fact.kind == "ObjectEvent" and fact.action == "DELETE" and fact.step not in SELLING) or fact.role == "input"


def broken(unit: Standing, fact: Fact, terms: Terms) -> Finding | None:
    """Return which rule an event breaks for a unit as it stands."""
    for rule in (_time, _beginning, _end, _inside, _selling, _undoing):
        found = rule(unit, fact, terms)
        if found is not None:
            return found
    return None


def _time(_unit: Standing, fact: Fact, terms: Terms) -> Finding | None:
    if fact.future:
        return "future_time"
    if terms.granted_at is not None and fact.at < terms.granted_at - SKEW:
        return "before_issue"
    return None


def _beginning(unit: Standing, fact: Fact, terms: Terms) -> Finding | None:
    if terms.ours and not terms.issued:
        return "unknown_serial"
    if not begins(fact):
        is_begun = unit.state != "unknown" or not terms.ours or fact.role == "parent"
        return _matches(fact, terms) if is_begun else "not_commissioned"
    if unit.state != "unknown":
        # Of what others made we may hear the beginning when it has long been with us.
        return "already_commissioned"
    return _matches(fact, terms)


def _matches(fact: Fact, terms: Terms) -> Finding | None:
    if fact.lot is not None and terms.lot is not None and fact.lot != terms.lot:
        return "lot_mismatch"
    if fact.expiry is not None and terms.expiry is not None and fact.expiry != terms.expiry:
        return "expiry_mismatch"
    return None


def _end(unit: Standing, fact: Fact, _terms: Terms) -> Finding | None:
    if unit.ended:
        if unit.state == "sampled" and fact.step == "destroying" and ends(fact):
            return None  # what was sampled is destroyed next (CBV 2.0, sampling)
        return "already_inactive" if ends(fact) or fact.step in SELLING else "terminated"
    if unit.state == "sold" and fact.disposition != "returned" and (fact.step in SELLING | RECEIVING):
        return "already_inactive"
    return None


def _inside(unit: Standing, fact: Fact, _terms: Terms) -> Finding | None:
    if fact.role == "child":
        return _packing(unit, fact)
    moves = fact.role != "parent" and fact.step not in LOOKING and not _only_says(fact)
    return "packed_in" if unit.parent is not None and moves else None


def _only_says(fact: Fact) -> bool:
    """Whether an event says of a unit what it is, with no step of any kind."""
    return fact.action == "OBSERVE" and fact.step is None


def _packing(unit: Standing, fact: Fact) -> Finding | None:
    if fact.action == "ADD" and unit.parent is not None:
        return "already_packed" if unit.parent == fact.parent else "packed_in"
    if fact.action in ("DELETE", "OBSERVE") and unit.parent != fact.parent:
        return "not_in_parent"
    return None


def _selling(unit: Standing, fact: Fact, terms: Terms) -> Finding | None:
    packed = fact.role == "child" and fact.action == "ADD" and fact.kind == "AggregationEvent"
    gated = terms.gated_since is not None and fact.at >= terms.gated_since
    if gated and not unit.conforms and (fact.step in _PLACED_ON_THE_MARKET or packed):
        return "sale_blocked_failed_tests" if unit.quality == "non_conformant" else "blocked_untested"
    if fact.step not in SELLING:
        return None
    blocks: tuple[tuple[bool, Finding], ...] = (
        (unit.recalled, "sale_blocked_recalled"),
        (unit.on_hold, "sale_blocked_on_hold"),
        (unit.quality == "non_conformant", "sale_blocked_failed_tests"),
        (_is_expired(unit, fact.at.astimezone(UTC).date(), terms), "sale_blocked_expired"),
        (unit.state in ("stolen", "lost"), "sale_blocked_stolen"),
    )
    return next((code for blocked, code in blocks if blocked), None)


def _is_expired(unit: Standing, day: date, terms: Terms) -> bool:
    return unit.expired(day) or (terms.expiry is not None and day > terms.expiry)


def _undoing(unit: Standing, fact: Fact, _terms: Terms) -> Finding | None:
    if RECALLED in fact.unset and RECALLED in unit.dispositions and not fact.own:
        return "recall_lift_refused"
    if fact.step not in UNDOING:
        return None
    if unit.state != "in_transit":
        return "undo_refused_state"
    if unit.since is not None and fact.at - unit.since > UNDO_WITHIN:
        return "undo_refused_late"
    return None


def is_stock(unit: Standing) -> bool:
    """Whether a unit lies in somebody's stock."""
    return unit.state in ON_HAND
