"""Serials: the text of a million unguessable ones, beside PyPI `ff3`.

python -m bench.serials
"""

from __future__ import annotations

import sys
import time
from collections import deque
from statistics import median

from ff3 import FF3Cipher

from bench.rows import Row, table
from labelsvc.domain.schemes import Scheme
from labelsvc.domain.tokens import GS1_32

SERIALS = 1_000_000
SAMPLE = 2_000
ROUNDS = 5
KEY = bytes(range(32))


def run() -> list[Row]:
    """Measure ours and the peer in turn, so that a slow moment of the machine hits both."""
    rounds = [(_ours(), _peer()) for _ in range(ROUNDS)]
    ours, peer = median(ours for ours, _ in rounds), median(peer for _, peer in rounds)
    return [
        Row(
            name="text of 1,000,000 serials {rnd:10}",
            ours=f"{ours:,.0f} /s",
            peer=f"{peer:,.0f} /s",
            ratio=median(ours / peer for ours, peer in rounds),
            goal=300,
            note=f"ff3 1.0.3 (FF3-1), radix 32, AES-256, {SAMPLE:,} serials; median of {ROUNDS} rounds",
        )
    ]


def _ours() -> float:
    """Give serials a second, each made as a str of its own."""
    texts = Scheme.parse("{rnd:10}").texts("", KEY, 0, SERIALS)
    start = time.perf_counter()
    deque(texts, maxlen=0)
    return SERIALS / (time.perf_counter() - start)


def _peer() -> float:
    cipher = FF3Cipher.withCustomAlphabet(KEY.hex(), bytes(7).hex(), GS1_32)
    numerals = ["".join(GS1_32[n >> 5 * place & 31] for place in range(9, -1, -1)) for n in range(SAMPLE)]
    start = time.perf_counter()
    for numeral in numerals:
        cipher.encrypt(numeral)
    return SAMPLE / (time.perf_counter() - start)


def main() -> int:
    """Print the table; 1 when a goal is missed."""
    rows = run()
    print(table(rows))
    return 0 if all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
