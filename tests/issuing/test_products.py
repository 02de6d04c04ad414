"""Products and their schemes: no two schemes of a product may ever meet in one serial."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from labelsvc.domain.products import NewProduct
from labelsvc.errors import Conflict, InvalidInput, LabelsvcError, NotFound
from labelsvc.issuing import products


def add(plant: Any, **given: Any) -> Any:
    new = {"code": "9520123456788", "name": "Ibuprofen", "scheme": "{rnd:10}", "label_format": "plain", **given}
    return products.add_product(plant.db, plant.call(), NewProduct(**new))


def test_a_product_is_found_by_every_spelling_of_its_code(plant: Any, subtests: pytest.Subtests) -> None:
    """A GTIN is kept as 14 digits; an own item code as it is."""
    cases = [
        ("96385074", "gtin", "00000096385074"),
        ("614141123452", "gtin", "00614141123452"),
        ("4006381333931", "gtin", "04006381333931"),
        ("10614141000415", "gtin", "10614141000415"),
        ("VALVE-3.4", "item", "VALVE-3.4"),
        ("4711", "item", "4711"),
    ]
    for code, kind, kept in cases:
        with subtests.test(code=code, kind=kind):
            made = add(plant, code=code, shelf_life_days=730)
            assert (made.code, made.kind, made.scheme, made.shelf_life_days) == (kept, kind, "{rnd:10}", 730)
            for spelling in {code, kept}:
                assert products.get_product(plant.db, spelling) == made
            (scheme,) = products.list_schemes(plant.db, code)
            assert (scheme.pattern, scheme.current, scheme.key_version) == ("{rnd:10}", True, 1)


def test_a_product_is_added_once(plant: Any) -> None:
    """In whatever spelling it comes again; the one there stays as it is."""
    add(plant)
    before = plant.tables()
    for code in ("9520123456788", "09520123456788"):
        with pytest.raises(Conflict) as refusal:
            add(plant, code=code, name="Another")
        assert refusal.value.code == "product_exists"
    assert plant.tables() == before


def test_of_two_who_add_one_product_at_once_one_is_told(plant: Any) -> None:
    """And its scheme is that of the one who added it."""
    barrier = Barrier(2)

    def one(scheme: str) -> object:
        barrier.wait()
        try:
            return add(plant, scheme=scheme).scheme
        except Conflict as error:
            return error.code

    with ThreadPoolExecutor(2) as threads:
        answers = set(threads.map(one, ["{rnd:10}", "{rnd:11}"]))
    (kept,) = answers - {"product_exists"}
    assert len(answers) == 2
    assert [scheme.pattern for scheme in products.list_schemes(plant.db, "9520123456788")] == [kept]


def test_what_breaks_a_rule_is_refused_with_its_field(plant: Any, subtests: pytest.Subtests) -> None:
    """And nothing is stored."""
    cases = [
        ({"code": "9520123456789"}, "gtin_check_digit", "/gtin"),
        ({"code": "a/b"}, "item_characters", "/item"),
        ({"name": ""}, "name_empty", "/name"),
        ({"name": "a\nb"}, "name_control_character", "/name"),
        ({"scheme": "{rnd:2}"}, "scheme_domain", "/scheme"),
        ({"scheme": "AB"}, "scheme_counter", "/scheme"),
        ({"scheme": "={seq:4}"}, "scheme_literal", "/scheme"),
        ({"shelf_life_days": 0}, "shelf_life_days", "/shelf_life_days"),
        ({"label_format": "nothing"}, "label_format_unknown", "/label_format"),
    ]
    for given, code, pointer in cases:
        with subtests.test(given=given, code=code):
            before = plant.tables()
            with pytest.raises(LabelsvcError) as refusal:
                add(plant, **given)
            assert (refusal.value.code, refusal.value.pointer) == (code, pointer)
            assert refusal.value.message.startswith("Expected ")
            assert plant.tables() == before


def test_a_code_of_no_product_is_not_found(plant: Any, subtests: pytest.Subtests) -> None:
    """One that breaks a rule names nothing either."""
    cases = ["4006381333931", "NO-SUCH", "a/b", "", "9520123456789", "x" * 100]
    for code in cases:
        with subtests.test(code=code):
            for ask in (products.get_product, products.list_schemes):
                with pytest.raises(NotFound) as refusal:
                    ask(plant.db, code)
                assert refusal.value.code == "product_unknown"


def test_a_new_scheme_serves_the_next_batches(plant: Any) -> None:
    """Old serials stay as they are."""
    product = plant.product("A{seq:5}")
    lot = plant.lot(product)
    before = plant.issue(lot, 3)
    products.add_scheme(plant.db, plant.call(), product.code, "B{seq:5}")
    assert plant.serials(plant.issue(lot, 2)) == ["B00001", "B00002"]
    assert plant.serials(before) == ["A00001", "A00002", "A00003"]
    assert [(s.pattern, s.current) for s in products.list_schemes(plant.db, product.code)] == [
        ("A{seq:5}", False),
        ("B{seq:5}", True),
    ]


def test_going_back_to_an_old_scheme_continues_its_counter(plant: Any) -> None:
    """Never from the beginning."""
    product = plant.product("A{seq:5}")
    lot = plant.lot(product)
    plant.issue(lot, 3)
    for pattern in ("B{seq:5}", "A{seq:5}"):
        products.add_scheme(plant.db, plant.call(), product.code, pattern)
    assert plant.serials(plant.issue(lot, 2)) == ["A00004", "A00005"]
    assert len(products.list_schemes(plant.db, product.code)) == 2
    products.add_scheme(plant.db, plant.call(), product.code, "B{seq:5}")
    assert plant.serials(plant.issue(lot, 1)) == ["B00001"]


def test_schemes_that_could_meet_are_refused(plant: Any, subtests: pytest.Subtests) -> None:
    """The conflict names the other one; the product keeps its scheme and nothing is stored."""
    cases = [
        ("{seq:6}", "{rnd:6@digits}"),
        ("{rnd:10}", "{rnd:10@alnum}"),
        ("{prod:%y%j}{seq:6}", "{rnd:11@digits}"),
        ("{lot:5}{seq:4}", "{rnd:9@alnum}"),
        ("{prod:%y%m}{seq:6}", "{exp:%y%m}{seq:6}"),
    ]
    for old, new in cases:
        with subtests.test(old=old, new=new):
            product = plant.product(old)
            before = plant.tables()
            with pytest.raises(Conflict) as refusal:
                products.add_scheme(plant.db, plant.call(), product.code, new)
            assert (refusal.value.code, refusal.value.pointer) == ("schemes_collide", "/scheme")
            assert refusal.value.facts == {"other": old}
            assert plant.tables() == before


def test_a_scheme_must_not_meet_any_that_the_product_ever_had(plant: Any) -> None:
    """The current one is not the only one with serials out in the world."""
    product = plant.product("{seq:6}")
    products.add_scheme(plant.db, plant.call(), product.code, "A{seq:5}")
    with pytest.raises(Conflict) as refusal:
        products.add_scheme(plant.db, plant.call(), product.code, "{rnd:6@digits}")
    assert refusal.value.facts == {"other": "{seq:6}"}


def test_other_products_may_have_any_scheme(plant: Any) -> None:
    """A serial is unique together with its product's code."""
    first, second = plant.product("{seq:6}"), plant.product("{seq:6}")
    assert plant.serials(plant.issue(plant.lot(first), 1)) == plant.serials(plant.issue(plant.lot(second), 1))


def test_a_pattern_that_breaks_a_rule_is_refused(plant: Any, subtests: pytest.Subtests) -> None:
    """With the field."""
    cases = ["{rnd:2}", "", "{seq:5}{seq:5}", "^XZ{seq:5}", "-{seq:5}"]
    for pattern in cases:
        with subtests.test(pattern=pattern):
            product = plant.product()
            with pytest.raises(InvalidInput) as refusal:
                products.add_scheme(plant.db, plant.call(), product.code, pattern)
            assert refusal.value.pointer == "/scheme"
            assert refusal.value.code.startswith("scheme_")


def test_a_scheme_of_no_product_is_not_found(plant: Any) -> None:
    """Nothing is stored."""
    with pytest.raises(NotFound):
        products.add_scheme(plant.db, plant.call(), "NO-SUCH", "{rnd:10}")


def test_choosing_the_current_scheme_again_changes_nothing(plant: Any) -> None:
    """So it is no entry in the audit either."""
    product = plant.product("A{seq:5}")
    before = plant.tables()
    again = products.add_scheme(plant.db, plant.call(), product.code, "A{seq:5}")
    assert again.current
    assert plant.tables() == before


def test_two_at_once_cannot_slip_in_schemes_that_meet(plant: Any) -> None:
    """Each is disjoint from what is there, but not from the other: in every round exactly one of them gets in."""
    for _ in range(8):
        product, barrier = plant.product(), Barrier(2)

        def one(pattern: str, code: str = product.code, barrier: Barrier = barrier) -> str:
            barrier.wait()
            try:
                return products.add_scheme(plant.db, plant.call(), code, pattern).pattern
            except Conflict as error:
                return error.code

        with ThreadPoolExecutor(2) as threads:
            answers = set(threads.map(one, ["A{seq:6}", "A{rnd:6@digits}"]))
        (kept,) = answers - {"schemes_collide"}
        assert len(answers) == 2
        assert [s.pattern for s in products.list_schemes(plant.db, product.code)] == ["{rnd:10}", kept]


def test_products_are_listed_in_the_order_they_came(plant: Any) -> None:
    """Page by page."""
    codes = [plant.product().code for _ in range(5)]
    first = products.list_products(plant.db, 0, 3)
    rest = products.list_products(plant.db, first.next or 0, 3)
    assert [product.code for product in (*first.items, *rest.items)] == codes
    assert rest.next is None
