"""What a process does beside its work, each on a thread of its own: audit, webhooks, units and what is said of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from labelsvc import logs
from labelsvc.auditing.sealing import SEAL_SECONDS, Sealer
from labelsvc.domain.issuer import Issuer
from labelsvc.errors import Unavailable
from labelsvc.printing.webhooks.webhooks import Teller
from labelsvc.storage.database import Database
from labelsvc.tracking.assessing import Assessor
from labelsvc.tracking.captures import Taker
from labelsvc.tracking.cloning import Watcher
from labelsvc.tracking.commissioning import Commissioner
from labelsvc.tracking.pushing import Pusher
from labelsvc.tracking.recalls.going_on import Recaller
from labelsvc.tracking.subscriptions import Reporter
from labelsvc.webhooks.targets import Reach

log = logs.logger(__name__)

TELL_SECONDS = 1.0
COMMISSION_SECONDS = 1.0
WATCH_SECONDS = 5.0
TAKE_SECONDS = 0.5
ASSESS_SECONDS = 1.0
RECALL_SECONDS = 5.0

Chore = tuple[str, Callable[[], object], float]


class Chores:
    """Runs while the block is run that it is entered for; any number of processes may have some.

    Args:
        reach: where webhooks may lead.
        others: what else this process does: each a name, what is done, and every how many seconds.
        site: where units begin, a location's canonical URI.
        prefixes: our own company prefixes, for identifiers as URNs.
    """

    def __init__(
        self,
        db: Database,
        issuer: Issuer,
        reach: Reach,
        *others: Chore,
        site: str | None = None,
        prefixes: Sequence[str] = (),
    ) -> None:
        self._stop = threading.Event()
        self._others = others
        self._sealer = Sealer(db, _now)
        self._teller = Teller(db, issuer, reach, _now)
        self._taker = Taker(db, issuer, _now, self._stop.is_set)
        self._commissioner = Commissioner(db, issuer, site, _now)
        self._reporter = Reporter(db, issuer, reach, _now)
        self._pusher = Pusher(db, issuer, reach, _now, prefixes)
        chores = (
            ("reporter", self._reporter.look, TELL_SECONDS),
            ("pusher", self._pusher.look, TELL_SECONDS),
            ("sealer", self._sealer.look, SEAL_SECONDS),
            ("teller", self._teller.look, TELL_SECONDS),
            ("taker", self._taker.look, TAKE_SECONDS),
            ("commissioner", self._commissioner.look, COMMISSION_SECONDS),
            ("watcher", Watcher(db, _now).look, WATCH_SECONDS),
            ("assessor", Assessor(db, issuer, _now).look, ASSESS_SECONDS),
            ("recaller", Recaller(db, issuer, _now, self._stop.is_set).look, RECALL_SECONDS),
            *others,
        )
        self._threads = [threading.Thread(target=self._run, args=chore, name=chore[0]) for chore in chores]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._teller.close()
        self._reporter.close()
        self._pusher.close()
        for name, look, _ in self._others:
            self._once(name, look)
        self._once("sealer", self._sealer.look)  # what the end itself wrote
        self._once("sealer", self._sealer.checkpoint)

    def _run(self, name: str, look: Callable[[], object], seconds: float) -> None:
        while not self._stop.is_set():
            self._once(name, look)
            self._stop.wait(seconds)

    @staticmethod
    def _once(name: str, look: Callable[[], object]) -> None:
        try:
            look()
        except Unavailable as error:
            log.warning("chore.database", chore=name, code=error.code)
        except Exception:
            log.exception("chore.failed", chore=name)


def _now() -> datetime:
    return datetime.now(UTC)
