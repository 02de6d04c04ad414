"""What a way to a printer can do, and how it fails."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from labelsvc.domain.readings import Reading


class NotReady(Exception):
    """The printer cannot be reached or cannot print now; no label was written.

    Attributes:
        reasons: printer-state-reasons of RFC 8011 5.4.12.
    """

    def __init__(self, reasons: tuple[str, ...], message: str) -> None:
        super().__init__(message)
        self.reasons = reasons
        self.message = message


class Unfit(Exception):
    """Something answers, but a person has to see to it before it may get labels; no label was written.

    Attributes:
        reasons: job-state-reasons of RFC 8011 5.3.8.
        identity: what it says it is, where it is another printer than the one meant.
    """

    def __init__(self, reasons: tuple[str, ...], message: str, *, identity: str | None = None) -> None:
        super().__init__(message)
        self.reasons = reasons
        self.message = message
        self.identity = identity


class SendFailed(Exception):
    """Writing failed half way.

    Attributes:
        handed_over: bytes that may have left; all after them surely did not, and never will.
        again: it may go well another time.
    """

    def __init__(self, handed_over: int, message: str, *, again: bool = True) -> None:
        super().__init__(message)
        self.handed_over = handed_over
        self.message = message
        self.again = again


class Transport(Protocol):
    """A way to one printer, for one job.

    Attributes:
        windowed: labels go window by window; a spool takes all that is left of a job in one go.
    """

    windowed: bool

    def open(self, *, at_rest: bool) -> None:
        """Make sure that labels can be written.

        Args:
            at_rest: nothing of an earlier connection may still come out, as far as the printer tells.

        Raises:
            NotReady, Unfit: they cannot; nothing was written.
        """

    def send(self, chunks: Iterable[bytes]) -> None:
        """Hand over labels; when it returns every byte left.

        Args:
            chunks: whole labels.

        Raises:
            SendFailed: not all did.
        """

    def close(self) -> str | None:
        """End the connection when all was taken; return a warning where that cannot be seen, or was not so."""

    def abandon(self) -> None:
        """Break off: what has not left by now never does. After `close` it does nothing."""


class FollowedTransport(Transport, Protocol):
    """A way to a printer that takes labels as a job of its own, and says what becomes of that job.

    Attributes:
        job_reasons: what it said of its job in the end, job-state-reasons.
    """

    job_reasons: tuple[str, ...]

    def follow(self) -> tuple[str, ...] | None:
        """Wait a little, then ask: the printer's reasons while the job goes on, None once it ended as it should.

        Raises:
            SendFailed: it ended in another way, does not go on, or nobody says what became of it.
        """

    def cancel(self) -> None:
        """Ask for the job's end, which is to be followed all the same."""


class LinkLost(Exception):
    """The connection ended or broke while it was listened to."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ConfirmingTransport(Transport, Protocol):
    """A way to a printer that also says what became of the labels: echoes on the data connection, readings beside."""

    def read(self, *, briefly: bool = False) -> Reading | None:
        """Ask the printer how it is and what it has counted; None: it does not answer, though the link is alive.

        Args:
            briefly: whether it is busy need not be known, where one question less is asked for that.

        It is asked beside the data connection (port 9200, 9243), so that questions never mix with labels.

        Raises:
            LinkLost: there is no link any more.
        """

    def listen(self, seconds: float) -> tuple[str, ...]:
        """Return the texts echoed (^HV) until now, in order; wait at most so long for the first of them.

        Raises:
            LinkLost: the data connection ended or broke.
        """
