"""file:///line1.zpl: labels appended to a file below the data directory, durable when `send` returns."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from labelsvc.printers.transport import NotReady, SendFailed

#: No link is followed, and nothing that is no file (a pipe that nobody reads) makes us wait.
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class FileTransport:
    """A file that stands for a printer."""

    windowed = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def open(self, *, at_rest: bool) -> None:  # noqa: ARG002  # a file is always at rest
        """Open the file, never through a link that leads elsewhere."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, _FLAGS | getattr(os, "O_BINARY", 0), 0o640)
        except OSError as error:
            raise NotReady(("other-error",), f"Expected a file to write, got {_said(error)}.") from None
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            self.abandon()
            raise NotReady(("other-error",), "Expected a file to write, got something else of this name.")

    def send(self, chunks: Iterable[bytes]) -> None:
        """Append labels and wait until they are on the disk; where it fails, a torn one is cut off again."""
        assert self._descriptor is not None, "open() comes first"
        handed_over, whole, before = 0, 0, os.fstat(self._descriptor).st_size
        try:
            for chunk in chunks:
                view = memoryview(chunk)
                while view:
                    written = os.write(self._descriptor, view)
                    handed_over += written
                    view = view[written:]
                whole += len(chunk)
            os.fsync(self._descriptor)
        except OSError as error:
            # Half a label would swallow the first one of the next delivery. Somebody may have read it, so it counts.
            with suppress(OSError):
                if os.fstat(self._descriptor).st_size == before + handed_over:  # nobody else wrote meanwhile
                    os.ftruncate(self._descriptor, before + whole)
            raise SendFailed(handed_over, f"Expected the file to take data, got {_said(error)}.") from None

    def close(self) -> str | None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            try:
                os.close(descriptor)
            except OSError as error:
                return f"Expected the file to keep its data, got {_said(error)}."
        return None

    def abandon(self) -> None:
        """Close the file."""
        self.close()


def _said(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
