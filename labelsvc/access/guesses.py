"""How often a password may be guessed: a count for each name and for each address, in memory that has a bound."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from labelsvc.errors import TooMany

#: Wrong guesses for one name, and from one address (a plant may have one), within this time.
PER_NAME = 10
PER_ADDRESS = 50
WITHIN = timedelta(minutes=15)
#: Names and addresses that are counted at once; of more the oldest are forgotten.
_KEPT_AT_MOST = 10_000


@dataclass(slots=True)
class _Count:
    since: datetime
    wrong: int = 0


class Guesses:
    """What was guessed at one web process; each counts for itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: OrderedDict[str, _Count] = OrderedDict()
        self._addresses: OrderedDict[str, _Count] = OrderedDict()

    def begin(self, name: str, address: str, now: datetime) -> None:
        """Count a guess before it is tried, so that many at once are not one.

        Raises:
            TooMany: there were as many as there may be; `retry_after` says when to come again.
        """
        with self._lock:
            counts = (
                (_count(self._names, name, now), PER_NAME),
                (_count(self._addresses, address, now), PER_ADDRESS),
            )
            for count, most in counts:
                if count.wrong >= most:
                    seconds = max(1, round((count.since + WITHIN - now).total_seconds()))
                    message = f"Expected at most {most} wrong passwords in 15 minutes, got more. Come back later."
                    raise TooMany("sign_in_often", message, retry_after=seconds)
            for count, _ in counts:
                count.wrong += 1

    def right(self, name: str, address: str) -> None:
        """Say that a guess was right: it is none, and the name's count begins anew."""
        with self._lock:
            self._names.pop(name, None)
            if address in self._addresses:
                self._addresses[address].wrong = max(0, self._addresses[address].wrong - 1)


def _count(counts: OrderedDict[str, _Count], key: str, now: datetime) -> _Count:
    found = counts.get(key)
    if found is None or now >= found.since + WITHIN:
        counts.pop(key, None)
        while len(counts) >= _KEPT_AT_MOST:
            counts.popitem(last=False)
        found = counts[key] = _Count(now)
    return found
