"""Recalls: what is called back and why, who has to be told, and that nobody lifts one alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Literal, get_args

from labelsvc.domain.actors import Actor
from labelsvc.errors import InvalidInput, NotAllowed

#: `freezing`: its units are being called back; `open`: all are, and it looks for more; `lifting`, `lifted`. A drill
#: calls nothing back: `drilling`, `drilled`.
RecallState = Literal["freezing", "open", "lifting", "lifted", "drilling", "drilled"]
#: States in which a recall goes on by itself.
RUNNING: frozenset[RecallState] = frozenset({"freezing", "open", "lifting", "drilling"})

#: Of a unit in a recall (storage/tables/recalls).
MemberState = Literal["listed", "called", "ended", "lifted", "kept"]

NoticeState = Literal["to_tell", "told", "acknowledged", "done", "unreachable"]
NOTICE_STATES: tuple[NoticeState, ...] = get_args(NoticeState)
#: Whoever has such a notice still has to be reachable.
OPEN_NOTICE: frozenset[NoticeState] = frozenset({"to_tell", "told"})
NoticeKind = Literal["party", "customer", "location"]

#: What somebody who was told says of what they had.
Quantity = Literal["on_hand", "sold_on", "used", "destroyed", "sent_back"]
QUANTITIES: tuple[Quantity, ...] = get_args(Quantity)
QUANTITY_AT_MOST = 1_000_000_000

#: Things that one scope names of each kind.
NAMED_AT_MOST = 1_000
#: Intervals that a scope comes to.
SPANS_AT_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of a batch, counted from 1, both included."""

    batch: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Production:
    """What was made in a time, on a line or on any.

    Every batch that was asked for before its end, and of whose labels something became known after its begin: rather
    too much than too little.
    """

    since: datetime
    until: datetime
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """What is called back: all that any of these names.

    Attributes:
        lots, jobs: ids.
        units: canonical EPCs; so whatever others made is called back, too.
        component_lots, component_units, component_classes: whatever these went into, were installed in or made into,
            however often, be it inside of something; a class is an EPC class of others, such as a lot of a supplier.
    """

    lots: tuple[int, ...] = ()
    labels: tuple[Labels, ...] = ()
    production: tuple[Production, ...] = ()
    jobs: tuple[int, ...] = ()
    units: tuple[str, ...] = ()
    component_lots: tuple[int, ...] = ()
    component_units: tuple[str, ...] = ()
    component_classes: tuple[str, ...] = ()


_NAMES = ("lots", "labels", "production", "jobs", "units", "component_lots", "component_units", "component_classes")


def check_scope(scope: Scope) -> None:
    """See that a scope names something, and not too much.

    Raises:
        InvalidInput: it does not.
    """
    if not any(getattr(scope, name) for name in _NAMES):
        raise InvalidInput("recall_scope_empty", f"Expected one of {', '.join(_NAMES)}, got none.", pointer="/scope")
    for name in _NAMES:
        if len(getattr(scope, name)) > NAMED_AT_MOST:
            message = f"Expected at most {NAMED_AT_MOST:,}, got {len(getattr(scope, name)):,}."
            raise InvalidInput("recall_scope_long", message, pointer=f"/scope/{name}")
    for place, part in enumerate(scope.labels):
        if not 1 <= part.first <= part.last:
            message = f"Expected labels counted from 1, the first before the last, got {part.first} to {part.last}."
            raise InvalidInput("recall_labels", message, pointer=f"/scope/labels/{place}")
    for place, during in enumerate(scope.production):
        if during.since > during.until:
            message = "Expected a time whose begin is before its end, got the contrary."
            raise InvalidInput("recall_production", message, pointer=f"/scope/production/{place}")


def scope_body(scope: Scope) -> dict[str, Any]:
    """Return a scope as JSON values, the same for the same scope."""
    said: dict[str, Any] = {name: list(getattr(scope, name)) for name in _NAMES}
    said["labels"] = [{"batch": part.batch, "first": part.first, "last": part.last} for part in scope.labels]
    said["production"] = [
        {"since": _text(during.since), "until": _text(during.until), "line": during.line} for during in scope.production
    ]
    return {name: value for name, value in said.items() if value}


def scope_of(body: Mapping[str, Any]) -> Scope:
    """Return the scope that `scope_body` wrote."""
    said = {name: tuple(value) for name, value in body.items()}
    said["labels"] = tuple(Labels(**part) for part in body.get("labels", ()))
    said["production"] = tuple(
        Production(datetime.fromisoformat(part["since"]), datetime.fromisoformat(part["until"]), part["line"])
        for part in body.get("production", ())
    )
    return Scope(**said)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The ordinals first .. last of a range."""

    range_id: int
    first: int
    last: int

    @property
    def count(self) -> int:
        """How many numbers."""
        return self.last - self.first + 1


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans as disjoint ones in ascending order, so that no number counts twice."""
    found: list[Span] = []
    for range_id, its in groupby(sorted(spans), key=lambda span: span.range_id):
        first, last = 0, -1
        for span in its:
            if last < first or span.first > last + 1:
                if last >= first:
                    found.append(Span(range_id, first, last))
                first, last = span.first, span.last
            else:
                last = max(last, span.last)
        found.append(Span(range_id, first, last))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Lift:
    """That somebody wants a recall to end, and that somebody else agreed."""

    reason: str
    asked_by: str
    asked_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recall:
    """A recall, or the drill of one.

    Attributes:
        evidence: `seconds` from its opening until each stage was done for the first time, and `figures` found then.
    """

    id: int
    title: str
    reason: str
    drill: bool
    scope: Scope
    state: RecallState
    evidence: Mapping[str, Any]
    opened_by: Actor
    opened_at: datetime
    lift: Lift | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return f"R-{self.id}"


def check_second_person(recall: Recall, approver: Actor) -> None:
    """See that a recall is lifted by somebody who neither opened it nor asked for that.

    Raises:
        NotAllowed: it is one of them, by whichever door they come in.
    """
    others = {recall.opened_by.id.casefold(), *({recall.lift.asked_by.casefold()} if recall.lift else ())}
    if approver.id.casefold() in others:
        message = f"Expected another person than who opened the recall or asked to lift it, got {approver.id}."
        raise NotAllowed("recall_own", message)


@dataclass(frozen=True, slots=True)
class Step:
    """What was done about a notice.

    Attributes:
        how: telephone, letter, ...
        quantities: what became of what they had, as they say.
    """

    state: NoticeState
    how: str | None = None
    note: str | None = None
    quantities: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody who has to be told of a recall.

    Attributes:
        whom: a party's or a location's URI, a customer's pseudonym; name: of the party or location, if it has one.
        units: of the recall that they had, or have.
        by: who did the latest step; None: nobody did anything yet.
    """

    id: int
    kind: NoticeKind
    whom: str
    name: str | None
    units: int
    latest: Step
    by: str | None
    at: datetime


def check_step(step: Step) -> None:
    """See that quantities are such.

    Raises:
        InvalidInput: a word is unknown, or a number is none.
    """
    for word, count in step.quantities.items():
        if word not in QUANTITIES:
            message = f"Expected one of {', '.join(QUANTITIES)}, got {word[:40]!r}."
            raise InvalidInput("notice_quantity", message, pointer="/quantities")
        if not 0 <= count <= QUANTITY_AT_MOST:
            message = f"Expected 0 to {QUANTITY_AT_MOST:,}, got {count}."
            raise InvalidInput("notice_quantity", message, pointer=f"/quantities/{word}")


@dataclass(frozen=True, slots=True)
class Balance:
    """Where every number of a recall's scope is, each once.

    Attributes:
        granted: numbers that the scope holds; beside: units of it that are no such number (components, others').
        numbers: of those that are no units, how many have each outcome.
        units: how many units are in each state and place: (state, location's URI or None) -> count.
        unaccounted: of all these, what nobody can put a hand on, by why.
    """

    granted: int
    beside: int
    numbers: Mapping[str, int]
    units: Mapping[tuple[str, str | None], int]
    unaccounted: Mapping[str, int]

    @property
    def difference(self) -> int:
        """What no outcome and no state accounts for; 0."""
        return self.granted + self.beside - sum(self.numbers.values()) - sum(self.units.values())

    @property
    def states(self) -> dict[str, int]:
        """How many units are in each state."""
        found: dict[str, int] = {}
        for (state, _), count in self.units.items():
            found[state] = found.get(state, 0) + count
        return found


#: Outcomes of numbers of which nobody can say where their label is.
UNACCOUNTED_NUMBERS: frozenset[str] = frozenset({"in_doubt"})
#: States of units of which nobody can say where they are.
UNACCOUNTED_UNITS: frozenset[str] = frozenset({"lost", "stolen", "unknown"})
#: For so many days a unit may be on its way before somebody should ask.
TRANSIT_DAYS = 14


def unaccounted(numbers: Mapping[str, int], units: Mapping[str, int], late: int) -> dict[str, int]:
    """Return what nobody can put a hand on.

    Args:
        late: units that are on their way for too long.
    """
    found = {f"numbers_{word}": numbers.get(word, 0) for word in sorted(UNACCOUNTED_NUMBERS)}
    found |= {f"units_{word}": units.get(word, 0) for word in sorted(UNACCOUNTED_UNITS)}
    return {**found, "units_in_transit_for_long": late}


def cell(text: str | None) -> str:
    """Return a cell of a CSV (RFC 4180) that no spreadsheet takes for a formula."""
    if not text:
        return ""
    if text[0] in "=+-@\t\r":
        text = f"'{text}"
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if any(char in text for char in ',"\r\n') else text


def line(cells: Sequence[str | None]) -> str:
    """Return a line of a CSV."""
    return ",".join(map(cell, cells)) + "\r\n"
