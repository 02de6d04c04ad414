"""Lots: dates that keep the rules, revisions that leave what was printed alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from labelsvc.domain.batches import LotDates, LotRequest
from labelsvc.domain.lots import Lot
from labelsvc.errors import Conflict, InvalidInput, LabelsvcError, NotFound
from labelsvc.issuing import lots, products
from labelsvc.storage import lots as lot_rows

PRODUCED = date(2026, 11, 20)


def open_lot(plant: Any, code: str, number: str = "L-1", **dates: date | None) -> Any:
    days: dict[str, Any] = {"production_date": PRODUCED, **dates}
    return lots.open_lot(plant.db, plant.call(), LotRequest(code, number, **days))


def edit(plant: Any, lot_id: int, **dates: date | None) -> Any:
    days: dict[str, Any] = {"production_date": PRODUCED, **dates}
    return lots.edit_lot(plant.db, plant.call(), lot_id, LotDates(**days))


def test_a_lot_is_kept_as_it_was_opened(plant: Any) -> None:
    """By its id it is found again."""
    product = plant.product()
    made = open_lot(plant, product.code, expiry_date=date(2028, 11, 19), best_before=date(2028, 5, 1))
    assert made.lot == Lot("L-1", PRODUCED, date(2028, 11, 19), date(2028, 5, 1))
    assert (made.product_code, made.revision, made.warnings) == (product.code, 1, ())
    assert lots.get_lot(plant.db, made.id, PRODUCED) == made


def test_the_shelf_life_gives_an_expiry(plant: Any) -> None:
    """30 days from 20 November are 20 December; one that is given goes before it."""
    product = plant.product(shelf_life_days=30)
    assert open_lot(plant, product.code).lot.expiry == date(2026, 12, 20)
    assert open_lot(plant, product.code, "L-2", expiry_date=date(2027, 1, 1)).lot.expiry == date(2027, 1, 1)
    without = plant.product()
    assert open_lot(plant, without.code).lot.expiry is None


def test_a_lot_number_is_unique_within_its_product(plant: Any) -> None:
    """Case matters, as it does in AI (10); another product may have the same."""
    product, other = plant.product(), plant.product()
    open_lot(plant, product.code, "l-1")
    open_lot(plant, product.code, "L-1")
    open_lot(plant, other.code, "L-1")
    before = plant.tables()
    with pytest.raises(Conflict) as refusal:
        open_lot(plant, product.code, "L-1", production_date=date(2026, 1, 1))
    assert refusal.value.code == "lot_exists"
    assert plant.tables() == before


def test_what_breaks_a_rule_is_refused_with_its_field(plant: Any, subtests: pytest.Subtests) -> None:
    """And nothing is stored."""
    cases = [
        ({"number": "L" * 21}, "lot_number_length", "/number"),
        ({"number": ""}, "lot_number_length", "/number"),
        ({"number": "^XZ"}, "lot_number_characters", "/number"),
        ({"number": "~JA"}, "lot_number_characters", "/number"),
        ({"number": "A\x02"}, "lot_number_characters", "/number"),
        ({"number": "A\x1eB"}, "lot_number_characters", "/number"),
        ({"number": "A\n"}, "lot_number_characters", "/number"),
        ({"number": "😀"}, "lot_number_characters", "/number"),
        ({"expiry_date": PRODUCED - timedelta(1)}, "lot_expiry_before_production", "/expiry_date"),
        ({"best_before": PRODUCED - timedelta(1)}, "lot_best_before_before_production", "/best_before"),
        (
            {"expiry_date": PRODUCED, "best_before": PRODUCED + timedelta(1)},
            "lot_expiry_before_best_before",
            "/expiry_date",
        ),
        ({"expiry_date": date(2078, 1, 1)}, "lot_expiry_too_far", "/expiry_date"),
        ({"best_before": date(2078, 1, 1)}, "lot_best_before_too_far", "/best_before"),
        ({"production_date": date(1999, 12, 31)}, "lot_year", "/production_date"),
        ({"expiry_date": date(2100, 1, 1)}, "lot_year", "/expiry_date"),
        ({"best_before": date(9999, 12, 31)}, "lot_year", "/best_before"),
        ({"product": "9520123456789"}, "gtin_check_digit", "/product"),
        ({"product": "a b"}, "item_characters", "/product"),
        ({"product": "NO-SUCH"}, "product_unknown", "/product"),
    ]
    for given, code, pointer in cases:
        with subtests.test(given=given, code=code):
            request = {"product": plant.product().code, "number": "L-1", "production_date": PRODUCED, **given}
            before = plant.tables()
            with pytest.raises(LabelsvcError) as refusal:
                lots.open_lot(plant.db, plant.call(), LotRequest(**request))
            assert (refusal.value.code, refusal.value.pointer) == (code, pointer)
            assert refusal.value.message.startswith("Expected ")
            assert plant.tables() == before


def test_a_shelf_life_beyond_the_century_is_the_production_dates_fault(plant: Any) -> None:
    """There is no other field to point to."""
    product = plant.product(shelf_life_days=36_525)
    with pytest.raises(InvalidInput) as refusal:
        open_lot(plant, product.code)
    assert (refusal.value.code, refusal.value.pointer) == ("lot_year", "/production_date")


def test_a_lot_that_its_products_scheme_cannot_number_is_refused(plant: Any, subtests: pytest.Subtests) -> None:
    """When it is opened, not when the line waits for labels."""
    cases = [
        ("{exp:%y%m}{seq:6}", "L-1", "scheme_lot_date", "/expiry_date"),
        ("{lot:5}{seq:6}", "L-1", "scheme_lot_length", "/number"),
        ("{lot:3}{seq:6}", "L/1", "scheme_lot_characters", "/number"),
        ("{lot:3}{seq:6}", "-L1", "scheme_start", "/number"),
    ]
    for scheme, number, code, pointer in cases:
        with subtests.test(scheme=scheme, number=number):
            product = plant.product(scheme)
            with pytest.raises(InvalidInput) as refusal:
                open_lot(plant, product.code, number)
            assert (refusal.value.code, refusal.value.pointer) == (code, pointer)


def test_an_edit_is_a_new_revision(plant: Any) -> None:
    """The number stays; the dates as they were are kept."""
    made = open_lot(plant, plant.product().code, expiry_date=date(2028, 11, 19))
    edited = edit(plant, made.id, expiry_date=date(2027, 5, 31), best_before=date(2027, 5, 1))
    assert edited.lot == Lot("L-1", PRODUCED, date(2027, 5, 31), date(2027, 5, 1))
    assert (edited.id, edited.revision) == (made.id, 2)
    assert lots.get_lot(plant.db, made.id, PRODUCED) == edited
    with plant.db.read() as conn:
        assert lot_rows.at_revision(conn, made.id, 1).lot == made.lot
        assert lot_rows.at_revision(conn, made.id, 2).lot == edited.lot


def test_an_edit_says_all_dates(plant: Any) -> None:
    """One that is not given is gone, or comes from the shelf life."""
    without = open_lot(plant, plant.product().code, expiry_date=date(2028, 1, 1))
    assert edit(plant, without.id).lot.expiry is None
    with_life = open_lot(plant, plant.product(shelf_life_days=30).code, expiry_date=date(2028, 1, 1))
    assert edit(plant, with_life.id, production_date=date(2026, 11, 1)).lot.expiry == date(2026, 12, 1)


def test_an_edit_that_changes_nothing_is_no_revision(plant: Any) -> None:
    """And no entry in the audit."""
    made = open_lot(plant, plant.product().code, expiry_date=date(2028, 1, 1))
    before = plant.tables()
    assert edit(plant, made.id, expiry_date=date(2028, 1, 1)).revision == 1
    assert plant.tables() == before


def test_an_edit_keeps_the_rules_of_opening(plant: Any, subtests: pytest.Subtests) -> None:
    """Nothing is stored otherwise."""
    cases = [
        ({"expiry_date": PRODUCED - timedelta(1)}, "lot_expiry_before_production", "/expiry_date"),
        ({"production_date": date(2150, 1, 1)}, "lot_year", "/production_date"),
        ({}, "scheme_lot_date", "/expiry_date"),
    ]
    for dates, code, pointer in cases:
        with subtests.test(dates=dates, code=code):
            made = open_lot(plant, plant.product("{exp:%y%m}{seq:6}").code, expiry_date=date(2028, 1, 1))
            before = plant.tables()
            with pytest.raises(InvalidInput) as refusal:
                edit(plant, made.id, **dates)
            assert (refusal.value.code, refusal.value.pointer) == (code, pointer)
            assert plant.tables() == before


def test_an_edit_under_a_scheme_that_came_later_points_to_no_number(plant: Any) -> None:
    """It has none in its body."""
    product = plant.product()
    made = open_lot(plant, product.code)
    products.add_scheme(plant.db, plant.call(), product.code, "{lot:5}{seq:6}")
    with pytest.raises(InvalidInput) as refusal:
        edit(plant, made.id, expiry_date=date(2028, 1, 1))
    assert (refusal.value.code, refusal.value.pointer) == ("scheme_lot_length", None)


def test_what_is_odd_but_allowed_is_a_warning(plant: Any) -> None:
    """An expiry that has passed today; on its last day it has not."""
    product = plant.product()
    produced = {"production_date": date(2026, 1, 1)}
    passed = open_lot(plant, product.code, "L-1", **produced, expiry_date=date(2026, 11, 19))
    assert passed.warnings == ("Expected an expiry date from 2026-11-20 on, got 2026-11-19.",)
    last_day = open_lot(plant, product.code, "L-2", **produced, expiry_date=date(2026, 11, 20))
    assert last_day.warnings == ()
    assert len(lots.get_lot(plant.db, last_day.id, date(2026, 11, 21)).warnings) == 1
    assert plant.issue(passed, 1).quantity == 1


def test_no_lot_is_not_found(plant: Any) -> None:
    """Neither to look at nor to edit."""
    for ask in (lambda: lots.get_lot(plant.db, 999, PRODUCED), lambda: edit(plant, 999)):
        with pytest.raises(NotFound) as refusal:
            ask()
        assert refusal.value.code == "lot_unknown"


def test_lots_are_listed_as_they_stand_now(plant: Any) -> None:
    """Of all products or of one; an edited lot comes once."""
    product, other = plant.product(), plant.product()
    mine = [open_lot(plant, product.code, f"L-{n}") for n in range(3)]
    edit(plant, mine[1].id, expiry_date=date(2028, 1, 1))
    theirs = open_lot(plant, other.code)
    everything = lots.list_lots(plant.db, None, 0, 10)
    assert [lot.id for lot in everything.items] == [*(lot.id for lot in mine), theirs.id]
    assert [lot.revision for lot in everything.items] == [1, 2, 1, 1]
    assert [lot.id for lot in lots.list_lots(plant.db, product.code, 0, 10).items] == [lot.id for lot in mine]
    assert lots.list_lots(plant.db, product.code.lstrip("0"), 0, 2).next == mine[1].id


def test_lots_of_no_product_are_not_an_empty_list(plant: Any, subtests: pytest.Subtests) -> None:
    """A misspelt code is said so, with its field."""
    cases = [("NO-SUCH", NotFound), ("9520123456789", InvalidInput)]
    for code, error in cases:
        with subtests.test(code=code, error=error):
            with pytest.raises(error) as refusal:
                lots.list_lots(plant.db, code, 0, 10)
            assert refusal.value.pointer == "/product"
