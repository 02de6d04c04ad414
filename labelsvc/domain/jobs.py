"""Print jobs and printers; their states and reasons are the words of RFC 8011 (5.3.7, 5.4.11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from labelsvc.domain.outcomes import Evidence, Outcome
from labelsvc.domain.profiles import NOTHING, Profile
from labelsvc.errors import Conflict

JobState = Literal["pending", "pending-held", "processing", "processing-stopped", "canceled", "aborted", "completed"]
JOB_ENDED: frozenset[JobState] = frozenset({"canceled", "aborted", "completed"})
PrinterState = Literal["idle", "processing", "stopped"]

JobKind = Literal["batch", "reprint"]

#: Labels that are handed over between two commits to a printer that confirms nothing, so the most that one fault can
#: leave in doubt there.
WINDOW = 20
#: Labels that may be on their way at once to a printer that confirms each: the fewest, the usual, the most.
WINDOWS = (1, 2, 5)
#: Labels of one digest.
BLOCK = 1_000


@dataclass(frozen=True, slots=True)
class PrinterSpec:
    """What someone says of a printer.

    Attributes:
        uri: tcp://host:9100, weblink://SERIAL, queue:///NAME or file:///FILE, and more (printers.uris).
        language: what it understands.
        dpmm: dots per mm.
        media_width, media_height: of the loaded labels, mm.
        window: labels that may be on their way at once, where each is confirmed.
        regulated: every label needs an echo or a scan, one at a time; a count alone is not enough.
        station: the client whose station serves it, and nobody else; None: our own workers do.
    """

    name: str
    uri: str
    language: Literal["zpl"]
    dpmm: int
    media_width: float
    media_height: float
    window: int = WINDOWS[1]
    regulated: bool = False
    station: str | None = None


@dataclass(frozen=True, slots=True)
class Printer:
    """A printer as it stands in the books; an edit or a certification makes a new revision.

    Attributes:
        profile: what a certification run saw it prove.
    """

    id: int
    spec: PrinterSpec
    revision: int
    state: PrinterState
    state_reasons: tuple[str, ...]
    state_at: datetime
    created_at: datetime
    profile: Profile = NOTHING


#: How far the loaded labels may differ from the format, mm: cutting tolerance, not another size.
MEDIA_TOLERANCE = 1.0


def check_media(width: float, height: float, spec: PrinterSpec) -> None:
    """See that labels of this size, mm, are loaded in a printer.

    Raises:
        Conflict: they are not.
    """
    for wanted, loaded, side in ((width, spec.media_width, "width"), (height, spec.media_height, "height")):
        if abs(wanted - loaded) > MEDIA_TOLERANCE:
            message = f"Expected labels of {side} {wanted:g} mm in {spec.name}, got {loaded:g} mm."
            raise Conflict("media_differs", message, pointer="/printer")


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the labels of a delivery are counted from, so that an heir can say what became of those in doubt.

    Attributes:
        token: of the delivery's lease.
        zero: the odometer's count at which the delivery had confirmed nothing; None: it has none.
        uptime: device.uptime when the printer was last asked, seconds; None: it does not say.
        read_at: when that was.
        faulted: a fault that may tear a label was seen, and not accounted for.
        partial: the last label in doubt was handed over in part only.
    """

    token: int
    zero: int | None
    uptime: float | None
    read_at: datetime
    faulted: bool = False
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Doubt:
    """The labels of a job that may or may not have come out."""

    first_serial: str
    last_serial: str
    count: int


@dataclass(frozen=True, slots=True)
class PrintJob:
    """A print job as callers see it: an interval of a batch on one printer.

    Attributes:
        copy: of a reprint: which copy of its label this is.
    """

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
    kind: JobKind = "batch"
    copy: int = 0


@dataclass(frozen=True, slots=True)
class Resolution:
    """What an operator found at a stopped printer.

    Attributes:
        last_good: serial of the last good label; None: no label of the doubtful window came out.
        proceed: print what is absent or was never sent; else the job ends here.
        nothing_came_out: since the job was begun, or last went on, not one label came out, although windows before the
            doubtful one were handed over whole. There is no last good label to scan then.
        scanned: serials of all labels in doubt that came out whole; every other one in doubt did not. For a printer
            whose queue someone may have changed, and for labels that a fault tore. None: by the last good label.
    """

    last_good: str | None
    proceed: bool
    reason: str | None = None
    nothing_came_out: bool = False
    scanned: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class LabelOutcome:
    """What is known of one label of a job.

    Attributes:
        number: in its batch, from 1.
        at: when it became known, or when the latest of its neighbours that say the same did.
    """

    number: int
    serial: str
    outcome: Outcome
    evidence: Evidence | None
    reason: str | None
    at: datetime | None
