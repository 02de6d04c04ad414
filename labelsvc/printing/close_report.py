"""Use case: the close report of a lot, and its end-card."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from labelsvc.domain.batches import OpenLot
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.quality import Closure, Reconciliation, SamplingPlan
from labelsvc.domain.reprints import Reprint
from labelsvc.domain.scans import EndCard
from labelsvc.errors import InvalidInput
from labelsvc.labels import end_card as cards
from labelsvc.labels import pdf, report, zpl
from labelsvc.labels.formats import parsed
from labelsvc.labels.layout import FontName, Layout
from labelsvc.labels.report import CloseReport, Listing
from labelsvc.printing.reconciliation import lot_digest, reconcile
from labelsvc.printing.reprints import seen_reprint, why_of
from labelsvc.storage import audit, batches, label_formats, lots, products, quality, reprints
from labelsvc.storage.database import Database
from labelsvc.storage.reprints import ReprintRow

#: Entries of the audit that a report shows: the latest of the lot, its batches, jobs and reprints.
_ENTRIES_AT_MOST = 1_000
#: Of an end-card for no label that was printed: mm.
_CARD = (100.0, 50.0)
#: Of the resolution of an end-card as PDF; dots per mm.
_FINE = 12
RESOLUTIONS = (8, 12)
_SIDES = (10.0, 500.0)


def close_report(db: Database, issuer: Issuer, lot_id: int) -> bytes:
    """Return the report as PDF: figures, who did what when, and the digest; a draft while the lot is open.

    Raises:
        NotFound: no such lot.
    """
    found = reconcile(db, lot_id)
    count, digest = _list(db, issuer, found)
    with db.read() as conn:
        lot = lots.get(conn, lot_id)
        name = products.by_id(conn, lot.product_id).name
        again = reprints.of_lot(conn, lot_id, _ENTRIES_AT_MOST)
        entries = _entries(conn, lot_id, again)
        copies = tuple(seen_reprint(conn, issuer, row) for row in again)
    facts = [
        ("Lot", lot.lot.number),
        ("Product", f"{lot.product_code}, {name}"),
        *_dates(lot),
        *_end(found.closure),
        ("Sampling plan", _plan(found.plan)),
        ("Labels left to scan", f"{found.to_scan:,}"),
        ("Labels printed again", f"{found.reprints:,}"),
        ("Confirmed serials", f"{count:,}"),
        ("SHA-256 of their list", f"{digest[:32]} {digest[32:]}"),
    ]
    state = "DRAFT: the lot is open" if found.closure is None else "CLOSED"
    title = f"Close report of lot {lot.lot.number} of {lot.product_code}"
    shown = CloseReport(
        title=title if found.closure else f"{title} (draft)",
        subtitle=f"Lot {lot.lot.number} of {name}",
        state=state,
        facts=facts,
        listings=(_figures(found), *([_reprinted(copies)] if copies else []), entries),
        card=str(EndCard(lot_id, count, digest)),
    )
    return report.write(shown)


def end_card(db: Database, issuer: Issuer, lot_id: int) -> bytes:
    """Return the lot's control label as PDF: scanned, it says whether the lot is still as it was.

    Raises:
        NotFound: no such lot.
    """
    return b"".join(pdf.write(_card(db, issuer, lot_id, _CARD, _FINE), ("",), 1))


def end_card_zpl(db: Database, issuer: Issuer, lot_id: int, dpmm: int, size: tuple[float, float] | None) -> bytes:
    """Return the lot's control label for the printer of its line, to come out behind the last label.

    Args:
        dpmm: dots per mm.
        size: of the loaded labels, mm; None: those of the batch that was issued last.

    Raises:
        NotFound: no such lot.
        InvalidInput: no such resolution, or the labels are too small.
    """
    if dpmm not in RESOLUTIONS:
        message = f"Expected {' or '.join(map(str, RESOLUTIONS))} dots per mm, got {dpmm}."
        raise InvalidInput("end_card_dpmm", message, pointer="/dpmm")
    if size is not None and not all(_SIDES[0] <= side <= _SIDES[1] for side in size):
        message = f"Expected labels of {_SIDES[0]:g} to {_SIDES[1]:g} mm, got {size[0]:g} x {size[1]:g} mm."
        raise InvalidInput("end_card_size", message)
    return b"".join(zpl.render(_card(db, issuer, lot_id, size, dpmm), ("",)))


def _card(db: Database, issuer: Issuer, lot_id: int, size: tuple[float, float] | None, dpmm: int) -> Layout:
    found = reconcile(db, lot_id)
    count, digest = _list(db, issuer, found)
    with db.read() as conn:
        lot = lots.get(conn, lot_id)
        size = size or _label_size(conn, lot_id)
    closed = found.closure
    words: list[tuple[str, FontName]] = [
        ("END OF LOT" if closed else "LOT, STILL OPEN", "bold"),
        (lot.lot.number, "bold"),
        (lot.product_code, "sans"),
        (f"{count:,} serials", "bold"),
        (f"{closed.at:%Y-%m-%d %H:%M} UTC" if closed else "", "sans"),
        *((digest[at : at + 16], "sans") for at in range(0, 64, 16)),
    ]
    shown = [line for line in words if line[0]]
    return cards.lay_out(str(EndCard(lot_id, count, digest)), shown, size, dpmm)


def _label_size(conn: Connection, lot_id: int) -> tuple[float, float]:
    """Return the size of the labels of a lot's latest batch, mm."""
    known = quality.ranges_of(conn, lot_id)
    if not known:
        return _CARD
    stored = label_formats.at_revision(conn, batches.get(conn, known[-1][0]).format_revision)
    fmt = parsed(stored.toml, label_formats.files_of(conn, stored.revision))
    return fmt.width, fmt.height


def _list(db: Database, issuer: Issuer, found: Reconciliation) -> tuple[int, str]:
    if found.closure is not None:
        return found.closure.count, found.closure.digest
    return lot_digest(db, issuer, found.lot_id)


def _dates(lot: OpenLot) -> Iterable[tuple[str, str]]:
    for name, day in (
        ("Production date", lot.lot.production),
        ("Expiry date", lot.lot.expiry),
        ("Best before", lot.lot.best_before),
    ):
        if day is not None:
            yield name, day.isoformat()


def _end(closure: Closure | None) -> Iterable[tuple[str, str]]:
    if closure is not None:
        yield "Closed", f"{closure.at:%Y-%m-%d %H:%M:%S} UTC by {closure.actor.kind} {closure.actor.id}"
        if closure.statement:
            yield "Statement", closure.statement


def _plan(plan: SamplingPlan) -> str:
    says = {"none": "none", "every": "every label", "ends": "first and last label of each batch"}
    return says.get(plan.kind) or f"every {plan.nth}th label of each batch, and its last"


_MEANINGS = {
    "held": "in hand, nothing known",
    "planned": "waiting in a print job",
    "sent": "handed to a printer that says nothing",
    "in_doubt": "may have come out",
    "absent": "did not come out",
    "confirmed": "came out; on the list",
    "spoiled": "label scrapped",
    "sampled": "label taken as a sample",
    "returned": "given back unused, never issued again",
    "invalidated": "not to be used",
}


def _figures(found: Reconciliation) -> Listing:
    rows = [(outcome.replace("_", " "), _MEANINGS[outcome], f"{count:,}") for outcome, count in found.outcomes.items()]
    rows.append(("granted", "all numbers that the lot ever got", f"{found.granted:,}"))
    rows.append(("difference", "granted less the sum of all outcomes", f"{found.difference:,}"))
    return Listing(
        "Every number of the lot", ("Outcome", "", "Numbers"), rows, (0.2, 0.6, 0.2), right=frozenset({2}), sums=2
    )


def _reprinted(copies: Iterable[Reprint]) -> Listing:
    """Return the labels that were to be printed again: which, why, who asked, who decided, were the bytes the same."""
    rows = []
    for found in copies:
        copy = "" if found.copy is None else f", copy {found.copy}"
        who = "by policy" if found.decided_by is None else f"by {found.decided_by.id}"
        end = "undecided" if found.state == "asked" else f"{found.state} {who}"
        match = "" if found.match is None else f", bytes {found.match}"
        asked = f"{found.asked_at:%Y-%m-%d %H:%M:%S}"
        rows.append((asked, f"{found.serial}{copy}", why_of(found), f"asked by {found.asked_by.id}, {end}{match}"))
    head = ("Asked (UTC)", "Label", "Why", "Who")
    return Listing("Labels printed again", head, rows, (0.2, 0.22, 0.22, 0.36))


def _entries(conn: Connection, lot_id: int, again: Iterable[ReprintRow]) -> Listing:
    """Return who did what when."""
    subjects = [f"lot:{lot_id}", *(f"batch:{batch}" for batch, _, _, _ in quality.ranges_of(conn, lot_id))]
    subjects += [f"job:{job}" for job in quality.job_ids(conn, lot_id)]
    subjects += [f"reprint:{row.id}" for row in again]
    found = audit.about(conn, subjects, _ENTRIES_AT_MOST)
    rows = [(f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.actor, entry.said) for entry in found]
    title = "Who did what"
    if len(found) == _ENTRIES_AT_MOST:
        title = f"{title}: the latest {_ENTRIES_AT_MOST:,} entries of the audit"
    return Listing(title, ("When (UTC)", "Who", "What"), rows, (0.2, 0.22, 0.58))
