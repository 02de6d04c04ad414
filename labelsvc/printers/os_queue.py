"""queue:///NAME: a queue of the operating system, by the `zebra` package; bytes only, and its failures are errors.

A spooler takes a job whole and says nothing of its labels, so a job ends at `queued-in-device`.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable

import zebra

from labelsvc.printers.transport import NotReady, SendFailed

#: The package hands a spooler one piece of bytes; more than this is refused before anything is written.
SPOOL_AT_MOST = 256 * 1024 * 1024
_SECONDS = 60.0
_ACCEPTING = re.compile(r"^(\S+) accepting requests since", re.MULTILINE)


class _Queue(zebra.Zebra):
    """The package's queue with the ends it leaves loose: exit status, time-out, and the caller's environment.

    The package itself ignores what lpr returns and asks for queues with an empty environment.
    """

    def _output_unix(self, commands: bytes) -> None:
        done = _run(["lp", "-d", self.queue, "-o", "raw", "-t", "labelsvc", "-"], commands)
        if done.returncode:
            raise _Refused(done.stderr.decode("utf-8", "replace").strip().removeprefix("lp: ") or "an error of lp")

    def _getqueues_unix(self) -> list[str]:
        """Return the queues that take jobs."""
        return _ACCEPTING.findall(_run(["lpstat", "-a"]).stdout.decode("utf-8", "replace"))


class _Refused(Exception):
    """The spooler said no."""


def _run(command: list[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "LC_ALL": "C"}  # what they say is read
    return subprocess.run(command, input=given, capture_output=True, timeout=_SECONDS, check=False, env=environment)


class QueueTransport:
    """One queue."""

    windowed = False

    def __init__(self, name: str) -> None:
        self._queue = _Queue(name)  # type: ignore[no-untyped-call]  # the package types half of what it has

    def open(self, *, at_rest: bool) -> None:  # noqa: ARG002  # a spooler does not tell
        """See that there is such a queue, and that it takes jobs."""
        try:
            known: list[str] = self._queue.getqueues()  # type: ignore[no-untyped-call]
        except (OSError, subprocess.SubprocessError) as error:
            raise NotReady(
                ("connecting-to-device",), f"Expected a print spooler, got {type(error).__name__}."
            ) from None
        if self._queue.queue not in known:
            raise NotReady(
                ("connecting-to-device",), f"Expected a queue named {self._queue.queue} that takes jobs, got none."
            )

    def send(self, chunks: Iterable[bytes]) -> None:
        """Hand all labels to the spooler as one job."""
        data = self._collected(chunks)
        try:
            self._queue.output(data)  # type: ignore[no-untyped-call]
        except FileNotFoundError:  # there is no lp to begin with
            raise SendFailed(0, "Expected a print spooler, got none.") from None
        except (OSError, _Refused) as error:
            # It may have queued the job before it failed (a spooler that dies before it answers), and print it later.
            raise SendFailed(
                len(data), f"Expected the spooler to take the job, got {str(error)[:200].rstrip('.')}."
            ) from None
        except subprocess.TimeoutExpired:
            raise SendFailed(len(data), f"Expected the spooler to answer in {_SECONDS:g} s, got silence.") from None

    def _collected(self, chunks: Iterable[bytes]) -> bytes:
        data = bytearray()
        try:
            for chunk in chunks:
                data += chunk
                if len(data) > SPOOL_AT_MOST:
                    message = f"Expected at most {SPOOL_AT_MOST} bytes for a spooler, got more."
                    raise SendFailed(0, message, again=False)
        except SendFailed as error:  # not one byte has left
            raise SendFailed(0, error.message, again=error.again) from None
        return bytes(data)

    def close(self) -> str | None:
        """Nothing is open."""
        return None

    def abandon(self) -> None:
        """Nothing is open."""
