"""The same key gets the same answer for ever, whatever happened in between; a refusal is no answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.batches import BatchRequest, LotDates
from labelsvc.errors import Conflict, LabelsvcError, Malformed
from labelsvc.issuing import batches, label_formats, lots, products
from labelsvc.printing import jobs, printers
from labelsvc.storage.database import Database


def test_the_answer_is_the_batch_and_nothing_more_is_taken(plant: Any) -> None:
    """Not a row anywhere."""
    lot = plant.lot()
    first = plant.issue(lot, 5, key="k")
    before = plant.tables()
    assert plant.issue(lot, 5, key="k") == first
    assert plant.tables() == before


def test_the_answer_stays_after_all_that_can_happen_to_a_batch(plant: Any) -> None:
    """Printed, lot edited, format and scheme and printer changed, ten years gone: to the letter the same answer."""
    product = plant.product()
    lot = plant.lot(product)
    printer = plant.printer("p")
    first = plant.issue(lot, 5, key="k", printer="p", line="line 3")
    plant.print()
    assert jobs.get_job(plant.db, plant.issuer, first.job_id).state == "completed"
    assert plant.issue(lot, 5, key="k", printer="p", line="line 3") == first
    lots.edit_lot(plant.db, plant.call(), lot.id, LotDates(date(2026, 11, 1)))
    toml = label_formats.get_format(plant.db, "plain").toml
    label_formats.add_format(plant.db, plant.call(), toml.replace("size = 3", "size = 2"), {})
    products.add_scheme(plant.db, plant.call(), product.code, "X{seq:6}")
    printers.edit_printer(plant.db, plant.call(), replace(printer.spec, dpmm=12, media_width=80), plant.data_dir)
    later = Call(Actor("key", "line 3"), first.created_at + timedelta(days=3_650), "k")
    asked = BatchRequest(5, "p", None, "line 3")
    assert batches.issue(plant.db, plant.issuer, later, lot.id, asked) == first


def test_the_answer_stays_after_numbers_were_returned(plant: Any) -> None:
    """It says what was issued; to know what became of it one asks for the batch."""
    lot = plant.lot()
    first = plant.issue(lot, 5, key="k")
    plant.give_back(first, 1, 5)
    again = plant.issue(lot, 5, key="k")
    assert again == first
    assert again.outcomes == {"held": 5}
    assert plant.batch(first).outcomes == {"returned": 5}


def test_the_answer_stays_when_nothing_is_left(plant: Any) -> None:
    """The pool is empty; the one who has the numbers may still ask which they are."""
    lot = plant.lot(plant.product("{seq:1}"))
    first = plant.issue(lot, 9, key="k")
    assert plant.issue(lot, 9, key="k") == first
    with pytest.raises(Conflict):
        plant.issue(lot, 1)


def test_another_process_knows_the_answer(plant: Any) -> None:
    """It is in the database."""
    lot = plant.lot()
    first = plant.issue(lot, 5, key="k")
    with Database.open(plant.url) as another:
        asked = BatchRequest(5)
        assert batches.issue(another, plant.issuer, plant.call("k"), lot.id, asked) == first


def test_a_key_with_another_body_is_a_conflict(plant: Any, subtests: pytest.Subtests) -> None:
    """Even one that would mean the same; nothing is taken."""
    cases = [{"quantity": 6}, {"line": "line 4"}, {"label_format": "plain"}]
    for other in cases:
        with subtests.test(other=other):
            lot = plant.lot()
            plant.issue(lot, 5, key="k")
            before = plant.tables()
            with pytest.raises(Conflict) as refusal:
                plant.issue(lot, key="k", **{"quantity": 5, **other})
            assert refusal.value.code == "idempotency_key_reused"
            assert plant.tables() == before


def test_another_lot_or_client_may_use_the_same_key(plant: Any) -> None:
    """Keys are counted by client and route."""
    product = plant.product()
    one, two = plant.lot(product), plant.lot(product)
    made = [plant.issue(one, 5, key="k"), plant.issue(two, 5, key="k")]
    call = plant.call("k", client="line 4")
    made.append(batches.issue(plant.db, plant.issuer, call, one.id, BatchRequest(5)))
    assert len({batch.id for batch in made}) == 3
    assert len({serial for batch in made for serial in plant.serials(batch)}) == 15


def test_without_a_key_nothing_is_issued(plant: Any) -> None:
    """A retry could not be told from a new request."""
    call = Call(Actor("key", "line 3"), plant.call().at)
    with pytest.raises(Malformed):
        batches.issue(plant.db, plant.issuer, call, plant.lot().id, BatchRequest(5))


def test_a_refusal_does_not_use_up_its_key(plant: Any) -> None:
    """What was refused may be corrected and sent again with the same key."""
    lot = plant.lot(plant.product("{seq:1}"))
    for quantity in (0, 10, 5_000):
        with pytest.raises(LabelsvcError):
            plant.issue(lot, quantity, key="k")
    assert plant.issue(lot, 9, key="k").quantity == 9


def test_two_at_the_same_moment_get_one_batch(plant: Any) -> None:
    """A retry that overtakes the first try: both hear the same, and one range was taken."""
    lot, barrier = plant.lot(), Barrier(4)

    def ask(_: int) -> Any:
        barrier.wait()
        return plant.issue(lot, 5, key="k")

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(ask, range(4)))
    assert answers == [answers[0]] * 4
    assert [len(plant.tables()[name]) for name in ("ranges", "batches", "outcomes")] == [1, 1, 1]
    assert len(plant.audit("batch.issue")) == 1


def test_one_that_was_answered_between_look_and_take_gets_that_answer(plant: Any) -> None:
    """Step by step: the retry looks, the first try commits, the retry takes nothing."""
    lot = plant.lot()
    first: list[Any] = []
    again = plant.meanwhile(lambda: first.append(plant.issue(lot, 5, key="k"))).issue(lot, 5, key="k")
    assert [again] == first
    assert len(plant.tables()["ranges"]) == 1
