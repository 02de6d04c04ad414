"""Use case: take in what a station's journal says, line by line, in order, each once.

The same books are written as by a worker of ours (printing.books), in one transaction a report. What a station says is
a fact that has happened: it is written down also where someone asked for the end of the job meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from labelsvc.domain import journal
from labelsvc.domain.actors import Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.journal import Entry
from labelsvc.errors import Conflict, InvalidInput
from labelsvc.printing.stations.claims import found_since
from labelsvc.printing.stations.doubles import fork_claim, printed_on
from labelsvc.printing.stations.taking import Taking
from labelsvc.storage import jobs, stations
from labelsvc.storage.database import Database
from labelsvc.storage.stations import ClaimRow, Report, Span

LINES_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class Said:
    """What a station reports: lines of one claim's journal.

    Attributes:
        first: number of the first line.
        chain: the chain's digest behind the last.
    """

    first: int
    lines: tuple[str, ...]
    chain: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What the server has.

    Attributes:
        last: number of the last line.
        canceled: someone asked for the end of the job.
        there: labels that somebody scanned since the claim was made.
        ended: the claim has ended.
    """

    last: int
    canceled: bool
    ended: bool
    there: tuple[Span, ...]


def report(db: Database, issuer: Issuer, call: Call, claim_id: int, said: Said) -> Acknowledged:
    """Take in lines of a claim's journal; those that are known already are compared.

    Raises:
        NotFound: the station has no such claim.
        InvalidInput: the lines are no journal's, or name labels that are not of the claim.
        Conflict: lines are missing before the first; or a known one reads otherwise now, so that there are two
            journals; or the claim was released. What was said is kept in the last two cases, and not obeyed.
    """
    entries = [journal.read(line) for line in said.lines]
    if any(entry.number != number for number, entry in enumerate(entries, said.first)):
        raise InvalidInput("journal_entry", "Expected lines numbered without a gap, got others.", pointer="/lines")

    def work(conn: Connection) -> Acknowledged | Conflict:
        row = stations.get_claim(conn, claim_id, call.actor.id, lock=True)
        if said.first > row.acknowledged + 1:
            message = f"Expected line {row.acknowledged + 1} of the journal, got {said.first}."
            raise Conflict("journal_gap", message, sequence=row.acknowledged + 1)
        parted = _parted(conn, row, said)
        fresh = [entry for entry in entries if entry.number > row.acknowledged]
        if parted is not None:
            return _forked(conn, issuer, call, row, said, (entries, parted))
        if not fresh or row.state == "released":
            return _seen(conn, issuer, call, row, (said, fresh))
        if row.state != "open":
            return _forked(conn, issuer, call, row, said, (entries, row.acknowledged + 1))
        return _taken(conn, issuer, call, row, said)

    answer = db.write(work)
    if isinstance(answer, Conflict):
        raise answer
    return answer


def _parted(conn: Connection, row: ClaimRow, said: Said) -> int | None:
    """Return the number of the first line that is not as we know it; None: all are."""
    known = {
        number: line
        for kept in stations.reports_from(conn, row.id, said.first)
        for number, line in enumerate(kept.lines, kept.first)
    }
    for number, line in enumerate(said.lines, said.first):
        if number <= row.acknowledged and known[number] != line:
            return number
    last = said.first + len(said.lines) - 1
    if last >= row.acknowledged:
        new = said.lines[row.acknowledged - said.first + 1 :]
        *_, chain = (row.chain, *journal.chained(row.chain, new))
        if chain != said.chain:  # what went before differs, though we were not told what it was
            return row.acknowledged + 1
    return None


def _forked(
    conn: Connection, issuer: Issuer, call: Call, row: ClaimRow, said: Said, found: tuple[list[Entry], int]
) -> Conflict:
    entries, parted = found
    _keep(conn, call, row, said, accepted=False)
    ours = [
        journal.read(line)
        for kept in stations.reports_from(conn, row.id, parted)
        for number, line in enumerate(kept.lines, kept.first)
        if number >= parted
    ]
    theirs = [entry for entry in entries if entry.number >= parted]
    fork_claim(conn, issuer, call, row, [span for entry in (*ours, *theirs) for span in entry.labels])
    message = f"Expected line {parted} of the journal as it is known, got another: two stations have this journal."
    return Conflict("journal_forked", message, sequence=parted)


def _seen(
    conn: Connection, issuer: Issuer, call: Call, row: ClaimRow, told: tuple[Said, list[Entry]]
) -> Acknowledged | Conflict:
    """Answer lines of which none is obeyed: all are known, or the claim was released."""
    said, fresh = told
    if fresh:
        _keep(conn, call, row, said, accepted=False)
        printed_on(conn, issuer, call, row, [span for entry in fresh for span in entry.labels])
        return Conflict("claim_released", "Expected a claim that is open, got one that was released.")
    return _acknowledged(conn, row)


def _acknowledged(conn: Connection, row: ClaimRow) -> Acknowledged:
    canceled = row.job_id is not None and jobs.get(conn, row.job_id).cancel_requested
    return Acknowledged(row.acknowledged, canceled, row.state != "open", found_since(conn, row))


def _keep(conn: Connection, call: Call, row: ClaimRow, said: Said, *, accepted: bool) -> None:
    stations.add_report(conn, row.id, Report(said.first, row.chain, said.lines, accepted=accepted), call.at)


def _taken(conn: Connection, issuer: Issuer, call: Call, row: ClaimRow, said: Said) -> Acknowledged:
    lines = said.lines[row.acknowledged - said.first + 1 :]
    first, before = row.acknowledged + 1, row.chain
    *_, chain = journal.chained(before, lines)
    stations.add_report(conn, row.id, Report(first, before, lines), call.at)
    stations.change_claim(conn, row.id, acknowledged=first + len(lines) - 1, chain=chain)
    Taking(conn, call, issuer, row).take(journal.read(line) for line in lines)
    return _acknowledged(conn, stations.get_claim(conn, row.id))
