"""Is there more wrong with a unit's neighbours than with the product as a whole, or is it chance?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

#: Below this chance a group stands out.
SIGNIFICANCE = 0.05
#: Tables that are as likely as the one that was seen may differ from it by rounding.
_ROUNDING = 1 + 1e-7
#: A tail is cut off where it adds nothing to a sum of floats.
_NOTHING = 1e-18


Kind = Literal["lot", "inside", "line", "hour", "printer"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Units of a group, and how many of them somebody complained of (however often)."""

    units: int
    complaints: int

    @property
    def rate(self) -> float | None:
        """Complaints by units; None: there are no units."""
        return self.complaints / self.units if self.units else None


@dataclass(frozen=True, slots=True)
class Group:
    """Neighbours of a unit: all others that share something with it, the unit itself left out.

    Attributes:
        kind: `lot`, `inside` (the same case or pallet, now or ever), `line`, `hour` (in which printing of its batch
            began) or `printer`.
        name: of what they share, for a person.
        ratio: their rate by the base rate; None: there is none.
        chance: how likely a group so far from the base rate, or further, is by chance alone (two-sided).
        stands_out: it is so unlikely, all groups considered, that it is worth looking into.
    """

    kind: Kind
    name: str
    counts: Counts
    ratio: float | None = None
    chance: float = 1.0
    stands_out: bool = False


def compared(base: Counts, groups: Sequence[Group]) -> tuple[Group, ...]:
    """Compare groups with all units of the product, of which they are parts.

    If complaints fell on the product's N units by chance alone, K of them complained of, the number among the n units
    of a group would be hypergeometric; `chance` is the two-sided p-value of Fisher's exact test, which adds up all
    numbers that are no likelier than the one that was seen (R. A. Fisher, Statistical Methods for Research Workers,
    section 21.02; two-sided as in R's fisher.test). The unit that is looked at is complained of by definition, so it
    counts neither among its neighbours nor in the base. A unit has several groups, and the more one looks at the
    sooner one of them is odd: a group stands out if its chance times their number is below 5 % (C. E. Bonferroni, 1936)
    and its rate above the base rate. Groups of nobody are not looked at.
    """
    found = []
    looked_at = sum(1 for group in groups if group.counts.units)
    for group in groups:
        rate, whole = group.counts.rate, base.rate
        ratio = rate / whole if rate is not None and whole else None
        chance = two_sided(group.counts, base)
        odd = chance * looked_at < SIGNIFICANCE and ratio is not None and ratio > 1
        found.append(replace(group, ratio=ratio, chance=chance, stands_out=odd))
    return tuple(found)


def two_sided(part: Counts, whole: Counts) -> float:
    """Return the two-sided p-value of Fisher's exact test of a part against the whole that it is of."""
    least = max(0, part.units + whole.complaints - whole.units)
    most = min(part.units, whole.complaints)
    seen = part.complaints
    if not least <= seen <= most or least == most:
        return 1.0
    # Weights are probabilities by that of the number that was seen; each follows from its neighbour's.
    total = 1.0 + _tail(part, whole, seen, most) + _tail(part, whole, seen, least)
    return min(1.0, math.exp(_log_probability(part, whole)) * total)


def _tail(part: Counts, whole: Counts, seen: int, end: int) -> float:
    """Add the weights of the numbers from `seen` (left out) to `end` that are no likelier than it."""
    step = 1 if end > seen else -1
    weight, total, fell = 1.0, 0.0, False
    for number in range(seen, end, step):
        before = weight
        weight *= _ratio(part, whole, number) if step > 0 else 1 / _ratio(part, whole, number - 1)
        fell |= weight < before
        if weight <= _ROUNDING:
            total += weight
        if fell and weight < _NOTHING:
            break
    return total


def _ratio(part: Counts, whole: Counts, number: int) -> float:
    """Return the probability of number + 1 by that of number."""
    left = whole.units - whole.complaints - part.units
    return ((whole.complaints - number) / (number + 1)) * ((part.units - number) / (left + number + 1))


def _log_probability(part: Counts, whole: Counts) -> float:
    return (
        _log_choose(whole.complaints, part.complaints)
        + _log_choose(whole.units - whole.complaints, part.units - part.complaints)
        - _log_choose(whole.units, part.units)
    )


def _log_choose(of: int, take: int) -> float:
    return math.lgamma(of + 1) - math.lgamma(take + 1) - math.lgamma(of - take + 1)
