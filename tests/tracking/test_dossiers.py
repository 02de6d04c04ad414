"""A dossier: everything that is known of a unit and of its neighbours, in as many statements whatever the lot."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from math import comb

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import Engine
from sqlalchemy import event as sql_event

from labelsvc.domain.complaints import ComplaintRequest
from labelsvc.errors import NotFound
from labelsvc.tracking import complaints, dossiers
from tests.tracking.happenings import begun, packed
from tests.tracking.shop import Shop

CASE = "https://id.gs1.org/00/095201234567891235"
PALLET = "https://id.gs1.org/00/095201234567891242"


def complain(shop, *labels) -> list[int]:
    made = []
    for label in labels:
        asked = ComplaintRequest(shop.text(label), "does_not_work", "major", "dead")
        made.append(complaints.open_complaint(shop.plant.db, shop.plant.issuer, shop.call(), asked).id)
    return made


def dossier(shop, complaint_id):
    return dossiers.of_complaint(shop.plant.db, shop.plant.issuer, complaint_id)


def groups(found) -> dict[tuple[str, str], tuple[int, int]]:
    return {(each.kind, each.name): (each.counts.units, each.counts.complaints) for each in found.neighbours}


def another_lot(shop, count: int, **more) -> list[str]:
    """Give the product another lot of units, commissioned as the first."""
    batch = shop.plant.issue(shop.plant.lot(shop.product), count, **more)
    epcs = [f"https://id.gs1.org/01/{shop.product.code}/21/{serial}" for serial in shop.plant.serials(batch)]
    shop.books.capture(begun(0, *epcs))
    return epcs


def test_neighbours_are_counted_without_the_unit_and_each_once(shop) -> None:
    """Units complained of twice count once; what only shares the past of a case is in it as well."""
    shop.serials += [epc.rpartition("/")[2] for epc in another_lot(shop, 15, line="line 3")]
    shop.books.capture(packed(1, CASE, *shop.epcs[:3]), packed(2, PALLET, CASE))
    shop.books.capture(packed(3, CASE, shop.epcs[0], action="DELETE"))
    first, *_ = complain(shop, 0, 1, 1, 3, 19)
    found = dossier(shop, first)
    hour = "2026-11-20T08:00+00:00"
    assert (found.base.units, found.base.complaints) == (19, 3)
    assert groups(found) == {
        ("lot", shop.lot.lot.number): (4, 2),
        ("hour", hour): (19, 3),
        ("inside", CASE): (2, 1),
        ("inside", PALLET): (2, 1),
    }
    lot = next(each for each in found.neighbours if each.kind == "lot")
    # Of 19 units 3 are complained of; 4 of the lot: 2 or more of these 3 among them, by chance.
    tail = (comb(3, 2) * comb(16, 2) + comb(3, 3) * comb(16, 1)) / comb(19, 4)
    assert (lot.ratio, lot.chance, lot.stands_out) == (pytest.approx(0.5 / (3 / 19)), pytest.approx(tail), False)


def test_a_bad_lot_stands_out_of_many_good_units(shop) -> None:
    another_lot(shop, 200)
    first, *_ = complain(shop, 0, 1, 2)
    found = {each.kind: each for each in dossier(shop, first).neighbours}
    assert (found["lot"].stands_out, found["hour"].stands_out) == (True, False)


def test_line_and_printer_are_neighbours_too(plant, books) -> None:
    shop = Shop(books)
    printer = plant.printer()
    mine = another_lot(shop, 3, line="line 3", printer=printer.spec.name)
    another_lot(shop, 2, line="line 4", printer=printer.spec.name)
    another_lot(shop, 4, line="line 3")
    shop.serials += [epc.rpartition("/")[2] for epc in mine]
    found = groups(dossier(shop, *complain(shop, 5)))
    assert (found["line", "line 3"], found["printer", printer.spec.name]) == ((6, 0), (4, 0))


def test_the_picture_is_the_label_that_was_printed(plant, books) -> None:
    """An independent reader finds the unit on it."""
    shop = Shop(books)
    lot = plant.lot(shop.product)
    printer = plant.printer(media_width=100.0, media_height=50.0, dpmm=12)
    batch = plant.issue(lot, 3, label_format="unit-100x50", printer=printer.spec.name)
    plant.print()
    serial = plant.serials(batch)[1]
    found = dossiers.of_serial(plant.db, plant.issuer, shop.product.code, serial)
    assert (found.story, found.complaint, found.neighbours) == (None, None, ())
    printed = found.printed
    assert (printed.history.issued.label, printed.job.printer, printed.picture.dpmm) == (2, printer.spec.name, 12)
    assert [each.known.outcome for each in printed.history.said][-1] == "sent"
    with Image.open(io.BytesIO(printed.picture.png)) as picture:
        texts = [each.text for each in zxingcpp.read_barcodes(picture)]
    assert any(shop.product.code in text and serial in text for text in texts)


def test_sales_complaints_and_custody_are_there(shop) -> None:
    customer = shop.customer()
    shop.sell(0, customer=customer.name)
    shop.take_back(0)
    first, second = complain(shop, 0, 0)
    found = dossier(shop, second)
    assert [each.biz_step for each in found.story.events] == ["commissioning", "retail_selling", "receiving"]
    assert [(each.customer, each.returned_at is None) for each in found.sales] == [(customer.name, False)]
    assert [each.rma for each in found.returns] == ["R-1"]
    assert [each.id for each in found.complaints] == [first, second]
    assert (found.tests, found.recalls) == ((), ())


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_conn, _cursor, statement, *_more) -> None:
        seen.append(statement)

    sql_event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sql_event.remove(Engine, "before_cursor_execute", note)


def test_the_number_of_statements_is_the_same_whatever_the_size_of_the_lot(books) -> None:
    counts = []
    for quantity in (5, 400):
        shop = Shop(books, quantity)
        shop.books.capture(packed(1, CASE, *shop.epcs), packed(2, PALLET, CASE))
        shop.books.capture(packed(3, CASE, *shop.epcs, action="DELETE"))
        first, *_ = complain(shop, *range(min(quantity, 20)))
        with statements() as seen:
            found = dossier(shop, first)
        assert found.base.units == quantity - 1
        counts.append(len(seen))
    assert counts[0] == counts[1] < 60


def test_what_was_never_heard_of_has_no_dossier(shop) -> None:
    with pytest.raises(NotFound) as refused:
        dossiers.of_serial(shop.plant.db, shop.plant.issuer, shop.product.code, "ZZZZZZZZZZ")
    assert refused.value.code == "unit_unknown"
    with pytest.raises(NotFound):
        dossier(shop, 999)
