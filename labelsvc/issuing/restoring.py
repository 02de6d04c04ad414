"""Use case: go on with a database that was restored from a backup, while labels of after the backup are in the world.

What was issued since is not in the books, so no number that may have been issued is given again; and what was printed
since is not, so nothing that may have been printed is printed again before a person has looked.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.outcomes import Interval, having, within
from labelsvc.errors import InvalidInput
from labelsvc.storage import audit, installation, jobs, outcomes, printers, ranges, sessions
from labelsvc.storage.database import Database
from labelsvc.storage.jobs import JobRow

#: Most numbers that can be skipped in a pool.
SKIP_AT_MOST = 10**12
#: Why labels of a job that had not ended are in doubt.
SINCE = "the database was restored from a backup: it may have come out since"

_MESSAGE = "Expected someone to say what came out since the backup, got a database that was restored from it."


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done.

    Attributes:
        pools: of which numbers were skipped.
        jobs: that were stopped.
    """

    pools: int
    jobs: int


def mark_restored(db: Database, call: Call, skip: int) -> Restored:
    """Skip numbers that may have been issued since the backup, and stop every print job that had not ended then.

    The next `skip` numbers of every pool are lost, and the first `skip` of every pool that is made from now on. A job
    is stopped with its labels in doubt, those as well that were not begun; whoever still sends one has lost its lease.
    Every session ends, for the backup may have one whose user has signed out or was disabled since.

    Raises:
        InvalidInput: nothing or too much is to be skipped.
    """
    if not 1 <= skip <= SKIP_AT_MOST:
        raise InvalidInput("skip", f"Expected 1 to {SKIP_AT_MOST:,} numbers to skip, got {skip}.", pointer="/skip")

    def work(conn: Connection) -> Restored:
        tokens = printers.fence(conn, call.at)
        stopped = jobs.open_jobs(conn)
        for job in stopped:
            _stop(conn, call, job, tokens[job.printer_id])
        pools = ranges.lose(conn, call, skip)
        installation.skip(conn, skip)
        sessions.end_everybodys(conn)
        done = Restored(pools, len(stopped))
        after = {"skip": skip, "pools": done.pools, "jobs": [job.id for job in stopped]}
        audit.record(conn, call, "installation.restored", "installation:1", after=after)
        return done

    return db.write(work)


def _stop(conn: Connection, call: Call, job: JobRow, token: int) -> None:
    """Hold all labels in doubt that the job would go on to print; it holds its printer until a person has looked."""
    parts: tuple[Interval, ...] = (Interval(job.first, job.last, "planned"),)
    if job.kind == "batch":  # what is printed again has an outcome of before, which says nothing of the new label
        parts = within(having(outcomes.of_range(conn, job.range_id), {"planned", "absent"}), job.first, job.last)
    delivery = outcomes.Delivery(job.id, job.range_id, token)
    for part in parts:
        outcomes.append(conn, call, job.range_id, Interval(part.first, part.last, "in_doubt", "sent", SINCE), delivery)
    reasons = ("printer-stopped", "x-labels-in-doubt")
    changes = {"message": _MESSAGE, "baseline": None, "not_before": None, "cancel_requested": False}
    jobs.set_state(conn, job.id, "processing-stopped", reasons, **changes)
    printers.set_state(conn, job.printer_id, "stopped", ("x-labels-in-doubt",), call.at)
