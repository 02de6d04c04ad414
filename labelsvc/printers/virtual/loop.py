"""One thread for any number of virtual printers: it waits for their lines, their clocks and their callers."""

from __future__ import annotations

import contextlib
import heapq
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from typing import Any, Protocol, TypeVar

from labelsvc.errors import Conflict

T = TypeVar("T")


class Member(Protocol):
    """A printer, as the loop knows it."""

    def ready(self, what: Any, mask: int, now: float) -> None:
        """Something that was registered with the selector, as (member, what), is ready."""

    def catch_up(self) -> None:
        """Do what is due, so that callers see what came before their calls."""

    def work(self, now: float) -> float | None:
        """Do what is due; gives when that is next (time.monotonic), 0.0 for at once, None for not by itself."""

    def ended(self, failure: BaseException | None) -> None:
        """The loop serves it no longer, because it asked for that or died of something."""


Command = tuple[Member | None, Callable[[], Any], Future[Any]]


class Loop:
    """The thread. Only `call`, `add` and `end` may be used by others."""

    def __init__(self, name: str) -> None:
        self.selector = selectors.DefaultSelector()
        self._wake_out, self._wake_in = socket.socketpair()
        self._wake_in.settimeout(0)
        self._wake_out.settimeout(0)
        self.selector.register(self._wake_in, selectors.EVENT_READ)
        self._gate = threading.Lock()  # guards the next two
        self._commands: deque[Command] = deque()  # one a waiting caller
        self._over = False
        self._ending = False
        self._due: dict[Member, float | None] = {}
        self._times: list[tuple[float, int, Member]] = []  # a heap of the same, with some that are no longer true
        self._number = count()
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """End everybody's service, at once, and wait until that is done."""
        self._ending = True
        self._wake()
        if self._thread.ident is not None and threading.current_thread() is not self._thread:
            self._thread.join()

    def dispose(self) -> None:
        """Give back what a loop holds that was never started."""
        self._wake_in.close()
        self._wake_out.close()
        self.selector.close()

    def add(self, member: Member) -> None:
        """Serve a printer from now on."""
        self.call(None, lambda: self._wait(member, 0.0))

    def leave(self, member: Member, failure: BaseException | None = None) -> None:
        """Serve a printer no longer; for the loop's own thread."""
        if member in self._due:
            del self._due[member]
            member.ended(failure)

    def call(self, member: Member | None, command: Callable[[], T]) -> T:
        """Have the loop's thread do something, for a printer or for all, and wait until it is done.

        Raises:
            Conflict: it has ended.
        """
        if threading.current_thread() is self._thread:
            return command()
        outcome: Future[T] = Future()
        with self._gate:
            if self._over:
                raise off()
            self._commands.append((member, command, outcome))
        self._wake()
        return outcome.result()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it is awake; closed: it is over
            self._wake_out.send(b"!")

    def _live(self) -> None:
        failure: BaseException | None = None
        try:
            while not self._ending:
                self._turn()
        except BaseException as error:  # noqa: BLE001 -- given to whoever waits or closes
            failure = error
        finally:
            for member in list(self._due):
                self.leave(member, failure)
            with self._gate:
                self._over = True
            while self._commands:  # they came too late; nobody is to wait for ever
                self._commands.popleft()[2].set_exception(failure or off())
            self.dispose()

    def _turn(self) -> None:
        # A caller's command is done after all that had come in when it was called: so first those, then the selector.
        with self._gate:
            commands, self._commands = self._commands, deque()
        due = self._first_due()
        wait = 0.0 if commands else None if due is None else max(0.0, due - time.monotonic())
        events = self.selector.select(wait)
        now = time.monotonic()
        busy: dict[Member, None] = {}
        while (due := self._first_due()) is not None and due <= now:
            member = heapq.heappop(self._times)[2]
            self._due[member] = None
            busy[member] = None
        for key, mask in events:
            if key.data is None:
                self._wake_in.recv(4096)
                continue
            member, what = key.data
            if member in self._due:
                busy[member] = None
                self._let(member, lambda member=member, what=what, mask=mask: member.ready(what, mask, now))  # type: ignore[misc]
        self._obey(commands, busy)
        for member in busy:
            if member in self._due:
                self._let(member, lambda member=member: self._work(member, now))  # type: ignore[misc]

    def _work(self, member: Member, now: float) -> None:
        due = member.work(now)
        if member in self._due:  # else it has just left
            self._wait(member, due)

    def _wait(self, member: Member, due: float | None) -> None:
        if due is not None and due != self._due.get(member):
            heapq.heappush(self._times, (due, next(self._number), member))
        self._due[member] = due

    def _first_due(self) -> float | None:
        """When the next printer is due, None for none; forgets times that were replaced by others."""
        while self._times and self._due.get(self._times[0][2]) != self._times[0][0]:
            heapq.heappop(self._times)
        return self._times[0][0] if self._times else None

    def _let(self, member: Member, do: Callable[[], None]) -> None:
        """Let a printer do something; what it dies of concerns nobody else."""
        try:
            do()
        except BaseException as error:  # noqa: BLE001 -- given to whoever waits or closes
            self.leave(member, error)

    def _obey(self, commands: deque[Command], busy: dict[Member, None]) -> None:
        for member, command, outcome in commands:
            if member is not None:
                if member in self._due:
                    self._let(member, member.catch_up)
                if member not in self._due:
                    outcome.set_exception(off())
                    continue
                busy[member] = None
            try:
                outcome.set_result(command())
            except Exception as error:  # noqa: BLE001 -- belongs to the caller that waits for it
                outcome.set_exception(error)


def off() -> Conflict:
    """Say that a printer is off."""
    return Conflict("virtual_printer_off", "Expected a printer that is switched on, got one that is not.")
