"""Scans and units as JSON."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from labelsvc.domain.units.intents import Intent
from labelsvc.storage.unit_history import Happened
from labelsvc.tracking.scanning import SCAN_AT_MOST, Scan
from labelsvc.tracking.scanning import Answer as Answered
from labelsvc.tracking.units import Story, Unit
from labelsvc.web.models.base import Answer, Body, Moment, Name, Query
from labelsvc.web.models.unit_tests import Override

_Uri = Annotated[str, Field(min_length=1, max_length=200)]
_Text = Annotated[str, Field(max_length=SCAN_AT_MOST)]


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise PydanticCustomError("base64", "Expected Base64, got other characters.") from None
    return text


class Reference(Body):
    """A business transaction that a scan belongs to."""

    type: Annotated[str, Field(min_length=1, max_length=60, examples=["desadv"])]
    id: Annotated[str, Field(min_length=1, max_length=200, examples=["urn:epcglobal:cbv:bt:9521321000001:DN-17"])]


class ScanIn(Body):
    """What a scanner sent, and what is meant by it."""

    text: Annotated[_Text | None, Field(description="What the scanner sent, as text; GS as U+001D.")] = None
    raw: Annotated[
        Annotated[str, Field(max_length=SCAN_AT_MOST * 4 // 3 + 4), AfterValidator(_base64)] | None,
        Field(description="Or its bytes, Base64."),
    ] = None
    intent: Intent = "find"
    at: Annotated[Moment | None, Field(description="When; by default now.")] = None
    happened: Annotated[bool, Field(description="It has been done, whatever is wrong with it: it is kept.")] = False
    product: Annotated[str | None, Field(max_length=40, description="Of a serial alone.")] = None
    place: Annotated[_Uri | None, Field(description="Where: a GLN or a location's URI.")] = None
    to: Annotated[_Uri | None, Field(description="Who gets it: a GLN or a party's URI.")] = None
    source: Annotated[_Uri | None, Field(description="Who it comes from.")] = None
    parent: Annotated[_Text | None, Field(description="Packing: what it is packed into, or taken out of, scanned.")] = (
        None
    )
    result: Annotated[str | None, Field(max_length=40, description="Inspecting: conformant or non_conformant.")] = None
    references: Annotated[list[Reference], Field(max_length=10, default_factory=list)]
    reason: Annotated[Name | None, Field(max_length=500)] = None

    @model_validator(mode="after")
    def _one_of(self) -> ScanIn:
        if (self.text is None) == (self.raw is None):
            raise PydanticCustomError("scan_text_or_raw", "Expected text or raw, got both or neither.")
        return self

    def noun(self) -> Scan:
        """Return the scan."""
        raw = base64.b64decode(self.raw) if self.raw is not None else (self.text or "").encode()
        return Scan(
            raw,
            self.intent,
            self.at,
            self.happened,
            self.product,
            self.place,
            self.to,
            self.source,
            self.parent.encode() if self.parent is not None else None,
            self.result,
            tuple((one.type, one.id) for one in self.references),
            self.reason,
        )


class ScanOut(Answer):
    """What came of a scan."""

    result: Annotated[str, Field(description="done, flagged, refused, ambiguous or unknown.")]
    message: Annotated[str, Field(description="One line for whoever scanned.")]
    epc: str | None
    state: str | None
    location: str | None
    lot: str | None
    expiry: str | None
    inside: str | None
    findings: list[str]
    warnings: list[str]
    event: str | None
    readings: list[dict[str, Any]]

    @classmethod
    def of(cls, answer: Answered) -> ScanOut:
        """Show what came of a scan."""
        return cls(**{name: _listed(getattr(answer, name)) for name in Answered.__slots__})


_LINKS = {"proof": "/api/v1/audit/proof{?event}"}


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


class UnitQuery(Query):
    """Which unit."""

    epc: Annotated[str, Field(min_length=1, max_length=500, description="EPC: a URN, a Digital Link or its own URI.")]


class UnitEvent(Answer):
    """One event of a unit's story."""

    event: Annotated[str, Field(description="EPCIS eventID.")]
    type: str
    action: str | None
    biz_step: str | None
    disposition: str | None
    time: datetime
    offset: str
    recorded: datetime
    location: str | None
    location_name: str | None
    holder: str | None
    role: str
    through: Annotated[str | None, Field(description="What the unit was inside, whose event it is.")]
    state: Annotated[str, Field(description="Afterwards, of the one that the event names.")]
    dispositions: list[str]
    inside: str | None
    finding: str | None
    error: Annotated[bool, Field(description="A declaration says that it is wrong.")]
    declares: bool
    actor: str

    @classmethod
    def of(cls, one: Happened) -> UnitEvent:
        """Show an event."""
        return cls.model_construct(
            event=one.event_id,
            type=one.type,
            action=one.action,
            biz_step=one.biz_step,
            disposition=one.disposition,
            time=one.time,
            offset=one.offset,
            recorded=one.recorded,
            location=one.location,
            location_name=one.location_name,
            holder=one.holder,
            role=one.role,
            through=one.through,
            state=one.state,
            dispositions=list(one.dispositions),
            inside=one.inside,
            finding=one.finding,
            error=one.error,
            declares=one.declares,
            actor=one.actor,
        )


class UnitOut(Answer):
    """A unit as it is now, and all that happened to it."""

    epc: str
    state: str
    since: datetime | None
    dispositions: list[str]
    quality: str | None
    location: str | None
    holder: str | None
    lot: str | None
    expiry: str | None
    inside: Annotated[list[str], Field(description="What it is inside, the innermost first.")]
    digest: Annotated[str, Field(description="SHA-256 of its own standing: a function of the set of its events.")]
    events: list[UnitEvent]
    overrides: Annotated[list[Override], Field(description="For it, by name (`units` is empty) or with its lot.")]
    links: Annotated[
        dict[str, str], Field(description="`proof`: that the audit vouches for an event (RFC 6570), to check offline.")
    ]

    @classmethod
    def of(cls, story: Story) -> UnitOut:
        """Show a unit."""
        events = [UnitEvent.of(one) for one in story.events]
        overrides = [Override.of(one) for one in story.overrides]
        return cls(**_unit(story.unit), events=events, overrides=overrides, links=_LINKS)


def _unit(unit: Unit) -> dict[str, Any]:
    standing = unit.standing
    return {
        "epc": unit.epc,
        "state": standing.state,
        "since": standing.since,
        "dispositions": list(standing.dispositions),
        "quality": standing.quality,
        "location": standing.location,
        "holder": standing.holder,
        "lot": standing.lot,
        "expiry": standing.expiry.isoformat() if standing.expiry else None,
        "inside": list(unit.inside),
        "digest": unit.own.digest,
    }
