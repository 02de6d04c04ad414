"""PostgreSQL: the engine for more than one machine."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

from psycopg.pq import TransactionStatus
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError

from labelsvc.errors import InvalidInput, Unavailable
from labelsvc.storage.types import as_json

T = TypeVar("T")

#: Serialization failure and deadlock: the server chose one of two to begin again. Seconds before each retry.
RETRIED = ("40001", "40P01")
PAUSES = (0.01, 0.04, 0.16)
#: Any number, the same in every labelsvc: who holds this advisory lock changes tables.
ALTER_LOCK = 7_105_062_110

_LOST = ("database_lost", "Expected an answer from the database, got a lost connection.")
_UNREACHABLE = ("database_unreachable", "Expected a database server that lets us in, got none.")
#: By SQLSTATE or its class (the first two characters).
_REFUSALS = {
    "08": _LOST,
    "57P01": _LOST,
    "57P02": _LOST,
    "57P03": _UNREACHABLE,
    "57P04": _UNREACHABLE,
    "25P03": _LOST,
    "28": _UNREACHABLE,
    "3D000": _UNREACHABLE,
    "53100": ("storage_full", "Expected room on the database's disk, got none."),
    "53": ("database_busy", "Expected a database server with room for us, got a full one."),
    "57014": ("database_busy", "Expected the database to finish a statement in time, got a cancelled one."),
    "55P03": ("database_locked", "Expected a turn at the database in time, got none."),
    "40": ("database_contended", f"Expected to finish within {len(PAUSES)} retries, got as many conflicts."),
    "25006": ("storage_readonly", "Expected a database that can be written, got a read-only one."),
    "58": ("storage_failed", "Expected the database's disk to work, got an input/output error."),
    "XX001": ("database_damaged", "Expected a sound database, got a damaged one."),
    "XX002": ("database_damaged", "Expected a sound database, got a damaged one."),
}


class PostgreSQL:
    """A database on a server, through a bounded pool of connections."""

    dialect: Literal["postgresql"] = "postgresql"
    waiting: int = 0  # works wait at the server, row by row

    def __init__(self, url: URL, lock_timeout: float, connections: int) -> None:
        self._engine = _engine(url, lock_timeout, connections)
        self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run a work in a transaction of its own, again when it lost against another."""
        for pause in PAUSES:
            try:
                return self._once(work)
            except DBAPIError as error:
                if _sqlstate(error) not in RETRIED:
                    raise
            time.sleep(pause)
        return self._once(work)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection on which everything is as of one moment and nothing can be written."""
        with self._reader.connect() as conn, conn.begin():
            yield conn

    def alter(self, work: Callable[[Connection], T]) -> T:
        """Run a work that changes tables; another one waits."""

        def alone(conn: Connection) -> T:
            conn.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ALTER_LOCK})
            return work(conn)

        return self._once(alone)

    def close(self) -> None:
        """Close the connections that nobody uses; the others when they come back."""
        self._engine.dispose()

    def abandon(self) -> None:
        """In a forked child: the connections belong to the parent, and psycopg knows; there is nothing to do."""

    def refusal(self, error: StatementError, *, reading: bool) -> Exception | None:
        """Return what to say instead of the driver's error; None: the program is wrong, not the world."""
        state = _sqlstate(error)
        if reading and state == "25006":
            return RuntimeError("Expected only reads inside Database.read, got a write.")
        if state in ("22021", "22P05") or (state is None and "NUL (0x00)" in str(error.orig)):
            return InvalidInput("text_not_storable", "Expected text that the database can hold, got other characters.")
        if state is None and isinstance(error, OperationalError):  # the driver's own: there is no server to speak
            return Unavailable(*(_LOST if error.connection_invalidated else _UNREACHABLE))
        found = _REFUSALS.get(state or "") or _REFUSALS.get((state or "")[:2])
        return Unavailable(*found) if found else None

    def _once(self, work: Callable[[Connection], T]) -> T:
        with self._engine.begin() as conn:
            result = work(conn)
            driver: Any = conn.connection.dbapi_connection
            if driver.info.transaction_status == TransactionStatus.INERROR:
                # PostgreSQL would answer this COMMIT with a ROLLBACK, and without an error.
                raise RuntimeError("Expected the work to let an error of the database through, got it swallowed.")
            return result


def _engine(url: URL, lock_timeout: float, connections: int) -> Engine:
    if url.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise InvalidInput("database_url", "Expected postgresql://, got another driver in the database's URL.")
    given = url.query.get("options", ())
    options = [given] if isinstance(given, str) else list(given)
    options += [f"-c lock_timeout={math.ceil(lock_timeout * 1000)}", "-c timezone=UTC"]
    options += ["-c idle_in_transaction_session_timeout=60s", "-c client_encoding=UTF8"]
    defaults = {
        "application_name": "labelsvc",
        "connect_timeout": max(2, math.ceil(lock_timeout)),
        "keepalives_idle": 30,
        "tcp_user_timeout": 30_000,
    }
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=connections,
        max_overflow=0,
        pool_timeout=lock_timeout,
        pool_pre_ping=True,
        hide_parameters=True,
        json_serializer=as_json,
        connect_args={name: value for name, value in defaults.items() if name not in url.query}
        | {"options": " ".join(options)},
    )
    event.listen(engine, "connect", _insist_on_durability)
    return engine


def _insist_on_durability(driver: Any, _record: Any) -> None:
    """Turn on synchronous_commit where it is off: a grant that was answered must not be forgotten, ever."""
    driver.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )
    driver.commit()


def _sqlstate(error: StatementError) -> str | None:
    state = getattr(error.orig, "sqlstate", None)
    return state if isinstance(state, str) else None
