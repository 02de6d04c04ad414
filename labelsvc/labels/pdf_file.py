"""A PDF file's frame (ISO 32000-1, 7.5 and 7.7.3): its objects, its tree of pages and its cross-reference table.

The file is written from the first byte to the last and nothing is kept but where each object begins. That is possible
because the number of pages is known beforehand: every object has its number before it is written, so a page can name
its parent, which follows after the last of its children.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import accumulate

HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
"""The second line tells transports that the file is not text (7.5.2)."""

FAN_OUT = 64
"""Children of a node of the page tree."""

_TABLE_ROWS = 512
_END = 10**10  # an offset has ten digits in the cross-reference table


class Objects:
    """The objects of one file, in the order they are written."""

    __slots__ = ("_offsets", "_position")

    def __init__(self, last: int) -> None:
        """Begin after HEADER; `last` is the greatest number of an object."""
        self._offsets = array("Q", bytes(8 * (last + 1)))
        self._position = len(HEADER)

    def write(self, number: int, entries: bytes, data: bytes | None = None) -> bytes:
        """Write a dictionary with these entries, or a stream of these data.

        Raises:
            ValueError: the object is too far from the beginning of the file to be found again.
        """
        if self._position >= _END:
            raise ValueError(f"Expected a PDF of at most {_END:,} bytes, got more.")
        self._offsets[number] = self._position
        if data is None:
            written = b"%d 0 obj\n<<%b>>\nendobj\n" % (number, entries)
        else:
            length = len(data)
            written = b"%d 0 obj\n<<%b/Length %d>>\nstream\n%b\nendstream\nendobj\n" % (number, entries, length, data)
        self._position += len(written)
        return written

    def end(self, catalog: int) -> Iterator[bytes]:
        """Write the cross-reference table and the trailer."""
        start, count = self._position, len(self._offsets)
        yield b"xref\n0 %d\n0000000000 65535 f \n" % count
        for first in range(1, count, _TABLE_ROWS):
            yield b"".join(b"%010d 00000 n \n" % offset for offset in self._offsets[first : first + _TABLE_ROWS])
        yield b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, catalog, start)


class PageTree:
    """A balanced tree of pages: which number each page, its content and each node has.

    Attributes:
        root: number of the root.
        last: number of the last object.
    """

    __slots__ = ("_bases", "_first_page", "_inherited", "_sizes", "last", "root")

    def __init__(self, pages: int, first: int, inherited: bytes) -> None:
        """Plan a tree.

        Args:
            pages: at least 1.
            first: the first number that is free.
            inherited: entries of the root that hold for every page.
        """
        sizes = [pages]
        while len(sizes) == 1 or sizes[-1] > 1:
            sizes.append(-(-sizes[-1] // FAN_OUT))
        self._sizes = sizes
        self._inherited = inherited
        # Nodes of the level above the pages, then of the one above that, to the root; then pages with their content.
        self._bases = list(accumulate(sizes[1:], initial=first))
        self._first_page = self._bases.pop()
        self.root = self._bases[-1]
        self.last = self._first_page + 2 * pages - 1

    def page(self, objects: Objects, page: int, content: bytes) -> Iterator[bytes]:
        """Write a page (counted from 0), its content, and the nodes whose last child it is."""
        number = self._first_page + 2 * page
        parent = self._bases[0] + page // FAN_OUT
        yield objects.write(number, b"/Type/Page/Parent %d 0 R/Contents %d 0 R" % (parent, number + 1))
        yield objects.write(number + 1, b"", content)
        child = page
        for level, base in enumerate(self._bases):
            if (child + 1) % FAN_OUT and child + 1 < self._sizes[level]:
                return
            child //= FAN_OUT
            yield objects.write(base + child, self._node(level, child))

    def _node(self, level: int, node: int) -> bytes:
        """Give the entries of the node that is so far from the left, on a level above the pages (counted from 0)."""
        kids = range(node * FAN_OUT, min((node + 1) * FAN_OUT, self._sizes[level]))
        first, step = (self._bases[level - 1], 1) if level else (self._first_page, 2)
        count = min((node + 1) * FAN_OUT ** (level + 1), self._sizes[0]) - node * FAN_OUT ** (level + 1)
        above = self._inherited
        if level + 1 < len(self._bases):
            above = b"/Parent %d 0 R" % (self._bases[level + 1] + node // FAN_OUT)
        listed = b" ".join(b"%d 0 R" % (first + step * kid) for kid in kids)
        return b"/Type/Pages%b/Count %d/Kids[%b]" % (above, count, listed)
