"""Granting: a batch of a million serials beside a batch of one, on SQLite and on PostgreSQL.

python -m bench.granting
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import count
from statistics import median

from bench.rows import Row, table
from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.batches import BatchRequest, LotRequest
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.products import NewProduct
from labelsvc.issuing.batches import issue
from labelsvc.issuing.label_formats import seed_formats
from labelsvc.issuing.lots import open_lot
from labelsvc.issuing.products import add_product
from labelsvc.storage import schema
from labelsvc.storage.database import Database
from labelsvc.storage.installation import bind_secret
from tests.postgres import Server

MILLION = 1_000_000
ROUNDS = 25
ISSUER = Issuer(bytes(range(32)), "https://id.example.com")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
KEYS = count()


def run() -> list[Row]:
    """Grant one and a million in turn, each with its commit, through the whole use case."""
    rows = []
    for engine in (_sqlite, _postgresql):
        with engine() as url, Database.open(url) as db:
            lot = _lot(db)
            _seconds(db, lot, 1)  # connections, caches
            rounds = [(_seconds(db, lot, MILLION), _seconds(db, lot, 1)) for _ in range(ROUNDS)]
            million, one = median(million for million, _ in rounds), median(one for _, one in rounds)
            rows.append(
                Row(
                    name=f"granting a million, {db.dialect}",
                    ours=f"{million * 1000:.1f} ms",
                    peer=f"{one * 1000:.1f} ms",
                    ratio=median(million / one for million, one in rounds),
                    goal=1.5,
                    note=f"beside granting one; the whole use case, its commit included; median of {ROUNDS} rounds",
                    at_most=True,
                )
            )
    return rows


def _seconds(db: Database, lot: int, quantity: int) -> float:
    start = time.perf_counter()
    issue(db, ISSUER, _call(), lot, BatchRequest(quantity))
    return time.perf_counter() - start


def _call() -> Call:
    return Call(Actor("shell", "bench"), NOW, f"bench-{next(KEYS)}")


def _lot(db: Database) -> int:
    schema.upgrade(db)
    db.write(lambda conn: bind_secret(conn, ISSUER.secret, NOW))
    seed_formats(db, NOW)
    add_product(db, _call(), NewProduct("09520123456788", "Oat drink", "{rnd:10}", "unit-100x50", 365))
    return open_lot(db, _call(), LotRequest("09520123456788", "L-1", date(2026, 1, 2))).id


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as home:
        yield f"sqlite:///{home}/labelsvc.sqlite"


@contextmanager
def _postgresql() -> Iterator[str]:
    server = Server()
    try:
        yield server.url()
    finally:
        server.stop()


def main() -> int:
    """Print the table; 1 when a goal is missed."""
    rows = run()
    print(table(rows))
    return 0 if all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
