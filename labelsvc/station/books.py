"""A delivery's books at a station: its claim's journal (printing.driving.Books)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from labelsvc.domain.delivery import steps
from labelsvc.domain.delivery.claimed import Claimed
from labelsvc.domain.delivery.steps import Command, Fact
from labelsvc.domain.jobs import WINDOW
from labelsvc.domain.journal import REASONS_AT_MOST
from labelsvc.domain.outcomes import runs
from labelsvc.domain.readings import Reading
from labelsvc.station.clock import since_boot
from labelsvc.station.journal import Journal
from labelsvc.station.labels import StoredLabels

_MESSAGE_AT_MOST = 500
#: Intervals of labels in one line of the journal, which must not be too long.
_SPANS_OF_A_LINE = 80


@dataclass(slots=True)
class JournalBooks:
    """The books of one delivery.

    Attributes:
        standing: what the journal comes to; kept up with it.
        gone: whether the claim was taken away.
        canceled, stopping: whether someone asked for an end of the job, of the process.
        there: numbers of labels that somebody scanned since the claim was made, as far as the server said.
    """

    journal: Journal
    standing: Claimed
    labels: StoredLabels
    gone: Callable[[], bool]
    canceled: Callable[[], bool]
    stopping: Callable[[], bool]
    there: Callable[[], frozenset[int]] = frozenset
    _undigested: int = field(default=0, init=False)

    def write(self, do: str, **said: Any) -> None:
        """Write a line.

        Raises:
            OSError: the disk does not take it.
        """
        self.standing.take(self.journal.append(do, **said))

    @property
    def runs(self) -> bool:
        """Whether the labels are still ours to print."""
        return not self.gone()

    def asked(self) -> Fact | None:
        """Return whether someone wants an end, or took the labels away."""
        if self.gone():
            return steps.LeaseLost()
        if self.stopping():
            return steps.EndAsked()
        return steps.CancelAsked() if self.canceled() else None

    def leave_out(self) -> None:
        """Write down which of the labels that are still to be printed are known to be there, so that they are not."""
        there = self.there()
        if not there:
            return
        todo = (number for first, last in self.standing.todo() for number in range(first, last + 1))
        spans = _listed(runs(number for number in todo if number in there))
        for at in range(0, len(spans), _SPANS_OF_A_LINE):
            self.write("there", spans=spans[at : at + _SPANS_OF_A_LINE])

    def _is_there(self, first: int, last: int) -> bool:
        """Whether one of the labels that are to go next is there already; the next delivery leaves it out."""
        return not self.there().isdisjoint(range(first, last + 1))

    def hold(self, first: int, last: int) -> Fact:
        """Hold a window in doubt, unless someone asked for an end."""
        asked = self.asked() or (steps.EndAsked() if self._is_there(first, last) else None)
        if asked is None:
            self.write("hold", first=first, last=last)
        return asked or steps.Held()

    def record_sent(self, first: int, last: int) -> None:
        """Write down that the window in doubt was handed over."""
        self.write("sent", first=first, last=last, blocks=self.labels.digests())

    def advance(self, known: steps.Advance, reading: Reading | None) -> Fact:
        """Write down what became known of labels on their way, and hold what goes next."""
        asked, way = self.asked(), known.way
        if isinstance(asked, steps.LeaseLost):
            return asked
        if asked is None and way is not None and self._is_there(way[0] + known.kept, way[1]):
            asked = steps.EndAsked()
        if way is not None and way[1] - way[0] + 1 > known.kept and asked is not None:
            way = (way[0], way[0] + known.kept - 1) if known.kept else None
        else:
            asked = None
        self._undigested += len(known.done)
        blocks = self.labels.digests() if self._undigested >= WINDOW else []
        self.write(
            "advance",
            done=_listed(runs(known.done)),
            evidence=known.evidence,
            torn=_listed(runs(known.torn)),
            absent=_listed(runs(known.absent)),
            way=None if way is None else list(way),
            zero=known.zero,
            uptime=None if reading is None else reading.uptime,
            clock=list(since_boot()),
            blocks=blocks,
        )
        if blocks:
            self._undigested = 0
        return asked or steps.Held()

    def report(self, reasons: tuple[str, ...]) -> None:
        """Say how the printer is."""
        self.write("state", reasons=list(reasons[:REASONS_AT_MOST]))

    def met(self, identity: str) -> None:
        """Write down that another printer answers than the one meant."""
        self.write("met", identity=_shown(identity)[:200])

    def end(self, command: Command) -> str | None:
        """Write down how the delivery ended; return the word for it, or None where the labels are no longer ours."""
        until: int | None = None
        faulted = partial = False
        reasons: tuple[str, ...] = ()
        message: str | None = None
        match command:
            case steps.Retry():
                how, reasons, message = "retry", command.reasons, command.message
            case steps.Suspend():
                how, reasons, message = "suspend", command.reasons, command.message
                until, faulted, partial = command.doubt_until, command.faulted, command.partial
            case steps.Stop():
                how, reasons, message, until = "stop", command.reasons, command.message, command.doubt_until
            case steps.Complete():
                how, reasons = "complete", command.reasons
            case steps.Cancel():
                how = "cancel"
            case steps.GiveBack():
                how = "give-back"
            case _:
                return None
        self.write(
            "end",
            how=how,
            until=until,
            reasons=list(reasons[:REASONS_AT_MOST]),
            message=None if message is None else _shown(message),
            faulted=faulted,
            partial=partial,
            blocks=self.labels.digests(),
        )
        return how


def _shown(message: str) -> str:
    """Return a message as a line holds it: an escape for what cannot be shown would make it longer."""
    return "".join(char if char.isprintable() else "?" for char in message[:_MESSAGE_AT_MOST])


def _listed(spans: tuple[tuple[int, int], ...]) -> list[list[int]]:
    return [list(span) for span in spans]
