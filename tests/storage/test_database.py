"""What the database promises on both engines."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, Table, func, insert, select
from sqlalchemy.exc import IntegrityError

from labelsvc.errors import Conflict, InvalidInput, Unavailable
from labelsvc.storage.database import Database, insert_new

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import Popen

REQUEST = ContextVar("REQUEST", default="none")


def add(notes: Table, text: str) -> Callable[[Connection], Any]:
    """Return a work that adds a note."""
    return lambda conn: conn.execute(insert(notes).values(text=text)) and None


def texts(book: Database, notes: Table) -> list[str]:
    """Return the notes, the oldest first."""
    with book.read() as conn:
        return list(conn.execute(select(notes.c.text).order_by(notes.c.id)).scalars())


def test_what_a_work_wrote_is_there_when_write_returns(book: Database, notes: Table) -> None:
    """And write returns what the work returned."""

    def work(conn: Connection) -> int:
        conn.execute(insert(notes).values(text="a"))
        return 7

    assert book.write(work) == 7
    assert texts(book, notes) == ["a"]


def test_a_work_that_fails_leaves_nothing_and_its_error_comes_out(book: Database, notes: Table) -> None:
    """The error is the work's own, not a translation."""
    mine = Conflict("mine", "Expected nothing, got this.")

    def work(conn: Connection) -> None:
        conn.execute(insert(notes).values(text="a"))
        raise mine

    with pytest.raises(Conflict) as raised:
        book.write(work)
    assert raised.value is mine
    assert texts(book, notes) == []


def test_a_broken_constraint_comes_out_as_an_integrity_error(book: Database, notes: Table) -> None:
    """A unique text twice, and an answer to a note that is not there."""
    book.write(add(notes, "a"))
    with pytest.raises(IntegrityError):
        book.write(add(notes, "a"))
    with pytest.raises(IntegrityError):
        book.write(lambda conn: conn.execute(insert(notes).values(text="b", answers=10**9)))
    assert texts(book, notes) == ["a"]


def test_an_interrupt_inside_a_work_reaches_the_caller_and_nobody_else(book: Database, notes: Table) -> None:
    """KeyboardInterrupt and SystemExit, too; the next work runs."""
    for kind in (KeyboardInterrupt, SystemExit, TimeoutError):

        def work(conn: Connection, kind: type[BaseException] = kind) -> None:
            conn.execute(insert(notes).values(text="lost"))
            raise kind

        with pytest.raises(kind):
            book.write(work)
    book.write(add(notes, "kept"))
    assert texts(book, notes) == ["kept"]


def test_reading_refuses_to_write(book: Database, notes: Table) -> None:
    """A write through the reading connection is an error of the program, and nothing happens."""
    with (
        pytest.raises(RuntimeError, match=r"Expected only reads inside Database\.read, got a write"),
        book.read() as conn,
    ):
        conn.execute(insert(notes).values(text="a"))
    assert texts(book, notes) == []
    book.write(add(notes, "b"))
    assert texts(book, notes) == ["b"]


def test_a_reader_sees_one_moment(book: Database, notes: Table) -> None:
    """What is written after its first look does not show."""
    book.write(add(notes, "a"))
    count = select(func.count()).select_from(notes)
    with book.read() as conn:
        assert conn.execute(count).scalar_one() == 1
        book.write(add(notes, "b"))
        assert conn.execute(count).scalar_one() == 1
    assert texts(book, notes) == ["a", "b"]


def test_a_reader_does_not_wait_for_a_work_in_progress(book: Database, notes: Table) -> None:
    """It sees what was before."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(conn: Connection) -> None:
        conn.execute(insert(notes).values(text="a"))
        begun.set()
        assert go_on.wait(20)

    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(book.write, slow)
        assert begun.wait(20)
        assert texts(book, notes) == []
        go_on.set()
        written.result(20)
    assert texts(book, notes) == ["a"]


def test_a_work_must_not_call_the_database_again(book: Database, notes: Table) -> None:
    """Write, alter and read inside a work are errors of the program, at once and not after a deadlock."""

    def reads(_: Connection) -> None:
        with book.read():
            pass

    inside: list[Callable[[Connection], Any]] = [
        lambda _: book.write(add(notes, "a")),
        lambda _: book.alter(add(notes, "a")),
        reads,
    ]
    for work in inside:
        with pytest.raises(RuntimeError, match="Expected a work to use the connection it was given"):
            book.write(work)
    book.write(add(notes, "b"))
    assert texts(book, notes) == ["b"]


@pytest.mark.parametrize("ending", ["commit", "rollback"])
def test_a_work_must_not_end_its_transaction(book: Database, notes: Table, ending: str) -> None:
    """It is not the work's alone."""

    def work(conn: Connection) -> None:
        conn.execute(insert(notes).values(text="a"))
        getattr(conn, ending)()

    with pytest.raises(RuntimeError, match="Expected the work to leave its transaction open"):
        book.write(work)
    book.write(add(notes, "b"))
    assert texts(book, notes)[-1] == "b"


def test_a_savepoint_inside_a_work_rolls_back_alone(book: Database, notes: Table) -> None:
    """begin_nested works as SQLAlchemy says."""

    def work(conn: Connection) -> None:
        conn.execute(insert(notes).values(text="a"))
        with pytest.raises(IntegrityError), conn.begin_nested():
            conn.execute(insert(notes).values(text="a"))
        conn.execute(insert(notes).values(text="b"))

    book.write(work)
    assert texts(book, notes) == ["a", "b"]


def test_insert_new_gives_the_key_once(book: Database, notes: Table) -> None:
    """The second time None, and the row stays as it was."""

    def work(conn: Connection) -> tuple[Any, Any]:
        return (
            insert_new(conn, notes, {"text": "a", "data": 1}),
            insert_new(conn, notes, {"text": "a", "data": 2}),
        )

    first, second = book.write(work)
    assert second is None
    with book.read() as conn:
        assert conn.execute(select(notes.c.id, notes.c.data)).all() == [(first[0], 1)]


def test_of_many_who_insert_the_same_at_once_one_wins(book: Database, notes: Table) -> None:
    """The others see the winner's row when they look."""

    def work(conn: Connection) -> tuple[bool, int]:
        new = insert_new(conn, notes, {"text": "a"}) is not None
        return new, conn.execute(select(notes.c.id).where(notes.c.text == "a")).scalar_one()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: book.write(work), range(24)))
    assert sum(new for new, _ in answers) == 1
    assert len({key for _, key in answers}) == 1


def test_a_work_sees_the_context_of_its_caller(book: Database) -> None:
    """So that what it logs carries the request's id."""
    REQUEST.set("r-1")
    assert book.write(lambda _: REQUEST.get()) == "r-1"


def test_text_that_cannot_be_kept_is_refused(book: Database, notes: Table) -> None:
    """Half of a surrogate pair; PostgreSQL also has no U+0000."""
    for text in ["\ud800", *(["a\0b"] if book.dialect == "postgresql" else [])]:
        with pytest.raises(InvalidInput, match="Expected text that the database can hold") as raised:
            book.write(add(notes, text))
        assert raised.value.code == "text_not_storable"


def test_a_closed_database_refuses(book: Database, notes: Table) -> None:
    """And close lets works in progress finish."""
    begun = threading.Event()

    def work(conn: Connection) -> None:
        begun.set()
        conn.execute(insert(notes).values(text="a"))

    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(book.write, work)
        assert begun.wait(20)
        book.close()
        written.result(20)
    with pytest.raises(Unavailable) as raised:
        book.write(add(notes, "b"))
    assert raised.value.code == "database_closed"


def test_more_readers_than_connections_wait_and_then_are_refused(book_url: str) -> None:
    """The pool is bounded."""
    with Database.open(book_url, lock_timeout=0.2, connections=1) as book, book.read():
        with pytest.raises(Unavailable, match=r"Expected a free connection of 1 within 0\.2 s") as raised, book.read():
            pass
        assert raised.value.code == "database_busy"


COUNTING = """
import sys
from sqlalchemy import text
from labelsvc.storage.database import Database

def work(conn):
    conn.execute(text("UPDATE notes SET answers = id, content = NULL WHERE text = 'counter'"))
    count = conn.execute(text("SELECT count(*) FROM notes")).scalar_one()
    conn.execute(text("INSERT INTO notes (text) VALUES (:text)"), {"text": f"n{count}"})
    return count

with Database.open(sys.argv[1]) as book:
    print("ready", flush=True)
    sys.stdin.readline()
    print(*(book.write(work) for _ in range(30)))
"""


def test_processes_that_write_at_once_never_count_the_same(
    book: Database, book_url: str, notes: Table, start: Callable[..., Popen[str]]
) -> None:
    """Each of two processes numbers 30 rows by what it sees under the lock of one row."""
    book.write(add(notes, "counter"))
    processes = [start(COUNTING, book_url) for _ in range(2)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    outputs = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        outputs += process.communicate(timeout=60)[0].split()
    assert sorted(map(int, outputs)) == list(range(1, 61))


DYING = """
import sys
from sqlalchemy import text
from labelsvc.storage.database import Database

INSERT = text("INSERT INTO notes (text) VALUES (:text)")

with Database.open(sys.argv[1]) as book:
    for number in range(1_000_000):
        def work(conn):
            conn.execute(INSERT, {"text": f"first {number}"})
            conn.execute(INSERT, {"text": f"second {number}"})
        book.write(work)
        print(number, flush=True)
"""


def test_what_was_answered_survives_kill_9_and_nothing_is_half_done(
    book: Database, book_url: str, notes: Table, start: Callable[..., Popen[str]]
) -> None:
    """A process is killed while it writes pairs: every pair it was told of is there, and no half of one."""
    process = start(DYING, book_url)
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(20)]
    process.kill()
    told += process.stdout.readlines()
    process.wait(20)
    numbers = {int(line) for line in told if line.endswith("\n")}
    book.write(add(notes, "afterwards"))
    kept = texts(book, notes)
    firsts = {int(text.split()[1]) for text in kept if text.startswith("first")}
    seconds = {int(text.split()[1]) for text in kept if text.startswith("second")}
    assert firsts == seconds
    assert numbers <= firsts
    assert len(firsts - numbers) <= 1
    if book.dialect == "sqlite":
        with book.read() as conn:
            assert conn.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


FORKING = """
import os, sys
from sqlalchemy import text
from labelsvc.storage.database import Database

def add(conn, name):
    conn.execute(text("INSERT INTO notes (text) VALUES (:text)"), {"text": name})

book = Database.open(sys.argv[1])
book.write(lambda conn: add(conn, "before"))
with book.read() as conn:
    child = os.fork()
    if child == 0:
        book.write(lambda conn: add(conn, "child"))
        with book.read() as mine:
            assert mine.execute(text("SELECT count(*) FROM notes")).scalar_one() == 2
        book.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert conn.execute(text("SELECT 1")).scalar_one() == 1
book.write(lambda conn: add(conn, "parent"))
book.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_gets_connections_of_its_own(
    book: Database, book_url: str, notes: Table, start: Callable[..., Popen[str]]
) -> None:
    """Web servers fork after loading the application; parent and child both go on."""
    assert start(FORKING, book_url).wait(30) == 0
    assert texts(book, notes) == ["before", "child", "parent"]


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:numbers?mode=memory&uri=true",
        "sqlite:///numbers.sqlite?cache=shared",
        "mysql://clerk:hunter2@localhost/numbers",
        "postgresql+psycopg2://clerk:hunter2@localhost/numbers",
        "clerk:hunter2",
        "",
    ],
)
def test_an_address_that_does_not_serve_is_refused_without_repeating_it(url: str) -> None:
    """It may hold a password; a database in memory would forget its numbers."""
    with pytest.raises(InvalidInput) as raised:
        Database.open(url)
    assert raised.value.code == "database_url"
    assert "hunter2" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_no_password_is_shown() -> None:
    """Not in the address for logs, not in repr."""
    url = "postgres://clerk:hunter2@localhost/numbers?sslpassword=hunter2&application_name=line"
    database = Database.open(url)
    assert "hunter2" not in f"{database!r} {database.url}"
    assert database.url == "postgres://clerk:***@localhost/numbers?application_name=line&sslpassword=%2A%2A%2A"
