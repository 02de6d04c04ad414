"""Issue: what can go wrong is found before anything is taken, and what is taken is the line's alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from labelsvc.domain.batches import LotDates
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.profiles import Profile
from labelsvc.errors import LabelsvcError, Unavailable
from labelsvc.issuing import batches, label_formats, lots, products
from labelsvc.labels import RENDERER_REVISION
from labelsvc.printing import jobs, printers
from labelsvc.storage import printers as printer_rows

TIGHT = """
name = "tight"
title = "Room for a short name"
width = 50
height = 25

[[text]]
value = "{product.name}"
box = [2, 2, 10, 3]
size = 3

[[text]]
value = "{serial}"
box = [2, 8, 46, 6]
size = 3
min_size = 1.6
"""


def refused(plant: Any, ask: Callable[[], object]) -> LabelsvcError:
    """Return the refusal, proved to have stored nothing in any table."""
    before = plant.tables()
    with pytest.raises(LabelsvcError) as refusal:
        ask()
    assert plant.tables() == before
    assert refusal.value.message.startswith("Expected ")
    return refusal.value


def test_a_batch_is_what_was_asked_for(plant: Any) -> None:
    """As many serials as labels, all different, and nothing printed yet."""
    lot = plant.lot(plant.product("{prod:%y%j}{seq:6}"), "L-7")
    batch = plant.issue(lot, 500, line="line 3")
    assert (batch.quantity, batch.lot_id, batch.lot_number, batch.line) == (500, lot.id, "L-7", "line 3")
    assert (batch.product_code, batch.label_format) == (lot.product_code, "plain")
    assert (batch.printer, batch.job_id, batch.renderer_revision) == (None, None, RENDERER_REVISION)
    assert (batch.first_serial, batch.last_serial) == ("26324000001", "26324000500")
    assert batch.outcomes == {"held": 500}
    assert plant.serials(batch) == [f"26324{n:06d}" for n in range(1, 501)]
    assert plant.batch(batch) == batch


def test_a_batch_with_a_printer_has_a_job(plant: Any) -> None:
    """Of all its labels, at the end of the printer's queue."""
    printer = plant.printer()
    lot = plant.lot()
    first, second = (plant.issue(lot, 5, printer=printer.spec.name) for _ in range(2))
    assert first.printer == printer.spec.name
    assert first.outcomes == {"planned": 5}
    job = jobs.get_job(plant.db, plant.issuer, first.job_id)
    assert (job.batch_id, job.quantity, job.state) == (first.id, 5, "pending")
    assert (job.first_serial, job.last_serial) == (first.first_serial, first.last_serial)
    assert first.job_id < second.job_id


def test_no_two_batches_share_a_serial(plant: Any) -> None:
    """Unguessable ones of one lot, and of two lots of one product, which share a pool."""
    product = plant.product("{rnd:8}")
    lots_of = [plant.lot(product) for _ in range(2)]
    made = [plant.issue(lot, 700) for lot in (*lots_of, *lots_of)]
    serials = [serial for batch in made for serial in plant.serials(batch)]
    assert len(set(serials)) == 2_800


def test_lines_that_ask_at_once_share_no_serial(plant: Any) -> None:
    """Eight threads; together they have the pool's first numbers without a gap."""
    lot = plant.lot(plant.product("{seq:6}"))
    with ThreadPoolExecutor(8) as lines:
        made = list(lines.map(lambda n: plant.issue(lot, n), range(1, 25)))
    serials = sorted(serial for batch in made for serial in plant.serials(batch))
    assert serials == [f"{n:06d}" for n in range(1, sum(range(25)) + 1)]


def test_a_quantity_out_of_bounds_is_refused(plant: Any, subtests: pytest.Subtests) -> None:
    """With its field."""
    cases = [0, -1, 10_000_001, 10**30, -(10**30)]
    for quantity in cases:
        with subtests.test(quantity=quantity):
            refusal = refused(plant, partial(plant.issue, plant.lot(), quantity))
            assert (refusal.code, refusal.pointer) == ("quantity", "/quantity")


def test_ten_million_is_one_request(plant: Any) -> None:
    """No serial is made before it is asked for."""
    batch = plant.issue(plant.lot(plant.product("{seq:8}")), 10_000_000)
    assert (batch.first_serial, batch.last_serial) == ("00000001", "10000000")


def test_what_exceeds_the_capacity_is_refused_with_what_is_left(plant: Any) -> None:
    """{seq:2} counts from 01 to 99; what is left is there for a smaller request, to the last number."""
    lot = plant.lot(plant.product("{seq:2}"))
    refusal = refused(plant, lambda: plant.issue(lot, 100))
    assert (refusal.code, refusal.pointer, refusal.facts) == ("capacity_exceeded", "/quantity", {"available": 99})
    assert plant.issue(lot, 90).last_serial == "90"
    refusal = refused(plant, lambda: plant.issue(lot, 10))
    assert refusal.message == "Expected at most 9 (all that is left), got 10."
    assert plant.serials(plant.issue(lot, 9))[-1] == "99"
    assert refused(plant, lambda: plant.issue(lot, 1)).facts == {"available": 0}


def test_what_is_named_must_be_known_and_printable(plant: Any, subtests: pytest.Subtests) -> None:
    """With its field."""
    cases = [
        ({"printer": "no such"}, "printer_unknown", "/printer"),
        ({"label_format": "no such"}, "label_format_unknown", "/label_format"),
        ({"line": ""}, "name_empty", "/line"),
        ({"line": "x" * 81}, "name_too_long", "/line"),
        ({"line": "3\n"}, "name_control_character", "/line"),
    ]
    for request_, code, pointer in cases:
        with subtests.test(request_=request_, code=code):
            refusal = refused(plant, partial(plant.issue, plant.lot(), 5, **request_))
            assert (refusal.code, refusal.pointer) == (code, pointer)


def test_no_lot_is_not_found(plant: Any) -> None:
    """Neither to issue for nor to list."""
    lot = replace(plant.lot(), id=999)
    assert refused(plant, lambda: plant.issue(lot, 5)).code == "lot_unknown"
    assert refused(plant, lambda: batches.list_batches(plant.db, plant.issuer, 999, 0, 10)).code == "lot_unknown"
    assert refused(plant, lambda: batches.get_batch(plant.db, plant.issuer, 999)).code == "batch_unknown"


def test_a_wrong_secret_grants_nothing_and_answers_nothing(plant: Any) -> None:
    """It would issue duplicates in silence; nor does it answer a key with serials that were never issued."""
    lot = plant.lot()
    plant.issue(lot, 5, key="k")
    plant.issuer = Issuer(bytes(32), plant.issuer.digital_link)
    assert refused(plant, lambda: plant.issue(lot, 5)).code == "secret_mismatch"
    assert refused(plant, lambda: plant.issue(lot, 5, key="k")).code == "secret_mismatch"


def test_a_secret_that_changes_under_the_way_grants_nothing(plant: Any) -> None:
    """It is looked at again in the transaction of the grant: a restored database may be bound to another."""
    lot = plant.lot()

    def bind_to_another() -> None:
        plant.db.write(lambda conn: conn.exec_driver_sql("UPDATE installation SET secret_fingerprint = 'another'"))

    with pytest.raises(Unavailable) as refusal:
        plant.meanwhile(bind_to_another).issue(lot, 5)
    assert refusal.value.code == "secret_mismatch"
    assert plant.tables()["ranges"] == []


def test_a_printer_with_other_media_is_refused(plant: Any, subtests: pytest.Subtests) -> None:
    """More than 1 mm apart is another label; nothing is taken for it."""
    cases = [
        ({"media_width": 100.0}, "Expected labels of width 50 mm in {}, got 100 mm."),
        ({"media_height": 50.0}, "Expected labels of height 25 mm in {}, got 50 mm."),
        ({"media_width": 48.9}, "Expected labels of width 50 mm in {}, got 48.9 mm."),
        ({"media_width": 25.0, "media_height": 50.0}, "Expected labels of width 50 mm in {}, got 25 mm."),
    ]
    for media, message in cases:
        with subtests.test(media=media, message=message):
            name = plant.printer(**media).spec.name
            refusal = refused(plant, partial(plant.issue, plant.lot(), 5, printer=name))
            assert (refusal.code, refusal.pointer) == ("media_differs", "/printer")
            assert refusal.message == message.format(name)


def test_cutting_tolerance_is_the_same_media(plant: Any) -> None:
    """1 mm less or more."""
    plant.printer("p", media_width=49.0, media_height=26.0)
    assert plant.issue(plant.lot(), 5, printer="p").job_id


def test_a_label_that_cannot_fit_is_refused_before_anything_is_taken(plant: Any) -> None:
    """The name is too long for its box; the sentence names the element."""
    label_formats.add_format(plant.db, plant.call(), TIGHT, {})
    lot = plant.lot(plant.product(name="A name that needs far more than 10 mm"))
    refusal = refused(plant, lambda: plant.issue(lot, 5, label_format="tight"))
    assert refusal.code == "format_text_too_long"
    plant.printer("p")
    assert refused(plant, lambda: plant.issue(lot, 5, label_format="tight", printer="p")).code == refusal.code
    short = plant.lot(plant.product(name="Ok"))
    assert plant.issue(short, 5, label_format="tight").quantity == 5


def test_a_format_for_other_products_is_refused(plant: Any) -> None:
    """An own item has no GTIN for a DataMatrix, and a format of its own kind needs no GTIN."""
    item = plant.lot(plant.product(code="VALVE-1"))
    assert refused(plant, lambda: plant.issue(item, 5, label_format="unit-100x50")).code == "format_product_kind"
    unit = plant.lot()
    assert refused(plant, lambda: plant.issue(unit, 5, label_format="item-70x35")).code == "format_product_kind"


def test_a_character_that_no_label_can_show_is_refused(plant: Any) -> None:
    """Chinese is in no font of ours, so nothing is taken; Greek is drawn where a printer's font lacks it."""
    label_formats.add_format(plant.db, plant.call(), TIGHT, {})
    plant.printer("p")
    lot = plant.lot(plant.product(name="牛乳"))
    refusal = refused(plant, lambda: plant.issue(lot, 5, label_format="tight", printer="p"))
    assert refusal.code == "format_glyph"
    assert 'Expected characters of the shipped font, got "牛"' in refusal.message
    greek = plant.lot(plant.product(name="Τσάι"))
    assert plant.issue(greek, 5, label_format="tight", printer="p").outcomes == {"planned": 5}


def test_a_serial_that_a_printer_certified_to_echo_cannot_echo_is_refused(plant: Any) -> None:
    """Drawn with the words around it, it is a picture to the printer; one not certified to echo prints it."""
    label_formats.add_format(plant.db, plant.call(), TIGHT.replace('"{serial}"', '"č. {serial}"'), {})
    printer, lot = plant.printer("p"), plant.lot(plant.product(name="Tea"))
    assert plant.issue(lot, 5, label_format="tight", printer="p").outcomes == {"planned": 5}
    echoing = Profile(echo="movement")
    plant.db.write(lambda conn: printer_rows.set_profile(conn, plant.call(), printer.id, echoing))
    assert refused(plant, lambda: plant.issue(lot, 5, label_format="tight", printer="p")).code == "format_echo"
    assert plant.issue(lot, 5, printer="p").outcomes == {"planned": 5}


def test_a_lot_that_a_new_scheme_cannot_number_is_refused(plant: Any) -> None:
    """Opened when the product's scheme asked for no expiry."""
    product = plant.product()
    lot = plant.lot(product, expiry_date=None)
    products.add_scheme(plant.db, plant.call(), product.code, "{exp:%y%m}{seq:6}")
    assert refused(plant, lambda: plant.issue(lot, 5)).code == "scheme_lot_date"


def test_a_lot_edited_between_look_and_take_is_looked_at_again(plant: Any) -> None:
    """The batch has the dates of the edit, in its serials, its frozen values and its lot revision."""
    lot = plant.lot(plant.product("{prod:%y%m%d}{seq:4}"))
    earlier = LotDates(date(2026, 11, 19), date(2028, 11, 19))
    batch = plant.meanwhile(lambda: lots.edit_lot(plant.db, plant.call(), lot.id, earlier)).issue(lot, 2)
    assert plant.serials(batch) == ["2611190001", "2611190002"]
    ((_, first, _, revision),) = [(row[1], row[2], row[5], row[6]) for row in plant.tables()["ranges"]]
    assert (first, revision) == (0, 2)
    assert '"production":"2026-11-19"' in plant.tables()["batches"][0][4]


def test_a_scheme_changed_between_look_and_take_is_used(plant: Any) -> None:
    """No serial of the old one is issued after the change was answered."""
    product = plant.product("A{seq:5}")
    lot = plant.lot(product)
    change = plant.meanwhile(lambda: products.add_scheme(plant.db, plant.call(), product.code, "B{seq:5}"))
    assert plant.serials(change.issue(lot, 1)) == ["B00001"]


def test_a_label_format_changed_between_look_and_take_is_used(plant: Any) -> None:
    """A correction that was answered is on every label that is issued after it."""
    lot = plant.lot()
    corrected = label_formats.get_format(plant.db, "plain").toml.replace("size = 3", "size = 2.5")
    change = plant.meanwhile(lambda: label_formats.add_format(plant.db, plant.call(), corrected, {}))
    batch = change.issue(lot, 1)
    assert batch.format_revision == label_formats.get_format(plant.db, "plain").revision


def test_a_printer_changed_between_look_and_take_is_looked_at_again(plant: Any, tmp_path: Path) -> None:
    """It has other media now, so nothing is taken for it."""
    printer = plant.printer("p")
    lot = plant.lot()
    wide = replace(printer.spec, media_width=100.0)
    change = plant.meanwhile(lambda: printers.edit_printer(plant.db, plant.call(), wide, plant.data_dir))
    with pytest.raises(LabelsvcError) as refusal:
        change.issue(lot, 5, printer="p")
    assert refusal.value.code == "media_differs"
    assert plant.tables()["ranges"] == []


def test_a_lot_that_never_holds_still_is_given_up(plant: Any) -> None:
    """Five looks, five edits; the line may ask again."""
    lot = plant.lot()

    def edit(day: int) -> Callable[[], object]:
        dates = LotDates(date(2026, 11, day))
        return lambda: lots.edit_lot(plant.db, plant.call(), lot.id, dates)

    with pytest.raises(Unavailable) as refusal:
        plant.meanwhile(*map(edit, range(1, 6))).issue(lot, 5, key="k")
    assert refusal.value.code == "lot_busy"
    assert plant.tables()["ranges"] == plant.tables()["requests"] == []
    assert plant.meanwhile(*map(edit, range(6, 10))).issue(lot, 5, key="k").quantity == 5


def test_batches_are_listed_by_lot(plant: Any) -> None:
    """In the order they were made, page by page, with what became of their numbers."""
    product = plant.product()
    lot, other = plant.lot(product), plant.lot(product)
    made = [plant.issue(lot, n) for n in (1, 2, 3)]
    plant.issue(other, 4)
    plant.give_back(made[2], 1, 1)
    first = batches.list_batches(plant.db, plant.issuer, lot.id, 0, 2)
    rest = batches.list_batches(plant.db, plant.issuer, lot.id, first.next, 2)
    assert [batch.id for batch in (*first.items, *rest.items)] == [batch.id for batch in made]
    assert rest.items[0].outcomes == {"held": 2, "returned": 1}
    assert rest.next is None


def test_an_unbound_database_grants_nothing(plant: Any) -> None:
    """It would not know a wrong secret when it meets one."""
    lot = plant.lot()
    plant.db.write(lambda conn: conn.exec_driver_sql("DELETE FROM installation"))
    with pytest.raises(Unavailable, match=r"Run: labelsvc secret init$"):
        plant.issue(lot)
