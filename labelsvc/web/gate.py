"""The gate before whatever a stranger may ask: how many at once, and how often each, so that the line never waits."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil

from labelsvc.errors import TooMany

#: Addresses that are counted at once; of more the one that was quiet longest is forgotten.
ADDRESSES_AT_MOST = 10_000
_MINUTE = 60.0


class Gate:
    """The gate of one process.

    A quarter of the threads at most answers strangers; who comes besides is refused at once and holds none. Each
    address has as many answers in hand as it may have in a minute, and gets used ones back at that rate.

    Args:
        threads: of the web process.
        per_minute: answers for one address.
        clock: seconds that never go back.
    """

    def __init__(self, threads: int, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.lanes = max(1, threads // 4)
        self._free = threading.BoundedSemaphore(self.lanes)
        self._per_minute = per_minute
        self._clock = clock
        self._lock = threading.Lock()
        self._in_hand: OrderedDict[str, tuple[float, float]] = OrderedDict()

    @contextmanager
    def passed(self, address: str) -> Iterator[None]:
        """Answer somebody inside this block.

        Raises:
            TooMany: resolver_often, the address asks too often; resolver_busy, all lanes are taken.
        """
        self._take(_who(address))
        if not self._free.acquire(blocking=False):
            message = f"Expected at most {self.lanes} questions of strangers at once, got one more."
            raise TooMany("resolver_busy", message, retry_after=1)
        try:
            yield
        finally:
            self._free.release()

    def _take(self, who: str) -> None:
        now = self._clock()
        with self._lock:
            left, since = self._in_hand.pop(who, (float(self._per_minute), now))
            left = min(float(self._per_minute), left + (now - since) * self._per_minute / _MINUTE)
            enough = left >= 1
            while len(self._in_hand) >= ADDRESSES_AT_MOST:
                self._in_hand.popitem(last=False)
            self._in_hand[who] = (left - 1 if enough else left, now)
        if not enough:
            message = f"Expected at most {self._per_minute} questions a minute from one address, got more."
            raise TooMany("resolver_often", message, retry_after=ceil((1 - left) * _MINUTE / self._per_minute))


def _who(address: str) -> str:
    """Return whom an address stands for: of IPv6 a household or a site has 2^64 at least."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
