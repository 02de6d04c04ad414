"""Drives a delivery: does what domain.delivery says, and answers with what it led to.

A worker drives it with books in the database, a station with books of its own. No transaction is open while a printer
is talking.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from labelsvc import logs
from labelsvc.domain.delivery import steps
from labelsvc.domain.delivery.steps import Command, Fact
from labelsvc.domain.readings import Reading
from labelsvc.printers.transport import (
    ConfirmingTransport,
    FollowedTransport,
    LinkLost,
    NotReady,
    SendFailed,
    Transport,
    Unfit,
)

log = logs.logger(__name__)

State = TypeVar("State")

#: How long to wait for an echo before the printer is looked at, seconds.
LOOK_SECONDS = 0.2
#: How often to ask whether someone wants an end, while a printer is watched.
_ASK_SECONDS = 1.0
#: device.uptime is in whole seconds, and a question takes its time.
_UPTIME_SLACK = 3.0


class LeaseLost(Exception):
    """Another sender has the printer, or may have it."""


class Books(Protocol):
    """Where a delivery is written down, before and after each of its steps."""

    def hold(self, first: int, last: int) -> Fact:
        """Hold a window in doubt: Held, CancelAsked, EndAsked or LeaseLost."""

    def record_sent(self, first: int, last: int) -> None:
        """Write down that the window in doubt was handed over."""

    def advance(self, known: steps.Advance, reading: Reading | None) -> Fact:
        """Write down what became known and hold what goes next: Held, CancelAsked, EndAsked or LeaseLost.

        Where an end was asked for and it would hold labels that are not on their way yet, it holds only those that are.
        """

    def asked(self) -> Fact | None:
        """Return CancelAsked, EndAsked or LeaseLost where it is so."""

    def report(self, reasons: tuple[str, ...]) -> None:
        """Say how the printer is, in printer-state-reasons; empty: it prints."""

    def met(self, identity: str) -> None:
        """Write down that another printer answers than the one meant."""

    @property
    def runs(self) -> bool:
        """Whether nobody else can have the printer at this moment."""


class Labels(Protocol):
    """The labels of a job as bytes; `printing.handover.Handover` says more."""

    def chunks(self, first: int, last: int) -> Iterator[bytes]: ...  # noqa: D102
    def touched(self, handed_over: int) -> tuple[int | None, bool]: ...  # noqa: D102
    def echoed(self, text: str) -> int | None: ...  # noqa: D102


@dataclass(slots=True)
class Driver:
    """What a delivery is driven with.

    Attributes:
        was_up: whether the printer was on all the time since a delivery before this one read it; told by its reading.
    """

    books: Books
    labels: Labels
    transport: Transport
    counts: bool = False
    was_up: Callable[[Reading], bool] = field(default=lambda _: True)
    look_seconds: float = LOOK_SECONDS
    _reading: Reading | None = None
    _read_at: float = 0.0
    _asked_at: float = 0.0
    _reasons: tuple[str, ...] = ()

    def drive(self, state: State, command: Command, step: Callable[[State, Fact], tuple[State, Command]]) -> Command:
        """Drive a delivery to its end; return the command that ends it, for the books to write down.

        Raises:
            Unavailable: the books are out of reach; what was on its way stays in doubt.
        """
        try:
            while (fact := self._obey(command)) is not None:
                state, command = step(state, fact)
        finally:
            self.transport.abandon()
        return command

    def _obey(self, command: Command) -> Fact | None:
        """Do what a command says; return the fact it led to, or None where it ends the delivery."""
        match command:
            case steps.Connect(at_rest):
                return self._connect(at_rest=at_rest)
            case steps.HoldInDoubt(first, last):
                return self.books.hold(first, last)
            case steps.Send(first, last):
                return self._send(first, last)
            case steps.RecordSent(first, last):
                self.books.record_sent(first, last)
                return steps.Recorded()
            case steps.Advance():
                if command.way is not None and command.way[1] - command.way[0] >= command.kept:
                    self._asked_at = time.monotonic()  # what goes next goes only where nobody asked for an end
                return self.books.advance(command, self._reading)
            case steps.Watch():
                return self._watch()
            case steps.Disconnect():
                return self._disconnect()
        return None

    def _connect(self, *, at_rest: bool) -> Fact:
        try:
            self.transport.open(at_rest=at_rest)
            if not self._confirming:
                return steps.Connected()
            reading = self._printer.read()
        except NotReady as error:
            return steps.NotReady(error.reasons, error.message)
        except LinkLost as error:
            return steps.NotReady(("connecting-to-device",), error.message)
        except Unfit as error:
            if error.identity is not None:
                self.books.met(error.identity)
            return steps.Unfit(error.reasons, error.message)
        restarted = reading is None or not self.was_up(reading)
        self._keep(reading)
        return steps.Connected(reading, restarted)

    def _disconnect(self) -> Fact:
        warning = self.transport.close()
        if warning is not None:
            return steps.BrokenOff(warning)
        return steps.Disconnected(self._followed.job_reasons if self._follows else ())

    @property
    def _confirming(self) -> bool:
        return hasattr(self.transport, "read")

    @property
    def _printer(self) -> ConfirmingTransport:
        return self.transport  # type: ignore[return-value]  # only deliveries that watch ask for it

    @property
    def _follows(self) -> bool:
        return hasattr(self.transport, "follow")

    @property
    def _followed(self) -> FollowedTransport:
        return self.transport  # type: ignore[return-value]  # asked for where it follows

    def _send(self, first: int, last: int) -> Fact:
        try:
            self.transport.send(self._chunks(first, last))
            if self._follows:
                self._follow()
        except SendFailed as error:
            touched, whole = self.labels.touched(error.handed_over)
            return steps.SendFailed(touched, error.message, again=error.again, whole=whole)
        except LeaseLost:
            return steps.LeaseLost()
        return steps.Sent()

    def _chunks(self, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes of labels as long as the printer is ours.

        Raises:
            SendFailed: they could not be made.
            LeaseLost: another may have the printer.
        """
        made, passed = self.labels.chunks(first, last), 0
        while True:
            if not self.books.runs:
                raise LeaseLost
            if self._follows and passed and isinstance(self._asked(), steps.CancelAsked):
                raise SendFailed(passed, "Expected the printer to get the whole job, got the wish to end it.")
            try:
                chunk = next(made, None)
            except Exception as error:
                log.exception("delivery.labels")
                message = f"Expected every label to be made, got {type(error).__name__}."
                raise SendFailed(passed, message, again=False) from error
            if chunk is None:
                return
            yield chunk
            passed += len(chunk)

    def _follow(self) -> None:
        """See a job that the printer has whole to its end; a sender that is to end leaves it with the printer.

        Raises:
            SendFailed: it did not end as it should.
            LeaseLost: another may have the printer.
        """
        canceled = False
        while (reasons := self._followed.follow()) is not None:
            self._report(reasons)
            match self._asked():
                case steps.LeaseLost():
                    raise LeaseLost
                case steps.EndAsked():
                    return
                case steps.CancelAsked() if not canceled:
                    canceled = True
                    self._followed.cancel()

    def _asked(self) -> Fact | None:
        """Return what someone asked for, if it is time to see."""
        now = time.monotonic()
        if now - self._asked_at <= _ASK_SECONDS:
            return None
        self._asked_at = now
        return self.books.asked()

    def _report(self, reasons: tuple[str, ...]) -> None:
        if reasons != self._reasons:
            self._reasons = reasons
            self.books.report(reasons)

    def _watch(self) -> Fact:
        asked = self._asked()
        if asked is not None:
            return asked
        try:
            texts = self._printer.listen(self.look_seconds)
            # One that only echoes need not be asked while it does.
            reading = self._printer.read(briefly=bool(texts)) if self.counts or not texts else self._reading
        except LinkLost as error:
            return steps.LinkBroken(error.message)
        echoes = tuple(self.labels.echoed(text) for text in texts)
        restarted = reading is not None and self._was_off(reading)
        if reading is not None and reading is not self._reading:
            self._keep(reading)
        self._report(("other-error",) if reading is None else reading.reasons)
        return steps.Seen(echoes, reading, restarted)

    def _keep(self, reading: Reading | None) -> None:
        self._reading, self._read_at = reading, time.monotonic()

    def _was_off(self, reading: Reading) -> bool:
        """Whether the printer's clock began anew since it was last read."""
        last = self._reading
        if last is None or last.uptime is None or reading.uptime is None or last is reading:
            return False
        return reading.uptime + _UPTIME_SLACK < last.uptime + (time.monotonic() - self._read_at)
