"""Use cases: the files of a batch, made while they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.batches import Download, LabelsRequest
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.outcomes import Interval, Outcome, having, within
from labelsvc.domain.ranges import Numbering
from labelsvc.errors import Conflict, InvalidInput, NotAllowed
from labelsvc.issuing.batches import label_interval
from labelsvc.labels import pdf, raster, zpl
from labelsvc.labels.formats import LabelFormat, parsed
from labelsvc.labels.frozen import layout_of
from labelsvc.storage import audit, batches, label_formats, outcomes, quality
from labelsvc.storage import ranges as range_rows
from labelsvc.storage.batches import BatchRow
from labelsvc.storage.database import Database

#: Resolutions a download may be asked for, dots per mm.
RESOLUTIONS = (8, 12)
DEFAULT_DPMM = 12
#: A CSV is made in pieces of this many lines.
_LINES = 1_000

#: Outcomes that no label may say otherwise of, and what is answered then.
_GONE: Mapping[Outcome, str] = {
    "returned": "numbers_returned",
    "spoiled": "numbers_not_valid",
    "invalidated": "numbers_not_valid",
}

_MEDIA = {"zpl": "application/vnd.zebra-zpl", "pdf": "application/pdf", "png": "image/png"}


@dataclass(frozen=True, slots=True)
class _Part:
    """The labels asked for, and what they are made from."""

    row: BatchRow
    first: int
    last: int
    fmt: LabelFormat
    numbering: Numbering

    @property
    def count(self) -> int:
        return self.last - self.first + 1


def serials_csv(db: Database, issuer: Issuer, batch_id: int) -> Download:
    """Return every serial of a batch with its label's number and its outcome: `serial,label,outcome`.

    Raises:
        NotFound: no such batch.
    """
    with db.read() as conn:
        row = batches.get(conn, batch_id)
        known = outcomes.of_range(conn, row.range_id)
    numbering = _numbering(issuer, row)
    return Download("text/csv; charset=utf-8", f"batch-{row.id}-serials.csv", _csv(row, numbering, known))


def _csv(row: BatchRow, numbering: Numbering, known: tuple[Interval, ...]) -> Iterator[bytes]:
    yield b"serial,label,outcome\r\n"
    for interval in known:
        for start in range(interval.first, interval.last + 1, _LINES):
            count = min(_LINES, interval.last - start + 1)
            label = start - row.first + 1
            texts = numbering.texts(start, count)
            lines = (f"{text},{label + n},{interval.outcome}\r\n" for n, text in enumerate(texts))
            yield "".join(lines).encode()


def labels(
    db: Database, issuer: Issuer, call: Call, batch_id: int, request: LabelsRequest, *, any_batch: bool
) -> Download:
    """Return labels of a batch as ZPL, PDF or (one label) PNG; every download is an entry in the audit.

    Args:
        any_batch: the caller may take labels of a batch that has a printer, too.

    Raises:
        NotFound: no such batch.
        NotAllowed: the batch has a printer.
        InvalidInput: the labels are not of this batch, or cannot be made at this resolution.
        Conflict: numbers among them were returned, spoiled or invalidated, so there is no label for them; or they are
            to be printed and the lot is closed.
        TooLarge: more labels than one PDF holds.
    """
    with db.read() as conn:
        part = _part(conn, issuer, batch_id, request, any_batch=any_batch)
    dpmm = (part.row.printer_dpmm or DEFAULT_DPMM) if request.dpmm is None else request.dpmm
    if dpmm not in RESOLUTIONS:
        raise InvalidInput("dpmm", f"Expected 8 or 12 dots per mm, got {dpmm}.", pointer="/dpmm")
    layout = layout_of(part.fmt, part.row.frozen, part.numbering, dpmm)
    serials = part.numbering.texts(part.first, part.count)
    body: Iterator[bytes]
    if request.form == "pdf":
        body = pdf.write(layout, serials, part.count)
    elif request.form == "zpl":
        body = zpl.render(layout, serials)
    else:
        body = iter((raster.draw(layout, next(serials)),))
    # The first bytes are made before the entry, so that what goes wrong with them is an answer and leaves none.
    body = _started(body)
    _note(db, call, part, request.form)
    label = part.first - part.row.first + 1
    span = f"{label}" if part.count == 1 else f"{label}-{label + part.count - 1}"
    return Download(_MEDIA[request.form], f"batch-{part.row.id}-labels-{span}.{request.form}", body)


def _part(conn: Connection, issuer: Issuer, batch_id: int, request: LabelsRequest, *, any_batch: bool) -> _Part:
    row = batches.get(conn, batch_id)
    if row.printer is not None and not any_batch:
        raise NotAllowed("batch_has_printer", f"Expected a batch without a printer, got one that {row.printer} prints.")
    first, last = label_interval(row, request.first, 1 if request.form == "png" else request.count)
    stored = label_formats.at_revision(conn, row.format_revision)
    fmt = parsed(stored.toml, label_formats.files_of(conn, stored.revision))
    return _Part(row, first, last, fmt, _numbering(issuer, row))


def _numbering(issuer: Issuer, row: BatchRow) -> Numbering:
    return issuer.numbering(row.product_code, row.pattern, row.scope, row.key_version)


def _note(db: Database, call: Call, part: _Part, form: str) -> None:
    """Write the entry, unless numbers of the part are not in use any more, or the lot is closed, be it a moment ago."""
    row = part.row

    def work(conn: Connection) -> None:
        if form != "png":  # a picture is to look at; the others are to print
            quality.check_open(conn, row.lot_id)
        range_rows.lock(conn, row.range_id)
        gone = having(within(outcomes.of_range(conn, row.range_id), part.first, part.last), _GONE.keys())
        if gone:
            label, outcome = gone[0].first - row.first + 1, gone[0].outcome
            message = f"Expected numbers in use, got label {label}, which was {outcome}."
            raise Conflict(_GONE[outcome], message, pointer="/first")
        after = {"form": form, "first": part.first, "last": part.last}
        audit.record(conn, call, "batch.download", f"batch:{row.id}", after=after)

    db.write(work)


def _started(body: Iterator[bytes]) -> Iterator[bytes]:
    head = next(body, b"")
    return chain((head,), body)
