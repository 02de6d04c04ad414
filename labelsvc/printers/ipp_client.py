"""IPP over HTTP (RFC 8010, 4) on connections of our own: one question, one answer, bounded in time and in bytes."""

from __future__ import annotations

import http.client
import io
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from labelsvc.printers.connection import Connection, said
from labelsvc.printers.dialing import Dial
from labelsvc.printers.ipp_message import Garbled, Message, decode, encode
from labelsvc.printers.transport import SendFailed

#: An answer with its headers.
_ANSWER_AT_MOST = 262_144
#: One write is at most this long: so much may have left when it fails.
_PIECE = 8_192


class Refused(Exception):
    """An answer of HTTP that is none of IPP.

    Attributes:
        status: of HTTP.
    """

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Strange(OSError):
    """Something answered that is not IPP, or more than an answer is."""


class Client:
    """Asks one printer, over one connection that is made anew where the printer ended it.

    Args:
        path: of the printer, e.g. `/ipp/print`.
        seconds: the whole of an answer.
        stall_seconds: how long a printer may take no byte of a document, or think about one it has whole.
    """

    def __init__(self, dial: Dial, path: str, seconds: float, stall_seconds: float) -> None:
        self._dial = dial
        self._path = path
        self._seconds = seconds
        self._stall_seconds = stall_seconds
        self._line: _Line | None = None

    @property
    def uri(self) -> str:
        """The printer's, as it is called in a message."""
        scheme = "ipp" if self._dial.trust is None else "ipps"
        return f"{scheme}://{_host(self._dial)}{self._path}"

    def ask(self, question: Message) -> Message:
        """Ask, again on a new connection where the printer had ended the one before.

        Raises:
            OSError: no answer, none in time, or one that is not IPP.
            Refused: HTTP said no.
            Untrusted: someone else answers.
        """
        body = encode(question)
        reused = self._line is not None
        try:
            return self._asked(body)
        except ConnectionError:
            if not reused:
                raise
        return self._asked(body)

    def _asked(self, body: bytes) -> Message:
        try:
            line = self._begin({"Content-Length": str(len(body))}, self._seconds)
            line.send(body)
            return self._answer(line, self._seconds)
        except BaseException:
            self.close()
            raise

    def hand_over(self, question: Message, document: Iterable[bytes]) -> Message:
        """Ask with a document behind the question, in chunks as they come; it is never asked again.

        Raises:
            SendFailed: the document did not leave whole.
            OSError, Refused, Untrusted: as `ask`; no byte of the document left, or every one did (`Unanswered`).
        """
        self.close()  # one that was ended meanwhile would be noticed too late
        try:
            line = self._begin({"Transfer-Encoding": "chunked"}, self._stall_seconds)
            line.send(_chunk(encode(question)))
            _hand_over(line, document)
            try:
                return self._answer(line, self._stall_seconds)
            except OSError as error:
                raise Unanswered(said(error)) from None
        except BaseException:
            self.close()
            raise

    def _begin(self, headers: dict[str, str], seconds: float) -> _Line:
        line = self._line
        if line is None:
            line = self._line = _Line(self._dial, seconds)
        line.putrequest("POST", self._path, skip_host=True, skip_accept_encoding=True)
        for name, value in {"Host": _host(self._dial), "Content-Type": "application/ipp", **headers}.items():
            line.putheader(name, value)
        line.endheaders()
        return line

    def _answer(self, line: _Line, seconds: float) -> Message:
        line.wait(seconds)
        try:
            response = line.getresponse()
            body = response.read(_ANSWER_AT_MOST)
        except ConnectionError:
            raise
        except http.client.IncompleteRead:
            raise ConnectionResetError("the connection closed") from None
        except (http.client.HTTPException, ValueError) as error:
            raise Strange(f"an answer that is not HTTP ({type(error).__name__})") from None
        if response.status != http.client.OK:
            self.close()
            raise Refused(response.status)
        if response.will_close:
            self.close()
        elif not response.isclosed():
            raise ConnectionResetError("the connection closed")
        try:
            return decode(body)
        except Garbled as error:
            raise Strange(f"an answer that is not IPP ({error.message.rstrip('.')})") from None

    def close(self) -> None:
        """End the connection."""
        line, self._line = self._line, None
        if line is not None:
            line.end()


class Unanswered(OSError):
    """The whole document left, and what became of it was not said."""


def _host(dial: Dial) -> str:
    return f"[{dial.host}]:{dial.port}" if ":" in dial.host else f"{dial.host}:{dial.port}"


def _hand_over(line: _Line, document: Iterable[bytes]) -> None:
    """Write a document, counting what may have left."""
    handed_over = 0
    try:
        for piece in _pieces(document):
            handed_over += len(piece)  # one that failed may have left, all the same
            line.send(_chunk(piece))
        line.send(b"0\r\n\r\n")
    except OSError as error:
        raise SendFailed(handed_over, f"Expected the printer to take data, got {said(error)}.") from None


def _pieces(document: Iterable[bytes]) -> Iterator[bytes]:
    for part in document:
        for at in range(0, len(part), _PIECE):
            yield part[at : at + _PIECE]


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class _Line(http.client.HTTPConnection):
    """A connection by Dial, so that a pin or an authority holds."""

    def __init__(self, dial: Dial, seconds: float) -> None:
        super().__init__(dial.host, dial.port)
        self.auto_open = 0
        self._bounded = _Bounded(dial.connect(seconds))
        self.sock = self._bounded

    def wait(self, seconds: float) -> None:
        """Give the next answer as a whole so long."""
        self._bounded.wait(seconds)

    def end(self) -> None:
        """Close it, also where an answer was not read to its end."""
        self.close()
        self._bounded.end()


class _Bounded:
    """A connection as a socket whose answers end in time, and somewhere."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._deadline = 0.0
        self._left = 0
        self._heard = b""

    def wait(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds
        self._left = _ANSWER_AT_MOST

    def sendall(self, data: bytes) -> None:
        self._connection.send_all(data)

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002  as socket.makefile
        return io.BufferedReader(_Raw(self))

    def receive(self, into: memoryview) -> int:
        if not self._heard:
            left = self._deadline - time.monotonic()
            heard = self._connection.hear(left) if left > 0 else None
            if heard is None:
                raise TimeoutError("timed out")
            self._left -= len(heard)
            if self._left < 0:
                raise Strange(f"an answer of more than {_ANSWER_AT_MOST} bytes")
            self._heard = heard
        count = min(len(into), len(self._heard))
        into[:count], self._heard = self._heard[:count], self._heard[count:]
        return count

    def close(self) -> None:
        """Do nothing: http.client closes before it has read, and it is ended apart."""

    def end(self) -> None:
        with suppress(OSError):
            self._connection.close()


class _Raw(io.RawIOBase):
    """What comes from a bounded connection."""

    def __init__(self, bounded: _Bounded) -> None:
        self._bounded = bounded

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # it is one
        return self._bounded.receive(buffer)
