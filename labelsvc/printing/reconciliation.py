"""Use cases: account for every number of a lot, declare what nothing else tells, close it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.moves import DECLARED, OPEN, Declaration
from labelsvc.domain.outcomes import OUTCOMES, Interval, Outcome, having, totals
from labelsvc.domain.pages import Page
from labelsvc.domain.products import check_name
from labelsvc.domain.quality import Closure, Reconciliation, SamplingPlan
from labelsvc.domain.ranges import Numbering
from labelsvc.errors import Conflict, InvalidInput, at
from labelsvc.storage import audit, batches, lots, outcomes, quality, ranges, webhooks
from labelsvc.storage import requests as request_keys
from labelsvc.storage.database import Database

_STATEMENT_AT_MOST = 500
NTH_AT_MOST = 1_000_000


def reconcile(db: Database, lot_id: int) -> Reconciliation:
    """Return what became of every number that a lot was granted, as of now.

    Raises:
        NotFound: no such lot.
    """
    with db.read() as conn:
        lots.get(conn, lot_id)
        return _reconciled(conn, lot_id)


def _reconciled(conn: Connection, lot_id: int) -> Reconciliation:
    chosen, known = quality.plan(conn, lot_id), quality.ranges_of(conn, lot_id)
    sums: dict[str, int] = {}
    for _, range_id, _, _ in known:
        for outcome, count in totals(outcomes.of_range(conn, range_id)).items():
            sums[outcome] = sums.get(outcome, 0) + count
    open_jobs, reprints = quality.jobs_of(conn, lot_id)
    to_scan = 0
    if chosen.kind != "none":
        done = quality.scanned(conn, [range_id for _, range_id, _, _ in known])
        for _, range_id, first, count in known:
            scanned = done.get(range_id, set())
            to_scan += sum(first + label - 1 not in scanned for label in chosen.labels(count))
    return Reconciliation(
        lot_id=lot_id,
        granted=quality.granted(conn, lot_id),
        outcomes={outcome: sums.get(outcome, 0) for outcome in OUTCOMES},
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
        after: how many to pass over.

    Raises:
        NotFound: no such lot.
    """
    found: list[tuple[int, int, str]] = []
    passed = 0
    with db.read() as conn:
        lots.get(conn, lot_id)
        for batch_id, range_id, first, _ in quality.ranges_of(conn, lot_id):
            numbering = _numbering(conn, issuer, batch_id)
            for part in having(outcomes.of_range(conn, range_id), {outcome}):
                skipped = min(max(after - passed, 0), part.count)
                passed += skipped
                begin = part.first + skipped
                take = min(part.last - begin + 1, limit + 1 - len(found))
                if take > 0:
                    texts = numbering.texts(begin, take)
                    found += [(batch_id, begin + at_ - first + 1, text) for at_, text in enumerate(texts)]
            if len(found) > limit:
                break
    return Page(tuple(found[:limit]), after + limit if len(found) > limit else None)


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
    """Sign what became of all numbers of a lot that are held, or were sent to printers that tell nothing.

    Raises:
        NotFound: no such lot.
        InvalidInput: no statement, or a declaration that cannot be.
        Conflict: the lot is closed, a job of it has not ended, or the key was used before.
    """
    with at("/statement"):
        check_name(declaration.statement, _STATEMENT_AT_MOST)
    if declaration.of not in DECLARED.get(declaration.outcome, frozenset()):
        message = "Expected held or sent to be declared confirmed or absent, or held to be declared returned, got "
        raise InvalidInput("declaration", f"{message}{declaration.of} as {declaration.outcome}.", pointer="/as")
    route, body = f"lots/{lot_id}/declarations", asdict(declaration)

    def work(conn: Connection) -> Reconciliation:
        lots.get(conn, lot_id, lock=True)
        if request_keys.claim(conn, call, route, body) is None:
            quality.check_open(conn, lot_id)
            _check_jobs_ended(conn, lot_id)
            count = 0
            for _, range_id, _, _ in quality.ranges_of(conn, lot_id):
                ranges.lock(conn, range_id)
                for part in having(outcomes.of_range(conn, range_id), {declaration.of}):
                    count += part.count
                    said = Interval(part.first, part.last, declaration.outcome, part.evidence, declaration.statement)
                    outcomes.append(conn, call, range_id, said)
            after = {"of": declaration.of, "as": declaration.outcome, "numbers": count}
            audit.record(conn, call, "lot.declare", f"lot:{lot_id}", after=after, reason=declaration.statement)
            request_keys.settle(conn, call, route, {"numbers": count})
        return _reconciled(conn, lot_id)

    return db.write(work)


def close_lot(db: Database, issuer: Issuer, call: Call, lot_id: int, statement: str | None) -> Reconciliation:
    """Close a lot of which every number is accounted for; nothing is issued, printed or moved in it any more.

    Raises:
        NotFound: no such lot.
        InvalidInput: the statement is none.
        Conflict: some numbers are not accounted for (`lot_not_settled`), a job has not ended, or it is closed.
    """
    if statement is not None:
        with at("/statement"):
            check_name(statement, _STATEMENT_AT_MOST)

    def work(conn: Connection) -> Reconciliation:
        lots.get(conn, lot_id, lock=True)
        quality.check_open(conn, lot_id)
        _check_jobs_ended(conn, lot_id)
        found = _reconciled(conn, lot_id)
        left = {outcome: found.outcomes[outcome] for outcome in OPEN if found.outcomes[outcome]}
        if left or found.difference:
            said = ", ".join(f"{count} {outcome}" for outcome, count in left.items())
            raise Conflict("lot_not_settled", f"Expected every number of the lot accounted for, got {said}.", left=left)
        if found.to_scan:
            message = f"Expected every label of the sampling plan scanned, got {found.to_scan} that were not."
            raise Conflict("lot_not_sampled", message)
        count, digest = _digest(conn, issuer, lot_id)
        quality.close(conn, call, lot_id, Closure(call.at, call.actor, count, digest, statement), found.outcomes)
        after = {"figures": dict(found.outcomes), "serials": count, "digest": digest}
        audit.record(conn, call, "lot.close", f"lot:{lot_id}", after=after, reason=statement)
        webhooks.emit(conn, "lot.closed", {"lot": lot_id, **after}, call.at)
        return _reconciled(conn, lot_id)

    return db.write(work)


def lot_digest(db: Database, issuer: Issuer, lot_id: int) -> tuple[int, str]:
    """Return how many serials of a lot are confirmed, and the SHA-256 of their list, sorted, a line feed behind each.

    Raises:
        NotFound: no such lot.
    """
    with db.read() as conn:
        lots.get(conn, lot_id)
        return _digest(conn, issuer, lot_id)


def _digest(conn: Connection, issuer: Issuer, lot_id: int) -> tuple[int, str]:
    serials = sorted(_confirmed(conn, issuer, lot_id))
    digest = hashlib.sha256()
    for serial in serials:
        digest.update(f"{serial}\n".encode("ascii"))
    return len(serials), digest.hexdigest()


def _confirmed(conn: Connection, issuer: Issuer, lot_id: int) -> Iterator[str]:
    for batch_id, range_id, _, _ in quality.ranges_of(conn, lot_id):
        numbering = _numbering(conn, issuer, batch_id)
        for part in having(outcomes.of_range(conn, range_id), {"confirmed"}):
            yield from numbering.texts(part.first, part.count)


def _check_jobs_ended(conn: Connection, lot_id: int) -> None:
    still, _ = quality.jobs_of(conn, lot_id)
    if still:
        raise Conflict("lot_printing", f"Expected every print job of the lot to have ended, got {still} that have not.")


def _numbering(conn: Connection, issuer: Issuer, batch_id: int) -> Numbering:
    batch = batches.get(conn, batch_id)
    return issuer.numbering(batch.product_code, batch.pattern, batch.scope, batch.key_version)
