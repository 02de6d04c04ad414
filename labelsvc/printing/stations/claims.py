"""Use cases: hand labels to a station that asks for them, and take them away from one that is lost.

A claim is what one delivery after another works off at the station: labels of one print job on one printer. It does
not run out, for a station may be out of reach for hours and print on; until it is reported ended, or a person releases
it, nobody else prints these labels. No key leaves the server: a station gets serials and finished bytes.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.batches import Download
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.jobs import BLOCK, Printer
from labelsvc.domain.outcomes import having, runs
from labelsvc.errors import Conflict
from labelsvc.labels import zpl
from labelsvc.printing.handover import laid_out
from labelsvc.printing.jobs import end_canceled
from labelsvc.storage import audit, batches, job_outcomes, jobs, outcomes, printers, stations
from labelsvc.storage.database import Database
from labelsvc.storage.jobs import JobRow
from labelsvc.storage.stations import ClaimRow, NewClaim, Span

#: Labels of one claim at most: hours of an ordinary line, some megabytes.
CLAIM_AT_MOST = 10_000
#: Claims that a station may have at once.
CLAIMS_AT_MOST = 200
#: Intervals of labels that a station is told of at once; of more the highest numbers, the last to be printed.
SPANS_AT_MOST = 1_000
#: How long a lease lasts in the moment before its claim keeps it.
_MOMENT = 60.0

MEDIA_TYPE = "application/vnd.labelsvc.labels"


@dataclass(frozen=True, slots=True)
class Claim:
    """Labels in the hands of a station.

    Attributes:
        canceled: someone asked for the end of their job.
        origin: number of the first label of the job; blocks of digests are counted from it.
        there: those that somebody scanned since; the station leaves them out, if it has not printed them yet.
    """

    row: ClaimRow
    printer: Printer
    product_code: str
    lot_number: str
    origin: int
    canceled: bool
    there: tuple[Span, ...]


def is_waiting(db: Database, station: str, have: tuple[int, ...]) -> bool:
    """Return whether there is something to claim; a look, and no more."""
    with db.read() as conn:
        return bool(_unheard(conn, station, have) or stations.waiting_printers(conn, station))


def _unheard(conn: Connection, station: str, have: tuple[int, ...]) -> list[ClaimRow]:
    """Return claims that the station never heard of: not a line of their journals was acknowledged."""
    return [one for one in stations.open_claims(conn, station) if not one.acknowledged and one.id not in have]


def claim(db: Database, call: Call, have: tuple[int, ...]) -> Claim | None:
    """Hand the station its next labels; the same again where it never heard of them.

    A station prints nothing of a claim before the first line of its journal was acknowledged, so what was not can be
    handed to it again.

    Raises:
        Conflict: it has as many claims as it may.
    """

    def work(conn: Connection) -> Claim | None:
        station = call.actor.id
        unheard = _unheard(conn, station, have)
        if unheard:
            return shown(conn, unheard[0])
        if stations.count_open(conn, station) >= CLAIMS_AT_MOST:
            raise Conflict("claims_many", f"Expected at most {CLAIMS_AT_MOST} claims of a station, got one more.")
        for printer_id in stations.waiting_printers(conn, station):
            claim_id = _claimed(conn, call, printer_id)
            if claim_id is not None:
                return shown(conn, stations.get_claim(conn, claim_id))
        return None

    return db.write(work)


def _claimed(conn: Connection, call: Call, printer_id: int) -> int | None:
    """Claim a printer's next job, a part of it at most; None: it may not be claimed now."""
    lease = printers.acquire_lease(conn, printer_id, call.actor.id[:80], call.at, _MOMENT)
    head = jobs.head(conn, printer_id) if lease is not None else None
    if lease is None or head is None:
        return None
    job = jobs.get(conn, head.id, lock=True)
    claim_id = None
    if _claimable(conn, call, job):
        claim_id = _add(conn, call, job, lease.token)
    stations.keep_lease(conn, printer_id, claim_id, call.at)
    return claim_id


def _claimable(conn: Connection, call: Call, job: JobRow) -> bool:
    """Whether a job may be claimed; one that a worker of ours left behind with labels on their way stops here."""
    if job.ended or job.state == "processing-stopped":
        return False
    if job.cancel_requested:
        end_canceled(conn, call, job)
        return False
    known = job_outcomes.in_hand(conn, job)
    if job.state == "processing" and having(known, {"in_doubt", "sent"}):
        reasons = ("printer-stopped", "x-labels-in-doubt")
        jobs.set_state(conn, job.id, "processing-stopped", reasons, message=_LEFT)
        after = {"state": "processing-stopped", "reasons": list(reasons)}
        audit.record(conn, call, "job.stop", f"job:{job.id}", after=after, reason=_LEFT)
        return False
    if not having(known, {"planned", "absent"}):
        jobs.set_state(conn, job.id, "completed", ("job-completed-successfully",), message=None, ended_at=call.at)
        audit.record(conn, call, "job.complete", f"job:{job.id}", after={"state": "completed"})
        return False
    return True


_LEFT = "Expected a job of which nothing is on its way, got one that another sender left; scan what came out."


def _add(conn: Connection, call: Call, job: JobRow, token: int) -> int:
    batch = batches.get(conn, job.batch_id)
    spans: list[tuple[int, int]] = []
    room = CLAIM_AT_MOST
    todo = having(job_outcomes.in_hand(conn, job), {"planned", "absent"})
    for part in todo:
        if room:
            last = min(part.last, part.first + room - 1)
            spans.append((part.first - batch.first + 1, last - batch.first + 1))
            room -= last - part.first + 1
    jobs.set_state(
        conn, job.id, "processing", ("job-printing",), message=None, started_at=job.started_at or call.at, attempts=1
    )
    printers.set_state(conn, job.printer_id, "processing", (), call.at)
    new = NewClaim(
        station=call.actor.id,
        kind="job",
        printer_id=job.printer_id,
        printer_revision=job.printer_revision,
        batch_id=job.batch_id,
        job_id=job.id,
        token=token,
        spans=tuple(spans),
        resumed=any(part.outcome == "absent" for part in todo),
        seed=secrets.token_hex(32),
        expires_at=None,
        created_at=call.at,
    )
    claim_id = stations.add_claim(conn, new)
    count = sum(last - first + 1 for first, last in spans)
    after = {"claim": claim_id, "job": job.id, "labels": count}
    audit.record(conn, call, "station.claim", f"station:{call.actor.id}", after=after)
    return claim_id


def open_claims(db: Database, station: str) -> tuple[Claim, ...]:
    """Return what a station has."""
    with db.read() as conn:
        return tuple(shown(conn, row) for row in stations.open_claims(conn, station))


def shown(conn: Connection, row: ClaimRow) -> Claim:
    """Return a claim with what it is for."""
    batch = batches.get(conn, row.batch_id)
    printer = printers.at_revision(conn, row.printer_id, row.printer_revision)
    job = None if row.job_id is None else jobs.get(conn, row.job_id)
    origin = job.first - batch.first + 1 if job and row.kind == "job" else 1
    canceled = bool(job and job.cancel_requested)
    return Claim(row, printer, batch.product_code, batch.lot_number, origin, canceled, found_since(conn, row))


def found_since(conn: Connection, row: ClaimRow) -> tuple[Span, ...]:
    """Return the labels of a claim that are known to be there though its station may not have printed them.

    Of a reprint the scans tell nothing, for they may be of the old label: it is known if its job has no label to print.
    """
    batch = batches.get(conn, row.batch_id)
    job = None if row.job_id is None else jobs.get(conn, row.job_id)
    if job is not None and job.kind == "reprint":
        is_open = having(job_outcomes.of_job(conn, job), {"planned", "absent", "in_doubt"})
        return () if is_open else row.spans
    whole = (batch.first + row.spans[0][0] - 1, batch.first + row.spans[-1][1] - 1)
    numbers = outcomes.scanned_since(conn, batch.range_id, whole, row.created_at)
    return runs(ordinal - batch.first + 1 for ordinal in numbers)[-SPANS_AT_MOST:]


def claim_labels(db: Database, issuer: Issuer, station: str, claim_id: int) -> Download:
    """Return the bytes of a claim's labels, each behind a line that says which it is, and a last line over all of them.

    A line is JSON: `n` the number of the label, `serial`, `bytes`, `sha256`, and `echo`, what the printer sends back
    for it, where it does. The last line has `labels` and the `sha256` of all bytes one after the other.

    Raises:
        NotFound: the station has no such claim.
        Conflict: it has ended.
        InvalidInput: the labels cannot be made for the printer.
    """
    with db.read() as conn:
        row = stations.get_claim(conn, claim_id, station)
        batch = batches.get(conn, row.batch_id)
        printer = printers.at_revision(conn, row.printer_id, row.printer_revision)
    if row.state != "open":
        raise Conflict("claim_ended", f"Expected a claim that is open, got one that has {row.state}.")
    layout, numbering = laid_out(db, issuer, row.batch_id, printer)
    echo = printer.profile.echo is not None

    def body() -> Iterator[bytes]:
        whole, count = hashlib.sha256(), 0
        for first, last in row.spans:
            for at in range(first, last + 1, BLOCK):
                size = min(BLOCK, last - at + 1)
                texts = list(numbering.texts(batch.first + at - 1, size))
                said: Iterator[str | None] = iter(zpl.echoes(layout, texts)) if echo else iter([None] * size)
                for number, (text, label, back) in enumerate(
                    zip(texts, zpl.render(layout, texts, echo=echo), said, strict=True), at
                ):
                    whole.update(label)
                    count += 1
                    yield _framed(number, text, label, back)
        yield _line({"labels": count, "sha256": whole.hexdigest()})

    return Download(MEDIA_TYPE, f"claim-{claim_id}.labels", body())


def _framed(number: int, serial: str, label: bytes, echo: str | None) -> bytes:
    head = {"n": number, "serial": serial, "bytes": len(label), "sha256": hashlib.sha256(label).hexdigest()}
    return _line(head if echo is None else {**head, "echo": echo}) + label


def _line(said: dict[str, Any]) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"
