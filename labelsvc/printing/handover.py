"""The bytes of a print job on their way: rendered as they go, counted by label, digested by block."""

from __future__ import annotations

from collections.abc import Iterator

from labelsvc.domain.issuer import Issuer
from labelsvc.domain.jobs import Printer
from labelsvc.domain.passage import Passage
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
#: Labels that go one by one are made so many at a time.
_AHEAD = 64


class Handover:
    """One delivery's labels.

    Args:
        span: first and last ordinal of the job; its blocks of 1,000 are counted from the first.
        echo: every label asks the printer to echo its serial (^HV) as it comes out.
    """

    def __init__(self, layout: Layout, numbering: Numbering, span: tuple[int, int], *, echo: bool = False) -> None:
        self._layout = layout
        self._numbering = numbering
        self._end = span[1]
        self._echo = echo
        self._passage = Passage(span[0])
        self._ahead: dict[int, bytes] = {}  # labels that are made and will be asked for one by one
        self._echoes: dict[str, int] = {}

    def chunks(self, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes of the labels first .. last."""
        self._passage.begin(first)
        waiting = bytearray()
        for label in self._made(first, last) if self._echo else self.rendered(first, last):
            self._passage.add(label)
            waiting += label
            if len(waiting) >= _CHUNK:
                yield bytes(waiting)
                waiting.clear()
        if waiting:
            yield bytes(waiting)

    def rendered(self, first: int, last: int) -> Iterator[bytes]:
        """Yield the labels first .. last one by one; they are neither counted nor digested."""
        return zpl.render(self._layout, self._numbering.texts(first, last - first + 1), echo=self._echo)

    def _made(self, first: int, last: int) -> Iterator[bytes]:
        for ordinal in range(first, last + 1):
            if ordinal not in self._ahead:
                end = min(ordinal + _AHEAD - 1, self._end)
                texts = list(self._numbering.texts(ordinal, end - ordinal + 1))
                made = zpl.render(self._layout, texts, echo=True)
                self._ahead = dict(zip(range(ordinal, end + 1), made, strict=True))
                recent = dict(list(self._echoes.items())[-_AHEAD:])
                self._echoes = recent | dict(zip(zpl.echoes(self._layout, texts), self._ahead, strict=True))
            yield self._ahead.pop(ordinal)

    def echoed(self, text: str) -> int | None:
        """Return the ordinal of the label that the printer echoed, if it is one of those sent last."""
        return self._echoes.get(text)

    def touched(self, handed_over: int) -> tuple[int | None, bool]:
        """Return the last label of which one of the first `handed_over` bytes is, and whether it can come out."""
        return self._passage.touched(handed_over)

    def digests(self) -> list[tuple[int, int, str]]:
        """Return (first, last, sha256) of every run of labels inside one block that grew since it was last asked."""
        return self._passage.digests()


def prepare(db: Database, issuer: Issuer, job: JobRow, printer: Printer) -> Handover:
    """Lay out a job's labels once, from what its batch froze, for a printer as the job froze it.

    Raises:
        InvalidInput: they cannot be made for this printer.
    """
    layout, numbering = laid_out(db, issuer, job.batch_id, printer)
    return Handover(layout, numbering, (job.first, job.last), echo=printer.profile.echo is not None)


def laid_out(db: Database, issuer: Issuer, batch_id: int, printer: Printer) -> tuple[Layout, Numbering]:
    """Return a batch's layout for a printer, and what makes its ordinals serials.

    Raises:
        InvalidInput: its labels cannot be made for this printer.
    """
    with db.read() as conn:
        batch = batches.get(conn, batch_id)
        stored = label_formats.at_revision(conn, batch.format_revision)
        fmt = parsed(stored.toml, label_formats.files_of(conn, stored.revision))
    numbering = issuer.numbering(batch.product_code, batch.pattern, batch.scope, batch.key_version)
    shape = numbering.scheme.shape(numbering.scope)
    layout = compile_layout(fmt, Values.from_json(batch.frozen), shape, printer.spec.dpmm)
    if printer.profile.echo is not None:
        zpl.check_echo(layout)
    return layout, numbering
