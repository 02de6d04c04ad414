"""A WebSocket that a printer opened (RFC 6455): bytes in binary frames, over a connection that one thread uses."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext, suppress
from http import HTTPStatus
from typing import Self

from websockets.exceptions import WebSocketException
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from labelsvc.printers.connection import SocketConnection
from labelsvc.printers.weblink.messages import PROTOCOL

#: Bytes of a message from a printer, at most; what is longer ends the connection.
MESSAGE_AT_MOST = 65_536
#: Bytes of one frame of ours: with its head it is one record of TLS.
_PIECE = 16_000
#: The library says all it does, with what a printer sent; of that only its own failures are of use.
_LOG = logging.getLogger("labelsvc.weblink.library")
_LOG.setLevel(logging.ERROR)

#: Looks at a request; returns the status it is refused with, None where it may come in.
Doorkeeper = Callable[[Request], HTTPStatus | None]


class Refused(OSError):
    """It was no WebSocket for us, and it was told so."""


class WebSocket:
    """As a `Connection`, it is all that comes in binary frames; as `message`, one frame after the other.

    Attributes:
        lost: whether it is good for nothing any more, whatever its own socket says.
        heard_at: when the other end last gave a sign of life (monotonic).
    """

    piece = _PIECE
    framed = True
    half_closes = True  # by the closing handshake

    def __init__(self, line: SocketConnection, protocol: ServerProtocol) -> None:
        self._line = line
        self._protocol = protocol
        self._whole: deque[bytes] = deque()
        self._part = bytearray()
        self._ended = False
        self.heard_at = time.monotonic()
        self.lost: Callable[[], bool] = lambda: False

    @classmethod
    def accept(cls, line: SocketConnection, doorkeeper: Doorkeeper, seconds: float) -> Self:
        """Answer the request that a WebSocket begins with.

        Raises:
            OSError: none came in time, or none that may come in.
        """
        protocol = ServerProtocol(subprotocols=[Subprotocol(PROTOCOL)], max_size=MESSAGE_AT_MOST, logger=_LOG)
        made = cls(line, protocol)
        request = made._request(seconds)
        status = doorkeeper(request)
        response = protocol.accept(request) if status is None else protocol.reject(status, f"{status.phrase}\n")
        if status is HTTPStatus.UNAUTHORIZED:
            response.headers["WWW-Authenticate"] = 'Basic realm="weblink"'
        protocol.send_response(response)
        made._flush()
        if protocol.state is not State.OPEN:
            raise Refused(f"a request that was answered by {response.status_code}")
        return made

    def _request(self, seconds: float) -> Request:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            data = self._line.hear(left)
            if not data:
                break
            self._protocol.receive_data(data)
            for event in self._protocol.events_received():
                if isinstance(event, Request):
                    return event
            if self._protocol.handshake_exc is not None:
                raise Refused("no request of a WebSocket")
        raise TimeoutError("no request in time")

    def send(self, data: memoryview) -> int:
        """Send a frame."""
        self._say(lambda: self._protocol.send_binary(bytes(data)))
        return len(data)

    def send_all(self, data: bytes) -> None:
        """Send all of it, as one message."""
        self._say(lambda: self._protocol.send_binary(data))

    def ping(self) -> None:
        """Ask for a sign of life; any answer is heard as nothing."""
        self._say(lambda: self._protocol.send_ping(b""))

    def _say(self, what: Callable[[], None]) -> None:
        self._check()
        try:
            what()
        except WebSocketException:
            raise ConnectionResetError("the connection is closed") from None
        self._flush()

    def hear(self, seconds: float) -> bytes | None:
        """Return what came, whatever the frames."""
        self._take(seconds)
        if self._whole or self._part:
            heard = b"".join(self._whole) + self._part
            self._whole.clear()
            self._part.clear()
            if heard:  # an empty message is no end
                return heard
        return b"" if self._ended else None

    def message(self, seconds: float) -> bytes | None:
        """Return the next whole message; None: none comes in time.

        Raises:
            OSError: none will come any more.
        """
        deadline = time.monotonic() + seconds
        while not self._whole:
            if self._ended:
                raise ConnectionResetError("the connection closed")
            left = deadline - time.monotonic()
            self._look(max(0.0, left))
            if left <= 0:
                break
        return self._whole.popleft() if self._whole else None

    def wait(self, seconds: float) -> None:
        """Wait for the network, at most so long; any thread may, while others write."""
        self._line.wait(seconds)

    def _take(self, seconds: float) -> None:
        """Look until something came or it ended."""
        deadline = time.monotonic() + seconds
        self._check()
        while not (self._whole or self._part or self._ended):
            left = deadline - time.monotonic()
            self._look(max(0.0, left))
            self._check()
            if left <= 0:
                return

    def _look(self, seconds: float) -> None:
        """Read once."""
        data = self._line.hear(seconds)
        if data is None:
            return
        if not data:
            self._ended = True
            raise ConnectionResetError("its end without a closing handshake")
        self.heard_at = time.monotonic()
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._frame(event)
        with suppress(OSError) if self._ended else nullcontext():
            self._flush()
        if self._protocol.parser_exc is not None:
            raise ConnectionResetError("frames that are none of ours")

    def _frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.TEXT:
            self._protocol.fail(CloseCode.UNSUPPORTED_DATA, "binary frames only")
            with suppress(OSError):
                self._flush()
            raise ConnectionResetError("a text frame")
        if frame.opcode in (Opcode.BINARY, Opcode.CONT):
            self._part += frame.data
            if frame.fin:
                self._whole.append(bytes(self._part))
                self._part.clear()
        elif frame.opcode is Opcode.CLOSE:
            self._ended = True

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._line.send_all(data)

    def _check(self) -> None:
        if self.lost():
            raise ConnectionResetError("the end of the printer's main connection")

    def not_taken(self) -> int:
        """Return the bytes that the other end has not acknowledged."""
        return self._line.not_taken()

    def end(self) -> None:
        """Begin the closing handshake."""
        self._say(lambda: self._protocol.send_close(CloseCode.NORMAL_CLOSURE))

    def close(self) -> None:
        """End it."""
        if self._protocol.state is State.OPEN:
            with suppress(OSError):
                self.end()
        self._line.close()

    def reset(self) -> None:
        """Break it off."""
        self._line.reset()
