"""A scan: one line says what happened and what is wrong, and nothing that a scanner sent is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from labelsvc.errors import Conflict, InvalidInput
from labelsvc.storage.tables import events, scans, units
from labelsvc.tracking import scanning
from labelsvc.tracking.scanning import Scan
from tests.tracking.happenings import BEGIN, HOME, SHOP, begun, packed

CASE = "095201234567891235"


class Scanner:
    """Somebody with a scanner, and a lot of five units."""

    def __init__(self, books) -> None:
        self.books, self.plant = books, books.plant
        self.batch = self.plant.issue(self.plant.lot(number="L-7"), 5)
        self.gtin, self.serials = self.batch.product_code, self.plant.serials(self.batch)
        self.epcs = [f"https://id.gs1.org/01/{self.gtin}/21/{serial}" for serial in self.serials]
        self.hours = 1.0

    def text(self, label: int) -> str:
        return f"]d201{self.gtin}21{self.serials[label]}"

    def scan(self, what: str | int, intent: str = "find", key: str | None = None, **more):
        """Scan a label, an hour after the last one."""
        text = self.text(what) if isinstance(what, int) else what
        self.hours += 1
        call = self.plant.call(key, client="warehouse", at=BEGIN + timedelta(hours=self.hours))
        return scanning.scan(self.plant.db, self.plant.issuer, call, Scan(text.encode(), intent, **more))

    def kept(self) -> list:
        with self.plant.db.read() as conn:
            return conn.execute(select(scans).order_by(scans.c.id)).all()


@pytest.fixture
def scanner(books):
    made = Scanner(books)
    books.capture(begun(0.5, *made.epcs, lot="L-7", biz_location=HOME))
    return made


def test_one_line_says_what_happened(scanner) -> None:
    answer = scanner.scan(0, "receive", place="9521321000001")
    assert (answer.result, answer.message) == ("done", "Received; in stock.")
    assert (answer.epc, answer.location, answer.lot) == (scanner.epcs[0], HOME, "L-7")
    with scanner.plant.db.read() as conn:
        assert answer.event in set(conn.execute(select(events.c.event_id)).scalars())


@pytest.mark.parametrize(
    ("intents", "line"),
    [
        (["ship"], "Shipped; in transit."),
        (["ship", "receive"], "Received; in stock."),
        (["stock"], "Stocked; in stock."),
        (["hold"], "Put on hold; active."),
        (["hold", "release"], "Released; active."),
        (["sell"], "Sold."),
        (["sell", "take_back"], "Taken back; returned."),
        (["destroy"], "Destroyed."),
        (["find"], "Found; active."),
    ],
)
def test_every_intent_has_its_step(scanner, intents, line) -> None:
    answers = [scanner.scan(0, intent) for intent in intents]
    assert (answers[-1].result, answers[-1].message) == ("done", line)


@pytest.mark.parametrize(
    ("before", "intent", "result", "codes"),
    [
        (["hold"], "sell", "refused", ("sale_blocked_on_hold",)),
        (["destroy"], "ship", "refused", ("terminated",)),
        (["destroy"], "receive", "flagged", ("terminated",)),
        (["sell"], "sell", "refused", ("already_inactive",)),
        (["sell"], "receive", "flagged", ("already_inactive",)),
    ],
)
def test_what_may_not_be_done_is_refused_and_what_has_happened_is_flagged(
    scanner, before, intent, result, codes
) -> None:
    for each in before:
        scanner.scan(1, each)
    state = scanner.books.state(scanner.epcs[1])
    answer = scanner.scan(1, intent)
    assert (answer.result, answer.findings) == (result, codes)
    assert scanner.books.state(scanner.epcs[1]) == state
    assert scanner.kept()[-1].result == result


def test_what_was_done_out_of_reach_is_kept_however_wrong_with_its_own_time(scanner) -> None:
    scanner.scan(0, "hold")
    then = BEGIN + timedelta(hours=2, minutes=30)
    answer = scanner.scan(0, "sell", happened=True, at=then)
    assert (answer.result, answer.findings) == ("flagged", ("sale_blocked_on_hold",))
    assert scanner.kept()[-1].at == then
    with scanner.plant.db.read() as conn:
        sold = conn.execute(select(events).where(events.c.biz_step == "retail_selling")).one()
    assert (sold.event_time, sold.record_time - then > timedelta(0)) == (then, True)


def test_a_scan_that_comes_again_is_the_same_scan(scanner) -> None:
    first = scanner.scan(0, "receive", key="gun-7/1")
    assert scanner.scan(0, "receive", key="gun-7/1") == first
    assert len(scanner.kept()) == 1
    with pytest.raises(Conflict):
        scanner.scan(1, "receive", key="gun-7/1")


def test_damage_is_put_right_and_kept_as_it_came(scanner) -> None:
    """A keyboard that types GS as ^], with caps lock on."""
    damaged = f"01{scanner.gtin}10L-7^]21{scanner.serials[0]}".swapcase()
    answer = scanner.scan(damaged)
    assert answer.epc == scanner.epcs[0]
    assert {repair["name"] for repair in answer.readings[0]["repairs"]} == {"separator_typed", "caps_lock"}
    kept = scanner.kept()[-1]
    assert (kept.raw, kept.reading["repairs"]) == (damaged.encode(), answer.readings[0]["repairs"])


def test_a_serial_alone_is_found_where_one_product_has_it_and_is_ambiguous_where_two_have(scanner) -> None:
    assert scanner.scan(scanner.serials[0]).epc == scanner.epcs[0]
    plant = scanner.plant
    twins = [plant.product("A{seq:3}") for _ in range(2)]
    for product in twins:
        plant.issue(plant.lot(product), 3)
    answer = scanner.scan("A002")
    assert answer.result == "ambiguous"
    assert {one["epc"].split("/")[4] for one in answer.readings} == {product.code for product in twins}
    assert scanner.scan("A002", product=twins[0].code).epc.split("/")[4] == twins[0].code


def test_what_is_no_unit_is_kept_as_well(scanner) -> None:
    for text in ("hello world, what are you?", f"]d201{scanner.gtin}10L-7", ""):
        answer = scanner.scan(text, "receive")
        assert (answer.result, answer.epc) == ("unknown", None)
        assert scanner.kept()[-1].raw == text.encode()


def test_a_serial_that_was_never_issued_is_said_to_be_none(scanner) -> None:
    answer = scanner.scan(f"]d201{scanner.gtin}21ZZZZZZZZZZ", "receive")
    assert (answer.result, answer.findings) == ("flagged", ("unknown_serial",))
    assert "the serial was never issued" in answer.message


def test_the_label_is_compared_with_the_books(scanner) -> None:
    answer = scanner.scan(f"]d201{scanner.gtin}1727010110L-8\x1d21{scanner.serials[0]}")
    assert answer.warnings == ("wrong_lot", "wrong_expiry")


def test_a_child_of_a_case_is_flagged_and_the_case_moves_it(scanner) -> None:
    scanner.books.capture(packed(1.5, f"https://id.gs1.org/00/{CASE}", *scanner.epcs[:2]))
    answer = scanner.scan(0, "receive", place="9521141111116")
    assert (answer.result, answer.findings) == ("flagged", ("packed_in",))
    assert scanner.scan(f"]C100{CASE}", "receive", place="9521141111116").result == "done"
    assert (scanner.scan(0).location, scanner.scan(0).state) == (SHOP, "in_stock")


def test_packing_takes_two_scans(scanner) -> None:
    answer = scanner.scan(0, "pack", parent=f"]C100{CASE}".encode())
    assert (answer.result, answer.inside) == ("done", f"https://id.gs1.org/00/{CASE}")
    answer = scanner.scan(0, "unpack", parent=f"]C100{CASE}".encode())
    assert (answer.result, answer.inside) == ("done", None)
    with pytest.raises(InvalidInput, match="packed into"):
        scanner.scan(0, "pack")


def test_a_place_is_checked(scanner) -> None:
    with pytest.raises(InvalidInput, match="Expected check digit 1, got 7") as refused:
        scanner.scan(0, "receive", place="9521321000007")
    assert refused.value.pointer == "/place"
    assert scanner.kept() == []


def test_what_others_made_is_received(scanner) -> None:
    answer = scanner.scan("]d2010952132100001821X1", "receive", place="9521321000001")
    assert (answer.result, answer.state) == ("done", "in_stock")
    with scanner.plant.db.read() as conn:
        assert conn.execute(select(units.c.product_id).where(units.c.epc == answer.epc)).scalar_one() is None
