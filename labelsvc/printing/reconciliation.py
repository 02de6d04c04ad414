"""Use cases: account for every number of a lot, declare what nothing else tells, close it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.moves import OPEN, Declaration, check_declaration
from labelsvc.domain.outcomes import OUTCOMES, Interval, Outcome, having, totals, within
from labelsvc.domain.pages import Page
from labelsvc.domain.products import check_name
from labelsvc.domain.quality import THERE, Closure, Reconciliation, SamplingPlan
from labelsvc.errors import Conflict, InvalidInput, Unavailable, at
from labelsvc.printing import serial_list
from labelsvc.storage import audit, batches, lots, outcomes, quality, ranges, reprints, webhooks
from labelsvc.storage import requests as request_keys
from labelsvc.storage.database import Database

_STATEMENT_AT_MOST = 500
NTH_AT_MOST = 1_000_000
#: A number changed between making the lot's digest and closing it: make it again, this often.
_LOOKS = 5


def reconcile(db: Database, lot_id: int) -> Reconciliation:
    """Return what became of every number that a lot was granted, as of now.

    Raises:
        NotFound: no such lot.
    """
    with db.read() as conn:
        lots.get(conn, lot_id)
        return _reconciled(conn, lot_id)


def _reconciled(conn: Connection, lot_id: int) -> Reconciliation:
    chosen = quality.plan(conn, lot_id)
    sums: dict[str, int] = dict.fromkeys(OUTCOMES, 0)
    to_scan = 0
    for _, range_id, first, _ in quality.ranges_of(conn, lot_id):
        known = outcomes.of_range(conn, range_id)
        for outcome, count in totals(known).items():
            sums[outcome] += count
        there = tuple((part.first, part.last) for part in having(known, THERE))
        to_scan += chosen.asked(first, there) - quality.scanned(conn, range_id, first, there, chosen)
    # After the outcomes: a job that goes on needs numbers that are absent, and those were seen.
    open_jobs, reprints = quality.jobs_of(conn, lot_id)
    return Reconciliation(
        lot_id=lot_id,
        granted=quality.granted(conn, lot_id),
        outcomes=sums,
        open_jobs=open_jobs,
        reprints=reprints,
        to_scan=to_scan,
        plan=chosen,
        closure=quality.closure(conn, lot_id),
    )


def serials_behind(
    db: Database, issuer: Issuer, lot_id: int, outcome: Outcome, after: int, limit: int
) -> Page[tuple[int, int, str]]:
    """Return the serials behind a figure, as (batch, label in it, serial), in the order they were granted.

    Args:
        after: place, from 1, among all numbers of the lot after which to begin; it stays the same whatever becomes of
            numbers meanwhile.

    Raises:
        NotFound: no such lot.
    """
    found: list[tuple[int, int, str]] = []
    places: list[int] = []
    before = 0  # numbers of the lot before this range
    with db.read() as conn:
        lots.get(conn, lot_id)
        for batch_id, range_id, first, count in quality.ranges_of(conn, lot_id):
            begin = first + max(after - before, 0)
            if begin < first + count and len(found) <= limit:
                known = having(within(outcomes.of_range(conn, range_id), begin, first + count - 1), {outcome})
                for ordinal, text in _serials(conn, issuer, batch_id, known, limit + 1 - len(found)):
                    found.append((batch_id, ordinal - first + 1, text))
                    places.append(before + ordinal - first + 1)
            before += count
    return Page(tuple(found[:limit]), places[limit - 1] if len(found) > limit else None)


def _serials(
    conn: Connection, issuer: Issuer, batch_id: int, parts: tuple[Interval, ...], at_most: int
) -> list[tuple[int, str]]:
    """Return the first serials of some intervals of a batch, with their ordinals."""
    found: list[tuple[int, str]] = []
    if not parts:
        return found
    batch = batches.get(conn, batch_id)
    numbering = issuer.numbering(batch.product_code, batch.pattern, batch.scope, batch.key_version)
    for part in parts:
        count = min(part.count, at_most - len(found))
        found += enumerate(numbering.texts(part.first, count), part.first)
    return found


def set_sampling(db: Database, call: Call, lot_id: int, chosen: SamplingPlan) -> Reconciliation:
    """Say which labels of each batch of a lot somebody has to scan.

    Raises:
        NotFound: no such lot.
        InvalidInput: every how many is out of range.
        Conflict: the lot is closed.
    """
    if not 1 <= chosen.nth <= NTH_AT_MOST:
        raise InvalidInput("sampling_nth", f"Expected 1 to {NTH_AT_MOST}, got {chosen.nth}.", pointer="/nth")

    def work(conn: Connection) -> Reconciliation:
        lots.get(conn, lot_id, lock=True)
        quality.check_open(conn, lot_id)
        before = quality.plan(conn, lot_id)
        quality.set_plan(conn, lot_id, chosen)
        audit.record(conn, call, "lot.sampling", f"lot:{lot_id}", before=asdict(before), after=asdict(chosen))
        return _reconciled(conn, lot_id)

    return db.write(work)


def declare(db: Database, call: Call, lot_id: int, declaration: Declaration) -> Reconciliation:
    """Sign what became of all numbers of a lot of which nothing better is known: held, sent or absent.

    Raises:
        NotFound: no such lot.
        InvalidInput: no statement, or a declaration that cannot be.
        Conflict: the lot is closed, a job of it has not ended, there are other numbers than whoever signs saw
            (`declaration_outdated`), or the key was used before.
    """
    with at("/statement"):
        check_name(declaration.statement, _STATEMENT_AT_MOST)
    check_declaration(declaration)
    route, body = f"lots/{lot_id}/declarations", asdict(declaration)

    def work(conn: Connection) -> Reconciliation:
        lots.get(conn, lot_id, lock=True)
        answered = request_keys.claim(conn, call, route, body)
        if answered is not None:
            return _remembered(answered)
        quality.check_open(conn, lot_id)
        quality.hold_jobs(conn, lot_id)
        known = quality.ranges_of(conn, lot_id)
        count = sum(_declare(conn, call, range_id, declaration) for _, range_id, _, _ in known)
        if declaration.numbers not in (None, count):
            message = f"Expected {declaration.numbers} numbers that are {declaration.of}, got {count}: look again."
            raise Conflict("declaration_outdated", message, pointer="/numbers")
        found = _reconciled(conn, lot_id)
        _check_jobs_ended(found)
        after = {"of": declaration.of, "as": declaration.outcome, "numbers": count}
        audit.record(conn, call, "lot.declare", f"lot:{lot_id}", after=after, reason=declaration.statement)
        request_keys.settle(conn, call, route, asdict(found))
        return found

    return db.write(work)


def _declare(conn: Connection, call: Call, range_id: int, declaration: Declaration) -> int:
    """Say it of all numbers of a range that are so; return how many."""
    ranges.lock(conn, range_id)
    parts = having(outcomes.of_range(conn, range_id), {declaration.of})
    for part in parts:
        # What is only declared is known by no more than before.
        evidence = part.evidence if declaration.outcome == "confirmed" else None
        said = Interval(part.first, part.last, declaration.outcome, evidence, declaration.statement)
        outcomes.append(conn, call, range_id, said)
    return sum(part.count for part in parts)


def _remembered(answer: Mapping[str, Any]) -> Reconciliation:
    """Return a reconciliation as it was answered; its lot was open then."""
    return Reconciliation(**{**answer, "plan": SamplingPlan(**answer["plan"])})


def close_lot(db: Database, issuer: Issuer, call: Call, lot_id: int, statement: str | None) -> Reconciliation:
    """Close a lot of which every number is accounted for; nothing is issued, printed or moved in it any more.

    Raises:
        NotFound: no such lot.
        InvalidInput: the statement is none.
        Conflict: some numbers are not accounted for (`lot_not_settled`), a job has not ended, a reprint is undecided,
            or it is closed.
    """
    if statement is not None:
        with at("/statement"):
            check_name(statement, _STATEMENT_AT_MOST)
    for _ in range(_LOOKS):
        with db.read() as conn:
            lots.get(conn, lot_id)
            _check_settled(_reconciled(conn, lot_id))
            _check_reprints_decided(conn, lot_id)
            listed = serial_list.confirmed(conn, issuer, lot_id)
        count, digest = serial_list.digest(listed)  # takes a while for many, so no transaction is open
        end = Closure(call.at, call.actor, count, digest, statement)

        def work(conn: Connection, listed: tuple[serial_list.Run, ...] = listed, end: Closure = end) -> bool:
            lots.get(conn, lot_id, lock=True)
            found = _reconciled(conn, lot_id)
            _check_settled(found)
            _check_reprints_decided(conn, lot_id)
            if serial_list.confirmed(conn, issuer, lot_id) != listed:
                return False
            _close(conn, call, found, end)
            return True

        if db.write(work):
            return reconcile(db, lot_id)
    raise Unavailable("lot_busy", "Expected the lot to stay as it is for a moment, got edit after edit.")


def _close(conn: Connection, call: Call, found: Reconciliation, end: Closure) -> None:
    quality.close(conn, call, found.lot_id, end, found.outcomes)
    after = {"figures": dict(found.outcomes), "serials": end.count, "digest": end.digest}
    audit.record(conn, call, "lot.close", f"lot:{found.lot_id}", after=after, reason=end.statement)
    webhooks.emit(conn, "lot.closed", {"lot": found.lot_id, **after}, call.at)


def _check_settled(found: Reconciliation) -> None:
    """See that a lot can be closed."""
    if found.closure is not None:
        raise Conflict("lot_closed", "Expected a lot that is open, got one that is closed.")
    _check_jobs_ended(found)
    left = {outcome: found.outcomes[outcome] for outcome in OPEN if found.outcomes[outcome]}
    if left or found.difference:
        said = ", ".join(f"{count} {outcome}" for outcome, count in left.items()) or f"{found.difference} unknown"
        raise Conflict("lot_not_settled", f"Expected every number of the lot accounted for, got {said}.", left=left)
    if found.to_scan:
        message = f"Expected every label of the sampling plan scanned, got {found.to_scan} that were not."
        raise Conflict("lot_not_sampled", message)


def _check_reprints_decided(conn: Connection, lot_id: int) -> None:
    asked = reprints.undecided(conn, lot_id)
    if asked:
        message = f"Expected every reprint of the lot decided on, got {asked} that somebody asked for."
        raise Conflict("lot_reprints_undecided", message)


def _check_jobs_ended(found: Reconciliation) -> None:
    if found.open_jobs:
        message = f"Expected every print job of the lot to have ended, got {found.open_jobs} that have not."
        raise Conflict("lot_printing", message)


def lot_digest(db: Database, issuer: Issuer, lot_id: int) -> tuple[int, str]:
    """Return how many serials of a lot are confirmed, and the SHA-256 of their list, sorted, a line feed behind each.

    Raises:
        NotFound: no such lot.
    """
    with db.read() as conn:
        lots.get(conn, lot_id)
        listed = serial_list.confirmed(conn, issuer, lot_id)
    return serial_list.digest(listed)
