"""Complaints: what somebody says is wrong with a unit, who looks into it, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from labelsvc.errors import Conflict, InvalidInput, at

Category = Literal[
    "damaged",
    "does_not_work",
    "wrong_content",
    "missing_part",
    "wrong_label",
    "harmed_somebody",
    "suspected_fake",
    "other",
]
Severity = Literal["minor", "major", "critical"]
State = Literal["open", "investigating", "closed"]

#: What a complaint may become from what it is; a closed one may be opened again.
_NEXT: Mapping[State, frozenset[State]] = {
    "open": frozenset({"open", "investigating", "closed"}),
    "investigating": frozenset({"investigating", "closed"}),
    "closed": frozenset({"closed", "investigating"}),
}
TEXT_AT_MOST = 4_000


@dataclass(frozen=True, slots=True)
class ComplaintRequest:
    """What somebody says is wrong with a unit.

    Attributes:
        unit: as a scanner gives it.
        product: GTIN or item code; of a plain serial.
        customer: pseudonym; None: the one who bought it, as far as the books know.
        follows: id of an earlier complaint that it belongs to.
    """

    unit: str
    category: Category
    severity: Severity
    text: str
    product: str | None = None
    customer: str | None = None
    follows: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a complaint has come: who owns it, how bad it is, and, once it is closed, what came of it."""

    state: State
    severity: Severity
    owner: str | None
    resolution: str | None


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint.

    Attributes:
        epc: of the unit, canonical.
        earlier: ids of the complaints that the same unit had before, and of the one that it follows.
    """

    id: int
    unit_id: int
    epc: str
    customer: str | None
    follows: int | None
    category: Category
    text: str
    progress: Progress
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
    earlier: tuple[int, ...] = ()


def check_text(text: str, most: int = TEXT_AT_MOST) -> str:
    """Return a text of somebody, on as many lines as they like.

    Raises:
        InvalidInput: it is empty, too long, or holds control characters.
    """
    if not 1 <= len(text.strip()) <= most or not text.translate({10: None, 13: None, 9: None}).isprintable():
        raise InvalidInput("complaint_text", f"Expected 1 to {most:,} printable characters, got {len(text):,}.")
    return text


def check_progress(before: State, after: Progress) -> None:
    """See that a complaint may become this.

    Raises:
        Conflict: not from what it is.
        InvalidInput: it is to be closed, and nobody says what came of it.
    """
    if after.state not in _NEXT[before]:
        allowed = ", ".join(sorted(_NEXT[before]))
        raise Conflict("complaint_state", f"Expected one of {allowed} after {before}, got {after.state}.")
    with at("/resolution"):
        if after.state == "closed" and after.resolution is None:
            raise InvalidInput("complaint_resolution", "Expected what came of a complaint that is closed, got nothing.")
