"""Raw ZPL to a printer that may answer ~HI and ~HS or may not: tcp://host:9100, tls://host:9143, weblink://SERIAL."""

from __future__ import annotations

import time
from collections.abc import Iterable

from labelsvc.printers.connection import Connection, Way, said
from labelsvc.printers.dialing import Untrusted
from labelsvc.printers.transport import NotReady, SendFailed, Unfit
from labelsvc.printers.zebra.status import ASK, Answers

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

    def __init__(self, dial: Way, dpmm: int, *, answer_seconds: float = 1.0, stall_seconds: float = 20.0) -> None:
        self._dial = dial
        self._dpmm = dpmm
        self._answer_seconds = answer_seconds
        self._stall_seconds = stall_seconds
        self._connection: Connection | None = None

    def open(self, *, at_rest: bool) -> None:
        """Connect, and ask the printer what it is and whether it can print."""
        try:
            self._connection = connect(self._dial, self._stall_seconds)
            self._connection.send_all(ASK)
            answers = self._listen(self._connection)
        except OSError as error:
            self.abandon()
            raise not_there(self._dial, error) from None
        try:
            self._judge(answers, at_rest=at_rest)
        except (NotReady, Unfit):
            self.abandon()
            raise

    def _listen(self, connection: Connection) -> Answers:
        answers = Answers()
        deadline = time.monotonic() + self._answer_seconds
        while not answers.complete and (left := deadline - time.monotonic()) > 0:
            data = connection.hear(left)
            if data == b"":
                raise ConnectionResetError("the connection closed")
            answers.feed(data or b"")
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
        assert self._connection is not None, "open() comes first"
        if _hung_up(self._connection):
            raise SendFailed(0, "Expected the printer to stay connected, got its end of the connection.")
        hand_over(self._connection, chunks)

    def close(self) -> str | None:
        """Say that no more comes, and see whether the printer took it all without breaking off."""
        connection = self._connection
        if connection is None:
            return None
        if _hung_up(connection):
            return "Expected the printer to take all data, got its end of the connection before ours."
        try:
            warning = self._see_off(connection)
        except OSError as error:
            return f"Expected the printer to take all data, got {said(error)}."
        if warning is None:
            self._connection = None
            connection.close()
        return warning

    def _see_off(self, connection: Connection) -> str | None:
        """Wait until the printer has taken all and ends the connection; it need not do the latter."""
        # Where we cannot end our side alone, what was taken can be seen, but not whether the printer ends it.
        ended, left = not connection.half_closes, connection.not_taken()
        if not ended:
            connection.end()
        deadline = time.monotonic() + (self._stall_seconds if left else self._answer_seconds)
        while left or not ended:
            if time.monotonic() >= deadline:
                # Some ports keep the connection open for a while; that says nothing.
                return "Expected the printer to take all data, got no progress." if left else None
            if ended:
                time.sleep(_LOOK_SECONDS)
            else:
                ended = connection.hear(_LOOK_SECONDS) == b""
            before, left = left, connection.not_taken()
            if left < before:
                deadline = time.monotonic() + (self._stall_seconds if left else self._answer_seconds)
        return None

    def abandon(self) -> None:
        """Reset the connection: what our side still holds back must not come out behind anyone's back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.reset()


def hand_over(connection: Connection, chunks: Iterable[bytes]) -> None:
    """Write labels, counting what the network took.

    Raises:
        SendFailed: it did not take all.
    """
    handed_over = 0
    for chunk in chunks:
        view = memoryview(chunk)
        while view:
            piece = view[: connection.piece]
            try:
                sent = connection.send(piece)
            except OSError as error:
                # A record of TLS, or a frame, that failed may have left, all the same.
                handed_over += len(piece) if connection.framed else 0
                raise SendFailed(handed_over, f"Expected the printer to take data, got {said(error)}.") from None
            handed_over += sent
            view = view[sent:]


def connect(way: Way, seconds: float) -> Connection:
    """Connect to a printer.

    Raises:
        OSError: nobody answers.
        Unfit: someone else does.
    """
    try:
        return way.connect(seconds)
    except Untrusted as error:
        raise Unfit(("printer-stopped",), error.message) from None


def not_there(way: Way, error: OSError) -> NotReady:
    """Return what a failed connection means."""
    reason = "timed-out" if isinstance(error, TimeoutError) else "connecting-to-device"
    return NotReady((reason,), f"Expected a printer at {way}, got {said(error)}.")


def _hung_up(connection: Connection) -> bool:
    """Whether the printer ended or broke the connection; what it says meanwhile is passed over."""
    try:
        for _ in range(_CHATTER_AT_MOST):
            data = connection.hear(0.0)
            if not data:
                return data is not None
    except OSError:
        return True
    return False
