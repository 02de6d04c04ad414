"""Outcomes in the books: after every step of a delivery each number has exactly one, in a handful of rows."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from labelsvc.domain.outcomes import Interval, totals
from labelsvc.storage import batches, outcomes, tables
from labelsvc.storage.outcomes import Delivery


@dataclass
class Job:
    """A print job of a new batch: its range and how the books know its delivery."""

    plant: Any
    delivery: Delivery
    first: int
    last: int

    def at(self, label: int) -> int:
        """Return the ordinal of a label, counted from 0."""
        return self.first + label

    def known(self, conn: Connection) -> tuple[Interval, ...]:
        """Return what holds now, proved to cover each number once."""
        painted = outcomes.of_range(conn, self.delivery.range_id)
        assert painted[0].first == self.first
        assert painted[-1].last == self.last
        assert all(one.last + 1 == two.first for one, two in pairwise(painted))
        return painted

    def rows(self, conn: Connection) -> int:
        """Count the rows of the range."""
        mine = tables.outcomes.c.range_id == self.delivery.range_id
        return int(conn.execute(select(func.count()).where(mine)).scalar_one())

    def next_delivery(self) -> Delivery:
        """Return the next attempt's delivery: another lease, a higher token."""
        self.delivery = Delivery(self.delivery.job_id, self.delivery.range_id, self.delivery.token + 1)
        return self.delivery


def job_of(plant: Any, quantity: int) -> Job:
    lot = plant.lot()
    plant.issue(lot, 3)  # so that the ordinals do not begin with 0
    batch = plant.issue(lot, quantity, printer=plant.printer().spec.name)
    with plant.db.read() as conn:
        row = batches.get(conn, batch.id)
    return Job(plant, Delivery(batch.job_id, row.range_id, 1), row.first, row.first + row.count - 1)


def test_a_window_goes_from_planned_over_in_doubt_to_sent(plant: Any) -> None:
    """And the next one joins it in the same row."""
    job = job_of(plant, 100)
    call, delivery = plant.call(), job.delivery

    def work(conn: Connection) -> None:
        assert totals(job.known(conn)) == {"planned": 100}
        outcomes.hold_in_doubt(conn, call, delivery, job.at(0), job.at(19))
        assert totals(job.known(conn)) == {"planned": 80, "in_doubt": 20}
        outcomes.record_sent(conn, call, delivery, job.at(0), job.at(19))
        assert totals(job.known(conn)) == {"planned": 80, "sent": 20}
        outcomes.hold_in_doubt(conn, call, delivery, job.at(20), job.at(39))
        assert totals(job.known(conn)) == {"planned": 60, "sent": 20, "in_doubt": 20}
        outcomes.record_sent(conn, call, delivery, job.at(20), job.at(39))
        assert job.known(conn) == (
            Interval(job.at(0), job.at(39), "sent", "sent"),
            Interval(job.at(40), job.at(99), "planned"),
        )
        assert job.rows(conn) == 2

    plant.db.write(work)


def test_what_was_not_handed_over_is_again_what_it_was(plant: Any) -> None:
    """Of a window of 20, 7 labels may have come out; 13 are planned as before."""
    job = job_of(plant, 100)
    call = plant.call()

    def work(conn: Connection) -> None:
        outcomes.hold_in_doubt(conn, call, job.delivery, job.at(0), job.at(19))
        outcomes.narrow_doubt(conn, job.delivery, job.at(6))
        assert totals(job.known(conn)) == {"planned": 93, "in_doubt": 7}

    plant.db.write(work)


def test_a_window_of_which_no_byte_left_leaves_no_trace(plant: Any) -> None:
    """The rows are those of before."""
    job = job_of(plant, 100)
    call = plant.call()

    def work(conn: Connection) -> None:
        before = plant_rows(conn, job)
        outcomes.hold_in_doubt(conn, call, job.delivery, job.at(0), job.at(19))
        outcomes.narrow_doubt(conn, job.delivery, None)
        assert plant_rows(conn, job) == before

    plant.db.write(work)


def plant_rows(conn: Connection, job: Job) -> list[Any]:
    mine = tables.outcomes.c.range_id == job.delivery.range_id
    return list(conn.execute(select(tables.outcomes).where(mine).order_by(tables.outcomes.c.id)))


def test_labels_that_are_absent_are_printed_by_a_later_delivery(plant: Any) -> None:
    """Doubt resolved as absent, then sent again by another attempt; what the first sent stays as it was."""
    job = job_of(plant, 60)
    call = plant.call()

    def work(conn: Connection) -> None:
        first = job.delivery
        outcomes.hold_in_doubt(conn, call, first, job.at(0), job.at(19))
        outcomes.record_sent(conn, call, first, job.at(0), job.at(19))
        outcomes.hold_in_doubt(conn, call, first, job.at(20), job.at(39))
        outcomes.append(conn, call, first.range_id, Interval(job.at(20), job.at(39), "absent"))
        second = job.next_delivery()
        outcomes.hold_in_doubt(conn, call, second, job.at(20), job.at(39))
        assert totals(job.known(conn)) == {"planned": 20, "sent": 20, "in_doubt": 20}
        outcomes.narrow_doubt(conn, second, None)
        assert totals(job.known(conn)) == {"planned": 20, "sent": 20, "absent": 20}
        outcomes.hold_in_doubt(conn, call, second, job.at(20), job.at(39))
        outcomes.record_sent(conn, call, second, job.at(20), job.at(39))
        assert totals(job.known(conn)) == {"planned": 20, "sent": 40}

    plant.db.write(work)


def test_a_delivery_touches_only_its_own_doubt(plant: Any) -> None:
    """What an attempt before it left in doubt stays so until someone resolves it."""
    job = job_of(plant, 60)
    call = plant.call()

    def work(conn: Connection) -> None:
        outcomes.hold_in_doubt(conn, call, job.delivery, job.at(0), job.at(19))
        second = job.next_delivery()
        outcomes.hold_in_doubt(conn, call, second, job.at(20), job.at(39))
        outcomes.record_sent(conn, call, second, job.at(20), job.at(39))
        outcomes.narrow_doubt(conn, second, None)
        assert totals(job.known(conn)) == {"planned": 20, "sent": 20, "in_doubt": 20}
        assert outcomes.of_number(conn, second.range_id, job.at(0)).outcome == "in_doubt"

    plant.db.write(work)


@pytest.mark.parametrize("seed", range(3))
def test_any_walk_agrees_with_a_list_that_has_one_cell_a_number(plant: Any, seed: int) -> None:
    """Windows of any size that are sent, narrowed, taken back or resolved, by one attempt after another."""
    chance = random.Random(seed)
    job = job_of(plant, 40)
    call = plant.call()
    cells = ["planned"] * 40

    def work(conn: Connection) -> None:
        for _ in range(40):
            todo = [label for label, cell in enumerate(cells) if cell in ("planned", "absent")]
            if not todo:
                return
            first = chance.choice(todo)
            last = first
            while last + 1 in todo and chance.random() < 0.7:
                last += 1
            window(conn, first, last)
            assert cells_of(job, conn) == cells
            for label in {first, last, chance.randrange(40)}:
                assert outcomes.of_number(conn, job.delivery.range_id, job.at(label)).outcome == cells[label]

    def window(conn: Connection, first: int, last: int) -> None:
        before = cells[first : last + 1]
        outcomes.hold_in_doubt(conn, call, job.delivery, job.at(first), job.at(last))
        cells[first : last + 1] = ["in_doubt"] * len(before)
        assert cells_of(job, conn) == cells
        match chance.choice(["sent", "sent", "taken back", "broken"]):
            case "sent":
                outcomes.record_sent(conn, call, job.delivery, job.at(first), job.at(last))
                cells[first : last + 1] = ["sent"] * len(before)
            case "taken back":
                outcomes.narrow_doubt(conn, job.delivery, None)
                cells[first : last + 1] = before
            case "broken":
                touched = chance.randint(first, last)
                outcomes.narrow_doubt(conn, job.delivery, job.at(touched))
                cells[touched + 1 : last + 1] = before[touched + 1 - first :]
                outcomes.append(
                    conn, call, job.delivery.range_id, Interval(job.at(first), job.at(touched), "absent", "scanned")
                )
                cells[first : touched + 1] = ["absent"] * (touched + 1 - first)
                job.next_delivery()

    plant.db.write(work)


def cells_of(job: Job, conn: Connection) -> list[str]:
    return [interval.outcome for interval in job.known(conn) for _ in range(interval.count)]


def test_a_million_labels_sent_are_two_rows(plant: Any) -> None:
    """Planned, and one that grew with each of 250 windows."""
    job = job_of(plant, 1_000_000)
    call = plant.call()
    most = 0

    def work(conn: Connection) -> None:
        nonlocal most
        for first in range(0, 1_000_000, 4_000):
            outcomes.hold_in_doubt(conn, call, job.delivery, job.at(first), job.at(first + 3_999))
            if first % 100_000 == 0:
                most = max(most, job.rows(conn))
            outcomes.record_sent(conn, call, job.delivery, job.at(first), job.at(first + 3_999))
        assert job.known(conn) == (Interval(job.first, job.last, "sent", "sent"),)
        assert job.rows(conn) == 2

    plant.db.write(work)
    assert most == 3


def test_evidence_and_reason_are_kept_with_their_interval(plant: Any) -> None:
    """Who and when, too."""
    job = job_of(plant, 10)
    call = plant.call(client="anna")
    spoiled = Interval(job.at(3), job.at(4), "spoiled", "scanned", "torn")
    plant.db.write(lambda conn: outcomes.append(conn, call, job.delivery.range_id, spoiled))
    with plant.db.read() as conn:
        assert job.known(conn)[1] == spoiled
        last = plant_rows(conn, job)[-1]
    assert (last.actor_kind, last.actor_id, last.at) == ("key", "anna", call.at)
