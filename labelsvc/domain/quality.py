"""Lots as quality sees them: the sum of all outcomes, what is scanned of them, and their end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from labelsvc.domain.actors import Actor
from labelsvc.domain.outcomes import Outcome

#: Which labels of each batch somebody has to scan: every one, every nth, or the first and the last.
PlanKind = Literal["every", "nth", "ends", "none"]


#: Outcomes of labels that a plan may ask for: those that are there, or may be yet.
THERE: frozenset[Outcome] = frozenset({"held", "planned", "sent", "in_doubt", "confirmed"})


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """Which labels of each batch are to be scanned.

    A label that is no more (spoiled, sampled, returned, invalidated), or did not come out, is not asked for; the last
    label is the last of those that are left.

    Attributes:
        nth: with `nth`: labels 1, 1 + n, 1 + 2n ... and the last.
    """

    kind: PlanKind = "none"
    nth: int = 1

    def asked(self, origin: int, there: Sequence[tuple[int, int]]) -> int:
        """Count the labels of a batch that are to be scanned.

        Args:
            origin: ordinal of label 1.
            there: ordinals of the labels that are there, as disjoint ascending intervals.
        """
        if not there or self.kind == "none":
            return 0
        first, last = there[0][0], there[-1][1]
        match self.kind:
            case "every":
                return sum(end - begin + 1 for begin, end in there)
            case "nth":
                steps = sum((end - origin) // self.nth - (begin - 1 - origin) // self.nth for begin, end in there)
                return steps + ((last - origin) % self.nth != 0)
            case "ends":
                return len({first, last})


@dataclass(frozen=True, slots=True)
class Closure:
    """The end of a lot.

    Attributes:
        count: serials in its list: all that are confirmed.
        digest: SHA-256 of the list, sorted, each followed by a line feed.
    """

    at: datetime
    actor: Actor
    count: int
    digest: str
    statement: str | None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What became of all numbers that a lot was granted.

    Attributes:
        outcomes: how many numbers have each outcome.
        open_jobs: print jobs that have not ended.
        reprints: labels printed again.
        to_scan: labels that the sampling plan asks for and nobody scanned.
    """

    lot_id: int
    granted: int
    outcomes: Mapping[str, int]
    open_jobs: int
    reprints: int
    to_scan: int
    plan: SamplingPlan
    closure: Closure | None

    @property
    def difference(self) -> int:
        """Numbers that no outcome accounts for; always 0."""
        return self.granted - sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class VerifyScan:
    """What QA or a camera read.

    Attributes:
        text: as the scanner gave it, GS included; None: it could not read the label.
        lot_id, batch_id: where it should come from; None: not said.
        product: for a plain serial.
    """

    text: str | None
    lot_id: int | None = None
    batch_id: int | None = None
    product: str | None = None


#: right: of the lot and batch meant; wrong-lot, wrong-batch; duplicate: scanned before, since it was printed last;
#: unreadable; unknown: never issued, or on a label that is not ours; not-printed: issued, but no label should be there;
#: not-valid: spoiled, sampled, returned or invalidated;
#: end-card-right, end-card-wrong: the control label of a lot, against the lot as it is.
VerdictKind = Literal[
    "right",
    "wrong-lot",
    "wrong-batch",
    "duplicate",
    "unreadable",
    "unknown",
    "not-printed",
    "not-valid",
    "end-card-right",
    "end-card-wrong",
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a scan says of a label."""

    kind: VerdictKind
    message: str
    serial: str | None = None
    product: str | None = None
    lot_id: int | None = None
    lot_number: str | None = None
    batch_id: int | None = None
    label: int | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class KeptScan:
    """A scan of a label that was kept."""

    verdict: VerdictKind
    actor: Actor
    at: datetime
