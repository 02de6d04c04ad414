"""What a verdict says to a person who scanned a label: the only place where these texts stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from labelsvc.domain.verification import Reason, Verdict

Tone = Literal["good", "wait", "bad"]


@dataclass(frozen=True, slots=True)
class Words:
    """What a page shows of a verdict.

    Attributes:
        tone: good: fine; wait: not fine, and perhaps nobody's fault; bad: do not use it.
        short: one line, as for the title of a link.
        meaning: what it means.
        advice: what to do.
    """

    tone: Tone
    short: str
    meaning: str
    advice: str


_KEEP = "Do not use it and do not pass it on. Keep it with its packaging and tell whoever sold it to you, or the maker."
_FINE = Words(
    "good",
    "Genuine",
    "The maker made this product under this number, and nothing speaks against it.",
    "You can use it as the maker says. Look whether the label and the packaging are undamaged: a label can be copied.",
)
_BEST_BEFORE = "It is past its best-before date: it may have lost quality. Look at it before you use it."
WORDS: Mapping[Reason, Words] = {
    "UNKNOWN_SERIAL": Words("bad", "Not genuine", "The maker never gave this number to this product.", _KEEP),
    "RECORD_LOST": Words(
        "wait",
        "Cannot be told",
        "The maker may have given this number, but has lost the record of it.",
        "Ask the maker before you use it.",
    ),
    "NUMBER_VOID": Words(
        "bad", "Not valid", "The maker took this number out of use: no product should carry it.", _KEEP
    ),
    "TERMINATED": Words(
        "bad",
        "Not genuine",
        "The product with this number no longer exists: it was destroyed or used up. What you have is something else.",
        _KEEP,
    ),
    "ALREADY_INACTIVE": Words("bad", "Not for sale", "The product with this number was taken out of the trade.", _KEEP),
    "STOLEN": Words("bad", "Reported stolen", "The product with this number was reported stolen.", _KEEP),
    "LOT_MISMATCH": Words(
        "bad", "Not genuine", "The label names another lot than the one that this number was made in.", _KEEP
    ),
    "EXPIRY_MISMATCH": Words(
        "bad", "Not genuine", "The label names another expiry date than the one that this number was given.", _KEEP
    ),
    "DATE_MISMATCH": Words(
        "bad", "Not genuine", "The label names another date than the one that this number was given.", _KEEP
    ),
    "RECALLED": Words("bad", "Recalled", "The maker has recalled this product.", _KEEP),
    "NOT_COMMISSIONED": Words(
        "wait",
        "Not released",
        "The maker gave this number, but has not said yet that a product carries it.",
        "Do not use it yet. Ask whoever sold it to you, or the maker.",
    ),
    "ON_HOLD": Words(
        "wait",
        "On hold",
        "The maker is looking into this product and has not released it.",
        "Do not use it yet. Ask whoever sold it to you, or the maker.",
    ),
    "LOST": Words(
        "wait",
        "Reported lost",
        "The product with this number was reported lost.",
        "Tell the maker where you found it, and do not use it before you have an answer.",
    ),
    "EXPIRED": Words(
        "bad", "Expired", "Its expiry date has passed.", "Do not use it. Dispose of it as its packaging says."
    ),
}

#: Of what no single unit is.
PRODUCT = "This code names a product, not a single one of it. To check yours, scan the code that has its serial number."
LOT = (
    "This code names a lot of a product, not a single one of it. To check yours, scan the code with its serial number."
)
LOT_UNKNOWN = "The maker has no lot of this number."
LOT_EXPIRED = "Products of this lot have expired. Do not use them."
LOGISTIC = "This code names a pallet or a case on its way. To check a product, scan the code on the product itself."
VERIFIES = "Whether it is genuine"


def words(verdict: Verdict) -> Words:
    """Return what the gravest thing to say of a verdict is."""
    if verdict.reason is not None:
        return WORDS[verdict.reason]
    if verdict.past_best_before:
        return Words(_FINE.tone, _FINE.short, f"{_FINE.meaning} {_BEST_BEFORE}", _FINE.advice)
    return _FINE


def also(verdict: Verdict) -> tuple[str, ...]:
    """Return what else is wrong, a sentence each."""
    return tuple(WORDS[reason].meaning for reason in verdict.reasons[1:])
