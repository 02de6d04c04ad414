"""Use cases: how often the resolver was asked for what, kept without knowing by whom, and an alarm for guessing.

A hit is counted in memory that has a bound and may lose; a chore writes the counts by the set. So no stranger makes a
transaction, however many there are.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from sqlalchemy import Connection

from labelsvc.domain.actors import Actor, Call
from labelsvc.storage import audit, hits, webhooks
from labelsvc.storage.database import Database
from labelsvc.storage.hits import Asked, Counted

T = TypeVar("T")

KEEP_SECONDS = 5.0
#: What is counted between two writings: kinds of hits, and numbers. Of more it is lost.
COUNTS_AT_MOST = 5_000
#: Visitors that are told apart on one day.
VISITORS_AT_MOST = 100_000
#: How long counts by the hour are kept.
KEPT = timedelta(days=90)
GUESS = "UNKNOWN_SERIAL"
_IN_ONE_WRITE = 500
_SELF = Actor("shell", "labelsvc")


@dataclass(slots=True)
class Taken:
    """What was counted since it was taken last.

    Attributes:
        counts: (product id, hour, outcome) -> hits.
        numbers: (range id, ordinal) -> hits.
    """

    counts: dict[tuple[int, datetime, str], int] = field(default_factory=dict)
    numbers: dict[tuple[int, int], Asked] = field(default_factory=dict)


class Hits:
    """The counts of one process that are not written yet.

    Who asked is never written: an address becomes a digest by a key that no one knows and that lives a day, only to
    tell whether somebody else asks for a number.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken = Taken()
        self._day: date | None = None
        self._key = b""
        self._visitors: set[bytes] = set()
        self.lost = 0

    def count(self, product_id: int, outcome: str, at: datetime) -> None:
        """Count a hit of a product: `led`, `shown`, `verified`, or the reason why not."""
        hour = at.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            counts = self._taken.counts
            if (product_id, hour, outcome) not in counts and len(counts) >= COUNTS_AT_MOST:
                self.lost += 1
                return
            counts[product_id, hour, outcome] = counts.get((product_id, hour, outcome), 0) + 1

    def count_number(self, number: tuple[int, int], address: str, at: datetime) -> None:
        """Count a hit of a number that was issued (range id, ordinal)."""
        with self._lock:
            numbers = self._taken.numbers
            if number not in numbers and len(numbers) >= COUNTS_AT_MOST:
                self.lost += 1
                return
            known = numbers.get(number, Asked(0, at, at, 0))
            new = self._is_new(number, address, at.date())
            numbers[number] = Asked(known.count + 1, known.first_at, at, known.visitors + new)

    def take(self) -> Taken:
        """Return what was counted, and begin anew."""
        with self._lock:
            taken, self._taken = self._taken, Taken()
        return taken

    def _is_new(self, number: tuple[int, int], address: str, day: date) -> bool:
        if day != self._day:
            self._day, self._key = day, secrets.token_bytes(32)
            self._visitors.clear()
        text = f"{number[0]}/{number[1]}/{address}".encode()
        visitor = hmac.digest(self._key, text, hashlib.sha256)[:12]
        if visitor in self._visitors or len(self._visitors) >= VISITORS_AT_MOST:
            return False
        self._visitors.add(visitor)
        return True


class Keeper:
    """Writes what was counted.

    Args:
        alarm_at: serials that never were, asked for of one product in one hour, at which an alarm is raised.
    """

    def __init__(self, db: Database, found: Hits, alarm_at: int, now: Callable[[], datetime]) -> None:
        self._db = db
        self._hits = found
        self._alarm_at = alarm_at
        self._now = now
        self._pruned: datetime | None = None

    def look(self) -> None:
        """Write what there is; raises as `Database.write` does, and what it was about is lost then."""
        taken, now = self._hits.take(), self._now()
        for some in _parts([Counted(*key, count) for key, count in taken.counts.items()]):
            self._db.write(lambda conn, some=some: self._keep(conn, some, now))  # type: ignore[misc]  # bound now
        for part in _parts(list(taken.numbers.items())):
            self._db.write(lambda conn, part=part: hits.add_numbers(conn, part))  # type: ignore[misc]  # as above
        hour = now.replace(minute=0, second=0, microsecond=0)
        if self._pruned != hour:
            self._db.write(lambda conn: hits.prune(conn, hour - KEPT))
            self._pruned = hour

    def _keep(self, conn: Connection, some: Sequence[Counted], now: datetime) -> None:
        hits.add(conn, some)
        for one in some:
            if one.outcome == GUESS:
                code, total = hits.total(conn, one)
                if total - one.count < self._alarm_at <= total:
                    _alarm(conn, code, one.hour, total, now)


def _parts(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield as much as one transaction writes, so that none holds up the line."""
    for at in range(0, len(rows), _IN_ONE_WRITE):
        yield rows[at : at + _IN_ONE_WRITE]


def _alarm(conn: Connection, code: str, hour: datetime, total: int, now: datetime) -> None:
    """Say once an hour that somebody guesses serials of a product."""
    said = {"product": code, "hour": hour.isoformat(), "guesses": total}
    audit.record(conn, Call(_SELF, now), "product.guessed", f"product:{code}", after=said)
    webhooks.emit(conn, "product.guessed", said, now)


def guessed(db: Database, alarm_at: int, now: datetime) -> tuple[int, int]:
    """Return how many serials that never were are asked for in this hour, and of how many products too many."""
    with db.read() as conn:
        totals = hits.totals(conn, GUESS, now.replace(minute=0, second=0, microsecond=0))
    return sum(totals), sum(total >= alarm_at for total in totals)
