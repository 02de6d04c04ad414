"""Rows: what a benchmark found, ours beside a peer's in one run, and the table of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison.

    Attributes:
        name: what was measured.
        ours, peer: with their unit, for a person ("1,700,000 /s").
        ratio: the median of the rounds' ratios; what is compared with the goal.
        goal: what the ratio should be at least.
        note: the peer, and how it was measured.
        at_most: the goal is an upper bound instead.
    """

    name: str
    ours: str
    peer: str
    ratio: float
    goal: float
    note: str
    at_most: bool = False

    @property
    def reached(self) -> bool:
        """Whether the ratio keeps the goal."""
        return self.ratio <= self.goal if self.at_most else self.ratio >= self.goal


HEADINGS = ("what", "ours", "peer", "ratio", "goal", "", "how")


def table(rows: Sequence[Row]) -> str:
    """Write rows as a table for a terminal."""
    lines = [HEADINGS, *[cells(row) for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def cells(row: Row) -> tuple[str, ...]:
    """Write one row, cell by cell under HEADINGS."""
    goal = f"{'at most' if row.at_most else 'at least'} {row.goal:g}x"
    return (row.name, row.ours, row.peer, f"{row.ratio:,.3g}x", goal, "ok" if row.reached else "MISSED", row.note)
