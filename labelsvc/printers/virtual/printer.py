"""A virtual ZPL II thermal printer on TCP: behaves as the programming guide says, and breaks down when told to.

    with VirtualPrinter() as printer:
        send(printer.uri, b"^XA^FDhello^FS^XZ")
        assert printer.wait_for_labels(1, timeout=5)
        printer.labels  # [b"^XA^FDhello^FS^XZ"]

For people it is `labelsvc virtual-printer`; see `serve`, and printers/virtual/received.py for what it leaves on disk.
Nothing here knows how labelsvc itself talks to printers. What the guide leaves open is a trait of the Personality or is
said in the docstring of the part: zpl (framing), engine (buffer, faults), answers (status),
line (connections).

Bounded: the receive buffer, one open format, answers not read, connections, labels kept (Personality). Not bounded:
the files of the output directory, which are the user's.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self, TypeVar

from labelsvc.errors import Conflict, Unavailable
from labelsvc.printers.virtual.config import ConfigPort
from labelsvc.printers.virtual.device import Device, PrinterState
from labelsvc.printers.virtual.engine import Personality
from labelsvc.printers.virtual.line import DropKind, Line, Peer
from labelsvc.printers.virtual.received import PrintedLabel, Received

T = TypeVar("T")

QUIET = 0.5  # seconds without a byte after which a draining printer takes open connections for idle
STANDARD = Personality()


class VirtualPrinter:
    """The printer; a context manager that is switched on inside. Every public method may be called from any thread."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        output: Path | None = None,
        personality: Personality = STANDARD,
        *,
        json_port: int = 0,
        **traits: Any,  # fields of Personality, each checked there
    ) -> None:
        """Describe the printer; `start` or `with` switches it on.

        Args:
            host: the address it listens on.
            port: the TCP port; 0 takes a free one.
            json_port: the port of JSON questions; 0 takes a free one.
            output: directory for what it receives (received.py); None: nothing on disk.
            personality: what kind of printer.
            **traits: single fields of Personality by name: model="ZT411-300dpi", dpmm=12, label_seconds=0.15, ...

        Raises:
            InvalidInput: a trait is out of its range.

        """
        self.personality = replace(personality, **traits)
        self._address = (host, port)
        self._json_port = json_port
        self._output = output
        self._device = Device(self.personality, self._made, self._say)
        self._line: Line | None = None
        self._thread: threading.Thread | None = None
        self._gate = threading.Lock()  # guards the next two
        self._commands: deque[tuple[Callable[[], Any], Future[Any]]] = deque()  # one a waiting caller
        self._over = False
        self._ended = threading.Event()
        self._news = threading.Condition()
        self._labels: deque[PrintedLabel] = deque(maxlen=self.personality.keep_labels)
        self._pieces: deque[PrintedLabel] = deque(maxlen=self.personality.keep_labels)
        self._printed = 0
        self._open = True  # takes connections while powered
        self._stopping = False
        self._drain_until: float | None = None
        self._failure: BaseException | None = None

    # Life

    def start(self) -> Self:
        """Switch on. Raises Unavailable when the address or the directory cannot be used."""
        if self._thread is not None:
            raise Conflict("virtual_printer_started", "Expected a printer that was never started, got a used one.")
        kind = self.personality
        most = 1 if kind.single_connection else kind.max_connections
        line = Line(self._device, max_connections=most, window_bytes=kind.window_bytes)
        try:
            line.bind(*self._address)
            if kind.json_port:
                config = ConfigPort(self._device.value, self._device.mechanism.tell, over=kind.closes_json)
                self._json_port = line.open_beside(self._json_port, config)
            self._device.files = Received(self._output)
        except OSError as error:
            line.close()
            where = f"{self._address[0]}:{self._address[1]}"
            message = f"Expected to listen on {where} and to write the output directory, got: {error}."
            raise Unavailable("virtual_printer_start", message) from error
        self._line = line
        self._thread = threading.Thread(target=self._live, name=f"virtual-printer-{self.port}", daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Switch off for good, at once. Raises what the printer itself died of, if it did."""
        self._stopping = True
        if self._thread is not None and self._line is not None:
            self._line.wake()
            self._thread.join()
        if self._failure is not None:
            raise self._failure

    def drain(self, seconds: float) -> None:
        """Take no new connection, print what came, then close; at most so many seconds."""

        def begin() -> None:
            self._open = False
            self._wire.refuse()
            self._device.last_byte = time.monotonic()
            self._drain_until = self._device.last_byte + seconds

        with suppress(Conflict):  # it is off already
            self._do(begin)
            self._ended.wait()
        self.close()

    def run(self, ready: Callable[[VirtualPrinter], None] | None = None, drain_seconds: float = 10.0) -> None:
        """Work until SIGTERM or KeyboardInterrupt, then drain; a second one stops at once. Blocks.

        `ready` is called when clients can connect.
        """
        main = threading.current_thread() is threading.main_thread()
        before = signal.signal(signal.SIGTERM, _interrupt) if main else None
        try:
            with suppress(KeyboardInterrupt):
                self.start()
                if ready is not None:
                    ready(self)
                self._ended.wait()  # an interrupted Thread.join would take the thread for dead
            with suppress(KeyboardInterrupt):
                self.drain(drain_seconds)
        finally:
            if main:
                signal.signal(signal.SIGTERM, before or signal.SIG_DFL)
            self.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # What can be seen

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return self._wire.address[1]

    @property
    def uri(self) -> str:
        """Where to send to, as a printer's URI: tcp://127.0.0.1:PORT."""
        host = self._address[0]
        return f"tcp://[{host}]:{self.port}" if ":" in host else f"tcp://{host}:{self.port}"

    @property
    def config_uri(self) -> str:
        """The same with the port of JSON questions: tcp://127.0.0.1:PORT?config=PORT."""
        return f"{self.uri}?config={self._json_port}"

    @property
    def json_port(self) -> int:
        """The port of JSON questions."""
        return self._json_port

    @property
    def pieces(self) -> list[PrintedLabel]:
        """All that came out, in order: labels and torn pieces, whoever asked for them; the last `keep_labels`."""
        with self._news:
            return list(self._pieces)

    @property
    def labels(self) -> list[bytes]:
        """The format of each physical label, in order (^PQ3 gives three); the last `keep_labels`."""
        return [label.data for label in self.records]

    @property
    def records(self) -> list[PrintedLabel]:
        """The physical labels, in order; the last `keep_labels`."""
        with self._news:
            return list(self._labels)

    @property
    def printed(self) -> int:
        """Physical labels made since `start`, those forgotten included."""
        with self._news:
            return self._printed

    def wait_for_labels(self, count: int, timeout: float) -> bool:
        """Wait until `count` labels were made since `start`; False when they were not within `timeout` seconds."""
        with self._news:
            self._news.wait_for(lambda: self._printed >= count or self._failure is not None, timeout)
            if self._failure is not None:
                raise self._failure
            return self._printed >= count

    def wait_for(self, condition: Callable[[PrinterState], bool], timeout: float) -> bool:
        """Wait until the state is as wanted; False when it was not within `timeout` seconds."""
        until = time.monotonic() + timeout
        while not condition(self.state()):
            left = until - time.monotonic()
            if left <= 0:
                return False
            with self._news:
                self._news.wait(min(left, 0.01))
        return True

    def state(self) -> PrinterState:
        """The printer at this moment."""
        return self._do(lambda: self._device.state(self._line.clients if self._line else 0))

    # What can be done to it

    def media_out(self) -> None:
        """Run out of media now; a moving label is spoiled."""
        self._do(lambda: self._device.mechanism.set_fault(media_out=True))

    def load_media(self, labels: int | None = None) -> None:
        """Put in a roll of so many labels (None: endless)."""
        self._do(lambda: setattr(self._device.mechanism, "media_left", labels))

    def ribbon_out(self) -> None:
        """Run out of ribbon now; a moving label is spoiled."""
        self._do(lambda: self._device.mechanism.set_fault(ribbon_out=True))

    def load_ribbon(self) -> None:
        """Put in a new ribbon."""
        self._do(lambda: setattr(self._device.mechanism, "ribbon_out", False))

    def open_head(self) -> None:
        """Open the print head; a moving label is spoiled."""
        self._do(lambda: self._device.mechanism.set_fault(head_open=True))

    def close_head(self) -> None:
        """Close the print head."""
        self._do(lambda: setattr(self._device.mechanism, "head_open", False))

    def pause(self) -> None:
        """Press PAUSE: stop after the moving label."""
        self._do(lambda: setattr(self._device.mechanism, "paused", True))

    def resume(self) -> None:
        """Press PAUSE again."""
        self._do(lambda: setattr(self._device.mechanism, "paused", False))

    def cancel(self) -> None:
        """Press CANCEL: the oldest format that waits, else the one being printed, is gone."""
        self._do(self._device.mechanism.cancel_next)

    def press_reprint(self) -> bool:
        """Press the key that prints the last label again; False where reprint mode is off or there is none."""

        def press() -> bool:
            machine = self._device.mechanism
            return machine.settings["ezpl.reprint_mode"] == "on" and machine.reprint()

        return self._do(press)

    def foreign_job(self, labels: int = 1) -> None:
        """Print labels that another host sent."""
        self._do(lambda: self._device.foreign(labels))

    def set_variable(self, name: str, value: str) -> None:
        """Change an SGD variable at the panel; `device.unique_id` makes another device of it."""

        def change() -> None:
            if name == "device.unique_id":
                self._device.mechanism.unique_id = value
            else:
                self._device.mechanism.tell(name, value)

        self._do(change)

    def power_off(self) -> None:
        """Pull the plug: buffer, open format and changed prefixes are lost, connections reset, new ones refused."""
        self._do(self._power_off)

    def power_on(self) -> None:
        """Switch on again, on the same port; uptime begins at 0, the odometer goes on."""
        self._do(self._power_on)

    def refuse_connections(self) -> None:
        """Refuse new connections; those open stay."""
        self._do(lambda: self._take_connections(on=False))

    def accept_connections(self) -> None:
        """Take new connections again."""
        self._do(lambda: self._take_connections(on=True))

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

    def babble(self, count: int) -> None:
        """Send so many bytes of noise to whoever is connected."""
        self._do(lambda: self._wire.babble(count))

    def read_slowly(self, count: int, every: float) -> None:
        """Read at most `count` bytes every so many seconds; `window_bytes` makes the window tiny as well."""
        self._do(lambda: self._wire.slow(count, every))

    def read_fast(self) -> None:
        """Read as fast as bytes come, which is the start."""
        self._do(lambda: self._wire.slow(0, 0.0))

    # Inside

    @property
    def _wire(self) -> Line:
        if self._line is None:
            raise _off()
        return self._line

    def _do(self, command: Callable[[], T]) -> T:
        """Have the printer's own thread do something, and wait until it is done."""
        if self._thread is None:
            return command()
        outcome: Future[T] = Future()
        with self._gate:
            if self._over:
                raise self._failure or _off()
            self._commands.append((command, outcome))
        self._wire.wake()
        return outcome.result()

    def _live(self) -> None:
        """Run the printer: its thread's whole life."""
        try:
            while not self._stopping and not self._drained():
                now = time.monotonic()
                self._wire.step(now, self._patience(now))
                self._device.print_due()  # first, so that a caller sees what came before the call
                self._obey_callers()
                self._device.print_due()
                if self._device.resets:
                    self._device.resets = False
                    self._power_off()
                    self._power_on()
        except BaseException as error:  # noqa: BLE001 -- given to whoever waits or closes
            self._failure = error
        finally:
            self._wire.close()
            self._device.files.close()
            with self._gate:
                self._over = True
            self._refuse_callers()
            with self._news:
                self._news.notify_all()
            self._ended.set()

    def _obey_callers(self) -> None:
        while self._commands:
            command, outcome = self._commands.popleft()
            try:
                outcome.set_result(command())
            except Exception as error:  # noqa: BLE001 -- belongs to the caller that waits for it
                outcome.set_exception(error)

    def _refuse_callers(self) -> None:
        """Answer those who came too late, so that nobody waits for ever."""
        while self._commands:
            self._commands.popleft()[1].set_exception(self._failure or _off())

    def _patience(self, now: float) -> float | None:
        """Seconds until something is due."""
        due = self._device.mechanism.deadline()
        wait = None if due is None else max(0.0, due - now)
        if self._drain_until is not None:
            return 0.05 if wait is None else min(wait, 0.05)
        return wait

    def _drained(self) -> bool:
        if self._drain_until is None:
            return False
        now = time.monotonic()
        machine = self._device.mechanism
        idle = not self._wire.peers or now - self._device.last_byte >= QUIET
        return now >= self._drain_until or (idle and (machine.empty or machine.stalled))

    def _made(self, labels: Sequence[PrintedLabel]) -> None:
        whole = [label for label in labels if not label.torn]
        with self._news:
            self._pieces.extend(labels)
            self._labels.extend(whole)
            self._printed += len(whole)
            self._news.notify_all()

    def _say(self, peer: Peer, data: bytes) -> None:
        if self._line is not None:
            self._line.say(peer, data)

    def _power_off(self) -> None:
        self._wire.refuse()
        self._wire.reset_all()
        self._device.lose_power()

    def _power_on(self) -> None:
        if not self._device.mechanism.powered:
            self._device.boot()
            self._take_connections(on=self._open)

    def _take_connections(self, *, on: bool) -> None:
        self._open = on
        if not on:
            self._wire.refuse()
        elif self._device.mechanism.powered:
            self._wire.listen()


def _off() -> Conflict:
    return Conflict("virtual_printer_off", "Expected a printer that is switched on, got one that is not.")


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def serve(
    host: str,
    port: int,
    output: Path | None,
    *,
    ready: Callable[[VirtualPrinter], None] | None = None,
    **traits: Any,  # fields of Personality, each checked there
) -> None:
    """Be a printer until SIGTERM or KeyboardInterrupt, then print what came and end. Blocks.

    `traits` are fields of Personality: dpmm=12, model=..., label_seconds=0.15; `ready` is called with the printer once
    clients can connect. Keeps the last 1,000 labels in memory; all are in `output`.

    Raises:
        InvalidInput: a trait is out of its range.
        Unavailable: the address or the directory cannot be used.

    """
    VirtualPrinter(host, port, output, **{"keep_labels": 1_000} | traits).run(ready)
