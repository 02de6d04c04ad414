"""Pools and ranges in the books: what is granted is granted once, to the last number and not beyond."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from labelsvc.domain.actors import Call
from labelsvc.domain.ranges import Range
from labelsvc.errors import Conflict
from labelsvc.storage import installation, products, ranges, tables
from labelsvc.storage.ranges import Grant


def scheme_id_of(plant: Any) -> int:
    with plant.db.read() as conn:
        return products.get(conn, plant.product().code).scheme_id


def take(plant: Any, scheme_id: int, count: int, capacity: int = 1_000, scope: str = "") -> Range:
    def work(conn: Connection) -> Range:
        pool_id = ranges.pool_of(conn, plant.call(), scheme_id, scope, capacity)
        return ranges.take(conn, plant.call(), pool_id, Grant(count))

    return plant.db.write(work)


@pytest.fixture
def scheme_id(plant: Any) -> int:
    return scheme_id_of(plant)


def test_grants_of_a_pool_follow_each_other(plant: Any, scheme_id: int) -> None:
    """From ordinal 0, without a gap."""
    taken = [take(plant, scheme_id, count) for count in (5, 1, 300)]
    assert [(one.first, one.last) for one in taken] == [(0, 4), (5, 5), (6, 305)]


def test_each_scope_and_each_scheme_counts_for_itself(plant: Any, scheme_id: int) -> None:
    """Three pools that all begin with 0."""
    other = scheme_id_of(plant)
    for scheme, scope in ((scheme_id, "26324"), (scheme_id, "26325"), (other, "26324")):
        assert take(plant, scheme, 7, scope=scope).first == 0
        assert take(plant, scheme, 7, scope=scope).first == 7


def test_a_pool_gives_its_last_number_and_then_none(plant: Any, scheme_id: int) -> None:
    """What is left is named, and a smaller request still gets it."""
    take(plant, scheme_id, 990)
    with pytest.raises(Conflict) as refusal:
        take(plant, scheme_id, 11)
    assert refusal.value.code == "capacity_exceeded"
    assert refusal.value.message == "Expected at most 10 (all that is left), got 11."
    assert refusal.value.facts == {"available": 10}
    assert take(plant, scheme_id, 10).last == 999
    with pytest.raises(Conflict, match=r"Expected at most 0 \(all that is left\), got 1\.") as refusal:
        take(plant, scheme_id, 1)
    assert refusal.value.facts == {"available": 0}


def test_a_refusal_takes_nothing_and_makes_no_pool(plant: Any, scheme_id: int) -> None:
    """Every table is as before."""
    before = plant.tables()
    with pytest.raises(Conflict):
        take(plant, scheme_id, 1_001)
    assert plant.tables() == before


def test_ordinals_reach_to_the_end_of_64_bits(plant: Any, scheme_id: int) -> None:
    """No sum overflows on the way to the largest capacity."""
    top = 2**63 - 1
    first = take(plant, scheme_id, top - 10, capacity=top)
    assert (first.first, first.last) == (0, top - 11)
    with pytest.raises(Conflict) as refusal:
        take(plant, scheme_id, 11, capacity=top)
    assert refusal.value.facts == {"available": 10}
    assert take(plant, scheme_id, 10, capacity=top).last == top - 1
    with plant.db.read() as conn:
        assert ranges.holding(conn, scheme_id, "", top - 1) is not None
        assert ranges.holding(conn, scheme_id, "", top) is None


def test_an_ordinal_is_held_by_the_range_it_was_granted_in(plant: Any, scheme_id: int) -> None:
    """From the first to the last number of each; the one after the last was never granted."""
    taken = [take(plant, scheme_id, count) for count in (3, 1, 6)]
    with plant.db.read() as conn:
        for one in taken:
            for ordinal in range(one.first, one.last + 1):
                assert ranges.holding(conn, scheme_id, "", ordinal) == one
        assert ranges.holding(conn, scheme_id, "", 10) is None
        assert ranges.holding(conn, scheme_id, "26324", 0) is None
        assert ranges.holding(conn, scheme_id + 1_000, "", 0) is None


def test_a_range_keeps_who_asked_what_for(plant: Any, scheme_id: int) -> None:
    """Lot and revision, client, Idempotency-Key and moment, as they were given."""
    call = plant.call("my-key", client="line 7")

    def work(conn: Connection) -> Range:
        pool_id = ranges.pool_of(conn, plant.call(), scheme_id, "", 10)
        return ranges.take(conn, call, pool_id, Grant(2, "lost", (17, 3)))

    taken = plant.db.write(work)
    with plant.db.read() as conn:
        assert ranges.holding(conn, scheme_id, "", 1) == taken
    assert (taken.kind, taken.lot_id, taken.lot_revision) == ("lost", 17, 3)
    assert (taken.actor, taken.request_key, taken.created_at) == (call.actor, "my-key", call.at)


def test_many_at_once_never_get_the_same_number(plant: Any, scheme_id: int) -> None:
    """8 threads, a pool that runs out under them: every number is granted once, the last ones included."""
    capacity = 1_000

    def line(seed: int) -> list[Range]:
        chance, mine = random.Random(seed), []
        for _ in range(12):
            try:
                mine.append(take(plant, scheme_id, chance.randint(1, 25), capacity))
            except Conflict as refusal:
                left = refusal.facts["available"]
                assert left < 25
        return mine

    with ThreadPoolExecutor(8) as lines:
        taken = sorted((one for mine in lines.map(line, range(8)) for one in mine), key=lambda one: one.first)
    assert taken[0].first == 0
    assert all(one.last + 1 == two.first for one, two in pairwise(taken))
    assert taken[-1].last < capacity
    with plant.db.read() as conn:
        assert conn.execute(select(tables.pools.c.next)).scalars().all() == [taken[-1].last + 1]
        assert conn.execute(select(func.count()).select_from(tables.ranges)).scalar_one() == len(taken)


def test_two_that_need_the_same_new_pool_share_it(plant: Any, scheme_id: int) -> None:
    """Made by whoever comes first, at the same moment."""
    with ThreadPoolExecutor(8) as lines:
        taken = list(lines.map(lambda scope: take(plant, scheme_id, 2, scope=scope), ["a", "b", "c", "d"] * 4))
    assert len({one.pool_id for one in taken}) == 4
    assert sorted((one.pool_id, one.first) for one in taken) == sorted(
        (pool_id, first) for pool_id in {one.pool_id for one in taken} for first in (0, 2, 4, 6)
    )


def test_a_call_without_a_key_is_granted_too(plant: Any, scheme_id: int) -> None:
    """Ranges are also for those who have no Idempotency-Key (a restore that skips numbers, for instance)."""
    call = Call(plant.call().actor, plant.call().at)
    pool = plant.db.write(lambda conn: ranges.pool_of(conn, plant.call(), scheme_id, "", 10))
    assert plant.db.write(lambda conn: ranges.take(conn, call, pool, Grant(1))).request_key is None


def test_numbers_are_lost_in_every_pool_at_once(plant: Any, scheme_id: int) -> None:
    """So many of each, or all that are left; a range of their own says so, and who it was."""
    take(plant, scheme_id, 5, scope="a")
    take(plant, scheme_id, 995, scope="b")
    take(plant, scheme_id, 1_000, scope="c")
    call = plant.call()
    assert plant.db.write(lambda conn: ranges.lose(conn, call, 7)) == 2
    with plant.db.read() as conn:
        lost = conn.execute(select(tables.ranges).where(tables.ranges.c.kind == "lost").order_by("first")).all()
    assert [(row.first, row._mapping["count"], row.lot_id, row.request_key) for row in lost] == [
        (5, 7, None, None),
        (995, 5, None, None),
    ]
    assert {(row.actor_kind, row.actor_id, row.created_at) for row in lost} == {("key", call.actor.id, call.at)}
    assert [take(plant, scheme_id, 1, scope="a").first, take(plant, scheme_id, 1, scope="d").first] == [12, 0]


def test_a_pool_made_after_a_restore_begins_with_lost_numbers(plant: Any, scheme_id: int) -> None:
    """All that was ever said to be skipped; a pool that is there already begins nowhere anew."""
    take(plant, scheme_id, 5, scope="a")
    for count in (3, 20, 7):
        plant.db.write(lambda conn, count=count: installation.skip(conn, count))
    assert take(plant, scheme_id, 1, scope="a").first == 5
    assert [take(plant, scheme_id, 1, scope="b").first, take(plant, scheme_id, 1, scope="b").first] == [30, 31]
    with pytest.raises(Conflict, match="Expected at most 0"):
        take(plant, scheme_id, 1, capacity=30, scope="c")
