"""file:///line1.zpl: labels appended to a file below the data directory, durable when `send` returns."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from labelsvc.printers.transport import NotReady, SendFailed


class FileTransport:
    """A file that stands for a printer."""

    windowed = False

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def open(self) -> None:
        """Open the file, never through a link that leads elsewhere."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
            self._descriptor = os.open(self._path, flags, 0o640)
        except OSError as error:
            raise NotReady(("other-error",), f"Expected a file to write, got {error.strerror}.") from None

    def send(self, chunks: Iterable[bytes]) -> None:
        """Append labels and wait until they are on the disk."""
        assert self._descriptor is not None, "open() comes first"
        handed_over = 0
        try:
            for chunk in chunks:
                view = memoryview(chunk)
                while view:
                    written = os.write(self._descriptor, view)
                    handed_over += written
                    view = view[written:]
            os.fsync(self._descriptor)
        except OSError as error:
            raise SendFailed(handed_over, f"Expected the file to take data, got {error.strerror}.") from None

    def close(self) -> str | None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        return None
