"""Use case: the close report of a lot, and its end-card."""

from __future__ import annotations

from labelsvc.domain.issuer import Issuer
from labelsvc.domain.quality import Reconciliation
from labelsvc.domain.scans import EndCard
from labelsvc.labels import report
from labelsvc.labels.report import CloseReport
from labelsvc.printing.reconciliation import lot_digest, reconcile
from labelsvc.storage import audit, lots, quality
from labelsvc.storage.database import Database

#: Entries of the audit that a report shows: all of the lot itself, and the latest of its batches and jobs.
_ROWS_AT_MOST = 500


def close_report(db: Database, issuer: Issuer, lot_id: int) -> bytes:
    """Return the report as PDF: figures, who did what when, and the digest; a draft while the lot is open.

    Raises:
        NotFound: no such lot.
    """
    return report.write(_collected(db, issuer, lot_id))


def end_card(db: Database, issuer: Issuer, lot_id: int) -> bytes:
    """Return the lot's control label as PDF: scanned, it says whether the lot is still as it was.

    Raises:
        NotFound: no such lot.
    """
    return report.end_card(_collected(db, issuer, lot_id))


def _collected(db: Database, issuer: Issuer, lot_id: int) -> CloseReport:
    found = reconcile(db, lot_id)
    count, digest = _list(db, issuer, found)
    with db.read() as conn:
        lot = lots.get(conn, lot_id)
        subjects = [f"lot:{lot_id}", *(f"batch:{batch}" for batch, _, _, _ in quality.ranges_of(conn, lot_id))]
        subjects += [f"job:{job}" for job in quality.job_ids(conn, lot_id)]
        entries = audit.about(conn, subjects, _ROWS_AT_MOST)
    closed = found.closure
    state = "open (draft)" if closed is None else f"closed {closed.at:%Y-%m-%d %H:%M} UTC by {closed.actor.id}"
    facts = [
        ("Lot", lot.lot.number),
        ("Product", lot.product_code),
        ("State", state),
        ("Serials in the list", f"{count:,}"),
        ("SHA-256", digest[:32]),
        ("", digest[32:]),
        ("Production date", lot.lot.production.isoformat()),
        ("Granted", f"{found.granted:,}"),
        ("Difference", f"{found.difference:,}"),
        ("Labels printed again", f"{found.reprints:,}"),
        *([("Statement", closed.statement)] if closed and closed.statement else []),
    ]
    rows = [(f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.actor, entry.said) for entry in entries]
    title = f"Close report of lot {lot.lot.number}, {lot.product_code}"
    return CloseReport(title, facts, tuple(found.outcomes.items()), rows, str(EndCard(lot_id, count, digest)))


def _list(db: Database, issuer: Issuer, found: Reconciliation) -> tuple[int, str]:
    if found.closure is not None:
        return found.closure.count, found.closure.digest
    return lot_digest(db, issuer, found.lot_id)
