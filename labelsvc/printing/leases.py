"""A printer's lease while someone holds it: renewed on a thread of its own, however long a window or a spool takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from labelsvc import logs
from labelsvc.errors import Unavailable
from labelsvc.printing.driving import LeaseLost
from labelsvc.storage import printers
from labelsvc.storage.database import Database
from labelsvc.storage.printers import Lease

log = logs.logger(__name__)


class HeldLease:
    """The right to send to a printer, kept for as long as the block it is entered for.

    A sender that hangs in a printer keeps its lease, and rightly: it may still write. One that was frozen, or whose
    database went away, finds its lease run out and must not write a byte more, because an heir may have the printer.
    """

    def __init__(self, db: Database, lease: Lease, now: Callable[[], datetime], seconds: float) -> None:
        self.lease = lease
        self._db = db
        self._now = now
        self._seconds = seconds
        self._until = 0.0
        self._lost = threading.Event()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease of printer {lease.printer_id}", daemon=True)

    @classmethod
    def acquire(
        cls, db: Database, printer_id: int, owner: str, now: Callable[[], datetime], seconds: float
    ) -> Self | None:
        """Take a printer's lease where it is free or has run out; None: another has it."""
        asked = time.monotonic()
        lease = db.write(lambda conn: printers.acquire_lease(conn, printer_id, owner, now(), seconds))
        if lease is None:
            return None
        held = cls(db, lease, now, seconds)
        held._until = asked + seconds
        return held

    @property
    def runs(self) -> bool:
        """Whether nobody else can have the printer at this moment."""
        return not self._lost.is_set() and time.monotonic() < self._until

    def renew(self, conn: Connection) -> None:
        """Renew it in the holder's own transaction, which so can be committed by the owner of the printer only.

        Raises:
            LeaseLost: it went to another.
        """
        if not printers.renew_lease(conn, self.lease, self._now(), self._seconds):
            raise LeaseLost

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        with suppress(Unavailable):  # then it runs out by itself
            self._db.write(lambda conn: printers.release_lease(conn, self.lease, self._now()))

    def _keep(self) -> None:
        while not self._done.wait(self._seconds / 4):
            asked = time.monotonic()
            try:
                self._db.write(self.renew)
            except LeaseLost:
                self._lost.set()
                return
            except Exception:
                log.exception("lease.not_renewed", printer=self.lease.printer_id)
                continue  # perhaps next time; until then it runs on
            self._until = asked + self._seconds
