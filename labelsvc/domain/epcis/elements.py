"""The elements of an event's lists, and its objects: places, quantities, parties, transactions, sensors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from labelsvc.domain.epcis.events import Declaration, MasterData, Quantity, Role
from labelsvc.domain.epcis.fields import (
    Names,
    array_at,
    check_extension,
    check_names,
    identifier_at,
    missing,
    number_at,
    object_at,
    shown,
    text_at,
    time_at,
    token,
    uom_at,
    uri_at,
    word_at,
    wrong_type,
)
from labelsvc.domain.epcis.identifiers import canonical, canonical_class, canonical_or_same
from labelsvc.domain.epcis.vocabulary import Family
from labelsvc.errors import InvalidInput

_MDA = "urn:epcglobal:cbv:mda:"
_LOT_AT_MOST = 200
_HEX = re.compile(r"[A-Fa-f0-9]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Check = Callable[[Any, str], object]


def place_at(value: Any, names: Names, pointer: str) -> str:
    """Return where a readPoint or bizLocation is."""
    place = object_at(value, pointer)
    if "id" not in place:
        raise missing("id", pointer)
    check_names(place, ("id",), names, pointer)
    return identifier_at(place["id"], f"{pointer}/id", canonical)


def quantities_at(value: Any, role: Role, pointer: str) -> tuple[Quantity, ...]:
    """Return the quantity elements of a list."""
    return tuple(_quantity(each, role, f"{pointer}/{place}") for place, each in enumerate(array_at(value, pointer)))


def _quantity(value: Any, role: Role, pointer: str) -> Quantity:
    element = object_at(value, pointer)
    check_names(element, ("epcClass", "quantity", "uom"), {}, pointer, extensible=False)
    if "epcClass" not in element:
        raise missing("epcClass", pointer)
    if "uom" in element and "quantity" not in element:
        raise missing("quantity", pointer)
    epc_class = identifier_at(element["epcClass"], f"{pointer}/epcClass", canonical_class)
    quantity = number_at(element["quantity"], f"{pointer}/quantity") if "quantity" in element else None
    if quantity is not None and quantity < 0:
        raise InvalidInput("event_number", f"Expected no less than 0, got {quantity}.", pointer=f"{pointer}/quantity")
    uom = uom_at(element["uom"], f"{pointer}/uom") if "uom" in element else None
    return Quantity(role, epc_class, quantity, uom)


def parties_at(value: Any, name: str, pointer: str) -> tuple[tuple[str, str], ...]:
    """Return sources or destinations: type and identifier."""
    found = []
    for place, each in enumerate(array_at(value, pointer)):
        here = f"{pointer}/{place}"
        element = object_at(each, here)
        check_names(element, ("type", name), {}, here, extensible=False)
        for required in ("type", name):
            if required not in element:
                raise missing(required, here)
        kind = word_at(element["type"], f"{here}/type", "party")
        found.append((kind, identifier_at(element[name], f"{here}/{name}", canonical)))
    return tuple(found)


def transactions_at(value: Any, pointer: str, *, least: int = 0) -> tuple[tuple[str | None, str], ...]:
    """Return business transactions: type or None, and identifier."""
    found = []
    for place, each in enumerate(array_at(value, pointer, least=least)):
        here = f"{pointer}/{place}"
        element = object_at(each, here)
        check_names(element, ("type", "bizTransaction"), {}, here, extensible=False)
        if "bizTransaction" not in element:
            raise missing("bizTransaction", here)
        kind = word_at(element["type"], f"{here}/type", "transaction") if "type" in element else None
        found.append((kind, canonical_or_same(uri_at(element["bizTransaction"], f"{here}/bizTransaction"))))
    return tuple(found)


def dispositions_at(value: Any, pointer: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a persistentDisposition sets and unsets."""
    element = object_at(value, pointer)
    check_names(element, ("set", "unset"), {}, pointer, extensible=False)
    if not element:
        raise missing("set", pointer)
    found = {name: _dispositions(element[name], f"{pointer}/{name}") for name in ("set", "unset") if name in element}
    both = set(found.get("set", ())) & set(found.get("unset", ()))
    if both:
        raise InvalidInput(
            "persistent_disposition_both", f"Expected {min(both)} to be set or unset, got both.", pointer=pointer
        )
    return found.get("set", ()), found.get("unset", ())


def _dispositions(value: Any, pointer: str) -> tuple[str, ...]:
    words = tuple(
        word_at(each, f"{pointer}/{place}", "disposition")
        for place, each in enumerate(array_at(value, pointer, least=1))
    )
    if len(set(words)) != len(words):
        raise InvalidInput(
            "persistent_disposition_twice", "Expected each disposition once, got one twice.", pointer=pointer
        )
    return words


def declaration_at(value: Any, names: Names, pointer: str) -> Declaration:
    """Return an error declaration.

    Raises:
        InvalidInput: error_declaration_corrective, what did not occur cannot be corrected by another event.
    """
    element = object_at(value, pointer)
    check_names(element, ("declarationTime", "reason", "correctiveEventIDs"), names, pointer)
    if "declarationTime" not in element:
        raise missing("declarationTime", pointer)
    time = time_at(element["declarationTime"], f"{pointer}/declarationTime")
    reason = word_at(element["reason"], f"{pointer}/reason", "reason") if "reason" in element else None
    here = f"{pointer}/correctiveEventIDs"
    ids = array_at(element["correctiveEventIDs"], here) if "correctiveEventIDs" in element else []
    corrective = tuple(uri_at(each, f"{here}/{place}") for place, each in enumerate(ids))
    if reason == "did_not_occur" and corrective:
        raise InvalidInput(
            "error_declaration_corrective",
            "Expected no correctiveEventIDs of an event that did not occur, got some.",
            pointer=here,
        )
    return Declaration(time, reason, corrective)


def master_data_at(value: Any, names: Names, pointer: str) -> MasterData:
    """Return the lot and the dates in an ILMD."""
    element = object_at(value, pointer)
    known: dict[str, Any] = {}
    places: dict[str, str] = {}
    for name, each in element.items():
        check_extension(name, each, names, pointer)
        prefix, _, local = name.partition(":")
        uri = names[prefix] + local if prefix in names else name
        if uri.startswith(_MDA):
            known[uri[len(_MDA) :]] = each
            places[uri[len(_MDA) :]] = f"{pointer}/{token(name)}"
    return MasterData(
        lot=_lot(known["lotNumber"], places["lotNumber"]) if "lotNumber" in known else None,
        expiry=_day(known, "itemExpirationDate", places),
        best_before=_day(known, "bestBeforeDate", places),
        production=_day(known, "productionDate", places),
    )


def _lot(value: Any, pointer: str) -> str:
    lot = text_at(value, pointer)
    if not 1 <= len(lot) <= _LOT_AT_MOST:
        raise InvalidInput("ilmd_lot", f"Expected 1 to {_LOT_AT_MOST} characters, got {len(lot)}.", pointer=pointer)
    return lot


def _day(known: Mapping[str, Any], name: str, places: Mapping[str, str]) -> str | None:
    if name not in known:
        return None
    text = text_at(known[name], places[name])
    match = _DAY.match(text)
    if match is not None and (len(text) == 10 or text[10] == "T"):  # a time of that day says the day too
        try:
            return date.fromisoformat(match[0]).isoformat()
        except ValueError:
            pass
    raise InvalidInput("ilmd_date", f"Expected a date as YYYY-MM-DD, got {shown(text)}.", pointer=places[name])


def check_sensors(value: Any, names: Names, pointer: str) -> int:
    """Return how many sensor elements there are; they are kept as they are."""
    elements = array_at(value, pointer)
    for place, each in enumerate(elements):
        here = f"{pointer}/{place}"
        element = object_at(each, here)
        check_names(element, ("sensorMetadata", "sensorReport"), names, here)
        if "sensorMetadata" in element:
            _check_fields(element["sensorMetadata"], _METADATA, names, f"{here}/sensorMetadata")
        if "sensorReport" not in element:
            raise missing("sensorReport", here)
        for number, report in enumerate(array_at(element["sensorReport"], f"{here}/sensorReport", least=1)):
            _check_fields(report, _REPORT, names, f"{here}/sensorReport/{number}")
            if "type" not in report:
                raise missing("type", f"{here}/sensorReport/{number}")
    return len(elements)


def _check_fields(value: Any, checks: Mapping[str, Check], names: Names, pointer: str) -> None:
    record = object_at(value, pointer)
    check_names(record, checks, names, pointer)
    for name, each in record.items():
        if name in checks:
            checks[name](each, f"{pointer}/{name}")


def _word(family: Family) -> Check:
    return lambda value, pointer: word_at(value, pointer, family)


def _boolean(value: Any, pointer: str) -> None:
    if not isinstance(value, bool):
        raise wrong_type("a boolean", value, pointer)


def _hexadecimal(value: Any, pointer: str) -> None:
    if not _HEX.fullmatch(text_at(value, pointer)):
        raise InvalidInput("event_hexadecimal", f"Expected hexadecimal digits, got {shown(value)}.", pointer=pointer)


_METADATA: dict[str, Check] = {
    **dict.fromkeys(("time", "startTime", "endTime"), time_at),
    **dict.fromkeys(("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"), uri_at),
}
_REPORT: dict[str, Check] = {
    "type": _word("measurement"),
    "exception": _word("alert"),
    "component": _word("component"),
    "time": time_at,
    "booleanValue": _boolean,
    "hexBinaryValue": _hexadecimal,
    **dict.fromkeys(("stringValue", "uom"), text_at),
    **dict.fromkeys(("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), number_at),
    **dict.fromkeys(
        (
            "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "microorganism", "chemicalSubstance",
            "coordinateReferenceSystem", "uriValue",
        ),
        uri_at,
    ),
}  # fmt: skip
