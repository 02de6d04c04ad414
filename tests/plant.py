"""A plant for the tests of the use cases: a database bound to a secret, label formats, short ways to fill it."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.batches import Batch, BatchRequest, LabelsRequest, LotRequest, OpenLot, ReturnRequest
from labelsvc.domain.gs1 import check_digit
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.jobs import Printer, PrinterSpec
from labelsvc.domain.products import NewProduct, Product
from labelsvc.issuing import batches, downloads, label_formats, lots, products
from labelsvc.printing import delivery, printers
from labelsvc.storage import installation
from labelsvc.storage.database import Database
from labelsvc.storage.tables import metadata

SECRET = bytes(range(32))
#: Every request of the tests comes at this moment unless it says another.
NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)

#: A label that shows its serial and nothing else: quick to lay out, for any product.
PLAIN_FORMAT = """
name = "plain"
title = "A serial"
width = 50
height = 25

[[text]]
value = "{serial}"
box = [2, 2, 46, 6]
size = 3
min_size = 1.6
"""

Tables = dict[str, list[tuple[Any, ...]]]

#: Names the tables that have rows: a test writes to few of them.
_USED = " UNION ALL ".join(
    f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in sorted(metadata.tables)
)


@dataclass
class Plant:
    """Use cases at hand; whatever is not said is new and ordinary.

    Attributes:
        db: what the use cases get; a test may put something between (`meanwhile`).
        url: the database's, for other processes.
    """

    db: Database
    url: str
    data_dir: Path
    issuer: Issuer = field(default_factory=lambda: Issuer(SECRET, "https://id.example.com"))
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def fresh(self, prefix: str) -> str:
        """Return a text that was not there before."""
        return f"{prefix}-{next(self.numbers)}"

    def call(self, key: str | None = None, client: str = "line 3", at: datetime = NOW) -> Call:
        """Return a request of a client, by default with a new Idempotency-Key."""
        return Call(Actor("key", client), at, key or self.fresh("key"))

    def gtin(self) -> str:
        """Return a GTIN of 14 digits; 952 is GS1's prefix for examples."""
        digits = f"0952{next(self.numbers):09d}"
        return f"{digits}{check_digit(digits)}"

    def product(self, scheme: str = "{rnd:10}", **more: Any) -> Product:
        """Add a product."""
        new = {"code": self.gtin(), "name": "Ibuprofen 400 mg", "label_format": "plain", **more}
        return products.add_product(self.db, self.call(), NewProduct(scheme=scheme, **new))

    def lot(self, product: Product | None = None, number: str | None = None, **dates: date | None) -> OpenLot:
        """Open a lot."""
        code = (product or self.product()).code
        days = {"production_date": date(2026, 11, 20), "expiry_date": date(2028, 11, 19), **dates}
        return lots.open_lot(self.db, self.call(), LotRequest(code, number or self.fresh("L"), **days))  # type: ignore[arg-type]

    def issue(self, lot: OpenLot, quantity: int = 5, key: str | None = None, **more: Any) -> Batch:
        """Issue a batch."""
        return batches.issue(self.db, self.issuer, self.call(key), lot.id, BatchRequest(quantity, **more))

    def batch(self, batch: Batch) -> Batch:
        """Return a batch as it is now."""
        return batches.get_batch(self.db, self.issuer, batch.id)

    def give_back(
        self, batch: Batch, first: int, count: int, reason: str = "end of lot", client: str = "anna"
    ) -> Batch:
        """Return numbers."""
        call = Call(Actor("key", client), NOW)
        return batches.return_numbers(self.db, self.issuer, call, batch.id, ReturnRequest(first, count, reason))

    def rows(self, batch: Batch) -> list[dict[str, str]]:
        """Return the lines of a batch's CSV."""
        body = b"".join(downloads.serials_csv(self.db, self.issuer, batch.id).body)
        return list(csv.DictReader(body.decode().splitlines()))

    def serials(self, batch: Batch) -> list[str]:
        """Return a batch's serials in the order of its labels."""
        return [row["serial"] for row in self.rows(batch)]

    def labels(self, batch: Batch, form: str = "zpl", **request: Any) -> bytes:
        """Return labels of a batch."""
        asked = LabelsRequest(form, **request)  # type: ignore[arg-type]
        return b"".join(downloads.labels(self.db, self.issuer, self.call(), batch.id, asked, any_batch=True).body)

    def printer(self, name: str | None = None, **spec: Any) -> Printer:
        """Add a printer that writes into a file, loaded with labels for the format `plain`."""
        name = name or self.fresh("printer")
        loaded = {"language": "zpl", "dpmm": 8, "media_width": 50.0, "media_height": 25.0, **spec}
        return printers.add_printer(
            self.db, self.call(), PrinterSpec(name, f"file:///{name}.zpl", **loaded), self.data_dir
        )

    def print(self) -> None:
        """Deliver every print job that waits."""
        sender = delivery.Sender(self.db, self.issuer, self.data_dir, lambda: NOW, lambda: False)
        for printer_id in delivery.waiting(sender):
            delivery.serve(sender, printer_id, "worker 1")

    def tables(self) -> Tables:
        """Return every row of every table."""
        with self.db.read() as conn:
            return {
                table.name: [tuple(row) for row in conn.execute(select(table).order_by(*table.primary_key))]
                for table in metadata.sorted_tables
            }

    def audit(self, action: str | None = None) -> list[Mapping[str, Any]]:
        """Return the entries of the audit in the order they were written."""
        with self.db.read() as conn:
            table = metadata.tables["audit"]
            found = [row._asdict() for row in conn.execute(select(table).order_by(table.c.id))]
        return [entry for entry in found if action in (None, entry["action"])]

    def meanwhile(self, *events: Callable[[], object]) -> Plant:
        """Return this plant where these happen one by one, each just before a write of a use case begins."""
        return Plant(_Before(self.db, list(events)), self.url, self.data_dir, self.issuer, self.numbers)  # type: ignore[arg-type]


class _Before:
    """A database on which something happens just before a write begins: what another process might do."""

    def __init__(self, db: Database, events: list[Callable[[], object]]) -> None:
        self._db = db
        self._events = events
        self.read = db.read

    def write(self, work: Callable[[Any], Any]) -> Any:
        if self._events:
            self._events.pop(0)()
        return self._db.write(work)


class Ground:
    """An open database that is made as new for every test, which is far quicker than another one."""

    def __init__(self, url: str) -> None:
        self._db = Database.open(url)
        self._url = url
        self._new: Tables = {}

    def plant(self, data_dir: Path) -> Plant:
        """Make a plant where there is nothing but what every plant has."""
        plant = Plant(self._db, self._url, data_dir)
        self._db.write(self._clear)
        if not self._new:
            self._db.write(lambda conn: installation.bind_secret(conn, SECRET, NOW))
            label_formats.seed_formats(self._db, NOW)
            label_formats.add_format(self._db, plant.call(), PLAIN_FORMAT, {})
            self._new = {name: rows for name, rows in plant.tables().items() if rows}
        return plant

    def close(self) -> None:
        """Let go of the database."""
        self._db.close()

    def _clear(self, conn: Connection) -> None:
        used = set(conn.exec_driver_sql(_USED).scalars())
        for table in reversed(metadata.sorted_tables):
            if table.name in used:
                conn.execute(table.delete())
        for name, rows in self._new.items():
            table = metadata.tables[name]
            conn.execute(table.insert(), [dict(zip(table.columns.keys(), row, strict=True)) for row in rows])
