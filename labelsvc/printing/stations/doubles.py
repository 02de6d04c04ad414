"""What becomes of labels that a station may have printed, or may have printed twice: in doubt, until someone scans."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.outcomes import Interval, Outcome, having, runs, within
from labelsvc.storage import audit, batches, job_outcomes, jobs, outcome_history, outcomes, printers, stations
from labelsvc.storage.jobs import NewJob
from labelsvc.storage.stations import ClaimRow, ClaimState, Span

#: Serials that one audit entry names at most.
_SERIALS = 1_000
RELEASED = "its station was released before it said what became of it"
DOUBLED = "two journals of one claim name it: there may be two labels"
PRINTED_ON = "its station says, after it was released, that it printed it: there may be two labels"
_REASONS = ("printer-stopped", "x-labels-in-doubt")


def release_claim(conn: Connection, call: Call, row: ClaimRow, state: ClaimState, reason: str) -> None:
    """End a claim of which nobody says any more what became of it.

    Before a line of its journal was acknowledged nothing of it was printed, so that its job just waits again.
    """
    if row.state == "open":
        _free(conn, call, row)
    stations.change_claim(conn, row.id, state=state, ended_at=call.at)
    if row.kind == "job" and not row.acknowledged and state == "released":
        assert row.job_id is not None, "a claim of this kind has a job"
        jobs.set_state(conn, row.job_id, "pending", ("job-queued",), message=None)
        return
    if row.kind == "ahead" and not row.acknowledged and state == "released":
        _return(conn, call, row, reason)
        return
    open_still: frozenset[Outcome] = frozenset({"planned", "absent", "in_doubt"})
    _doubt(conn, call, row, row.spans, open_still, RELEASED)
    if row.job_id is not None:
        _stop(conn, call, row.job_id, reason)


def fork_claim(conn: Connection, issuer: Issuer, call: Call, row: ClaimRow, touched: Iterable[Span]) -> None:
    """Say that two journals of one claim differ: whatever either names may have come out twice.

    Args:
        touched: labels named by either journal behind the line where they part.
    """
    if row.state == "open":
        release_claim(conn, call, row, "forked", DOUBLED)
    stations.change_claim(conn, row.id, state="forked")
    named = _inside(row.spans, touched)
    any_outcome = frozenset({"planned", "absent", "in_doubt", "sent", "confirmed", "held", "returned"})
    _doubt(conn, call, row, named, any_outcome, DOUBLED)  # type: ignore[arg-type]  # outcomes all
    _name(conn, issuer, call, row, ("station.fork", DOUBLED), named)
    if row.job_id is not None:
        _stop(conn, call, row.job_id, DOUBLED)


def printed_on(conn: Connection, issuer: Issuer, call: Call, row: ClaimRow, told: Iterable[Span]) -> None:
    """Say that a station printed what others were told to print once its claim was released: there may be two labels.

    What is in doubt since the release, or was scanned and not printed again, is resolved as it is.

    Args:
        told: labels that its late report names.
    """
    if row.job_id is None or row.ended_at is None:
        return
    batch = batches.get(conn, row.batch_id)
    job = jobs.get(conn, row.job_id)
    own = outcomes.Delivery(job.id, batch.range_id, row.token)
    again = [*outcome_history.handed_over_since(conn, own, row.ended_at)]
    known = outcomes.of_range(conn, batch.range_id) if job.kind == "batch" else job_outcomes.of_job(conn, job)
    again += [(part.first, part.last) for part in having(known, {"planned", "absent"})]
    mine = [(first - batch.first + 1, last - batch.first + 1) for first, last in again]
    named = _inside(_inside(row.spans, told), mine)
    if not named:
        return
    after_all: frozenset[Outcome] = frozenset({"planned", "absent", "sent", "confirmed"})
    _doubt(conn, call, row, named, after_all, PRINTED_ON)
    _name(conn, issuer, call, row, ("station.printed_on", PRINTED_ON), named)
    _stop(conn, call, job.id, PRINTED_ON)


def _name(
    conn: Connection, issuer: Issuer, call: Call, row: ClaimRow, what: tuple[str, str], named: tuple[Span, ...]
) -> None:
    """Name labels in the audit: as which action, and why."""
    batch = batches.get(conn, row.batch_id)
    numbering = issuer.numbering(batch.product_code, batch.pattern, batch.scope, batch.key_version)
    count = sum(last - first + 1 for first, last in named)
    serials: list[str] = []
    for first, last in named:
        serials += numbering.texts(batch.first + first - 1, min(last - first + 1, _SERIALS - len(serials)))
    after = {"claim": row.id, "batch": row.batch_id, "labels": count, "serials": serials}
    audit.record(conn, call, what[0], f"station:{row.station}", after=after, reason=what[1])


def _doubt(
    conn: Connection, call: Call, row: ClaimRow, spans: Iterable[Span], of: frozenset[Outcome], why: str
) -> None:
    """Say that labels with some of the outcomes are in doubt, and see that there is a job by which that is resolved."""
    batch = batches.get(conn, row.batch_id)
    job = None if row.job_id is None else jobs.get(conn, row.job_id)
    again = job if job is not None and job.kind == "reprint" else None
    known = outcomes.of_range(conn, batch.range_id) if again is None else job_outcomes.of_job(conn, again)
    for first, last in spans:
        for part in having(within(known, batch.first + first - 1, batch.first + last - 1), of):
            said = Interval(part.first, part.last, "in_doubt", "sent", why)
            outcomes.append(conn, call, batch.range_id, said, job_id=again.id if again else None)
            if part.outcome == "planned" and why == RELEASED and again is None:
                outcomes.let_scans_stand(conn, batch.range_id, (part.first, part.last), row.created_at)
            if row.kind == "ahead" and not jobs.covering(conn, batch.range_id, part.first, part.last):
                new = (row.batch_id, batch.range_id, row.printer_id, row.printer_revision, part.first, part.last)
                _stop(conn, call, jobs.add(conn, call, NewJob(*new)), why)


def _return(conn: Connection, call: Call, row: ClaimRow, reason: str) -> None:
    """Return the numbers of a range that was handed ahead to a station that never heard of it."""
    batch = batches.get(conn, row.batch_id)
    for part in having(outcomes.of_range(conn, batch.range_id), {"planned"}):
        outcomes.append(conn, call, batch.range_id, Interval(part.first, part.last, "returned", reason=reason))


def _stop(conn: Connection, call: Call, job_id: int, reason: str) -> None:
    job = jobs.get(conn, job_id, lock=True)
    if job.ended:
        if job.state == "completed":
            jobs.set_state(conn, job.id, "completed", ("job-completed-with-warnings", *_REASONS[1:]))
        return
    jobs.set_state(conn, job.id, "processing-stopped", _REASONS, message=reason, cancel_requested=False)
    after = {"state": "processing-stopped", "reasons": list(_REASONS)}
    audit.record(conn, call, "job.stop", f"job:{job.id}", after=after, reason=reason[:500])


def _free(conn: Connection, call: Call, row: ClaimRow) -> None:
    if row.kind == "job":
        stations.keep_lease(conn, row.printer_id, None, call.at)
        printers.set_state(conn, row.printer_id, "stopped", _REASONS[1:], call.at)


def _inside(spans: Iterable[Span], touched: Iterable[Span]) -> tuple[Span, ...]:
    """Return the labels that are named and of the claim, as ascending intervals."""
    mine = list(spans)
    parts = ((max(a, first), min(b, last)) for a, b in touched for first, last in mine)
    numbers = sorted({number for first, last in parts for number in range(first, last + 1)})
    return runs(numbers)
