"""What somebody means to do with what they scan, in the words of CBV, and what of it they should know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from labelsvc.domain.epcis.events import Action
from labelsvc.domain.units.rules import Finding
from labelsvc.domain.units.standing import HOLD, Standing, State, Terms

Intent = Literal[
    "find",
    "receive",
    "ship",
    "stock",
    "inspect",
    "sell",
    "take_back",
    "hold",
    "release",
    "destroy",
    "pack",
    "unpack",
]
INTENTS: tuple[Intent, ...] = get_args(Intent)
#: What is not done where it may not be; everything else has happened by the time it is scanned.
GUARDED: frozenset[Intent] = frozenset({"sell", "ship", "pack"})


@dataclass(frozen=True, slots=True)
class Meaning:
    """An intent as an event.

    Attributes:
        stays: the place is where the thing is afterwards (bizLocation), not only where it was read.
        done: what a person reads when it is done.
    """

    action: Action
    step: str
    disposition: str | None
    done: str
    set: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    stays: bool = True


MEANINGS: dict[Intent, Meaning] = {
    "receive": Meaning("OBSERVE", "receiving", "in_progress", "received"),
    "ship": Meaning("OBSERVE", "shipping", "in_transit", "shipped", stays=False),
    "stock": Meaning("OBSERVE", "stocking", "sellable_accessible", "stocked"),
    "inspect": Meaning("OBSERVE", "inspecting", None, "inspected"),
    "sell": Meaning("OBSERVE", "retail_selling", "retail_sold", "sold", stays=False),
    "take_back": Meaning("OBSERVE", "receiving", "returned", "taken back"),
    "hold": Meaning("OBSERVE", "holding", HOLD, "put on hold", set=(HOLD,)),
    "release": Meaning("OBSERVE", "holding", "available", "released", unset=(HOLD,)),
    "destroy": Meaning("DELETE", "destroying", "destroyed", "destroyed", stays=False),
    "pack": Meaning("ADD", "packing", "in_progress", "packed"),
    "unpack": Meaning("DELETE", "unpacking", "in_progress", "unpacked"),
}

Warning = Literal[  # noqa: A001 - what a person is warned of
    "never_issued",
    "not_commissioned",
    "wrong_lot",
    "wrong_expiry",
    "expired",
    "recalled",
    "on_hold",
    "failed_tests",
    "sold",
    "packed_in",
    "lost",
    "stolen",
    "ended",
]


def warnings(
    unit: Standing, terms: Terms, day: date, label: tuple[str | None, date | None] = (None, None)
) -> Iterator[Warning]:
    """Return what somebody with a unit in their hand should know of it.

    Args:
        label: lot and expiry that its label says; None: it does not say.
    """
    said: tuple[tuple[bool, Warning], ...] = (
        (terms.ours and not terms.issued, "never_issued"),
        (terms.issued and unit.state == "unknown", "not_commissioned"),
        (_differs(label[0], unit.lot or terms.lot), "wrong_lot"),
        (_differs(label[1], unit.expiry or terms.expiry), "wrong_expiry"),
        (unit.expired(day) or (terms.expiry is not None and day > terms.expiry), "expired"),
        (unit.recalled, "recalled"),
        (unit.on_hold, "on_hold"),
        (unit.quality == "non_conformant", "failed_tests"),
        (unit.state == "sold", "sold"),
        (unit.parent is not None, "packed_in"),
        (unit.state == "lost", "lost"),
        (unit.state == "stolen", "stolen"),
        (unit.ended, "ended"),
    )
    return (name for holds, name in said if holds)


def _differs(label: object, books: object) -> bool:
    return label is not None and books is not None and label != books


_STATES: dict[State, str] = {
    "unknown": "not yet commissioned",
    "in_transit": "in transit",
    "in_stock": "in stock",
}


def in_words(state: State) -> str:
    """Return a state as people say it."""
    return _STATES.get(state, state)


#: Each rule as a person reads it.
SENTENCES: dict[Finding | Warning, str] = {
    "future_time": "its time lies in the future",
    "before_issue": "its time lies before the serial was issued",
    "unknown_serial": "the serial was never issued",
    "not_commissioned": "it was never commissioned",
    "already_commissioned": "it was commissioned before",
    "lot_mismatch": "its lot is another one",
    "expiry_mismatch": "its expiry is another one",
    "terminated": "it ended before",
    "already_inactive": "it was sold or ended before",
    "sale_blocked_recalled": "it is recalled and may not be sold",
    "sale_blocked_on_hold": "it is on hold and may not be sold",
    "sale_blocked_failed_tests": "it failed its tests and may not be sold",
    "sale_blocked_expired": "it has expired and may not be sold",
    "sale_blocked_stolen": "it was reported lost or stolen",
    "blocked_untested": "its required tests have not been passed",
    "packed_in": "it is packed in another",
    "already_packed": "it is in there already",
    "not_in_parent": "it is not in there",
    "inside_itself": "it cannot be inside itself",
    "undo_refused_state": "there is nothing to undo",
    "undo_refused_late": "it is too late to undo",
    "recall_lift_refused": "only whoever recalled it may lift that",
    "never_issued": "the serial was never issued",
    "wrong_lot": "the label says another lot",
    "wrong_expiry": "the label says another expiry",
    "expired": "it has expired",
    "recalled": "it is recalled",
    "on_hold": "it is on hold",
    "failed_tests": "it failed its tests",
    "sold": "it is sold",
    "lost": "it was reported lost",
    "stolen": "it was reported stolen",
    "ended": "it ended before",
}
