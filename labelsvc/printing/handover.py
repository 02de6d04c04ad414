"""The bytes of a print job on their way: rendered as they go, counted by label, digested by block."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from labelsvc.domain.issuer import Issuer
from labelsvc.domain.jobs import BLOCK, PrinterSpec
from labelsvc.domain.ranges import Numbering
from labelsvc.labels import zpl
from labelsvc.labels.compiling import compile_layout
from labelsvc.labels.formats import parsed
from labelsvc.labels.layout import Layout
from labelsvc.labels.values import Values
from labelsvc.storage import batches, label_formats
from labelsvc.storage.database import Database
from labelsvc.storage.jobs import JobRow

#: Labels are handed to a transport in chunks of at least this many bytes.
_CHUNK = 65_536


class Handover:
    """One delivery's labels.

    Args:
        origin: first ordinal of the job, from which its blocks of 1,000 are counted.
    """

    def __init__(self, layout: Layout, numbering: Numbering, origin: int) -> None:
        self._layout = layout
        self._numbering = numbering
        self._origin = origin
        self._first = origin
        self._lengths = array("Q")
        self._run: tuple[int, int] | None = None  # the run of labels inside one block that is being digested
        self._hash = hashlib.sha256()
        self._done: list[tuple[int, int, str]] = []

    def chunks(self, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes of the labels first .. last."""
        self._first, self._lengths = first, array("Q")
        waiting = bytearray()
        for label in zpl.render(self._layout, self._numbering.texts(first, last - first + 1)):
            self._digest(first + len(self._lengths), label)
            self._lengths.append(len(label))
            waiting += label
            if len(waiting) >= _CHUNK:
                yield bytes(waiting)
                waiting.clear()
        if waiting:
            yield bytes(waiting)

    def last_touched(self, handed_over: int) -> int | None:
        """Return the last label of which one of the first `handed_over` bytes is; None where there is none."""
        if handed_over == 0:
            return None
        return self._first + bisect_left(array("Q", accumulate(self._lengths)), handed_over)

    def digests(self) -> list[tuple[int, int, str]]:
        """Return (first, last, sha256) of every run of labels inside one block that grew since it was last asked."""
        grown = [*self._done]
        if self._run is not None:
            grown.append((*self._run, self._hash.hexdigest()))
        self._done = []
        return grown

    def _digest(self, ordinal: int, label: bytes) -> None:
        block_begins = (ordinal - self._origin) % BLOCK == 0
        if self._run is None or block_begins or ordinal != self._run[1] + 1:
            if self._run is not None:
                self._done.append((*self._run, self._hash.hexdigest()))
            self._run, self._hash = (ordinal, ordinal), hashlib.sha256()
        else:
            self._run = (self._run[0], ordinal)
        self._hash.update(label)


def prepare(db: Database, issuer: Issuer, job: JobRow, spec: PrinterSpec) -> Handover:
    """Lay out a job's labels once, from what its batch froze.

    Raises:
        InvalidInput: they cannot be made for this printer.
    """
    with db.read() as conn:
        batch = batches.get(conn, job.batch_id)
        stored = label_formats.at_revision(conn, batch.format_revision)
        fmt = parsed(stored.toml, label_formats.files_of(conn, stored.revision))
    numbering = issuer.numbering(batch.product_code, batch.pattern, batch.scope, batch.key_version)
    shape = numbering.scheme.shape(numbering.scope)
    layout = compile_layout(fmt, Values.from_json(batch.frozen), shape, spec.dpmm, spec.language)
    return Handover(layout, numbering, job.first)
