"""Reprints: the same serial again on a new label, with why, who asked, who approved, and which copy it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, tzinfo
from typing import Literal, Self, get_args

from labelsvc.domain.actors import Actor
from labelsvc.domain.jobs import JobState
from labelsvc.domain.outcomes import Outcome
from labelsvc.domain.shifts import Shifts
from labelsvc.errors import Conflict, InvalidInput, NotAllowed

ReprintState = Literal["asked", "approved", "refused"]
#: What somebody says of the old label: nothing, that it is destroyed, or its own text, read off it.
Destroyed = Literal["none", "ticked", "scanned"]
#: What a product's policy demands of the old label.
Demand = Literal["none", "tick", "scan"]
#: How the label's whole block, made again, compares with the digest that was kept when it was first handed over: the
#: same bytes; made by another renderer revision; the same, but this printer gets other bytes than that one; no digest
#: was kept (a download, a block that was never handed over); other bytes where they should be the same.
Match = Literal["equal", "other-renderer", "other-printer", "no-digest", "different"]

REASONS = ("torn", "smudged", "misprinted", "unreadable", "wrong-position", "lost", "other")
#: Reasons that mean more than their word: a lost label cannot be destroyed, and `other` has to be explained.
LOST, OTHER = "lost", "other"

#: What a number may be for a label of it to be printed again. One that is absent has no label; it is printed in its
#: place, as copy 0.
REPRINTABLE: frozenset[Outcome] = frozenset({"confirmed", "sent", "absent"})
_WHY_NOT: Mapping[str, str] = {
    "held": "it was never printed; download it, or scan or declare what came out",
    "planned": "it waits to be printed",
    "in_doubt": "its print job has to be resolved first",
}

#: What a person is told of a reprint that is not byte for byte what was printed first.
MATCH_NOTES: Mapping[Match, str] = {
    "other-renderer": "Expected the bytes that were printed first, got those of another renderer revision.",
    "other-printer": "Expected the bytes that were printed first, got those for another printer or printer revision.",
    "no-digest": "Expected the digest of what was printed first, got none: it was not printed by a job, or not yet.",
    "different": "Expected the bytes that were printed first, got others, though nothing should differ: see to it.",
}

PER_SERIAL_AT_MOST, PER_SHIFT_AT_MOST = 100, 10_000


@dataclass(frozen=True, slots=True)
class ReprintPolicy:
    """What a product demands of reprints.

    Attributes:
        approval: another person than the one who asks has to approve.
        destroyed: what has to be said of the old label.
        per_serial: copies of one serial at most, the original not counted.
        per_shift: reprints of the product in one shift at most.
    """

    approval: bool = False
    destroyed: Demand = "tick"
    per_serial: int = 3
    per_shift: int = 50

    def __post_init__(self) -> None:
        """See that the limits are such.

        Raises:
            InvalidInput: one is not.
        """
        for name, most in (("per_serial", PER_SERIAL_AT_MOST), ("per_shift", PER_SHIFT_AT_MOST)):
            if not 1 <= getattr(self, name) <= most:
                message = f"Expected 1 to {most}, got {getattr(self, name)}."
                raise InvalidInput("reprint_limit", message, pointer=f"/{name}")
        if self.destroyed not in get_args(Demand):
            wanted = ", ".join(get_args(Demand))
            message = f"Expected one of {wanted}, got {self.destroyed}."
            raise InvalidInput("reprint_destroyed", message, pointer="/destroyed")

    def needs_approval(self, reason: str) -> bool:
        """Whether another person has to approve; of a lost label that stands for its destruction."""
        return self.approval or (self.destroyed != "none" and reason == LOST)

    def check_destroyed(self, reason: str, said: Destroyed) -> None:
        """See that enough was said of the old label.

        Raises:
            InvalidInput: it was not.
        """
        if reason == LOST or self.destroyed == "none":
            return
        if self.destroyed == "scan" and said != "scanned":
            message = "Expected the text of the destroyed label, got none."
            raise InvalidInput("reprint_not_destroyed", message, pointer="/destroyed_label")
        if said == "none":
            message = "Expected the old label destroyed, got no word of that."
            raise InvalidInput("reprint_not_destroyed", message, pointer="/destroyed")

    def check_limits(self, copies: int, in_shift: int) -> None:
        """See that one more is within the limits.

        Args:
            copies: of the serial so far.
            in_shift: reprints of the product in this shift so far.

        Raises:
            Conflict: it is not.
        """
        if copies >= self.per_serial:
            message = f"Expected at most {self.per_serial} reprints of a serial, got one more."
            raise Conflict("reprint_limit_serial", message, pointer="/label", limit=self.per_serial)
        if in_shift >= self.per_shift:
            message = f"Expected at most {self.per_shift} reprints of the product in a shift, got one more."
            raise Conflict("reprint_limit_shift", message, pointer="/label", limit=self.per_shift)


@dataclass(frozen=True, slots=True)
class ReprintRules:
    """What an installation says of all reprints: the reasons there are, and when its shifts begin."""

    reasons: tuple[str, ...] = REASONS
    shifts: Shifts = field(default_factory=Shifts)

    @classmethod
    def of(cls, own: tuple[str, ...], starts: tuple[time, ...], zone: tzinfo) -> Self:
        """Return the rules of an installation: its own reasons beside the ordinary ones, and its shifts."""
        return cls(tuple(dict.fromkeys((*REASONS, *own))), Shifts(starts, zone))

    def check_reason(self, reason: str, note: str | None) -> None:
        """See that a reason is one of those there are, and explained where it says nothing.

        Raises:
            InvalidInput: it is not.
        """
        if reason not in self.reasons:
            message = f"Expected one of {', '.join(self.reasons)}, got {reason[:40]!r}."
            raise InvalidInput("reprint_reason", message, pointer="/reason")
        if reason == OTHER and note is None:
            raise InvalidInput("reprint_note_missing", "Expected a note on what happened, got none.", pointer="/note")


@dataclass(frozen=True, slots=True)
class ReprintRequest:
    """What somebody asks for.

    Attributes:
        label: what the label carries, as a scanner gives it: element string, Digital Link, item code and serial, or
            the plain serial.
        product: GTIN or item code; needed for a plain serial.
        printer: name; None: the one that the batch was printed on.
        destroyed: somebody saw to it that the old label is destroyed.
        destroyed_label: what was read off it before that.
    """

    label: str
    reason: str
    product: str | None = None
    printer: str | None = None
    note: str | None = None
    destroyed: bool = False
    destroyed_label: str | None = None


@dataclass(frozen=True, slots=True)
class Reprint:
    """A reprint as it stands in the books.

    Attributes:
        number: of the label in its batch, from 1.
        copy: 1 is the first reprint; 0: the number was absent, and this is its first label; None: not approved.
        decided_by: who approved or refused; None: nobody did, or nobody had to.
        job_id: the print job, once it is approved.
        match: None: it was not sent yet.
    """

    id: int
    product: str
    serial: str
    lot_id: int
    batch_id: int
    number: int
    printer: str
    state: ReprintState
    copy: int | None
    reason: str
    note: str | None
    destroyed: Destroyed
    asked_by: Actor
    asked_at: datetime
    decided_by: Actor | None
    decided_at: datetime | None
    decision: str | None
    job_id: int | None
    job_state: JobState | None
    match: Match | None


def check_reprintable(outcome: Outcome) -> None:
    """See that a number is one of which a label may be printed again.

    Raises:
        Conflict: it is not, with what was expected.
    """
    if outcome not in REPRINTABLE:
        why = _WHY_NOT.get(outcome, "that is its end")
        message = f"Expected a number that is confirmed, sent or absent, got one that is {outcome}: {why}."
        raise Conflict("reprint_not_allowed", message, pointer="/label")


def check_approver(asked_by: Actor, approver: Actor) -> None:
    """See that somebody else approves than who asked; by whichever door they come in, a name is a person.

    Raises:
        NotAllowed: it is the same.
    """
    if asked_by.id.casefold() == approver.id.casefold():
        message = f"Expected another person than the one who asked, got {approver.id} again."
        raise NotAllowed("reprint_own", message)


def next_copy(outcome: Outcome, copies: int, highest: int) -> int:
    """Return which copy a number's next label is.

    Args:
        copies: of the number that were, or may have been, printed.
        highest: number of any copy that was ever approved; 0: there was none.
    """
    return 0 if outcome == "absent" and copies == 0 and highest == 0 else highest + 1
