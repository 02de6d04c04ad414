"""Workers as they run: many printers at once, several workers at one database, and workers that are killed."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labelsvc.domain.jobs import PrinterSpec, PrintJob, Resolution
from labelsvc.errors import Unavailable
from labelsvc.printers.tcp import TcpTransport
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.virtual.fleet import Fleet
from labelsvc.printing import jobs, printers, resolving
from labelsvc.worker import Worker

PROGRAM = """
import signal, sys
from pathlib import Path
from labelsvc.domain.issuer import Issuer
from labelsvc.storage.database import Database
from labelsvc.worker import Worker

url, data_dir, lease_seconds = sys.argv[1:]
with Database.open(url) as db:
    issuer = Issuer(bytes(range(32)), "https://id.example.com")
    worker = Worker(db, issuer, Path(data_dir), lease_seconds=float(lease_seconds))
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    print("ready", flush=True)
    worker.run()
"""
#: A printer that holds little, so that a sender waits for it as it would for a real one after some hundred labels.
SMALL = {"buffer_bytes": 2_000, "window_bytes": 4_096}


def until(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


@contextmanager
def running(plant: Any, **options: Any) -> Iterator[Worker]:
    """A worker on a thread of this process."""
    worker = Worker(plant.db, plant.issuer, plant.data_dir, **options)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture
def start(plant: Any, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a worker as a process of its own; it does not outlive the test."""
    path = tmp_path / "worker.py"
    path.write_text(PROGRAM, encoding="utf-8")
    started: list[subprocess.Popen[str]] = []

    def start_process(lease_seconds: float = 60.0) -> subprocess.Popen[str]:
        command = [sys.executable, path, plant.url, plant.data_dir, str(lease_seconds)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start_process
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def add_printer(plant: Any, name: str, uri: str) -> None:
    spec = PrinterSpec(name, uri, "zpl", 8, 50.0, 25.0)
    printers.add_printer(plant.db, plant.call(), spec, plant.data_dir)


def job_of(plant: Any, batch: Any) -> PrintJob:
    return jobs.get_job(plant.db, plant.issuer, batch.job_id)


def labels_of(plant: Any, *batches: Any) -> list[bytes]:
    """Return the labels of batches as they must come out of a printer."""
    return [label for batch in batches for label in plant.labels(batch).splitlines()]


def at_rest(printer: VirtualPrinter) -> list[bytes]:
    """Return what came out, once no more comes."""
    assert printer.wait_for(lambda state: not state.connections, 30)
    assert printer.wait_for(lambda state: not state.formats_waiting and not state.labels_left, 30)
    return printer.labels


def test_several_printers_are_served_at_once_and_each_gets_its_jobs_in_order(plant: Any) -> None:
    with ExitStack() as stack:
        made = [stack.enter_context(VirtualPrinter()) for _ in range(3)]
        for at, printer in enumerate(made):
            add_printer(plant, f"p{at}", printer.uri)
        lot = plant.lot()
        batches = [plant.issue(lot, 30, printer=f"p{at % 3}") for at in range(12)]
        with running(plant):
            until(lambda: all(job_of(plant, batch).state == "completed" for batch in batches))
        for at, printer in enumerate(made):
            assert at_rest(printer) == labels_of(plant, *batches[at::3])


def test_a_printer_that_takes_nothing_keeps_no_other_waiting(plant: Any) -> None:
    with VirtualPrinter(**SMALL) as stuck, VirtualPrinter() as quick:
        add_printer(plant, "stuck", stuck.uri)
        add_printer(plant, "quick", quick.uri)
        lot = plant.lot()
        long = plant.issue(lot, 2_000, printer="stuck")
        with running(plant):
            until(lambda: stuck.printed >= 1)
            stuck.pause()
            short = plant.issue(lot, 20, printer="quick")
            until(lambda: job_of(plant, short).state == "completed")
            assert job_of(plant, long).state == "processing"
            stuck.resume()
            until(lambda: job_of(plant, long).state == "completed")
        assert at_rest(stuck) == labels_of(plant, long)


#: More printers that take nothing than a pool of threads, or of connections, of a usual size has.
MANY = {"sqlite": 66, "postgresql": 20}


@pytest.mark.slow
def test_bad_printers_however_many_keep_no_other_waiting(
    plant: Any, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = MANY[dialect]
    monkeypatch.setitem(TcpTransport.__init__.__kwdefaults__, "stall_seconds", 300.0)  # none of them is given up
    with Fleet() as fleet:
        deaf = [fleet.add(**SMALL) for _ in range(many)]
        dead, silent, liar, quick = (fleet.add() for _ in range(4))
        for printer in deaf:
            printer.ignore()
        dead.refuse_connections()
        silent.fall_silent()
        liar.babble(1 << 30)
        lot = plant.lot()
        for at, printer in enumerate((*deaf, dead, silent, liar, quick)):
            add_printer(plant, f"p{at}", printer.uri)
        stuck = [plant.issue(lot, 2_000, printer=f"p{at}") for at in range(many)]
        for at in range(3):
            plant.issue(lot, 20, printer=f"p{many + at}")
        with running(plant):
            until(lambda: all(printer.state().connections for printer in deaf))
            wanted = plant.issue(lot, 20, printer=f"p{many + 3}")
            until(lambda: job_of(plant, wanted).state == "completed")
            assert {job_of(plant, batch).state for batch in stuck} == {"processing"}
            for printer in deaf:
                printer.power_off()  # so that nobody need wait for it
        assert at_rest(quick) == labels_of(plant, wanted)


def test_a_worker_that_is_woken_looks_at_once(plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labelsvc.worker.POLL_SECONDS", 3_600)
    add_printer(plant, "p", "file:///p.zpl")
    with running(plant) as worker:
        batch = plant.issue(plant.lot(), 3, printer="p")
        until(lambda: worker.wake() or job_of(plant, batch).state == "completed")


class Moody:
    """A database that fails when it is asked for the first time, the fourth time, and so on up to a number of times."""

    def __init__(self, db: Any, failure: type[Exception], times: int) -> None:
        self._db, self._failure, self._times, self._asked = db, failure, times, itertools.count()

    def _ask(self) -> None:
        asked = next(self._asked)
        if asked % 3 == 0 and asked < 3 * self._times:
            raise self._failure("database_unreachable", "Expected a database server that lets us in, got none.")

    def read(self) -> Any:
        self._ask()
        return self._db.read()

    def write(self, work: Any) -> Any:
        self._ask()
        return self._db.write(work)


@pytest.mark.parametrize("failure", [Unavailable, RuntimeError])
def test_a_worker_outlives_whatever_its_database_does(
    plant: Any, failure: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labelsvc.worker.POLL_SECONDS", 0.02)
    add_printer(plant, "p", "file:///p.zpl")
    batch = plant.issue(plant.lot(), 3, printer="p")
    moody = replace(plant, db=Moody(plant.db, failure, times=6))
    with running(moody, lease_seconds=0.2):
        until(lambda: job_of(plant, batch).state in ("completed", "processing-stopped"))
        job = job_of(plant, batch)
        written = plant.data_dir / "printed" / "p.zpl"
        if job.state == "completed":
            assert written.read_bytes() == plant.labels(batch)
        else:  # a window was on its way when the database failed
            assert job.state_reasons[0] in ("printer-stopped", "resources-are-not-ready")
        assert not written.exists() or written.read_bytes() in (b"", plant.labels(batch))


@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["postgresql"])
def test_of_two_workers_one_at_a_time_has_a_printer(plant: Any, start: Callable[..., subprocess.Popen[str]]) -> None:
    with ExitStack() as stack:
        made = [stack.enter_context(VirtualPrinter(label_seconds=0.001)) for _ in range(4)]
        for at, printer in enumerate(made):
            add_printer(plant, f"p{at}", printer.uri)
        workers = [start(lease_seconds=2.0), start(lease_seconds=2.0)]
        lot = plant.lot()
        batches = [plant.issue(lot, 60, printer=f"p{at % 4}") for at in range(40)]
        most = 0
        while any(job_of(plant, batch).state != "completed" for batch in batches):
            most = max(most, *(printer.state().connections for printer in made))
            assert all(worker.poll() is None for worker in workers)
        assert most <= 1
        for at, printer in enumerate(made):
            assert at_rest(printer) == labels_of(plant, *batches[at::4])
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0


@pytest.mark.slow
def test_a_killed_worker_leaves_the_job_to_a_person_and_no_label_comes_twice(
    plant: Any, start: Callable[..., subprocess.Popen[str]]
) -> None:
    with VirtualPrinter(**SMALL) as printer:
        add_printer(plant, "p", printer.uri)
        first = start(lease_seconds=2.0)
        batch = plant.issue(plant.lot(), 2_000, printer="p")
        until(lambda: printer.printed >= 5)
        printer.pause()
        until(lambda: _waits_in_a_window(plant, batch))
        first.kill()
        first.wait()
        assert job_of(plant, batch).state == "processing"

        second = start(lease_seconds=2.0)
        until(lambda: job_of(plant, batch).state == "processing-stopped")
        stopped = job_of(plant, batch)
        assert stopped.state_reasons == ("printer-stopped", "x-labels-in-doubt")
        assert stopped.doubt is not None
        assert stopped.doubt.count == 20
        printer.resume()
        came_out = at_rest(printer)
        everything = labels_of(plant, batch)
        assert came_out == everything[: len(came_out)]
        assert 5 <= len(came_out) < 2_000

        last_good = plant.serials(batch)[len(came_out) - 1]
        resolving.resolve_job(plant.db, plant.issuer, plant.call(), batch.job_id, Resolution(last_good, proceed=True))
        until(lambda: job_of(plant, batch).state == "completed")
        assert at_rest(printer) == everything
        second.send_signal(signal.SIGTERM)
        assert second.wait(30) == 0


def _waits_in_a_window(plant: Any, batch: Any) -> bool:
    """Whether the same window is on its way for a while, for its printer takes nothing."""
    before = dict(job_of(plant, batch).outcomes)
    time.sleep(0.3)
    return before == dict(job_of(plant, batch).outcomes) and before.get("in_doubt") == 20


@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_worker_that_is_asked_to_end_gives_its_job_back_between_two_windows(
    plant: Any, start: Callable[..., subprocess.Popen[str]]
) -> None:
    with VirtualPrinter(label_seconds=0.002, **SMALL) as printer:
        add_printer(plant, "p", printer.uri)
        first = start()
        batch = plant.issue(plant.lot(), 1_500, printer="p")
        until(lambda: printer.printed >= 5)
        first.send_signal(signal.SIGTERM)
        assert first.wait(30) == 0
        job = job_of(plant, batch)
        assert (job.state, job.state_reasons, job.doubt) == ("pending", ("job-queued",), None)
        known = dict(job.outcomes)
        assert set(known) == {"planned", "sent"}
        assert known["sent"] % 20 == 0
        assert len(at_rest(printer)) == known["sent"]

        second = start()  # need not wait for a lease to run out
        until(lambda: job_of(plant, batch).state == "completed")
        assert at_rest(printer) == labels_of(plant, batch)
        second.send_signal(signal.SIGTERM)
        assert second.wait(30) == 0
