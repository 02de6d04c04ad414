"""A sender that dies, is overtaken, loses its database or cannot make a label: never a label twice, and none lost."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from labelsvc.domain.jobs import WINDOW
from labelsvc.errors import Unavailable
from labelsvc.labels import zpl
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import delivery
from labelsvc.storage import jobs as job_rows
from labelsvc.storage import printers as printer_rows
from labelsvc.storage.database import Database
from labelsvc.storage.tables import batches as batch_rows


def counted(job):
    return dict(job.outcomes)


def test_a_sender_that_ends_gives_its_job_back_at_the_next_window(works):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(100)
        ending = iter([False] * 4 + [True] * 100)
        delivery.serve(works.sender(stopping=lambda: next(ending)), delivery.waiting(works.sender())[0], "w")
        job = works.job(batch)
        assert (job.state, job.state_reasons) == ("pending", ("job-queued",))
        assert 0 < counted(job)["sent"] < 100
        works.send("w2")
        assert printer.wait_for_labels(100, timeout=10)
        assert works.read(printer.labels) == works.serials(batch)


def test_the_heir_of_a_sender_that_died_with_a_window_on_its_way_stops_the_job(works):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(100)
        works.die_in_doubt(batch)
        stopped = works.job(batch)
        assert stopped.state == "processing-stopped"
        assert stopped.state_reasons == ("printer-stopped", "x-labels-in-doubt")
        assert stopped.doubt.first_serial == works.serials(batch)[0]
        assert stopped.doubt.last_serial == works.serials(batch)[19]
        assert counted(stopped) == {"planned": 80, "in_doubt": 20}
        assert printer.labels == []


def test_a_sender_that_died_between_two_windows_leaves_the_job_to_a_person(works):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(50)
        assert works.misfortune(5, lost_before)  # the second window was never held
        assert counted(works.job(batch)) == {"planned": 30, "sent": 20}
        works.pass_time(61)
        works.send("heir")
        job = works.job(batch)
        assert (job.state, job.state_reasons, job.doubt) == ("processing-stopped", ("printer-stopped",), None)
        assert works.printer().state == "stopped"


def test_a_sender_that_died_before_its_first_window_is_simply_followed_by_another(works):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(50)
        assert works.misfortune(3, lost_before)
        works.pass_time(61)
        works.send("heir")
        assert works.job(batch).state == "completed"


def test_a_job_that_kills_every_sender_stops_in_the_end(works):
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(1)
    works.db.write(lambda conn: job_rows.set_state(conn, batch.job_id, "processing", (), attempts=499))
    works.send()
    assert works.job(batch).state == "completed"
    batch = works.issue(1)
    works.db.write(lambda conn: job_rows.set_state(conn, batch.job_id, "processing", (), attempts=500))
    works.send()
    job = works.job(batch)
    assert (job.state, job.message) == ("processing-stopped", "Expected a delivery within 500 attempts, got none.")


def test_a_sender_that_was_overtaken_commits_nothing_and_sends_nothing_more(works):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(100)
        printer_id = delivery.waiting(works.sender())[0]
        windows = count(1)

        def sleeps_before_its_third_window():
            if next(windows) == 4:  # asked once before the job, then before each window
                later = works.clock() + timedelta(seconds=61)
                works.clock = lambda: later
                works.overtake(printer_id, "fast")
            return False

        delivery.serve(works.sender(stopping=sleeps_before_its_third_window), printer_id, "slow")
        assert printer.wait_for_labels(2 * WINDOW, timeout=10)
        time.sleep(0.2)  # whatever else it sent would be here by now
        assert len(printer.labels) == 2 * WINDOW
    job = works.job(batch)
    assert job.state == "processing"  # the fast one's now
    assert counted(job) == {"planned": 100 - 2 * WINDOW, "sent": 2 * WINDOW}


def test_two_senders_never_own_one_printer(works):
    works.add_printer("p", "file:///line.zpl")
    works.issue(1)
    printer_id = delivery.waiting(works.sender())[0]

    first = works.overtake(printer_id, "one")
    assert works.db.write(lambda conn: printer_rows.acquire_lease(conn, printer_id, "two", works.clock(), 60)) is None
    later = works.clock() + timedelta(seconds=61)
    works.clock = lambda: later
    second = works.overtake(printer_id, "two")
    assert second.token == first.token + 1
    assert not works.db.write(lambda conn: printer_rows.renew_lease(conn, first, works.clock(), 60))
    assert works.db.write(lambda conn: printer_rows.renew_lease(conn, second, works.clock(), 60))


def test_a_lease_that_may_have_run_out_lets_no_byte_leave(works, misfortune):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        works.clock = lambda: datetime.now(UTC)
        batch = works.issue(50)

        class Away(misfortune):
            """The keeper of the lease cannot reach it."""

            def write(self, work):
                if threading.current_thread().name.startswith("lease"):
                    raise Unavailable("database_unreachable", "Expected a database server, got none.")
                return super().write(work)

        def freeze(db, work):
            fact = db.write(work)
            time.sleep(2.2)
            return fact

        sender = replace(works.sender(lease_seconds=2.0), db=Away(works.db, 5, freeze))  # when window 2 was held
        delivery.serve(sender, works.printer().id, "frozen")
        assert counted(works.job(batch)) == {"planned": 10, "in_doubt": 20, "sent": 20}
        assert len(works.settled(printer)) <= 20
        works.send("heir")
        assert works.job(batch).state_reasons == ("printer-stopped", "x-labels-in-doubt")
        assert len(works.settled(printer)) <= 20


@pytest.mark.parametrize("dialect", ["postgresql"])
def test_a_window_that_takes_longer_than_a_lease_keeps_it(works):
    traits = {"label_seconds": 0.08, "buffer_bytes": 2_000, "window_bytes": 2_048}
    with VirtualPrinter(**traits) as printer:  # takes a window in about two seconds
        works.add_printer("p", printer.uri)
        works.clock = lambda: datetime.now(UTC)
        batch = works.issue(60)
        sender = works.sender(lease_seconds=1.0)
        sending = threading.Thread(target=delivery.serve, args=(sender, works.printer().id, "slow"))
        sending.start()
        assert printer.wait_for_labels(1, timeout=10)
        while sending.is_alive():
            assert delivery.serve(sender, works.printer().id, "rival") == 0 or not sending.is_alive()
            time.sleep(0.05)
        assert printer.wait_for_labels(60, timeout=20)
        assert works.settled(printer) == works.serials(batch)
    assert works.job(batch).state == "completed"


def lost_before(db, work):
    raise Unavailable("database_unreachable", "Expected a database server that lets us in, got none.")


def lost_after(db, work):
    db.write(work)
    raise Unavailable("database_lost", "Expected an answer from the database, got a lost connection.")


def recover(works, batch, printer):
    """Do what an heir and an operator do until the job is complete: look at the labels, resolve, go on."""
    for _ in range(5):
        works.pass_time(61)
        works.send("heir")
        job = works.job(batch)
        if job.state == "completed":
            return
        assert job.state == "processing-stopped", job
        came_out = works.settled(printer)
        assert came_out == works.serials(batch)[: len(came_out)]
        works.resolve(batch, came_out[-1] if came_out else None, proceed=True, nothing=not came_out)
    raise AssertionError(f"Expected the job to end, got {works.job(batch)}")


@pytest.mark.parametrize(("dialect", "happens"), [("sqlite", lost_before), ("postgresql", lost_after)])
@pytest.mark.parametrize("at", range(1, 12))
def test_a_database_that_goes_away_at_any_step_makes_no_label_twice_and_loses_none(works, at, happens):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(50)  # acquire, claim, three times hold and record, end, look, release
        failed = works.misfortune(at, happens)
        assert failed == (at <= 10)  # the lease runs out by itself where it cannot be given back
        recover(works, batch, printer)
        assert printer.wait_for_labels(50, timeout=10)
        assert works.settled(printer) == works.serials(batch)


@pytest.mark.parametrize("at", [2, 3, 4, 6, 9])
def test_a_locked_database_at_any_step_makes_no_label_twice_and_loses_none(sqlite_url, tmp_path, works_on, at):
    def locked(db, work):
        with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            return db.write(work)

    with Database.open(sqlite_url, lock_timeout=0.3) as database, VirtualPrinter() as printer:
        works = works_on(database)
        works.add_printer("p", printer.uri)
        batch = works.issue(50)
        assert works.misfortune(at, locked)
        recover(works, batch, printer)
        assert printer.wait_for_labels(50, timeout=10)
        assert works.settled(printer) == works.serials(batch)


def test_a_job_that_cannot_be_laid_out_any_more_stops_and_holds_nobody_else_up(works):
    works.add_printer("p", "file:///line.zpl")
    works.add_printer("q", "file:///other.zpl")
    broken, other = works.issue(1), works.issue(1, "q")
    works.db.write(lambda conn: conn.execute(update(batch_rows).where(batch_rows.c.id == broken.id).values(frozen="?")))
    works.send()
    job = works.job(broken)
    assert (job.state, job.state_reasons) == ("processing-stopped", ("resources-are-not-ready",))
    assert job.message.startswith("Expected labels, got ")
    assert counted(job) == {"planned": 1}
    assert works.job(other).state == "completed"
    assert delivery.waiting(works.sender()) == ()


@pytest.fixture
def broken_renderer(monkeypatch):
    """Make the renderer fail at the label of a serial."""

    def fail_at(serial):
        def render(layout, serials):
            for text, label in zip(serials, zpl.render(layout, serials), strict=False):
                if text == serial:
                    raise ValueError(f"cannot draw {text}")
                yield label

        def of_texts(layout, serials, *, echo):
            assert not echo  # this printer was never certified
            texts = list(serials)
            return render(layout, texts)

        monkeypatch.setattr("labelsvc.printing.handover.zpl", SimpleNamespace(render=of_texts, LINE_END=zpl.LINE_END))

    return fail_at


def test_a_label_that_cannot_be_made_in_the_first_window_stops_the_job_before_anything_left(works, broken_renderer):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(50)
        broken_renderer("26326000010")
        works.send()
        job = works.job(batch)
        assert (job.state, job.message) == ("processing-stopped", "Expected every label to be made, got ValueError.")
        assert counted(job) == {"planned": 50}
        assert printer.labels == []


def test_a_label_that_cannot_be_made_later_stops_the_job_there(works, broken_renderer):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(50)
        broken_renderer("26326000030")
        works.send()
        job = works.job(batch)
        assert (job.state, job.state_reasons) == ("processing-stopped", ("printer-stopped",))
        assert counted(job) == {"planned": 30, "sent": 20}
        assert works.settled(printer) == works.serials(batch)[: len(printer.labels)]


def test_a_label_that_cannot_be_made_in_a_spool_leaves_those_before_it_in_doubt(works, broken_renderer):
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(1_000)
    broken_renderer("26326000900")
    works.send()
    job = works.job(batch)
    written = works.written("line.zpl")
    assert written == works.serials(batch)[: len(written)]
    assert 0 < len(written) < 900
    assert job.doubt.last_serial == written[-1]
    assert counted(job) == {"in_doubt": len(written), "planned": 1_000 - len(written)}
