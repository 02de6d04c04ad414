"""How printers are, as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from labelsvc.domain.outcomes import Evidence
from labelsvc.printing import fleet
from labelsvc.storage.fleet import Happening as Happened
from labelsvc.web.models.base import Answer, Listing
from labelsvc.web.models.printers import printer_path


class ReasonSince(Answer):
    """A printer-state-reason (RFC 8011, 5.4.12), and since when."""

    reason: str
    since: datetime


class QueueDepth(Answer):
    """What waits for a printer: jobs that have not ended, and their labels that were not handed over."""

    jobs: int
    labels: int


class ForeignLabels(Answer):
    """Labels that came out of a printer and were not ours, as its counter says."""

    count: int
    last_at: datetime | None


class Identity(Answer):
    """How often another device answered at a printer's address, and the last time."""

    changes: int
    last_at: datetime | None
    was: Any = None
    now: Annotated[Any, Field(alias="is", serialization_alias="is")] = None


class PrinterStatus(Answer):
    """How a printer is."""

    name: str
    state: Literal["idle", "processing", "stopped"]
    state_since: datetime
    reasons: list[ReasonSince]
    queue: QueueDepth
    foreign_labels: ForeignLabels
    identity: Identity
    restarts: int
    evidence: Annotated[Evidence, Field(description="The highest evidence its certification granted.")]
    links: dict[str, str]

    @classmethod
    def of(cls, found: fleet.PrinterStatus) -> PrinterStatus:
        """Show how a printer is."""
        printer, tallies = found.printer, found.tallies
        foreign, identity, restarted = (tallies.get(k) for k in ("foreign-labels", "identity-changed", "restarted"))
        detail = identity.last_detail if identity else {}
        path = printer_path(printer.spec.name)
        return cls(
            name=printer.spec.name,
            state=printer.state,
            state_since=printer.state_at,
            reasons=[ReasonSince(reason=reason, since=since) for reason, since in found.since.items()],
            queue=QueueDepth(jobs=found.queue.jobs, labels=found.queue.labels),
            foreign_labels=ForeignLabels(
                count=foreign.count if foreign else 0, last_at=foreign.last_at if foreign else None
            ),
            identity=Identity.model_validate(
                {
                    "changes": identity.count if identity else 0,
                    "last_at": identity.last_at if identity else None,
                    "was": detail.get("was"),
                    "is": detail.get("is"),
                }
            ),
            restarts=restarted.count if restarted else 0,
            evidence=printer.profile.evidence,
            links={"self": f"{path}/status", "printer": path, "history": f"{path}/history"},
        )


class PrinterStatuses(Listing[PrinterStatus]):
    """A page of how printers are."""


class Happening(Answer):
    """Something that happened to a printer."""

    id: int
    kind: Literal["state", "foreign-labels", "identity-changed", "restarted"]
    detail: dict[str, Any]
    at: datetime

    @classmethod
    def of(cls, found: Happened) -> Happening:
        """Show it."""
        return cls(id=found.id, kind=found.kind, detail=dict(found.detail), at=found.at)


class Happenings(Listing[Happening]):
    """A page of what happened to a printer."""
