"""SQLite: durable, bounded by its disk, altered safely."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from sqlalchemy import Connection, Table, func, insert, select

from labelsvc.errors import Unavailable
from labelsvc.storage.database import Database


def pragma(name: str) -> Callable[[Connection], Any]:
    """Return a work that reads a setting."""
    return lambda conn: conn.exec_driver_sql(f"PRAGMA {name}").scalar_one()


def count(book: Database, notes: Table) -> int:
    """Return the number of notes."""
    with book.read() as conn:
        return int(conn.execute(select(func.count()).select_from(notes)).scalar_one())


@pytest.mark.parametrize(
    ("name", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("fullfsync", 1), ("busy_timeout", 10_000)],
)
def test_the_connection_that_writes_is_durable(sqlite_book: Database, name: str, value: object) -> None:
    """WAL, every commit synced (2 is FULL), foreign keys checked: read from the connection itself."""
    assert sqlite_book.write(pragma(name)) == value


def test_the_connections_that_read_only_read(sqlite_book: Database) -> None:
    """The setting itself, beside what it does."""
    with sqlite_book.read() as conn:
        assert pragma("query_only")(conn) == 1


def test_a_full_disk_is_said_and_nothing_is_half_done(sqlite_book: Database, notes: Table) -> None:
    """SQLite's own limit of pages gives the real SQLITE_FULL in the middle of a work."""
    sqlite_book.write(lambda conn: conn.execute(insert(notes).values(text="before")))
    pages = sqlite_book.write(pragma("page_count"))

    def fills(conn: Connection) -> None:
        conn.execute(insert(notes).values(text="small"))
        conn.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")
        conn.execute(insert(notes).values(text="large", content=bytes(1_000_000)))

    with pytest.raises(Unavailable, match="Expected room on the database's disk, got none") as raised:
        sqlite_book.write(fills)
    assert raised.value.code == "storage_full"
    assert "INSERT" not in str(raised.value)
    assert count(sqlite_book, notes) == 1

    def frees(conn: Connection) -> None:
        conn.exec_driver_sql("PRAGMA max_page_count = 1073741823")
        conn.execute(insert(notes).values(text="after", content=bytes(1_000_000)))

    sqlite_book.write(frees)
    assert count(sqlite_book, notes) == 2


SQUEEZED = """
import resource, sys, threading
from sqlalchemy import text
from labelsvc.errors import Unavailable
from labelsvc.storage.database import Database

book = Database.open(sys.argv[1])
INSERT = text("INSERT INTO notes (text, content) VALUES (:text, :content)")
begun, answers = threading.Event(), []

def first(conn):
    conn.execute(INSERT, {"text": "first", "content": bytes(100)})
    begun.set()

def large(conn):
    conn.execute(INSERT, {"text": "large", "content": bytes(3_000_000)})

def attempt(work):
    try:
        answers.append(book.write(work))
    except Unavailable as error:
        answers.append(error.code)

soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
attempt(large)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
attempt(first)
with book.read() as conn:
    print(answers, conn.execute(text("SELECT text FROM notes")).scalars().all())
book.close()
"""


def test_a_commit_that_fails_is_not_answered_as_done(
    sqlite_book: Database, notes: Table, start: Callable[..., Popen[str]]
) -> None:
    """A limit on the size of files makes COMMIT itself fail; when it is lifted, writing goes on."""
    process = start(SQUEEZED, sqlite_book.url)
    assert process.communicate(timeout=60)[0].strip() == "['storage_failed', None] ['first']"
    assert count(sqlite_book, notes) == 1


def test_a_missing_file_is_not_made_by_asking(tmp_path: Path, notes: Table) -> None:
    """A misspelt path is told, not answered with an empty database."""
    with Database.open(f"sqlite:///{tmp_path / 'misspelt.sqlite'}") as book:
        with pytest.raises(Unavailable, match="Expected a database file, got none") as raised:
            count(book, notes)
        assert raised.value.code == "database_missing"
        with pytest.raises(Unavailable) as raised:
            book.write(lambda conn: conn.execute(insert(notes).values(text="a")))
        assert raised.value.code == "database_missing"
    assert not (tmp_path / "misspelt.sqlite").exists()


def test_a_file_that_is_no_database_is_told(tmp_path: Path, notes: Table) -> None:
    """Never overwritten."""
    path = tmp_path / "letter.sqlite"
    path.write_text("Dear Sir or Madam, " * 1000, encoding="ascii")
    with (
        Database.open(f"sqlite:///{path}") as book,
        pytest.raises(Unavailable, match="Expected a sound database file") as raised,
    ):
        count(book, notes)
    assert raised.value.code == "database_damaged"
    assert path.read_text(encoding="ascii").startswith("Dear Sir")


def test_two_names_of_one_file_share_one_lock(tmp_path: Path, sqlite_book: Database) -> None:
    """A relative path and a link lead to the same queue."""
    path = Path(sqlite_book.url.removeprefix("sqlite:///"))
    (tmp_path / "link.sqlite").symlink_to(path)
    with Database.open(f"sqlite:///{tmp_path / 'link.sqlite'}") as linked:
        linked.write(pragma("page_count"))
    assert not (tmp_path / "link.sqlite.lock").exists()


def test_altering_may_rebuild_a_table_that_others_point_to(sqlite_book: Database, notes: Table) -> None:
    """SQLite alters by making a new table, copying, and dropping the old one."""

    def work(conn: Connection) -> None:
        conn.execute(insert(notes), [{"id": 1, "text": "question"}, {"id": 2, "text": "answer"}])
        conn.execute(notes.update().where(notes.c.id == 2).values(answers=1))

    def rebuild(conn: Connection) -> None:
        for statement in (
            "CREATE TABLE new AS SELECT * FROM notes",
            "DROP TABLE notes",
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, text VARCHAR(300), answers INTEGER REFERENCES notes (id))",
            "INSERT INTO notes SELECT id, text, answers FROM new",
            "DROP TABLE new",
        ):
            conn.exec_driver_sql(statement)

    sqlite_book.write(work)
    sqlite_book.alter(rebuild)
    assert count(sqlite_book, notes) == 2


def test_altering_must_leave_every_foreign_key_whole(sqlite_book: Database, notes: Table) -> None:
    """Else all of it is rolled back."""
    with pytest.raises(RuntimeError, match="got a broken one in notes"):
        sqlite_book.alter(lambda conn: conn.execute(insert(notes).values(text="a", answers=77)))
    assert count(sqlite_book, notes) == 0


def test_another_program_can_read_the_file_meanwhile(sqlite_book: Database, notes: Table) -> None:
    """It is an ordinary SQLite file: a backup tool may open it."""
    sqlite_book.write(lambda conn: conn.execute(insert(notes).values(text="a")))
    other = sqlite3.connect(sqlite_book.url.removeprefix("sqlite:///"))
    assert other.execute("SELECT text FROM notes").fetchall() == [("a",)]
    other.close()
