"""A printer's JSON port (9200, over TLS 9243): questions and settings, each answered in time or not at all."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from contextlib import suppress

from labelsvc.printers.dialing import Dial, Untrusted
from labelsvc.printers.tcp import said
from labelsvc.printers.transport import LinkLost, Unfit
from labelsvc.printers.zebra import settings

#: Bytes of an answer, and of what comes before it.
_SAID_AT_MOST = 65_536


class JsonPort:
    """Connected when it is first asked, and again when the printer closed it; some do after each answer.

    Args:
        seconds: how long to wait for an answer.
    """

    def __init__(self, dial: Dial, seconds: float) -> None:
        self._dial = dial
        self._seconds = seconds
        self._socket: socket.socket | None = None

    def ask(self, names: tuple[str, ...]) -> dict[str, str] | None:
        """Return the values of settings; None: no answer in time.

        Raises:
            LinkLost: the port is gone.
            Unfit: another answers than the one trusted.
        """
        return self._exchange(settings.question(names), names)

    def tell(self, values: Mapping[str, str]) -> dict[str, str] | None:
        """Change settings; return what the printer answers, None: nothing in time.

        Raises:
            LinkLost, Unfit: as with `ask`.
        """
        return self._exchange(settings.order(values), tuple(values))

    def close(self) -> None:
        """End the connection."""
        connection, self._socket = self._socket, None
        if connection is not None:
            with suppress(OSError):
                connection.close()

    def _exchange(self, question: bytes, names: tuple[str, ...]) -> dict[str, str] | None:
        fresh = self._socket is None
        try:
            return self._once(question, names)
        except OSError as error:
            self.close()
            if fresh:
                raise self._lost(error) from None
        try:
            return self._once(question, names)
        except OSError as error:
            self.close()
            raise self._lost(error) from None

    def _lost(self, error: OSError) -> LinkLost:
        return LinkLost(f"Expected {self._dial} to answer, got {said(error)}.")

    def _once(self, question: bytes, names: tuple[str, ...]) -> dict[str, str] | None:
        if self._socket is None:
            try:
                self._socket = self._dial.connect(self._seconds)
            except Untrusted as error:
                raise Unfit(("printer-stopped",), error.message) from None
        connection = self._socket
        connection.settimeout(self._seconds)
        connection.sendall(question)
        answers, heard = settings.JsonAnswers(), 0
        deadline = time.monotonic() + self._seconds
        while (left := deadline - time.monotonic()) > 0 and heard <= _SAID_AT_MOST:
            connection.settimeout(left)
            try:
                data = connection.recv(4_096)
            except TimeoutError:
                break
            if not data:
                raise ConnectionResetError("the connection closed")
            heard += len(data)
            for answer in answers.feed(data):
                if set(names) <= set(answer):
                    return {name: answer[name] for name in names}
        # Whatever it says later is of another moment: a count that is too old would take labels for absent.
        self.close()
        return None
