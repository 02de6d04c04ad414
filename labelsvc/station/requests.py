"""What a line asks of the station next to it, without the server: files that are there whole or not at all.

A request is a file in `requests`, named by its key; the answer is a file of the same name in `answers`. A key is used
once: which labels it got is written into the journal, and into `used` when it is answered, so that asking again, also
after a power loss or when all of them were reported, gets the same ones.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from labelsvc.errors import Conflict, InvalidInput, Unavailable
from labelsvc.station.files import write_whole

_KEY = re.compile(r"[0-9A-Za-z_-]{1,100}")
#: Keys whose answers are remembered; the oldest are forgotten.
_REMEMBERED_AT_MOST = 10_000


@dataclass(frozen=True, slots=True)
class LineRequest:
    """Labels that a line asks for; quantity 0: what is left of the lot is to be given back."""

    lot: str
    printer: str
    quantity: int


def ask(directory: Path, key: str, request: LineRequest, seconds: float) -> dict[str, Any]:
    """Ask the station that works in a directory, and wait for its answer.

    Raises:
        InvalidInput: the key is none.
        Conflict: there are no such labels.
        Unavailable: no answer; asking again with the same key is safe.
    """
    if not _KEY.fullmatch(key):
        raise InvalidInput("station_key", f"Expected 1 to 100 of 0-9 A-Z a-z _ -, got {key[:40]!r}.")
    for name in ("requests", "answers"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    answer = directory / "answers" / f"{key}.json"
    answer.unlink(missing_ok=True)
    write_whole(directory / "requests" / f"{key}.json", [json.dumps(asdict(request)).encode()])
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if answer.exists():
            said: dict[str, Any] = json.loads(answer.read_text("utf-8"))
            if "error" in said:
                raise Conflict("station_labels", str(said["error"]))
            return said
        time.sleep(0.05)
    raise Unavailable("station_silent", f"Expected an answer of the station in {directory}, got none.")


def waiting(directory: Path) -> list[tuple[str, LineRequest | None]]:
    """Return what is asked for, by key, the oldest first; None for a file that is no request."""
    found: list[tuple[str, LineRequest | None]] = []
    for path in sorted((directory / "requests").glob("*.json"), key=_age):
        if not _KEY.fullmatch(path.stem):
            continue
        try:
            said = json.loads(path.read_text("utf-8"))
            request = LineRequest(str(said["lot"]), str(said["printer"]), int(said["quantity"]))
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            request = None
        found.append((path.stem, request))
    return found


def _age(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, path.name
    except OSError:
        return 0, path.name


def used(directory: Path, key: str) -> tuple[LineRequest, dict[str, Any]] | None:
    """Return what a key was used for, and what it got; None: it was not used, or so long ago that it is forgotten."""
    path = directory / "used" / f"{key}.json"
    if not path.exists():
        return None
    try:
        said = json.loads(path.read_text("utf-8"))
        return LineRequest(**said["request"]), dict(said["answer"])
    except (OSError, ValueError, KeyError, TypeError):  # it was used, and nobody knows for what
        return LineRequest("", "", 0), {}


def _remember(directory: Path, key: str, request: LineRequest, said: dict[str, Any]) -> None:
    folder = directory / "used"
    folder.mkdir(exist_ok=True)
    write_whole(folder / f"{key}.json", [json.dumps({"request": asdict(request), "answer": said}).encode()])
    known = list(folder.glob("*.json"))
    for path in sorted(known, key=_age)[: max(0, len(known) - _REMEMBERED_AT_MOST)]:
        path.unlink(missing_ok=True)


def answer(directory: Path, key: str, request: LineRequest | None, said: dict[str, Any]) -> None:
    """Answer a request; what it got is remembered.

    Raises:
        OSError: the disk does not take the answer; the request stays.
    """
    if request is not None and "first" in said and used(directory, key) is None:
        _remember(directory, key, request, said)
    write_whole(directory / "answers" / f"{key}.json", [json.dumps(said).encode()])
    (directory / "requests" / f"{key}.json").unlink(missing_ok=True)
