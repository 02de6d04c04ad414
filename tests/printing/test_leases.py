"""A held lease is renewed as long as its holder lives, and its holder knows when it may have gone to another."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from labelsvc.errors import Unavailable
from labelsvc.printing.leases import HeldLease, LeaseLost
from labelsvc.storage import printers


@pytest.fixture
def printer_id(works) -> int:
    """A printer, and the works in real time."""
    works.add_printer("p", "file:///line.zpl")
    works.clock = lambda: datetime.now(UTC)
    return works.printer().id


def acquire(works, printer_id: int, owner: str, seconds: float = 60.0) -> HeldLease | None:
    return HeldLease.acquire(works.db, printer_id, owner, works._now, seconds)


class Refusing:
    """A database that refuses every write from some moment on."""

    def __init__(self, db) -> None:
        self._db = db
        self.refuses = threading.Event()

    def write(self, work):
        if self.refuses.is_set():
            raise Unavailable("database_locked", "Expected a turn to write to the database in time, got none.")
        return self._db.write(work)


def test_a_lease_lasts_as_long_as_it_is_held_however_short_it_is(works, printer_id) -> None:
    with acquire(works, printer_id, "one", 1.5) as lease:
        until = time.monotonic() + 2.5
        while time.monotonic() < until:
            assert lease.runs
            assert acquire(works, printer_id, "two", 1.5) is None
            time.sleep(0.05)


def test_it_is_free_at_once_when_its_holder_is_done(works, printer_id) -> None:
    with acquire(works, printer_id, "one") as first:
        pass
    second = acquire(works, printer_id, "two")
    assert second.lease.token == first.lease.token + 1


def test_it_is_free_at_once_when_its_holder_fails(works, printer_id) -> None:
    with pytest.raises(KeyError), acquire(works, printer_id, "one"):
        raise KeyError
    assert acquire(works, printer_id, "two") is not None


def test_a_holder_that_was_overtaken_finds_out_and_gives_nothing_back(works, printer_id) -> None:
    with acquire(works, printer_id, "slow", 0.4) as slow:
        later = datetime.now(UTC) + timedelta(seconds=60)
        fast = works.db.write(lambda conn: printers.acquire_lease(conn, printer_id, "fast", later, 60))
        assert fast is not None
        with pytest.raises(LeaseLost):
            works.db.write(slow.renew)
        until = time.monotonic() + 5
        while slow.runs and time.monotonic() < until:
            time.sleep(0.02)
        assert not slow.runs
    assert works.db.write(lambda conn: printers.renew_lease(conn, fast, later, 60))


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_holder_whose_database_is_away_stops_in_time(works, printer_id) -> None:
    db = Refusing(works.db)
    with HeldLease.acquire(db, printer_id, "one", works._now, 1.0) as lease:
        assert lease.runs
        db.refuses.set()
        time.sleep(1.1)
        assert not lease.runs
        # Only now may another have it.
        assert acquire(works, printer_id, "two") is not None


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_database_that_comes_back_in_time_changes_nothing(works, printer_id) -> None:
    db = Refusing(works.db)
    with HeldLease.acquire(db, printer_id, "one", works._now, 3.0) as lease:
        db.refuses.set()
        time.sleep(1.0)
        db.refuses.clear()
        time.sleep(2.5)
        assert lease.runs
        assert acquire(works, printer_id, "two") is None


def test_one_of_many_gets_it(works, printer_id) -> None:
    start = threading.Barrier(8)
    got = []

    def grab(number: int) -> None:
        start.wait()
        lease = acquire(works, printer_id, f"sender {number}")
        if lease is not None:
            got.append(lease)

    threads = [threading.Thread(target=grab, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
