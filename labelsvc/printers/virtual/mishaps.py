"""What happens to a virtual printer: faults of its line, and any deed at an exact label, byte or time.

    printer.at_label(3, VirtualPrinter.open_head)            # the third label from now is torn
    printer.at_byte(1_000, lambda one: one.foreign_job(2))

Deeds are done by the printer's own thread at their very moment, so a test that arms them gives the same each time.
They take the printer; what one raises kills it, and is told to whoever uses it next.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from itertools import count
from typing import Self

from labelsvc.printers.virtual.line import DropKind
from labelsvc.printers.virtual.panel import Panel


class Mishaps(Panel):
    """The part of a VirtualPrinter for what befalls it. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._timers: list[tuple[float, int, Callable[[], object]]] = []  # a heap
        self._number = count()

    def at_label(self, number: int, deed: Callable[[Self], object], *, share: float = 0.5) -> None:
        """Do something as the `number`-th label from now has come out by that share; a fault tears it.

        Every label that moves counts, whoever sent it, also those that were torn.
        """
        self._do(lambda: self._device.mechanism.mark(number, lambda: deed(self), min(share, 0.999)))

    def after_label(self, number: int, deed: Callable[[Self], object]) -> None:
        """Do something once the `number`-th whole label from now is out, before the next one begins to move."""
        self._do(lambda: self._device.mechanism.mark(number, lambda: deed(self), 1))

    def at_byte(self, number: int, deed: Callable[[Self], object]) -> None:
        """Do something once so many more bytes were read on the ports of data; none behind is looked at before."""
        self._do(lambda: self._wire.at_byte(number, lambda: (deed(self), True)))

    def after(self, seconds: float, deed: Callable[[Self], object]) -> None:
        """Do something in so many seconds."""
        entry = (time.monotonic() + seconds, next(self._number), lambda: deed(self))
        self._do(lambda: heapq.heappush(self._timers, entry))

    @property
    def pending(self) -> int:
        """How many deeds, and drops of the line, have not happened yet."""
        return self._do(lambda: self._device.mechanism.marks + self._wire.fuses + len(self._timers))

    def forget_deeds(self) -> None:
        """Do none of those that have not happened yet."""

        def forget() -> None:
            self._device.mechanism.forget_marks()
            self._wire.forget_fuses()
            self._timers.clear()

        self._do(forget)

    def power_cycle(self, seconds: float = 0.0) -> None:
        """Pull the plug and put it in again after so many seconds, without waiting for that."""
        self.power_off()
        if seconds > 0:
            self.after(seconds, lambda printer: printer.power_on())
        else:
            self.power_on()

    def drop_after(self, count: int, kind: DropKind = "rst") -> None:
        """Cut the connection that brings the `count`-th byte from now, once; no byte behind it is looked at.

        "rst" resets it. "fin" hangs up politely: the client reads the end of file, and what it still sends is lost
        without an error.
        """
        self._do(lambda: self._wire.drop_after(count, kind))

    def turn_away(self, on: bool = True) -> None:  # noqa: FBT001, FBT002
        """End every connection as soon as it is there."""
        self._do(lambda: setattr(self._wire, "turns_away", on))

    def ignore(self, on: bool = True) -> None:  # noqa: FBT001, FBT002
        """Read nothing, though connections are taken."""
        self._do(lambda: setattr(self._wire, "deaf", on))

    def fall_silent(self, on: bool = True) -> None:  # noqa: FBT001, FBT002
        """Answer nothing, on any port, though all is read and printed."""
        self._do(lambda: setattr(self._device, "mute", on))

    def babble(self, count: int, noise: bytes = b"#") -> None:
        """Send so many bytes, noise over and over again (as of b"[" to whoever reads JSON), to who is connected."""
        self._do(lambda: self._wire.babble(count, noise))

    def read_slowly(self, count: int, every: float) -> None:
        """Read at most `count` bytes every so many seconds; `window_bytes` makes the window tiny as well."""
        self._do(lambda: self._wire.slow(count, every))

    def read_fast(self) -> None:
        """Read as fast as bytes come, which is the start."""
        self._do(lambda: self._wire.slow(0, 0.0))

    def _due_deeds(self, now: float) -> float | None:
        """Do what the time has come for; gives when there is more."""
        while self._timers and self._timers[0][0] <= now:
            heapq.heappop(self._timers)[2]()
        return self._timers[0][0] if self._timers else None
