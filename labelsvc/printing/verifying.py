"""Use case: QA or a camera scans a label; what was read is kept, and proves that the label is there."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection

from labelsvc.domain.actors import Call
from labelsvc.domain.gs1 import format_yymmdd, parse_product_code
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.moves import SCANNABLE
from labelsvc.domain.outcomes import Interval
from labelsvc.domain.quality import Verdict, VerdictKind, VerifyScan
from labelsvc.domain.scans import EndCard, LabelText, read
from labelsvc.errors import InvalidInput, LabelsvcError
from labelsvc.labels.values import Values
from labelsvc.printing import serial_list
from labelsvc.storage import audit, batches, issued, lots, outcomes, quality, ranges, stations
from labelsvc.storage import requests as request_keys
from labelsvc.storage.batches import BatchRow
from labelsvc.storage.database import Database
from labelsvc.storage.issued import Number

_TEXT_AT_MOST = 500
_ROUTE = "verify-scans"


def verify_scan(db: Database, issuer: Issuer, call: Call, scan: VerifyScan) -> Verdict:
    """Say what a scanned label is, and keep the scan; a label that is there raises its number's evidence to `scanned`.

    A camera that did not get the answer may ask again: with the same key it is the same scan, without one each is new.

    Raises:
        NotFound: no such lot or batch.
        InvalidInput: the text is too long, or the batch is none of the lot.
        Conflict: the key was used for another scan.
    """
    if scan.text is not None and len(scan.text) > _TEXT_AT_MOST:
        message = f"Expected at most {_TEXT_AT_MOST} characters, got {len(scan.text)}."
        raise InvalidInput("scan_text", message, pointer="/text")
    said = None if scan.text is None else read(scan.text)
    card = _end_card(db, issuer, said) if isinstance(said, EndCard) else None

    def work(conn: Connection) -> Verdict:
        answered = request_keys.claim(conn, call, _ROUTE, asdict(scan)) if call.key is not None else None
        if answered is not None:
            return Verdict(**answered)
        meant = _meant(conn, scan)
        label = said.beside(scan.product or meant.product) if isinstance(said, LabelText) else None
        number = _number(conn, issuer, label) if label is not None else None
        if label is not None and number is not None:
            verdict, proved = _verdict(conn, label, number, meant)
        else:
            verdict, proved = card or _unknown(label), False
        if proved and number is not None:
            _raise_evidence(conn, call, number)
        place = {"lot_id": verdict.lot_id, "batch_id": verdict.batch_id}
        if number is not None:
            place |= {"range_id": number.granted.id, "ordinal": number.ordinal}
        quality.record_scan(conn, call, quality.Scan(verdict.kind, _shown(scan.text), proved, **place))
        _audit(conn, call, scan, verdict)
        if call.key is not None:
            request_keys.settle(conn, call, _ROUTE, asdict(verdict))
        return verdict

    return db.write(work)


def _audit(conn: Connection, call: Call, scan: VerifyScan, verdict: Verdict) -> None:
    """Write the entry; of a text that is no serial of ours it holds nothing, for that may be anybody's."""
    after = {"verdict": verdict.kind, "lot": verdict.lot_id or scan.lot_id, "batch": verdict.batch_id or scan.batch_id}
    subject = f"label:{verdict.product}/{verdict.serial}" if verdict.batch_id else "label:unknown"
    audit.record(conn, call, "label.scan", subject, after=after)


def _shown(text: str | None) -> str | None:
    """Return a text with an escape for each character that cannot be shown, GS for instance."""
    if text is None:
        return None
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)[:_TEXT_AT_MOST]


@dataclass(frozen=True, slots=True)
class _Meant:
    """Where a label should be from, as far as somebody said."""

    lot_id: int | None = None
    batch_id: int | None = None
    product: str | None = None


def _meant(conn: Connection, scan: VerifyScan) -> _Meant:
    if scan.batch_id is not None:
        batch = batches.get(conn, scan.batch_id)
        if scan.lot_id not in (None, batch.lot_id):
            message = f"Expected a batch of lot {scan.lot_id}, got one of {batch.lot_id}."
            raise InvalidInput("batch_not_of_lot", message, pointer="/batch")
        return _Meant(batch.lot_id, batch.id, batch.product_code)
    if scan.lot_id is not None:
        return _Meant(scan.lot_id, None, lots.get(conn, scan.lot_id).product_code)
    return _Meant()


def _number(conn: Connection, issuer: Issuer, said: LabelText) -> Number | None:
    if said.product is None:
        return None
    try:
        return issued.find(conn, issuer, parse_product_code(said.product).value, said.serial)
    except LabelsvcError:  # no such product, or no code of one
        return None


def _verdict(conn: Connection, said: LabelText, number: Number, meant: _Meant) -> tuple[Verdict, bool]:
    """Return what a label of ours is, and whether it proves that its number's label is there."""
    batch = number.batch
    quality.wait_for_senders(conn, batch.id, number.ordinal)
    ranges.lock(conn, number.granted.id)
    known = outcomes.of_number(conn, number.granted.id, number.ordinal)
    kind, message, proved = _judged(conn, said, number, meant, known)
    found = Verdict(
        kind=kind,
        message=message,
        serial=said.serial,
        product=batch.product_code,
        lot_id=batch.lot_id,
        lot_number=batch.lot_number,
        batch_id=batch.id,
        label=number.label,
        outcome=known.outcome,
    )
    return found, proved


def _judged(
    conn: Connection, said: LabelText, number: Number, meant: _Meant, known: Interval
) -> tuple[VerdictKind, str, bool]:
    batch = number.batch
    strange = _strange(said, batch)
    if strange is not None:
        return (*strange, False)
    if known.outcome == "planned" and not stations.has(conn, batch.id, number.label):
        return "not-printed", "Expected no label, for it was not printed yet, got one.", False
    if known.outcome not in SCANNABLE and known.outcome != "planned":
        return "not-valid", f"Expected no label, for its number is {known.outcome}, got one.", False
    if meant.lot_id not in (None, batch.lot_id):
        return "wrong-lot", f"Expected a label of another lot, got one of {batch.lot_number}.", True
    if meant.batch_id not in (None, batch.id):
        return "wrong-batch", f"Expected a label of batch {meant.batch_id}, got one of {batch.id}.", True
    if quality.was_scanned(conn, batch.id, number.granted.id, number.ordinal):
        return "duplicate", "Expected a label that nobody scanned yet, got one that was scanned before.", True
    return "right", "The label is right.", True


def _strange(said: LabelText, batch: BatchRow) -> tuple[VerdictKind, str] | None:
    """Return why a label is none of those that were printed of a batch, whatever its serial."""
    printed = Values.from_json(batch.frozen)
    if said.lot not in (None, printed.printed_lot):
        lot = "no lot" if printed.printed_lot is None else f"lot {printed.printed_lot}"
        return "wrong-lot", f"Expected a label that says {lot}, got one that says another."
    if said.domain not in (None, printed.digital_link):
        return "unknown", f"Expected a link that begins with {printed.digital_link}, got another."
    dates = {format_yymmdd(day) for day in printed.printed_dates}
    if not said.dates <= dates:
        wanted = ", ".join(sorted(dates)) or "no date"
        return "unknown", f"Expected a label that says {wanted}, got one that says another date."
    return None


def _raise_evidence(conn: Connection, call: Call, number: Number) -> None:
    known = outcomes.of_number(conn, number.granted.id, number.ordinal)
    if (known.outcome, known.evidence) == ("confirmed", "scanned"):
        return
    if known.outcome == "planned":  # its station has not told of it yet; then the scan is written down, too
        return
    if quality.closure(conn, number.batch.lot_id) is None:
        outcomes.prove(conn, call, number.granted.id, number.ordinal)


def _unknown(said: LabelText | None) -> Verdict:
    if said is not None:
        if said.product is None:
            message = "Expected a product beside a serial alone, or its lot or batch, got none."
            return Verdict("unknown", message, said.serial)
        message = "Expected a serial that was issued, got one that never was."
        return Verdict("unknown", message, said.serial, said.product)
    return Verdict("unreadable", "Expected a label of ours, got one that cannot be read.")


def _end_card(db: Database, issuer: Issuer, card: EndCard) -> Verdict:
    """Return whether a lot has the serials of its card, now if it is open, else when it was closed."""
    with db.read() as conn:
        try:
            lots.get(conn, card.lot_id)
        except LabelsvcError:
            return Verdict("end-card-wrong", "Expected the card of a lot of ours, got another.")
        end = quality.closure(conn, card.lot_id)
        listed = serial_list.confirmed(conn, issuer, card.lot_id)
    is_right = end is None or (end.count, end.digest) == (card.count, card.digest)
    if is_right and sum(count for _, _, count in listed) == card.count and serial_list.digest(listed)[1] == card.digest:
        return Verdict("end-card-right", f"The lot has the {card.count} serials of this card.", lot_id=card.lot_id)
    return Verdict("end-card-wrong", "Expected the card of the lot as it is, got another.", lot_id=card.lot_id)
