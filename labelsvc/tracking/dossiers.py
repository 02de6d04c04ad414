"""Use case: everything that is known of a unit somebody complains of, in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.complaints import Complaint
from labelsvc.domain.gs1 import check_serial, parse_product_code
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.jobs import JobState
from labelsvc.domain.neighbours import Counts, Group, compared
from labelsvc.domain.sales import CustomerReturn, Sale
from labelsvc.domain.units.testing import Record
from labelsvc.errors import LabelsvcError, NotFound, at
from labelsvc.labels import RENDERER_REVISION, raster
from labelsvc.labels.formats import LabelFormat, parsed
from labelsvc.labels.frozen import layout_of
from labelsvc.storage import complaints, issued, jobs, label_formats, neighbours, products, sales, units
from labelsvc.storage.batches import BatchRow
from labelsvc.storage.database import Database
from labelsvc.storage.issued import Number
from labelsvc.storage.jobs import JobRow
from labelsvc.storage.neighbours import Place
from labelsvc.tracking import quality
from labelsvc.tracking.serials import History, history_of
from labelsvc.tracking.units import Story, of_row, story_of
from labelsvc.tracking.whose import code_and_serial, epc_of

_SALES_AT_MOST = 100
#: Dots per mm of a picture of a label that no printer was chosen for.
_DPMM = 8


@dataclass(frozen=True, slots=True)
class Picture:
    """A label as it was printed first.

    Attributes:
        png: None: it cannot be drawn any more.
        same_renderer: the drawing is by the same revision of the renderer as the label; else it may differ from it.
    """

    png: bytes | None
    dpmm: int
    label_format: str
    same_renderer: bool


@dataclass(frozen=True, slots=True)
class Printed:
    """How a number came onto a label.

    Attributes:
        history: outcomes with their evidence, scans, reprints, the lot with its dates.
        line: production line; job: the batch's own; both None where there is none.
    """

    history: History
    picture: Picture
    line: str | None
    job: JobRow | None

    @property
    def job_state(self) -> JobState | None:
        """State of the job."""
        return self.job.state if self.job else None


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything that is known of a unit.

    Attributes:
        complaint: the one that is looked into; None: the unit alone.
        printed: None: another made it, or its number was never granted here.
        story: its custody; None: no event ever named it.
        tests: its test records, and those of its lot as a whole; who let it pass without stands in the story.
        recalls: JSON objects.
        complaints: all of the unit, and the one that the complaint follows.
        base: all other units of its product; neighbours: those that share something with it.
    """

    epc: str
    complaint: Complaint | None
    printed: Printed | None
    story: Story | None
    tests: tuple[Record, ...]
    sales: tuple[Sale, ...]
    returns: tuple[CustomerReturn, ...]
    complaints: tuple[Complaint, ...]
    recalls: tuple[Mapping[str, Any], ...]
    base: Counts
    neighbours: tuple[Group, ...]


def of_complaint(db: Database, issuer: Issuer, complaint_id: int) -> Dossier:
    """Return the dossier of a complaint; the number of statements does not depend on the size of its lot.

    Raises:
        NotFound: there is no such complaint.
    """
    with db.read() as conn:
        complaint = complaints.get(conn, complaint_id)
        look = _Look(conn, issuer, complaint.epc, complaint)
    return look.dossier()


def of_serial(db: Database, issuer: Issuer, code: str, serial: str) -> Dossier:
    """Return the dossier of a unit by its serial.

    Raises:
        InvalidInput: the code or the serial breaks a rule of GS1.
        NotFound: no event ever named it, and it was never issued.
    """
    with at("/product"):
        product_code = parse_product_code(code).value
    with at("/serial"):
        check_serial(serial)
    with db.read() as conn:
        look = _Look(conn, issuer, epc_of(issuer, product_code, serial), None)
    if look.number is None and look.story is None:
        raise NotFound("unit_unknown", "Expected a unit that some event names, got one that none does.")
    return look.dossier()


def recalls_of(_conn: Connection, _unit_id: int) -> tuple[Mapping[str, Any], ...]:
    """Return the recalls that a unit is, or was, in; there are none yet. Whoever keeps some answers here."""
    return ()


class _Look:
    """What one look into the books found; the label is drawn after it, when nobody waits for the database."""

    def __init__(self, conn: Connection, issuer: Issuer, epc: str, complaint: Complaint | None) -> None:
        self._issuer = issuer
        self._epc = epc
        self._complaint = complaint
        self.number = _number(conn, issuer, epc)
        self.story: Story | None = None
        self._serial = (code_and_serial(issuer, epc) or ("", ""))[1]
        self._printed: tuple[History, LabelFormat, JobRow | None] | None = None
        if self.number is not None:
            batch = self.number.batch
            job = None if batch.job_id is None else jobs.get(conn, batch.job_id)
            self._printed = (history_of(conn, self.number, self._serial), _format(conn, batch), job)
        known = units.find(conn, [epc])
        self._place = None
        self._of_unit: dict[str, Any] = dict.fromkeys(("tests", "sales", "returns", "complaints", "recalls"), ())
        self._base, self._groups = Counts(0, 0), tuple[Group, ...]()
        if known:
            unit = known[0]
            self.story = story_of(conn, of_row(conn, unit))
            self._of_unit = {
                "tests": quality.of_unit(conn, unit.id).records,
                "sales": sales.of_unit(conn, unit.id, _SALES_AT_MOST),
                "returns": sales.returns_of(conn, unit.id, _SALES_AT_MOST),
                "complaints": _complaints(conn, unit.id, complaint),
                "recalls": recalls_of(conn, unit.id),
            }
            if unit.product_id is not None:
                place = Place(unit.id, unit.product_id, unit.lot_id, unit.range_id)
                self._base, self._groups = neighbours.counted(conn, place)

    def dossier(self) -> Dossier:
        """Return all of it."""
        groups = compared(self._base, self._groups)
        return Dossier(
            epc=self._epc,
            complaint=self._complaint,
            printed=self._drawn(),
            story=self.story,
            base=self._base,
            neighbours=groups,
            **self._of_unit,
        )

    def _drawn(self) -> Printed | None:
        if self.number is None or self._printed is None:
            return None
        history, fmt, job = self._printed
        batch = self.number.batch
        return Printed(history, _picture(self._issuer, batch, fmt, self._serial), batch.line, job)


def _number(conn: Connection, issuer: Issuer, epc: str) -> Number | None:
    said = code_and_serial(issuer, epc)
    if said is None or products.find(conn, said[0]) is None:
        return None
    return issued.find(conn, issuer, *said)


def _format(conn: Connection, batch: BatchRow) -> LabelFormat:
    stored = label_formats.at_revision(conn, batch.format_revision)
    return parsed(stored.toml, label_formats.files_of(conn, stored.revision))


def _complaints(conn: Connection, unit_id: int, complaint: Complaint | None) -> tuple[Complaint, ...]:
    found = complaints.of_unit(conn, unit_id)
    follows = complaint.follows if complaint else None
    if follows is None or follows in {each.id for each in found}:
        return found
    return (complaints.get(conn, follows), *found)


def _picture(issuer: Issuer, batch: BatchRow, fmt: LabelFormat, serial: str) -> Picture:
    dpmm = batch.printer_dpmm or _DPMM
    numbering = issuer.numbering(batch.product_code, batch.pattern, batch.scope, batch.key_version)
    try:
        png = raster.draw(layout_of(fmt, batch.frozen, numbering, dpmm), serial)
    except LabelsvcError:  # a renderer of today may refuse what an older one drew; the rest is worth having
        png = None
    return Picture(png, dpmm, batch.label_format, batch.renderer_revision == RENDERER_REVISION)
