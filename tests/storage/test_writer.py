"""The one writer: works share transactions, fail alone, and wait for their turn no longer than they said."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Table, event, insert, select

from labelsvc.errors import Unavailable
from labelsvc.storage import writer
from labelsvc.storage.database import Database
from labelsvc.storage.writer import LockFile

PATIENCE = 30.0


def path_of(book: Database) -> Path:
    """Return the database's file."""
    return Path(book.url.removeprefix("sqlite:///"))


def texts(book: Database, notes: Table) -> list[str]:
    """Return the notes, the oldest first."""
    with book.read() as conn:
        return list(conn.execute(select(notes.c.text).order_by(notes.c.id)).scalars())


def add(notes: Table, text: str) -> Callable[[Connection], Any]:
    """Return a work that adds a note."""
    return lambda conn: conn.execute(insert(notes).values(text=text)) and None


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.001)


@contextmanager
def busy_writer(book: Database, pool: ThreadPoolExecutor) -> Iterator[None]:
    """Keep the writer inside a work, so that what comes meanwhile waits together."""
    begun, go_on = threading.Event(), threading.Event()

    def work(_: Connection) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)

    blocked = pool.submit(book.write, work)
    assert begun.wait(PATIENCE)
    try:
        yield
    finally:
        go_on.set()
        blocked.result(PATIENCE)


def queue(book: Database, pool: ThreadPoolExecutor, works: list[Callable[[Connection], Any]]) -> list[Future[Any]]:
    """Let works wait in this order."""
    futures = []
    for number, work in enumerate(works, start=1):
        futures.append(pool.submit(book.write, work))
        wait_until(lambda number=number: book.waiting == number)  # type: ignore[misc]
    return futures


@pytest.fixture
def patient_book(sqlite_url: str, notes: Table) -> Iterator[Database]:
    """A book that waits long."""
    with Database.open(sqlite_url, lock_timeout=PATIENCE) as database:
        database.alter(notes.metadata.create_all)
        yield database


@pytest.fixture
def commits() -> Iterator[list[None]]:
    """Grows with every COMMIT."""
    counted: list[None] = []

    def count(_: Connection) -> None:
        counted.append(None)

    event.listen(Engine, "commit", count)
    yield counted
    event.remove(Engine, "commit", count)


def test_works_that_wait_together_share_commits(
    patient_book: Database, notes: Table, commits: list[None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty works that waited are one transaction, and each is there."""
    monkeypatch.setattr(writer, "GROUP_SECONDS", PATIENCE)
    with ThreadPoolExecutor(50) as pool:
        with busy_writer(patient_book, pool):
            futures = queue(patient_book, pool, [add(notes, str(number)) for number in range(40)])
        for future in futures:
            future.result(PATIENCE)
    assert len(commits) <= 2
    assert sorted(map(int, texts(patient_book, notes))) == list(range(40))


def test_works_run_in_the_order_they_came(patient_book: Database, notes: Table) -> None:
    """First come, first served."""
    with ThreadPoolExecutor(20) as pool:
        with busy_writer(patient_book, pool):
            futures = queue(patient_book, pool, [add(notes, str(number)) for number in range(12)])
        for future in futures:
            future.result(PATIENCE)
    assert texts(patient_book, notes) == [str(number) for number in range(12)]


def test_a_work_that_fails_in_a_group_fails_alone(patient_book: Database, notes: Table) -> None:
    """Its neighbours before and after are kept, and it leaves nothing."""

    def fails(conn: Connection) -> None:
        conn.execute(insert(notes).values(text="lost"))
        raise KeyError("mine")

    with ThreadPoolExecutor(20) as pool:
        with busy_writer(patient_book, pool):
            futures = queue(patient_book, pool, [add(notes, "before"), fails, add(notes, "after")])
        futures[0].result(PATIENCE)
        with pytest.raises(KeyError, match="mine"):
            futures[1].result(PATIENCE)
        futures[2].result(PATIENCE)
    assert texts(patient_book, notes) == ["before", "after"]


def test_nobody_is_answered_before_the_commit(
    patient_book: Database, notes: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A work that is done waits for its group: only then would its answer survive a power cut."""
    monkeypatch.setattr(writer, "GROUP_SECONDS", PATIENCE)
    running, begun, go_on = threading.Event(), threading.Event(), threading.Event()

    def first(conn: Connection) -> None:
        running.set()
        wait_until(lambda: patient_book.waiting == 1)
        conn.execute(insert(notes).values(text="a"))

    def second(_: Connection) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)

    with ThreadPoolExecutor(2) as pool:
        done = pool.submit(patient_book.write, first)
        assert running.wait(PATIENCE)
        neighbour = pool.submit(patient_book.write, second)
        assert begun.wait(PATIENCE)
        assert not done.done()
        assert texts(patient_book, notes) == []
        go_on.set()
        done.result(PATIENCE)
        assert texts(patient_book, notes) == ["a"]
        neighbour.result(PATIENCE)


def test_a_full_queue_refuses(patient_book: Database, notes: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused does not happen; what waits does."""
    monkeypatch.setattr(writer, "QUEUE_ROOM", 2)
    with ThreadPoolExecutor(20) as pool:
        with busy_writer(patient_book, pool):
            futures = queue(patient_book, pool, [add(notes, "a"), add(notes, "b")])
            with pytest.raises(Unavailable, match="Expected fewer than 2 waiting writes") as raised:
                patient_book.write(add(notes, "c"))
        for future in futures:
            future.result(PATIENCE)
    assert raised.value.code == "database_busy"
    assert texts(patient_book, notes) == ["a", "b"]


def test_close_finishes_the_works_that_wait(patient_book: Database, notes: Table) -> None:
    """A service that is told to stop drains."""
    with ThreadPoolExecutor(20) as pool:
        with busy_writer(patient_book, pool):
            futures = queue(patient_book, pool, [add(notes, "a"), add(notes, "b")])
            closing = pool.submit(patient_book.close)
        closing.result(PATIENCE)
        assert all(future.done() for future in futures)
    with Database.open(patient_book.url) as again:
        assert texts(again, notes) == ["a", "b"]


HOLDING = """
import sys
from pathlib import Path
from labelsvc.storage.writer import LockFile

with LockFile(Path(sys.argv[1] + ".lock")).held():
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_lock_held_by_another_process_is_waited_for_and_then_refused(
    sqlite_book: Database, notes: Table, start: Callable[..., Popen[str]]
) -> None:
    """The refused work never happens, not even when the lock is free again; the next one does."""
    other = start(HOLDING, str(path_of(sqlite_book)))
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    with Database.open(sqlite_book.url, lock_timeout=0.2) as hurried:
        for write, text in ((hurried.write, "refused"), (hurried.alter, "refused, too")):
            with pytest.raises(Unavailable, match="Expected a turn to write") as raised:
                write(add(notes, text))
            assert raised.value.code == "database_locked"
        waits = ThreadPoolExecutor(1)
        patient = waits.submit(sqlite_book.write, add(notes, "kept"))
        other.communicate("go\n", timeout=PATIENCE)
        patient.result(PATIENCE)
        waits.shutdown()
        wait_until(lambda: hurried.waiting == 0)
    assert texts(sqlite_book, notes) == ["kept"]


def test_the_lock_of_a_killed_process_is_free(
    sqlite_book: Database, notes: Table, start: Callable[..., Popen[str]]
) -> None:
    """The kernel lets go of it."""
    other = start(HOLDING, str(path_of(sqlite_book)))
    assert other.stdout is not None
    other.stdout.readline()
    other.kill()
    other.wait(PATIENCE)
    sqlite_book.write(add(notes, "kept"))
    assert texts(sqlite_book, notes) == ["kept"]


def test_a_stranger_in_a_transaction_is_waited_for_and_then_refused(sqlite_book: Database, notes: Table) -> None:
    """Someone who knows SQLite but not the lock file (a shell, a backup)."""
    stranger = sqlite3.connect(path_of(sqlite_book), isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    with (
        Database.open(sqlite_book.url, lock_timeout=0.2) as hurried,
        pytest.raises(Unavailable, match="Expected a turn") as raised,
    ):
        hurried.write(add(notes, "refused"))
    assert raised.value.code == "database_locked"
    stranger.execute("COMMIT")
    stranger.close()
    sqlite_book.write(add(notes, "kept"))
    assert texts(sqlite_book, notes) == ["kept"]


def test_the_lock_file_belongs_to_whom_the_database_belongs(sqlite_book: Database, notes: Table) -> None:
    """So that a shell of root's does not shut out the service's account."""
    sqlite_book.write(add(notes, "a"))
    path = path_of(sqlite_book)
    assert Path(f"{path}.lock").stat().st_uid == path.stat().st_uid


def test_without_a_directory_there_is_no_database(tmp_path: Path) -> None:
    """The lock file's absence says the same as the database's."""
    lock = LockFile(tmp_path / "nowhere" / "labelsvc.sqlite.lock")
    with pytest.raises(Unavailable, match="Run: labelsvc db upgrade") as raised, lock.held():
        pass
    assert raised.value.code == "database_missing"
