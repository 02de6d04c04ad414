"""What is wrong with an event, who owns that, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from labelsvc.domain.products import check_name
from labelsvc.errors import InvalidInput, at

#: `lapsed`: it went away by itself, by an event that came later, or by one that declares the first wrong.
FindingState = Literal["open", "accepted", "dismissed", "lapsed"]
FINDING_STATES: tuple[FindingState, ...] = get_args(FindingState)
#: How a person closes one: it did happen, or there is nothing in it.
Closed = Literal["accepted", "dismissed"]
REASON_AT_MOST = 500


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding.

    Attributes:
        code: the rule that the event breaks.
        count: for how many units.
        event_id: in the books; event: EPCIS eventID.
        event_actor: who brought the event: kind and id.
        owner: whose it is to close; None: nobody's yet.
    """

    id: int
    code: str
    count: int
    state: FindingState
    event_id: int
    event: str
    event_type: str
    biz_step: str | None
    event_time: datetime
    event_actor: tuple[str, str]
    owner: str | None
    reason: str | None
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None


@dataclass(frozen=True, slots=True)
class Closing:
    """How a person closes a finding.

    Attributes:
        declare: of one that is dismissed: say by an event of its own that the first did not occur.
    """

    state: Closed
    reason: str
    declare: bool = False

    def check(self) -> Closing:
        """Return it.

        Raises:
            InvalidInput: there is no reason, or what is accepted is declared not to have occurred.
        """
        with at("/reason"):
            check_name(self.reason, REASON_AT_MOST)
        if self.declare and self.state == "accepted":
            message = "Expected a declaration with a dismissal only, got one with an acceptance."
            raise InvalidInput("finding_declared", message, pointer="/declare")
        return self


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which findings.

    Attributes:
        owner: as it is shown.
        product_id: those that units of this product are behind.
    """

    state: FindingState | None = None
    code: str | None = None
    owner: str | None = None
    product_id: int | None = None


@dataclass(frozen=True, slots=True)
class UnitBehind:
    """A unit for which an event breaks a rule.

    Attributes:
        state: as its own events say, now.
    """

    id: int
    epc: str
    state: str
