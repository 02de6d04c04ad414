"""What a way to a printer can do, and how it fails."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class NotReady(Exception):
    """The printer cannot be reached or cannot print now; no label was written.

    Attributes:
        reasons: printer-state-reasons of RFC 8011 5.4.12.
    """

    def __init__(self, reasons: tuple[str, ...], message: str) -> None:
        super().__init__(message)
        self.reasons = reasons
        self.message = message


class WrongPrinter(Exception):
    """Something answers, but it is not the printer that is meant; no label was written."""


class SendFailed(Exception):
    """Writing failed half way.

    Attributes:
        handed_over: bytes that may have left; all after them surely did not.
    """

    def __init__(self, handed_over: int, message: str) -> None:
        super().__init__(message)
        self.handed_over = handed_over
        self.message = message


class Transport(Protocol):
    """A way to one printer, for one job.

    Attributes:
        windowed: labels go window by window; a spool takes all that is left of a job in one go.
    """

    windowed: bool

    def open(self) -> None:
        """Make sure that labels can be written.

        Raises:
            NotReady, WrongPrinter: they cannot; nothing was written.
        """

    def send(self, chunks: Iterable[bytes]) -> None:
        """Hand over labels; when it returns every byte left.

        Raises:
            SendFailed: not all did.
        """

    def close(self) -> str | None:
        """End the connection; return a warning where the printer broke it off instead of taking all."""
