"""Look-up: every serial that was issued is read back to its lot, and no other text ever is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from labelsvc.domain.batches import LotDates
from labelsvc.domain.gs1 import CSET_82
from labelsvc.domain.issuer import Issuer
from labelsvc.domain.schemes import Scheme
from labelsvc.errors import InvalidInput, LabelsvcError, NotFound
from labelsvc.issuing import lots, products
from labelsvc.tracking import serials as known_serials

SCHEMES = ["{rnd:10}", "A{prod:%y%j}{seq:6}", "B{lot:4}{rnd:9@alnum}", "{rnd:9@digits}.", "C{exp:%y%m}-{seq:12}"]
SEARCH = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def look_up(plant: Any, code: str, serial: str) -> Any:
    return known_serials.look_up(plant.db, plant.issuer, code, serial)


def never_issued(plant: Any, code: str, serial: str) -> bool:
    with pytest.raises(NotFound) as refusal:
        look_up(plant, code, serial)
    return refusal.value.code == "never_issued"


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect the statements that any database runs meanwhile."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def grown(plant: Any) -> tuple[Any, dict[str, tuple[Any, int]]]:
    """Make a product with five schemes and two lots; return it, and batch and label of every serial issued."""
    product = plant.product(SCHEMES[0])
    lots_of = [plant.lot(product, "L-01"), plant.lot(product, "L-02", production_date=date(2026, 11, 19))]
    issued: dict[str, tuple[Any, int]] = {}
    for pattern in SCHEMES:
        products.add_scheme(plant.db, plant.call(), product.code, pattern)
        for lot in (*lots_of, lots_of[0]):
            batch = plant.issue(lot, 7)
            for label, serial in enumerate(plant.serials(batch), 1):
                assert serial not in issued
                issued[serial] = (batch, label)
    return product, issued


def test_every_serial_issued_is_read_back(plant: Any) -> None:
    """Of five schemes, two lots and three batches each: to its batch, its label, its lot, its number in the pool."""
    product, issued = grown(plant)
    assert len(issued) == 5 * 3 * 7
    for serial, (batch, label) in issued.items():
        found = look_up(plant, product.code, serial)
        assert (found.batch_id, found.label, found.lot_id) == (batch.id, label, batch.lot_id)
        assert (found.serial, found.product_code, found.product_name) == (serial, product.code, product.name)
        assert found.lot_number == batch.lot_number
        assert found.ordinal == found.range_first + label - 1
        assert found.range_count == 7
        assert found.known.outcome == "held"
        assert Scheme.parse(found.scheme).read(serial) is not None


def test_no_other_text_is_ever_found(plant: Any) -> None:
    """Texts of the schemes' own shapes and any others that a serial may be."""
    product, issued = grown(plant)
    shapes = st.one_of(
        st.text("23456789ABCDEFGHJKLMNPQRSTUVWXYZ", min_size=10, max_size=10),
        st.builds("A{:05d}{:06d}".format, st.integers(0, 99_999), st.integers(0, 999_999)),
        st.builds("A2632{}{:06d}".format, st.sampled_from("34"), st.integers(0, 30)),
        st.builds("BL-0{}{}".format, st.integers(0, 3), st.text("0189AZ", min_size=9, max_size=9)),
        st.builds("{:09d}.".format, st.integers(0, 999_999_999)),
        st.text(sorted(CSET_82), min_size=1, max_size=20),
    )

    @SEARCH
    @given(shapes)
    def search(serial: str) -> None:
        if serial not in issued:
            assert never_issued(plant, product.code, serial)

    search()


def test_a_slip_of_one_character_is_never_another_unit(plant: Any) -> None:
    """Unguessable serials lie far apart: of 32^10 texts 21 are issued, so a mistyped one is none of them."""
    product = plant.product()
    lot = plant.lot(product)
    issued = set(plant.serials(plant.issue(lot, 21)))
    serials = st.sampled_from(sorted(issued))

    @SEARCH
    @given(serials, st.integers(0, 9), st.sampled_from("23456789ABCDEFGHJKLMNPQRSTUVWXYZ"))
    def search(serial: str, place: int, character: str) -> None:
        typed = serial[:place] + character + serial[place + 1 :]
        if typed not in issued:
            assert never_issued(plant, product.code, typed)
        if serial != serial.lower():
            assert never_issued(plant, product.code, serial.lower())

    search()


def test_the_next_number_of_a_pool_is_not_yet_issued(plant: Any) -> None:
    """Neither are those of other scopes, which have the shape."""
    product = plant.product("{prod:%y%j}{seq:6}")
    batch = plant.issue(plant.lot(product), 5)
    assert batch.last_serial == "26324000005"
    for serial in ("26324000006", "26324999999", "26325000001", "26323000001", "26324000000", "26366000001"):
        assert never_issued(plant, product.code, serial)
    unguessable = plant.product()
    lot = plant.lot(unguessable)
    plant.issue(lot, 5)
    following = plant.issuer.numbering(unguessable.code, "{rnd:10}", "", 1).text(5)
    assert never_issued(plant, unguessable.code, following)
    assert plant.issue(lot, 1).first_serial == following
    assert look_up(plant, unguessable.code, following).label == 1


def test_lots_that_share_a_pool_are_told_apart(plant: Any) -> None:
    """Nothing in the serial says which lot; the range does."""
    product = plant.product()
    one, two = plant.lot(product), plant.lot(product)
    batches = [plant.issue(lot, 4) for lot in (one, two, one)]
    serials = [(serial, batch) for batch in batches for serial in plant.serials(batch)]
    assert len({serial for serial, _ in serials}) == 12
    for serial, batch in serials:
        found = look_up(plant, product.code, serial)
        assert (found.lot_id, found.lot_number, found.batch_id) == (batch.lot_id, batch.lot_number, batch.id)


def test_a_serial_belongs_to_its_product(plant: Any) -> None:
    """The same text under another code was issued for another thing, or never."""
    first, second = plant.product("{seq:6}"), plant.product("{seq:6}")
    batch = plant.issue(plant.lot(first), 2)
    plant.issue(plant.lot(second), 1)
    assert look_up(plant, first.code, "000002").batch_id == batch.id
    assert look_up(plant, second.code, "000001").batch_id != batch.id
    assert never_issued(plant, second.code, "000002")


def test_every_spelling_of_a_gtin_finds_the_product(plant: Any) -> None:
    """13 digits or 14."""
    product = plant.product()
    batch = plant.issue(plant.lot(product), 1)
    assert look_up(plant, product.code[1:], batch.first_serial) == look_up(plant, product.code, batch.first_serial)


def test_it_says_what_stood_on_the_label(plant: Any) -> None:
    """The lot's dates and revision as they were when the serial was granted."""
    product = plant.product()
    lot = plant.lot(product, "L-7", best_before=date(2028, 5, 1))
    batch = plant.issue(lot, 3)
    lots.edit_lot(plant.db, plant.call(), lot.id, LotDates(date(2026, 11, 1)))
    found = look_up(plant, product.code, batch.last_serial)
    assert (found.production_date, found.expiry_date, found.best_before) == (
        date(2026, 11, 20),
        date(2028, 11, 19),
        date(2028, 5, 1),
    )
    assert (found.lot_revision, found.label, found.issued_at) == (1, 3, plant.call().at)
    assert (found.printer, found.job_id) == (None, None)
    after = look_up(plant, product.code, plant.issue(lot, 1).first_serial)
    assert (after.lot_revision, after.production_date, after.expiry_date) == (2, date(2026, 11, 1), None)


def test_it_says_what_became_of_the_label(plant: Any) -> None:
    """Planned, then sent and no more than that; returned with the reason."""
    plant.printer("p")
    product = plant.product()
    lot = plant.lot(product)
    printed = plant.issue(lot, 2, printer="p")
    assert look_up(plant, product.code, printed.first_serial).known.outcome == "planned"
    plant.print()
    found = look_up(plant, product.code, printed.first_serial)
    assert (found.known.outcome, found.known.evidence) == ("sent", "sent")
    assert (found.printer, found.job_id) == ("p", printed.job_id)
    batch = plant.issue(lot, 2)
    plant.give_back(batch, 2, 1, reason="film torn")
    known = look_up(plant, product.code, batch.last_serial).known
    assert (known.outcome, known.reason) == ("returned", "film torn")


def test_a_malformed_serial_is_told_by_its_rule(plant: Any, subtests: pytest.Subtests) -> None:
    """It never reaches the database; the sentence does not repeat it."""
    cases = [
        ("", "serial_length"),
        ("A" * 21, "serial_length"),
        ("A" * 100_000, "serial_length"),
        ("^XZ", "serial_characters"),
        ("~JA", "serial_characters"),
        ("A\x02", "serial_characters"),
        ("A\x1eB", "serial_characters"),
        ("A\n", "serial_characters"),
        ("A B", "serial_characters"),
        ("😀", "serial_characters"),
        ("\x00", "serial_characters"),
        ("'#--", "serial_characters"),
    ]
    for serial, code in cases:
        with subtests.test(serial=serial, code=code):
            product = plant.product()
            with statements() as seen, pytest.raises(InvalidInput) as refusal:
                look_up(plant, product.code, serial)
            assert (refusal.value.code, refusal.value.pointer) == (code, "/serial")
            assert refusal.value.message.isprintable()
            assert len(refusal.value.message) < 200
            assert seen == []


def test_any_text_is_found_never_issued_or_malformed(plant: Any) -> None:
    """Whatever someone scans or types."""
    product = plant.product()
    issued = plant.issue(plant.lot(product), 3)

    @SEARCH
    @given(st.one_of(st.text(max_size=25), st.just(issued.first_serial)))
    def search(text: str) -> None:
        try:
            answer = look_up(plant, product.code, text).serial
        except LabelsvcError as error:
            answer = error.code
        well_formed = 1 <= len(text) <= 20 and set(text) <= CSET_82
        if text == issued.first_serial:
            assert answer == text
        elif well_formed:
            assert answer == "never_issued"
        else:
            assert answer in ("serial_length", "serial_characters")

    search()


def test_a_code_of_no_product_is_not_a_serial_never_issued(plant: Any, subtests: pytest.Subtests) -> None:
    """We say nothing of serials of others' products."""
    cases = [
        ("9520123456789", InvalidInput, "gtin_check_digit"),
        ("a b", InvalidInput, "item_characters"),
        ("", InvalidInput, "item_characters"),
        ("4006381333931", NotFound, "product_unknown"),
        ("NO-SUCH", NotFound, "product_unknown"),
    ]
    for code, error, rule in cases:
        with subtests.test(code=code, error=error):
            with pytest.raises(error) as refusal:
                look_up(plant, code, "ABC")
            assert refusal.value.code == rule


def test_an_ordinal_beyond_64_bits_was_never_issued_and_no_range_is_asked(
    plant: Any, subtests: pytest.Subtests
) -> None:
    """No database has a number so large; the ordinal before does ask."""
    cases = [
        ("{seq:20}", "09223372036854775809"),  # ordinal 2^63
        ("{seq:20}", "99999999999999999999"),
        ("{seq:19}", "9999999999999999999"),
    ]
    for pattern, serial in cases:
        with subtests.test(pattern=pattern, serial=serial):
            product = plant.product(pattern)
            batch = plant.issue(plant.lot(product), 1)
            with statements() as seen:
                assert never_issued(plant, product.code, serial)
            assert seen
            assert not any("ranges" in statement for statement in seen)
            with statements() as seen:
                assert look_up(plant, product.code, batch.first_serial)
            assert any("ranges" in statement for statement in seen)


def test_unguessable_texts_beyond_64_bits_were_never_issued(plant: Any) -> None:
    """32^14 texts are far more than a pool holds: most decode to an ordinal that cannot be."""
    product = plant.product("{rnd:14}")
    batch = plant.issue(plant.lot(product), 2)
    numbering = plant.issuer.numbering(product.code, "{rnd:14}", "", 1)
    alphabet = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    beyond = 0

    @SEARCH
    @given(st.text(alphabet, min_size=14, max_size=14))
    def search(text: str) -> None:
        nonlocal beyond
        ordinal = numbering.scheme.ordinal(text, numbering.key)
        with statements() as seen:
            assert never_issued(plant, product.code, text)
        asked = any("ranges" in statement for statement in seen)
        assert asked == (ordinal < 2**63)
        beyond += not asked

    search()
    assert beyond > 20
    assert look_up(plant, product.code, batch.last_serial).label == 2


def test_the_last_ordinal_of_64_bits_can_be_asked_for(plant: Any) -> None:
    """2^63 - 1, which is one beyond the largest pool, is asked for and never issued, on both databases."""
    product = plant.product("{seq:20}")
    plant.issue(plant.lot(product), 1)
    for number in (2**63 - 1, 2**63):  # ordinals 2^63 - 2 and 2^63 - 1
        with statements() as seen:
            assert never_issued(plant, product.code, f"{number:020d}")
        assert any("ranges" in statement for statement in seen)


def test_a_look_up_writes_nothing(plant: Any) -> None:
    """Not even for a serial that is found."""
    product = plant.product()
    batch = plant.issue(plant.lot(product), 1)
    before = plant.tables()
    look_up(plant, product.code, batch.first_serial)
    assert plant.tables() == before


def test_another_secret_reads_nothing_right(plant: Any) -> None:
    """So a process that has one refuses to start; here we see why."""
    product = plant.product()
    batch = plant.issue(plant.lot(product), 5)
    plant.issuer = Issuer(bytes(32), plant.issuer.digital_link)
    assert never_issued(plant, product.code, batch.first_serial)
