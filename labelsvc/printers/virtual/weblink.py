"""Weblink: the virtual printer dials out to a server, over WebSockets with TLS, and is printed on through that.

As the guide and a public server describe it. The main connection tells who dials in, and takes the orders to open a
channel; each channel is a connection of its own whose first frame tells what it is. A channel of data shares the
printer's one parser with its TCP ports: it is one of their clients, so whoever came first has it. What the alerts look
like is from one trace only.
"""

from __future__ import annotations

import base64
import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from labelsvc.errors import Conflict, InvalidInput
from labelsvc.printers.virtual.device import PrinterState
from labelsvc.printers.virtual.printer import VirtualPrinter

PROTOCOL = Subprotocol("v1.weblink.zebra.com")
#: The channels a server may ask for, and the printer's port that each is.
CHANNELS = {"v1.raw.zebra.com": "data", "v1.config.zebra.com": "json"}
#: What is told of by alerts.
CONDITIONS: dict[str, Callable[[PrinterState], bool]] = {
    "PAPER OUT": lambda state: state.media_out,
    "RIBBON OUT": lambda state: state.ribbon_out,
    "HEAD OPEN": lambda state: state.head_open,
    "PRINTER PAUSED": lambda state: state.paused,
}
URL_AT_MOST = 2048  # of weblink.ip.conn1.location
LOOK_SECONDS = 0.05  # between two looks at the printer
PING_SECONDS = 60
SERIAL_AT, DISCOVERY_BYTES = slice(188, 200), 388


class Weblink:
    """A printer's way out; a context manager that dials inside."""

    def __init__(
        self, printer: VirtualPrinter, url: str, ca: Path | None = None, *, retry_seconds: float = 10.0, mains: int = 1
    ) -> None:
        """Describe it; `start` or `with` lets it dial.

        Args:
            printer: one that is switched on.
            url: https://HOST:PORT/PATH, or wss:// for the same; nothing goes out in the clear.
            ca: file of the authorities (PEM) one of which must have signed the server's certificate; None: the system.
            retry_seconds: between two attempts (weblink.ip.conn1.retry_interval).
            mains: main connections it opens, of which real printers have more than they need.

        Raises:
            InvalidInput: the URL is none of these, or the file cannot be read.
        """
        scheme, _, rest = url.partition("://")
        if scheme not in ("https", "wss") or not rest or len(url) > URL_AT_MOST:
            raise InvalidInput("virtual_printer_weblink", f"Expected https://HOST/PATH, got {url[:100]!r}.")
        self._url = f"wss://{rest}"
        try:
            self._context = ssl.create_default_context(cafile=ca)
        except (OSError, ssl.SSLError) as error:
            message = f"Expected a file of authorities as {ca}, got: {error}."
            raise InvalidInput("virtual_printer_weblink", message) from None
        self._printer = printer
        self._retry_seconds = retry_seconds
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._dial, daemon=True) for _ in range(mains)]
        self._channel_number = count(1)
        self._open: set[ClientConnection] = set()
        self.failure = ""  # why it could not connect the last time; empty where it could

    def start(self) -> Self:
        """Begin to dial."""
        for thread in self._threads:
            thread.start()
        return self

    def close(self) -> None:
        """Hang up for good."""
        self._stopping.set()
        for connection in list(self._open):
            connection.close_socket()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _dial(self) -> None:
        with suppress(Conflict):  # the printer is off for good
            while not self._stopping.is_set():
                if self._printer.state().powered:
                    self._try(self._main)
                self._stopping.wait(self._retry_seconds)

    def _try(self, hold: Callable[[ClientConnection], None]) -> None:
        """Connect and hold the connection, until it ends or cannot be made."""
        try:
            with connect(
                self._url,
                ssl=self._context,
                subprotocols=[PROTOCOL],
                proxy=None,
                compression=None,
                ping_interval=PING_SECONDS,
                ping_timeout=3 * PING_SECONDS,
                close_timeout=1,
            ) as connection:
                if connection.subprotocol != PROTOCOL:
                    self.failure = f"Expected {PROTOCOL}, got {connection.subprotocol}."
                    return
                self.failure = ""
                self._open.add(connection)
                try:
                    hold(connection)
                finally:
                    self._open.discard(connection)
        except (OSError, WebSocketException) as error:
            self.failure = f"{type(error).__name__}: {error}"

    def _main(self, main: ClientConnection) -> None:
        """Say who dials in, then obey and tell of what happens, until the power goes."""
        discovery = bytearray(DISCOVERY_BYTES)
        discovery[:4] = b":,.\x04"
        discovery[SERIAL_AT] = self._printer.unique_id.encode("ascii", "replace")[:12].ljust(12, b"\0")
        _say(main, {"discovery_b64": base64.b64encode(discovery).decode("ascii")})
        told: dict[str, bool] | None = None  # nothing before the server asks for alerts
        while not self._stopping.is_set():
            state = self._printer.state()
            if not state.powered:
                main.close_socket()
                return
            if told is not None:
                told = self._alert(main, state, told)
            with suppress(TimeoutError):
                order = _order(main.recv(timeout=LOOK_SECONDS))
                if "configure_alert" in order:
                    told = told or {}
                if order.get("open") in CHANNELS:
                    threading.Thread(target=self._channel, args=(order["open"],), daemon=True).start()

    def _alert(self, main: ClientConnection, state: PrinterState, told: dict[str, bool]) -> dict[str, bool]:
        now = {name: holds(state) for name, holds in CONDITIONS.items()}
        for number, (name, holds) in enumerate(now.items(), 1):
            if holds != told.get(name, False):
                alert = {
                    "unique_id": self._printer.unique_id,
                    "time_stamp": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"),
                    "type_id": "2",
                    "condition_id": str(number),
                    "condition_state": "SET" if holds else "CLEAR",
                    "type": "ALERT",
                    "condition": name,
                }
                _say(main, {"alert": alert})
        return now

    def _channel(self, name: str) -> None:
        def hold(channel: ClientConnection) -> None:
            who = {"channel_id": str(next(self._channel_number)), "channel_name": name}
            _say(channel, who | {"unique_id": self._printer.unique_id})
            with self._printer.dial(CHANNELS[name]) as line:
                out = threading.Thread(target=_pump_out, args=(line, channel), daemon=True)
                out.start()
                _pump_in(channel, line)
                out.join()

        with suppress(Conflict, KeyError):  # the printer is off for good, or has no such port
            self._try(hold)


def _pump_in(channel: ClientConnection, line: socket.socket) -> None:
    """Carry what the server sends to the printer, at the printer's pace."""
    with suppress(OSError, WebSocketException):
        for message in channel:
            line.sendall(message.encode() if isinstance(message, str) else message)
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _pump_out(line: socket.socket, channel: ClientConnection) -> None:
    """Carry what the printer answers to the server."""
    try:
        while data := line.recv(65_536):
            channel.send(data)
        channel.close()
    except (OSError, WebSocketException):
        channel.close_socket()


def _say(connection: ClientConnection, said: dict[str, Any]) -> None:
    connection.send(json.dumps(said).encode())  # binary frames only


def _order(message: str | bytes) -> dict[str, Any]:
    try:
        order = json.loads(message)
    except ValueError:
        return {}
    return order if isinstance(order, dict) else {}
