"""Use case: QA or a camera scans a label; what was read is kept, and proves that the label is there."""

from __future__ import annotations

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.moves import SCANNABLE
from labelsvc.domain.outcomes import Interval
from labelsvc.domain.quality import Verdict, VerdictKind, VerifyScan
from labelsvc.domain.scans import EndCard, Reading, read
from labelsvc.errors import InvalidInput, LabelsvcError
from labelsvc.printing.reconciliation import lot_digest
from labelsvc.storage import audit, batches, issued, lots, outcomes, quality, ranges
from labelsvc.storage.database import Database
from labelsvc.storage.issued import Number

_TEXT_AT_MOST = 500


def verify_scan(db: Database, issuer: Issuer, call: Call, scan: VerifyScan) -> Verdict:
    """Say what a scanned label is, and keep the scan; a right one raises its number's evidence to `scanned`.

    Raises:
        NotFound: no such lot or batch.
        InvalidInput: the text is too long.
    """
    if scan.text is not None and len(scan.text) > _TEXT_AT_MOST:
        message = f"Expected at most {_TEXT_AT_MOST} characters, got {len(scan.text)}."
        raise InvalidInput("scan_text", message, pointer="/text")
    said = None if scan.text is None else read(scan.text)
    digest = lot_digest(db, issuer, said.lot_id) if isinstance(said, EndCard) and _is_lot(db, said.lot_id) else None

    def work(conn: Connection) -> Verdict:
        meant = _meant(conn, scan)
        number = None
        if isinstance(said, EndCard):
            verdict = _end_card(said, digest)
        elif said is None:
            verdict = Verdict("unreadable", "Expected a label of ours, got one that cannot be read.")
        else:
            number = _number(conn, issuer, said, scan.product or meant[2])
            verdict = _verdict(conn, said, number, meant) if number else _unknown(said)
        place: dict[str, int | None] = {"lot_id": verdict.lot_id, "batch_id": verdict.batch_id}
        place |= {"range_id": number.granted.id, "ordinal": number.ordinal} if number else {}
        quality.record_scan(conn, call, verdict.kind, scan.text, place)
        if number is not None and verdict.kind in ("right", "wrong-lot", "wrong-batch"):
            _raise_evidence(conn, call, number)
        subject = f"batch:{verdict.batch_id}" if verdict.batch_id else f"lot:{verdict.lot_id or scan.lot_id or 0}"
        audit.record(conn, call, "label.scan", subject, after={"verdict": verdict.kind, "serial": verdict.serial})
        return verdict

    return db.write(work)


def _is_lot(db: Database, lot_id: int) -> bool:
    with db.read() as conn:
        try:
            lots.get(conn, lot_id)
        except LabelsvcError:
            return False
    return True


def _meant(conn: Connection, scan: VerifyScan) -> tuple[int | None, int | None, str | None]:
    """Return the lot and the batch that the label should be of, and their product."""
    if scan.batch_id is not None:
        batch = batches.get(conn, scan.batch_id)
        return batch.lot_id, batch.id, batch.product_code
    if scan.lot_id is not None:
        return scan.lot_id, None, lots.get(conn, scan.lot_id).product_code
    return None, None, None


def _number(conn: Connection, issuer: Issuer, said: Reading, product: str | None) -> Number | None:
    code = said.product or product
    if code is None:
        return None
    try:
        return issued.find(conn, issuer, code, said.serial)
    except LabelsvcError:  # no such product, or no code of one
        return None


def _verdict(
    conn: Connection, said: Reading, number: Number, meant: tuple[int | None, int | None, str | None]
) -> Verdict:
    ranges.lock(conn, number.granted.id)
    batch, known = number.batch, outcomes.of_number(conn, number.granted.id, number.ordinal)
    kind: VerdictKind = "right"
    message = "The label is right."
    if known.outcome == "planned":
        kind, message = "not-printed", "Expected no label, for it was not printed yet, got one."
    elif known.outcome not in SCANNABLE:
        kind, message = "not-valid", f"Expected no label, for its number is {known.outcome}, got one."
    elif quality.was_scanned(conn, number.granted.id, number.ordinal):
        kind, message = "duplicate", "Expected a label that nobody scanned yet, got one that was scanned before."
    elif meant[0] not in (None, batch.lot_id) or said.lot not in (None, batch.lot_number):
        kind, message = "wrong-lot", f"Expected a label of another lot, got one of {batch.lot_number}."
    elif meant[1] not in (None, batch.id):
        kind, message = "wrong-batch", f"Expected a label of batch {meant[1]}, got one of {batch.id}."
    return Verdict(
        kind,
        message,
        said.serial,
        batch.product_code,
        batch.lot_id,
        batch.lot_number,
        batch.id,
        number.label,
        known.outcome,
    )


def _raise_evidence(conn: Connection, call: Call, number: Number) -> None:
    known = outcomes.of_number(conn, number.granted.id, number.ordinal)
    if (known.outcome, known.evidence) != ("confirmed", "scanned") and quality.closure(
        conn, number.batch.lot_id
    ) is None:
        at = number.ordinal
        outcomes.append(conn, call, number.granted.id, Interval(at, at, "confirmed", "scanned", known.reason))


def _unknown(said: Reading) -> Verdict:
    return Verdict("unknown", "Expected a serial that was issued, got one that never was.", said.serial, said.product)


def _end_card(card: EndCard, found: tuple[int, str] | None) -> Verdict:
    if found == (card.count, card.digest):
        return Verdict("end-card-right", f"The lot has the {card.count} serials of this card.", lot_id=card.lot_id)
    message = "Expected the card of the lot as it is, got another."
    return Verdict("end-card-wrong", message, lot_id=card.lot_id if found else None)
