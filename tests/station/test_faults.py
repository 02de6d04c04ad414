"""Faults at a station, seeded: the printer's, a network that comes and goes, a process that is killed at any line.

Every case ends as those of a worker do (tests/printing/torture.py): each serial came out exactly once, torn pieces
apart, and no more was scanned than a window a fault where the printer's certification grants that.
"""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest

from labelsvc.domain.batches import Batch
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.virtual.engine import Personality
from labelsvc.station import printing
from labelsvc.station.client import Unreachable
from labelsvc.station.running import Station
from tests.printing.torture import LABEL_BYTES, Case, Tally, at_label, drops_at, personalities
from tests.station.conftest import Dock


class Killed(BaseException):
    """The station's process is gone at this moment."""


class AtStation(Case):
    """A case whose jobs a station prints; each round is one delivery, perhaps without network, perhaps its last."""

    def __init__(self, dock: Dock, dice: random.Random, kind: Personality, quantity: int, name: str) -> None:
        super().__init__(dock.works, kind, quantity, name=name)
        self.dock = dock
        self.dice = dice
        self.station: Station | None = None
        self.kills = 1 if dice.random() < 0.5 else 0
        self.cuts = dice.randint(0, 4)
        add = self.works.add_printer

        def of_the_dock(name: str, uri: str, **spec: Any) -> None:
            add(name, uri, station="dock", **spec)

        self.works = type("Works", (), {})()
        self.works.__dict__.update({n: getattr(dock.works, n) for n in dir(dock.works) if not n.startswith("__")})
        self.works.add_printer = of_the_dock

    def _serve(self) -> None:
        if self.station is None:
            self.station = self.dock.station(self.name)
            self.station.__enter__()
        station, wire = self.station, self.dock.wire
        wire.cut = self.cuts > 0 and self.dice.random() < 0.6
        self.cuts -= wire.cut
        try:
            for work in (station.claim, station.report):
                with suppress(Unreachable):
                    work()
            for holding in list(station.holdings.values()):
                self._arm(holding)
                holding.boot(station.boot, station.instance)
                with suppress(Unreachable):
                    station.report()
                if holding.to_print:
                    printing.deliver(station.press, holding)
            with suppress(Unreachable):
                station.report()
        except Killed:
            self.station = None
            station.__exit__(None, None, None)
        wire.cut = False
        if self.dice.random() < 0.7 and self.station is not None:
            station.report()

    def _arm(self, holding: Any) -> None:
        """Let the process be killed at one of the next lines, before or behind its write."""
        if not self.kills or self.dice.random() < 0.3:
            return
        self.kills -= 1
        at, behind, append = self.dice.randint(1, self.quantity + 3), self.dice.random() < 0.5, holding.journal.append
        lines = [0]

        def dies(do: str, **said: Any) -> Any:
            lines[0] += 1
            if lines[0] != at:
                return append(do, **said)
            self.faults.append("killed")
            if behind:
                append(do, **said)
            raise Killed

        holding.journal.append = dies

    def _look(self, printer: VirtualPrinter, batch: Batch) -> bool:
        done = super()._look(printer, batch)
        if done and self.station is not None:
            self.station.__exit__(None, None, None)
            self.station = None
        return done


def chance(seed: int) -> tuple[random.Random, Personality, int, list[Any]]:
    """Draw a case. Faults last as long as it takes a new process to see them: nobody reloads media in an instant."""
    dice = random.Random(seed)
    kind = dice.choice(personalities(label_seconds=dice.choice((0.0, 0.004))))
    quantity = dice.choice((6, 6, 15))
    happens: list[Any] = []
    match dice.choice(("none", "drop", "media", "power", "head")):
        case "drop":
            happens = [drops_at(dice.randint(1, LABEL_BYTES * quantity), dice.choice(("rst", "fin")))]
        case "media":
            happens = [at_label(dice.randint(0, quantity - 1), ("media out", 0.0), ("load media", 0.02))]
        case "power":
            happens = [at_label(dice.randint(0, quantity - 1), ("power off", 0.0), ("power on", 0.02))]
        case "head":
            happens = [at_label(dice.randint(0, quantity - 1), ("open head", 0.0), ("close head", 0.02))]
    return dice, kind, quantity, happens


@pytest.fixture
def dock(works_on, database, database_url: str, dock_on) -> Dock:
    """A works with a web app on either database."""
    return dock_on(works_on(database), database_url)


@pytest.mark.slow
@pytest.mark.parametrize(("dialect", "part"), [("sqlite", 0), ("sqlite", 1), ("postgresql", 0)])
def test_whatever_happens_at_a_station_each_serial_comes_out_once(dock: Dock, part: int) -> None:
    tally = Tally()
    for seed in range(1 + part, 25, 2):
        dice, kind, quantity, happens = chance(seed)
        tally.add(AtStation(dock, dice, kind, quantity, f"p{seed}").run(*happens))
    assert not tally.wrong, "\n".join(tally.wrong)
    assert tally.faults.total() > 5
