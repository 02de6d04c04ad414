"""The database, the one door to it: writing in a transaction, reading a snapshot, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import os
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from sqlalchemy import (
    ARRAY,
    URL,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Subquery,
    Table,
    Text,
    cast,
    func,
    literal,
    make_url,
    select,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from labelsvc.errors import InvalidInput, LabelsvcError, Unavailable
from labelsvc.storage.postgresql import PostgreSQL
from labelsvc.storage.sqlite import SQLite
from labelsvc.storage.writer import NotCommittedError

T = TypeVar("T")

#: Parts of a PostgreSQL URL's query that are secrets.
_SECRET_PARTS = ("password", "sslpassword", "passfile")


class Database:
    """An open database. Threads share one; a forked child gets connections of its own.

    Works must be short, take everything from their connection, and change nothing but the database: they may run twice
    (PostgreSQL) and share a transaction with strangers (SQLite). Before a decision on something that another could
    change meanwhile, select it `with_for_update()`: PostgreSQL's level here is READ COMMITTED.
    """

    def __init__(self, url: URL, lock_timeout: float, connections: int) -> None:
        self._url = url
        self._limits = (lock_timeout, connections)
        self._store = _store(url, *self._limits)
        self._closed = False
        self._begin()
        _open_databases.add(self)

    @classmethod
    def open(cls, url: str, *, lock_timeout: float = 10.0, connections: int = 16) -> Self:
        """Open a database; its connections are made when needed.

        Args:
            url: `sqlite:///path` or `postgresql://user:password@host/name`.
            lock_timeout: seconds to wait for a turn, a lock or a connection.
            connections: the most that are open at once.

        Raises:
            InvalidInput: the URL is neither; the message does not repeat it, for it may hold a password.
        """
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            raise InvalidInput("database_url", "Expected sqlite:/// or postgresql://, got no URL.") from None
        return cls(parsed, lock_timeout, connections)

    @property
    def dialect(self) -> Literal["sqlite", "postgresql"]:
        """Which engine this is."""
        return self._store.dialect

    @property
    def url(self) -> str:
        """The address without its secrets, for logs."""
        hidden = {name: "***" for name in _SECRET_PARTS if name in self._url.query}
        return self._url.update_query_dict(hidden).render_as_string(hide_password=True)

    @property
    def waiting(self) -> int:
        """How many works wait for their turn in this process."""
        return self._store.waiting

    def __repr__(self) -> str:
        return f"Database({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run a work in one transaction; return what it returned once that is on the disk, or raise what it raised.

        Raises:
            Unavailable: database_locked, database_busy, database_contended, database_unreachable, database_missing,
                database_damaged, database_closed, storage_full, storage_failed, storage_readonly: nothing was done.
                database_lost: the change may have been kept; asking again with the same key tells.
            RuntimeError: write was called inside a work, or the work ended its transaction itself.
        """
        return self._run(self._store.write, work)

    def alter(self, work: Callable[[Connection], T]) -> T:
        """Run a work that makes or changes tables, one at a time across all processes; raises as write does."""
        return self._run(self._store.alter, work)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection for reading: one snapshot, and a write through it raises RuntimeError.

        Leave it before anything slow: an open snapshot keeps SQLite's log growing, and PostgreSQL ends one that is
        idle for a minute.

        Raises:
            Unavailable: as write does.
        """
        with self._call(), self._translated(reading=True), self._store.read() as conn:
            yield conn

    def close(self) -> None:
        """Let the calls that are under way finish, as long as one may wait for a lock; then close every connection."""
        with self._calls:
            self._closed = True
            self._calls.wait_for(lambda: self._under_way <= 0, self._limits[0])
        self._store.close()

    def _run(self, run: Callable[[Callable[[Connection], T]], T], work: Callable[[Connection], T]) -> T:
        def guarded(conn: Connection) -> T:
            self._inside.work = True
            try:
                result = work(conn)
            finally:
                self._inside.work = False
            if not conn.in_transaction():
                raise RuntimeError("Expected the work to leave its transaction open, got it ended.")
            return result

        with self._call(), self._translated(reading=False):
            return run(guarded)

    @contextmanager
    def _call(self) -> Iterator[None]:
        """Count a call that is under way, so that close can wait for it."""
        if getattr(self._inside, "work", False):
            raise RuntimeError("Expected a work to use the connection it was given, got a call of the database in it.")
        with self._calls:
            if self._closed:
                raise Unavailable("database_closed", "Expected an open database, got a closed one.")
            self._under_way += 1
        try:
            yield
        finally:
            with self._calls:
                self._under_way -= 1
                self._calls.notify_all()

    @contextmanager
    def _translated(self, *, reading: bool) -> Iterator[None]:
        """Turn what the drivers raise into what a caller can act on; SQL and addresses stay in the cause."""
        try:
            yield
        except PoolTimeoutError as error:
            timeout, connections = self._limits
            raise Unavailable(
                "database_busy", f"Expected a free connection of {connections} within {timeout:g} s, got none."
            ) from error
        except UnicodeEncodeError as error:  # the drivers let it through as it is
            if error.reason != "surrogates not allowed":
                raise
            raise InvalidInput(
                "text_not_storable", "Expected text that the database can hold, got other characters."
            ) from error
        except StatementError as error:
            refusal = self._refusal(error, reading=reading)
            if refusal is None:
                raise
            raise refusal from error
        except NotCommittedError as error:
            cause = error.__cause__
            refusal = self._refusal(cause, reading=reading) if isinstance(cause, StatementError) else None
            if isinstance(cause, Unavailable):  # one of its own for each: whoever gets it may add to it
                refusal = Unavailable(cause.code, cause.message)
            raise refusal or Unavailable("storage_failed", "Expected the change to be kept, got an error.") from cause

    def _refusal(self, error: StatementError, *, reading: bool) -> Exception | None:
        if isinstance(error.orig, LabelsvcError):  # a column type refused the value
            return error.orig
        return self._store.refusal(error, reading=reading)

    def _begin(self) -> None:
        self._inside = threading.local()
        self._calls = threading.Condition()
        self._under_way = 0

    def _reopen(self) -> None:
        """In a forked child: begin anew; what the parent had open is kept but never used."""
        self._store.abandon()
        _abandoned.append(self._store)
        self._store = _store(self._url, *self._limits)
        self._begin()


def insert_new(conn: Connection, table: Table, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Insert a row unless one with the same key is there; return its primary key, or None where one was.

    On PostgreSQL it waits for a transaction that has just inserted the same key, and then knows.
    """
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    row = conn.execute(
        insert(table).values(values).on_conflict_do_nothing().returning(*table.primary_key)
    ).one_or_none()
    return None if row is None else tuple(row)


def insert_new_from(conn: Connection, table: Table, columns: Sequence[str], rows: Select[Any]) -> None:
    """Insert the rows of a query unless others with the same key are there."""
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    conn.execute(insert(table).from_select(list(columns), rows).on_conflict_do_nothing())


def members(conn: Connection, values: Sequence[int] | Sequence[str]) -> Select[tuple[Any]]:
    """Select values of one kind as the rows of a column, however many, by one parameter: for IN, and to insert from."""
    is_text = bool(values) and isinstance(values[0], str)
    kind: type[Text | BigInteger] = Text if is_text else BigInteger
    if conn.dialect.name == "sqlite":
        listed = json.dumps(list(values), ensure_ascii=False)
        return select(type_coerce(func.json_each(literal(listed)).table_valued("value").c.value, kind))
    return select(func.unnest(cast(literal(list(values), ARRAY(kind)), ARRAY(kind))).column_valued("value"))


#: So few values are parameters of their own, which costs less to say.
_FEW = 8


def among(conn: Connection, column: ColumnElement[Any], values: Sequence[int] | Sequence[str]) -> ColumnElement[bool]:
    """Whether a column has one of some values, however many."""
    return column.in_(values if len(values) <= _FEW else members(conn, values))


def gathered(conn: Connection, column: ColumnElement[int]) -> ColumnElement[Any]:
    """Gather the whole numbers of a group into one value; `as_numbers` reads it."""
    return func.json_group_array(column) if conn.dialect.name == "sqlite" else func.array_agg(column)


def as_numbers(value: Any) -> list[int]:
    """Read what was gathered."""
    found: list[int] = json.loads(value) if isinstance(value, str) else list(value)
    return found


def table_of(
    conn: Connection, columns: Mapping[str, type[Text | BigInteger]], rows: Sequence[Sequence[Any]]
) -> Subquery:
    """Return rows as a table with these columns, however many, by as many parameters as it has columns at most."""
    if conn.dialect.name == "sqlite":
        each = func.json_each(literal(json.dumps(list(map(list, rows)), ensure_ascii=False))).table_valued("value")
        parts = [
            type_coerce(func.json_extract(each.c.value, f"$[{at}]"), kind).label(name)
            for at, (name, kind) in enumerate(columns.items())
        ]
        return select(*parts).select_from(each).subquery()
    arrays = [
        cast(literal([row[at] for row in rows], ARRAY(kind)), ARRAY(kind)) for at, kind in enumerate(columns.values())
    ]
    listed = func.unnest(*arrays).table_valued(*columns).render_derived()
    return select(*(listed.c[name] for name in columns)).subquery()


def _store(url: URL, lock_timeout: float, connections: int) -> SQLite | PostgreSQL:
    backend = url.drivername.partition("+")[0]
    if backend == "sqlite":
        return SQLite(url, lock_timeout, connections)
    if backend in ("postgresql", "postgres"):
        return PostgreSQL(url, lock_timeout, connections)
    raise InvalidInput("database_url", f"Expected sqlite:/// or postgresql://, got {backend}://.")


_open_databases: weakref.WeakSet[Database] = weakref.WeakSet()
_abandoned: list[SQLite | PostgreSQL] = []


def _reopen_all() -> None:
    for database in list(_open_databases):
        database._reopen()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_reopen_all)
