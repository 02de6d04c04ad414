"""Element strings taken apart: where GS stands, where something was typed in its place, or where it was lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from labelsvc.domain.element_strings import FNC1, ElementPair
from labelsvc.domain.scans.dictionary import Row, is_lawful, row_at

CUTS_AT_MOST = 8
STEPS_AT_MOST = 6_000
#: What scanners that play a keyboard, and the programs that receive it, make of GS; most have a
#: character that no value has.
TYPED = (
    "^]",
    "\\x1d",
    "\\u001d",
    "%1D",
    "<GS>",
    "{GS}",
    "[GS]",
    "\N{SYMBOL FOR GROUP SEPARATOR}",
    "\u2194",
    "|",
    "029",
)
#: The same, but parts of the former.
_SHORT = ("]", " ")

Split = tuple[tuple[ElementPair, ...], int]
"""Application Identifiers with their values, and how many separators had to be put in."""


@dataclass(slots=True)
class Steps:
    """How much work is left; shared by all that is tried on one text."""

    left: int = STEPS_AT_MOST

    def take(self) -> bool:
        """Use one up; no: there is none."""
        self.left -= 1
        return self.left >= 0


def marks_in(text: str, configured: tuple[str, ...]) -> Iterator[str]:
    """Yield what may have been typed for GS in a text; where GS itself stands, nothing else was."""
    if FNC1 in text:
        return
    folded = text.lower()
    for mark in dict.fromkeys((*configured, *TYPED, *_SHORT)):
        if mark and mark.lower() in folded:
            yield mark


def splits(text: str, steps: Steps, *, mark: str | None = None, lost: bool = False) -> Iterator[Split]:
    """Yield every lawful way to take an element string apart, fewest separators put in first.

    Args:
        text: without symbology identifier and leading FNC1.
        mark: what may stand in the place of a GS, in whatever case; each time it may as well be a part of the value.
        lost: a GS may be missing behind any value that needs one.
    """
    search = _Search(text, steps, _places(text, mark), len(mark or ""), lost)
    for cuts in range((CUTS_AT_MOST if mark or lost else 0) + 1):
        for pairs in search.tails(0, cuts):
            if is_lawful(pairs):
                yield pairs, cuts
        if steps.left < 0:
            return


def _places(text: str, mark: str | None) -> frozenset[int]:
    if mark is None:
        return frozenset()
    return frozenset(found.start() for found in re.finditer(f"(?={re.escape(mark)})", text, re.IGNORECASE))


@dataclass(slots=True)
class _Search:
    """A search for the ways to take a text apart.

    Attributes:
        marked: where a mark begins.
        dead: (place, separators) from which no way leads to the end.
    """

    text: str
    steps: Steps
    marked: frozenset[int]
    width: int
    lost: bool
    dead: set[tuple[int, int]] = field(default_factory=set)

    def tails(self, at: int, cuts: int) -> Iterator[tuple[ElementPair, ...]]:
        """Yield the ways to read the rest of the text with exactly so many separators put in."""
        if at == len(self.text):
            if cuts == 0:
                yield ()
            return
        row = row_at(self.text, at)
        if row is None or (at, cuts) in self.dead or not self.steps.take():
            return
        found = False
        begin = at + len(row.ai)
        for end, on, cost in self._ends(row, begin):
            value = self.text[begin:end]
            if cost > cuts or not row.allows(value):
                continue
            for tail in self.tails(on, cuts - cost):
                found = True
                yield ((row.ai, value), *tail)
        if not found and self.steps.left >= 0:
            self.dead.add((at, cuts))

    def _ends(self, row: Row, begin: int) -> Iterator[tuple[int, int, int]]:
        """Yield where a value may end, where the next AI begins, and how many separators that puts in."""
        size = len(self.text)
        if row.predefined:
            end = begin + row.longest
            if end <= size:
                yield end, end + self.text.startswith(FNC1, end), 0  # a needless one is read over
                if end in self.marked:
                    yield end, end + self.width, 1
            return
        gs = self.text.find(FNC1, begin)
        if gs >= 0:
            yield gs, gs + 1, 0
            return
        if begin + row.shortest <= size <= begin + row.longest:
            yield size, size, 0
        for end in range(begin + row.shortest, min(begin + row.longest, size - 1) + 1):
            if end in self.marked:
                yield end, end + self.width, 1
            if self.lost and row_at(self.text, end) is not None:
                yield end, end, 1
