"""A journal on disk: what it says was there before it was done, whatever the disk or the power did."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labelsvc.station.journal import Damaged, Journal

SEED = "ab" * 32
NOW = datetime(2026, 11, 30, 8, tzinfo=UTC)


def opened(path: Path) -> Journal:
    return Journal(path, SEED, lambda: NOW)


def written(path: Path) -> list[bytes]:
    journal = opened(path)
    for first in (1, 3, 5):
        journal.append("hold", first=first, last=first + 1)
    journal.close()
    return path.read_bytes().splitlines(keepends=True)


def test_each_line_is_chained_to_all_before_it(tmp_path: Path) -> None:
    before = SEED
    for number, raw in enumerate(written(tmp_path / "journal"), 1):
        chain, _, line = raw.decode().rstrip("\n").partition(" ")
        said = f'"do":"hold","first":{2 * number - 1},"last":{2 * number}'
        assert line == f'{{"n":{number},"at":"2026-11-30T08:00:00+00:00",{said}}}'
        assert chain == hashlib.sha256(f"{before}\n{line}".encode()).hexdigest()
        before = chain


def test_a_last_line_that_is_torn_anywhere_goes_and_the_journal_goes_on(tmp_path: Path) -> None:
    lines = written(tmp_path / "journal")
    for cut in range(len(lines[2])):
        path = tmp_path / f"torn-{cut}"
        path.write_bytes(b"".join(lines[:2]) + lines[2][:cut])
        journal = opened(path)
        assert len(journal.lines) == 2
        assert journal.append("hold", first=9, last=9).number == 3
        journal.close()
        again = opened(path)
        assert [entry.said["first"] for entry in again.entries()] == [1, 3, 9]
        again.close()


def test_a_line_that_was_changed_before_the_end_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    lines = written(path)
    for changed in (
        [lines[0].replace(b'"last":2', b'"last":9'), *lines[1:]],
        [lines[1], lines[0], lines[2]],
        [lines[0], lines[2]] * 2,
    ):
        path.write_bytes(b"".join(changed))
        with pytest.raises(Damaged):
            opened(path)


FULL = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from labelsvc.station.journal import Journal

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal(Path(sys.argv[1]), "ab" * 32, lambda: datetime.now(UTC))
journal.append("hold", first=1, last=1)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    journal.append("hold", first=2, last=2)
except OSError as error:
    print(type(error).__name__, len(journal.lines))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(journal.append("hold", first=3, last=3).number)
"""


@pytest.mark.parametrize("room", [0, 20])
def test_where_the_disk_is_full_a_line_is_not_there_and_the_next_one_is(tmp_path: Path, room: int) -> None:
    """The system itself refuses the write, at once or half way."""
    path = tmp_path / "journal"
    one = len(written(tmp_path / "another")[0])
    found = subprocess.run(
        [sys.executable, "-c", FULL, path, str(one + room)], check=True, capture_output=True, text=True, timeout=60
    )
    assert found.stdout.split() == ["OSError", "1", "2"]
    again = opened(path)
    assert [entry.said["first"] for entry in again.entries()] == [1, 3]
    again.close()
