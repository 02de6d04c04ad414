"""A fleet: 200 virtual printers at 6.6 labels a second each, confirmed label by label beside a blind sender.

The printers are a process of their own, and so is the worker, so that neither's CPU is counted as the other's. All run
on the same cores, so where these are few the share of rated speed is what the whole machine, printers included, gives.

python -m bench.fleet [PRINTERS [SQLITE|POSTGRESQL]]
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bench.granting import ISSUER
from bench.rows import Row, table
from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.batches import BatchRequest, LotRequest
from labelsvc.domain.jobs import PrinterSpec
from labelsvc.domain.products import NewProduct
from labelsvc.domain.profiles import Profile
from labelsvc.issuing.batches import issue
from labelsvc.issuing.label_formats import seed_formats
from labelsvc.issuing.lots import open_lot
from labelsvc.issuing.products import add_product
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.virtual.fleet import Fleet
from labelsvc.printers.zebra.status import ASK
from labelsvc.printing.printers import add_printer
from labelsvc.storage import printers as printer_rows
from labelsvc.storage import schema
from labelsvc.storage.database import Database
from labelsvc.storage.installation import bind_secret
from labelsvc.storage.tables import outcomes
from labelsvc.worker import Worker
from tests.postgres import Server

PRINTERS = 200
#: Among them, where some are bad: dead, unreachable, deaf, slow, babbling, silent, and one that answers for another.
BAD = 10
RATE = 6.6
#: Seconds before counting begins, once every job was asked for, and for how long labels are counted.
WARM_UP, SECONDS = 3.0, 10.0
#: Labels of a job: more than a printer makes until the end.
LABELS = 300
#: What a delivery sends before its first label.
PREFLIGHT = {False: len(ASK), True: len(ASK) + len(b"^XA^JZY^XZ\n")}
PROCESSES = multiprocessing.get_context("spawn")
KEYS = count()


@dataclass(frozen=True, slots=True)
class Found:
    """What one run came to.

    Attributes:
        share: of the labels that the good printers could have made, those they made.
        latency: seconds from the request to the first byte at the printer, ascending.
        worker_cpu: seconds of CPU per 1,000 labels in the books; `printers_cpu`: per 1,000 labels made.
    """

    share: float
    latency: list[float]
    worker_cpu: float
    printers_cpu: float

    def after(self, part: float) -> str:
        """Say in how many milliseconds that part of the printers had its first byte."""
        return f"{self.latency[min(int(part * len(self.latency)), len(self.latency) - 1)] * 1000:,.0f} ms"


def run(printers: int = PRINTERS, engine: str = "sqlite") -> list[Row]:
    """Measure a blind sender, windows of 1, 2 and 5, and a window of 2 with bad printers among the good ones."""
    blind = _measured(engine, printers, None)
    alone = {window: _measured(engine, printers, window) for window in (1, 2, 5)}
    rows = [row for window, ours in alone.items() for row in _beside(ours, blind, f"{engine}, window {window}")]
    among = _measured(engine, printers, 2, bad=True)
    return [
        *rows,
        Row(
            name=f"share of rated speed beside {BAD} bad printers, {engine}, window 2",
            ours=f"{among.share:.1%}",
            peer=f"{alone[2].share:.1%}",
            ratio=among.share / alone[2].share,
            goal=0.95,
            note=f"the {printers - BAD} good ones, beside a fleet without bad ones; from request to first byte "
            f"{among.after(0.5)} for half, {among.after(0.99)} for 99 of 100",
        ),
    ]


def _beside(ours: Found, blind: Found, name: str) -> list[Row]:
    return [
        Row(
            name=f"share of rated speed, {name}",
            ours=f"{ours.share:.1%}",
            peer=f"{blind.share:.1%}",
            ratio=ours.share / blind.share,
            goal=0.5,
            note=f"blind sender; from request to first byte ours {ours.after(0.5)}, peer {blind.after(0.5)} for half, "
            f"ours {ours.after(0.99)}, peer {blind.after(0.99)} for 99 of 100; {os.cpu_count()} cores for all",
        ),
        Row(
            name=f"CPU of the worker per 1,000 labels, {name}",
            ours=f"{ours.worker_cpu:.2f} s",
            peer=f"{blind.worker_cpu:.2f} s",
            ratio=ours.worker_cpu / blind.worker_cpu,
            goal=10,
            note=f"blind sender, which commits 20 labels at once and hears nothing of them; the virtual printers took "
            f"{ours.printers_cpu:.2f} s",
            at_most=True,
        ),
    ]


def _measured(engine: str, printers: int, window: int | None, *, bad: bool = False) -> Found:
    """Run a fleet once; window None: printers that were never certified."""
    with ExitStack() as stack:
        url = stack.enter_context(_sqlite() if engine == "sqlite" else _postgresql())
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        fleet = stack.enter_context(_process(_print, printers, BAD if bad else 0, PREFLIGHT[window is not None]))
        uris: list[str] = fleet.recv()
        db = stack.enter_context(Database.open(url))
        lot = _works(db, uris, window, home)
        worker = stack.enter_context(_process(_work, url, home))
        worker.recv()
        asked = [_ask(db, lot, at) for at in range(printers)]
        time.sleep(WARM_UP)
        (begun, *_), began = _told(fleet), time.monotonic()
        time.sleep(SECONDS)
        (ended, first_bytes, printers_cpu), took = _told(fleet), time.monotonic() - began
        worker_cpu, known = _told(worker), _known(db)
        good = range(BAD if bad else 0, printers)
        made = sum(ended[at] - begun[at] for at in good)
        return Found(
            made / (len(good) * RATE * took),
            sorted(first_bytes[at] - asked[at] if at in first_bytes else took for at in good),
            worker_cpu * 1000 / known,
            printers_cpu * 1000 / max(sum(ended), 1),
        )


def _told(process: Pipe) -> Any:
    process.send("report")
    return process.recv()


def _works(db: Database, uris: list[str], window: int | None, home: Path) -> int:
    """Make a lot, and the printers as their certification would find them; return the lot's id."""
    schema.upgrade(db)
    db.write(lambda conn: bind_secret(conn, ISSUER.secret, _now()))
    seed_formats(db, _now())
    add_product(db, _call(), NewProduct("09520123456788", "Oat drink", "{rnd:10}", "unit-100x50", 365))
    for at, uri in enumerate(uris):
        spec = PrinterSpec(f"p{at}", uri, "zpl", 8, 100.0, 50.0, window=window or 2)
        add_printer(db, _call(), spec, home)
        if window is not None:
            _certify(db, f"p{at}", at)
    return open_lot(db, _call(), LotRequest("09520123456788", "L-1", date(2026, 1, 2))).id


def _certify(db: Database, name: str, at: int) -> None:
    profile = Profile("ZD621-203dpi", "V84.20.23Z", _serial(at), "movement", "late", counter_survives=True, uptime=True)

    def work(conn: Any) -> None:
        printer_rows.set_profile(conn, _call(), printer_rows.get(conn, name).id, profile)

    db.write(work)


def _ask(db: Database, lot: int, at: int) -> float:
    """Ask for labels on a printer; return when that was."""
    asked = time.monotonic()
    issue(db, ISSUER, _call(), lot, BatchRequest(LABELS, f"p{at}"))
    return asked


def _known(db: Database) -> int:
    """Return how many labels are sent or confirmed."""
    labels = func.sum(outcomes.c.last - outcomes.c.first + 1)
    with db.read() as conn:
        found = conn.execute(select(labels).where(outcomes.c.outcome.in_(("sent", "confirmed")))).scalar_one()
    return int(found or 1)


def _serial(at: int) -> str:
    return f"VIRTUAL{at:05}"


def _now() -> datetime:
    return datetime.now(UTC)


def _call() -> Call:
    return Call(Actor("shell", "bench"), _now(), f"fleet-{next(KEYS)}")


# The two processes


@contextmanager
def _process(target: Any, *arguments: Any) -> Iterator[Pipe]:
    """Run a process; it ends when told to."""
    ours, its = PROCESSES.Pipe()
    process = PROCESSES.Process(target=target, args=(its, *arguments), daemon=True)
    process.start()
    its.close()
    try:
        yield ours
    finally:
        ours.send("end")
        process.join(60)
        process.kill()


def _work(pipe: Pipe, url: str, home: Path) -> None:
    """Be the worker."""
    with Database.open(url) as db:
        worker = Worker(db, ISSUER, home)
        thread = threading.Thread(target=worker.run)
        thread.start()
        pipe.send("ready")
        while pipe.recv() == "report":
            pipe.send(time.process_time())
        worker.stop()
        thread.join(45)


def _print(pipe: Pipe, printers: int, bad: int, preflight: int) -> None:
    """Be the printers, the bad ones first."""
    first_bytes: dict[int, float] = {}
    with Fleet() as fleet, ExitStack() as stack:
        made = [fleet.add(label_seconds=1 / RATE, on_for=3_600.0, unique_id=_serial(at)) for at in range(printers)]
        uris = [printer.config_uri for printer in made]
        for at, printer in enumerate(made):
            printer.at_byte(preflight + 1, lambda _, at=at: first_bytes.setdefault(at, time.monotonic()))  # type: ignore[misc]
        for at in range(bad):
            made[at].forget_deeds()
            uris[at] = _spoiled(made[at], at, stack) or uris[at]
        pipe.send(uris)
        used = time.process_time()
        while pipe.recv() == "report":
            pipe.send(([printer.printed for printer in made], dict(first_bytes), time.process_time() - used))


def _spoiled(printer: VirtualPrinter, at: int, stack: ExitStack) -> str | None:
    """Make a bad printer of one; return where it is reached, where that is elsewhere now."""
    match at % BAD:
        case 0 | 1:
            printer.refuse_connections()
        case 2 | 3:
            return _unreachable(stack)
        case 4 | 5:
            printer.ignore()
        case 6:
            printer.read_slowly(8, 0.5)
        case 7:
            printer.babble(1 << 40, b"[")
        case 8:
            printer.fall_silent()
        case _:
            printer.set_variable("device.unique_id", "ANOTHER")
    return None


def _unreachable(stack: ExitStack) -> str:
    """Return an address whose every connection times out: its queue is full, and nobody takes from it."""
    listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
    for _ in range(2):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)  # noqa: FBT003
        waiting.connect_ex(listening.getsockname())
    host, port = listening.getsockname()
    return f"tcp://{host}:{port}?config={port}"


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as home:
        yield f"sqlite:///{home}/labelsvc.sqlite"


@contextmanager
def _postgresql() -> Iterator[str]:
    server = Server()
    try:
        yield server.url()
    finally:
        server.stop()


def main(arguments: list[str]) -> int:
    """Print the table; 1 when a goal is missed."""
    printers = int(arguments[0]) if arguments else PRINTERS
    rows = run(printers, *arguments[1:2])
    print(table(rows))
    return 0 if all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
