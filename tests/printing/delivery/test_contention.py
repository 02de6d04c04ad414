"""Senders, and people who cancel, return and resolve at the same moment: nobody waits for ever, nothing is lost."""

from __future__ import annotations

import random
import threading
import time
from contextlib import ExitStack

import pytest
from sqlalchemy import text

from labelsvc.domain.batches import ReturnRequest
from labelsvc.domain.outcomes import having
from labelsvc.errors import Conflict, InvalidInput
from labelsvc.issuing import batches
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import delivery, jobs
from labelsvc.storage import jobs as job_rows
from labelsvc.storage import outcomes as outcome_rows

PRINTERS, JOBS, LABELS = 3, 12, 45


class Crowd:
    """Threads that do something again and again until told to end; whatever they raise is kept."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.failures: list[Exception] = []
        self._threads: list[threading.Thread] = []

    def add(self, act, seed: int) -> None:
        chance = random.Random(seed)

        def run() -> None:
            while not self.over.is_set():
                try:
                    act(chance)
                except (Conflict, InvalidInput):
                    pass  # somebody else was faster
                except Exception as failure:  # noqa: BLE001 - shown by the assert
                    self.failures.append(failure)
                time.sleep(chance.random() * 0.003)

        self._threads.append(threading.Thread(target=run))
        self._threads[-1].start()

    def end(self) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive()


def deadlocks(works) -> int:
    if works.db.dialect == "sqlite":
        return 0
    with works.db.read() as conn:
        asked = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return conn.execute(asked).scalar_one()


def known(works, batch):
    with works.db.read() as conn:
        return outcome_rows.of_range(conn, job_rows.get(conn, batch.job_id).range_id)


@pytest.mark.slow
def test_a_crowd_at_the_same_jobs_meets_no_deadlock_and_every_label_is_accounted_for(works) -> None:
    before = deadlocks(works)
    with ExitStack() as stack:
        printers = [stack.enter_context(VirtualPrinter(label_seconds=0.001)) for _ in range(PRINTERS)]
        for at, printer in enumerate(printers):
            works.add_printer(f"p{at}", printer.uri)
        made = [works.issue(LABELS, f"p{at % PRINTERS}") for at in range(PRINTERS * JOBS)]

        def send(chance) -> None:
            for printer_id in delivery.waiting(works.sender()):
                delivery.serve(works.sender(), printer_id, f"sender {threading.get_ident()}")

        def cancel(chance) -> None:
            jobs.cancel_job(works.db, works.issuer, works.call(), chance.choice(made).job_id, None)
            time.sleep(0.02)

        def give_back(chance) -> None:
            first = chance.randint(1, LABELS)
            request = ReturnRequest(first, chance.randint(1, LABELS - first + 1), "not needed")
            batches.return_numbers(works.db, works.issuer, works.call(), chance.choice(made).id, request)

        def resolve(chance) -> None:
            works.resolve(chance.choice(made), None, proceed=chance.random() < 0.5)

        def look(chance) -> None:
            jobs.list_jobs(works.db, works.issuer, (None, None), 0, 50)

        crowd = Crowd()
        for act, number in ((send, 3), (cancel, 2), (give_back, 3), (resolve, 2), (look, 1)):
            for each in range(number):
                crowd.add(act, each)
        until = time.monotonic() + 60
        while delivery.waiting(works.sender()) and time.monotonic() < until:
            time.sleep(0.05)
        crowd.end()
        assert crowd.failures == []
        assert {works.job(batch).state for batch in made} <= {"completed", "canceled"}

        for at, printer in enumerate(printers):
            mine = made[at::PRINTERS]
            sent = [
                serial
                for batch in mine
                for serial, outcome in zip(works.serials(batch), outcome_of_each(works, batch), strict=True)
                if outcome == "sent"
            ]
            assert printer.wait_for_labels(len(sent), timeout=20)
            assert works.read(printer.labels) == sent
        for batch in made:
            assert not having(known(works, batch), {"planned", "in_doubt", "absent"})
    time.sleep(1.1 if works.db.dialect == "postgresql" else 0)  # its counters lag behind by a second
    assert deadlocks(works) == before


def outcome_of_each(works, batch) -> list[str]:
    return [interval.outcome for interval in known(works, batch) for _ in range(interval.count)]
