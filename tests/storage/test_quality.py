"""Quality in the books: what is counted in SQL is what counting by hand gives; who waits for whom."""

from __future__ import annotations

import threading

import pytest

from labelsvc.domain.actors import Call
from labelsvc.domain.quality import Closure, SamplingPlan
from labelsvc.errors import Conflict
from labelsvc.storage import batches, jobs, printers, quality
from labelsvc.storage import ranges as range_rows


def scan(plant, row, label, verdict="right", at=None):
    call = plant.call() if at is None else Call(plant.call().actor, at)
    seen = quality.Scan(verdict, "x", verdict == "right", row.lot_id, row.id, row.range_id, row.first + label - 1)
    plant.db.write(lambda conn: quality.record_scan(conn, call, seen))


def row_of(plant, batch):
    with plant.db.read() as conn:
        return batches.get(conn, batch.id)


def test_scans_are_counted_once_a_label_and_only_where_the_plan_asks(plant) -> None:
    lot = plant.lot()
    plant.issue(lot, 3)
    row = row_of(plant, plant.issue(lot, 400))
    for label in (1, 1, 3, 5, 9, 10, 400):
        scan(plant, row, label)
    for label in (2, 13):
        scan(plant, row, label, "wrong-lot")
    whole = ((row.first, row.first + 399),)
    # As many intervals as take several questions: every second label is no more.
    odd = tuple((row.first + at, row.first + at) for at in range(0, 400, 2))
    for there, plan, wanted in (
        (whole, SamplingPlan("none"), 0),
        (whole, SamplingPlan("every"), 6),
        (whole, SamplingPlan("nth", 4), 4),  # 1, 5, 9, and the last
        (whole, SamplingPlan("ends"), 2),
        (odd, SamplingPlan("every"), 4),  # 1, 3, 5, 9
        (odd, SamplingPlan("nth", 4), 3),
        (odd, SamplingPlan("ends"), 1),
        ((), SamplingPlan("every"), 0),
    ):
        with plant.db.read() as conn:
            assert quality.scanned(conn, row.range_id, row.first, there, plan) == wanted


def test_a_closed_lot_is_no_longer_open(plant) -> None:
    lot = plant.lot()
    plant.db.write(lambda conn: quality.check_open(conn, lot.id))
    call = plant.call()
    end = Closure(call.at, call.actor, 3, "ab" * 32, "done")
    plant.db.write(lambda conn: quality.close(conn, call, lot.id, end, {"confirmed": 3}))
    with plant.db.read() as conn:
        assert quality.closure(conn, lot.id) == end
    with pytest.raises(Conflict) as refused:
        plant.db.write(lambda conn: quality.check_open(conn, lot.id, "/serials/4"))
    assert (refused.value.code, refused.value.pointer) == ("lot_closed", "/serials/4")


def test_a_plan_is_kept_and_changed(plant) -> None:
    lot = plant.lot()
    for plan in (SamplingPlan("nth", 7), SamplingPlan("ends")):
        plant.db.write(lambda conn, plan=plan: quality.set_plan(conn, lot.id, plan))
        with plant.db.read() as conn:
            assert quality.plan(conn, lot.id) == plan
    with plant.db.read() as conn:
        assert quality.plan(conn, plant.lot().id) == SamplingPlan()


def test_ranges_and_jobs_of_a_lot_and_of_no_other(plant) -> None:
    lot, other = plant.lot(), plant.lot()
    printer = plant.printer().spec.name
    one, two = plant.issue(lot, 3), plant.issue(lot, 4, printer=printer)
    plant.issue(other, 5, printer=printer)
    with plant.db.read() as conn:
        assert [(batch, count) for batch, _, _, count in quality.ranges_of(conn, lot.id)] == [(one.id, 3), (two.id, 4)]
        assert (quality.granted(conn, lot.id), quality.granted(conn, other.id)) == (7, 5)
        assert (quality.jobs_of(conn, lot.id), quality.job_ids(conn, lot.id)) == ((1, 0), (two.job_id,))
    plant.print()
    with plant.db.read() as conn:
        assert quality.jobs_of(conn, lot.id) == (0, 0)


def test_a_job_on_some_of_the_numbers_is_seen(plant) -> None:
    lot = plant.lot()
    row = row_of(plant, plant.issue(lot, 10, printer=plant.printer().spec.name))
    for first, last in ((row.first, row.first), (row.first + 9, row.first + 20)):
        assert plant.db.write(lambda conn, a=first, b=last: quality.is_printing(conn, row.id, a, b))
    assert not plant.db.write(lambda conn: quality.is_printing(conn, row.id, row.first + 10, row.first + 20))
    plant.print()
    assert not plant.db.write(lambda conn: quality.is_printing(conn, row.id, row.first, row.first + 9))


def test_a_sender_and_a_scan_do_not_pass_each_other(plant) -> None:
    """Whoever scans a label that may be on its way waits until its sender has written what it knows, or goes first."""
    batch = plant.issue(plant.lot(), 3, printer=plant.printer().spec.name)
    row = row_of(plant, batch)
    with plant.db.read() as conn:
        printer_id = jobs.get(conn, batch.job_id).printer_id
    lease = plant.db.write(lambda conn: printers.acquire_lease(conn, printer_id, "worker 1", plant.call().at, 60))
    waiting, go_on, order = threading.Event(), threading.Event(), []

    def scan_work(conn) -> None:
        quality.wait_for_senders(conn, row.id, row.first)
        range_rows.lock(conn, row.range_id)
        waiting.set()
        assert go_on.wait(30)
        order.append("scan")

    def sender_work(conn) -> None:
        printers.renew_lease(conn, lease, plant.call().at, 60)
        order.append("sender")

    scanning = threading.Thread(target=plant.db.write, args=(scan_work,))
    scanning.start()
    assert waiting.wait(30)
    sending = threading.Thread(target=plant.db.write, args=(sender_work,))
    sending.start()
    sending.join(0.2)
    assert order == []
    go_on.set()
    scanning.join()
    sending.join()
    assert order == ["scan", "sender"]
