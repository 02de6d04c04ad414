"""Whether the label of a reprint is the one that was printed first, byte for byte.

The original's whole block is made again as its job froze it and compared with the digest that was kept when it was
handed over; what goes to the printer is one slice of it. Other bytes are printed nevertheless, but never in silence:
the reprint says why, and so do the audit and the job.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from sqlalchemy import Connection

from labelsvc import logs
from labelsvc.domain.actors import Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.reprints import MATCH_NOTES, Match
from labelsvc.errors import InvalidInput
from labelsvc.labels import RENDERER_REVISION
from labelsvc.printing.handover import prepare
from labelsvc.storage import audit, batches, jobs, printers, reprints
from labelsvc.storage.database import Database
from labelsvc.storage.jobs import JobRow

log = logs.logger(__name__)

#: Called first in the transaction that writes a finding down; says who found it.
Note = Callable[[Connection], Call]


def compare(db: Database, issuer: Issuer, job: JobRow, note: Note) -> None:
    """Compare a reprint's label with what was printed first, and write down the finding, before it is sent.

    Args:
        note: who compares, and what else goes into the transaction.
    """
    match = find_match(db, issuer, job)
    if match == "different":
        log.error("reprint.different", job=job.id)
    said = MATCH_NOTES.get(match)

    def work(conn: Connection) -> None:
        call = note(conn)
        was = reprints.of_job(conn, job.id)
        if said is not None:
            jobs.set_state(conn, job.id, "processing", ("job-printing",), message=said)
        if was.match != match:  # else another delivery of it found the same
            reprints.set_match(conn, was.id, match)
            after = {"job": job.id, "match": match}
            audit.record(conn, call, "reprint.compare", f"reprint:{was.id}", after=after, reason=said)

    db.write(work)


def compare_claimed(db: Database, issuer: Issuer, by: Call, job_id: int) -> None:
    """Compare what a station was handed, where it is a reprint."""
    with db.read() as conn:
        job = jobs.get(conn, job_id)
    if job.kind == "reprint":
        compare(db, issuer, job, lambda _: by)


def find_match(db: Database, issuer: Issuer, job: JobRow) -> Match:
    """Return how a reprint's label compares with what was printed first.

    Raises:
        InvalidInput: it cannot be made for the printer it goes to.
    """
    with db.read() as conn:
        goes_to = printers.at_revision(conn, job.printer_id, job.printer_revision)
        first = jobs.first_printed_by(conn, job.batch_id, job.first)
        block = None if first is None else jobs.block_of(conn, first.id, job.first)
        if first is None or block is None:
            return "no-digest"
        printer = printers.at_revision(conn, first.printer_id, first.printer_revision)
        revision = batches.get(conn, job.batch_id).renderer_revision
    begin, end, kept = block
    changed: Match = "different" if revision == RENDERER_REVISION else "other-renderer"
    try:
        original = prepare(db, issuer, first, printer)
    except InvalidInput:  # this renderer refuses what that one drew
        return changed
    digest, label = hashlib.sha256(), b""
    for ordinal, made in enumerate(original.rendered(begin, end), begin):
        digest.update(made)
        label = made if ordinal == job.first else label
    if digest.hexdigest() != kept:
        return changed
    made = next(prepare(db, issuer, job, goes_to).rendered(job.first, job.last))
    return "equal" if made == label else "other-printer"
