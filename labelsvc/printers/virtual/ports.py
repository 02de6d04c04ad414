"""The ports of a virtual printer and the connections to them, in the clear or over TLS."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import ssl
import struct
import sys
from dataclasses import dataclass, field
from typing import Protocol

BACKLOG = 16
LINGER = "hh" if os.name == "nt" else "ii"  # the system's struct linger


class Listener(Protocol):
    """Who hears what a port brings."""

    def room(self) -> int:
        """Bytes that fit into the receive buffer."""

    def received(self, peer: Peer, data: bytes) -> bytes:
        """Take bytes; gives the answers."""

    def ended(self, peer: Peer) -> None:
        """The connection is gone, however it ended."""


@dataclass(slots=True, eq=False)
class Port:
    """A port.

    Attributes:
        address: host and number; bound to 0 it gets the number it was given.
        beside: who hears it; None: it brings the data of the print jobs, which share one parser.
        secured: what TLS is spoken with; None: in the clear.
        single: takes one connection; another one not before the first was idle for so many seconds (9300).
        listening: its socket, while it listens.
    """

    address: tuple[str, int]
    beside: Listener | None = None
    secured: ssl.SSLContext | None = None
    single: float | None = None
    listening: socket.socket | None = None
    _reserved: socket.socket | None = None

    def bind(self, window_bytes: int | None) -> None:
        """Take the address and listen. Raises OSError."""
        if sys.platform == "linux":
            # Keeps the port while nobody listens: else a client's own end could be given it.
            self._reserved = self._bound(window_bytes)
            self.address = (self.address[0], self._reserved.getsockname()[1])
        self.listen(window_bytes)
        assert self.listening is not None, "just opened"
        self.address = (self.address[0], self.listening.getsockname()[1])

    def listen(self, window_bytes: int | None) -> None:
        """Let clients connect (again). Raises OSError."""
        if self.listening is not None:
            return
        opened = self._bound(window_bytes)
        try:
            opened.listen(BACKLOG)
        except OSError:
            opened.close()
            raise
        opened.settimeout(0)
        self.listening = opened

    def close(self) -> None:
        """Give the address up."""
        for end in (self.listening, self._reserved):
            if end is not None:
                end.close()
        self.listening = self._reserved = None

    def _bound(self, window_bytes: int | None) -> socket.socket:
        bound = socket.socket(socket.AF_INET6 if ":" in self.address[0] else socket.AF_INET, socket.SOCK_STREAM)
        try:
            if os.name == "posix":
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if window_bytes is not None:  # inherited by the connections, must be set before they are made
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window_bytes)
            bound.bind(self.address)
        except OSError:
            bound.close()
            raise
        return bound


@dataclass(slots=True, eq=False)
class Peer:
    """A connection.

    Attributes:
        answers: bytes not yet taken by the client.
        dropped: the printer has hung up (FIN): what still comes is thrown away.
        opened_at: position in the printer's stream where this connection's bytes begin; -1 before its first.
        job: its number among the connections that brought a format; 0 for none yet.
        closing: the printer ends it once its answers were taken.
        greeting: what TLS waits for before anything can be said (events of selectors), 0 once it is spoken.
        heard_at: when it last brought something.

    """

    socket: socket.socket
    port: Port
    answers: bytearray = field(default_factory=bytearray)
    dropped: bool = False
    opened_at: int = -1
    job: int = 0
    closing: bool = False
    greeting: int = 0
    heard_at: float = 0.0

    @property
    def beside(self) -> Listener | None:
        """Who hears it, on another port than one of the data."""
        return self.port.beside

    @property
    def pending(self) -> bool:
        """Whether bytes that were decrypted wait to be read."""
        return isinstance(self.socket, ssl.SSLSocket) and not self.dropped and self.socket.pending() > 0

    def greet(self) -> bool:
        """Go on with the beginning of TLS; False when there will be none."""
        assert isinstance(self.socket, ssl.SSLSocket), "only there"
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            self.greeting = selectors.EVENT_READ
        except ssl.SSLWantWriteError:
            self.greeting = selectors.EVENT_WRITE
        except OSError:
            return False
        else:
            self.greeting = 0
        return True

    def read(self, count: int) -> bytes | None:
        """Read; b"" at the end, None when there is nothing yet."""
        try:
            return self.socket.recv(count)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError:
            return b""

    def send(self) -> bool:
        """Send what the client takes of its answers; False when the connection is gone."""
        try:
            sent = self.socket.send(self.answers)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return True
        except OSError:
            return False
        del self.answers[:sent]
        return True

    def close(self, *, reset: bool) -> None:
        """End it, with a RST if so wanted."""
        if reset:
            with contextlib.suppress(OSError):
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(LINGER, 1, 0))
        self.socket.close()
