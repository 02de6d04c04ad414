"""The hash that makes an event the same event, however it is written (CBV 2.0, section 8.9).

An event becomes one text, the pre-hash string: its fields in an order of their own, every list sorted, every time in
UTC, every number without needless zeros, every CBV word and every identifier in one spelling. eventID, recordTime and
the error declaration do not count; extensions, ILMD and sensor elements do.

Where the standard's text and the published reference program (epcis-event-hash-generator 1.9.3) place fields
differently we follow the program, because it is what others compare with: transactions, sources, destinations and ILMD
stand behind the sensor elements in the order of their names, with the extensions; certificationInfo counts. Where that
program answers the same event differently (by the order of an object's keys, the namespace's last character, words that
stand elsewhere in the document) we do not; tests/domain/epcis/test_hashing.py has the list.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from labelsvc.domain.epcis.contexts import expanded, namespaces
from labelsvc.domain.epcis.identifiers import CANONICAL, canonical_or_same
from labelsvc.domain.epcis.times import milliseconds
from labelsvc.domain.epcis.vocabulary import Family, web_uri, web_uri_of_urn
from labelsvc.errors import InvalidInput

_NOT_COUNTED = frozenset(["type", "@context", "eventID", "recordTime", "errorDeclaration"])
_COMMENTS = frozenset(["rdfs:comment", "comment", "#text"])
_QUANTITY = ("epcClass", "quantity", "uom")
_METADATA = (
    "time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"
)  # fmt: skip
_REPORT = (
    "type", "exception", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time", "microorganism",
    "chemicalSubstance", "value", "component", "stringValue", "booleanValue", "hexBinaryValue", "uriValue", "minValue",
    "maxValue", "meanValue", "sDev", "percRank", "percValue", "uom", "coordinateReferenceSystem",
)  # fmt: skip
_TIMES = frozenset(["eventTime", "time", "startTime", "endTime"])
_FAMILIES: dict[str, Family] = {
    "bizStep": "bizStep",
    "disposition": "disposition",
    "set": "disposition",
    "unset": "disposition",
    "exception": "alert",
    "component": "component",
}
_TYPED: dict[str, tuple[str, Family]] = {
    "bizTransactionList": ("bizTransaction", "transaction"),
    "sourceList": ("source", "party"),
    "destinationList": ("destination", "party"),
}
_EPC_LISTS = frozenset(["epcList", "childEPCs", "inputEPCList", "outputEPCList"])
_QUANTITY_LISTS = frozenset(["quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"])
_ORDER = (
    "eventTime", "eventTimeZoneOffset", "certificationInfo", "parentID", "epcList", "inputEPCList", "childEPCs",
    "quantityList", "childQuantityList", "inputQuantityList", "outputEPCList", "outputQuantityList", "action",
    "transformationID", "bizStep", "disposition", "persistentDisposition", "readPoint", "bizLocation",
    "sensorElementList",
)  # fmt: skip
_ORDERED = frozenset(_ORDER)

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")

Names = Mapping[str, str]


def event_hash(event: Mapping[str, Any], context: Any, *, known: Mapping[str, Sequence[str]] | None = None) -> str:
    """64 hex digits of the event's SHA-256.

    Args:
        event: as it was received; expected to be in order.
        context: the `@context` of the document that it stands in.
        known: lists of EPCs that are canonical already, by the name of their field.
    """
    text = pre_hash(event, namespaces(context, event.get("@context")), known=known)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def pre_hash(event: Mapping[str, Any], names: Names, *, known: Mapping[str, Sequence[str]] | None = None) -> str:
    """The text that is hashed.

    Args:
        names: prefix -> namespace, as `contexts.namespaces` returns them.
        known: as for `event_hash`.
    """
    parts = [f"eventType={event.get('type', '')}"]
    parts += [_field(name, event[name], names, known or {}) for name in _ORDER if name in event]
    rest: list[str] = []
    for name, value in event.items():
        if name in _TYPED:
            rest.append(_typed(name, value, names))
        elif name not in _ORDERED and name not in _NOT_COUNTED and name not in _COMMENTS:
            rest += _entries(name, value, names)
    return "".join(parts) + "".join(sorted(rest))


def _field(name: str, value: Any, names: Names, known: Mapping[str, Sequence[str]]) -> str:
    if name in _EPC_LISTS:
        return _epcs(name, known[name] if name in known else map(canonical_or_same, value))
    if name in _QUANTITY_LISTS:
        elements = (f"quantityElement{_ordered(element, _QUANTITY, names)}" for element in value)
        return _listed(name, elements)
    if name == "persistentDisposition":
        return name + _ordered(value, ("set", "unset"), names)
    if name in {"readPoint", "bizLocation"}:
        return name + _ordered(value, ("id",), names)
    if name == "sensorElementList":
        return _listed(name, (_sensor(element, names) for element in value))
    return _ordered({name: value}, (name,), names)


def _epcs(name: str, epcs: Iterable[str]) -> str:
    found = sorted(_as_hashed(epc) if "%" in epc else epc for epc in epcs if epc)
    return f"{name}epc={'epc='.join(found)}" if found else ""


def _listed(name: str, elements: Iterable[str]) -> str:
    found = sorted(elements)
    return name + "".join(found) if found else ""


def _sensor(element: Mapping[str, Any], names: Names) -> str:
    metadata, reports = element.get("sensorMetadata"), element.get("sensorReport") or ()
    parts = ["sensorElement"]
    if metadata:
        parts.append("sensorMetadata" + _ordered(metadata, _METADATA, names))
    parts += sorted("sensorReport" + _ordered(report, _REPORT, names, kind="measurement") for report in reports)
    parts.append(_extensions(element, {"sensorMetadata", "sensorReport"}, names))
    return "".join(parts)


def _typed(name: str, elements: Any, names: Names) -> str:
    value, family = _TYPED[name]
    return _listed(name, (_ordered(element, ("type", value), names, kind=family) for element in elements))


def _ordered(record: Mapping[str, Any], order: Sequence[str], names: Names, *, kind: Family | None = None) -> str:
    """The fields of an object in an order of ours, then its extensions. `kind`: of the words in `type`."""
    parts: list[str] = []
    for name in order:
        if name in record:
            value = record[name]
            family = kind if name == "type" else _FAMILIES.get(name)
            values = [_value(name, each, family, names) for each in (value if isinstance(value, list) else (value,))]
            parts += sorted(f"{name}={each}" for each in values if each)
    if len(record) > len(parts):
        parts.append(_extensions(record, frozenset(order), names))
    return "".join(parts)


def _extensions(record: Mapping[str, Any], ours: Iterable[str], names: Names) -> str:
    found: list[str] = []
    for name, value in record.items():
        if name not in ours and name not in _COMMENTS:
            found += _entries(name, value, names)
    return "".join(sorted(found))


def _value(name: str, value: Any, family: Family | None, names: Names) -> str:
    text = str(value).strip()
    if name in _TIMES:
        try:
            return milliseconds(text)
        except InvalidInput:
            return text
    if family is not None:
        text = web_uri(family, text)
    return _normal(text, names)


def _entries(name: str, value: Any, names: Names) -> Iterator[str]:
    """An extension, or an element of the ILMD: key and value, everything below it sorted; a list gives several."""
    key = _key(name, names)
    for each in value if isinstance(value, list) else (value,):
        if isinstance(each, dict):
            yield key + _extensions(each, (), names)
        elif isinstance(each, list):
            yield key + "".join(sorted(_entries("", each, names)))
        else:
            text = str(each).strip()
            yield f"{key}={_normal(text, names)}" if text else key


def _key(name: str, names: Names) -> str:
    prefix, colon, local = name.partition(":")
    return f"{{{names[prefix]}}}{local}" if colon and prefix in names else name


def _normal(text: str, names: Names) -> str:
    if ":" in text:
        text = web_uri_of_urn(expanded(text, names) or text)
        return _as_hashed(canonical_or_same(text))
    if _NUMBER.fullmatch(text):
        number = float(text)
        if math.isfinite(number):
            return str(int(number)) if number == int(number) else str(number)
    return text


def _as_hashed(identifier: str) -> str:
    """A canonical identifier as the hash spells it: with three characters as they are that we percent-encode."""
    if "%" in identifier and identifier.startswith(CANONICAL):
        return identifier.replace("%27", "'").replace("%3B", ";").replace("%3D", "=")
    return identifier
