"""A printer's JSON port (9200, over TLS 9243): questions and settings, each answered in time or not at all.

A config channel of Weblink speaks the same.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from labelsvc.printers.connection import Connection, Way, said
from labelsvc.printers.dialing import Untrusted
from labelsvc.printers.transport import LinkLost, Unfit
from labelsvc.printers.zebra import settings

#: Bytes of an answer, and of what comes before it.
_SAID_AT_MOST = 65_536


class JsonPort:
    """Connected when it is first asked, and again when the printer closed it; some do after each answer.

    Args:
        seconds: how long to wait for an answer.
    """

    def __init__(self, dial: Way, seconds: float) -> None:
        self._dial = dial
        self._seconds = seconds
        self._connection: Connection | None = None

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
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _exchange(self, question: bytes, names: tuple[str, ...]) -> dict[str, str] | None:
        fresh = self._connection is None
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
        if self._connection is None:
            try:
                self._connection = self._dial.connect(self._seconds)
            except Untrusted as error:
                raise Unfit(("printer-stopped",), error.message) from None
        connection = self._connection
        connection.send_all(question)
        answers, heard = settings.JsonAnswers(), 0
        deadline = time.monotonic() + self._seconds
        while (left := deadline - time.monotonic()) > 0 and heard <= _SAID_AT_MOST:
            data = connection.hear(left)
            if data is None:
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
