"""What a stranger learns of a unit follows its events, and those of whatever it is inside."""

from __future__ import annotations

from datetime import date

import pytest

from labelsvc.domain.named import Named
from labelsvc.domain.verification import Purpose, Said
from labelsvc.errors import NotFound
from labelsvc.issuing import restoring
from labelsvc.tracking import verifying
from tests.tracking.happenings import HOME, SHOP, begun, event, packed

TODAY = date(2026, 12, 1)
CASE = "https://id.gs1.org/00/095201234567891235"


@pytest.fixture
def unit(books):
    """A unit's number that was issued, and its EPC."""
    batch = books.plant.issue(books.plant.lot(number="L-7"), 1)
    (serial,) = books.plant.serials(batch)
    epc = f"https://id.gs1.org/01/{batch.product_code}/21/{serial}"
    return Named("01", batch.product_code, serial=serial), epc


def reasons(books, named: Named, said: Said | None = None, purpose: Purpose = "use") -> tuple[str, ...]:
    asked = (said or Said(named.lot), TODAY)
    verdict = verifying.check(books.plant.db, books.plant.issuer, named, asked, purpose).verdict
    assert verdict is not None
    return verdict.reasons


def test_a_unit_is_verified_from_its_commissioning_to_its_end(books, unit) -> None:
    named, epc = unit
    assert reasons(books, named) == ("NOT_COMMISSIONED",)
    books.capture(begun(0, epc, lot="L-7", biz_location=HOME))
    assert reasons(books, named) == ()
    books.capture(event(1, "shipping", epc, read_point=HOME), event(2, "receiving", epc, biz_location=SHOP))
    assert reasons(books, named) == ()
    books.capture(event(3, "retail_selling", epc))
    assert (reasons(books, named), reasons(books, named, purpose="resale")) == ((), ("ALREADY_INACTIVE",))
    books.capture(event(4, "destroying", epc, action="DELETE", disposition="destroyed"))
    assert reasons(books, named) == ("TERMINATED",)


def test_a_case_that_is_held_or_called_back_holds_what_is_inside_until_it_is_let_go(books, unit) -> None:
    named, epc = unit
    books.capture(begun(0, epc, lot="L-7"), packed(1, CASE, epc), event(2, "holding", CASE, set=("recalled",)))
    assert reasons(books, named) == ("RECALLED",)
    books.capture(event(3, "holding", CASE, unset=("recalled",), set=("non_sellable_other",)), own=True)
    assert reasons(books, named) == ("ON_HOLD",)
    books.capture(event(4, "stocking", CASE, unset=("non_sellable_other",)))
    assert reasons(books, named) == ()
    assert verifying.resolve(books.plant.db, Named("00", "095201234567891235")).product is None


def test_what_was_never_taken_out_of_a_case_that_was_destroyed_is_gone_with_it(books, unit) -> None:
    named, epc = unit
    destroyed = event(2, "destroying", CASE, action="DELETE", disposition="destroyed")
    books.capture(begun(0, epc, lot="L-7"), packed(1, CASE, epc), destroyed)
    assert reasons(books, named) == ("TERMINATED",)


def test_a_unit_whose_tests_failed_is_on_hold(books, unit) -> None:
    named, epc = unit
    books.capture(begun(0, epc, lot="L-7"), event(1, "inspecting", epc, disposition="non_conformant"))
    assert reasons(books, named) == ("ON_HOLD",)


def test_a_number_whose_record_is_lost_cannot_be_told(books) -> None:
    """After an old backup was restored nobody knows whether it was given."""
    product = books.plant.product("A{seq:4}")
    books.plant.issue(books.plant.lot(product), 1)
    restoring.mark_restored(books.plant.db, books.plant.call(), 10)
    assert reasons(books, Named("01", product.code, serial="A0005")) == ("RECORD_LOST",)
    assert reasons(books, Named("01", product.code, serial="A0500")) == ("UNKNOWN_SERIAL",)


def test_what_nobody_has_is_not_found(books) -> None:
    for named in (Named("01", "09506000134352"), Named("00", "106141412345678908")):
        with pytest.raises(NotFound):
            verifying.resolve(books.plant.db, named)
