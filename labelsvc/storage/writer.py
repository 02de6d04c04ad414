"""The one writer of a SQLite database: waiting works share one transaction, processes queue at a lock file."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import Context, copy_context
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from labelsvc.errors import Unavailable

try:
    import fcntl
except ModuleNotFoundError:  # Windows: there SQLite's own busy handler queues the processes, less fairly
    fcntl = None  # type: ignore[assignment]

T = TypeVar("T")

#: Works in one transaction, and seconds after which no further one is begun in it: the lock is for others, too.
GROUP_WORKS = 64
GROUP_SECONDS = 0.05
#: Works that may wait.
QUEUE_ROOM = 1000


class NotCommittedError(Exception):
    """The group was rolled back as a whole; `__cause__` says why."""


class LockFile:
    """The queue of the processes that write to one database: who holds the file's lock may begin.

    SQLite's own waiting starves some of many writers for seconds; the kernel's queue does not.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: int | None = None

    @contextmanager
    def held(self, timeout: float | None = None) -> Iterator[None]:
        """Hold the lock; wait for ever without a timeout (seconds).

        Raises:
            Unavailable: the lock was not to be had in time.
        """
        if fcntl is None:
            yield
            return
        file = self._open()
        self._held = file
        try:
            if timeout is None:
                fcntl.flock(file, fcntl.LOCK_EX)
            else:
                self._poll(file, time.monotonic() + timeout)
            yield
        finally:
            self._held = None
            os.close(file)

    def abandon(self) -> None:
        """In a forked child: let go of the parent's open file, which would keep its lock beyond its death."""
        if self._held is not None:
            os.close(self._held)

    def _open(self) -> int:
        # Reading is all that a lock needs: the file may belong to the account of another process on this database.
        try:
            file = os.open(self._path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except FileNotFoundError:
            raise missing() from None
        except OSError as error:
            raise Unavailable(
                "storage_failed", f"Expected a lock file beside the database, got: {os.strerror(error.errno or 0)}."
            ) from error
        owner = os.fstat(file).st_uid
        if owner == 0 and os.geteuid() == 0 and (database := self._path.with_suffix("")).exists():
            os.fchown(file, database.stat().st_uid, database.stat().st_gid)  # as SQLite does with its own files
        return file

    @staticmethod
    def _poll(file: int, until: float) -> None:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise locked() from None
                time.sleep(0.01)


def locked() -> Unavailable:
    """Return the refusal of somebody whose turn to write did not come in time."""
    return Unavailable("database_locked", "Expected a turn to write to the database in time, got none.")


def missing() -> Unavailable:
    """Return the refusal where there is no database file, perhaps not even its directory."""
    return Unavailable("database_missing", "Expected a database file, got none. Run: labelsvc db upgrade")


class _Waiting:
    """A work in the queue, then in a group, and its answer."""

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.answer: Future[Any] = Future()
        self._work = work
        self._context: Context = copy_context()  # what the caller logs with goes along to the writer's thread
        self._result: Any = None
        self._failure: BaseException | None = None

    def attempt(self, conn: Connection) -> None:
        """Run the work in a savepoint of its own, so that it fails alone.

        Raises:
            NotCommittedError: SQLite gave up the whole transaction (a full disk, for instance).
        """
        driver: Any = conn.connection.dbapi_connection
        driver.execute("SAVEPOINT work")  # not by SQLAlchemy's begin_nested, which costs as much as a whole work
        try:
            self._result = self._context.run(self._work, conn)
        except BaseException as failure:  # noqa: BLE001 - whatever it is, it belongs to the caller: the writer lives on
            self._failure = failure
        if not driver.in_transaction:
            raise NotCommittedError from self._failure
        if self._failure is not None:
            driver.execute("ROLLBACK TO work")
        driver.execute("RELEASE work")

    def settle(self) -> None:
        """Give the answer; the work's changes are committed, or it failed."""
        if self._failure is None:
            self.answer.set_result(self._result)
        else:
            self.answer.set_exception(self._failure)

    def refuse(self, failure: BaseException) -> None:
        """Say that nothing was kept, whatever the work returned or raised; it may rest on what is gone."""
        cause = failure.__cause__ if isinstance(failure, NotCommittedError) else failure
        if cause is not None and cause is self._failure:  # it was this work
            self.answer.set_exception(cause)
            return
        refusal = NotCommittedError()
        refusal.__cause__ = cause
        self.answer.set_exception(refusal)


class GroupWriter:
    """A thread that runs works, many to a transaction, and answers each after the COMMIT.

    Args:
        engine: gives connections whose transactions start with BEGIN IMMEDIATE.
        timeout: seconds a work may wait for its turn.
    """

    def __init__(self, engine: Engine, lock: LockFile, timeout: float) -> None:
        self._engine = engine
        self._lock = lock
        self._timeout = timeout
        self._queue: deque[_Waiting] = deque()
        self._ready = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def waiting(self) -> int:
        """How many works have not begun."""
        return len(self._queue)

    def run(self, work: Callable[[Connection], T]) -> T:
        """Queue a work, wait, and return what it returned, or raise what it raised.

        Raises:
            Unavailable: too many works wait, the turn did not come in time, or the writer is closed.
            NotCommittedError: the work's group could not be committed.
        """
        item = _Waiting(work)
        self._enqueue(item)
        try:
            result: T = item.answer.result(self._timeout)
        except TimeoutError:
            if item.answer.cancel():  # it had not begun
                self._forget(item)
                raise locked() from None
            result = item.answer.result()  # it runs by now, or this is the work's own TimeoutError
        except BaseException:  # the caller itself is interrupted: what has not begun need not happen
            item.answer.cancel()
            raise
        return result

    def close(self) -> None:
        """Finish what waits and stop."""
        with self._ready:
            self._closed = True
            self._ready.notify()
            thread = self._thread
        if thread is not None:
            thread.join(self._timeout)
        self._engine.dispose()

    def _enqueue(self, item: _Waiting) -> None:
        with self._ready:
            if self._closed:
                raise Unavailable("database_closed", "Expected an open database, got one that is being closed.")
            if len(self._queue) >= QUEUE_ROOM:
                raise Unavailable("database_busy", f"Expected fewer than {QUEUE_ROOM} waiting writes, got as many.")
            self._queue.append(item)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._serve, name="database writer", daemon=True)
                self._thread.start()
            self._ready.notify()

    def _forget(self, item: _Waiting) -> None:
        with self._ready:
            if item in self._queue:
                self._queue.remove(item)

    def _serve(self) -> None:
        while True:
            with self._ready:
                while not self._queue and not self._closed:
                    self._ready.wait()
                if not self._queue:
                    return
            self._commit_group()

    def _commit_group(self) -> None:
        """Take the lock, begin, and only then take works, so that those who come meanwhile are in this group."""
        group: list[_Waiting] = []
        try:
            with self._lock.held(), self._engine.connect() as conn, conn.begin():
                self._run_group(conn, group)
        except BaseException as failure:  # noqa: BLE001 - the callers hear of it; the writer lives on
            self._engine.dispose()
            for item in group or self._take_all():
                item.refuse(failure)
        else:
            for item in group:
                item.settle()

    def _run_group(self, conn: Connection, group: list[_Waiting]) -> None:
        until = time.monotonic() + GROUP_SECONDS
        while len(group) < GROUP_WORKS and (not group or time.monotonic() < until):
            with self._ready:
                item = self._queue.popleft() if self._queue else None
            if item is None:
                return
            if item.answer.set_running_or_notify_cancel():
                group.append(item)
                item.attempt(conn)

    def _take_all(self) -> list[_Waiting]:
        with self._ready:
            waiting = list(self._queue)
            self._queue.clear()
        return [item for item in waiting if item.answer.set_running_or_notify_cancel()]
