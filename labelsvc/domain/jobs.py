"""Print jobs and printers; their states and reasons are the words of RFC 8011 (5.3.7, 5.4.11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

JobState = Literal["pending", "pending-held", "processing", "processing-stopped", "canceled", "aborted", "completed"]
JOB_ENDED: frozenset[JobState] = frozenset({"canceled", "aborted", "completed"})
PrinterState = Literal["idle", "processing", "stopped"]

#: Labels that are handed over between two commits, and so the most that one fault can leave in doubt.
WINDOW = 20
#: Labels of one digest.
BLOCK = 1_000


@dataclass(frozen=True, slots=True)
class PrinterSpec:
    """What someone says of a printer.

    Attributes:
        uri: tcp://host:9100, queue:///NAME or file:///FILE.
        language: what it understands.
        dpmm: dots per mm.
        media_width, media_height: of the loaded labels, mm.
    """

    name: str
    uri: str
    language: Literal["zpl"]
    dpmm: int
    media_width: float
    media_height: float


@dataclass(frozen=True, slots=True)
class Printer:
    """A printer as it stands in the books; an edit makes a new revision of its spec."""

    id: int
    spec: PrinterSpec
    revision: int
    state: PrinterState
    state_reasons: tuple[str, ...]
    state_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Doubt:
    """The labels of a job that may or may not have come out."""

    first_serial: str
    last_serial: str
    count: int


@dataclass(frozen=True, slots=True)
class PrintJob:
    """A print job as callers see it: an interval of a batch on one printer."""

    id: int
    batch_id: int
    printer: str
    state: JobState
    state_reasons: tuple[str, ...]
    message: str | None
    quantity: int
    first_serial: str
    last_serial: str
    outcomes: Mapping[str, int]
    doubt: Doubt | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Resolution:
    """What an operator found at a stopped printer.

    Attributes:
        last_good: serial of the last good label; None: no label of the doubtful window came out.
        proceed: print what is absent or was never sent; else the job ends here.
        nothing_came_out: since the job was begun, or last went on, not one label came out, although windows before the
            doubtful one were handed over whole. There is no last good label to scan then.
    """

    last_good: str | None
    proceed: bool
    reason: str | None = None
    nothing_came_out: bool = False
