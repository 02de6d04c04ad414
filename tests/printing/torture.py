"""Fault injection, end to end: a real database, real sockets, virtual printers of every kind, an operator who scans.

A case is one job on one printer to which things happen. It is driven to its end, with an operator who repairs the
printer and scans what lies in front of it whenever a job stops. Then what physically came out is counted, torn pieces
and labels of others apart, by what the virtual printer made and nothing of the books: each serial exactly once. An
operator destroys what he finds torn. A fault counts when it has happened.

What is looked at, at each stop and at the end: whatever the books call confirmed lies there; who stands at a printer
that counts, or echoes what has moved out, has scanned at most a window for each fault until then, at any other at most
the window that was on its way; a label printed again at the panel was noticed wherever there is a count.

`make torture` runs ten thousand faults and more, and adds up here what each part wrote down.

Left out, because no evidence can tell them apart: a label that is lost and one that is not ours, in one window of a
printer that counts but does not echo. There `regulated` asks for more (docs/architecture.md).
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count, product
from pathlib import Path
from typing import Any

from labelsvc.domain.batches import Batch
from labelsvc.domain.jobs import WINDOW, Resolution
from labelsvc.errors import Unavailable
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.virtual.engine import Personality
from labelsvc.printers.virtual.received import PrintedLabel
from labelsvc.printing import delivery, resolving
from labelsvc.storage import fleet
from labelsvc.storage.database import Database

#: A printer answers at once here, so that a case takes no longer than its faults do.
PATIENCE = {"look_seconds": 0.01, "answer_seconds": 0.25}
_names = count()
#: Rounds of sending and repairing after which a case has got stuck.
ROUNDS = 60


#: Printers that were switched on long ago: one that just was may have been switched off and on unseen.
ALL = {"on_for": 3_600.0}


def personalities(**traits: Any) -> tuple[Personality, ...]:
    """Every kind of printer that can be certified to confirm, and some that cannot."""
    kinds = [
        Personality(counts=counts, echo=echo, counter_survives=survives, silent_on_fault=silent, **ALL | traits)
        for counts, echo, survives, silent in product(
            ("early", "late", None), ("image", "movement", None), (True, False), (True, False)
        )
        if counts is not None or survives  # a count that there is not cannot be lost
    ]
    kinds += [
        Personality(counts="late", counts_torn=True, **ALL | traits),
        Personality(counts="late", counts_torn=True, echo=None, jz="never", **ALL | traits),
        Personality(counts="early", echo=None, jz="never", **ALL | traits),
        Personality(counts="late", jz="never", **ALL | traits),
        Personality(counts="early", echo="movement", says_uptime=False, **ALL | traits),
        Personality(counts=None, json_port=False, echo="movement", **ALL | traits),
        Personality(counts=None, json_port=False, echo=None, answers_sgd=False, **ALL | traits),
    ]
    return tuple(kinds)


@dataclass
class Tally:
    """What a run came to; `forgiven`: labels printed twice at the panel of a printer without a count."""

    cases: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    gaps: int = 0
    scans: int = 0
    stops: int = 0
    scans_at_most: int = 0
    forgiven: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add what another run came to."""
        for name in ("cases", "duplicates", "gaps", "scans", "stops", "forgiven"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.faults.update(other.faults)
        self.scans_at_most = max(self.scans_at_most, other.scans_at_most)
        self.wrong += other.wrong

    def __str__(self) -> str:
        """Say it in one line."""
        return (
            f"{sum(self.faults.values())} faults in {self.cases} jobs, {self.duplicates} duplicates, {self.gaps} gaps, "
            f"{self.scans} scans at {self.stops} stops (at most {self.scans_at_most} at one)"
        )


class Case:
    """One job, what happens to it, and the operator beside the printer."""

    def __init__(
        self, works: Any, kind: Personality, quantity: int, *, window: int = 2, regulated: bool = False, name: str = "p"
    ) -> None:
        self.works = works
        self.kind = kind
        self.quantity = quantity
        self.window = window
        self.regulated = regulated
        self.name = name
        self.wrong: list[str] = []
        self.told: list[str | None] = []  # what the operator was told at each stop
        self.scans = self.stops = self.most = 0
        self.faults: list[str] = []
        self.offset = timedelta()
        self.unlucky: Callable[[Database], Any] | None = None
        works.clock = self._now

    def _now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    @property
    def confirms(self) -> bool:
        """Whether this kind of printer was certified to confirm labels."""
        return (self.kind.counts is not None and self.kind.json_port) or self.kind.echo == "movement"

    def run(self, *happens: Happens) -> Tally:
        """Drive the job to its end.

        Args:
            happens: each arms something that is to happen, before the first byte leaves.
        """
        tally = Tally(cases=1)
        try:
            self._run(tally, happens)
        except Exception as error:  # noqa: BLE001 - the others go on
            tally.faults.update(self.faults)
            tally.wrong.append(f"{self.faults} on {self.kind}: {type(error).__name__} {error}")
        return tally

    def _run(self, tally: Tally, happens: tuple[Happens, ...]) -> None:
        with VirtualPrinter(personality=self.kind) as printer:
            uri = printer.config_uri if self.kind.json_port else printer.uri
            self.works.add_printer(self.name, uri, window=self.window, regulated=self.regulated)
            self.works.certify(self.name, self.kind)
            self.batch = batch = self.works.issue(self.quantity, self.name)
            for happen in happens:
                happen(self, printer)
            ended = False
            for _ in range(ROUNDS):
                self._serve()
                if ended := self._look(printer, batch):
                    break
            self._settle(printer)
            self._judge(printer, batch, tally, ended=ended)

    def _serve(self) -> None:
        sender = self.works.sender(**PATIENCE)
        for printer_id in delivery.waiting(sender):
            with suppress(Unavailable):  # a database that failed once; the next sender goes on
                delivery.serve(self.sender(sender), printer_id, f"worker-{next(_names)}")

    def sender(self, sender: delivery.Sender) -> delivery.Sender:
        """Return the sender of the next round, with the misfortune that was armed for it, once."""
        unlucky, self.unlucky = self.unlucky, None
        return sender if unlucky is None else replace(sender, db=unlucky(self.works.db))

    def _look(self, printer: VirtualPrinter, batch: Batch) -> bool:
        """Do what an operator does; return whether nothing is left to do."""
        job = self.works.job(batch)
        doubtful = job.outcomes.get("in_doubt", 0)
        open_still = doubtful or job.outcomes.get("sent", 0)
        if job.state == "processing-stopped" or (job.state == "completed" and open_still):
            self._repair(printer)
            self._settle(printer)
            self._scan(printer, batch, job)
            return False
        if job.state == "completed":
            return True
        self._repair(printer)
        self.offset += timedelta(seconds=2) if job.state != "processing" or job.message else timedelta(seconds=61)
        return False

    def _repair(self, printer: VirtualPrinter) -> None:
        if not printer.state().powered:
            printer.power_on()
        printer.close_head()
        printer.load_media()
        printer.load_ribbon()
        printer.resume()
        printer.set_variable("ezpl.reprint_mode", "off")

    def _settle(self, printer: VirtualPrinter) -> None:
        def still(state: Any) -> bool:
            return not state.connections and not state.formats_waiting and not state.labels_left

        if not printer.wait_for(still, timeout=5):
            raise AssertionError("the printer never came to rest")

    def came_out(self, pieces: list[PrintedLabel]) -> list[str]:
        """Return the serials of whole labels that came out for us, in order."""
        ours = [piece for piece in pieces if not piece.torn and piece.source != "foreign"]
        return list(self.works.read(piece.data for piece in ours))

    def _scan(self, printer: VirtualPrinter, batch: Batch, job: Any) -> None:
        """Scan every label in doubt that is there; destroy what is torn."""
        there = set(self.came_out(printer.pieces))
        labels = self.works.labels(batch)
        doubtful = [label.serial for label in labels if label.outcome == "in_doubt"]
        if not doubtful:
            doubtful = [label.serial for label in labels if label.outcome == "sent"]
        else:
            self._bounded(len(doubtful))
        self.scans += len(doubtful)
        self.stops += 1
        self.told.append(job.message)
        self.most = max(self.most, len(doubtful))
        self._believed(there, labels)
        found = Resolution(None, proceed=True, scanned=tuple(serial for serial in doubtful if serial in there))
        resolving.resolve_job(self.works.db, self.works.issuer, self.works.call(), job.id, found)

    def _bounded(self, doubtful: int) -> None:
        """See that no more is asked of the operator than was promised."""
        self._note_slow_answers()
        if self.confirms and self.scans + doubtful > self.window * len(self.faults):
            self.wrong.append(f"{self.scans + doubtful} scans after {len(self.faults)} faults, window {self.window}")
        if not self.confirms and doubtful > WINDOW:
            self.wrong.append(f"{doubtful} labels in doubt at once")

    def _note_slow_answers(self) -> None:
        """Count as faults the answers that did not come in time, which on a loaded machine befalls a sound printer."""
        if SILENCING.intersection(self.faults):
            return
        printer = self.works.printer(self.name).id
        with self.works.db.read() as conn:
            happened = fleet.history(conn, printer, 0, 200).items
        silences = sum("other-error" in one.detail.get("reasons", ()) for one in happened)
        self.faults += ["slow answer"] * (silences - self.faults.count("slow answer"))

    def _believed(self, there: set[str], labels: Any) -> None:
        """See that whatever is confirmed is there."""
        if hasty := [one.serial for one in labels if one.outcome == "confirmed" and one.serial not in there]:
            self.wrong.append(f"confirmed and not there: {hasty}")

    def _unnoticed(self, pieces: list[PrintedLabel]) -> bool:
        """Whether a label came out once more at the panel, before others of ours, and nobody noticed by the count."""
        sources = [piece.source for piece in pieces]
        if "panel" not in sources or "host" not in sources[sources.index("panel") :]:
            return False
        if self.kind.counts is None or not self.kind.json_port:
            return False
        printer = self.works.printer(self.name).id
        with self.works.db.read() as conn:
            return "foreign-labels" not in fleet.tallies(conn, [printer]).get(printer, {})

    def _judge(self, printer: VirtualPrinter, batch: Batch, tally: Tally, *, ended: bool) -> None:
        wanted = self.works.serials(batch)
        pieces = printer.pieces
        out = Counter(self.came_out(pieces))
        twice = {serial: count for serial, count in out.items() if count > 1}
        at_panel = Counter(self.works.read(piece.data for piece in pieces if piece.source == "panel"))
        by_machine = {serial: count for serial, count in twice.items() if count - at_panel[serial] > 1}
        missing = [serial for serial in wanted if not out[serial]]
        strange = [serial for serial in out if serial not in wanted]
        books = self.works.job(batch)
        tally.faults.update(self.faults)
        tally.duplicates += len(by_machine)
        tally.forgiven += len(twice) - len(by_machine)
        tally.gaps += len(missing)
        tally.scans += self.scans
        tally.stops += self.stops
        tally.scans_at_most = max(tally.scans_at_most, self.most)
        self._believed(set(out), self.works.labels(batch))
        if self._unnoticed(pieces):
            self.wrong.append("printed again at the panel, and nobody noticed")
        if self.wrong or by_machine or missing or strange or not ended or set(books.outcomes) != {"confirmed"}:
            tally.wrong.append(
                f"{self.wrong} {self.faults} told {self.told} on {self.kind}: twice {by_machine}, missing {missing}, "
                f"strange {strange}, {self.scans} scans, {books.state} {books.message} {dict(books.outcomes)}"
            )


# What happens

Happens = Callable[["Case", VirtualPrinter], None]


def drops_at(offset: int, kind: str = "rst") -> Happens:
    """Cut the connection that brings a byte."""

    def happen(case: Case, printer: VirtualPrinter) -> None:
        printer.at_byte(offset, lambda struck: drop(case, struck, kind))

    return happen


def drop(case: Case, printer: VirtualPrinter, kind: str = "rst") -> None:
    """Cut the connection that there is, now."""
    case.faults.append("drop")
    printer.drop_after(0, kind)  # type: ignore[arg-type]


def at_label(number: int, *deeds: tuple[str, float]) -> Happens:
    """Do things to the printer once so many labels were made: (what, seconds to wait before it)."""

    def happen(case: Case, printer: VirtualPrinter) -> None:
        def watch() -> None:
            with suppress(Exception):  # the case may be over before
                printer.wait_for_labels(number, timeout=5)
                for deed, seconds in deeds:
                    time.sleep(seconds)
                    if DEEDS[deed](printer) is not False and deed in FAULTS:
                        case.faults.append(deed)

        threading.Thread(target=watch, daemon=True).start()

    return happen


def dies(write: int, *, committed: bool) -> Happens:
    """Let the sender die at one of its writes to the database, before or after it was committed (kill -9)."""

    def happen(case: Case, _: VirtualPrinter) -> None:
        def strike(db: Database, work: Any) -> Any:
            case.faults.append("killed")
            if committed:
                db.write(work)
            raise Unavailable("database_lost", "Expected an answer from the database, got a lost connection.")

        case.unlucky = lambda db: Unlucky(db, write, strike)

    return happen


def freezes(write: int) -> Happens:
    """Freeze the sender at one of its writes, past its lease, while another takes over; then let it go on."""

    def happen(case: Case, _: VirtualPrinter) -> None:
        def strike(db: Database, work: Any) -> Any:
            case.faults.append("frozen")
            case.offset += timedelta(seconds=61)
            sender = case.works.sender(**PATIENCE)
            for printer_id in delivery.waiting(sender):
                delivery.serve(sender, printer_id, f"heir-{next(_names)}")
            return db.write(work)

        case.unlucky = lambda db: Unlucky(db, write, strike)

    return happen


class Unlucky:
    """A database at one write of which something happens; writes are counted from 1."""

    def __init__(self, db: Database, at: int, happens: Callable[[Database, Any], Any]) -> None:
        self._db = db
        self._at = at
        self._happens = happens
        self._count = count(1)
        self.read = db.read

    def write(self, work: Any) -> Any:
        """Do what happens, or write."""
        if next(self._count) == self._at:
            return self._happens(self._db, work)
        return self._db.write(work)


def cancel(printer: VirtualPrinter) -> bool:
    """Press CANCEL; return whether there was something to cancel."""

    def press() -> bool:
        machine = printer._device.mechanism
        there = not machine.empty
        machine.cancel_next()
        return there

    return printer._do(press)


DEEDS: dict[str, Callable[[VirtualPrinter], object]] = {
    "open head": VirtualPrinter.open_head,
    "close head": VirtualPrinter.close_head,
    "media out": VirtualPrinter.media_out,
    "load media": VirtualPrinter.load_media,
    "ribbon out": VirtualPrinter.ribbon_out,
    "load ribbon": VirtualPrinter.load_ribbon,
    "power off": VirtualPrinter.power_off,
    "power on": VirtualPrinter.power_on,
    "pause": VirtualPrinter.pause,
    "resume": VirtualPrinter.resume,
    "cancel": cancel,
    "foreign job": VirtualPrinter.foreign_job,
    "reprint mode": lambda printer: printer.set_variable("ezpl.reprint_mode", "on"),
    "press reprint": VirtualPrinter.press_reprint,
}
FAULTS = frozenset(
    {"open head", "media out", "ribbon out", "power off", "pause", "cancel", "foreign job", "press reprint"}
)

#: Those that silence some printers.
SILENCING = frozenset({"open head", "media out", "ribbon out"})

#: Bytes of a label as these tests print it, roughly.
LABEL_BYTES = 450


def chance(works: Any, seed: int) -> tuple[Case, tuple[Happens, ...]]:
    """Choose a printer (of every kind in turn), a window, a quantity and what happens."""
    dice = random.Random(seed)
    seconds = dice.choice((0.0, 0.004, 0.01))
    kinds = personalities(label_seconds=seconds)
    kind = kinds[seed % len(kinds)]
    regulated = kind.echo == "movement" and dice.random() < 0.2
    window = 1 if regulated else dice.choice((1, 2, 2, 5))
    quantity = dice.choice((3 * window, 3 * window, 20))

    def when() -> int:
        return dice.randint(0, quantity - 1)

    def wait() -> float:
        return seconds * dice.random()

    def fault(name: str) -> Happens:
        match name:
            case "drop":
                return drops_at(dice.randint(1, LABEL_BYTES * quantity), dice.choice(("rst", "rst", "fin")))
            case "dies":
                return dies(dice.randint(1, quantity + 4), committed=dice.random() < 0.5)
            case "freezes":
                return freezes(dice.randint(2, quantity + 4))
            case "head":
                return at_label(when(), ("open head", wait()), ("close head", dice.choice((0.01, 0.1))))
            case "media":
                return at_label(when(), ("media out", wait()), ("load media", dice.choice((0.01, 0.1))))
            case "ribbon":
                return at_label(when(), ("ribbon out", wait()), ("load ribbon", dice.choice((0.01, 0.1))))
            case "power":
                return at_label(when(), ("power off", wait()), ("power on", dice.choice((0.0, 0.05))))
            case "pause":
                return at_label(when(), ("pause", wait()), ("resume", dice.choice((0.0, 0.05))))
            case "cancel":
                return at_label(when(), ("cancel", wait()))
            case "panel":
                return at_label(dice.randint(1, quantity - 1), ("reprint mode", 0.0), ("press reprint", wait()))
            case _:
                return at_label(when(), ("foreign job", wait()))

    groups = (
        ("drop",),
        ("drop", "dies"),
        ("power", "dies"),
        ("freezes",),
        ("head", "media", "ribbon", "pause"),
        ("cancel",),
    )
    group = dice.choice((*groups, ("foreign",), ("panel",)))
    most = 1 if group in (("foreign",), ("panel",)) else 3
    happens = tuple(fault(dice.choice(group)) for _ in range(dice.randint(1, most)))
    return Case(works, kind, quantity, window=window, regulated=regulated, name=f"p{seed}"), happens


def drops_at_each(offsets: list[int]) -> Happens:
    """Cut the connection again and again: at each of these bytes of all that the printer reads."""

    def happen(case: Case, printer: VirtualPrinter) -> None:
        for offset in offsets:
            printer.at_byte(offset, lambda struck: drop(case, struck))

    return happen


def long_job(seed: int) -> tuple[Personality, int, Happens]:
    """Choose a printer that counts, 500 labels, and eight bytes at which the connection drops."""
    dice = random.Random(seed)
    kind = dice.choice([kind for kind in personalities() if kind.counts and kind.json_port])
    return kind, 500, drops_at_each(sorted(dice.randint(1, 400 * LABEL_BYTES) for _ in range(8)))


def write_down(tally: Tally) -> None:
    """Keep what a part came to, where someone adds it up."""
    if path := os.environ.get("TORTURE_OUT"):
        with Path(path).open("a", encoding="utf-8") as out:
            out.write(json.dumps(vars(tally)) + "\n")


def main(path: str, wanted: int) -> int:
    """Add up what was written down; the last line says it. Return the exit status."""
    total = Tally()
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        part = json.loads(line)
        total.add(Tally(**{**part, "faults": Counter(part["faults"])}))
    for wrong in total.wrong:
        print(wrong)
    print(", ".join(f"{count} {fault}" for fault, count in total.faults.most_common()))
    print(f"{total.forgiven} labels printed again at the panel of a printer, not by a machine")
    print(total)
    return int(bool(total.wrong) or total.faults.total() < wanted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
