"""Never a number twice: eight processes grant a million numbers and are killed at any moment; the books stay right."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.batches import BatchRequest
from labelsvc.issuing import batches
from labelsvc.storage import tables
from labelsvc.storage.database import Database

WRITERS = 8
NUMBERS = 1_000_000
KILLS = 50
SEED = 4_711


class Killer:
    """Eight writers (writers.py), one of which is killed and started again now and then."""

    def __init__(self, url: str, directory: Path, lots: list[int]) -> None:
        program = Path(__file__).with_name("writers.py")
        self.starter = subprocess.Popen(
            [sys.executable, program, url, directory, str(SEED), *map(str, lots)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.running = [self.start(number) for number in range(WRITERS)]
        self.killed = 0

    def start(self, number: int) -> int:
        assert self.starter.stdin is not None
        assert self.starter.stdout is not None
        print(number, file=self.starter.stdin, flush=True)
        return int(self.starter.stdout.readline())

    def kill(self, number: int) -> None:
        os.kill(self.running[number], signal.SIGKILL)
        self.killed += 1

    def stop(self) -> None:
        """Kill them all, in the midst of whatever they do, and then the one that started and buries them."""
        for number in range(WRITERS):
            self.kill(number)
        while any(alive(pid) for pid in self.running):
            time.sleep(0.01)
        self.starter.kill()
        self.starter.communicate()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def killing(*given: Any) -> Iterator[Killer]:
    killer = Killer(*given)
    try:
        yield killer
    finally:
        killer.stop()


def granted(db: Database) -> int:
    with db.read() as conn:
        return int(conn.execute(select(func.sum(tables.pools.c.next))).scalar_one() or 0)


def logs(directory: Path, word: str) -> list[tuple[str, list[str]]]:
    """Return (client, what follows the word) of all lines of all writers that begin with a word."""
    return [
        (log.stem, line.split()[1:])
        for log in sorted(directory.glob("*.log"))
        for line in log.read_text().splitlines()
        if line.startswith(f"{word} ")
    ]


@pytest.mark.slow
def test_a_million_numbers_from_eight_writers_that_are_killed(plant: Any, tmp_path: Path) -> None:
    """All that was committed is disjoint and complete; all that was heard is there, and asked again it is the same."""
    shared = plant.product("{rnd:10}")
    counted = plant.product("{prod:%y%j}{seq:8}")
    lots = [
        plant.lot(shared),
        plant.lot(shared),
        plant.lot(counted),
        plant.lot(counted, production_date=date(2026, 1, 1)),
    ]
    chance = random.Random(SEED)
    with killing(plant.url, tmp_path, [lot.id for lot in lots]) as killer:
        while granted(plant.db) < NUMBERS or killer.killed < KILLS:
            time.sleep(chance.expovariate(8))
            number = chance.randrange(WRITERS)
            killer.kill(number)
            killer.running[number] = killer.start(number)

    check_ranges(plant, lots)
    check_answers(plant, tmp_path)
    if plant.db.dialect == "sqlite":
        with plant.db.read() as conn:
            assert conn.exec_driver_sql("PRAGMA integrity_check").scalars().all() == ["ok"]
            assert conn.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def check_ranges(plant: Any, lots: list[Any]) -> None:
    """No number in two ranges, none outside its pool, none that went missing."""
    with plant.db.read() as conn:
        pools = {row.id: row for row in conn.execute(select(tables.pools))}
        ranges = conn.execute(select(tables.ranges).order_by(tables.ranges.c.pool_id, tables.ranges.c.first)).all()
        lots_of = {row.range_id: row.lot_id for row in conn.execute(select(tables.batches))}
    assert len(pools) == 3
    for pool_id, of_pool in groupby(ranges, key=lambda row: row.pool_id):
        mine = [(row.first, row.first + row._mapping["count"] - 1) for row in of_pool]
        assert mine[0][0] == 0
        assert all(one[1] + 1 == two[0] for one, two in pairwise(mine))
        assert mine[-1][1] + 1 == pools[pool_id].next <= pools[pool_id].capacity
    assert sum(row._mapping["count"] for row in ranges) == granted(plant.db) >= NUMBERS
    assert {row.id: row.lot_id for row in ranges} == lots_of
    assert set(lots_of.values()) == {lot.id for lot in lots}


def check_answers(plant: Any, directory: Path) -> None:
    """Every answer that was heard is in the books; every question has one answer, and there are no others."""
    assert logs(directory, "BROKEN") == []
    heard = {(client, key): answer for client, (key, *answer) in logs(directory, "got")}
    asked = logs(directory, "ask")
    assert len(heard) > NUMBERS // 5_000
    assert len({(client, key) for client, (key, *_) in asked}) == len(asked)
    before = granted(plant.db)
    unheard = 0
    for client, (key, lot, quantity) in asked:
        call = Call(Actor("key", client), plant.call().at, key)
        batch = batches.issue(plant.db, plant.issuer, call, int(lot), BatchRequest(int(quantity)))
        if (client, key) in heard:
            assert [str(batch.id), batch.first_serial, batch.last_serial] == heard[client, key]
        elif batch.created_at == call.at:  # it was killed before it was granted: only now it is
            unheard += batch.quantity
    assert granted(plant.db) == before + unheard
    tables_now = plant.tables()
    assert len(tables_now["batches"]) == len(tables_now["ranges"]) == len(tables_now["requests"]) == len(asked)
    assert len(tables_now["outcomes"]) == len(asked)
    assert len(plant.audit("batch.issue")) == len(asked)
