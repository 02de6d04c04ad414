"""tcp://host:9100 and tls://host:9143: raw ZPL to a printer's own port, which may answer ~HI and ~HS or may not."""

from __future__ import annotations

import socket
import ssl
import struct
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

from labelsvc.printers.dialing import Dial, Untrusted
from labelsvc.printers.transport import NotReady, SendFailed, Unfit
from labelsvc.printers.zebra.status import ASK, Answers

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
#: Reads of what a printer says unasked, before we go on.
_CHATTER_AT_MOST = 64
_LOOK_SECONDS = 0.02


class TcpTransport:
    """A connection to one printer.

    Args:
        dpmm: dots per mm the labels are made for; a printer that says another is refused.
        answer_seconds: how long to wait for the answers to ~HI and ~HS; many ports never give any.
        stall_seconds: how long a printer may take no byte.
    """

    windowed = True

    def __init__(self, dial: Dial, dpmm: int, *, answer_seconds: float = 1.0, stall_seconds: float = 20.0) -> None:
        self._dial = dial
        self._dpmm = dpmm
        self._answer_seconds = answer_seconds
        self._stall_seconds = stall_seconds
        self._socket: socket.socket | None = None

    def open(self, *, at_rest: bool) -> None:
        """Connect, and ask the printer what it is and whether it can print."""
        try:
            self._socket = connect(self._dial, self._stall_seconds)
            self._socket.sendall(ASK)
            answers = self._listen(self._socket)
        except OSError as error:
            self.abandon()
            raise not_there(self._dial, error) from None
        try:
            self._judge(answers, at_rest=at_rest)
        except (NotReady, Unfit):
            self.abandon()
            raise

    def _listen(self, connection: socket.socket) -> Answers:
        answers = Answers()
        deadline = time.monotonic() + self._answer_seconds
        while not answers.complete and (left := deadline - time.monotonic()) > 0:
            connection.settimeout(left)
            try:
                data = connection.recv(4_096)
            except TimeoutError:
                break
            if not data:
                raise ConnectionResetError("the connection closed")
            answers.feed(data)
        connection.settimeout(self._stall_seconds)
        return answers

    def _judge(self, answers: Answers, *, at_rest: bool) -> None:
        identity, status = answers.identity, answers.status
        if identity is not None and identity.dpmm != self._dpmm:
            message = f"Expected a printer of {self._dpmm} dots per mm, got one of {identity.dpmm}."
            raise Unfit(("resources-are-not-ready",), message)
        # One that talks but says nothing of its state: media out, ribbon out or head open (ZPL II guide, ~HS).
        mute = identity is not None and status is None
        reasons = ("other-error",) if mute else status.reasons if status is not None else ()
        silence = " (no answer to ~HS: media, ribbon or head)" if mute else ""
        if at_rest and (reasons or (status is not None and status.busy)):
            found = ", ".join(reasons) or "one with labels of before in it"
            raise Unfit(("printer-stopped",), f"Expected a printer that is ready and empty, got {found}{silence}.")
        if reasons:
            raise NotReady(reasons, f"Expected a printer that can print, got {', '.join(reasons)}{silence}.")

    def send(self, chunks: Iterable[bytes]) -> None:
        """Write labels, counting what the network took."""
        assert self._socket is not None, "open() comes first"
        if _hung_up(self._socket):
            raise SendFailed(0, "Expected the printer to stay connected, got its end of the connection.")
        hand_over(self._socket, chunks)

    def close(self) -> str | None:
        """Say that no more comes, and see whether the printer took it all without breaking off."""
        connection = self._socket
        if connection is None:
            return None
        if _hung_up(connection):
            return "Expected the printer to take all data, got its end of the connection before ours."
        try:
            warning = self._see_off(connection)
        except OSError as error:
            return f"Expected the printer to take all data, got {said(error)}."
        if warning is None:
            self._socket = None
            connection.close()
        return warning

    def _see_off(self, connection: socket.socket) -> str | None:
        """Wait until the printer has taken all and ends the connection; it need not do the latter."""
        # TLS knows no half-closed connection: what was taken can be seen, but not whether the printer ends it.
        ended, left = isinstance(connection, ssl.SSLSocket), not_taken(connection)
        if not ended:
            connection.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + (self._stall_seconds if left else self._answer_seconds)
        connection.settimeout(_LOOK_SECONDS)
        while left or not ended:
            if time.monotonic() >= deadline:
                # Some ports keep the connection open for a while; that says nothing.
                return "Expected the printer to take all data, got no progress." if left else None
            if ended:
                time.sleep(_LOOK_SECONDS)
            else:
                with suppress(TimeoutError):
                    ended = not connection.recv(4_096)
            before, left = left, not_taken(connection)
            if left < before:
                deadline = time.monotonic() + (self._stall_seconds if left else self._answer_seconds)
        return None

    def abandon(self) -> None:
        """Reset the connection: what our side still holds back must not come out behind anyone's back."""
        connection, self._socket = self._socket, None
        if connection is not None:
            reset(connection)


def hand_over(connection: socket.socket, chunks: Iterable[bytes]) -> None:
    """Write labels, counting what the network took.

    Raises:
        SendFailed: it did not take all.
    """
    handed_over = 0
    secured = isinstance(connection, ssl.SSLSocket)
    for chunk in chunks:
        view = memoryview(chunk)
        while view:
            piece = view[: _RECORD if secured else _PIECE]
            try:
                sent = connection.send(piece)
            except OSError as error:
                # A record of TLS that failed may have left, all the same.
                handed_over += len(piece) if secured else 0
                raise SendFailed(handed_over, f"Expected the printer to take data, got {said(error)}.") from None
            handed_over += sent
            view = view[sent:]


def connect(dial: Dial, seconds: float) -> socket.socket:
    """Connect to a printer's data port, holding back little.

    Raises:
        OSError: nobody answers.
        Unfit: someone else does.
    """
    try:
        connection = dial.connect(seconds)
    except Untrusted as error:
        raise Unfit(("printer-stopped",), error.message) from None
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _HELD_BACK)
    return connection


def not_there(dial: Dial, error: OSError) -> NotReady:
    """Return what a failed connection means."""
    reason = "timed-out" if isinstance(error, TimeoutError) else "connecting-to-device"
    return NotReady((reason,), f"Expected a printer at {dial}, got {said(error)}.")


def reset(connection: socket.socket) -> None:
    """Break a connection off: what our side still holds back is thrown away."""
    linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    with connection, suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def not_taken(connection: socket.socket) -> int:
    """Return the bytes that the printer has not acknowledged, as far as the system tells."""
    if fcntl is None:
        return 0
    try:
        return int(struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, b"\0" * 4))[0])
    except OSError:
        return 0


def _hung_up(connection: socket.socket) -> bool:
    """Whether the printer ended or broke the connection; what it says meanwhile is passed over."""
    patience = connection.gettimeout()
    connection.settimeout(0)
    try:
        for _ in range(_CHATTER_AT_MOST):
            if not connection.recv(4_096):
                return True
    except (BlockingIOError, ssl.SSLWantReadError):
        return False
    except OSError:
        return True
    finally:
        connection.settimeout(patience)
    return False


def said(error: OSError) -> str:
    """Return what an error says, for the middle of a sentence."""
    return (error.strerror or str(error) or type(error).__name__).lower()
