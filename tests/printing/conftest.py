"""A small works: one product, one lot, printers of any kind, and a sender; on both databases."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.batches import Batch, BatchRequest, LotRequest
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.jobs import WINDOW, LabelOutcome, Printer, PrinterSpec, PrintJob, Resolution
from labelsvc.domain.outcomes import Interval
from labelsvc.domain.products import NewProduct
from labelsvc.domain.profiles import Profile
from labelsvc.errors import Unavailable
from labelsvc.issuing import batches, downloads, label_formats, lots, products
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.virtual.engine import Personality
from labelsvc.printing import delivery, jobs, printers, resolving
from labelsvc.storage import installation
from labelsvc.storage import jobs as job_rows
from labelsvc.storage import outcomes as outcome_rows
from labelsvc.storage import printers as printer_rows
from labelsvc.storage.database import Database
from labelsvc.storage.printers import Lease
from labelsvc.storage.tables import audit, metadata

SECRET = bytes(range(32))
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_keys = count()


Work = Callable[[Connection], Any]
Happens = Callable[[Database, Work], object]


class Misfortune:
    """A database at one write of which something happens; writes are counted from 1."""

    def __init__(self, db: Database, at: int, happens: Happens) -> None:
        self._db = db
        self._at = at
        self._happens = happens
        self._count = count(1)
        self.read = db.read

    def write(self, work: Work) -> object:
        """Do what happens, or write."""
        if next(self._count) == self._at:
            return self._happens(self._db, work)
        return self._db.write(work)


@dataclass
class Works:
    """Use cases at hand; `clock` may be set."""

    db: Database
    data_dir: Path
    issuer: Issuer = field(default_factory=lambda: Issuer(SECRET, "https://id.example.com"))
    clock: Callable[[], datetime] = lambda: NOW
    lot_id: int = 0

    def call(self, key: str | None = None) -> Call:
        """A request of a client, with a key of its own unless one is given."""
        return Call(Actor("key", "tests"), self.clock(), key or f"key-{next(_keys)}")

    def add_printer(self, name: str, uri: str, **spec: object) -> None:
        """Add a printer loaded for item-70x35, or as `spec` says."""
        loaded = {"language": "zpl", "dpmm": 8, "media_width": 70.0, "media_height": 35.0} | spec
        printers.add_printer(self.db, self.call(), PrinterSpec(name, uri, **loaded), self.data_dir)  # type: ignore[arg-type]

    def issue(self, quantity: int, printer: str | None = "p") -> Batch:
        """Ask for labels."""
        return batches.issue(self.db, self.issuer, self.call(), self.lot_id, BatchRequest(quantity, printer))

    def certify(self, name: str, kind: Personality) -> None:
        """Give a printer the profile that a certification of this kind of printer finds."""
        profile = Profile(
            model=kind.model,
            firmware=kind.firmware,
            unique_id=kind.unique_id if kind.json_port else None,
            echo=kind.echo,
            counter=kind.counts if kind.json_port else None,
            counter_survives=kind.counter_survives,
            uptime=kind.says_uptime and kind.json_port,
            silent_on_fault=kind.silent_on_fault,
            reprints_partial=kind.jz != "never",
        )
        was = self.printer(name)
        self.db.write(lambda conn: printer_rows.set_profile(conn, self.call(), was.id, profile))

    def sender(
        self, stopping: Callable[[], bool] = lambda: False, lease_seconds: float = 60.0, **patience: float
    ) -> delivery.Sender:
        """Make a sender."""
        return delivery.Sender(self.db, self.issuer, self.data_dir, self._now, stopping, lease_seconds, **patience)

    def _now(self) -> datetime:
        return self.clock()

    def send(self, owner: str = "worker-1", **patience: float) -> None:
        """Serve every printer that has something to send, once."""
        for printer_id in delivery.waiting(self.sender()):
            delivery.serve(self.sender(**patience), printer_id, owner)

    def misfortune(self, at: int, happens: Happens) -> bool:
        """Serve every printer with a database at one write of which something happens; return whether that failed."""
        sender = replace(self.sender(), db=Misfortune(self.db, at, happens))  # type: ignore[arg-type]
        try:
            for printer_id in delivery.waiting(self.sender()):
                delivery.serve(sender, printer_id, "unlucky")
        except Unavailable:
            return True
        return False

    def die_in_doubt(self, batch: Batch) -> None:
        """Let a sender die when its first window is in doubt and not a byte has left; the next one finds it."""

        def lost(db: Database, work: Work) -> object:
            db.write(work)
            raise Unavailable("database_lost", "Expected an answer from the database, got a lost connection.")

        assert self.misfortune(3, lost)  # it has the lease and the job, and now holds the window
        self.send("heir")
        assert self.job(batch).outcomes["in_doubt"] == WINDOW

    def break_down(self, printer: VirtualPrinter, quantity: int = 1_000, after: int = 100_000) -> Batch:
        """Send a job whose connection breaks after so many bytes; return its batch."""
        self.add_printer("p", printer.uri)
        batch = self.issue(quantity)
        printer.drop_after(after, "rst")
        self.send()
        assert self.job(batch).state == "processing-stopped"
        return batch

    def settled(self, printer: VirtualPrinter) -> list[str]:
        """Look at the labels that came out, once no more come."""
        assert printer.wait_for(lambda state: not state.connections, timeout=10)
        assert printer.wait_for(lambda state: not state.formats_waiting and not state.labels_left, timeout=10)
        return self.read(printer.labels)

    def overtake(self, printer_id: int, owner: str) -> Lease:
        """Take a printer's lease, which must be free or run out."""
        lease = self.db.write(lambda conn: printer_rows.acquire_lease(conn, printer_id, owner, self.clock(), 60))
        assert lease is not None
        return lease

    def job(self, batch: Batch) -> PrintJob:
        """The batch's print job as it is now."""
        assert batch.job_id is not None
        return jobs.get_job(self.db, self.issuer, batch.job_id)

    def labels(self, batch: Batch) -> tuple[LabelOutcome, ...]:
        """What is known of each label of the batch's job."""
        assert batch.job_id is not None
        return jobs.list_labels(self.db, self.issuer, batch.job_id, 0, batch.quantity).items

    def resolve(
        self, batch: Batch, last_good: str | None, *, proceed: bool, key: str | None = None, nothing: bool = False
    ) -> PrintJob:
        """Say what came out of a stopped printer."""
        assert batch.job_id is not None
        found = Resolution(last_good, proceed, "looked at the printer", nothing)
        return resolving.resolve_job(self.db, self.issuer, self.call(key), batch.job_id, found)

    def say(self, batch: Batch, key: str = "one", **found: Any) -> PrintJob:
        """Say what came out of a stopped printer in any way there is; by default the job goes on."""
        assert batch.job_id is not None
        resolution = Resolution(**{"last_good": None, "proceed": True, **found})
        return resolving.resolve_job(self.db, self.issuer, self.call(key), batch.job_id, resolution)

    def pass_time(self, seconds: float) -> None:
        """Let the clock go on; printers and leases look at it."""
        later = self.clock() + timedelta(seconds=seconds)
        self.clock = lambda: later

    def printer(self, name: str = "p") -> Printer:
        """Return a printer as it is now."""
        return printers.get_printer(self.db, name)

    def audit(self, subject: str) -> list[dict[str, Any]]:
        """Return what the audit has of something, in the order it was written."""
        with self.db.read() as conn:
            rows = conn.execute(select(audit).where(audit.c.subject == subject).order_by(audit.c.id))
            return [row._asdict() for row in rows]

    def cancel(self, batch: Batch) -> PrintJob:
        """End the batch's job."""
        assert batch.job_id is not None
        return jobs.cancel_job(self.db, self.issuer, self.call(), batch.job_id, "not needed")

    @staticmethod
    def read(labels: Iterable[bytes]) -> list[str]:
        """Read the serial off each format as a person does: scheme {prod:%y%j}{seq:6} in a lot of 2026-11-22."""
        return [re.findall(rb"26326\d{6}", label)[-1].decode() for label in labels]

    def written(self, name: str) -> list[str]:
        """Return the serials in the file of a printer, in order."""
        data = (self.data_dir / "printed" / name).read_bytes()
        return self.read(re.findall(rb"\^XA.*?\^XZ", data, re.DOTALL))

    def serials(self, batch: Batch) -> list[str]:
        """The batch's serials, in the order of its labels."""
        lines = b"".join(downloads.serials_csv(self.db, self.issuer, batch.id).body).decode().split()
        return [line.split(",")[0] for line in lines[1:]]


@pytest.fixture(scope="session")
def misfortune() -> type[Misfortune]:
    """The database of a sender that something happens to."""
    return Misfortune


#: What every works has, as rows by table, and its lot; by the address of the database, but SQLite's are all alike.
_founded: dict[str, tuple[dict[str, list[Any]], int]] = {}


@pytest.fixture
def works_on(tmp_path: Path) -> Callable[[Database], Works]:
    """Make a works in an empty database, with a product of its own, VALVE, in one lot, labelled by item-70x35."""

    def found(database: Database) -> Works:
        made = Works(database, tmp_path / "data")
        place = database.url if database.dialect == "postgresql" else "sqlite"
        if place not in _founded:
            lot_id = _found(made)
            _founded[place] = (_rows(database), lot_id)
        else:  # by writing down what came of it the first time, which is far quicker
            database.write(lambda conn: _write_down(conn, _founded[place][0]))
        made.lot_id = _founded[place][1]
        return made

    return found


def _found(works: Works) -> int:
    works.db.write(lambda conn: installation.bind_secret(conn, SECRET, NOW))
    label_formats.seed_formats(works.db, NOW)
    new = NewProduct("VALVE", "Ball valve", "{prod:%y%j}{seq:6}", "item-70x35")
    products.add_product(works.db, works.call(), new)
    return lots.open_lot(works.db, works.call(), LotRequest("VALVE", "M-1", date(2026, 11, 22))).id


def _rows(database: Database) -> dict[str, list[Any]]:
    with database.read() as conn:
        found = {table.name: conn.execute(select(table)).mappings().all() for table in metadata.sorted_tables}
    return {name: [dict(row) for row in rows] for name, rows in found.items() if rows}


def _write_down(conn: Connection, rows: dict[str, list[Any]]) -> None:
    for name, lines in rows.items():
        conn.execute(metadata.tables[name].insert(), lines)


@pytest.fixture
def works(database: Database, works_on: Callable[[Database], Works]) -> Works:
    """A works on either database."""
    return works_on(database)


@pytest.fixture
def stopped(works: Works) -> Batch:
    """A job of ten labels that stopped: 1 to 3 were sent, 4 to 6 are in doubt, 7 to 10 planned."""
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(10)

    def work(conn: Connection) -> None:
        job = job_rows.get(conn, batch.job_id or 0)
        run = outcome_rows.Delivery(job.id, job.range_id, 1)
        outcome_rows.append(conn, works.call(), job.range_id, Interval(job.first, job.first + 2, "sent", "sent"), run)
        outcome_rows.hold_in_doubt(conn, works.call(), run, job.first + 3, job.first + 5)
        job_rows.set_state(conn, job.id, "processing-stopped", ("printer-stopped",), message="It went away.")

    works.db.write(work)
    return batch
