"""The close report and the end-card of a lot, read back by other programs."""

from __future__ import annotations

import hashlib
from datetime import date

import pypdfium2
import pytest
import zxingcpp

from labelsvc.domain.batches import BatchRequest, LotRequest
from labelsvc.domain.moves import Declaration, Move
from labelsvc.domain.products import NewProduct
from labelsvc.domain.quality import SamplingPlan, VerifyScan
from labelsvc.errors import InvalidInput, NotFound
from labelsvc.issuing import batches, lots, products
from labelsvc.printing import close_report, numbers, reconciliation, verifying


def text_of(file: bytes) -> str:
    document = pypdfium2.PdfDocument(file)
    text = "\n".join(page.get_textpage().get_text_bounded() for page in document)
    document.close()
    return " ".join(text.split())


def scanned(file: bytes) -> list[str]:
    """Decode what is on the first page as a hand scanner does."""
    document = pypdfium2.PdfDocument(file)
    picture = document[0].render(scale=300 / 72).to_pil()
    document.close()
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def card_of(works, serials) -> str:
    digest = hashlib.sha256("".join(f"{serial}\n" for serial in sorted(serials)).encode()).hexdigest()
    return f"labelsvc:lot/{works.lot_id}/{len(serials)}/{digest}"


def report(works) -> bytes:
    return close_report.close_report(works.db, works.issuer, works.lot_id)


@pytest.fixture
def settled(works):
    """A lot of seven: one spoiled, two returned, four signed for."""
    batch = works.issue(7, printer=None)
    serials = works.serials(batch)
    for its, outcome in ((serials[2:3], "spoiled"), (serials[5:], "returned")):
        move = Move("VALVE", tuple(its), outcome, f"{outcome} for Ιωάννα")
        numbers.move_numbers(works.db, works.issuer, works.call(), move)
    sign = Declaration("held", "confirmed", "Ιωάννα saw all four.")
    reconciliation.declare(works.db, works.call(), works.lot_id, sign)
    return [*serials[:2], *serials[3:5]]


def test_an_open_lot_has_a_draft_and_a_card(works, settled) -> None:
    file = report(works)
    text = text_of(file)
    assert "DRAFT: the lot is open" in text
    for said in (
        "Lot M-1 of Ball valve",
        "VALVE, Ball valve",
        "Production date 2026-11-22",
        "confirmed came out; on the list 4",
        "spoiled label scrapped 1",
        "returned given back unused, never issued again 2",
        "granted all numbers that the lot ever got 7",
        "difference granted less the sum of all outcomes 0",
        "batch.spoil batch:1, labels 3: spoiled for Ιωάννα",
        "batch.return batch:1, labels 6-7: returned for Ιωάννα",
        "lot.declare lot:1: Ιωάννα saw all four.",
        "Page 1 of 1",
    ):
        wanted = said.replace("batch:1", f"batch:{_batch(works)}").replace("lot:1", f"lot:{works.lot_id}")
        assert wanted in text
    assert scanned(file) == [card_of(works, settled)]
    assert scanned(close_report.end_card(works.db, works.issuer, works.lot_id)) == [card_of(works, settled)]


def _batch(works) -> int:
    return batches.list_batches(works.db, works.issuer, works.lot_id, 0, 1).items[0].id


def test_a_closed_lot_says_when_by_whom_and_with_what_digest(works, settled) -> None:
    reconciliation.close_lot(works.db, works.issuer, works.call(), works.lot_id, "Τέλος.")
    file = report(works)
    text, card = text_of(file), card_of(works, settled)
    assert "DRAFT" not in text
    for said in ("CLOSED", "Closed 2026-11-22 12:00:00 UTC by key tests", "Statement Τέλος.", "lot.close"):
        assert said in text
    digest = card.rpartition("/")[2]
    assert f"{digest[:32]} {digest[32:]}" in text
    assert scanned(file) == [card]
    verdict = verifying.verify_scan(works.db, works.issuer, works.call(), VerifyScan(scanned(file)[0]))
    assert verdict.kind == "end-card-right"
    assert report(works) == file


def test_a_plan_is_said_in_words(works) -> None:
    works.issue(9, printer=None)
    for kind, nth, said in (
        ("none", 1, "Sampling plan none Labels left to scan 0"),
        ("every", 1, "Sampling plan every label Labels left to scan 9"),
        ("nth", 4, "every 4th label of each batch, and its last Labels left to scan 3"),
        ("ends", 1, "first and last label of each batch Labels left to scan 2"),
    ):
        reconciliation.set_sampling(works.db, works.call(), works.lot_id, SamplingPlan(kind, nth))
        assert said in text_of(report(works))


def test_a_scan_of_a_label_is_not_in_the_report_but_counted(works) -> None:
    serials = works.serials(works.issue(2, printer=None))
    verifying.verify_scan(works.db, works.issuer, works.call(), VerifyScan(f"VALVE/{serials[0]}"))
    text = text_of(report(works))
    assert "label.scan" not in text
    assert "confirmed came out; on the list 1" in text


def test_a_card_for_the_printer_is_of_the_size_of_the_lots_labels(works) -> None:
    def card(**said):
        given = {"dpmm": 8, "size": None, **said}
        return close_report.end_card_zpl(works.db, works.issuer, works.lot_id, **given)

    assert card().startswith(b"^XA^CI28^PW800^LL400")  # a lot without a batch: 100 x 50 mm
    works.issue(1, printer=None)  # item-70x35
    assert card().startswith(b"^XA^CI28^PW560^LL280")
    assert card(dpmm=12, size=(50.0, 25.0)).startswith(b"^XA^CI28^PW600^LL300")
    assert card().count(b"^XA") == 1
    assert card_of(works, []).encode() in card()
    for said, pointer in (({"dpmm": 10}, "/dpmm"), ({"size": (100.0, 0.0)}, None), ({"size": (900.0, 50.0)}, None)):
        with pytest.raises(InvalidInput) as refused:
            card(**said)
        assert refused.value.code in ("end_card_dpmm", "end_card_size")
        assert refused.value.pointer == pointer


def test_a_name_in_any_script_and_dates_are_in_the_report(works) -> None:
    name = "Ιβουπροφαίνη 400 mg <b> žluťoučký kůň & Co"
    products.add_product(works.db, works.call(), NewProduct("09506000134352", name, "{rnd:10}", "unit-100x50"))
    dates = {"production_date": date(2026, 11, 22), "expiry_date": date(2028, 11, 21)}
    lot = lots.open_lot(works.db, works.call(), LotRequest("09506000134352", "L/<1>", **dates))
    batches.issue(works.db, works.issuer, works.call(), lot.id, BatchRequest(1))
    text = text_of(close_report.close_report(works.db, works.issuer, lot.id))
    for said in (f"Lot L/<1> of {name}", "Expiry date 2028-11-21"):
        assert said in text


def test_an_unknown_lot_has_neither(works) -> None:
    for use_case in (close_report.close_report, close_report.end_card):
        with pytest.raises(NotFound):
            use_case(works.db, works.issuer, 10**9)
    with pytest.raises(NotFound):
        close_report.end_card_zpl(works.db, works.issuer, 10**9, 8, None)
