"""What is left of an event for somebody whom only some of its things concern."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from labelsvc.domain.epcis.identifiers import canonical_or_same

#: Members that say what happened to things, and when; what names parties, transactions, amounts or anything that EPCIS
#: does not define is left out.
_KEPT = (
    "@context",
    "type",
    "eventTime",
    "recordTime",
    "eventTimeZoneOffset",
    "eventID",
    "action",
    "bizStep",
    "disposition",
    "persistentDisposition",
    "parentID",
    "ilmd",
)
_LISTS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_PLACES = ("readPoint", "bizLocation")


def extract(document: Mapping[str, Any], epcs: Collection[str], *, places: bool) -> dict[str, Any]:
    """Return what an event says of some of its things.

    Args:
        document: the event as it was received.
        epcs: canonical; of others nothing is left, but for the container that some were put into or taken out of.
        places: whether it may be seen where it happened.
    """
    left = {name: document[name] for name in (*_KEPT, *(_PLACES if places else ())) if name in document}
    for name in _LISTS:
        if name in document:
            left[name] = [epc for epc in document[name] if canonical_or_same(epc) in epcs]
    return left
