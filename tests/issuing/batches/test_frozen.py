"""What a batch froze stays: its labels are byte for byte the same, whatever becomes of lot, format or printer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from labelsvc.domain.batches import LotDates
from labelsvc.domain.issuer import Issuer
from labelsvc.issuing import label_formats, lots, products
from labelsvc.labels import fonts, formats
from labelsvc.printing import printers

FILES = [
    ("zpl", {"dpmm": 8}),
    ("zpl", {"dpmm": 12}),
    ("pdf", {"dpmm": 12}),
    ("png", {"dpmm": 8, "first": 3}),
]


def files(plant: Any, batch: Any) -> list[bytes]:
    return [plant.labels(batch, form, **request) for form, request in FILES]


@pytest.mark.parametrize("with_printer", [False, True])
def test_labels_stay_as_they_were(plant: Any, with_printer: bool) -> None:
    """The next batch has all that is new; the old one has none of it."""
    product = plant.product(label_format="unit-100x50")
    lot = plant.lot(product)
    more = {}
    if with_printer:
        printer = plant.printer("p", media_width=100.0, media_height=50.0)
        more["printer"] = "p"
    old = plant.issue(lot, 4, line="line 3", **more)
    before = files(plant, old)

    lots.edit_lot(plant.db, plant.call(), lot.id, LotDates(date(2026, 10, 1), date(2027, 12, 31)))
    toml = label_formats.get_format(plant.db, "unit-100x50").toml.replace('value = "LOT"', 'value = "BATCH"')
    label_formats.add_format(plant.db, plant.call(), toml, {})
    products.add_scheme(plant.db, plant.call(), product.code, "X{seq:6}")
    plant.issuer = Issuer(plant.issuer.secret, "https://other.example.org")
    if with_printer:
        printers.edit_printer(plant.db, plant.call(), replace(printer.spec, dpmm=12), plant.data_dir)

    assert files(plant, old) == before
    new = plant.issue(lot, 4, line="line 3", **more)
    assert not any(one == other for one, other in zip(files(plant, new), before, strict=True))
    assert new.format_revision != old.format_revision
    assert plant.batch(old).format_revision == old.format_revision


def test_the_digital_link_is_that_of_the_day_of_issue(plant: Any) -> None:
    """It is printed for ever."""
    lot = plant.lot(plant.product(label_format="unit-100x50"))
    old = plant.issue(lot, 1)
    plant.issuer = Issuer(plant.issuer.secret, "https://other.example.org")
    assert b"id.example.com" in plant.labels(old)
    assert b"other.example.org" not in plant.labels(old)


def test_the_printers_resolution_is_that_of_the_job(plant: Any) -> None:
    """A download without a resolution has the dots of the printer that the job was made for."""
    printer = plant.printer("p")
    batch = plant.issue(plant.lot(), 2, printer="p")
    before = plant.labels(batch)
    assert before == plant.labels(batch, dpmm=8)
    printers.edit_printer(plant.db, plant.call(), replace(printer.spec, dpmm=12), plant.data_dir)
    assert plant.labels(batch) == before


def test_a_product_added_again_is_refused_so_no_name_changes_under_a_batch(plant: Any) -> None:
    """And were the row changed by hand, the labels would still say what was frozen."""
    lot = plant.lot(plant.product(label_format="unit-100x50", name="Oldname"))
    batch = plant.issue(lot, 1)
    before = plant.labels(batch)
    plant.db.write(lambda conn: conn.exec_driver_sql("UPDATE products SET name = 'Newname'"))
    assert plant.labels(batch) == before
    assert b"Oldname" in before


def test_a_format_of_before_the_fonts_grew_is_still_given_to_new_batches(plant: Any, monkeypatch: Any) -> None:
    """Its revision has the name it was added with; what the fonts of today would call it is not in the books."""
    toml = label_formats.get_format(plant.db, "plain").toml
    label_formats.add_format(plant.db, plant.call(), toml.replace("A serial", "Ours"), {})
    stored = label_formats.get_format(plant.db, "plain").revision
    formats._parsed.cache_clear()
    monkeypatch.setattr(fonts, "digest", lambda: "of a font with more characters")
    assert plant.issue(plant.lot(), 2).format_revision == stored
    formats._parsed.cache_clear()
