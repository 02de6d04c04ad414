"""One EPCIS 2.0 event, read and checked: the rules of GS1's JSON schema, and those that a schema cannot say.

What needs other events (a unit's standing, the future) is not checked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from labelsvc.domain.epcis.contexts import is_defined, namespaces
from labelsvc.domain.epcis.elements import (
    check_sensors,
    declaration_at,
    dispositions_at,
    master_data_at,
    parties_at,
    place_at,
    quantities_at,
    transactions_at,
)
from labelsvc.domain.epcis.events import Action, Event, MasterData, Role
from labelsvc.domain.epcis.fields import (
    Names,
    array_at,
    check_names,
    epcs_at,
    identifier_at,
    missing,
    object_at,
    shown,
    text_at,
    time_at,
    uri_at,
    word_at,
)
from labelsvc.domain.epcis.hashing import event_hash
from labelsvc.domain.epcis.identifiers import canonical_epc, canonical_or_same
from labelsvc.domain.epcis.times import check_offset
from labelsvc.domain.epcis.uris import is_uri
from labelsvc.domain.epcis.vocabulary import Family
from labelsvc.errors import InvalidInput, at

#: Of one `@context`; GS1's and one for each namespace are usual.
CONTEXTS_AT_MOST = 50

_COMMON = frozenset(
    [
        "@context",
        "type",
        "eventTime",
        "recordTime",
        "eventTimeZoneOffset",
        "eventID",
        "certificationInfo",
        "errorDeclaration",
    ]
)
_WHY = frozenset(
    ["bizStep", "disposition", "readPoint", "bizLocation", "bizTransactionList", "sourceList", "destinationList"]
) | {"sensorElementList"}
_FIELDS: dict[str, frozenset[str]] = {
    "ObjectEvent": _COMMON | _WHY | {"action", "epcList", "quantityList", "persistentDisposition", "ilmd"},
    "AggregationEvent": _COMMON | _WHY | {"action", "parentID", "childEPCs", "childQuantityList"},
    "AssociationEvent": _COMMON | _WHY | {"action", "parentID", "childEPCs", "childQuantityList"},
    "TransactionEvent": _COMMON | _WHY | {"action", "parentID", "epcList", "quantityList"},
    "TransformationEvent": _COMMON | _WHY
    | {
        "inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList", "transformationID",
        "persistentDisposition", "ilmd",
    },
}  # fmt: skip
_ANY = frozenset[str]().union(*_FIELDS.values())
_WORDS: tuple[tuple[str, str, Family], ...] = (
    ("bizStep", "biz_step", "bizStep"),
    ("disposition", "disposition", "disposition"),
)
_ACTIONS = ("ADD", "OBSERVE", "DELETE")
_EPC_LISTS = {"epcList": "epcs", "childEPCs": "children", "inputEPCList": "inputs", "outputEPCList": "outputs"}
_QUANTITY_LISTS: dict[str, Role] = {
    "quantityList": "epc", "childQuantityList": "child", "inputQuantityList": "input", "outputQuantityList": "output"
}  # fmt: skip


def read_event(document: Any, context: Any = None) -> Event:
    """Read an event.

    Args:
        document: what the JSON of one event gave; kept as it is.
        context: the `@context` of the document that it came in. A URL in it is never fetched.

    Raises:
        InvalidInput: with a pointer relative to the event: event_field_type, event_field_missing, event_field_unknown,
            event_extension_prefix, event_depth, event_uri, text_not_storable, event_word, event_number, event_uom,
            event_hexadecimal, event_list_empty, event_epc_twice, event_context; event_type, event_action, event_parent,
            event_what (nothing that it happened to), event_ilmd_action; time_format, time_zone_offset; identifier_...;
            ilmd_lot, ilmd_date;
            persistent_disposition_both, persistent_disposition_twice; error_declaration_corrective.
    """
    event = object_at(document, "")
    names = namespaces(context, event.get("@context"))
    read = _common(event, names)
    kind = read["type"]
    if kind in _FIELDS:
        check_names(event, _FIELDS[kind], names, "")
        read |= _what(event)
        read |= _why(event, names)
        _check_what(kind, event, read)
    else:
        _check_other_type(event, kind, names)
        _what(event)  # what EPCIS has a name for is what it says there too
        _why(event, names)
    known = {name: read[field] for name, field in _EPC_LISTS.items() if name in event and field in read}
    return Event(hash=event_hash(event, context, known=known), document=event, context=context, **read)


def _common(event: Mapping[str, Any], names: Names) -> dict[str, Any]:
    for name in ("type", "eventTime", "eventTimeZoneOffset"):
        if name not in event:
            raise missing(name, "")
    read: dict[str, Any] = {"type": text_at(event["type"], "/type"), "event_id": None}
    read["time"] = time_at(event["eventTime"], "/eventTime")
    with at("/eventTimeZoneOffset"):
        read["offset"] = check_offset(text_at(event["eventTimeZoneOffset"], "/eventTimeZoneOffset"))
    if "recordTime" in event:
        time_at(event["recordTime"], "/recordTime")
    if "eventID" in event:
        read["event_id"] = uri_at(event["eventID"], "/eventID")
    if "certificationInfo" in event:
        _check_certification(event["certificationInfo"])
    if "errorDeclaration" in event:
        read["declaration"] = declaration_at(event["errorDeclaration"], names, "/errorDeclaration")
    if "@context" in event:
        check_context(event["@context"], "/@context")
    return read


def check_context(value: Any, pointer: str) -> None:
    """A `@context` is a URL, an object or an array of both; nothing is fetched."""
    parts = value if isinstance(value, list) else [value]
    if len(parts) > CONTEXTS_AT_MOST:
        raise InvalidInput(
            "event_context", f"Expected at most {CONTEXTS_AT_MOST} contexts, got {len(parts)}.", pointer=pointer
        )
    for place, part in enumerate(parts):
        here = f"{pointer}/{place}" if isinstance(value, list) else pointer
        if not isinstance(part, dict):
            uri_at(part, here)
        if part in parts[:place]:
            raise InvalidInput("event_context", "Expected each context once, got one twice.", pointer=here)


def _check_certification(value: Any) -> None:
    if isinstance(value, list):
        for place, each in enumerate(value):
            uri_at(each, f"/certificationInfo/{place}")
    else:
        uri_at(value, "/certificationInfo")


def _check_other_type(event: Mapping[str, Any], kind: str, names: Names) -> None:
    """An event of somebody's own type is kept; what is in it, we cannot know."""
    if not is_uri(kind):
        raise InvalidInput(
            "event_type", f"Expected one of {', '.join(_FIELDS)} or a URI, got {shown(kind)}.", pointer="/type"
        )
    if not is_defined(kind, names):
        raise InvalidInput(
            "event_extension_prefix", f"Expected a prefix that @context defines, got {shown(kind)}.", pointer="/type"
        )
    check_names(event, _ANY, names, "")


def _what(event: Mapping[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = {
        field: epcs_at(event[name], f"/{name}") for name, field in _EPC_LISTS.items() if name in event
    }
    quantities = [
        quantity
        for name, role in _QUANTITY_LISTS.items()
        if name in event
        for quantity in quantities_at(event[name], role, f"/{name}")
    ]
    read["quantities"] = tuple(quantities)
    if "parentID" in event:
        read["parent"] = identifier_at(event["parentID"], "/parentID", canonical_epc)
    return read


def _why(event: Mapping[str, Any], names: Names) -> dict[str, Any]:
    read: dict[str, Any] = {}
    if "action" in event or "action" in _FIELDS.get(event["type"], ()):
        read["action"] = _action(event)
    for name, field, family in _WORDS:
        if name in event:
            read[field] = word_at(event[name], f"/{name}", family)
    for name, field in (("readPoint", "read_point"), ("bizLocation", "biz_location")):
        if name in event:
            read[field] = place_at(event[name], names, f"/{name}")
    for name, field, one in (("sourceList", "sources", "source"), ("destinationList", "destinations", "destination")):
        if name in event:
            read[field] = parties_at(event[name], one, f"/{name}")
    if "bizTransactionList" in event:
        least = 1 if event["type"] == "TransactionEvent" else 0
        read["transactions"] = transactions_at(event["bizTransactionList"], "/bizTransactionList", least=least)
    return read | _state(event, read.get("action"), names)


def _state(event: Mapping[str, Any], action: Action | None, names: Names) -> dict[str, Any]:
    read: dict[str, Any] = {}
    if "persistentDisposition" in event:
        read["set"], read["unset"] = dispositions_at(event["persistentDisposition"], "/persistentDisposition")
    if "sensorElementList" in event:
        check_sensors(event["sensorElementList"], names, "/sensorElementList")
    if "transformationID" in event:
        read["transformation_id"] = canonical_or_same(uri_at(event["transformationID"], "/transformationID"))
    if "ilmd" in event:
        read["ilmd"] = _master_data(event, action, names)
    return read


def _action(event: Mapping[str, Any]) -> Action:
    if "action" not in event:
        raise missing("action", "")
    action = text_at(event["action"], "/action")
    if action not in _ACTIONS:
        raise InvalidInput(
            "event_action", f"Expected one of {', '.join(_ACTIONS)}, got {shown(action)}.", pointer="/action"
        )
    return cast("Action", action)


def _master_data(event: Mapping[str, Any], action: Action | None, names: Names) -> MasterData:
    if action in {"OBSERVE", "DELETE"}:
        raise InvalidInput(
            "event_ilmd_action", f"Expected ilmd with action ADD alone, got it with {action}.", pointer="/ilmd"
        )
    return master_data_at(event["ilmd"], names, "/ilmd")


def _check_what(kind: str, event: Mapping[str, Any], read: Mapping[str, Any]) -> None:
    """An event happened to something; a parent is named where its children would not know theirs."""
    action, parent = read.get("action"), read.get("parent")
    if kind == "TransformationEvent":
        _check_transformation(event)
    elif kind in {"AggregationEvent", "AssociationEvent"}:
        if parent is None and (kind == "AssociationEvent" or action != "OBSERVE"):
            raise InvalidInput(
                "event_parent", f"Expected parentID with action {action}, got none.", pointer="/parentID"
            )
        if action != "DELETE" and not _some(event, "childEPCs", "childQuantityList"):
            raise _nothing("childEPCs or childQuantityList")
    elif kind == "TransactionEvent":
        if "bizTransactionList" not in event:
            raise missing("bizTransactionList", "")
        named = _some(event, "epcList", "quantityList") or (parent is not None and "epcList" in event)
        if action != "DELETE" and not named:
            raise _nothing("epcList or quantityList")
    elif not _some(event, "epcList", "quantityList") and not (
        _some(event, "sensorElementList") and ("readPoint" in event or "epcList" in event)
    ):
        raise _nothing("epcList, quantityList, or sensorElementList with readPoint")


def _check_transformation(event: Mapping[str, Any]) -> None:
    inputs, outputs = (
        _some(event, "inputEPCList", "inputQuantityList"),
        _some(event, "outputEPCList", "outputQuantityList"),
    )
    enough = (inputs or outputs) if "transformationID" in event else (inputs and outputs)
    if not enough:
        raise _nothing("inputs and outputs, or transformationID with one of them")


def _some(event: Mapping[str, Any], *lists: str) -> bool:
    return any(array_at(event[name], f"/{name}") for name in lists if name in event)


def _nothing(expected: str) -> InvalidInput:
    return InvalidInput("event_what", f"Expected {expected}, got nothing that this happened to.", pointer="")
