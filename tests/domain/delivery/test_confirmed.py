"""However a certified printer, its link and its sender fail: each label comes out exactly once, after at most W scans.

The printer here is a model on paper, of the scheme's assumptions only: first in, first out, labels come out whole or
torn.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from random import Random

import pytest

from labelsvc.domain.delivery import steps
from labelsvc.domain.delivery.confirmed import begin, step
from labelsvc.domain.delivery.proof import SETTLED
from labelsvc.domain.delivery.standing import Inherited, Terms
from labelsvc.domain.profiles import Profile
from labelsvc.domain.readings import Reading

FOREIGN = -1
WALKS = 200
_ADD = ("foreign", "panel")
_TAKE = ("lost", "drop", "power", "cancel", "kill")
PROFILES = [
    Profile(echo=echo, counter=counter, counter_survives=survives, uptime=True, reprints_partial=again)  # type: ignore[arg-type]
    for echo, counter, survives, again in product(
        [None, "image", "movement"], [None, "early", "late"], [False, True], [False, True]
    )
    if counter or (echo == "movement" and not survives)
]


@dataclass
class Paper:
    """A printer as the scheme supposes it to be, and what came out of it."""

    profile: Profile
    counts_torn: bool
    mute: bool
    pieces: list[tuple[int, bool]] = field(default_factory=list)
    buffer: list[int] = field(default_factory=list)
    moving: int | None = None
    counted: bool = False  # the label that moves was counted when it began
    again: int | None = None  # the label that a fault met, which comes once more
    counter: int = 100
    fault: bool = False
    echoes: list[int] = field(default_factory=list)
    duplicates: Counter[int] = field(default_factory=Counter)  # made at the front panel

    def tick(self) -> None:
        """Go on by half a label."""
        if self.fault:
            return
        if self.moving is None and self.buffer:
            self.moving = self.buffer.pop(0)
            repeated, self.again = self.again == self.moving, None
            if self.profile.counter == "early" and (not repeated or self.counts_torn):
                self.counter += 1
            if self.profile.echo == "image":
                self.echoes.append(self.moving)
        elif self.moving is not None:
            self.pieces.append((self.moving, True))
            if self.profile.counter == "late":
                self.counter += 1
            if self.profile.echo == "movement" and self.moving != FOREIGN:
                self.echoes.append(self.moving)
            self.moving = None

    def rest(self) -> None:
        """Let everything come out."""
        self.fault = False
        while self.buffer or self.moving is not None:
            self.tick()

    def tear(self) -> None:
        """Have media, ribbon or head fail, perhaps in the middle of a label."""
        self.fault = True
        if self.moving is not None:
            self.pieces.append((self.moving, False))
            if self.profile.counter == "late" and self.counts_torn:
                self.counter += 1
            if self.profile.reprints_partial:
                self.again = self.moving
                self.buffer.insert(0, self.moving)
            self.moving = None

    def power_cycle(self) -> None:
        """Lose all that is only in memory."""
        if self.moving is not None:
            self.pieces.append((self.moving, False))
        self.moving, self.buffer, self.fault, self.echoes, self.again = None, [], False, [], None
        if not self.profile.counter_survives:
            self.counter -= min(2, self.counter)

    def panel_reprint(self) -> None:
        """Print the last label again, by a button."""
        whole = [ordinal for ordinal, good in self.pieces if good and ordinal != FOREIGN]
        if whole and self.moving is None and not self.fault:
            self.pieces.append((whole[-1], True))
            self.duplicates[whole[-1]] += 1
            self.counter += 1

    def reading(self) -> Reading | None:
        """Say how it is."""
        if self.fault and self.mute:
            return None
        return Reading(
            counter=self.counter if self.profile.counter else None,
            reasons=("media-empty-error",) if self.fault else (),
            busy=bool(self.buffer) or self.moving is not None,
        )


@dataclass
class Floor:
    """A job, its books, the printer, and a person who scans when asked."""

    paper: Paper
    terms: Terms
    labels: int
    chance: Random
    story: list[str] = field(default_factory=list)
    faults: int = 0
    budget: int = 3
    scans: int = 0
    outcome: dict[int, str] = field(default_factory=dict)
    doubt: tuple[int, int] | None = None
    zero: int | None = None  # where the delivery that holds the doubt had confirmed nothing
    done: int = 0  # what that delivery confirmed
    was: tuple[bool, bool] = (False, False)
    restarted: bool = False
    looked_at_fault: bool = False
    subtract: bool = False

    def run(self) -> None:
        """Deliver until every label is confirmed."""
        self.outcome = dict.fromkeys(range(self.labels), "planned")
        for _ in range(60):
            inherited = None
            if self.doubt is not None:
                way = tuple(range(self.doubt[0], self.doubt[1] + 1))
                inherited = Inherited(way, None if self.zero is None else self.zero + self.done, *self.was)
            self.deliver(inherited)
            if self.doubt is None:
                self.scan_all()
                if all(said == "confirmed" for said in self.outcome.values()):
                    return
        raise AssertionError("Expected an end, got none.")

    def happens(self, *chances: str) -> str:
        """Draw whether something happens now."""
        if self.budget == 0 or self.chance.random() > 0.12:
            return ""
        what = self.chance.choice(chances)
        # One label too few and one too many look like none: only a printer that names each label, asked to, tells them.
        if what in (_ADD if self.subtract else _TAKE) and not self.terms.regulated:
            return ""
        self.budget -= 1
        self.faults += 1
        self.story.append(what)
        return what

    def deliver(self, inherited: Inherited | None) -> None:
        """Drive one delivery to its end, or to the sender's."""
        todo = self.intervals()
        state, command = begin(self.terms, todo, inherited)
        fresh = True
        while True:
            if self.happens("kill") == "kill":
                return
            match command:
                case steps.Connect():
                    fact = self.connect(inherited is not None)
                case steps.Advance():
                    fact = self.advance(command, fresh=fresh)
                    fresh = False
                case steps.Send(first, last):
                    fact = self.send(first, last)
                case steps.Watch():
                    fact = self.watch()
                case steps.Disconnect():
                    fact = steps.Disconnected()
                case _:
                    self.end(command)
                    return
            self.story.append(f"{command} -> {fact}")
            state, command = step(state, fact)

    def intervals(self) -> tuple[tuple[int, int], ...]:
        """What is to be printed."""
        held = range(self.doubt[0], self.doubt[1] + 1) if self.doubt else range(0)
        todo = [one for one, said in self.outcome.items() if said in ("planned", "absent") and one not in held]
        runs: list[tuple[int, int]] = []
        for one in todo:
            if runs and runs[-1][1] == one - 1:
                runs[-1] = (runs[-1][0], one)
            else:
                runs.append((one, one))
        return tuple(runs)

    def connect(self, again: bool) -> steps.Fact:
        self.paper.echoes = []
        if self.paper.fault:
            self.paper.rest()
            return steps.NotReady(("media-empty-error",), "no paper")
        self.paper.rest()
        self.paper.echoes = []
        return steps.Connected(self.paper.reading(), self.restarted and again)

    def advance(self, known: steps.Advance, *, fresh: bool) -> steps.Fact:
        for one in known.done:
            assert self.outcome[one] != "confirmed"
            self.outcome[one] = "confirmed"
        for one in known.torn:
            self.outcome[one] = "torn"
        for one in known.absent:
            self.outcome[one] = "absent"
        if fresh:
            self.zero, self.done, self.restarted = None, 0, False
        if known.zero is not None or fresh:
            self.was = (False, False)
        if known.zero is not None:
            self.zero = known.zero
        self.done += len(known.done)
        self.doubt = known.way
        return steps.Held()

    def send(self, first: int, last: int) -> steps.Fact:
        what = self.happens("drop", "lost", "power", "foreign")
        if what == "foreign":
            self.paper.buffer.append(FOREIGN)
        if what in ("drop", "lost", "power"):
            handed = self.chance.randint(first - 1, last)
            whole = self.chance.random() < 0.5 if handed >= first else True
            surely = handed if whole else handed - 1
            came = surely if what == "drop" else self.chance.randint(first - 1, surely)
            self.paper.buffer.extend(range(first, came + 1))
            self.ticks()
            if what == "power":
                self.paper.power_cycle()
                self.restarted = True
            return steps.SendFailed(handed if handed >= first else None, "broken", whole=whole)
        self.paper.buffer.extend(range(first, last + 1))
        return steps.Sent()

    def ticks(self) -> None:
        for _ in range(self.chance.randint(0, 3)):
            self.paper.tick()

    def watch(self) -> steps.Fact:
        self.ticks()
        what = self.happens("drop", "tear", "power", "panel", "cancel")
        if what == "tear":
            self.paper.tear()
        elif what == "panel":
            self.paper.panel_reprint()
        elif what == "cancel":
            self.paper.buffer = []
        elif what == "drop":
            self.ticks()
            return steps.LinkBroken("gone")
        elif what == "power":
            self.paper.power_cycle()
            self.restarted = True
            return steps.LinkBroken("gone")
        elif self.paper.fault and self.looked_at_fault and self.chance.random() < 0.5:
            self.paper.fault = False
        echoes, self.paper.echoes = tuple(self.paper.echoes), []
        self.looked_at_fault = self.paper.fault
        if self.paper.fault:
            self.was = (True, False)  # a fault is reported as soon as it is seen
        return steps.Seen(echoes, self.paper.reading())

    def end(self, command: steps.Command) -> None:
        match command:
            case steps.Retry():
                self.doubt = None
            case steps.Suspend(doubt_until, _, _, faulted, partial):
                assert self.doubt is not None
                self.doubt = (self.doubt[0], doubt_until)
                self.was = (faulted, partial)
            case steps.Stop(doubt_until):
                span = None if doubt_until is None else (self.doubt or (0, -1))[0]
                self.doubt = None
                if span is not None and doubt_until is not None:
                    self.ask(range(span, doubt_until + 1))
            case steps.Complete():
                assert self.doubt is None
                assert not self.intervals()
            case _:
                raise AssertionError(command)

    def ask(self, doubtful: range) -> None:
        """Have a person scan what came out, when the printer is at rest; torn pieces are thrown away."""
        self.paper.rest()
        assert len(doubtful) <= self.terms.window
        for one in doubtful:
            self.scans += 1
            self.outcome[one] = "confirmed" if (one, True) in self.paper.pieces else "absent"

    def scan_all(self) -> None:
        """Account for what faults tore."""
        for one, said in self.outcome.items():
            if said == "torn":
                self.ask(range(one, one + 1))


@pytest.mark.parametrize(
    "profile", PROFILES, ids=lambda p: f"{p.echo}-{p.counter}-{p.counter_survives:d}{p.reprints_partial:d}"
)
def test_each_label_comes_out_exactly_once(profile: Profile) -> None:
    for seed in range(WALKS):
        chance = Random(seed)
        window, labels = chance.choice([1, 2, 5]), chance.randint(1, 7)
        paper = Paper(profile, counts_torn=chance.random() < 0.5, mute=chance.random() < 0.5)
        regulated = profile.echo == "movement" and chance.random() < 0.3
        terms = Terms(profile, 1 if regulated else window, regulated)
        floor = Floor(paper, terms, labels, chance, subtract=chance.random() < 0.7)
        try:
            floor.run()
            whole = Counter(one for one, good in paper.pieces if good and one != FOREIGN)
            for one in range(labels):
                assert whole[one] == 1 + paper.duplicates[one], (one, paper.pieces)
            assert floor.scans <= terms.window * floor.faults
        except AssertionError as error:
            raise AssertionError("\n".join([f"seed {seed}, {paper.profile}", *floor.story])) from error


COUNTS = Terms(Profile(counter="late"), window=2)


def at_the_end(*readings: Reading) -> list[steps.Command]:
    """Print labels 1 and 2 on a printer that counted 100, to the last command; it is read once a look."""
    state, command = begin(COUNTS, ((1, 2),))
    facts = [steps.Connected(Reading(counter=100, busy=False)), steps.Held(), steps.Sent()]
    facts += [steps.Seen((), readings[0]), steps.Held(), *(steps.Seen((), reading) for reading in readings[1:])]
    commands = [command]
    for fact in facts:
        state, command = step(state, fact)
        commands.append(command)
    return commands


def test_a_label_that_was_not_ours_is_noticed_though_it_was_counted_for_the_last_one() -> None:
    """Label 1 and one printed again at the panel are out; label 2 moves, of which the printer says nothing."""
    *_, last = at_the_end(Reading(counter=102, busy=False), Reading(counter=103, busy=False))
    assert isinstance(last, steps.Stop)
    assert (last.doubt_until, last.reasons) == (None, ("printer-stopped", "x-foreign-labels-printed"))


def test_a_job_ends_when_its_printer_has_come_to_rest() -> None:
    rest = [Reading(counter=102, busy=False)] * (1 + SETTLED)
    *watched, last = at_the_end(*rest)
    assert isinstance(last, steps.Disconnect)
    assert isinstance(watched[-1], steps.Watch)


def test_a_printer_that_cannot_print_when_all_is_out_holds_no_job_up() -> None:
    *_, last = at_the_end(Reading(counter=102, busy=False), Reading(counter=102, reasons=("media-empty-error",)))
    assert isinstance(last, steps.Disconnect)
