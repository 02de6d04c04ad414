"""Events that this installation makes itself, as EPCIS documents like anybody else's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from labelsvc.domain.epcis.events import Action, Event
from labelsvc.domain.epcis.reading import read_event

#: What the words of our own events mean.
CONTEXT = (
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"cbvmda": "urn:epcglobal:cbv:mda:"},
)
#: EPCs of one event at most; more make more events.
EPCS_AT_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Why:
    """The circumstances of an event.

    Attributes:
        step, disposition: CBV words.
        set, unset: persistent dispositions.
        read_point, place: locations, canonical: where it was read, where things are afterwards.
        sources, destinations: (type, party or location).
        transactions: (type, URI): `inv`, `rma`, `po`, `prodorder`, ...
        offset: of the clock on the wall there.
        more: members that are added as they are; their prefixes are those of CONTEXT.
    """

    step: str | None = None
    disposition: str | None = None
    set: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    read_point: str | None = None
    place: str | None = None
    sources: tuple[tuple[str, str], ...] = ()
    destinations: tuple[tuple[str, str], ...] = ()
    transactions: tuple[tuple[str, str], ...] = ()
    offset: str = "+00:00"
    more: Mapping[str, Any] | None = None


def object_event(time: datetime, action: Action, epcs: Sequence[str], why: Why) -> Event:
    """Return what happened to things."""
    return _event({"type": "ObjectEvent", **_when(time, why), "epcList": list(epcs), "action": action}, why)


def packing_event(
    time: datetime, action: Action, parent: str, children: Sequence[str], why: Why, *, installed: bool = False
) -> Event:
    """Return what was put into another thing, or taken out of it; without children all of it was taken out.

    Args:
        installed: as a part of it, not as its content.
    """
    kind = "AssociationEvent" if installed else "AggregationEvent"
    listed = {"childEPCs": list(children)} if children else {}
    return _event({"type": kind, **_when(time, why), "parentID": parent, **listed, "action": action}, why)


def commissioning_event(
    time: datetime, epcs: Sequence[str], why: Why, lot: tuple[str, date, date | None, date | None]
) -> Event:
    """Return the beginning of units.

    Args:
        lot: its number, production date, expiry, best-before date.
    """
    number, production, expiry, best_before = lot
    ilmd = {
        "cbvmda:lotNumber": number,
        "cbvmda:productionDate": production.isoformat(),
        "cbvmda:itemExpirationDate": expiry and expiry.isoformat(),
        "cbvmda:bestBeforeDate": best_before and best_before.isoformat(),
    }
    said = {name: value for name, value in ilmd.items() if value}
    listed = {"epcList": list(epcs), "action": "ADD"}
    return _event({"type": "ObjectEvent", **_when(time, why), **listed, "ilmd": said}, why)


def _when(time: datetime, why: Why) -> Mapping[str, str]:
    instant = time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"eventTime": instant, "eventTimeZoneOffset": why.offset}


def _event(document: dict[str, Any], why: Why) -> Event:
    persistent = {name: list(words) for name, words in (("set", why.set), ("unset", why.unset)) if words}
    listed: Mapping[str, Any] = {
        "bizStep": why.step,
        "disposition": why.disposition,
        "persistentDisposition": persistent,
        "readPoint": why.read_point and {"id": why.read_point},
        "bizLocation": why.place and {"id": why.place},
        "bizTransactionList": [{"type": kind, "bizTransaction": uri} for kind, uri in why.transactions],
        "sourceList": [{"type": kind, "source": uri} for kind, uri in why.sources],
        "destinationList": [{"type": kind, "destination": uri} for kind, uri in why.destinations],
    }
    document |= {name: value for name, value in listed.items() if value}
    document |= why.more or {}
    return read_event(document, list(CONTEXT))
