"""Conditions of a query that only an event's body can answer: quantities, sensors, ILMD, extensions, declarations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from labelsvc.domain.epcis.contexts import GS1_PREFIXES, expanded, namespaces
from labelsvc.domain.epcis.identifiers import canonical_or_same
from labelsvc.domain.epcis.times import parse_time
from labelsvc.domain.epcis.vocabulary import bare
from labelsvc.errors import InvalidInput

Op = Literal["EQ", "GT", "GE", "LT", "LE", "EXISTS"]
Value = str | Decimal | datetime

_LISTS = {"epc": "epcList", "child": "childEPCs", "input": "inputEPCList", "output": "outputEPCList"}
_QUANTITIES = {
    "epc": "quantityList",
    "child": "childQuantityList",
    "input": "inputQuantityList",
    "output": "outputQuantityList",
}
_METADATA = ("startTime", "endTime", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules")
_REPORT = (
    "type", "exception", "component", "microorganism", "chemicalSubstance", "stringValue", "booleanValue",
    "hexBinaryValue", "uriValue", "coordinateReferenceSystem", "percRank", "percValue", "time",
)  # fmt: skip
#: Fields of a sensor report that are amounts of a unit: EQ_value_CEL.
_AMOUNTS = re.compile(r"(value|minValue|maxValue|meanValue|sDev)_([A-Z0-9]{2,3})")
_NAME = re.compile(r"(EQ|GT|GE|LT|LE|EXISTS)_(.+)", re.DOTALL)
#: Where the fields of somebody's own stand, by the beginning of a parameter's name.
_SCOPES = ("ILMD", "ERROR_DECLARATION", "SENSORELEMENT", "SENSORMETADATA", "SENSORREPORT", "readPoint", "bizLocation")
_STANDARD = {
    "persistentDisposition_set": "set",
    "persistentDisposition_unset": "unset",
    "errorReason": "reason",
    "errorDeclaration_Time": "declarationTime",
    "errorDeclarationTime": "declarationTime",
    "quantity": "quantity",
    "ilmd": "ilmd",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What stands at a place compared with values; one of them has to fit.

    Attributes:
        place: EPC or CLASS (`names`: roles), SENSOR, AMOUNT (`names`: field and unit), STANDARD, or a scope of fields
            of somebody's own ("": the event's), behind `INNER_` where they may lie deeper.
        values: what is asked for; an EPC that ends with / is the beginning of one.
    """

    place: str
    names: tuple[str, ...]
    op: Op
    values: tuple[Value, ...]

    def holds(self, document: Mapping[str, Any], context: Any) -> bool:
        """Tell whether an event says so.

        Args:
            document: as it was received; expected to be in order.
        """
        found = self._found(document, context)
        if self.op == "EXISTS":
            return next(found, None) is not None
        return any(_fits(each, self.op, value) for each in found for value in self.values)

    def _found(self, document: Mapping[str, Any], context: Any) -> Iterator[Any]:
        if self.place in _FINDERS:
            return _FINDERS[self.place](document, self.names)
        names = namespaces(context, document.get("@context"))
        inner = self.place.startswith("INNER_")
        scope = self.place.removeprefix("INNER_")
        return _fields(_roots(document, scope), self.names[0], names, inner=inner)


Body = Comparison


def body_of(name: str, values: Callable[[Op], tuple[Value, ...]]) -> Body | None:
    """Return the condition that a parameter's name stands for; None: none.

    Args:
        values: reads the parameter's values for an operator.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    op: Op = match[1]  # type: ignore[assignment]  # as the expression says
    rest = match[2]
    amount = _AMOUNTS.fullmatch(rest)
    if amount is not None:
        return Comparison("AMOUNT", (amount[1], amount[2]), op, values(op))
    if rest in _STANDARD:
        return Comparison("STANDARD", (_STANDARD[rest],), op, _canonical(values(op)))
    if rest in _METADATA or rest in _REPORT:
        return Comparison("SENSOR", (rest,), op, _canonical(values(op)))
    inner = "INNER_" if rest.startswith("INNER_") else ""
    rest = rest.removeprefix("INNER_")
    scope = next((each for each in _SCOPES if rest.startswith(f"{each}_")), "")
    own = rest[len(scope) + 1 :] if scope else rest
    if ":" not in own and not own.startswith("http"):
        return None
    return Comparison(f"{inner}{scope}", (own,), op, values(op))


def _canonical(values: tuple[Value, ...]) -> tuple[Value, ...]:
    return tuple(_bare(value) if isinstance(value, str) else value for value in values)


def _bare(text: str) -> str:
    for family in ("disposition", "reason", "measurement", "alert", "component"):
        text = bare(family, text)
    return canonical_or_same(text)


def _epcs(document: Mapping[str, Any], roles: Sequence[str]) -> Iterator[str]:
    for role in roles:
        listed = [document["parentID"]] if role == "parent" and "parentID" in document else []
        for epc in listed or document.get(_LISTS.get(role, ""), ()):
            canonical = canonical_or_same(epc)
            yield canonical
            yield f"{canonical.rpartition('/')[0].rpartition('/')[0]}/"  # the class it is of


def _classes(document: Mapping[str, Any], roles: Sequence[str]) -> Iterator[str]:
    for role in roles:
        for element in document.get(_QUANTITIES[role], ()):
            yield canonical_or_same(element["epcClass"])


def _reports(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for element in document.get("sensorElementList", ()):
        yield from element.get("sensorReport", ())


def _sensors(document: Mapping[str, Any], names: Sequence[str]) -> Iterator[Any]:
    for element in document.get("sensorElementList", ()):
        for part in (element.get("sensorMetadata", {}), *element.get("sensorReport", ())):
            if names[0] in part:
                value = part[names[0]]
                yield _bare(value) if isinstance(value, str) else value


def _amounts(document: Mapping[str, Any], names: Sequence[str]) -> Iterator[Any]:
    for report in _reports(document):
        if names[0] in report and report.get("uom") == names[1]:
            yield report[names[0]]


def _standard(document: Mapping[str, Any], names: Sequence[str]) -> Iterator[Any]:
    name = names[0]
    if name in ("set", "unset"):
        for word in document.get("persistentDisposition", {}).get(name, ()):
            yield _bare(word)
    elif name in ("reason", "declarationTime"):
        value = document.get("errorDeclaration", {}).get(name)
        if value is not None:
            yield _bare(value)
    elif name == "quantity":
        for field in _QUANTITIES.values():
            yield from (each["quantity"] for each in document.get(field, ()) if "quantity" in each)
    elif name in document:
        yield document[name]


_FINDERS: Mapping[str, Callable[[Mapping[str, Any], Sequence[str]], Iterator[Any]]] = {
    "EPC": _epcs,
    "CLASS": _classes,
    "SENSOR": _sensors,
    "AMOUNT": _amounts,
    "STANDARD": _standard,
}


def _roots(document: Mapping[str, Any], scope: str) -> Iterator[Mapping[str, Any]]:
    if scope == "":
        yield document
    elif scope == "ILMD":
        yield document.get("ilmd", {})
    elif scope == "ERROR_DECLARATION":
        yield document.get("errorDeclaration", {})
    elif scope in ("readPoint", "bizLocation"):
        yield document.get(scope, {})
    else:
        for element in document.get("sensorElementList", ()):
            if scope == "SENSORELEMENT":
                yield element
            elif scope == "SENSORMETADATA":
                yield element.get("sensorMetadata", {})
            else:
                yield from element.get("sensorReport", ())


def _fields(roots: Iterator[Mapping[str, Any]], asked: str, names: Mapping[str, str], *, inner: bool) -> Iterator[Any]:
    """Yield the values of a field of somebody's own: at the top of each root, or where `inner` below it."""
    wanted = {asked, expanded(asked, names) or asked, expanded(asked, GS1_PREFIXES) or asked}
    for root in roots:
        level: list[Any] = [value for name, value in root.items() if ":" in name or name == "ilmd"] if inner else [root]
        while level:
            each = level.pop()
            if isinstance(each, list):
                level += each
            elif isinstance(each, dict):
                for name, value in each.items():
                    if name in wanted or expanded(name, names) in wanted:
                        yield from value if isinstance(value, list) else (value,)
                    if inner:
                        level.append(value)


def _fits(found: Any, op: Op, value: Value) -> bool:
    if op == "EQ":
        return _equal(found, value)
    if isinstance(value, datetime):
        other: Any = _instant(found)
    else:
        other = _number(found)
    if other is None or isinstance(value, str):
        return False
    ordered: Mapping[Op, bool] = {"GT": other > value, "GE": other >= value, "LT": other < value, "LE": other <= value}
    return ordered[op]


def _equal(found: Any, value: Value) -> bool:
    if isinstance(found, bool):
        return str(value).lower() == ("true" if found else "false")
    if isinstance(found, int | float) or isinstance(value, Decimal):
        number, wanted = _number(found), _number(value)
        return number is not None and number == wanted
    return isinstance(found, str) and found == value


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _instant(value: Any) -> datetime | None:
    try:
        return parse_time(value) if isinstance(value, str) else None
    except InvalidInput:
        return None
