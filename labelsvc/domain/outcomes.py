"""Outcomes: what is known of each granted number, kept as intervals of ordinals.

Rows are appended and never overwritten; of two that cover the same number the later one holds. `paint` folds the rows
of a range into what holds now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import heappop, heappush
from itertools import pairwise
from typing import Literal, get_args

Outcome = Literal[
    "held",  # granted, in the hands of whoever asked; downloads are not watched
    "planned",  # waits in a print job
    "sent",  # handed to a printer; nothing more is known
    "in_doubt",  # may or may not have been handed over
    "absent",  # known not to have come out
    "confirmed",  # came out, with evidence
    "spoiled",
    "sampled",
    "returned",  # given back unused; never issued again
    "invalidated",
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

#: From the weakest to the strongest.
Evidence = Literal["sent", "idle", "counted", "echoed", "sensed", "scanned"]


@dataclass(frozen=True, slots=True)
class Interval:
    """The numbers first .. last of one pool, both included, and what is known of them.

    Attributes:
        at: since when; of several that were merged, the latest.
    """

    first: int
    last: int
    outcome: Outcome
    evidence: Evidence | None = None
    reason: str | None = None
    at: datetime | None = field(default=None, compare=False)

    @property
    def count(self) -> int:
        """How many numbers."""
        return self.last - self.first + 1


def paint(rows: Iterable[Interval]) -> tuple[Interval, ...]:
    """Fold rows, the earliest first, into disjoint intervals in ascending order that say what holds now.

    Neighbours that say the same are one interval.
    """
    return tuple(_merged(_pieces(list(rows))))


def _pieces(rows: Sequence[Interval]) -> Iterator[Interval]:
    """Cut the numbers wherever a row begins or ends, and give each piece to the latest row that covers it."""
    edges = sorted({row.first for row in rows} | {row.last + 1 for row in rows})
    to_begin = sorted(range(len(rows)), key=lambda at: rows[at].first, reverse=True)
    begun: list[int] = []  # a heap with the latest on top, which is negated for that
    for first, following in pairwise(edges):
        while to_begin and rows[to_begin[-1]].first <= first:
            heappush(begun, -to_begin.pop())
        while begun and rows[-begun[0]].last < first:
            heappop(begun)
        if begun:
            yield replace(rows[-begun[0]], first=first, last=following - 1)


def _merged(intervals: Iterable[Interval]) -> list[Interval]:
    merged: list[Interval] = []
    for interval in intervals:
        before = merged[-1] if merged else None
        if (
            before is not None
            and before.last + 1 == interval.first
            and (before.outcome, before.evidence, before.reason)
            == (interval.outcome, interval.evidence, interval.reason)
        ):
            at = max((each.at for each in (before, interval) if each.at is not None), default=None)
            merged[-1] = replace(before, last=interval.last, at=at)
        else:
            merged.append(interval)
    return merged


def within(intervals: Iterable[Interval], first: int, last: int) -> tuple[Interval, ...]:
    """Return the parts that lie inside first .. last."""
    return tuple(
        replace(interval, first=max(interval.first, first), last=min(interval.last, last))
        for interval in intervals
        if interval.first <= last and interval.last >= first
    )


def having(intervals: Iterable[Interval], outcomes: Collection[Outcome]) -> tuple[Interval, ...]:
    """Return the intervals with one of the outcomes."""
    return tuple(interval for interval in intervals if interval.outcome in outcomes)


def totals(intervals: Iterable[Interval]) -> dict[str, int]:
    """Return how many numbers have each outcome that occurs, in the order of OUTCOMES."""
    counted: dict[str, int] = dict.fromkeys(OUTCOMES, 0)
    for interval in intervals:
        counted[interval.outcome] += interval.count
    return {outcome: count for outcome, count in counted.items() if count}


def runs(ordinals: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Return ascending ordinals as intervals (first, last)."""
    found: list[tuple[int, int]] = []
    for ordinal in ordinals:
        if found and found[-1][1] == ordinal - 1:
            found[-1] = (found[-1][0], ordinal)
        else:
            found.append((ordinal, ordinal))
    return tuple(found)
