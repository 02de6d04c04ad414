"""Return numbers: given back unused, by someone, for a reason; never issued again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from labelsvc.errors import Conflict, LabelsvcError, NotFound
from labelsvc.printing import jobs
from labelsvc.tracking import serials as known_serials


@pytest.fixture
def batch(plant: Any) -> Any:
    """Ten serials that do not begin with the pool's first."""
    lot = plant.lot(plant.product("{seq:2}"))
    plant.issue(lot, 3)
    return plant.issue(lot, 10)


def outcomes_of(plant: Any, batch: Any) -> list[str]:
    return [row["outcome"] for row in plant.rows(batch)]


def test_a_tail_is_returned(plant: Any, batch: Any) -> None:
    """The end of a lot: labels 7 to 10 were not needed."""
    seen = plant.give_back(batch, 7, 4)
    assert seen.outcomes == {"held": 6, "returned": 4}
    assert outcomes_of(plant, batch) == ["held"] * 6 + ["returned"] * 4
    assert plant.batch(batch) == seen


def test_an_interval_is_returned(plant: Any, batch: Any) -> None:
    """Some in the middle, then the first, then all others."""
    plant.give_back(batch, 4, 2)
    plant.give_back(batch, 1, 1)
    assert outcomes_of(plant, batch) == ["returned", "held", "held", "returned", "returned"] + ["held"] * 5
    plant.give_back(batch, 2, 2)
    assert plant.give_back(batch, 6, 5).outcomes == {"returned": 10}


def test_who_and_why_stand_in_the_audit_and_with_the_serial(plant: Any, batch: Any) -> None:
    """One entry, in words and numbers."""
    plant.give_back(batch, 7, 4, reason="film torn", client="anna")
    (entry,) = plant.audit("batch.return")
    assert (entry["actor_kind"], entry["actor_id"], entry["reason"]) == ("key", "anna", "film torn")
    assert entry["subject"] == f"batch:{batch.id}"
    assert entry["after"] == {"first": 9, "last": 12, "outcome": "returned"}
    found = known_serials.look_up(plant.db, plant.issuer, batch.product_code, "10")
    assert (found.known.outcome, found.known.reason) == ("returned", "film torn")
    assert known_serials.look_up(plant.db, plant.issuer, batch.product_code, "09").known.outcome == "held"


@pytest.mark.parametrize(("first", "count"), [(7, 4), (1, 10), (10, 1), (6, 2)])
def test_what_was_returned_is_not_returned_again(plant: Any, batch: Any, first: int, count: int) -> None:
    """Not even in part: a conflict that names the first such label, and nothing changes."""
    plant.give_back(batch, 7, 4)
    before = plant.tables()
    with pytest.raises(Conflict) as refusal:
        plant.give_back(batch, first, count)
    assert (refusal.value.code, refusal.value.pointer) == ("numbers_not_held", "/first")
    label = max(first, 7)
    assert refusal.value.message == f"Expected numbers that are held, got label {label}, which is returned."
    assert plant.tables() == before


def test_what_was_returned_is_never_issued_again(plant: Any, batch: Any) -> None:
    """The pool gives its other numbers and then none."""
    plant.give_back(batch, 1, 10)
    lot = plant.lot(plant.product())  # another product, as a check on the check
    assert plant.issue(lot, 10).quantity == 10
    mine = type("Lot", (), {"id": batch.lot_id})
    assert plant.serials(plant.issue(mine, 86)) == [f"{n:02d}" for n in range(14, 100)]
    with pytest.raises(Conflict) as refusal:
        plant.issue(mine, 1)
    assert refusal.value.facts == {"available": 0}


def test_what_is_not_of_the_batch_is_refused(plant: Any, batch: Any, subtests: pytest.Subtests) -> None:
    """With its field; nothing changes."""
    cases = [
        (0, 1, "why", "label_outside_batch", "/first"),
        (-1, 1, "why", "label_outside_batch", "/first"),
        (11, 1, "why", "label_outside_batch", "/first"),
        (10**30, 1, "why", "label_outside_batch", "/first"),
        (1, 0, "why", "count_outside_batch", "/count"),
        (1, 11, "why", "count_outside_batch", "/count"),
        (10, 2, "why", "count_outside_batch", "/count"),
        (1, 10**30, "why", "count_outside_batch", "/count"),
        (1, 1, "", "name_empty", "/reason"),
        (1, 1, "x" * 501, "name_too_long", "/reason"),
        (1, 1, "a\x1bb", "name_control_character", "/reason"),
    ]
    for first, count, reason, code, pointer in cases:
        with subtests.test(first=first, count=count):
            before = plant.tables()
            with pytest.raises(LabelsvcError) as refusal:
                plant.give_back(batch, first, count, reason=reason)
            assert (refusal.value.code, refusal.value.pointer) == (code, pointer)
            assert plant.tables() == before


def test_no_batch_is_not_found(plant: Any) -> None:
    """Whatever the rest says."""
    with pytest.raises(NotFound):
        plant.give_back(type("Batch", (), {"id": 999}), 1, 1)


def test_what_waits_in_a_job_or_was_printed_is_not_in_hand(plant: Any) -> None:
    """Planned and sent numbers cannot be returned; once a job is cancelled, those it did not send can."""
    plant.printer("p")
    lot = plant.lot()
    printed, waiting = (plant.issue(lot, 5, printer="p") for _ in range(2))
    with pytest.raises(Conflict, match="label 2, which is planned"):
        plant.give_back(printed, 2, 1)
    jobs.cancel_job(plant.db, plant.issuer, plant.call(), waiting.job_id, "not needed")
    assert plant.give_back(waiting, 1, 5).outcomes == {"returned": 5}
    plant.print()
    with pytest.raises(Conflict, match="label 1, which is sent"):
        plant.give_back(printed, 1, 5)


def test_of_two_who_return_the_same_at_once_one_is_told(plant: Any, batch: Any) -> None:
    """Intervals that overlap in one label: never both."""
    for n in (1, 4, 7):
        barrier = Barrier(2)

        def one(first: int, barrier: Barrier = barrier) -> str:
            barrier.wait()
            try:
                plant.give_back(batch, first, 2)
            except Conflict as error:
                return error.code
            return "returned"

        with ThreadPoolExecutor(2) as threads:
            answers = list(threads.map(one, (n, n + 1)))
        assert sorted(answers) == ["numbers_not_held", "returned"]
    assert len(plant.audit("batch.return")) == 3
