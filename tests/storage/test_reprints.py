"""Reprints in the books, and whose it is to say what became of a number."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from labelsvc.domain.actors import Actor
from labelsvc.domain.outcomes import Interval
from labelsvc.domain.reprints import ReprintPolicy
from labelsvc.errors import NotFound
from labelsvc.storage import job_outcomes, jobs, outcomes, quality, reprints
from labelsvc.storage.jobs import JobRow, NewJob
from labelsvc.storage.outcomes import Delivery, Known
from labelsvc.storage.reprints import NewReprint


class Shelf:
    """A batch of ten that is printed, and reprints of its labels."""

    def __init__(self, plant: Any, conn: Any) -> None:
        self.plant, self.conn, self.call = plant, conn, plant.call()
        lot = plant.lot(plant.product("A{seq:2}"))
        self.printer = plant.printer()
        self.batch = plant.issue(lot, 10, printer=self.printer.spec.name)
        self.lot_id = lot.id
        self.product_id = lot.product_id

    def batch_job(self, state: str = "completed") -> JobRow:
        jobs.set_state(self.conn, self.batch.job_id, state, ())  # type: ignore[arg-type]
        job = jobs.get(self.conn, self.batch.job_id)
        outcomes.append(self.conn, self.call, job.range_id, Interval(job.first, job.last, "confirmed", "echoed"))
        return job

    def reprint(self, at: int, *, destroyed: str = "ticked", approved: bool = True) -> tuple[int, JobRow | None]:
        job = jobs.get(self.conn, self.batch.job_id)
        ordinal = job.first + at
        new = NewReprint(
            product_id=self.product_id,
            lot_id=self.lot_id,
            batch_id=self.batch.id,
            range_id=job.range_id,
            ordinal=ordinal,
            printer_id=self.printer.id,
            reason="torn",
            note=None,
            destroyed=destroyed,  # type: ignore[arg-type]
        )
        reprint_id = reprints.add(self.conn, self.call, new)
        if not approved:
            return reprint_id, None
        made = NewJob(
            self.batch.id, job.range_id, self.printer.id, 1, ordinal, ordinal, kind="reprint", copy=self.next_copy(at)
        )
        job_id = jobs.add(self.conn, self.call, made)
        reprints.approve(self.conn, self.call, reprint_id, made.copy, job_id, by_policy=True)
        return reprint_id, jobs.get(self.conn, job_id)

    def next_copy(self, at: int) -> int:
        return self.copies(at)[1] + 1

    def copies(self, at: int) -> tuple[int, int]:
        job = jobs.get(self.conn, self.batch.job_id)
        return reprints.copies(self.conn, job.range_id, job.first + at)

    def known(self, at: int) -> Interval:
        job = jobs.get(self.conn, self.batch.job_id)
        return outcomes.of_number(self.conn, job.range_id, job.first + at)

    def again(self) -> int:
        return quality.jobs_of(self.conn, self.lot_id)[1]


@pytest.fixture
def shelf(plant: Any) -> Any:
    """Give each test one transaction on a shelf, which is then committed."""

    def run(test: Any) -> Any:
        made: list[Shelf] = []

        def work(conn: Any) -> Any:
            made[0].conn = conn
            return test(made[0])

        made.append(Shelf(plant, None))
        return plant.db.write(work)

    return run


def test_while_nothing_was_handed_over_a_number_is_what_it_was(shelf) -> None:
    def test(shelf: Shelf) -> None:
        shelf.batch_job()
        _, job = shelf.reprint(3)
        assert job is not None
        assert job_outcomes.of_job(shelf.conn, job) == (Interval(job.first, job.first, "planned"),)
        assert shelf.known(3).outcome == "confirmed"
        delivery = Delivery(job.id, job.range_id, 7)
        outcomes.hold_in_doubt(shelf.conn, shelf.call, delivery, job.first, job.last)
        assert [part.outcome for part in job_outcomes.of_job(shelf.conn, job)] == ["in_doubt"]
        assert shelf.known(3).outcome == "in_doubt"
        outcomes.narrow_doubt(shelf.conn, delivery, None)
        assert [part.outcome for part in job_outcomes.of_job(shelf.conn, job)] == ["planned"]
        assert (shelf.known(3).outcome, shelf.known(3).evidence) == ("confirmed", "echoed")

    shelf(test)


@pytest.mark.parametrize("destroyed", ["ticked", "none"])
def test_a_label_that_did_not_come_out_leaves_its_number_with_the_old_one(shelf, destroyed: str) -> None:
    """As the odometer finds it, and as a person says it."""

    def test(shelf: Shelf) -> None:
        shelf.batch_job()
        for at, by_person in ((3, False), (4, True)):
            _, job = shelf.reprint(at, destroyed=destroyed)
            assert job is not None
            delivery = Delivery(job.id, job.range_id, 7 + at)
            outcomes.hold_in_doubt(shelf.conn, shelf.call, delivery, job.first, job.last)
            if by_person:
                job_outcomes.say(shelf.conn, shelf.call, job, Interval(job.first, job.first, "absent", "scanned"))
            else:
                old = job_outcomes.keeps_old_label(shelf.conn, job)
                known = Known((), "counted", (), ((job.first, job.first),), old)
                outcomes.advance(shelf.conn, shelf.call, delivery, known, None)
            assert [part.outcome for part in job_outcomes.of_job(shelf.conn, job)] == ["absent"]
            gone = ("absent", "scanned" if by_person else "counted")
            expected = ("confirmed", "echoed") if destroyed == "none" else gone
            assert (shelf.known(at).outcome, shelf.known(at).evidence) == expected
        assert shelf.again() == 0

    shelf(test)


def test_a_batch_s_job_loses_its_say_over_what_is_printed_again(shelf) -> None:
    def test(shelf: Shelf) -> None:
        batch = shelf.batch_job()
        whole = [(batch.first, batch.last)]
        assert spans(shelf, batch) == whole
        _, job = shelf.reprint(3)
        assert job is not None
        assert spans(shelf, batch) == [(batch.first, batch.first + 2), (batch.first + 4, batch.last)]
        jobs.set_state(shelf.conn, job.id, "canceled", ())
        assert spans(shelf, batch) == whole
        outcomes.append(shelf.conn, shelf.call, job.range_id, Interval(job.first, job.first, "sent"), job_id=job.id)
        assert spans(shelf, batch) == [(batch.first, batch.first + 2), (batch.first + 4, batch.last)]
        shelf.reprint(0)
        shelf.reprint(9)
        assert spans(shelf, batch) == [(batch.first + 1, batch.first + 2), (batch.first + 4, batch.last - 1)]

    def spans(shelf: Shelf, job: JobRow) -> list[tuple[int, int]]:
        return [(part.first, part.last) for part in job_outcomes.in_hand(shelf.conn, job)]

    shelf(test)


def test_a_reprint_that_has_ended_loses_its_say_to_whoever_says_something_later(shelf) -> None:
    def test(shelf: Shelf) -> None:
        shelf.batch_job()
        _, job = shelf.reprint(3)
        assert job is not None
        here = Interval(job.first, job.first, "sent")
        outcomes.append(shelf.conn, shelf.call, job.range_id, here, job_id=job.id)
        jobs.set_state(shelf.conn, job.id, "completed", ())
        job = jobs.get(shelf.conn, job.id)
        assert job_outcomes.in_hand(shelf.conn, job) == (here,)
        spoiled = Interval(job.first, job.first, "spoiled")
        outcomes.append(shelf.conn, shelf.call, job.range_id, spoiled)
        assert job_outcomes.in_hand(shelf.conn, job) == ()
        assert job_outcomes.of_job(shelf.conn, job) == (spoiled,)

    shelf(test)


def test_copies_are_counted_that_came_out_or_may_have(shelf) -> None:
    """One came out, one is in doubt, one was canceled before, one waits: three, and the highest number is 4."""

    def test(shelf: Shelf) -> None:
        shelf.batch_job()
        assert shelf.copies(3) == (0, 0)
        for outcome, state in (("confirmed", "completed"), ("in_doubt", "canceled"), (None, "canceled"), (None, None)):
            _, job = shelf.reprint(3)
            assert job is not None
            if outcome is not None:
                said = Interval(job.first, job.first, outcome)  # type: ignore[arg-type]
                outcomes.append(shelf.conn, shelf.call, job.range_id, said, job_id=job.id)
            if state is not None:
                jobs.set_state(shelf.conn, job.id, state, ())  # type: ignore[arg-type]
        assert shelf.copies(3) == (3, 4)
        assert shelf.copies(4) == (0, 0)
        assert shelf.again() == 2

    shelf(test)


def test_what_was_asked_for_in_a_shift_counts_unless_it_came_to_nothing(shelf) -> None:
    def test(shelf: Shelf) -> None:
        shelf.batch_job()
        now = shelf.call.at
        shelf.reprint(0, approved=False)
        refused, _ = shelf.reprint(1, approved=False)
        reprints.refuse(shelf.conn, shelf.call, refused, "no")
        _, canceled = shelf.reprint(2)
        assert canceled is not None
        jobs.set_state(shelf.conn, canceled.id, "canceled", ())
        shelf.reprint(3)
        assert reprints.since(shelf.conn, shelf.product_id, now) == 2
        assert reprints.since(shelf.conn, shelf.product_id, now + timedelta(seconds=1)) == 0
        assert reprints.since(shelf.conn, shelf.product_id + 1, now) == 0
        assert reprints.undecided(shelf.conn, shelf.lot_id) == 1

    shelf(test)


def test_a_reprint_is_kept_with_who_asked_and_who_decided(shelf) -> None:
    def test(shelf: Shelf) -> None:
        shelf.batch_job()
        reprint_id, _ = shelf.reprint(3, approved=False)
        asked = reprints.get(shelf.conn, reprint_id, lock=True)
        assert (asked.state, asked.copy, asked.job_id, asked.decided_by) == ("asked", None, None, None)
        assert asked.asked_by == Actor("key", "line 3")
        assert reprints.open_of(shelf.conn, asked.range_id, asked.ordinal) == reprint_id
        reprints.refuse(shelf.conn, shelf.plant.call(client="berta"), reprint_id, "no")
        refused = reprints.get(shelf.conn, reprint_id)
        assert (refused.state, refused.decided_by, refused.decision) == ("refused", Actor("key", "berta"), "no")
        assert reprints.open_of(shelf.conn, asked.range_id, asked.ordinal) is None
        again, job = shelf.reprint(3)
        assert job is not None
        assert reprints.under_way(shelf.conn, asked.range_id, [asked.ordinal]) == again
        assert reprints.of_job(shelf.conn, job.id).id == again
        reprints.set_match(shelf.conn, again, "equal")
        assert reprints.get(shelf.conn, again).match == "equal"
        assert [row.id for row in reprints.of_lot(shelf.conn, shelf.lot_id, 1)] == [again]
        with pytest.raises(NotFound):
            reprints.get(shelf.conn, 10**9)

    shelf(test)


def test_a_product_demands_the_usual_until_it_says_otherwise(shelf) -> None:
    def test(shelf: Shelf) -> None:
        assert reprints.policy(shelf.conn, shelf.product_id) == ReprintPolicy()
        for chosen in (ReprintPolicy(True, "scan", 1, 2), ReprintPolicy(False, "none", 100, 10_000)):
            reprints.set_policy(shelf.conn, shelf.product_id, chosen)
            assert reprints.policy(shelf.conn, shelf.product_id) == chosen

    shelf(test)


def test_the_run_that_a_label_was_handed_over_in_last(shelf) -> None:
    """Label 3 went out in two deliveries, label 9 in none."""

    def test(shelf: Shelf) -> None:
        job = shelf.batch_job()
        for first, last, token, digest in ((0, 4, 1, "a"), (3, 5, 2, "b"), (6, 7, 2, "c")):
            block = jobs.Block(job.id, token, job.first + first, job.first + last, digest * 64)
            jobs.record_blocks(shelf.conn, [block])
        found = {at: jobs.block_of(shelf.conn, job.id, job.first + at) for at in (2, 3, 5, 7, 9)}
        assert found == {
            2: (job.first, job.first + 4, "a" * 64),
            3: (job.first + 3, job.first + 5, "b" * 64),
            5: (job.first + 3, job.first + 5, "b" * 64),
            7: (job.first + 6, job.first + 7, "c" * 64),
            9: None,
        }
        original = jobs.first_printed_by(shelf.conn, shelf.batch.id, job.first)
        assert original is not None
        assert original.id == job.id
        assert jobs.first_printed_by(shelf.conn, shelf.batch.id, job.last + 1) is None

    shelf(test)
