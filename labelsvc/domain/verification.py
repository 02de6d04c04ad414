"""Is it genuine, and may it be used? One decision about a unit, from facts, for every dialect that answers.

Whoever asks is a stranger, so facts are only such as may be known to anyone: no buyer, no place, no operator. What is
known to be wrong is all told; the first of it is the reason. Of a unit with anything wrong it is never said that it is
fine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from labelsvc.domain.lots import Lot
from labelsvc.domain.outcomes import Outcome
from labelsvc.domain.units.standing import State

Reason = Literal[
    "UNKNOWN_SERIAL",  # no product ever got it
    "RECORD_LOST",  # issued in a time that the books know nothing of
    "NUMBER_VOID",  # its label is scrap, or was never to be used
    "TERMINATED",  # destroyed, used up or taken away as a sample
    "ALREADY_INACTIVE",  # taken out of the trade; or sold, where it is to be sold
    "STOLEN",
    "LOT_MISMATCH",
    "EXPIRY_MISMATCH",
    "DATE_MISMATCH",  # production or best-before date
    "RECALLED",
    "NOT_COMMISSIONED",  # issued, but nobody knows yet that a thing carries it
    "ON_HOLD",
    "LOST",
    "EXPIRED",
]
Purpose = Literal["use", "resale"]
"""What somebody wants to do with a unit: a sold one is as it should be in use, and not where it is to be sold."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the label says, or whoever asks; None: it says nothing of it.

    Attributes:
        unreadable: a date stands there that is none.
    """

    lot: str | None = None
    expiry: date | None = None
    production: date | None = None
    best_before: date | None = None
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What the books know of a unit.

    Attributes:
        lot: with the dates that its label carries; None: the number was never issued, or its record is lost.
        outcome: what became of its number; None: it was never issued, or its record is lost.
        lost: it was issued after the backup that the books were restored from.
        state: as its events say; None: it is no unit (yet).
        expiry: as its commissioning said, which may be another than the lot's.
    """

    lot: Lot | None = None
    outcome: Outcome | None = None
    lost: bool = False
    state: State | None = None
    recalled: bool = False
    on_hold: bool = False
    expiry: date | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision.

    Attributes:
        reasons: everything that is wrong, the gravest first; nothing: it is verified.
        past_best_before: may well be used, but is not what it was.
        sold: somebody has bought it.
    """

    reasons: tuple[Reason, ...]
    past_best_before: bool = False
    sold: bool = False

    @property
    def verified(self) -> bool:
        """Whether nothing at all speaks against it."""
        return not self.reasons

    @property
    def reason(self) -> Reason | None:
        """The gravest of the reasons."""
        return self.reasons[0] if self.reasons else None


def verify(facts: Facts, said: Said, today: date, purpose: Purpose = "use") -> Verdict:
    """Decide about a unit.

    A unit is good until the end of its expiry day, which is a day of `today`'s calendar (UTC).
    """
    if facts.lost:
        return Verdict(("RECORD_LOST",))
    if facts.lot is None:
        return Verdict(("UNKNOWN_SERIAL",))
    past = facts.lot.best_before is not None and facts.lot.best_before < today
    return Verdict(
        tuple(_wrong(facts, facts.lot, said, today, purpose)), past_best_before=past, sold=facts.state == "sold"
    )


_VOID: frozenset[Outcome] = frozenset({"absent", "spoiled", "sampled", "returned", "invalidated"})
#: States in which a unit is, or may be, in nobody's hands as what it was.
_ENDED: Mapping[State, Reason] = {
    "destroyed": "TERMINATED",
    "sampled": "TERMINATED",
    "consumed": "TERMINATED",
    "decommissioned": "ALREADY_INACTIVE",
    "replaced": "ALREADY_INACTIVE",
    "stolen": "STOLEN",
}
_COMMISSIONED: frozenset[State] = frozenset(
    {"active", "in_transit", "in_stock", "sold", "returned", "repaired", "lost"}
)


def _wrong(facts: Facts, lot: Lot, said: Said, today: date, purpose: Purpose) -> Iterator[Reason]:
    if facts.state is not None and facts.state in _ENDED:
        yield _ENDED[facts.state]
    elif facts.outcome in _VOID:
        yield "NUMBER_VOID"
    yield from _differing(lot, said)
    if facts.recalled:
        yield "RECALLED"
    if facts.state not in _COMMISSIONED and facts.state not in _ENDED and facts.outcome not in _VOID:
        yield "NOT_COMMISSIONED"
    if facts.on_hold:
        yield "ON_HOLD"
    if facts.state == "lost":
        yield "LOST"
    if facts.state == "sold" and purpose == "resale":
        yield "ALREADY_INACTIVE"
    if any(day is not None and day < today for day in (lot.expiry, facts.expiry)):
        yield "EXPIRED"


def _differing(lot: Lot, said: Said) -> Iterator[Reason]:
    if said.lot is not None and said.lot != lot.number:
        yield "LOT_MISMATCH"
    if said.expiry is not None and said.expiry != lot.expiry:
        yield "EXPIRY_MISMATCH"
    others = ((said.production, lot.production), (said.best_before, lot.best_before))
    if said.unreadable or any(one is not None and one != other for one, other in others):
        yield "DATE_MISMATCH"


#: Reason -> what a verification router service says: why not, and what else there is to say (LMS 1.3).
_VRS: Mapping[Reason, tuple[str, str | None]] = {
    "UNKNOWN_SERIAL": ("No_match_GTIN_Serial", None),
    "RECORD_LOST": ("No_reason_provided", None),
    "NUMBER_VOID": ("No_reason_provided", "Illegitimate"),
    "TERMINATED": ("No_reason_provided", "Illegitimate"),
    "ALREADY_INACTIVE": ("No_reason_provided", "Suspect"),
    "STOLEN": ("No_reason_provided", "Illegitimate"),
    "LOT_MISMATCH": ("No_match_GTIN_Serial_Lot", None),
    "EXPIRY_MISMATCH": ("No_match_GTIN_Serial_Expiry", None),
    "DATE_MISMATCH": ("No_reason_provided", "Suspect"),
    "RECALLED": ("Not_for_re-distribution", "Recalled"),
    "NOT_COMMISSIONED": ("No_reason_provided", None),
    "ON_HOLD": ("Not_for_re-distribution", None),
    "LOST": ("No_reason_provided", "Suspect"),
    "EXPIRED": ("Not_for_re-distribution", "Expired"),
}
#: Reason -> the alert codes of the European medicines verification; only for those it has one for.
_FMD: Mapping[Reason, str] = {
    "UNKNOWN_SERIAL": "NMVS_NC_PC_02",
    "LOT_MISMATCH": "NMVS_FE_LOT_13",
    "EXPIRY_MISMATCH": "NMVS_FE_LOT_12",
    "ALREADY_INACTIVE": "NMVS_NC_PCK_22",
    "TERMINATED": "NMVS_NC_PCK_22",
}


def vrs(verdict: Verdict) -> tuple[str | None, str | None]:
    """Return the failure reason and the additional information that a verification router service gives."""
    if {"LOT_MISMATCH", "EXPIRY_MISMATCH"} <= set(verdict.reasons) and verdict.reason in _MISMATCHES:
        return "No_match_GTIN_Serial_Lot_Expiry", _info(verdict)
    return _VRS[verdict.reason][0] if verdict.reason else None, _info(verdict)


_MISMATCHES = frozenset({"LOT_MISMATCH", "EXPIRY_MISMATCH"})


def _info(verdict: Verdict) -> str | None:
    """The gravest thing to add, whatever the reason is: a recalled unit is told as one under another lot, too."""
    return next((info for reason in verdict.reasons if (info := _VRS[reason][1])), None)


def fmd(verdict: Verdict) -> str | None:
    """Return the alert code like that of the European medicines verification; None: none, or none that fits."""
    return _FMD.get(verdict.reason) if verdict.reason else None
