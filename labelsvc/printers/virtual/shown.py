"""What can be seen of a virtual printer: its ports, what came out of it, how it is."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from labelsvc.printers.virtual.device import PrinterState
from labelsvc.printers.virtual.line import Line
from labelsvc.printers.virtual.loop import off
from labelsvc.printers.virtual.mishaps import Mishaps
from labelsvc.printers.virtual.ports import Port
from labelsvc.printers.virtual.received import PrintedLabel
from labelsvc.printers.virtual.tls import Identity


class Shown(Mishaps):
    """The part of a VirtualPrinter for who looks at it. Everything may be used from any thread."""

    def __init__(self, host: str, keep_labels: int) -> None:
        super().__init__()
        self._host = host
        self._ports: dict[str, Port] = {}
        self._identity: Identity | None = None
        self._line: Line | None = None
        self._news = threading.Condition()
        self._labels: deque[PrintedLabel] = deque(maxlen=keep_labels)
        self._pieces: deque[PrintedLabel] = deque(maxlen=keep_labels)
        self._printed = 0
        self._failure: BaseException | None = None

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return self.ports["data"]

    @property
    def json_port(self) -> int:
        """The port of JSON questions."""
        return self.ports["json"]

    @property
    def ports(self) -> dict[str, int]:
        """The ports it has: data, json, tls, tls_json, single."""
        if self._line is None:
            raise off()
        return {name: port.address[1] for name, port in self._ports.items()}

    @property
    def uri(self) -> str:
        """Where to send to, as a printer's URI: tcp://127.0.0.1:PORT."""
        return f"tcp://{self._shown_host}:{self.port}"

    @property
    def config_uri(self) -> str:
        """The same with the port of JSON questions: tcp://127.0.0.1:PORT?config=PORT."""
        return self.uri + self._config("json", "?")

    @property
    def single_uri(self) -> str:
        """The port for one connection, with that of JSON questions."""
        return f"tcp://{self._shown_host}:{self.ports['single']}" + self._config("json", "?")

    @property
    def tls_uri(self) -> str:
        """Where to send to over TLS: tls://127.0.0.1:PORT?pin=sha256:HEX&config=PORT."""
        return f"tls://{self._shown_host}:{self.ports['tls']}?pin={self.pin}" + self._config("tls_json", "&")

    def _config(self, name: str, sign: str) -> str:
        return f"{sign}config={self.ports[name]}" if name in self.ports else ""

    @property
    def pin(self) -> str:
        """The digest of its certificate, as a URI has it: sha256:HEX."""
        return self.identity.pin

    @property
    def identity(self) -> Identity:
        """What it shows over TLS; raises Conflict where it has no such port."""
        if self._identity is None:
            raise off()
        return self._identity

    @property
    def _shown_host(self) -> str:
        return f"[{self._host}]" if ":" in self._host else self._host

    def dial(self, port: str) -> socket.socket:
        """Connect to one of its ports: data, json, single."""
        return socket.create_connection((self._host, self.ports[port]))

    @property
    def unique_id(self) -> str:
        """The device's serial number, as it is now."""
        return self._do(lambda: self._device.mechanism.variables.unique_id)

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

    def _made(self, labels: Sequence[PrintedLabel]) -> None:
        whole = [label for label in labels if label.whole and label.source != "feed"]
        with self._news:
            self._pieces.extend(labels)
            self._labels.extend(whole)
            self._printed += len(whole)
            self._news.notify_all()
