"""A job that someone ends, before it is sent, while it is, and while its printer is looked for."""

from __future__ import annotations

import threading
import time

import pytest
from sqlalchemy import select, update

from labelsvc.domain.jobs import WINDOW
from labelsvc.errors import Conflict
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing.jobs import end_canceled
from labelsvc.storage import jobs as job_rows
from labelsvc.storage.tables import print_jobs


def counted(job):
    return dict(job.outcomes)


def test_a_canceled_job_gives_its_planned_labels_back(works):
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(5)
    assert works.cancel(batch).state == "canceled"
    assert counted(works.job(batch)) == {"held": 5}
    works.send()
    assert not (works.data_dir / "printed").exists()
    with pytest.raises(Conflict) as refused:
        works.cancel(batch)
    assert refused.value.code == "job_ended"


def test_a_job_is_canceled_between_two_windows_while_it_is_sent(works):
    with VirtualPrinter(label_seconds=0.005, buffer_bytes=20_000) as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(2_000)
        sending = threading.Thread(target=works.send)
        sending.start()
        assert printer.wait_for_labels(1, timeout=10)
        assert works.cancel(batch).state_reasons == ("processing-to-stop-point",)
        sending.join(timeout=30)
        assert not sending.is_alive()
    job = works.job(batch)
    assert job.state == "canceled"
    known = counted(job)
    assert set(known) == {"sent", "held"}
    assert sum(known.values()) == 2_000
    assert known["sent"] % WINDOW == 0


def test_a_job_canceled_while_a_sender_waits_to_claim_it_stays_canceled(works):
    works.add_printer("p", "file:///line.zpl")
    batch, behind = works.issue(5), works.issue(2)
    locked, serials = threading.Event(), works.serials(behind)

    def cancel_slowly(conn):
        job = job_rows.get(conn, batch.job_id, lock=True)
        locked.set()
        time.sleep(0.3)
        end_canceled(conn, works.call(), job)

    canceling = threading.Thread(target=lambda: works.db.write(cancel_slowly))
    canceling.start()
    assert locked.wait(10)
    works.send()
    canceling.join()
    assert works.job(batch).state == "canceled"
    assert counted(works.job(batch)) == {"held": 5}
    assert works.written("line.zpl") == serials


def test_any_number_of_jobs_that_someone_canceled_is_passed_over_at_once(works):
    works.add_printer("p", "file:///line.zpl")
    first = works.issue(1)

    def pile_up(conn):
        row = job_rows.get(conn, first.job_id)
        new = job_rows.NewJob(row.batch_id, row.range_id, row.printer_id, 1, row.first, row.last)
        ids = [job_rows.add(conn, works.call(), new) for _ in range(60)]
        conn.execute(update(print_jobs).values(cancel_requested=True))
        return ids

    ids = works.db.write(pile_up)
    last = works.issue(1)
    works.send()
    assert works.job(last).state == "completed"
    with works.db.read() as conn:
        states = set(conn.execute(select(print_jobs.c.state).where(print_jobs.c.id.in_(ids))).scalars())
    assert states == {"canceled"}


def test_a_cancel_that_comes_while_a_printer_is_looked_for_ends_the_job_at_once(works):
    works.add_printer("p", "tcp://127.0.0.1:9")
    batch = works.issue(5)

    def cancel_first(db, work):
        works.cancel(batch)
        return db.write(work)

    works.misfortune(3, cancel_first)  # acquire, claim, and then the end as a retry
    job = works.job(batch)
    assert (job.state, counted(job)) == ("canceled", {"held": 5})
    assert works.printer().state == "idle"


def test_a_job_that_breaks_off_while_it_is_canceled_stops_instead(works):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(100)

        def break_off_and_cancel(db, work):
            printer.drop_after(0, "fin")
            works.cancel(batch)
            return db.write(work)

        works.misfortune(7, break_off_and_cancel)  # before the third window is held
        job = works.job(batch)
        assert (job.state, job.state_reasons) == ("processing-stopped", ("printer-stopped",))
        assert works.cancel(batch).state == "canceled"
