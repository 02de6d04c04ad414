"""The query language of EPCIS 2.0 (section 8.2.7): the parameters of a query, read into conditions.

What the books have columns and indexes for stands apart from what only an event's body says (`body_conditions`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from labelsvc.domain.epcis.body_conditions import Body, Comparison, Op, Value, body_of
from labelsvc.domain.epcis.events import Role
from labelsvc.domain.epcis.identifiers import canonical_or_same, read
from labelsvc.domain.epcis.times import parse_time
from labelsvc.domain.epcis.vocabulary import Family, bare
from labelsvc.errors import InvalidInput

Order = Literal["eventTime", "recordTime"]

VALUES_AT_MOST = 200
COUNT_AT_MOST = 1_000_000

_EPCS: Mapping[str, frozenset[Role]] = {
    "MATCH_epc": frozenset(("epc", "child")),
    "MATCH_parentID": frozenset(("parent",)),
    "MATCH_inputEPC": frozenset(("input",)),
    "MATCH_outputEPC": frozenset(("output",)),
    "MATCH_anyEPC": frozenset(("epc", "child", "parent", "input", "output")),
}
_CLASSES = ("MATCH_epcClass", "MATCH_inputEPCClass", "MATCH_outputEPCClass", "MATCH_anyEPCClass")
_COLUMNS: Mapping[str, tuple[str, Family | None]] = {
    "eventType": ("type", None),
    "EQ_action": ("action", None),
    "EQ_bizStep": ("biz_step", "bizStep"),
    "EQ_disposition": ("disposition", "disposition"),
}
_PLACES = {
    "EQ_readPoint": ("read_point", False),
    "WD_readPoint": ("read_point", True),
    "EQ_bizLocation": ("biz_location", False),
    "WD_bizLocation": ("biz_location", True),
}
_TIMES = {
    "GE_eventTime": ("event_time", "ge"),
    "LT_eventTime": ("event_time", "lt"),
    "GE_recordTime": ("record_time", "ge"),
    "LT_recordTime": ("record_time", "lt"),
}
_TYPED = {"EQ_bizTransaction_": "transaction", "EQ_source_": "party", "EQ_destination_": "party"}
_COUNTS = ("eventCountLimit", "maxEventCount")
_ORDERS = ("orderBy", "orderDirection")
#: Of master data, which is kept nowhere here.
_MASTER_DATA = re.compile(r"(HASATTR|EQATTR|EQ_ATTR)_.+")

#: Parameters that are spelt out; `body_conditions` knows more, by the beginnings of their names.
FIXED = (
    *_COLUMNS, *_PLACES, *_TIMES, *_EPCS, *_CLASSES, "EQ_transformationID", "EQ_eventID", "EQ_correctiveEventID",
    "EXISTS_errorDeclaration", *_COUNTS, *_ORDERS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Places:
    """Where an event happened.

    Attributes:
        column: `read_point` or `biz_location`.
        within: also what lies inside.
    """

    column: str
    uris: tuple[str, ...]
    within: bool


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events are asked for; all conditions hold at once.

    Attributes:
        columns: name of a column -> the values that it may have.
        times: (column, `ge` or `lt`) -> an instant.
        epcs: what things an event names, as what; each has to be met.
        terms: what else it names: name -> values, of which one has to be there.
        ids: its eventID.
        declared: it is an error declaration.
        bodies: what its body has to say.
        limit: as many events at most, of all pages; most: more than these are an error.
    """

    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    places: tuple[Places, ...] = ()
    times: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    epcs: tuple[tuple[frozenset[Role], tuple[str, ...]], ...] = ()
    terms: tuple[tuple[str, tuple[str, ...]], ...] = ()
    ids: tuple[str, ...] | None = None
    declared: bool = False
    bodies: tuple[Body, ...] = ()
    order: Order | None = None
    descending: bool = True
    limit: int | None = None
    most: int | None = None


def parse_query(parameters: Mapping[str, Any]) -> EventQuery:
    """Read the parameters of a query.

    Args:
        parameters: JSON values; a list where several are admitted, one value stands for a list of one.

    Raises:
        InvalidInput: query_unknown, query_value, query_values, query_order, query_count; `parameter` is in the facts.
    """
    query = EventQuery()
    for name, given in parameters.items():
        query = _Parameter(name, given).into(query)
    if query.limit is not None and query.most is not None:
        raise _refused("query_count", "Expected eventCountLimit or maxEventCount, got both.", "maxEventCount")
    return query


def split(parameters: Mapping[str, str]) -> Mapping[str, list[str]]:
    """Return the parameters of a URL, where `|` stands between the values of a list."""
    return {name: value.split("|") for name, value in parameters.items()}


class _Parameter:
    """One parameter, on its way into a query."""

    def __init__(self, name: str, given: Any) -> None:
        self.name = name
        self.values: Sequence[Any] = given if isinstance(given, list) else [] if given is None else [given]
        if len(self.values) > VALUES_AT_MOST:
            raise self.wrong("query_values", f"at most {VALUES_AT_MOST} values", f"{len(self.values)}")

    def into(self, query: EventQuery) -> EventQuery:
        """Return a query with this condition too."""
        for names, read_in in _READERS:
            if self.name in names:
                return read_in(self, query)
        for start, family in _TYPED.items():
            if self.name.startswith(start) and self.name != start:
                kind = bare(family, self.name[len(start) :])  # type: ignore[arg-type]  # of the two that are there
                return replace(query, terms=(*query.terms, (f"{start[3:]}{kind}", self.uris())))
        if _MASTER_DATA.fullmatch(self.name):
            raise self.wrong("query_unknown", "conditions on events", "one on master data, which is not kept here")
        found = body_of(self.name, self.scalars)
        if found is None:
            raise self.wrong("query_unknown", "a query parameter of EPCIS", "another name")
        return replace(query, bodies=(*query.bodies, found))

    def texts(self) -> tuple[str, ...]:
        """Return the values as texts, at least one."""
        if not self.values or not all(isinstance(value, str) for value in self.values):
            raise self.wrong("query_value", "text", "another value")
        return tuple(self.values)

    def one(self) -> str:
        """Return the only value, a text."""
        texts = self.texts()
        if len(texts) != 1:
            raise self.wrong("query_values", "one value", f"{len(texts)}")
        return texts[0]

    def uris(self) -> tuple[str, ...]:
        """Return the values as identifiers, canonical."""
        return tuple(map(canonical_or_same, self.texts()))

    def instant(self) -> datetime:
        """Return the only value, a moment."""
        try:
            return parse_time(self.one().replace(" ", "+"))  # what a plus becomes where nobody escaped it
        except InvalidInput:
            raise self.wrong("query_value", "a time such as 2026-11-20T08:30:00Z", "another text") from None

    def scalars(self, op: Op) -> tuple[Value, ...]:
        """Return the values to compare a field with: numbers and moments where an order is asked for."""
        if op == "EXISTS":
            return ()
        values = tuple(self._scalar(value, op) for value in self.values)
        if not values or (op != "EQ" and len(values) != 1):
            raise self.wrong("query_values", "one value" if op != "EQ" else "values", f"{len(values)}")
        return values

    def _scalar(self, value: Any, op: Op) -> Value:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return Decimal(str(value))
        if not isinstance(value, str):
            raise self.wrong("query_value", "text or a number", "another value")
        return value if op == "EQ" else self._ordered(value)

    def _ordered(self, text: str) -> Value:
        try:
            number = Decimal(text)
        except InvalidOperation:
            pass
        else:
            if number.is_finite():
                return number
        try:
            return parse_time(text.replace(" ", "+"))
        except InvalidInput:
            raise self.wrong("query_value", "a number or a time with its offset", "another text") from None

    def count(self) -> int:
        """Return the only value, a whole number above 0."""
        if len(self.values) != 1 or not re.fullmatch(r"[1-9][0-9]{0,6}", str(self.values[0])):
            raise self.wrong("query_count", f"a whole number from 1 to {COUNT_AT_MOST:,}", "another value")
        return min(int(self.values[0]), COUNT_AT_MOST)

    def wrong(self, code: str, expected: str, got: str) -> InvalidInput:
        """Return what is wrong with this parameter."""
        return _refused(code, f"Expected {expected}, got {got}.", self.name)


def _column(found: _Parameter, query: EventQuery) -> EventQuery:
    column, family = _COLUMNS[found.name]
    values = tuple(bare(family, text) if family else text for text in found.texts())
    return replace(query, columns={**query.columns, column: values})


def _place(found: _Parameter, query: EventQuery) -> EventQuery:
    column, within = _PLACES[found.name]
    return replace(query, places=(*query.places, Places(column, found.uris(), within)))


def _time(found: _Parameter, query: EventQuery) -> EventQuery:
    return replace(query, times={**query.times, _TIMES[found.name]: found.instant()})


def _epc(found: _Parameter, query: EventQuery) -> EventQuery:
    roles = _EPCS[found.name]
    uris: list[str] = []
    patterns: list[str] = []
    for text in found.texts():
        try:
            uri, kind = read(text)
        except InvalidInput:
            uri, kind = text, "other"
        (patterns if kind == "class" else uris).append(uri)
    if not patterns:
        return replace(query, epcs=(*query.epcs, (roles, tuple(uris))))
    condition = Comparison("EPC", tuple(sorted(roles)), "EQ", (*uris, *(f"{pattern}/" for pattern in patterns)))
    return replace(query, bodies=(*query.bodies, condition))


def _class(found: _Parameter, query: EventQuery) -> EventQuery:
    uris = found.uris()
    roles = {
        "MATCH_epcClass": ("epc", "child"),
        "MATCH_inputEPCClass": ("input",),
        "MATCH_outputEPCClass": ("output",),
        "MATCH_anyEPCClass": ("epc", "child", "input", "output"),
    }[found.name]
    terms = (*query.terms, ("epcClass", uris))
    return replace(query, terms=terms, bodies=(*query.bodies, Comparison("CLASS", roles, "EQ", uris)))


def _named(found: _Parameter, query: EventQuery) -> EventQuery:
    if found.name == "EQ_eventID":
        return replace(query, ids=found.texts())
    uris = found.texts() if found.name == "EQ_correctiveEventID" else found.uris()
    return replace(query, terms=(*query.terms, (found.name[3:], uris)))


def _declared(_found: _Parameter, query: EventQuery) -> EventQuery:
    return replace(query, declared=True)


def _count(found: _Parameter, query: EventQuery) -> EventQuery:
    if found.name == "eventCountLimit":
        return replace(query, limit=found.count())
    return replace(query, most=found.count())


def _order(found: _Parameter, query: EventQuery) -> EventQuery:
    text = found.one()
    if found.name == "orderDirection":
        if text not in ("ASC", "DESC"):
            raise found.wrong("query_order", "ASC or DESC", "another text")
        return replace(query, descending=text == "DESC")
    if text == "eventTime":
        return replace(query, order="eventTime")
    if text == "recordTime":
        return replace(query, order="recordTime")
    raise found.wrong("query_order", "eventTime or recordTime", "another field")


_READERS: Sequence[tuple[tuple[str, ...], Callable[[_Parameter, EventQuery], EventQuery]]] = (
    (tuple(_COLUMNS), _column),
    (tuple(_PLACES), _place),
    (tuple(_TIMES), _time),
    (tuple(_EPCS), _epc),
    (_CLASSES, _class),
    (("EQ_eventID", "EQ_transformationID", "EQ_correctiveEventID"), _named),
    (("EXISTS_errorDeclaration",), _declared),
    (_COUNTS, _count),
    (_ORDERS, _order),
)


def _refused(code: str, message: str, parameter: str) -> InvalidInput:
    return InvalidInput(code, message, parameter=parameter[:100])
