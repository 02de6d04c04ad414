"""SQLite: one file on a local disk, many readers beside one writer."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypeVar

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import StatementError

from labelsvc.errors import InvalidInput, Unavailable
from labelsvc.storage.types import as_json
from labelsvc.storage.writer import GroupWriter, LockFile, missing

T = TypeVar("T")
Role = Literal["read", "write", "alter"]

#: What every connection has. NORMAL would forget the last commits when the power fails: serials already on labels.
PRAGMAS = (
    "synchronous=FULL",
    "fullfsync=ON",  # macOS: a plain fsync there leaves the data in the drive's cache
    "checkpoint_fullfsync=ON",
    "trusted_schema=OFF",
    "temp_store=MEMORY",
    "cache_size=-8000",
    "journal_size_limit=67108864",
)

_REFUSALS = {
    sqlite3.SQLITE_FULL: ("storage_full", "Expected room on the database's disk, got none."),
    sqlite3.SQLITE_IOERR: ("storage_failed", "Expected the database's disk to work, got an input/output error."),
    sqlite3.SQLITE_BUSY: ("database_locked", "Expected a turn at the database in time, got none."),
    sqlite3.SQLITE_LOCKED: ("database_locked", "Expected a turn at the database in time, got none."),
    sqlite3.SQLITE_PROTOCOL: ("database_locked", "Expected a turn at the database in time, got none."),
    sqlite3.SQLITE_READONLY: ("storage_readonly", "Expected a database that can be written, got a read-only one."),
    sqlite3.SQLITE_CANTOPEN: ("database_unreachable", "Expected a database file that can be opened, got none."),
    sqlite3.SQLITE_PERM: ("database_unreachable", "Expected a database file that can be opened, got none."),
    sqlite3.SQLITE_CORRUPT: ("database_damaged", "Expected a sound database file, got a damaged one."),
    sqlite3.SQLITE_NOTADB: ("database_damaged", "Expected a sound database file, got a damaged one."),
}


class SQLite:
    """A database file; `<file>.lock` beside it queues the processes that write."""

    dialect: Literal["sqlite"] = "sqlite"

    def __init__(self, url: URL, lock_timeout: float, connections: int) -> None:
        self._path = _path(url)
        self._timeout = lock_timeout
        self._readers = self._engine("read", connections)
        self._lock = LockFile(self._path.with_name(self._path.name + ".lock"))
        self._writer = GroupWriter(self._engine("write", 1), self._lock, lock_timeout)

    @property
    def waiting(self) -> int:
        """How many works have not begun."""
        return self._writer.waiting

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run a work in a transaction that it may share with others."""
        return self._writer.run(work)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection on which nothing can be written."""
        with self._readers.connect() as conn, conn.begin():
            yield conn

    def alter(self, work: Callable[[Connection], T]) -> T:
        """Run a work that changes tables, alone; make the file and its directory if there is none.

        Foreign keys are checked at the end: rebuilding a table, SQLite's way of altering one, would trip over them.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        engine = self._engine("alter", 1)
        try:
            with self._lock.held(self._timeout), engine.connect() as conn, conn.begin():
                result = work(conn)
                broken = conn.exec_driver_sql("PRAGMA foreign_key_check").first()
                if broken is not None:
                    raise RuntimeError(f"Expected every foreign key to hold, got a broken one in {broken[0]}.")
                return result
        finally:
            engine.dispose()

    def close(self) -> None:
        """Finish the works that wait; let go of the file."""
        self._writer.close()
        self._readers.dispose()

    def abandon(self) -> None:
        """In a forked child: SQLite's connections must not be used here, nor even closed."""
        self._lock.abandon()

    def refusal(self, error: StatementError, *, reading: bool) -> Exception | None:
        """Return what to say instead of the driver's error; None: the program is wrong, not the world."""
        code = getattr(error.orig, "sqlite_errorcode", None)
        if code is None:
            return None
        if reading and code == sqlite3.SQLITE_READONLY:
            return RuntimeError("Expected only reads inside Database.read, got a write.")
        if code & 0xFF == sqlite3.SQLITE_CANTOPEN and not self._path.exists():
            return missing()
        found = _REFUSALS.get(code & 0xFF)  # the low byte is the error, the others say where it was met
        return Unavailable(*found) if found else None

    def _engine(self, role: Role, connections: int) -> Engine:
        engine = create_engine(
            "sqlite://",
            creator=lambda: _connect(self._path, role, self._timeout),
            poolclass=QueuePool,
            pool_size=connections,
            max_overflow=0,
            pool_timeout=self._timeout,
            hide_parameters=True,
            json_serializer=as_json,
        )
        begin = "BEGIN" if role == "read" else "BEGIN IMMEDIATE"
        event.listen(engine, "begin", lambda conn: conn.exec_driver_sql(begin) and None)
        return engine


def _path(url: URL) -> Path:
    name = url.database or ""
    if url.drivername not in ("sqlite", "sqlite+pysqlite") or url.query or url.host:
        raise InvalidInput("database_url", "Expected sqlite:/// and a path, got something else in the database's URL.")
    if name in ("", ":memory:") or name.startswith("file:"):
        raise InvalidInput(
            "database_url",
            "Expected sqlite:/// and the path of a file on a local disk, got none: numbers are for ever.",
        )
    return Path(name).resolve()


def _connect(path: Path, role: Role, timeout: float) -> sqlite3.Connection:
    options: dict[str, Any] = {"timeout": timeout, "check_same_thread": False, "isolation_level": None, "uri": True}
    if hasattr(sqlite3, "LEGACY_TRANSACTION_CONTROL"):  # from 3.12 on; its default is to change
        options["autocommit"] = sqlite3.LEGACY_TRANSACTION_CONTROL
    mode = "rwc" if role == "alter" else "rw"  # a misspelt path is not answered with an empty database
    connection: sqlite3.Connection = sqlite3.connect(f"{path.as_uri()}?mode={mode}", **options)
    try:
        if connection.execute("PRAGMA journal_mode=WAL").fetchone() != ("wal",):
            raise Unavailable(
                "storage_unsuitable", "Expected a local disk, got one that SQLite cannot share memory on."
            )
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.execute(f"PRAGMA foreign_keys={'OFF' if role == 'alter' else 'ON'}")
        connection.execute(f"PRAGMA query_only={'ON' if role == 'read' else 'OFF'}")
    except BaseException:
        connection.close()
        raise
    return connection
