"""Every number of a scope is counted once, whatever became of it."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from labelsvc.domain.recalls import Span, merged
from labelsvc.tracking.recalls import balancing
from labelsvc.tracking.recalls.balancing import Chosen
from tests.tracking.happenings import BEGIN, HOME, SHOP, begun, event, packed

CASE = "https://id.gs1.org/00/095201234567891235"
PALLET = "https://id.gs1.org/00/095201234567891242"
STEPS = ("shipping", "receiving", "stocking", "retail_selling", "holding", "destroying", "pack", "add")


def test_spans_that_overlap_or_touch_are_one() -> None:
    asked = [Span(2, 5, 9), Span(1, 1, 3), Span(1, 4, 6), Span(1, 2, 2), Span(1, 8, 8)]
    assert merged(asked) == (Span(1, 1, 6), Span(1, 8, 8), Span(2, 5, 9))


def test_a_balance_says_where_each_number_is_and_what_nobody_can_put_a_hand_on(books) -> None:
    batch, epcs = books.lot_of(14, out=8)
    books.confirm(batch, 9, 9, "in_doubt")
    books.confirm(batch, 10, 11, "spoiled")
    books.capture(
        packed(1, CASE, *epcs[:2]),
        packed(1, PALLET, CASE),
        event(2, "shipping", PALLET),
        event(3, "receiving", epcs[2], biz_location=SHOP),
        event(3, "retail_selling", epcs[3]),
        event(3, "holding", epcs[4], disposition="unknown"),
        event(3, "destroying", epcs[5], action="DELETE"),
        event(4, "receiving", epcs[8], biz_location=SHOP),  # never commissioned
        event(5, "stocking", epcs[6], biz_location=HOME),
    )
    found = books.open(lots=(batch.lot_id,))
    balance = books.balance(found.id)
    assert (balance.granted, balance.beside, balance.difference) == (14, 0, 0)
    assert balance.numbers == {"held": 3, "in_doubt": 1, "spoiled": 2}
    assert balance.units == {
        ("active", None): 1,
        ("destroyed", None): 1,
        ("in_stock", HOME): 1,
        ("in_stock", SHOP): 1,
        ("in_transit", None): 2,
        ("lost", None): 1,
        ("sold", None): 1,
    }
    assert balance.unaccounted == {
        "numbers_in_doubt": 1,
        "units_lost": 1,
        "units_stolen": 0,
        "units_unknown": 0,
        "units_in_transit_for_long": 2,
    }
    assert books.balance(found.id, days=60).unaccounted["units_in_transit_for_long"] == 0
    missing = list(_all_units(books, found.id, Chosen(missing=True)))
    assert {(one.epc, one.state) for one in missing} == {
        (epcs[0], "in_transit"),
        (epcs[1], "in_transit"),
        (epcs[4], "lost"),
        (epcs[8], "unknown"),
    }
    bare = list(_all_numbers(books, found.id, None))
    assert [(one.epc, one.outcome, one.heard_of) for one in bare][:2] == [
        (epcs[8], "in_doubt", True),
        (epcs[9], "spoiled", False),
    ]
    assert [one.label for one in _all_numbers(books, found.id, "held")] == [12, 13, 14]


def _all_units(books, recall_id: int, chosen: Chosen):
    after: int | None = 0
    while after is not None:
        page = balancing.list_units(books.plant.db, recall_id, chosen, books.now, (after, 2))
        yield from page.items
        after = page.next


def _all_numbers(books, recall_id: int, outcome):
    after: int | None = 0
    while after is not None:
        page = balancing.list_numbers(books.plant.db, books.plant.issuer, recall_id, outcome, (after, 2))
        yield from page.items
        after = page.next


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_the_difference_is_zero_and_every_number_stands_in_one_list(books, seed) -> None:
    """Lives at random, legal or not; outcomes at random beside them; the lists add up to the figures."""
    rng = random.Random(seed)
    lots = [books.lot_of(12, out=rng.randint(0, 9)) for _ in range(2)]
    epcs = [epc for _, some in lots for epc in some]
    for batch, _ in lots:
        for _ in range(4):
            first = rng.randint(1, 12)
            word = rng.choice(["in_doubt", "spoiled", "sampled", "returned", "invalidated", "absent", "confirmed"])
            books.confirm(batch, first, min(12, first + rng.randint(0, 3)), word)
    for _ in range(25):
        hours = 1 + rng.random() * 20
        some = rng.sample(epcs, rng.randint(1, 4))
        step = rng.choice(
            ["shipping", "receiving", "stocking", "retail_selling", "holding", "destroying", "pack", "add"]
        )
        if step == "pack":
            one = packed(hours, rng.choice([CASE, PALLET]), *some, action=rng.choice(["ADD", "DELETE"]))
        elif step == "add":
            one = begun(hours, *some)
        else:
            action = "DELETE" if step == "destroying" else "OBSERVE"
            word = "unknown" if step == "holding" else None
            one = event(
                hours, step, *some, action=action, disposition=word, biz_location=rng.choice([None, HOME, SHOP])
            )
        books.capture(one)
    books.capture(packed(22, PALLET, CASE), event(23, "shipping", PALLET))
    found = books.open(lots=tuple(batch.lot_id for batch, _ in lots))
    balance = books.balance(found.id)
    assert (balance.granted, balance.difference) == (24, 0)
    assert all(count > 0 for count in (*balance.numbers.values(), *balance.units.values()))
    bare = [one.epc for one in _all_numbers(books, found.id, None)]
    begun_ones = [one for one in _all_units(books, found.id, Chosen()) if one.state != "unknown"]
    assert sorted([*bare, *(one.epc for one in begun_ones)]) == sorted(epcs)
    by_state: dict[str, int] = {}
    for one in begun_ones:
        by_state[one.state] = by_state.get(one.state, 0) + 1
    assert by_state == balance.states
    assert BEGIN + timedelta(days=30) < books.now
