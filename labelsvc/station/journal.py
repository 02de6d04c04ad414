"""A claim's journal on disk: lines that are appended, chained, and there before what they say is done.

Each line of the file is the chain's digest behind it, a space, and the entry (domain.journal). A last line that is torn
was never relied on, so it goes; one that is wrong before the end means that somebody changed the file.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from labelsvc.domain import journal
from labelsvc.domain.journal import Entry
from labelsvc.station.files import sync_directory


class Damaged(Exception):
    """A journal that was changed behind our back."""


class Journal:
    """A journal that is open for appending; one thread appends.

    Args:
        seed: what the chain begins with.
        now: the station's clock.

    Raises:
        Damaged: it is not the journal it was.
        OSError: it cannot be read or written.
    """

    def __init__(self, path: Path, seed: str, now: Callable[[], datetime]) -> None:
        self._now = now
        self.seed = seed
        self.lines: list[str] = []
        self.chains: list[str] = []
        new = not path.exists()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            self._end = self._read()
            os.ftruncate(self._file, self._end)
            os.fsync(self._file)
        except BaseException:
            os.close(self._file)
            raise
        if new:
            sync_directory(path.parent)

    def _read(self) -> int:
        """Take in the lines that are whole; return where they end."""
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(0)
            data = file.read()
        end = 0
        for raw in data.splitlines(keepends=True):
            chain, _, line = raw.rstrip(b"\n").decode("utf-8", "replace").partition(" ")
            (right,) = journal.chained(self.chain, [line])
            if not raw.endswith(b"\n") or chain != right:
                if end + len(raw) == len(data):
                    return end  # torn: the power went while it was written
                raise Damaged(f"Expected line {len(self.lines) + 1} of the journal as it was written, got another.")
            self._keep(line, chain)
            end += len(raw)
        return end

    @property
    def chain(self) -> str:
        """The digest behind the last line."""
        return self.chains[-1] if self.chains else self.seed

    def _keep(self, line: str, chain: str) -> None:
        self.chains.append(chain)  # before the line: whoever reports a line finds its digest
        self.lines.append(line)

    def append(self, do: str, **said: Any) -> Entry:
        """Write a line; when it returns the line is on the disk.

        Raises:
            OSError: it is not, and never will be.
        """
        line = journal.written(len(self.lines) + 1, self._now(), do, **said)
        entry = journal.read(line)  # what the server would refuse is a fault that must show here
        (chain,) = journal.chained(self.chain, [line])
        raw = f"{chain} {line}\n".encode()
        try:
            done = 0
            while done < len(raw):
                done += os.pwrite(self._file, raw[done:], self._end + done)
            os.fsync(self._file)
        except OSError:
            with suppress(OSError):  # else what there is of it is overwritten by the next, or found to be torn
                os.ftruncate(self._file, self._end)
            raise
        self._end += len(raw)
        self._keep(line, chain)
        return entry

    def entries(self) -> list[Entry]:
        """Return all lines, read."""
        return [journal.read(line) for line in self.lines]

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)
