"""Who has dialled in: the main connections of printers, and the channels that are opened to them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from labelsvc.printers.weblink import messages
from labelsvc.printers.weblink.messages import Greeting
from labelsvc.printers.weblink.websocket import WebSocket

#: How long a printer may take to open a channel: it dials, and TLS takes a small processor its time.
CHANNEL_SECONDS = 10.0
#: Main connections of one printer. Real ones open more than they need, up to a limit that channels count to as well.
MAINS_AT_MOST = 4
#: Nothing said by us for so long is followed by a ping, and no sign of life for so long is an end.
PING_SECONDS, SILENT_SECONDS = 30.0, 90.0
#: The same where there is a reason to ask.
CHECK_SECONDS = 10.0
_LOOK_SECONDS = 0.2


class Main:
    """A printer's main connection; `run` holds it on a thread, the rest is for any other."""

    def __init__(self, serial: str, socket: WebSocket) -> None:
        self.serial = serial
        self._socket = socket
        self._lock = threading.Lock()  # the library's state, and TLS, are for one thread at a time
        self._over = threading.Event()
        self._pinged_at = self._checked_at = self._doubted_at = float("-inf")
        self._reasons: set[str] = set()

    @property
    def doubted(self) -> bool:
        """Whether a channel was asked for in vain, and nothing was heard since."""
        return self._doubted_at > self._socket.heard_at

    @property
    def reasons(self) -> tuple[str, ...]:
        """What its alerts told, as far as it has not ended since."""
        return tuple(self._reasons)

    def order(self, order: bytes) -> None:
        """Tell the printer to do something. Raises OSError: it is not there any more."""
        with self._lock:
            self._socket.send_all(order)

    def check(self) -> None:
        """Ask for a sign of life; without one it ends soon."""
        self._checked_at = time.monotonic()
        with suppress(OSError):
            self._ping()

    def doubt(self) -> None:
        """Say that it did not do what it was told: no more is asked of it before a sign of life."""
        self._doubted_at = time.monotonic()
        self.check()

    def end(self) -> None:
        """Let `run` return."""
        self._over.set()

    def run(self) -> None:
        """Listen to the printer until one of both ends it."""
        with suppress(OSError):
            self.order(messages.order_alerts())
            while not self._over.is_set() and not self._silent():
                with self._lock:
                    message = self._socket.message(0.0)
                if message is None:
                    self._socket.wait(_LOOK_SECONDS)
                elif (told := messages.alert(message)) is not None:
                    (self._reasons.add if told.holds else self._reasons.discard)(told.reason)
                if time.monotonic() - max(self._pinged_at, self._socket.heard_at) > PING_SECONDS:
                    self._ping()
        self._socket.reset()

    def _ping(self) -> None:
        self._pinged_at = time.monotonic()
        with self._lock:
            self._socket.ping()

    def _silent(self) -> bool:
        now, heard_at = time.monotonic(), self._socket.heard_at
        return now - heard_at > SILENT_SECONDS or (
            self._checked_at > heard_at and now - self._checked_at > CHECK_SECONDS
        )


@dataclass(eq=False)
class _Wanted:
    """A channel that a printer was told to open.

    Attributes:
        over: it came, or the main connection that was told ended.
    """

    main: Main
    name: str
    over: threading.Event
    socket: WebSocket | None = None


class Callers:
    """The printers that have dialled in here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: frozenset[str] = frozenset()
        self._mains: dict[str, list[Main]] = {}
        self._wanted: list[_Wanted] = []
        self._unique_ids: dict[str, str] = {}  # of those that opened a channel

    def expect(self, serials: Iterable[str]) -> None:
        """Say which printers may dial in; those that may not any more are hung up on."""
        with self._lock:
            self._known = frozenset(serials)
            strangers = [main for serial, mains in self._mains.items() if serial not in self._known for main in mains]
        for main in strangers:
            main.end()

    def connected(self) -> dict[str, tuple[str, ...]]:
        """Return the printers that can be printed on now, with the reasons that their alerts told."""
        with self._lock:
            mains = {serial: [main for main in mains if not main.doubted] for serial, mains in self._mains.items()}
        found = {serial: [reason for main in some for reason in main.reasons] for serial, some in mains.items() if some}
        return {serial: messages.in_order(reasons) for serial, reasons in found.items()}

    def admit(self, main: Main) -> bool:
        """Take a main connection; False: its printer is none that is expected, or has enough of them."""
        with self._lock:
            mains = self._mains.get(main.serial, [])
            if main.serial not in self._known:
                return False
            if len(mains) < MAINS_AT_MOST:
                self._mains[main.serial] = [*mains, main]
                return True
        for other in mains:  # perhaps the printer knows that they are dead, and we do not yet
            other.check()
        return False

    def leave(self, main: Main) -> None:
        """Forget a main connection; with the last one all channels of its printer are lost."""
        with self._lock:
            left = [other for other in self._mains.get(main.serial, []) if other is not main]
            if left:
                self._mains[main.serial] = left
            else:
                self._mains.pop(main.serial, None)
                self._unique_ids.pop(main.serial, None)
            for wanted in self._wanted:
                if wanted.main is main:
                    wanted.over.set()

    def hand_over(self, said: Greeting, channel: WebSocket) -> bool:
        """Give a channel to who waits for it; False: nobody does.

        Raises:
            ConnectionRefusedError: another printer of that serial number is printed on: labels would go to the one and
                be counted by the other.
        """
        with self._lock:
            for wanted in self._wanted:
                if (wanted.main.serial, wanted.name) == (said.serial, said.channel):
                    if self._unique_ids.setdefault(said.serial, said.unique_id) != said.unique_id:
                        raise ConnectionRefusedError(f"a second printer that calls itself {said.serial}")
                    self._wanted.remove(wanted)
                    wanted.socket = channel
                    wanted.over.set()
                    return True
        return False

    def open(self, serial: str, name: str, seconds: float = CHANNEL_SECONDS) -> WebSocket:
        """Have a printer open a channel.

        Raises:
            OSError: it has not dialled in, or opens none in time.
        """
        with self._lock:
            # The last one that came is the likeliest to be alive.
            main = next((main for main in reversed(self._mains.get(serial, [])) if not main.doubted), None)
            if main is None:
                raise ConnectionRefusedError("none that has dialled in")
            wanted = _Wanted(main, name, threading.Event())
            self._wanted.append(wanted)
        try:
            main.order(messages.order_channel(name))
            wanted.over.wait(seconds)
        finally:
            with self._lock:
                if wanted in self._wanted:
                    self._wanted.remove(wanted)
        if wanted.socket is None:
            if wanted.over.is_set():
                raise ConnectionResetError("the end of its main connection")
            main.doubt()
            raise TimeoutError(f"no channel {name} in time")
        wanted.socket.lost = lambda: serial not in self._mains
        return wanted.socket


@dataclass(frozen=True, slots=True)
class Channel:
    """The way to a printer that dials in; a `Way`.

    Attributes:
        callers: where it may have dialled in; None: nowhere here.
    """

    callers: Callers | None
    serial: str
    name: str

    def __str__(self) -> str:
        """Return how it is called in messages."""
        return f"weblink://{self.serial}"

    def connect(self, seconds: float) -> WebSocket:
        """Have the printer open a channel; it is given at least the time that takes."""
        if self.callers is None:
            raise ConnectionRefusedError("none that has dialled in here")
        return self.callers.open(self.serial, self.name, max(seconds, CHANNEL_SECONDS))
