"""Advances of many deliveries in one transaction.

A fleet learns of a thousand labels a second, and each needs its commit before the next one may go. Nearly all of these
say the same: one more label came out, one more is on its way. So whoever has such an advance while another's is being
committed waits for that one's end, and then one of those who wait commits for all of them, with a handful of
statements however many they are. What is not plain (an end that was asked for, a lease that was lost, a fault, a label
that was scanned meanwhile) is left to its own delivery, which then commits alone.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from labelsvc import logs
from labelsvc.errors import Unavailable
from labelsvc.storage import jobs, outcomes, printers
from labelsvc.storage.database import Database
from labelsvc.storage.jobs import Block
from labelsvc.storage.outcomes import Rows
from labelsvc.storage.printers import Lease

log = logs.logger(__name__)

#: Advances in one transaction, at most: it has to be short, for others wait to write as well.
_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class PlainAdvance:
    """An advance that only moves rows of its own delivery on.

    Attributes:
        numbers: range and ordinal of all that it says something of; what is known of one by a scan is to stand.
        more: labels go out that were not on their way, which is not to be where someone asked for the job's end.
        rows: the rows as they are to be.
        blocks: digests that are due.
    """

    lease: Lease
    job_id: int
    numbers: tuple[tuple[int, int], ...]
    at: datetime
    more: bool
    rows: Rows
    blocks: tuple[Block, ...] = ()


@dataclass(slots=True, eq=False)
class _Waiting:
    """One who waits: for his answer, or for his turn to commit for all."""

    db: Database
    advance: PlainAdvance
    called: threading.Lock = field(default_factory=threading.Lock)  # let go of when it is
    answered: bool = False
    committed: bool = False
    failure: Unavailable | None = None

    def __post_init__(self) -> None:
        self.called.acquire()

    def answer(self, *, committed: bool = False, failure: Unavailable | None = None) -> None:
        self.committed, self.failure, self.answered = committed, failure, True
        self.called.release()


class Advances:
    """Where the deliveries of a sender meet; threads share one."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self._waiting: deque[_Waiting] = deque()  # at most one for each thread that delivers
        self._busy = False

    def commit(self, db: Database, advance: PlainAdvance) -> bool:
        """Commit an advance, with others if they come; False: nothing was done, for it is not plain after all.

        Raises:
            Unavailable: as Database.write does.
        """
        mine = _Waiting(db, advance)
        with self._gate:
            self._waiting.append(mine)
            first, self._busy = not self._busy, True
        if not first:
            mine.called.acquire()
        if not mine.answered:
            self._commit_for_all(mine)
        if mine.failure is not None:
            raise mine.failure
        return mine.committed

    def _commit_for_all(self, leader: _Waiting) -> None:
        with self._gate:
            # Others may write to another database (a test's, say): they have their own turn.
            group = [one for one in self._waiting if one.db is leader.db and one is not leader][: _AT_ONCE - 1]
            group.append(leader)
            taken = set(map(id, group))
            self._waiting = deque(one for one in self._waiting if id(one) not in taken)
        try:
            plain = leader.db.write(lambda conn: _commit(conn, [one.advance for one in group]))
        except Unavailable as failure:
            for one in group:  # one of its own for each: whoever gets it may add to it
                one.answer(failure=Unavailable(failure.code, failure.message))
        except BaseException:
            log.exception("advances.failed", advances=len(group))
            for one in group:  # whatever one of them is to blame for, it alone is to suffer from
                one.answer()
        else:
            for one, committed in zip(group, plain, strict=True):
                one.answer(committed=committed)
        finally:
            with self._gate:
                if self._waiting:
                    self._waiting[0].called.release()  # its turn: whoever came meanwhile is in its transaction
                else:
                    self._busy = False


def _commit(conn: Connection, advances: list[PlainAdvance]) -> list[bool]:
    """Write down those that are plain; return which were."""
    ours = printers.held_leases(conn, [advance.lease for advance in advances])
    asked = jobs.with_cancel_requested(conn, [advance.job_id for advance in advances if advance.more])
    scanned = outcomes.with_proof(conn, [advance.numbers for advance in advances])
    plain = [
        advance.lease in ours and advance.job_id not in asked and scanned.isdisjoint(advance.numbers)
        for advance in advances
    ]
    chosen = [advance for advance, is_plain in zip(advances, plain, strict=True) if is_plain]
    outcomes.move(conn, [(advance.rows, advance.at) for advance in chosen])
    jobs.record_blocks(conn, [block for advance in chosen for block in advance.blocks])
    return plain
