"""The list of a lot's confirmed serials, sorted, as its digest is made from it; memory does not grow with the lot."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import chain, islice
from tempfile import TemporaryFile
from typing import IO

from sqlalchemy import Connection

from labelsvc.domain.issuer import Issuer
from labelsvc.domain.outcomes import having
from labelsvc.domain.ranges import Numbering
from labelsvc.storage import batches, outcomes, quality

#: Serials that are sorted in memory, and files of so many that are merged at once.
_IN_MEMORY, _FILES = 200_000, 64

#: Consecutive confirmed numbers: what makes them serials, the first ordinal, how many.
Run = tuple[Numbering, int, int]


def confirmed(conn: Connection, issuer: Issuer, lot_id: int) -> tuple[Run, ...]:
    """Return the confirmed numbers of a lot, in the order they were granted."""
    found: list[Run] = []
    for batch_id, range_id, _, _ in quality.ranges_of(conn, lot_id):
        parts = having(outcomes.of_range(conn, range_id), {"confirmed"})
        if parts:
            batch = batches.get(conn, batch_id)
            numbering = issuer.numbering(batch.product_code, batch.pattern, batch.scope, batch.key_version)
            found += [(numbering, first, count) for first, count in _joined((part.first, part.count) for part in parts)]
    return tuple(found)


def digest(runs: Iterable[Run]) -> tuple[int, str]:
    """Return how many serials there are, and the SHA-256 of their list: sorted by bytes, a line feed behind each."""
    total, count = hashlib.sha256(), 0
    with ExitStack() as files:
        for line in _sorted(chain.from_iterable(numbering.texts(*run) for numbering, *run in runs), files):
            total.update(line.encode("ascii"))
            count += 1
    return count, total.hexdigest()


def _joined(parts: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join neighbours, which differ in how they are known only."""
    held: tuple[int, int] | None = None
    for first, count in parts:
        if held is not None and held[0] + held[1] == first:
            held = (held[0], held[1] + count)
        else:
            if held is not None:
                yield held
            held = (first, count)
    if held is not None:
        yield held


def _sorted(serials: Iterator[str], files: ExitStack) -> Iterator[str]:
    """Yield serials in order, each with its line feed, which sorts before every character of a serial."""
    pieces: list[IO[str]] = []
    while piece := sorted(f"{serial}\n" for serial in islice(serials, _IN_MEMORY)):
        if not pieces and len(piece) < _IN_MEMORY:
            yield from piece  # all of them: no file is needed
            return
        if len(pieces) == _FILES:
            pieces = [_written(heapq.merge(*pieces), files)]
        pieces.append(_written(piece, files))
    yield from heapq.merge(*pieces)


def _written(lines: Iterable[str], files: ExitStack) -> IO[str]:
    """Write sorted lines into a file that nobody else sees and that is gone with this process."""
    file = files.enter_context(TemporaryFile("w+", encoding="ascii", newline="\n"))  # noqa: SIM115  # `files` closes it
    file.writelines(lines)
    file.seek(0)
    return file
