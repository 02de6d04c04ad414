"""Who has to be told of a recall, and what came of it."""

from __future__ import annotations

import pytest

from labelsvc.domain.recalls import Step
from labelsvc.domain.sales import SaleRequest, When
from labelsvc.errors import Conflict, InvalidInput
from labelsvc.tracking import customers, sales
from labelsvc.tracking.recalls import telling
from tests.tracking.happenings import SHOP, event


def sold(books, epc: str, customer: str) -> None:
    request = SaleRequest((epc,), customer=customer, when=When(None, None, None))
    sales.sell(books.plant.db, books.plant.issuer, books.plant.call(at=books.clock()), request)


def test_a_notice_keeps_who_told_whom_how_and_what_they_answered(books) -> None:
    batch, epcs = books.lot_of(3)
    books.capture(event(1, "receiving", *epcs[:2], biz_location=SHOP))
    found = books.open(lots=(batch.lot_id,))
    (notice,) = telling.list_notices(books.plant.db, found.id, "to_tell", (0, 9)).items
    assert (notice.kind, notice.whom, notice.units) == ("location", SHOP, 2)
    told = Step("acknowledged", "telephone", "spoke with Mr Jansen", {"on_hand": 1, "sold_on": 1})
    assert telling.take_step(books.plant.db, books.by("olga"), found.id, notice.id, told).latest == told
    with pytest.raises(InvalidInput):
        telling.take_step(books.plant.db, books.by("olga"), found.id, notice.id, Step("done", quantities={"eaten": 1}))
    # A third unit turns up there: what was said was said of two.
    books.capture(event(2, "receiving", epcs[2], biz_location=SHOP))
    books.look(found.id)
    assert books.notices(found.id) == {SHOP: (3, "to_tell")}
    assert [entry["before"]["state"] for entry in books.plant.audit("recall.notice")] == ["to_tell"]


def test_a_drill_tells_nobody(books) -> None:
    batch, epcs = books.lot_of(1)
    books.capture(event(1, "receiving", *epcs, biz_location=SHOP))
    found = books.open(drill=True, lots=(batch.lot_id,))
    (notice,) = telling.list_notices(books.plant.db, found.id, None, (0, 9)).items
    with pytest.raises(Conflict) as refused:
        telling.take_step(books.plant.db, books.by("olga"), found.id, notice.id, Step("told"))
    assert refused.value.code == "recall_is_drill"


def test_whoever_has_to_be_told_is_not_forgotten_unless_somebody_insists(books) -> None:
    batch, epcs = books.lot_of(2)
    first, second = books.customer(), books.customer()
    sold(books, epcs[0], first)
    sold(books, epcs[1], second)
    books.open(drill=True, lots=(batch.lot_id,))  # a drill stands in nobody's way
    found = books.open(lots=(batch.lot_id,))
    erase = (books.plant.db, books.plant.issuer, books.by("olga"))
    with pytest.raises(Conflict) as refused:
        customers.erase_contact(*erase, first, "they asked for it")
    assert refused.value.facts == {"recalls": [f"R-{found.id}"]}
    customers.erase_contact(*erase, first, "they asked for it", force=True)
    assert books.notices(found.id) == {first: (1, "unreachable"), second: (1, "to_tell")}
    notice = telling.list_notices(books.plant.db, found.id, "to_tell", (0, 9)).items[0]
    telling.take_step(books.plant.db, books.by("olga"), found.id, notice.id, Step("acknowledged", "letter"))
    customers.erase_contact(*erase, second, "they asked for it")
