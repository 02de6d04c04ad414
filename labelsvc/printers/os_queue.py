"""queue:///NAME: a queue of the operating system, by the `zebra` package; bytes only, and its failures are errors.

A spooler takes a job whole and says nothing of its labels, so a job ends at `queued-in-device`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable

import zebra

from labelsvc.printers.transport import NotReady, SendFailed

#: The package hands a spooler one piece of bytes; more than this is refused before anything is written.
SPOOL_AT_MOST = 256 * 1024 * 1024
_SECONDS = 60.0


class _Queue(zebra.Zebra):
    """The package's queue with the ends it leaves loose: exit status, time-out, and the caller's environment.

    The package itself ignores what lpr returns and asks for queues with an empty environment.
    """

    def _output_unix(self, commands: bytes) -> None:
        done = subprocess.run(
            ["lp", "-d", self.queue, "-o", "raw", "-t", "labelsvc", "-"],
            input=commands,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode:
            raise OSError(done.returncode, done.stderr.decode("utf-8", "replace").strip() or "lp failed")

    def _getqueues_unix(self) -> list[str]:
        done = subprocess.run(["lpstat", "-e"], capture_output=True, timeout=_SECONDS, check=False)
        return done.stdout.decode("utf-8", "replace").split()


class QueueTransport:
    """One queue."""

    windowed = False

    def __init__(self, name: str) -> None:
        self._queue = _Queue(name)  # type: ignore[no-untyped-call]  # the package types half of what it has

    def open(self) -> None:
        """See that there is such a queue."""
        try:
            known: list[str] = self._queue.getqueues()  # type: ignore[no-untyped-call]
        except (OSError, subprocess.SubprocessError) as error:
            raise NotReady(
                ("connecting-to-device",), f"Expected a print spooler, got {type(error).__name__}."
            ) from None
        if self._queue.queue not in known:
            raise NotReady(("connecting-to-device",), f"Expected a queue named {self._queue.queue}, got none.")

    def send(self, chunks: Iterable[bytes]) -> None:
        """Hand all labels to the spooler as one job."""
        data = bytearray()
        for chunk in chunks:
            data += chunk
            if len(data) > SPOOL_AT_MOST:
                raise SendFailed(0, f"Expected at most {SPOOL_AT_MOST} bytes for a spooler, got more.")
        try:
            self._queue.output(bytes(data))  # type: ignore[no-untyped-call]
        except OSError as error:
            # lp says no before it queues anything; only the Windows spooler may have begun.
            begun = len(data) if sys.platform == "win32" else 0
            raise SendFailed(begun, f"Expected the spooler to take the job, got {error.strerror}.") from None
        except subprocess.TimeoutExpired:
            raise SendFailed(len(data), f"Expected the spooler to answer in {_SECONDS:g} s, got silence.") from None

    def close(self) -> str | None:
        """Nothing is open."""
        return None
