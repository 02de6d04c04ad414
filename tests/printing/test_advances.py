"""Advances of many deliveries in one transaction: each keeps its own promise."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from labelsvc.domain.quality import VerifyScan
from labelsvc.errors import Unavailable
from labelsvc.printing import verifying
from labelsvc.printing.advances import Advances, PlainAdvance
from labelsvc.storage import jobs, outcomes
from labelsvc.storage.jobs import Block
from labelsvc.storage.outcomes import Delivery, Known, Move, Rows

PRINTERS = 5


class Gate:
    """A database whose first write waits until the gate is opened; `writes` are counted."""

    def __init__(self, db: Any, failure: Exception | None = None) -> None:
        self._db, self._failure = db, failure
        self.open = threading.Event()
        self.writes = 0

    def write(self, work: Any) -> Any:
        self.writes += 1
        assert self.open.wait(30)
        if self._failure is not None:
            raise self._failure
        return self._db.write(work)


@pytest.fixture
def under_way(works):
    """Let a job of ten labels be under way on each of five printers: the first is out, the next two are in doubt."""
    made = []
    for at in range(PRINTERS):
        works.add_printer(f"p{at}", f"file:///p{at}.zpl")
        batch = works.issue(10, f"p{at}")
        lease = works.overtake(works.printer(f"p{at}").id, "tests")
        with works.db.read() as conn:
            job = jobs.get(conn, batch.job_id)
        delivery = Delivery(job.id, job.range_id, lease.token)

        def begin(conn, delivery=delivery, first=job.first):
            known = Known(((first, first),), "echoed", (), ())
            outcomes.advance(conn, works.call(), delivery, known, (first + 1, first + 2))
            return outcomes.rows_of(conn, delivery)

        made.append((batch, lease, job, works.db.write(begin)))
    return made


def advance(works, entry, *, more: bool = True, blocks: tuple[Block, ...] = ()) -> PlainAdvance:
    """One more label is out, and the next one goes."""
    _, lease, job, rows = entry
    confirmed = Move(rows.confirmed.row, job.first, job.first + 1)
    doubt = Move(rows.doubt.row, job.first + 2, job.first + 3)
    numbers = tuple((job.range_id, ordinal) for ordinal in range(job.first + 1, job.first + 4))
    return PlainAdvance(lease, job.id, numbers, works.clock(), more, Rows(confirmed, "echoed", doubt), blocks)


def together(gate: Gate, advances: list[PlainAdvance]) -> list[Any]:
    """Commit advances, the first of which keeps the others waiting until all are there; give what came of each."""
    desk = Advances()
    with ThreadPoolExecutor(len(advances)) as pool:
        first = pool.submit(desk.commit, gate, advances[0])
        while not gate.writes:
            pass
        others = [pool.submit(desk.commit, gate, one) for one in advances[1:]]
        while len(desk._waiting) < len(others):
            pass
        gate.open.set()
        return [future.exception() or future.result() for future in (first, *others)]


def test_those_who_wait_share_one_transaction(works, under_way):
    gate = Gate(works.db)
    assert together(gate, [advance(works, entry) for entry in under_way]) == [True] * PRINTERS
    assert gate.writes == 2
    for batch, *_ in under_way:
        assert works.job(batch).outcomes == {"planned": 6, "in_doubt": 2, "confirmed": 2}


def test_who_was_overtaken_commits_nothing_and_the_others_do(works, under_way):
    works.pass_time(61)
    works.overtake(under_way[2][1].printer_id, "another")
    said = together(Gate(works.db), [advance(works, entry) for entry in under_way])
    assert said == [True, True, False, True, True]
    assert works.job(under_way[2][0]).outcomes == {"planned": 7, "in_doubt": 2, "confirmed": 1}


def test_where_an_end_was_asked_for_no_further_label_goes(works, under_way):
    for entry in under_way[1:3]:
        with_request = entry[2].id
        works.db.write(lambda conn, job=with_request: jobs.request_cancel(conn, job, ("processing-to-stop-point",)))
    wanted = [advance(works, entry) for entry in under_way]
    wanted[2] = advance(works, under_way[2], more=False)
    assert together(Gate(works.db), wanted) == [True, False, True, True, True]


def test_digests_are_kept_with_the_advance_and_grow(works, under_way):
    _, lease, job, _ = under_way[0]
    for last, digest in ((job.first + 1, "a" * 64), (job.first + 3, "b" * 64)):
        block = Block(job.id, lease.token, job.first, last, digest)
        gate = Gate(works.db)
        gate.open.set()
        assert Advances().commit(gate, advance(works, under_way[0], blocks=(block,)))
    with works.db.read() as conn:
        rows = conn.exec_driver_sql("SELECT first, last, sha256 FROM print_job_blocks").all()
    assert [tuple(row) for row in rows] == [(job.first, job.first + 3, "b" * 64)]


def test_a_database_that_does_not_answer_is_told_to_each(works, under_way):
    lost = Unavailable("database_lost", "Expected an answer from the database, got a lost connection.")
    said = together(Gate(works.db, lost), [advance(works, entry) for entry in under_way])
    assert [str(one) for one in said] == [str(lost)] * PRINTERS
    assert len(set(map(id, said))) == PRINTERS  # whoever gets one may add to it


def test_what_one_is_to_blame_for_leaves_each_to_commit_alone(works, under_way):
    wanted = [advance(works, entry) for entry in under_way]
    wanted[3] = replace(wanted[3], rows=Rows(None, None, Move(10**9, 1, 2)))
    assert together(Gate(works.db), wanted) == [True, False, False, False, False]
    for batch, *_ in under_way[1:]:
        assert works.job(batch).outcomes == {"planned": 7, "in_doubt": 2, "confirmed": 1}


def test_what_is_known_by_a_scan_is_left_to_who_knows_how_to_let_it_stand(works, under_way):
    scanned = works.serials(under_way[1][0])[2]
    verifying.verify_scan(works.db, works.issuer, works.call(), VerifyScan(f"VALVE/{scanned}"))
    said = together(Gate(works.db), [advance(works, entry) for entry in under_way])
    assert said == [True, False, True, True, True]
