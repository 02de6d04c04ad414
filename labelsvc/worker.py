"""The composition root of printing: watches for jobs and serves each printer on a thread of its own."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from labelsvc import logs
from labelsvc.domain.issuer import Issuer
from labelsvc.errors import Unavailable
from labelsvc.printers.weblink.callers import Callers
from labelsvc.printing.calling import Calls
from labelsvc.printing.delivery import LEASE_SECONDS, Sender, serve, waiting
from labelsvc.storage.database import Database

log = logs.logger(__name__)

#: How often to look for work when nobody calls; on several machines nobody does.
POLL_SECONDS = 0.1
#: Printers served at the same time; more wait for their turn. A thread that waits for its printer costs next to
#: nothing, while a printer that waits for a thread stands still because of others.
PRINTERS_AT_ONCE = 2_000


class Worker:
    """Sends print jobs until it is told to stop.

    Args:
        lease_seconds: after which another worker may take a printer of one that died.
        callers: where printers dial in; None: not here.
    """

    def __init__(
        self,
        db: Database,
        issuer: Issuer,
        data_dir: Path,
        *,
        lease_seconds: float = LEASE_SECONDS,
        callers: Callers | None = None,
    ) -> None:
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._sender = Sender(db, issuer, data_dir, lambda: datetime.now(UTC), self._stop.is_set, lease_seconds)
        self._sender = replace(self._sender, callers=callers)
        self._calls = Calls(self._sender)
        #: Who has a lease; a worker that was started anew is another.
        self.owner = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._busy: dict[int, Future[int]] = {}

    def wake(self) -> None:
        """Say that there may be work, so that it need not wait for the next look."""
        self._wake.set()

    def stop(self) -> None:
        """Ask for the end: jobs are given back at their next window."""
        self._stop.set()
        self._wake.set()

    def run(self) -> None:
        """Serve printers until `stop`; return when the last window on its way is settled."""
        log.info("worker.started", owner=self.owner)
        with ThreadPoolExecutor(PRINTERS_AT_ONCE, thread_name_prefix="printer") as pool:
            while not self._stop.is_set():
                self._look(pool)
                self._wake.wait(POLL_SECONDS)
                self._wake.clear()
        log.info("worker.stopped", owner=self.owner)

    def _look(self, pool: ThreadPoolExecutor) -> None:
        self._busy = {printer: future for printer, future in self._busy.items() if not future.done()}
        try:
            self._calls.look()
            printers = waiting(self._sender)
        except Unavailable as error:
            log.warning("worker.database", code=error.code)
            return
        except Exception:
            log.exception("worker.failed")  # whatever it is, other printers may have work the next time
            return
        for printer in printers:
            if printer not in self._busy:
                with suppress(RuntimeError):  # the pool is shutting down
                    self._busy[printer] = pool.submit(self._serve, printer)

    def _serve(self, printer_id: int) -> int:
        try:
            return serve(self._sender, printer_id, self.owner)
        except Unavailable as error:
            # What was on its way stays in doubt in the books, and stops the job when it is next looked at.
            log.warning("worker.database", printer=printer_id, code=error.code)
        except Exception:
            log.exception("worker.failed", printer=printer_id)
        return 0
