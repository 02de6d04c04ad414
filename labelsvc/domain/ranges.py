"""Ranges: grants of consecutive ordinals of one pool, and the serials behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from labelsvc.domain.actors import Actor
from labelsvc.domain.schemes import Scheme
from labelsvc.errors import InvalidInput

#: Most numbers in one request; also what keeps one request's work bounded.
QUANTITY_AT_MOST = 10_000_000
#: Most numbers that are handed ahead to a station at once, and the longest time that it may use them.
AHEAD_AT_MOST = 10_000
AHEAD_HOURS_AT_MOST = 7 * 24
#: An ordinal is a signed 64-bit integer in both databases; one beyond it was never granted.
ORDINAL_AT_MOST = 2**63 - 1

RangeKind = Literal["issued", "lost", "handed ahead"]


@dataclass(frozen=True, slots=True)
class Range:
    """One grant: the ordinals first .. first + count - 1 of a pool."""

    id: int
    pool_id: int
    first: int
    count: int
    kind: RangeKind
    lot_id: int | None
    lot_revision: int | None
    actor: Actor
    request_key: str | None
    created_at: datetime

    @property
    def last(self) -> int:
        """The last ordinal."""
        return self.first + self.count - 1


@dataclass(frozen=True, slots=True)
class Numbering:
    """What turns the ordinals of one pool into serials.

    Attributes:
        key: the pool's key; None for a scheme that needs none.
    """

    scheme: Scheme
    scope: str
    key: bytes | None

    def text(self, ordinal: int) -> str:
        """Return the serial of an ordinal."""
        return self.scheme.text(self.scope, self.key, ordinal)

    def texts(self, first: int, count: int) -> Iterator[str]:
        """Return the serials of consecutive ordinals, in their order."""
        return self.scheme.texts(self.scope, self.key, first, count)


def check_quantity(quantity: int) -> int:
    """Return a number of labels that one request may ask for."""
    if not 1 <= quantity <= QUANTITY_AT_MOST:
        shown = str(quantity) if abs(quantity) < 10**12 else f"a number of {len(str(abs(quantity)))} digits"
        raise InvalidInput("quantity", f"Expected 1 to {QUANTITY_AT_MOST}, got {shown}.")
    return quantity
