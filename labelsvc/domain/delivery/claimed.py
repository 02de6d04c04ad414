"""Where a claim stands by its station's journal, so that whoever goes on with it knows what is left, and what in doubt.

It says what the books of a worker say (printing.books, printing.delivery), computed from the lines alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from labelsvc.domain.delivery import steps
from labelsvc.domain.delivery.proof import tears
from labelsvc.domain.delivery.standing import Inherited
from labelsvc.domain.journal import GOES_ON, Entry
from labelsvc.domain.outcomes import Interval, having, paint

Span = tuple[int, int]

GONE = "Expected the station to say what it sent, got no word: it ended with labels on their way."


@dataclass(frozen=True, slots=True)
class Base:
    """What a delivery's labels are counted from (domain.jobs.Baseline).

    Attributes:
        clock: the machine's boot and the seconds since, when the printer was read.
    """

    zero: int | None
    uptime: float | None
    clock: tuple[str, float]
    faulted: bool = False
    partial: bool = False


@dataclass(slots=True)
class Claimed:
    """What the lines so far come to.

    Attributes:
        rows: what is known of the labels, the earliest first.
        way: labels in doubt by the delivery that last held some, or that its base belongs to.
        done: how many that delivery confirmed.
        running: a delivery began and did not end.
        fresh: it has held nothing yet, so `way`, `done` and `base` are of the one before.
        ended: how the last delivery ended, where the claim does not go on after that.
    """

    rows: list[Interval]
    way: Span | None = None
    done: int = 0
    base: Base | None = None
    running: bool = False
    fresh: bool = True
    attempts: int = 0
    ended: str | None = field(default=None)

    @classmethod
    def of(cls, labels: Iterable[Span], *, resumed: bool) -> Claimed:
        """Return where a claim stands before anything was done.

        Args:
            resumed: some of the labels were handed over before, and did not come out.
        """
        return cls([Interval(first, last, "absent" if resumed else "planned") for first, last in labels])

    def take(self, entry: Entry) -> None:
        """Take in the next line."""
        said = entry.said
        match entry.do:
            case "begin":
                self.running, self.fresh = True, True
                self.attempts += 1
            case "there":
                self.rows += [Interval(first, last, "confirmed", "scanned") for first, last in said["spans"]]
            case "hold":
                self._begun()
                self.way = (said["first"], said["last"])
            case "sent":
                self.way = None
                self.rows.append(Interval(said["first"], said["last"], "sent", "sent"))
            case "advance":
                self._advance(entry)
            case "state":
                if self.base is not None and tears(tuple(said["reasons"])):
                    self.base = replace(self.base, faulted=True)
            case "end":
                self._end(entry)

    def _begun(self) -> None:
        """The delivery holds its first labels: what the one before it left in doubt is no longer its own."""
        if self.fresh and self.way is not None:
            self.rows.append(Interval(*self.way, "in_doubt", "sent"))
        if self.fresh:
            self.way, self.done, self.fresh = None, 0, False

    def _advance(self, entry: Entry) -> None:
        said, first = entry.said, self.fresh
        self._begun()
        for outcome, name in (("confirmed", "done"), ("in_doubt", "torn"), ("absent", "absent")):
            for span in said[name]:
                self.rows.append(Interval(span[0], span[1], outcome))  # type: ignore[arg-type]  # three of the ten
        self.done += sum(last - first + 1 for first, last in said["done"])
        self.way = None if said["way"] is None else (said["way"][0], said["way"][1])
        if said["zero"] is not None or first:
            self.base = Base(said["zero"], said["uptime"], (said["clock"][0], said["clock"][1]))

    def _end(self, entry: Entry) -> None:
        said, how = entry.said, entry.said["how"]
        self.running = False
        if not self.fresh and self.way is not None:
            if how == "retry":
                self.way = None
            elif how in ("suspend", "stop"):
                self.way = None if said["until"] is None else (self.way[0], said["until"])
        if how == "suspend" and self.base is not None:
            self.base = replace(self.base, faulted=said["faulted"], partial=said["partial"])
        if how in ("retry", "give-back"):
            self.base = None  # nothing of it is on its way
        if how not in GOES_ON:
            self.ended = how

    def known(self) -> tuple[Interval, ...]:
        """Return what is known of each label."""
        doubt = [] if self.way is None else [Interval(*self.way, "in_doubt", "sent")]
        return paint([*self.rows, *doubt])

    def todo(self) -> tuple[Span, ...]:
        """Return the labels that are still to be printed."""
        return tuple((part.first, part.last) for part in having(self.known(), {"planned", "absent"}))

    def resumed(self) -> bool:
        """Return whether some of them were handed over before."""
        return bool(having(self.known(), {"absent"}))

    def inherited(self) -> Inherited | None:
        """Return what the next delivery has to count before anything else."""
        if self.base is None or self.way is None:
            return None
        zero = None if self.base.zero is None else self.base.zero + self.done
        return Inherited(tuple(range(self.way[0], self.way[1] + 1)), zero, self.base.faulted, self.base.partial)

    def why_not(self) -> steps.Stop | None:
        """Return why nobody but a person may go on: a delivery that cannot be counted ended without a word."""
        if not self.running or self.base is not None:
            return None
        if self.way is not None:
            return steps.Stop(self.way[1], ("printer-stopped", "x-labels-in-doubt"), GONE)
        if having(self.known(), {"sent"}):
            return steps.Stop(None, ("printer-stopped",), GONE)
        return None
