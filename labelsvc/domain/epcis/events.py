"""An EPCIS 2.0 event as the rules see it: every identifier canonical, every CBV word bare, the document kept whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

EventType = Literal["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"]
Action = Literal["ADD", "OBSERVE", "DELETE"]
#: What an EPC is in an event. `epc`: of epcList; `input`, `output`: of a transformation.
Role = Literal["epc", "parent", "child", "input", "output"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount of a class of things (a quantity element).

    Attributes:
        role: the list it is of: epc (quantityList), child, input or output.
        epc_class: canonical.
        uom: a unit of measure (UN/ECE Recommendation 20); None: pieces.
    """

    role: Role
    epc_class: str
    quantity: Decimal | None
    uom: str | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """That an event is in error (EPCIS 2.0, section 7.4.1.5).

    Attributes:
        reason: `did_not_occur`, `incorrect_data`, a URI, or None.
        corrective: ids of the events that say what is right.
    """

    time: datetime
    reason: str | None
    corrective: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MasterData:
    """What an event's ILMD says of the things that it commissions, as far as it is ours to know.

    Attributes:
        expiry, best_before, production: YYYY-MM-DD, as it was written.
    """

    lot: str | None = None
    expiry: str | None = None
    best_before: str | None = None
    production: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One event.

    Attributes:
        type: or the URI of an event type that EPCIS does not define.
        hash: 64 hex digits of the CBV event hash (CBV 2.0, section 8.9); what makes an event the same event.
        event_id: as it was given; None: it was given none.
        time: eventTime, UTC; offset: eventTimeZoneOffset, as it was given.
        biz_step, disposition, set, unset: CBV words bare (`shipping`), others as URIs.
        read_point, biz_location, epcs, parent, children, inputs, outputs: canonical identifiers, in their order.
        sources, destinations: (type, identifier), types of CBV bare.
        transactions: (type or None, identifier), types of CBV bare.
        document: the event as it was received.
        context: the `@context` it stands in.
    """

    type: EventType | str
    hash: str
    event_id: str | None
    time: datetime
    offset: str
    document: Mapping[str, Any]
    context: Any = None
    action: Action | None = None
    biz_step: str | None = None
    disposition: str | None = None
    set: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    read_point: str | None = None
    biz_location: str | None = None
    epcs: tuple[str, ...] = ()
    parent: str | None = None
    children: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()
    destinations: tuple[tuple[str, str], ...] = ()
    transactions: tuple[tuple[str | None, str], ...] = ()
    transformation_id: str | None = None
    ilmd: MasterData = MasterData()
    declaration: Declaration | None = None

    @property
    def uri(self) -> str:
        """The hash as an event id (RFC 6920, with the version CBV asks for)."""
        return f"ni:///sha-256;{self.hash}?ver=CBV2.0"
