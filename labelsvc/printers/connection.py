"""A connection to a printer, whatever carries it: what the ways to printers that talk are made of."""

from __future__ import annotations

import select
import socket
import ssl
import struct
import sys
import time
from contextlib import suppress
from typing import Protocol

try:
    import fcntl
    import termios
except ModuleNotFoundError:  # Windows: there nobody tells what the printer has taken
    fcntl = termios = None  # type: ignore[assignment]

#: One write is at most this long, so that a stalled printer is noticed by its lack of progress.
_PIECE = 65_536
#: A record of TLS holds at most so much (RFC 8446, 5.1).
_RECORD = 16_384
#: Bytes that our own side of the connection may hold back: some windows, not a whole job that counts as sent.
_HELD_BACK = 16_384
#: Bytes of one look at what was said.
_HEARD = 16_384


class Connection(Protocol):
    """Bytes to a printer and back; one thread uses it. Every method may raise OSError: it broke.

    Attributes:
        piece: bytes of one write, at most.
        framed: all bytes of a write that failed may have left, all the same.
        half_closes: our side can be ended alone, and a printer then ends its own.
    """

    piece: int
    framed: bool
    half_closes: bool

    def send(self, data: memoryview) -> int:
        """Write at most a piece; return how many bytes of it were taken."""

    def send_all(self, data: bytes) -> None:
        """Write all of it."""

    def hear(self, seconds: float) -> bytes | None:
        """Return what the printer says; b"" at its end, None where it says nothing for so long."""

    def not_taken(self) -> int:
        """Return the bytes that the other end has not acknowledged, as far as the system tells."""

    def end(self) -> None:
        """Say that no more comes."""

    def close(self) -> None:
        """End it."""

    def reset(self) -> None:
        """Break it off: what our side still holds back is thrown away."""


class Way(Protocol):
    """Where a connection leads to; as a text it is said in messages."""

    def connect(self, seconds: float) -> Connection:
        """Connect.

        Args:
            seconds: for connecting, and for each write afterwards.

        Raises:
            OSError: nobody is there.
            Untrusted: someone else is.
        """


class SocketConnection:
    """A connection over a socket, in the clear or over TLS.

    Args:
        seconds: how long the other end may take no byte.
    """

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._socket = connection
        self._seconds = seconds
        connection.settimeout(seconds)
        with suppress(OSError):  # a socket of another kind
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _HELD_BACK)
        self.framed = isinstance(connection, ssl.SSLSocket)
        self.half_closes = not self.framed  # TLS knows no half-closed connection
        self.piece = _RECORD if self.framed else _PIECE

    def send(self, data: memoryview) -> int:
        """Write at most a piece."""
        return self._socket.send(data)

    def send_all(self, data: bytes) -> None:
        """Write all of it."""
        self._socket.sendall(data)

    def hear(self, seconds: float) -> bytes | None:
        """Return what the other end says."""
        deadline = time.monotonic() + seconds
        while self.readable(max(0.0, deadline - time.monotonic())):
            if not self.framed:  # so it does not wait; and each change of the timeout is a call of the system
                return self._socket.recv(_HEARD)
            self._socket.settimeout(0)
            try:
                return self._socket.recv(_HEARD)
            except (BlockingIOError, ssl.SSLWantReadError):
                if time.monotonic() >= deadline:
                    return None
            finally:
                self._socket.settimeout(self._seconds)
        return None

    def readable(self, seconds: float) -> bool:
        """Whether something can be read, its end included, at the latest after so many seconds."""
        return (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0) or self.wait(seconds)

    def wait(self, seconds: float) -> bool:
        """Wait for the network; return whether it has something. Any thread may wait, while others write."""
        if not hasattr(select, "poll"):  # Windows
            return bool(select.select([self._socket], [], [], seconds)[0])
        poll = select.poll()  # unlike select() it knows connections beyond the 1,024th, too
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(seconds * 1_000))

    def not_taken(self) -> int:
        """Return the bytes that the other end has not acknowledged."""
        if fcntl is None:
            return 0
        try:
            return int(struct.unpack("i", fcntl.ioctl(self._socket, termios.TIOCOUTQ, b"\0" * 4))[0])
        except OSError:
            return 0

    def end(self) -> None:
        """Say that no more comes."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End it."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def reset(self) -> None:
        """Break it off."""
        linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        with self._socket, suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def said(error: OSError) -> str:
    """Return what an error says, for the middle of a sentence."""
    return (error.strerror or str(error) or type(error).__name__).lower()
