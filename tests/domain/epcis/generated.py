"""Events of all five types with any of their fields, as GS1's schema and our rules take them; and mutants of them."""

from __future__ import annotations

import copy
import random
from typing import Any

from hypothesis import strategies as st

from labelsvc.domain.epcis.vocabulary import (
    ALERTS,
    BIZ_STEPS,
    COMPONENTS,
    DISPOSITIONS,
    MEASUREMENTS,
    PARTY_TYPES,
    TRANSACTION_TYPES,
)

CONTEXT: list[Any] = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"ext": "https://ext.example.com/ns/", "cbvmda": "urn:epcglobal:cbv:mda:"},
]

Strategy = st.SearchStrategy[Any]


def document(*events: Any, context: Any = None) -> dict[str, Any]:
    return {
        "@context": CONTEXT if context is None else context,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T12:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }


def _some(**fields: Strategy) -> Strategy:
    return st.fixed_dictionaries({}, optional=fields)


serials = st.text("ABCxyz0189-._", min_size=1, max_size=20)
escaped = st.text("AZ09!*()+,:'=;-.", min_size=1, max_size=20) | st.sampled_from(
    ["32a%2Fb", "%22x", "a%3Cb%3E", "a%26"]
)
epcs: Strategy = st.one_of(
    st.builds("urn:epc:id:sgtin:9521141.012345.{}".format, serials | escaped),
    st.builds("https://id.gs1.org/01/09521141123454/21/{}".format, serials),
    st.builds("https://id.example.com/01/09521141123454/10/LOT-7/21/{}".format, serials),
    st.builds("urn:epc:id:sscc:9521141.{:010d}".format, st.integers(0, 10**10 - 1)),
    st.builds("urn:epc:id:giai:9521141.{}".format, serials),
    st.builds("https://id.gs1.org/8004/9521141{}".format, serials),
    st.builds("urn:epc:id:grai:9521141.12345.{}".format, st.text("AB019", min_size=1, max_size=16)),
    st.builds("https://example.com/item/A-7/21/{}".format, serials),
)
classes: Strategy = st.one_of(
    st.builds("urn:epc:class:lgtin:9521141.012345.{}".format, serials),
    st.builds("https://example.com/01/09521141123454/10/{}".format, serials),
    st.sampled_from(["urn:epc:idpat:sgtin:9521141.012345.*", "https://id.gs1.org/01/09521141123454"]),
)
places: Strategy = st.sampled_from(
    [
        "urn:epc:id:sgln:9521141.12345.0",
        "urn:epc:id:sgln:9521141.12345.line-3",
        "https://id.gs1.org/414/9521141123454/254/line-3",
        "https://id.example.com/gln/9521141123454",
        "geo:47.506694,11.104301",
    ]
)
owners: Strategy = st.sampled_from(["urn:epc:id:pgln:9521141.12345", "https://id.gs1.org/417/9521141123454"])
uris: Strategy = st.sampled_from(
    [
        "https://example.com/a/b?c=1#d",
        "urn:uuid:1e5c7a1c-9f3c-4c93-9f2b-5a8d7a2f1f3e",
        "urn:epcglobal:cbv:bt:9521141123454:7",
    ]
)
times: Strategy = st.builds(
    "20{:02d}-0{}-{:02d}T{:02d}:{:02d}:59{}{}".format,
    st.integers(0, 40),
    st.integers(1, 9),
    st.integers(1, 28),
    st.integers(0, 23),
    st.integers(0, 59),
    st.sampled_from(["", ".5", ".12", ".999", ".1234", ".9984", ".00001"]),
    st.sampled_from(["Z", "+00:00", "+01:00", "-05:30", "+14:00"]),
)
offsets: Strategy = st.sampled_from(["+00:00", "-00:00", "+01:00", "-05:30", "+14:00", "-13:59"])
numbers: Strategy = st.integers(0, 10**6) | st.floats(0, 10**6, allow_nan=False).map(lambda n: round(n, 3))

_extension_names = st.sampled_from(["ext:a", "ext:b", "ext:colour", "ext:zone", "https://ext.example.com/other/c"])
_leaves = (
    st.text("abcXYZ 0189.-", max_size=8)
    | st.booleans()
    | st.integers(-100, 100)
    | st.sampled_from([1.5, "007", "1.50", "1e3"])
)
extension_values: Strategy = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3) | st.dictionaries(_extension_names, inner, min_size=1, max_size=2)
    ),
    max_leaves=5,
)
extensions: Strategy = st.dictionaries(_extension_names, extension_values, max_size=2)
_prefixed = st.dictionaries(st.sampled_from(["ext:a", "ext:zone"]), extension_values, max_size=2)


def _with_extensions(fields: Strategy, more: Strategy = _prefixed) -> Strategy:
    return st.builds(lambda known, more: {**known, **more}, fields, more)


def _words(words: frozenset[str]) -> Strategy:
    return st.sampled_from([*sorted(words), "https://vocabulary.example.com/word"])


_quantities = st.lists(
    st.fixed_dictionaries(
        {"epcClass": classes, "quantity": numbers}, optional={"uom": st.sampled_from(["KGM", "LTR", "A9"])}
    ),
    min_size=1,
    max_size=3,
)
_epc_lists = st.lists(epcs, min_size=1, max_size=4, unique=True)
_places = _with_extensions(st.fixed_dictionaries({"id": places}))
_transactions = st.lists(
    st.fixed_dictionaries({"type": _words(TRANSACTION_TYPES), "bizTransaction": uris}), min_size=1, max_size=3
)
_metadata = _with_extensions(
    st.fixed_dictionaries(
        {"deviceID": epcs | uris},
        optional={
            "time": times,
            "startTime": times,
            "endTime": times,
            "deviceMetadata": uris,
            "rawData": uris,
            "bizRules": uris,
        },
    )
)
_reports = _with_extensions(
    st.fixed_dictionaries(
        {"type": _words(MEASUREMENTS)},
        optional={
            "exception": _words(ALERTS),
            "component": _words(COMPONENTS),
            "time": times,
            "value": numbers,
            "minValue": numbers,
            "maxValue": numbers,
            "meanValue": numbers,
            "sDev": numbers,
            "percRank": numbers,
            "percValue": numbers,
            "stringValue": st.sampled_from(["fine", "so-so"]),
            "booleanValue": st.booleans(),
            "hexBinaryValue": st.just("f0f0"),
            "uriValue": uris,
            "uom": st.sampled_from(["CEL", "A93"]),
            "microorganism": uris,
            "chemicalSubstance": uris,
            "deviceID": epcs,
            "dataProcessingMethod": uris,
            "coordinateReferenceSystem": uris,
        },
    )
)
_sensors = st.lists(
    _with_extensions(
        st.fixed_dictionaries(
            {"sensorReport": st.lists(_reports, min_size=1, max_size=2)}, optional={"sensorMetadata": _metadata}
        )
    ),
    min_size=1,
    max_size=2,
)
_dispositions = st.lists(st.sampled_from(sorted(DISPOSITIONS)), min_size=1, max_size=3, unique=True)
_persistent = st.one_of(
    st.fixed_dictionaries({"set": _dispositions}),
    st.fixed_dictionaries({"unset": _dispositions}),
    st.just({"set": ["recalled"], "unset": ["available"]}),
)
_ilmd = st.builds(
    lambda known, more: {**known, **more},
    _some(**{"cbvmda:lotNumber": serials, "cbvmda:itemExpirationDate": st.just("2030-02-28")}),
    extensions,
)
_declarations = st.one_of(
    st.fixed_dictionaries({"declarationTime": times}, optional={"reason": st.just("did_not_occur")}),
    st.fixed_dictionaries(
        {"declarationTime": times, "reason": st.just("incorrect_data"), "correctiveEventIDs": st.lists(uris)}
    ),
)


def _parties(name: str) -> Strategy:
    element = st.fixed_dictionaries({"type": _words(PARTY_TYPES), name: owners | places})
    return st.lists(element, min_size=1, max_size=2)


_when = {"eventTime": times, "eventTimeZoneOffset": offsets}
_common = {
    "eventID": uris,
    "recordTime": times,
    "certificationInfo": uris | st.lists(uris, max_size=2, unique=True),
    "errorDeclaration": _declarations,
    "bizStep": _words(BIZ_STEPS),
    "disposition": _words(DISPOSITIONS),
    "readPoint": _places,
    "bizLocation": _places,
    "bizTransactionList": _transactions,
    "sourceList": _parties("source"),
    "destinationList": _parties("destination"),
    "sensorElementList": _sensors,
}
_actions = st.sampled_from(["ADD", "OBSERVE", "DELETE"])


def _event(kind: str, required: dict[str, Strategy], optional: dict[str, Strategy]) -> Strategy:
    further = {name: value for name, value in {**_common, **optional}.items() if name not in required}
    fields = st.fixed_dictionaries({"type": st.just(kind), **_when, **required}, optional=further)
    return _with_extensions(fields, extensions)


_objects = st.one_of(
    _event(
        "ObjectEvent",
        {"action": _actions, "epcList": _epc_lists},
        {"quantityList": _quantities, "persistentDisposition": _persistent},
    ),
    _event("ObjectEvent", {"action": _actions, "quantityList": _quantities}, {}),
    _event("ObjectEvent", {"action": st.just("ADD"), "epcList": _epc_lists, "ilmd": _ilmd}, {}),
    _event("ObjectEvent", {"action": st.just("OBSERVE"), "readPoint": _places, "sensorElementList": _sensors}, {}),
)
_families = [
    _event(kind, {"action": _actions, "parentID": epcs, "childEPCs": _epc_lists}, {"childQuantityList": _quantities})
    for kind in ("AggregationEvent", "AssociationEvent")
]
_bargains = _event(
    "TransactionEvent",
    {"action": _actions, "epcList": _epc_lists, "bizTransactionList": _transactions},
    {"quantityList": _quantities, "parentID": epcs},
)
_transformations = st.one_of(
    _event(
        "TransformationEvent",
        {"inputEPCList": _epc_lists, "outputQuantityList": _quantities},
        {"inputQuantityList": _quantities, "persistentDisposition": _persistent, "ilmd": _ilmd},
    ),
    _event("TransformationEvent", {"transformationID": uris, "outputEPCList": _epc_lists}, {"ilmd": _ilmd}),
)
events: Strategy = st.one_of(_objects, *_families, _bargains, _transformations)

JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "x",
    "é",
    "a b",
    [],
    {},
    ["x"],
    {"x": 1},
    "not:a:word",
    "urn:epcglobal:cbv:disp:active",
    "%zz",
    "https://gs1.org/voc/Temperature",
    "https://ns.gs1.org/cbv/x",
    "2026-13-01T00:00:00Z",
    "2026-01-01T00:00:00",
    "+15:00",
    "KG-M",
    "https://id.gs1.org/01/952114112345/21/A",
    "urn:epc:id:sgtin:9521141.012345.ABC",
    "shipping",
    "ObjectEvent",
    "DELETE",
    "https://[::1]:80/x",
    "http://a b/",
    "https://x/%",
    "a:",
    "1a:b",
    "http://[x/",
    "mailto:a@b",
    "https://ref.gs1.org/cbv/BizStep-x",
]
NAMES = [
    "foo",
    "ext:foo",
    "nowhere:foo",
    "bizStep",
    "ilmd",
    "parentID",
    "persistentDisposition",
    "childEPCs",
    "a b",
    "é:x",
    "id",
    "uom",
]


@st.composite
def mutants(draw: st.DrawFn, many: int = 20) -> list[Any]:
    """Mutants of one event, each with one to three things changed: taken out, put in, replaced, doubled."""
    event, chance = draw(events), random.Random(draw(st.integers(0, 2**32)))
    return [_mutant(copy.deepcopy(event), chance) for _ in range(many)]


def _mutant(event: Any, chance: random.Random) -> Any:
    for _ in range(chance.randint(1, 3)):
        spots = list(_spots(event))
        if spots:
            _change(chance, *chance.choice(spots))
    return event


def _spots(value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in list(items):
        yield value, key
        yield from _spots(child)


def _change(chance: random.Random, holder: Any, key: Any) -> None:
    change = chance.choice(["out", "junk", "junk", "double", "name"])
    if change == "out":
        del holder[key]
    elif change == "junk":
        holder[key] = copy.deepcopy(chance.choice(JUNK))
    elif change == "double" and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[key]))
    elif isinstance(holder, dict):
        holder[chance.choice(NAMES)] = copy.deepcopy(chance.choice(JUNK))
