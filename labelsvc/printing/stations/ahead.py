"""Labels that were handed to a station ahead, for a line that may lose its network: what it used becomes print jobs.

Numbers of such a range are planned, in no job, until the station reports that a line took some; what it did not use
returns. Nobody prints any of them but the station that has them.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.journal import Entry
from labelsvc.domain.outcomes import Interval, having, within
from labelsvc.errors import InvalidInput
from labelsvc.storage import audit, batches, jobs, outcomes, stations
from labelsvc.storage.jobs import NewJob
from labelsvc.storage.stations import ClaimRow


def use(conn: Connection, call: Call, row: ClaimRow, entry: Entry) -> ClaimRow:
    """Make a print job of labels that a line took, which are printed by now or will be; return the claim with it.

    One that was taken after the range had expired is named in the audit: it is a label all the same.

    Raises:
        InvalidInput: some were taken before.
    """
    said, batch = entry.said, batches.get(conn, row.batch_id)
    first, last = batch.first + said["first"] - 1, batch.first + said["last"] - 1
    known = within(outcomes.of_range(conn, batch.range_id), first, last)
    if row.kind != "ahead" or any(part.outcome != "planned" for part in known):
        raise InvalidInput("journal_label", "Expected labels that nobody took yet, got others.", pointer="/lines")
    new = NewJob(row.batch_id, batch.range_id, row.printer_id, row.printer_revision, first, last)
    job_id = jobs.add(conn, call, new)
    jobs.set_state(conn, job_id, "processing", ("job-printing",), started_at=call.at, attempts=1)
    stations.change_claim(conn, row.id, job_id=job_id)
    after = {"claim": row.id, "job": job_id, "labels": last - first + 1, "key": said["key"]}
    audit.record(conn, call, "station.use", f"station:{row.station}", after=after)
    _check_age(conn, call, row, entry)
    return replace(row, job_id=job_id)


def _check_age(conn: Connection, call: Call, row: ClaimRow, entry: Entry) -> None:
    assert row.expires_at is not None, "what is handed ahead expires"
    if entry.said["age"] > (row.expires_at - row.created_at).total_seconds():
        after = {"claim": row.id, "line": entry.number, "age": entry.said["age"]}
        audit.record(conn, call, "station.late", f"station:{row.station}", after=after)


def give_back(conn: Connection, call: Call, row: ClaimRow, entry: Entry) -> None:
    """Return the numbers of a range that were not used, and end its claim.

    Raises:
        InvalidInput: some are no longer to be had.
    """
    batch = batches.get(conn, row.batch_id)
    known = outcomes.of_range(conn, batch.range_id)
    count = 0
    for span in entry.said["spans"]:
        first, last = batch.first + span[0] - 1, batch.first + span[1] - 1
        if row.kind != "ahead" or any(part.outcome != "planned" for part in within(known, first, last)):
            raise InvalidInput("journal_label", "Expected labels that nobody took, got others.", pointer="/lines")
        outcomes.append(conn, call, batch.range_id, Interval(first, last, "returned", reason=entry.said["why"] or None))
        outcomes.let_scans_stand(conn, batch.range_id, (first, last), row.created_at)  # whoever printed it: it is there
        count += last - first + 1
    stations.change_claim(conn, row.id, state="ended", ended_at=call.at)
    after = {"claim": row.id, "labels": count}
    audit.record(conn, call, "station.return", f"station:{row.station}", after=after, reason=entry.said["why"])


def unused(conn: Connection, row: ClaimRow) -> int:
    """Return how many numbers of a range nobody is known to have taken."""
    batch = batches.get(conn, row.batch_id)
    return sum(part.count for part in having(outcomes.of_range(conn, batch.range_id), {"planned"}))
