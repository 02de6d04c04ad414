from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from labelsvc.printing.webhooks import webhooks
from labelsvc.storage import hits as rows
from labelsvc.storage.hits import Asked
from labelsvc.storage.tables import resolver_hits, webhook_deliveries
from labelsvc.tracking import hits, serials
from labelsvc.tracking.hits import GUESS, Hits, Keeper, guessed

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def kept(plant: Any) -> dict[tuple[datetime, str], int]:
    with plant.db.read() as conn:
        query = select(resolver_hits.c.hour, resolver_hits.c.outcome, resolver_hits.c.count)
        return {(hour, outcome): count for hour, outcome, count in conn.execute(query)}


def test_counts_of_all_processes_add_up_by_the_hour(plant) -> None:
    product = plant.product("A{seq:2}")
    for found in (Hits(), Hits()):
        for minute in (0, 30, 59, 60):
            found.count(product.id, "verified", NOON + timedelta(minutes=minute))
        found.count(product.id, "led", NOON)
        Keeper(plant.db, found, 100, lambda: NOON).look()
    later = NOON + timedelta(hours=1)
    assert kept(plant) == {(NOON, "verified"): 6, (later, "verified"): 2, (NOON, "led"): 2}


def test_a_number_has_a_count_first_and_last_and_how_many_asked_but_not_who(plant) -> None:
    product = plant.product("A{seq:2}")
    plant.issue(plant.lot(product), 3)
    range_id = serials.look_up(plant.db, plant.issuer, product.code, "A01").range_id
    found = Hits()
    keeper = Keeper(plant.db, found, 100, lambda: NOON)
    for minute, address in ((0, "192.0.2.1"), (1, "192.0.2.1"), (2, "192.0.2.2")):
        found.count_number((range_id, 1), address, NOON + timedelta(minutes=minute))
    keeper.look()
    tomorrow = NOON + timedelta(days=1)
    found.count_number((range_id, 1), "192.0.2.1", tomorrow)
    keeper.look()
    with plant.db.read() as conn:
        assert rows.of_number(conn, range_id, 1) == Asked(4, NOON, tomorrow, 3)
        assert rows.of_number(conn, range_id, 2) is None
    assert "192.0.2" not in repr(plant.tables())


def test_what_is_counted_has_a_bound_and_what_is_beyond_is_lost(monkeypatch) -> None:
    monkeypatch.setattr(hits, "COUNTS_AT_MOST", 2)
    found = Hits()
    for ordinal in range(5):
        found.count_number((1, ordinal), "192.0.2.1", NOON)
        found.count(ordinal, "led", NOON)
    found.count(0, "led", NOON)
    taken = found.take()
    assert (len(taken.counts), len(taken.numbers), found.lost) == (2, 2, 6)
    assert taken.counts[0, NOON, "led"] == 2
    assert found.take().counts == {}


def guess(found: Hits, product_id: int, times: int) -> None:
    for _ in range(times):
        found.count(product_id, GUESS, NOON)


def test_guessing_raises_one_alarm_an_hour_and_a_product(plant) -> None:
    product, other = plant.product("A{seq:2}"), plant.product("B{seq:2}")
    what = ("https://mes.example.com/told", ("product.guessed",))
    webhooks.add_webhook(plant.db, plant.issuer, plant.call(), what, "public")
    before = len(plant.audit())
    found, elsewhere = Hits(), Hits()
    keepers = [Keeper(plant.db, each, 10, lambda: NOON) for each in (found, elsewhere)]
    for times in (6, 3):
        guess(found, product.id, times)
        guess(elsewhere, other.id, 1)
        for keeper in keepers:
            keeper.look()
    assert len(plant.audit()) == before
    guess(elsewhere, product.id, 1)  # in another process
    keepers[1].look()
    guess(found, product.id, 50)
    keepers[0].look()
    (entry,) = plant.audit()[before:]
    said = {"product": product.code, "hour": NOON.isoformat(), "guesses": 10}
    assert (entry["action"], entry["subject"], entry["after"]) == (
        "product.guessed",
        f"product:{product.code}",
        said,
    )
    with plant.db.read() as conn:
        assert conn.execute(select(webhook_deliveries.c.event)).scalars().all() == ["product.guessed"]
    assert guessed(plant.db, 10, NOON) == (62, 1)
    assert guessed(plant.db, 10, NOON + timedelta(hours=1)) == (0, 0)


def test_counts_are_forgotten_after_ninety_days(plant) -> None:
    product = plant.product("A{seq:2}")
    found = Hits()
    found.count(product.id, "led", NOON)
    Keeper(plant.db, found, 100, lambda: NOON).look()
    Keeper(plant.db, found, 100, lambda: NOON + timedelta(days=90)).look()
    assert len(kept(plant)) == 1
    Keeper(plant.db, found, 100, lambda: NOON + timedelta(days=90, hours=1)).look()
    assert kept(plant) == {}


@pytest.mark.parametrize("times", [1_201])
def test_no_transaction_writes_more_than_a_few_hundred_rows(plant, times: int) -> None:
    product = plant.product("A{seq:2}")
    found = Hits()
    for hour in range(times):
        found.count(product.id, "led", NOON + timedelta(hours=hour))
    writes = []

    class Watched:
        def write(self, work: Any) -> Any:
            writes.append(work)
            return plant.db.write(work)

    Keeper(Watched(), found, 100, lambda: NOON).look()  # type: ignore[arg-type]  # as much of a database as it uses
    assert len(writes) == 3 + 1  # the last one forgets
    assert len(kept(plant)) == times
