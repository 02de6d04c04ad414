"""What the virtual printer leaves in its output directory: job-0001.zpl and so on, and labels.csv.

job-NNNN.zpl holds every byte of one connection, in order, written as they come. A connection that brings no format (a
status question) leaves no file. Numbers go on after those already in the directory; nothing is overwritten.

labels.csv has a line per label made, appended as it comes out: `number` (from 1 since the printer was started), `time`
(UTC), `job` (number of the file), `offset` (of the format's first byte in it; empty when the format began in an
earlier job), `bytes` and `sha256` of the format, `copy` and `quantity` (^PQ).
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from io import BufferedWriter
from pathlib import Path

from labelsvc.printers.virtual.contents import fields_of

INDEX = "labels.csv"
COLUMNS = ("number", "time", "job", "offset", "bytes", "copy", "quantity", "sha256")
UNDECIDED = 65_536  # bytes without a format after which a connection gets its file nevertheless


@dataclass(frozen=True, slots=True)
class PrintedLabel:
    """A physical label.

    Attributes:
        number: from 1 since the printer was started.
        time: when it came out, UTC.
        data: its format, as received.
        job, offset: the connection it came on and where its format began there (None: on an earlier connection).
        copy, quantity: which of the labels that its ^PQ asked for.
        torn: only a piece of it came out.
        source: who asked for it: "host", "panel" (its last label once more), "foreign" (another host); "feed" is a
            blank label, with no data.
        again: printed again because a fault tore it before.

    """

    number: int
    time: datetime
    data: bytes
    job: int
    offset: int | None
    copy: int
    quantity: int
    torn: bool = False
    source: str = "host"
    again: bool = False

    @property
    def whole(self) -> bool:
        """Whether it came out whole."""
        return not self.torn

    @property
    def ours(self) -> bool:
        """Whether the host asked for it."""
        return self.source == "host"

    @property
    def payloads(self) -> tuple[str, ...]:
        """What its barcodes hold, a FNC1 between data as the byte 1D."""
        return tuple(field.payload for field in fields_of(self.data) if field.code is not None)

    @property
    def texts(self) -> tuple[str, ...]:
        """What all its fields hold, those of barcodes included."""
        return tuple(field.payload for field in fields_of(self.data))


class Received:
    """The output directory; with None it only numbers the jobs."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._job = 0
        self._undecided = bytearray()
        self._file: BufferedWriter | None = None
        if directory is None:
            return
        directory.mkdir(parents=True, exist_ok=True)
        names = (re.fullmatch(r"job-([0-9]+)\.zpl", path.name) for path in directory.iterdir())
        self._job = max((int(name[1]) for name in names if name), default=0)
        self._index = (directory / INDEX).open("a", encoding="utf-8", newline="")
        self._lines = csv.writer(self._index, lineterminator="\n")
        if self._index.tell() == 0:
            self._lines.writerow(COLUMNS)
            self._index.flush()

    def take(self, data: bytes) -> bool:
        """Write bytes of the connection whose turn it is; True when it has brought so many that it must be a job."""
        if self._file is not None:
            self._file.write(data)
            self._file.flush()
        elif self._directory is not None:
            self._undecided += data
        return len(self._undecided) > UNDECIDED

    def begin(self) -> int:
        """The connection is a job: open its file, with what came so far. Gives its number."""
        self._job += 1
        if self._directory is not None:
            self._file = (self._directory / f"job-{self._job:04}.zpl").open("xb")
            self._file.write(self._undecided)
            self._file.flush()
            self._undecided.clear()
        return self._job

    def end(self) -> None:
        """The connection is over."""
        self._undecided.clear()
        if self._file is not None:
            self._file.close()
            self._file = None

    def label(self, label: PrintedLabel) -> None:
        """Enter a label in the index."""
        if self._directory is not None:
            offset = "" if label.offset is None else label.offset
            digest = sha256(label.data).hexdigest()
            when = label.time.isoformat(timespec="milliseconds")
            row = (label.number, when, label.job, offset, len(label.data), label.copy, label.quantity, digest)
            self._lines.writerow(row)
            self._index.flush()

    def close(self) -> None:
        """Close the files."""
        self.end()
        if self._directory is not None:
            self._index.close()
