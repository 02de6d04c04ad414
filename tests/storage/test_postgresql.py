"""PostgreSQL: durable sessions, lost races run again, lost connections told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, Table, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from labelsvc.errors import Unavailable
from labelsvc.storage.database import Database


def show(name: str) -> Callable[[Connection], Any]:
    """Return a work that reads a setting."""
    return lambda conn: conn.exec_driver_sql(f"SHOW {name}").scalar_one()


def texts(book: Database, notes: Table) -> list[str]:
    """Return the notes, the oldest first."""
    with book.read() as conn:
        return list(conn.execute(select(notes.c.text).order_by(notes.c.id)).scalars())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("synchronous_commit", "on"),
        ("timezone", "UTC"),
        ("lock_timeout", "10s"),
        ("transaction_isolation", "read committed"),
        ("client_encoding", "UTF8"),
    ],
)
def test_a_session_that_writes_is_durable(postgresql_book: Database, name: str, value: str) -> None:
    """Even on a server whose own setting is off, as that of these tests is."""
    assert postgresql_book.write(show(name)) == value


def test_a_session_that_reads_is_a_snapshot(postgresql_book: Database) -> None:
    """The setting itself, beside what it does; a session that wrote before is no exception."""
    postgresql_book.write(show("timezone"))
    with postgresql_book.read() as conn:
        assert show("transaction_isolation")(conn) == "repeatable read"
        assert show("transaction_read_only")(conn) == "on"
    assert postgresql_book.write(show("transaction_read_only")) == "off"


def test_options_of_the_address_are_kept(postgresql_url: str) -> None:
    """Ours are added to them."""
    with Database.open(f"{postgresql_url}?options=-c%20work_mem%3D9MB&application_name=line") as book:
        assert book.write(show("work_mem")) == "9MB"
        assert book.write(show("application_name")) == "line"
        assert book.write(show("timezone")) == "UTC"


def test_of_two_works_in_a_deadlock_both_are_done(postgresql_url: str, notes: Table) -> None:
    """The server ends one; it runs again."""
    with Database.open(postgresql_url, lock_timeout=30) as book:
        book.alter(notes.metadata.create_all)
        book.write(lambda conn: conn.execute(insert(notes), [{"text": "a"}, {"text": "b"}]))
        meeting = threading.Barrier(2)

        def crosswise(first: str, second: str) -> Callable[[Connection], None]:
            def work(conn: Connection) -> None:
                conn.execute(update(notes).where(notes.c.text == first).values(data=1))
                with suppress(threading.BrokenBarrierError):
                    meeting.wait(5)
                meeting.abort()  # the second attempt meets nobody
                conn.execute(update(notes).where(notes.c.text == second).values(data=1))

            return work

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(book.write, crosswise("a", "b")), pool.submit(book.write, crosswise("b", "a"))]:
                done.result(30)
        book.alter(notes.metadata.drop_all)


def test_a_work_that_always_loses_is_refused(postgresql_book: Database) -> None:
    """After three retries."""
    attempts: list[None] = []

    def loses(conn: Connection) -> None:
        attempts.append(None)
        conn.execute(text("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$"))

    with pytest.raises(Unavailable, match="Expected to finish within 3 retries") as raised:
        postgresql_book.write(loses)
    assert raised.value.code == "database_contended"
    assert len(attempts) == 4


def test_a_row_locked_by_another_is_waited_for_and_then_refused(
    postgresql_book: Database, postgresql_url: str, notes: Table
) -> None:
    """And the next try works."""
    postgresql_book.write(lambda conn: conn.execute(insert(notes).values(text="a")))
    change = update(notes).values(text="b")
    with psycopg.connect(postgresql_url) as other:
        other.execute("SELECT * FROM notes FOR UPDATE")
        with (
            Database.open(postgresql_url, lock_timeout=0.2) as hurried,
            pytest.raises(Unavailable, match="Expected a turn at the database") as raised,
        ):
            hurried.write(lambda conn: conn.execute(change))
        assert raised.value.code == "database_locked"
    postgresql_book.write(lambda conn: conn.execute(change))
    assert texts(postgresql_book, notes) == ["b"]


def test_a_lost_connection_is_told_and_the_next_work_has_another(
    postgresql_book: Database, postgresql_url: str, notes: Table
) -> None:
    """The server ends it in the middle of a work; an idle one that was ended is not even noticed."""

    def end_others() -> None:
        with psycopg.connect(postgresql_url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid()"
            )

    def cut(conn: Connection) -> None:
        conn.execute(insert(notes).values(text="lost"))
        end_others()
        conn.execute(insert(notes).values(text="lost, too"))

    with pytest.raises(Unavailable, match="got a lost connection") as raised:
        postgresql_book.write(cut)
    assert raised.value.code == "database_lost"
    postgresql_book.write(lambda conn: conn.execute(insert(notes).values(text="a")))
    end_others()
    postgresql_book.write(lambda conn: conn.execute(insert(notes).values(text="b")))
    assert texts(postgresql_book, notes) == ["a", "b"]


def test_an_error_that_a_work_swallows_is_not_taken_for_success(postgresql_book: Database, notes: Table) -> None:
    """PostgreSQL answers such a COMMIT with a ROLLBACK and no error."""

    def swallows(conn: Connection) -> None:
        conn.execute(insert(notes).values(text="a"))
        with suppress(DBAPIError):
            conn.execute(insert(notes).values(text="a"))

    with pytest.raises(RuntimeError, match="Expected the work to let an error of the database through"):
        postgresql_book.write(swallows)
    assert texts(postgresql_book, notes) == []


def test_a_server_that_is_not_there_is_told_without_its_address(notes: Table) -> None:
    """No password, no host, no SQL in what a client gets to read."""
    with Database.open("postgresql://clerk:hunter2@127.0.0.1:1/numbers", lock_timeout=2) as book:
        with pytest.raises(Unavailable) as raised:
            book.write(lambda conn: conn.execute(insert(notes).values(text="a")))
        assert raised.value.code == "database_unreachable"
        assert raised.value.message == "Expected a database server that lets us in, got none."
        cause: BaseException | None = raised.value
        while cause is not None:
            assert "hunter2" not in str(cause)
            cause = cause.__cause__


def test_a_database_that_is_not_there_is_told(postgresql_url: str, notes: Table) -> None:
    """The server is, the name is not."""
    with (
        Database.open(f"{postgresql_url}_misspelt") as book,
        pytest.raises(Unavailable, match="Expected a database server that lets us in") as raised,
    ):
        texts(book, notes)
    assert raised.value.code == "database_unreachable"
