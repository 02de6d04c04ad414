"""Labels as they pass to a printer: counted by byte and digested by block, by whoever hands them over."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from itertools import accumulate

from labelsvc.domain.jobs import BLOCK


class Passage:
    """One delivery's labels, in the order they go.

    Args:
        origin: number of the first label of the job; its blocks of 1,000 are counted from it.
    """

    def __init__(self, origin: int) -> None:
        self._origin = self._first = origin
        self._sizes = array("Q")
        self._whole = array("Q")  # what of each has to arrive before it can come out
        self._run: tuple[int, int] | None = None  # the run of labels inside one block that is being digested
        self._hash = hashlib.sha256()
        self._done: list[tuple[int, int, str]] = []

    def begin(self, first: int) -> None:
        """Say that the labels that go now, one after the other, begin with this one; bytes are counted from it."""
        self._first, self._sizes, self._whole = first, array("Q"), array("Q")

    def add(self, label: bytes) -> None:
        """Take in the next label."""
        number = self._first + len(self._sizes)
        self._sizes.append(len(label))
        self._whole.append(len(label.rstrip()))
        block_begins = (number - self._origin) % BLOCK == 0
        if self._run is None or block_begins or number != self._run[1] + 1:
            if self._run is not None:
                self._done.append((*self._run, self._hash.hexdigest()))
            self._run, self._hash = (number, number), hashlib.sha256()
        else:
            self._run = (self._run[0], number)
        self._hash.update(label)

    def touched(self, handed_over: int) -> tuple[int | None, bool]:
        """Return the last label of which one of the first `handed_over` bytes is, and whether it can come out.

        It can with its ^XZ; the line end behind that is nothing to a printer. (None, False) where not one byte was
        handed over.
        """
        if handed_over == 0:
            return None, False
        ends = array("Q", accumulate(self._sizes))
        at = bisect_left(ends, handed_over)
        return self._first + at, ends[at] - self._sizes[at] + self._whole[at] <= handed_over

    def digests(self, most: int | None = None) -> list[tuple[int, int, str]]:
        """Return (first, last, sha256) of every run of labels inside one block that grew since it was last asked.

        Args:
            most: so many at a time; the others come the next time.
        """
        grown, self._done = self._done[:most], self._done[len(self._done[:most]) :]
        if self._run is not None and (most is None or len(grown) < most):
            grown.append((*self._run, self._hash.hexdigest()))
        return grown
