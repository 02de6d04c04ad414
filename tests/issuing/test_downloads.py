"""Downloads: the files of a batch, made while they are read; each download of labels is an entry in the audit."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from labelsvc.domain.batches import LabelsRequest
from labelsvc.domain.moves import Declaration, Move
from labelsvc.errors import Conflict, LabelsvcError, NotAllowed, NotFound, TooLarge
from labelsvc.issuing import downloads, label_formats
from labelsvc.printing import numbers, reconciliation


def labels(plant: Any, batch: Any, form: str, *, any_batch: bool = True, **request: Any) -> Any:
    asked = LabelsRequest(form, **request)  # type: ignore[arg-type]
    return downloads.labels(plant.db, plant.issuer, plant.call(), batch.id, asked, any_batch=any_batch)


@pytest.fixture
def batch(plant: Any) -> Any:
    lot = plant.lot(plant.product("{seq:5}"))
    plant.issue(lot, 3)
    return plant.issue(lot, 10)


def test_the_csv_has_a_line_for_each_label(plant: Any, batch: Any) -> None:
    """RFC 4180: CR LF after every line, the header's too."""
    plant.give_back(batch, 9, 2)
    made = downloads.serials_csv(plant.db, plant.issuer, batch.id)
    assert made.media_type == "text/csv; charset=utf-8"
    assert made.filename == f"batch-{batch.id}-serials.csv"
    lines = b"".join(made.body).decode().split("\r\n")
    assert lines[0] == "serial,label,outcome"
    assert lines[1:-1] == [f"{n + 3:05d},{n},{'returned' if n > 8 else 'held'}" for n in range(1, 11)]
    assert lines[-1] == ""


def test_a_long_csv_comes_in_pieces(plant: Any) -> None:
    """A piece holds 1,000 lines, however long the file; the serials are those of the batch, in order."""
    batch = plant.issue(plant.lot(), 2_500)
    pieces = list(downloads.serials_csv(plant.db, plant.issuer, batch.id).body)
    assert [piece.count(b"\r\n") for piece in pieces] == [1, 1_000, 1_000, 500]
    rows = plant.rows(batch)
    assert (rows[0]["serial"], rows[-1]["serial"]) == (batch.first_serial, batch.last_serial)
    assert [int(row["label"]) for row in rows] == list(range(1, 2_501))
    assert len({row["serial"] for row in rows}) == 2_500


def test_a_csv_changes_nothing(plant: Any, batch: Any) -> None:
    """It holds no label, so it is no entry either."""
    before = plant.tables()
    plant.rows(batch)
    assert plant.tables() == before


def test_labels_come_as_zpl_pdf_or_png(plant: Any, batch: Any, subtests: pytest.Subtests) -> None:
    """Named by what is in them."""
    cases = [
        ("zpl", "application/vnd.zebra-zpl", b"^XA"),
        ("pdf", "application/pdf", b"%PDF-"),
        ("png", "image/png", b"\x89PNG"),
    ]
    for form, media_type, begins in cases:
        with subtests.test(form=form, media_type=media_type):
            made = labels(plant, batch, form, first=4, count=1)
            assert made.media_type == media_type
            assert made.filename == f"batch-{batch.id}-labels-4.{form}"
            assert b"".join(made.body).lstrip().startswith(begins)


def test_a_part_is_the_same_part_of_the_whole(plant: Any, batch: Any) -> None:
    """Labels 4 to 6, as they stand in the file of all ten."""
    whole = plant.labels(batch)
    part = labels(plant, batch, "zpl", first=4, count=3)
    assert part.filename == f"batch-{batch.id}-labels-4-6.zpl"
    text = b"".join(part.body)
    assert text in whole
    assert [b"%05d" % n in text for n in range(1, 15)] == [7 <= n <= 9 for n in range(1, 15)]
    assert b"".join(labels(plant, batch, "zpl", first=8).body) == b"".join(
        b"".join(labels(plant, batch, "zpl", first=n, count=1).body) for n in (8, 9, 10)
    )


def test_a_png_is_one_label(plant: Any, batch: Any) -> None:
    """Whatever count was asked for, and the entry says so."""
    one = plant.labels(batch, "png", first=3, count=1)
    made = labels(plant, batch, "png", first=3)
    assert made.filename == f"batch-{batch.id}-labels-3.png"
    assert b"".join(made.body) == one
    assert plant.audit("batch.download")[-1]["after"] == {"form": "png", "first": 5, "last": 5}


def test_without_a_resolution_it_is_the_printers_or_12(plant: Any, batch: Any) -> None:
    """8 and 12 dots per mm give other files."""
    assert plant.labels(batch) == plant.labels(batch, dpmm=12) != plant.labels(batch, dpmm=8)
    plant.printer("p", dpmm=8)
    printed = plant.issue(plant.lot(), 2, printer="p")
    assert plant.labels(printed) == plant.labels(printed, dpmm=8) != plant.labels(printed, dpmm=12)


def test_what_is_not_there_is_refused_and_leaves_no_entry(plant: Any, batch: Any, subtests: pytest.Subtests) -> None:
    """With its field."""
    cases = [
        ({"dpmm": 0}, "dpmm", "/dpmm"),
        ({"dpmm": 10}, "dpmm", "/dpmm"),
        ({"first": 0}, "label_outside_batch", "/first"),
        ({"first": 11}, "label_outside_batch", "/first"),
        ({"first": 3, "count": 9}, "count_outside_batch", "/count"),
        ({"count": 0}, "count_outside_batch", "/count"),
    ]
    for request_, code, pointer in cases:
        with subtests.test(request_=request_, code=code):
            before = plant.tables()
            with pytest.raises(LabelsvcError) as refusal:
                labels(plant, batch, "zpl", **request_)
            assert (refusal.value.code, refusal.value.pointer) == (code, pointer)
            assert plant.tables() == before


def test_labels_of_a_batch_that_has_a_printer_are_not_for_everyone(plant: Any) -> None:
    """A second paper copy of what a printer prints needs someone who may take it."""
    plant.printer("p")
    batch = plant.issue(plant.lot(), 2, printer="p")
    before = plant.tables()
    with pytest.raises(NotAllowed) as refusal:
        labels(plant, batch, "zpl", any_batch=False)
    assert refusal.value.code == "batch_has_printer"
    assert plant.tables() == before
    assert b"".join(labels(plant, batch, "zpl", any_batch=True).body)


def test_a_line_takes_labels_of_a_batch_without_a_printer(plant: Any, batch: Any) -> None:
    """That is how it gets them at all."""
    assert b"".join(labels(plant, batch, "zpl", any_batch=False).body)


@pytest.mark.parametrize(("first", "count"), [(1, None), (4, 1), (1, 4), (5, 6)])
def test_numbers_that_were_returned_have_no_labels(plant: Any, batch: Any, first: int, count: int | None) -> None:
    """Nor has any part with one of them; the conflict names the first."""
    plant.give_back(batch, 4, 2)
    before = plant.tables()
    with pytest.raises(Conflict) as refusal:
        labels(plant, batch, "zpl", first=first, count=count)
    assert (refusal.value.code, refusal.value.pointer) == ("numbers_returned", "/first")
    assert f"label {max(first, 4)}, which was returned" in refusal.value.message
    assert plant.tables() == before
    assert b"".join(labels(plant, batch, "zpl", first=6).body)


@pytest.mark.parametrize("outcome", ["spoiled", "invalidated"])
@pytest.mark.parametrize("form", ["zpl", "pdf", "png"])
def test_numbers_that_are_not_valid_any_more_have_no_labels(plant: Any, batch: Any, outcome: Any, form: Any) -> None:
    """A label that says the contrary would be one more that nobody accounts for."""
    serial = plant.serials(batch)[3]
    move = Move(batch.product_code, (serial,), outcome, "torn")
    numbers.move_numbers(plant.db, plant.issuer, plant.call("torn"), move)
    with pytest.raises(Conflict) as refusal:
        labels(plant, batch, form, first=4, count=1)
    assert (refusal.value.code, refusal.value.pointer) == ("numbers_not_valid", "/first")
    assert f"label 4, which was {outcome}" in refusal.value.message
    assert plant.audit("batch.download") == []


def test_nothing_is_printed_of_a_closed_lot_and_all_of_it_can_be_looked_at(plant: Any, batch: Any) -> None:
    all_on_goods = Declaration("held", "confirmed", "All are on their goods.")
    reconciliation.declare(plant.db, plant.call("declare"), batch.lot_id, all_on_goods)
    reconciliation.close_lot(plant.db, plant.issuer, plant.call(), batch.lot_id, None)
    for form in ("zpl", "pdf"):
        with pytest.raises(Conflict) as refusal:
            labels(plant, batch, form)
        assert refusal.value.code == "lot_closed"
    assert b"".join(labels(plant, batch, "png", first=1).body).startswith(b"\x89PNG")


def test_numbers_returned_while_a_download_begins_have_no_labels_either(plant: Any, batch: Any) -> None:
    """Whichever is first is first for both: no label goes out whose number someone just gave back."""
    busy = plant.meanwhile(lambda: plant.give_back(batch, 10, 1))
    with pytest.raises(Conflict) as refusal:
        busy.labels(batch)
    assert refusal.value.code == "numbers_returned"
    assert plant.audit("batch.download") == []


def test_every_download_of_labels_is_an_entry(plant: Any, batch: Any) -> None:
    """Who took which labels in which form."""
    plant.labels(batch, "pdf", first=2, count=3)
    (entry,) = plant.audit("batch.download")
    assert (entry["actor_id"], entry["subject"]) == ("line 3", f"batch:{batch.id}")
    assert entry["after"] == {"form": "pdf", "first": 4, "last": 6}


def test_more_labels_than_a_pdf_holds_are_refused_at_once(plant: Any) -> None:
    """A million; as ZPL they stream."""
    batch = plant.issue(plant.lot(plant.product("{seq:7}")), 1_000_001)
    before = plant.tables()
    with pytest.raises(TooLarge, match="1,000,000"):
        labels(plant, batch, "pdf")
    assert plant.tables() == before
    first = next(iter(labels(plant, batch, "zpl").body))
    assert first.count(b"^XA") == 1
    assert next(iter(labels(plant, batch, "pdf", count=1_000_000).body)).startswith(b"%PDF-")


def test_no_batch_is_not_found(plant: Any) -> None:
    """For any file."""
    nothing = type("Batch", (), {"id": 999})
    for ask in (lambda: plant.rows(nothing), lambda: labels(plant, nothing, "zpl")):
        with pytest.raises(NotFound) as refusal:
            ask()
        assert refusal.value.code == "batch_unknown"


def test_pictures_are_those_of_the_revision(plant: Any) -> None:
    """A format's pictures are kept with it, and a new picture is a new revision: a black square became white."""

    def png(grey: int) -> bytes:
        written = BytesIO()
        Image.new("L", (8, 8), grey).save(written, "PNG")
        return written.getvalue()

    def is_black(batch: Any) -> bool:
        drawn = Image.open(BytesIO(plant.labels(batch, "png", dpmm=8)))
        return drawn.convert("L").getpixel((6 * 8, 16 * 8)) == 0

    toml = label_formats.get_format(plant.db, "plain").toml.replace('"plain"', '"logo"')
    toml += '\n[[image]]\nfile = "logo.png"\nbox = [2, 12, 8, 8]\n'
    label_formats.add_format(plant.db, plant.call(), toml, {"logo.png": png(0)})
    lot = plant.lot(plant.product(label_format="logo"))
    old = plant.issue(lot, 1)
    assert is_black(old)
    label_formats.add_format(plant.db, plant.call(), toml, {"logo.png": png(255)})
    new = plant.issue(lot, 1)
    assert old.format_revision != new.format_revision
    assert (is_black(old), is_black(new)) == (True, False)
