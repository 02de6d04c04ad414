"""A unit's standing is a function of the set of its events."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelsvc.domain.units.folding import fold, step
from labelsvc.domain.units.standing import FOREIGN, STATES, Fact, Standing, Terms, within

BEGIN = datetime(2026, 11, 20, 9, tzinfo=UTC)
PLACES = (None, "https://id.gs1.org/414/9521321000001", "https://id.gs1.org/414/9521141111116")
BOXES = ("https://id.gs1.org/00/095201234567891235", "https://id.gs1.org/00/095201234567891242")
OURS = Terms(ours=True, issued=True, granted_at=BEGIN - timedelta(hours=1), lot="L-7", expiry=date(2026, 11, 22))


def scan(rng: random.Random, number: int) -> Fact:
    """Return one of 10,000 scans: anything, at any time of three days, legal or not."""
    at = BEGIN + timedelta(minutes=rng.choice([rng.randrange(0, 4320, 60), rng.uniform(0, 4320)]))
    step_, action, disposition = rng.choice(
        [
            ("commissioning", "ADD", "active"),
            ("shipping", "OBSERVE", None),
            ("receiving", "OBSERVE", None),
            ("receiving", "OBSERVE", "returned"),
            ("stocking", "OBSERVE", None),
            ("retail_selling", "OBSERVE", "retail_sold"),
            ("inspecting", "OBSERVE", "conformant"),
            ("inspecting", "OBSERVE", "non_conformant"),
            ("holding", "OBSERVE", "non_sellable_other"),
            ("void_shipping", "OBSERVE", None),
            ("destroying", "DELETE", "destroyed"),
        ]
    )
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    if rng.random() < 0.25:
        action = rng.choice(["ADD", "DELETE"])
        sweeps = action == "DELETE" and rng.random() < 0.3
        return Fact(at, digest, "AggregationEvent", "child", action, "packing", parent=rng.choice(BOXES), sweeps=sweeps)  # type: ignore[arg-type]
    released = ("non_sellable_other",) if rng.random() < 0.1 else ()
    return Fact(
        at, digest, "ObjectEvent", "epc", action, step_, disposition, unset=released, location=rng.choice(PLACES)
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(3))
def test_ten_thousand_scans_in_any_order_tripled_and_with_other_offsets_give_the_same_digests(seed) -> None:
    """Two hundred units; the books of each, and what is wrong with each scan, are the same to the letter."""
    rng = random.Random(seed)
    scans = [(rng.randrange(200), scan(rng, number)) for number in range(10_000)]
    expected = told(scans)
    assert {state for state, _ in expected.values()} >= {"active", "in_transit", "in_stock", "sold", "destroyed"}
    tripled = [
        (unit, replace(fact, at=fact.at.astimezone(timezone(timedelta(minutes=rng.randrange(-720, 840, 15))))))
        for unit, fact in scans * 3
    ]
    rng.shuffle(tripled)
    assert told(tripled) == expected


def told(scans: list[tuple[int, Fact]]) -> dict[int, tuple[str, tuple]]:
    """Return how each unit stands at the end, and what held after each of its scans."""
    facts: dict[int, list[Fact]] = {}
    for unit, fact in scans:
        facts.setdefault(unit, []).append(fact)
    found = {}
    for unit, its in facts.items():
        held = fold(its, OURS if unit % 2 else FOREIGN)
        story = tuple((one.fact.hash, one.standing.digest, one.finding) for one in held)
        found[unit] = (held[-1].standing.state if held else "unknown", story)
    return found


facts = st.builds(lambda seed: scan(random.Random(seed), seed), st.integers(0, 10**6))


@given(st.lists(facts, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_an_illegal_event_moves_nothing(happened, rng) -> None:
    """Leave out those that break a rule, and every unit stands the same."""
    held = fold(happened, OURS)
    legal = [one.fact for one in held if one.finding is None]
    rng.shuffle(legal)
    without = fold(legal, OURS)
    assert [one.standing for one in held if one.finding is None] == [one.standing for one in without]


@given(facts)
@settings(max_examples=60)
def test_a_person_may_say_that_it_did_happen(scanned) -> None:
    """Then it moves the unit as a legal one does, and stays flagged."""
    destroyed = Standing("destroyed", BEGIN, lot="L-7")
    unmoved, finding = step(destroyed, scanned, OURS)
    assert (unmoved, finding is not None) == (destroyed, True)
    moved, again = step(destroyed, replace(scanned, accepted=True), OURS)
    assert again == finding
    assert moved.state in STATES


def test_a_container_moves_what_is_inside_and_holds_it_back() -> None:
    inside = Standing("active", BEGIN, location=PLACES[1], parent=BOXES[0], bond="packed", lot="L-7")
    pallet = Standing("in_stock", BEGIN, ("recalled", "available"), location=PLACES[2], holder="party")
    both = within(inside, pallet)
    assert (both.state, both.location, both.holder, both.lot) == ("in_stock", PLACES[2], "party", "L-7")
    assert (both.dispositions, both.parent) == (("recalled",), BOXES[0])
    destroyed = replace(inside, state="destroyed")
    assert within(destroyed, pallet).state == "destroyed"


def test_an_expiry_ends_with_its_day() -> None:
    unit = Standing("active", expiry=date(2026, 11, 22))
    assert [unit.expired(date(2026, 11, day)) for day in (21, 22, 23)] == [False, False, True]
