"""A virtual ZPL II thermal printer on TCP: behaves as the programming guide says, and breaks down when told to.

    with VirtualPrinter() as printer:
        send(printer.uri, b"^XA^FDhello^FS^XZ")
        assert printer.wait_for_labels(1, timeout=5)
        printer.labels  # [b"^XA^FDhello^FS^XZ"]

For people it is `labelsvc virtual-printer`; see `serve`, and printers/virtual/received.py for what it leaves on disk.
Nothing here knows how labelsvc itself talks to printers. What the guide leaves open is a trait of the Personality or is
said in the docstring of the part: zpl (framing), engine (buffer, faults), answers (status),
line (connections). What can be done to it is in panel and mishaps.

Bounded: the receive buffer, one open format, answers not read, connections, labels kept (Personality). Not bounded:
the files of the output directory, which are the user's.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self, TypeVar

from labelsvc.errors import Conflict, Unavailable
from labelsvc.printers.virtual.config import ConfigPort
from labelsvc.printers.virtual.device import Device
from labelsvc.printers.virtual.line import Line
from labelsvc.printers.virtual.loop import Loop, off
from labelsvc.printers.virtual.personality import Personality
from labelsvc.printers.virtual.ports import Listener, Peer, Port
from labelsvc.printers.virtual.received import Received
from labelsvc.printers.virtual.shown import Shown
from labelsvc.printers.virtual.tls import make_identity

T = TypeVar("T")

QUIET = 0.5  # seconds without a byte after which a draining printer takes open connections for idle
STANDARD = Personality()
#: The SGD variables that tell the ports.
PORT_SETTINGS = {
    "data": "ip.port",
    "json": "ip.port_json_config",
    "tls": "ip.tls.port",
    "tls_json": "ip.tls.port_json_config",
    "single": "ip.port_single_conn",
}


class VirtualPrinter(Shown):
    """The printer; a context manager that is switched on inside. Every public method may be called from any thread."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        output: Path | None = None,
        personality: Personality = STANDARD,
        *,
        json_port: int = 0,
        tls_port: int | None = None,
        tls_json_port: int | None = None,
        single_port: int | None = None,
        loop: Loop | None = None,
        **traits: Any,  # fields of Personality, each checked there
    ) -> None:
        """Describe the printer; `start` or `with` switches it on.

        Args:
            host: the address it listens on.
            port: the TCP port; 0 takes a free one, as with the others.
            json_port: the port of JSON questions.
            tls_port, tls_json_port: the same over TLS (9143, 9243); None: there is none.
            single_port: one that takes one connection only (9300); None: there is none.
            output: directory for what it receives (received.py); None: nothing on disk.
            personality: what kind of printer.
            loop: whose thread it uses, that of a Fleet; None: it has its own.
            **traits: single fields of Personality by name: model="ZT411-300dpi", dpmm=12, label_seconds=0.15, ...

        Raises:
            InvalidInput: a trait is out of its range.

        """
        self.personality = replace(personality, **traits)
        super().__init__(host, self.personality.keep_labels)
        self._asked = (port, json_port, tls_port, tls_json_port, single_port)
        self._output = output
        self._device = Device(self.personality, self._made, self._say)
        self._loop = loop
        self._owns_loop = loop is None
        self._ended = threading.Event()
        self._open = True
        self._drain_until: float | None = None

    # Life

    def start(self) -> Self:
        """Switch on. Raises Unavailable when the address or the directory cannot be used."""
        if self._line is not None:
            raise Conflict("virtual_printer_started", "Expected a printer that was never started, got a used one.")
        loop = self._loop or Loop("virtual-printer")
        most = 1 if self.personality.single_connection else self.personality.max_connections
        line = Line(self._device, loop.selector, self, max_connections=most)
        line.window_bytes = self.personality.window_bytes
        line.keeps_owed = self.personality.stale_echoes
        try:
            self._open_ports(line)
            self._device.files = Received(self._output)
        except OSError as error:
            line.close()
            if self._owns_loop:
                loop.dispose()
            where = f"{self._host}:{self._asked[0]}"
            message = f"Expected to listen on {where} and to write the output directory, got: {error}."
            raise Unavailable("virtual_printer_start", message) from error
        self._loop, self._line = loop, line
        if self._owns_loop:
            loop.start()
        loop.add(self)
        return self

    def _open_ports(self, line: Line) -> None:
        port, json_port, tls_port, tls_json_port, single_port = self._asked
        if tls_port is not None or tls_json_port is not None:
            self._identity = make_identity(self.personality.unique_id, self._host)
        secured = self._identity.context if self._identity else None
        idle = float(self._device.mechanism.variables.settings["ip.port_single_conn_idle_timeout"])
        wanted: list[tuple[str, int | None, Listener | None, Any]] = [("data", port, None, None)]
        if self.personality.json_port:
            over = self.personality.closes_json
            config = ConfigPort(self._device.value, self._device.tell, over=over)
            wanted.append(("json", json_port, config, None))
            if tls_json_port is not None:
                wanted.append(("tls_json", tls_json_port, config, secured))
        if tls_port is not None:
            wanted.append(("tls", tls_port, None, secured))
        wanted.append(("single", single_port, None, None))
        for name, number, listener, context in wanted:
            if number is not None:
                single = idle if name == "single" else None
                self._ports[name] = line.open(Port((self._host, number), listener, context, single))
        settings = self._device.mechanism.variables.settings
        for name, setting in PORT_SETTINGS.items():
            if name in self._ports:
                settings[setting] = str(self._ports[name].address[1])

    def close(self) -> None:
        """Switch off for good, at once. Raises what the printer itself died of, if it did."""
        if self._loop is not None:
            loop = self._loop
            with suppress(Conflict):  # it is off already
                loop.call(self, lambda: loop.leave(self))
            if self._owns_loop:
                loop.end()
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

    # Inside

    @property
    def _wire(self) -> Line:
        if self._line is None:
            raise off()
        return self._line

    def _do(self, command: Callable[[], T]) -> T:
        if self._line is None or self._loop is None:
            return command()
        try:
            return self._loop.call(self, command)
        except Conflict:
            if self._failure is not None:
                raise self._failure from None
            raise

    def ready(self, what: Any, mask: int, now: float) -> None:
        """For the loop: a port or a connection is ready."""
        self._wire.ready(what, mask, now)

    def catch_up(self) -> None:
        """For the loop: do what is due before a caller's command is done."""
        self._device.print_due()

    def work(self, now: float) -> float | None:
        """For the loop: do what is due; gives when there is more."""
        self._wire.catch_up(now)
        self._device.print_due()
        next_deed = self._due_deeds(now)
        if self._device.resets:
            self._device.resets = False
            self._power_off()
            self._power_on()
        self._device.print_due()
        if self._loop is not None and self._drained():
            self._loop.leave(self)
            return None
        times = [next_deed, self._device.mechanism.deadline(), self._wire.watch(now)]
        if self._drain_until is not None:
            times.append(now + 0.05)
        return min((time for time in times if time is not None), default=None)

    def ended(self, failure: BaseException | None) -> None:
        """For the loop: it serves this printer no longer."""
        self._failure = failure
        self._wire.close()
        self._device.files.close()
        with self._news:
            self._news.notify_all()
        if self._owns_loop and self._loop is not None:
            self._loop.end()
        self._ended.set()

    def _drained(self) -> bool:
        if self._drain_until is None:
            return False
        now = time.monotonic()
        machine = self._device.mechanism
        idle = not self._wire.peers or now - self._device.last_byte >= QUIET
        stuck = machine.stalled and not (self._timers and self._timers[0][0] < self._drain_until)
        return now >= self._drain_until or (idle and (machine.empty or stuck))

    def _say(self, peer: Peer, data: bytes) -> None:
        if self._line is not None:
            self._line.say(peer, data)


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
