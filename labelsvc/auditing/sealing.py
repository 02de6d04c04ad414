"""Use case: seal what the audit has, let it vouch for events, and let its tree grow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from labelsvc import logs
from labelsvc.domain.actors import Actor, Call
from labelsvc.storage import audit_tree, event_seals, seals
from labelsvc.storage.database import Database
from labelsvc.storage.seals import Seal

log = logs.logger(__name__)

#: How often unsealed entries are looked for.
SEAL_SECONDS = 1.0
#: Ids are given before commits, so an entry may turn up behind younger ones that are sealed: this far is looked back
#: every time, and all the way at the first time and once an hour.
_LOOK_BACK = 2_000
_LOOKS_UNTIL_ALL = 3_600
_AT_ONCE = 1_000
#: Seals until one is written into the log, where it can be compared with.
_CHECKPOINT_EVERY = 1_000

_SELF = Actor("shell", "sealer")


@dataclass(frozen=True, slots=True)
class _Wanting:
    """What there is to do, and from which ids on it is looked for."""

    entries: bool
    events: bool
    leaves: bool
    entries_since: int
    events_since: int


class Sealer:
    """Seals what is not sealed yet; any number may run, one seals at a time.

    Args:
        now: the clock.
    """

    def __init__(self, db: Database, now: Callable[[], datetime]) -> None:
        self._db = db
        self._now = now
        self._looks = 0
        self._logged = -1

    def look(self) -> int:
        """Seal all that is not sealed; return how many entries that were.

        Raises:
            Unavailable: the database did not answer.
        """
        everything = self._looks % _LOOKS_UNTIL_ALL == 0
        with self._db.read() as conn:
            wanting = _wanting(conn, everything=everything)
        if wanting.events:
            while self._db.write(lambda conn: self._vouch(conn, wanting.events_since)) == event_seals.EVENTS_AT_MOST:
                pass
        sealed, count, end = 0, _AT_ONCE, Seal(0, seals.BEGINNING)
        if wanting.entries or wanting.events:
            while count == _AT_ONCE:
                count, end = self._db.write(lambda conn: self._seal(conn, wanting.entries_since))
                sealed += count
        if sealed or wanting.leaves:
            while self._db.write(self._grow) == _AT_ONCE:
                pass
        self._looks += 1
        if sealed and (self._logged < 0 or end.sequence - self._logged >= _CHECKPOINT_EVERY or everything):
            self._log(end)
        return sealed

    def _vouch(self, conn: Connection, since: int) -> int:
        seals.take_turn(conn)
        return event_seals.seal(conn, Call(_SELF, self._now()), since)

    def _seal(self, conn: Connection, since: int) -> tuple[int, Seal]:
        seals.take_turn(conn)
        return seals.seal(conn, since, self._now(), _AT_ONCE)

    @staticmethod
    def _grow(conn: Connection) -> int:
        seals.take_turn(conn)
        return audit_tree.grow(conn, _AT_ONCE)

    def checkpoint(self) -> None:
        """Write the chain's end into the log."""
        with self._db.read() as conn:
            self._log(seals.last(conn))

    def _log(self, end: Seal) -> None:
        if end.sequence != self._logged:
            self._logged = end.sequence
            log.info("audit.checkpoint", checkpoint=f"{end.digest}:{end.sequence}")


def _wanting(conn: Connection, *, everything: bool) -> _Wanting:
    entries = 0 if everything else max(0, seals.newest_sealed(conn) - _LOOK_BACK)
    events = 0 if everything else max(0, event_seals.newest_sealed(conn) - _LOOK_BACK)
    return _Wanting(
        seals.any_unsealed(conn, entries),
        event_seals.any_unsealed(conn, events),
        audit_tree.size(conn) < seals.last(conn).sequence,
        entries,
        events,
    )
