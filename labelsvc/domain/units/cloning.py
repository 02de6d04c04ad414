"""Signs that one serial is on two things: each rule gives a reason with a weight, together a score.

After Lehtonen, Michahelles and Fleisch, How to detect cloned tags in a reliable way from incomplete RFID traces (2009,
doi 10.1109/RFID.2009.4911190): a stream of sightings has gaps, so that what a missed reading explains, too, weighs
little. A score is no verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import asin, cos, prod, radians, sin, sqrt
from typing import Literal

Reason = Literal[
    "too_fast",  # seen at two places between which nothing travels so fast, by more than one sighting
    "too_fast_once",  # the same, but for one sighting, whose place or clock may be wrong
    "after_end",  # seen after it was destroyed, sampled or decommissioned
    "never_begun",  # seen, and never commissioned or never issued
    "sold_twice",
    "label_differs",  # its label says another lot or expiry than the books
    "without_container",  # seen elsewhere than what it is packed in
    "not_sent_there",  # received by somebody to whom nobody sent it
    "many_scans",  # customers scan it more often than nearly all others
]

#: How likely one such sign alone means a second thing. What a missed reading or a wrong clock explains weighs least.
WEIGHTS: dict[Reason, float] = {
    "too_fast": 0.8,
    "too_fast_once": 0.3,
    "after_end": 0.9,
    "never_begun": 0.6,
    "sold_twice": 0.45,
    "label_differs": 0.8,
    "without_container": 0.5,
    "not_sent_there": 0.15,
    "many_scans": 0.35,
}
#: From this score on a unit is on the list.
SUSPECT = 0.5
#: Faster than an airliner, with handling; nearer than this, two places are one for clocks that differ.
KM_PER_HOUR = 900.0
_NEAR_KM = 30.0
_SKEW = timedelta(minutes=10)
_EARTH_KM = 6371.0088  # mean radius


@dataclass(frozen=True, slots=True)
class Sighting:
    """Somebody met a thing that carries the serial.

    Attributes:
        where: what tells places apart; None: nobody knows.
        degrees: latitude and longitude, WGS 84.
        finding: the rule of units that the event breaks.
        through: it is what the unit was inside that was met, not the unit.
        sent: it was shipped then, to the party `to`; received then, by the party `by`.
    """

    at: datetime
    where: str | None = None
    degrees: tuple[float, float] | None = None
    step: str | None = None
    finding: str | None = None
    through: bool = False
    to: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Scanned:
    """What others than the chain's own people did: customers' scans, and what labels said.

    Attributes:
        customers: scans by customers; usual: what nearly all units have (the 99.9th percentile).
        differs: scans of labels that say another lot or expiry.
    """

    customers: int = 0
    usual: int = 1_000_000
    differs: int = 0
    never_begun: bool = False


@dataclass(frozen=True, slots=True)
class Sign:
    """One reason, where it is seen, and what it weighs."""

    reason: Reason
    at: datetime | None = None
    detail: str = ""

    @property
    def weight(self) -> float:
        """How likely it alone means a second thing."""
        return WEIGHTS[self.reason]


def signs(sightings: Iterable[Sighting], scanned: Scanned = Scanned()) -> tuple[Sign, ...]:
    """Return the signs in a unit's sightings; each reason once, where it is seen first."""
    ordered = sorted(sightings, key=lambda one: one.at)
    found: dict[Reason, Sign] = {}
    for sign in (*_by_speed(ordered), *_by_rules(ordered), *_by_sending(ordered), *_by_scans(scanned)):
        found.setdefault(sign.reason, sign)
    return tuple(found.values())


def score(found: Sequence[Sign]) -> float:
    """Return how likely there is a second thing, 0 to 1: the signs taken for independent of each other."""
    return 1 - prod(1 - sign.weight for sign in found)


def _by_speed(ordered: Sequence[Sighting]) -> Iterator[Sign]:
    placed = [one for one in ordered if one.degrees is not None]
    jumps = list(_jumps(placed))
    if not jumps:
        return
    one_is_wrong = any(not list(_jumps(placed[:at] + placed[at + 1 :])) for at in range(len(placed)))
    after, far, hours = jumps[0]
    yield Sign("too_fast_once" if one_is_wrong else "too_fast", after.at, f"{far:.0f} km in {hours:.1f} h")


def _jumps(placed: Sequence[Sighting]) -> Iterator[tuple[Sighting, float, float]]:
    """Return sightings that something would have had to fly to from the one before, with kilometres and hours."""
    for before, after in pairwise(placed):
        assert before.degrees is not None  # only such are compared
        assert after.degrees is not None  # as above
        far = distance_km(before.degrees, after.degrees)
        hours = (after.at - before.at + _SKEW).total_seconds() / 3600
        if far > _NEAR_KM and far / hours > KM_PER_HOUR:
            yield after, far, hours


def _by_rules(ordered: Sequence[Sighting]) -> Iterator[Sign]:
    for one in ordered:
        if one.finding in ("terminated", "already_inactive"):
            sold = one.finding == "already_inactive" and one.step in ("retail_selling", "dispensing")
            yield Sign("sold_twice" if sold else "after_end", one.at, one.where or "")
        elif one.finding == "packed_in":
            yield Sign("without_container", one.at, one.where or "")
        elif one.finding in ("unknown_serial", "not_commissioned"):
            yield Sign("never_begun", one.at, one.where or "")


def _by_sending(ordered: Sequence[Sighting]) -> Iterator[Sign]:
    """A receipt by somebody, after a shipment to somebody else and none to them."""
    sent: set[str] = set()
    for one in ordered:
        if one.to is not None:
            sent.add(one.to)
        if one.by is not None and sent and one.by not in sent:
            yield Sign("not_sent_there", one.at, one.by)


def _by_scans(scanned: Scanned) -> Iterator[Sign]:
    if scanned.differs:
        yield Sign("label_differs", None, f"{scanned.differs} scans")
    if scanned.customers > scanned.usual:
        yield Sign("many_scans", None, f"{scanned.customers} scans, {scanned.usual} are usual")
    if scanned.never_begun and scanned.customers:
        yield Sign("never_begun", None, f"{scanned.customers} scans")


def distance_km(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Return the length of the great circle between two places, by the haversine formula."""
    latitude, longitude = radians(there[0] - here[0]), radians(there[1] - here[1])
    half = sin(latitude / 2) ** 2 + cos(radians(here[0])) * cos(radians(there[0])) * sin(longitude / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(min(1.0, half)))
