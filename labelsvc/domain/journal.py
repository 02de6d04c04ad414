"""A station's journal of one claim: lines of JSON, numbered from 1, each bound to all before it by a hash chain.

A line is written before what it says is done (`hold`), or right after (`sent`, `advance`, `end`). Labels are named by
their number in the batch. What a line may say is one table, for the server reads it as it reads any other input.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, NoReturn, get_args

from labelsvc.domain.outcomes import Evidence
from labelsvc.errors import InvalidInput

Span = tuple[int, int]

#: Longest line, in characters: messages, reasons and digests are cut before, so that no report is too long a body.
LINE_AT_MOST = 4_000
BLOCKS_AT_MOST = 20
REASONS_AT_MOST = 12
_NUMBER_AT_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One line.

    Attributes:
        number: from 1, without a gap.
        at: what the station's clock said; nothing rests on it.
        do: what was done, a key of the table below.
        said: its fields.
    """

    number: int
    at: datetime
    do: str
    said: Mapping[str, Any]

    @property
    def labels(self) -> Iterator[Span]:
        """The labels that the line names, as intervals."""
        said = self.said
        if "first" in said:
            yield said["first"], said["last"]
        for name in ("done", "torn", "absent", "spans"):
            yield from (tuple(span) for span in said.get(name, ()))
        if said.get("way"):
            yield said["way"][0], said["way"][1]


def written(number: int, at: datetime, do: str, **said: Any) -> str:
    """Return an entry as a line."""
    said = {"n": number, "at": at.isoformat(), "do": do, **said}
    line = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    return line.encode("utf-8", "replace").decode()  # half a character, as a printer may say one, is none


def chained(before: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield the chain's digest behind each line.

    Args:
        before: the digest behind the line before the first one; of a new journal its claim's seed.
    """
    for line in lines:
        before = hashlib.sha256(f"{before}\n{line}".encode()).hexdigest()
        yield before


def read(line: str) -> Entry:
    """Return what a line says.

    Raises:
        InvalidInput: it is no entry of a journal.
    """
    if len(line) > LINE_AT_MOST:
        raise _refused(f"at most {LINE_AT_MOST} characters", f"{len(line)}")
    if "\n" in line or "\r" in line or not _is_unicode(line):  # lines are kept one under the other
        raise _refused("characters on one line", "others")
    try:
        said = json.loads(line, parse_constant=_no_constant)
        number, do = said.pop("n"), said.pop("do")
        at = datetime.fromisoformat(said.pop("at"))
        fields = _FIELDS[do]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _refused("an object with n, at and do", "another line") from None
    if not _is_whole(number) or number < 1 or at.tzinfo is None or set(said) != set(fields):
        raise _refused(f"the fields of {do!r}", "others")
    for name, fits in fields.items():
        if not fits(said[name]):
            raise _refused(f"{name} as {do!r} has it", "another value")
    if said.get("last", 0) < said.get("first", 0):
        raise _refused("labels in ascending order", "others")
    return Entry(number, at, do, said)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _refused(expected: str, got: str) -> InvalidInput:
    return InvalidInput("journal_entry", f"Expected a line of a station's journal with {expected}, got {got}.")


def _is_whole(value: Any) -> bool:
    return type(value) is int and abs(value) <= _NUMBER_AT_MOST


def _label(value: Any) -> bool:
    return _is_whole(value) and value >= 1


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)  # half a character is none


def _span(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_label, value)) and value[0] <= value[1]


def _spans(value: Any) -> bool:
    """Whether they are intervals in ascending order that do not overlap."""
    if not (isinstance(value, list) and len(value) <= 1_000 and all(map(_span, value))):
        return False
    return all(before[1] < after[0] for before, after in pairwise(value))


def _number(value: Any) -> bool:
    return _is_whole(value) or (type(value) is float and abs(value) <= _NUMBER_AT_MOST)


def _text(at_most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and len(value) <= at_most and "\0" not in value and _is_unicode(value)


def _name(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"[!-~]{1,200}", value))


def _reasons(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= REASONS_AT_MOST
        and all(isinstance(one, str) and _WORD(one) for one in value)
    )


def _clock(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and _text(64)(value[0]) and _number(value[1])


def _blocks(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= BLOCKS_AT_MOST
        and all(isinstance(one, list) and len(one) == 3 and _span(one[:2]) and _HEX(one[2]) for one in value)
    )


def _or_none(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or fits(value)


def _WORD(value: str) -> bool:  # noqa: N802  # beside _HEX
    return bool(re.fullmatch(r"[a-z0-9.-]{1,80}", value))


def _HEX(value: Any) -> bool:  # noqa: N802  # beside _WORD
    return isinstance(value, str) and bool(re.fullmatch(r"[0-9a-f]{64}", value))


def _flag(value: Any) -> bool:
    return type(value) is bool


#: How a delivery ended: with the first three the claim goes on.
ENDS = ("retry", "suspend", "give-back", "stop", "complete", "cancel")
GOES_ON = frozenset(ENDS[:3])

_FIELDS: Mapping[str, Mapping[str, Callable[[Any], bool]]] = {
    # A process began to work with this journal.
    "boot": {"boot": _name, "instance": _name},
    # A delivery begins.
    "begin": {},
    # The server says that somebody scanned these, which were still to be printed: they are left out.
    "there": {"spans": _spans},
    # These labels may come out from now on.
    "hold": {"first": _label, "last": _label},
    # They were handed over, to a printer that confirms nothing.
    "sent": {"first": _label, "last": _label, "blocks": _blocks},
    # What became known of labels, and which are in doubt from now on (domain.delivery.steps.Advance).
    "advance": {
        "done": _spans,
        "evidence": lambda value: value in get_args(Evidence),
        "torn": _spans,
        "absent": _spans,
        "way": _or_none(_span),
        "zero": _or_none(_is_whole),
        "uptime": _or_none(_number),
        "clock": _clock,
        "blocks": _blocks,
    },
    # How the printer is.
    "state": {"reasons": _reasons},
    # Another printer answered.
    "met": {"identity": _text(200)},
    # A delivery ended.
    "end": {
        "how": lambda value: value in ENDS,
        "until": _or_none(_label),
        "reasons": _reasons,
        "message": _or_none(_text(2_000)),
        "faulted": _flag,
        "partial": _flag,
        "blocks": _blocks,
    },
    # A line took labels of a range that was handed ahead, by a key of its own; `age`: seconds since it was handed over.
    "use": {"key": _name, "first": _label, "last": _label, "age": _number},
    # The rest of such a range was given back, unused.
    "return": {"spans": _spans, "why": _text(200), "age": _number},
}
