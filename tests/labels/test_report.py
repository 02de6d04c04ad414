"""The close report as people and other programs read it."""

from __future__ import annotations

import pypdfium2
import zxingcpp

from labelsvc.labels import report
from labelsvc.labels.report import CloseReport, Listing

CARD = "labelsvc:lot/12345/480000/" + "0f1e2d3c4b5a6978" * 4


def made(rows=(), **changes) -> CloseReport:
    listings = (
        Listing(
            "Every number of the lot",
            ("Outcome", "", "Numbers"),
            [("confirmed", "came out", "480,000"), ("granted", "all", "480,000")],
            (0.2, 0.6, 0.2),
            right=frozenset({2}),
            sums=1,
        ),
        Listing("Who did what", ("When (UTC)", "Who", "What"), rows, (0.2, 0.22, 0.58)),
    )
    facts = [("Lot", "L-2026-118"), ("SHA-256 of their list", "0f1e2d3c")]
    given = {"title": "Close report of lot L-2026-118", "subtitle": "Lot L-2026-118", "state": "CLOSED"}
    return CloseReport(**{**given, "facts": facts, "listings": listings, "card": CARD, **changes})


def pages(file: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(file)
    texts = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    return texts


def test_it_says_what_it_is_given_and_how_many_pages_it_has() -> None:
    (text,) = pages(report.write(made()))
    for said in ("Close report", "CLOSED", "L-2026-118", "confirmed", "480,000", "granted", "None.", "Page 1 of 1"):
        assert said in text


def test_text_in_any_script_is_there_and_nothing_in_it_is_markup() -> None:
    subtitle = 'Ιβουπροφαίνη <b>400</b> & "žluťoučký kůň"'
    (text,) = pages(report.write(made(subtitle=subtitle)))
    assert subtitle in text


def test_many_entries_go_on_over_pages_and_none_is_lost() -> None:
    rows = [(f"2026-11-20 08:{at % 60:02d}:00", "user anna", f"batch.spoil batch:{at}x: torn") for at in range(300)]
    texts = pages(report.write(made(rows)))
    assert len(texts) > 3
    for number, text in enumerate(texts, start=1):
        assert f"Page {number} of {len(texts)}" in text
        assert "Close report of lot L-2026-118" in text
    assert all("What" in text for text in texts[1:-1])  # the table's head comes again
    joined = "\n".join(texts)
    assert all(f"batch:{at}x" in joined for at in range(300))


def test_a_text_without_a_space_stays_on_its_page() -> None:
    long = "x" * 500
    file = report.write(made([("2026-11-20 08:00:00", "key " + "y" * 80, long)], facts=[("Statement", "z" * 500)]))
    assert "".join(pages(file)).count("x") == 500
    document = pypdfium2.PdfDocument(file)
    picture = document[0].render(scale=1, grayscale=True).to_numpy()
    ink = picture.reshape(picture.shape[:2]) < 200
    document.close()
    assert not ink[:, : int(17 * 72 / 25.4)].any(), "ink in the left margin"
    assert not ink[:, -int(17 * 72 / 25.4) :].any(), "ink in the right margin"


def test_its_symbol_is_scanned_from_a_print() -> None:
    document = pypdfium2.PdfDocument(report.write(made()))
    picture = document[0].render(scale=300 / 72).to_pil()
    document.close()
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == CARD


def test_the_same_facts_give_the_same_bytes() -> None:
    assert report.write(made()) == report.write(made())
