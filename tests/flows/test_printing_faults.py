"""Whatever breaks while a job is printed: in the end each label came out exactly once, in order, and none is missing.

After each stop an operator puts the printer right, waits until it rests, scans the last label that came out of it, and
lets the job go on. Nothing else ever prints a label again.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from labelsvc.domain.jobs import PrinterSpec, PrintJob, Resolution
from labelsvc.errors import Unavailable
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import delivery, jobs, printers, resolving
from labelsvc.printing.delivery import Sender

LABELS = 220
FAULTS = 4  # in one job
#: Labels at the end of a job that the printer, the network and we may hold at once: a printer that loses them after
#: the job has ended loses them unnoticed, which is what `queued-in-device` says.
ON_THEIR_WAY = 100


class Died(Exception):
    """What a killed process would not even say."""


@dataclass
class Mortal:
    """A database whose client dies at some write, before or after it."""

    db: Any
    left: int
    after: bool

    def __post_init__(self) -> None:
        self.read = self.db.read

    def write(self, work: Callable[[Any], Any]) -> Any:
        self.left -= 1
        if self.left < 0:
            raise Unavailable("database_unreachable", "Expected a database server, got none.")
        if self.left > 0:
            return self.db.write(work)
        if self.after:
            self.db.write(work)
        raise Died


@dataclass
class Floor:
    """A printer, the job on it, and who stands beside."""

    plant: Any
    printer: VirtualPrinter
    chance: random.Random
    now: datetime
    story: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        spec = PrinterSpec("p", self.printer.uri, "zpl", 8, 70.0, 35.0)
        printers.add_printer(self.plant.db, self.plant.call(), spec, self.plant.data_dir)
        self.lot = self.plant.lot(self.plant.product("{prod:%y%j}{seq:6}", code="VALVE", label_format="item-70x35"))
        self.serials: list[str] = []
        self.labels: dict[bytes, str] = {}
        self.next_job()

    def next_job(self) -> None:
        """Ask for labels when those before are out."""
        assert self.printer.wait_for_labels(len(self.serials), 20), self.story
        assert self.put_right() == self.serials, self.story
        self.before = len(self.serials)
        self.batch = self.plant.issue(self.lot, LABELS, printer="p")
        serials = self.plant.serials(self.batch)
        labels = self.plant.labels(self.batch).splitlines()
        self.labels |= dict(zip(labels, serials, strict=True))
        self.serials += serials
        self.story.append(f"job {self.batch.job_id}")

    def came_out(self) -> list[str]:
        """Read the serials off the labels, each of which must be whole."""
        return [self.labels.get(label, f"torn: {label[:80]!r}") for label in self.printer.labels]

    def job(self) -> PrintJob:
        return jobs.get_job(self.plant.db, self.plant.issuer, self.batch.job_id)

    def sender(self, stopping: Callable[[], bool] = lambda: False) -> Sender:
        return Sender(self.plant.db, self.plant.issuer, self.plant.data_dir, lambda: self.now, stopping)

    def send(self, sender: Sender | None = None) -> None:
        """Let a worker serve the printer once, a minute later."""
        self.now += timedelta(seconds=61)
        for printer_id in delivery.waiting(self.sender()):
            try:
                delivery.serve(sender or self.sender(), printer_id, f"worker {self.chance.random()}")
            except (Died, Unavailable):
                self.story.append("the worker died")

    def put_right(self) -> list[str]:
        """Put the printer right, and wait until it rests; return what came out."""
        self.printer.power_on()
        self.printer.load_media()
        self.printer.close_head()
        self.printer.resume()
        assert self.printer.wait_for(lambda state: not state.connections, 20)
        assert self.printer.wait_for(lambda state: not state.formats_waiting and not state.labels_left, 20)
        return self.came_out()

    def resolve(self) -> None:
        """Scan the last label that came out, and go on."""
        found = self.put_right()
        assert found == self.serials[: len(found)], self.story
        self.story.append(f"resolved at {len(found)}")
        some = len(found) > self.before
        resolution = Resolution(found[-1] if some else None, proceed=True, nothing_came_out=not some)
        resolving.resolve_job(self.plant.db, self.plant.issuer, self.plant.call(), self.batch.job_id, resolution)

    def settle(self) -> None:
        """Do what the state of the job asks of an operator."""
        if self.job().state == "processing":  # its worker died; the next one looks at it
            self.put_right()
            self.send()
        if self.job().state == "processing-stopped":
            self.resolve()


def drop(floor: Floor) -> None:
    """The connection breaks after some byte."""
    kind, after = floor.chance.choice(["rst", "fin"]), floor.chance.randint(0, 60_000)
    floor.story.append(f"{kind} after {after}")
    floor.printer.drop_after(after, kind)
    floor.send()


def stop_worker(floor: Floor) -> None:
    """The worker is asked to end between two windows."""
    left = floor.chance.randint(1, 10)
    floor.story.append(f"stop after {left} looks")

    def stopping() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    floor.send(floor.sender(stopping))


def kill_worker(floor: Floor) -> None:
    """The worker dies at some step."""
    mortal = Mortal(floor.plant.db, floor.chance.randint(1, 20), floor.chance.random() < 0.5)
    floor.story.append(f"death {'after' if mortal.after else 'before'} write {mortal.left}")
    floor.send(replace(floor.sender(), db=mortal))


def meanwhile(floor: Floor, happens: Callable[[], None]) -> None:
    """Something happens to the printer when some label has come out, at the latest where it still can be noticed."""
    out, end = len(floor.came_out()), len(floor.serials) - ON_THEIR_WAY
    at = floor.chance.randint(out, max(out, end))
    floor.story.append(f"{happens.__name__} at label {at}")
    if at >= end:
        floor.send()
        return
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            if floor.printer.wait_for_labels(at, 0.05):
                happens()
                return

    watching = threading.Thread(target=watch)
    watching.start()
    floor.send()
    over.set()
    watching.join()


def power_off(floor: Floor) -> None:
    """Someone pulls the plug: what the printer had in its buffer is gone."""
    meanwhile(floor, floor.printer.power_off)


def short_pause(floor: Floor) -> None:
    """Someone presses PAUSE, and again."""

    def pause() -> None:
        floor.printer.pause()
        threading.Event().wait(0.02)
        floor.printer.resume()

    meanwhile(floor, pause)


def new_roll(floor: Floor) -> None:
    """The roll ends and someone puts in another: the torn label is printed again by the printer."""

    def media() -> None:
        floor.printer.media_out()
        threading.Event().wait(0.02)
        floor.printer.load_media()

    meanwhile(floor, media)


def off_before(floor: Floor) -> None:
    """The printer is off, paused or open when the worker comes."""
    fault = floor.chance.choice([floor.printer.power_off, floor.printer.pause, floor.printer.refuse_connections])
    floor.story.append(f"{fault.__name__} beforehand")
    floor.put_right()
    fault()
    floor.send()
    floor.printer.accept_connections()
    floor.put_right()


KINDS = (drop, drop, drop, stop_worker, kill_worker, power_off, power_off, short_pause, new_roll, off_before)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dialect", "seed"),
    [*(("sqlite", seed) for seed in range(25)), *(("postgresql", seed) for seed in range(100, 105))],
)
def test_each_label_comes_out_exactly_once_whatever_breaks(plant: Any, seed: int) -> None:
    chance = random.Random(seed)
    traits = {
        "label_seconds": chance.choice([0.0, 0.0005, 0.002]),
        "buffer_bytes": chance.choice([2_000, 10_000]),
        "window_bytes": 4_096,
        "keeps_partial": seed % 2 == 0,
    }
    with VirtualPrinter(**traits) as printer:
        floor = Floor(plant, printer, chance, plant.call().at)
        for fault in chance.choices(KINDS, k=FAULTS):
            if floor.job().state == "completed":
                floor.next_job()
            fault(floor)
            floor.settle()
        for _ in range(10):  # a drop that was set may strike late
            if floor.job().state == "completed":
                break
            floor.send()
            floor.settle()
        assert floor.job().state == "completed", floor.story
        assert printer.wait_for_labels(len(floor.serials), 20), floor.story
        assert floor.put_right() == floor.serials, floor.story
        assert set(floor.job().outcomes) <= {"sent", "confirmed"}
        print("STORY", seed, floor.story)
