"""What a sender does with a printer that works, one that breaks down, and one it has lost."""

from __future__ import annotations

import hashlib
import re
import resource
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.batches import BatchRequest, LabelsRequest
from labelsvc.domain.jobs import WINDOW
from labelsvc.errors import Conflict, InvalidInput, Unavailable
from labelsvc.issuing import batches, downloads
from labelsvc.labels import zpl
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import delivery
from labelsvc.printing.jobs import end_canceled
from labelsvc.printing.leases import HeldLease
from labelsvc.storage import jobs as job_rows
from labelsvc.storage import outcomes as outcome_rows
from labelsvc.storage import printers as printer_rows
from labelsvc.storage.database import Database
from labelsvc.storage.tables import batches as batch_rows
from labelsvc.storage.tables import outcomes, print_job_blocks, print_jobs


def serials_of(labels):
    """Read the serial off each format as the human reader sees it: scheme {prod:%y%j}{seq:6} in lot of 2026-11-22."""
    return [re.findall(rb"26326\d{6}", label)[-1].decode() for label in labels]


def counted(job):
    return dict(job.outcomes)


def test_a_job_is_handed_over_label_by_label_in_order(works):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(50)
        works.send()
        assert printer.wait_for_labels(50, timeout=10)
        assert serials_of(printer.labels) == works.serials(batch)
    job = works.job(batch)
    assert (job.state, job.state_reasons) == ("completed", ("queued-in-device",))
    assert counted(job) == {"sent": 50}


def test_what_the_printer_gets_is_what_a_download_gives(works):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(3)
        works.send()
        assert printer.wait_for_labels(3, timeout=10)
        received = [label.strip() for label in printer.labels]
    request = LabelsRequest("zpl")
    body = b"".join(downloads.labels(works.db, works.issuer, works.call(), batch.id, request, any_batch=True).body)
    assert [label.strip() for label in re.findall(rb"\^XA.*?\^XZ", body, re.DOTALL)] == received


def test_a_delivery_leaves_a_handful_of_rows_and_a_digest_a_block(works):
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(2_500)
    works.send()
    with works.db.read() as conn:
        rows = conn.execute(select(outcomes)).all()
        blocks = conn.execute(select(print_job_blocks).order_by(print_job_blocks.c.first)).all()
    assert len(rows) == 2  # planned, sent
    assert [(block.first, block.last) for block in blocks] == [(0, 999), (1_000, 1_999), (2_000, 2_499)]
    written = (works.data_dir / "printed" / "line.zpl").read_bytes()
    starts = [match.start() for match in re.finditer(rb"\^XA", written)]
    assert len(starts) == 2_500
    first_block = written[: starts[1_000]]
    assert blocks[0].sha256 == hashlib.sha256(first_block).hexdigest()
    assert blocks[2].sha256 == hashlib.sha256(written[starts[2_000] :]).hexdigest()
    assert works.job(batch).state == "completed"


def test_a_windowed_delivery_has_the_same_digests_as_a_spooled_one(works):
    works.add_printer("file", "file:///line.zpl")
    with VirtualPrinter() as printer:
        works.add_printer("tcp", printer.uri)
        works.issue(1_010, "tcp")
        works.send()
        assert printer.wait_for_labels(1_010, timeout=20)
    with works.db.read() as conn:
        blocks = conn.execute(select(print_job_blocks).order_by(print_job_blocks.c.first)).all()
    assert [(block.first, block.last) for block in blocks] == [(0, 999), (1_000, 1_009)]


def test_a_dead_printer_leaves_the_job_pending_and_says_when_to_try_again(works):
    works.add_printer("p", "tcp://127.0.0.1:9")  # the discard port, where nobody listens
    batch = works.issue(5)
    works.send()
    job = works.job(batch)
    assert (job.state, job.state_reasons) == ("pending", ("job-queued", "connecting-to-device"))
    assert counted(job) == {"planned": 5}
    assert delivery.waiting(works.sender()) == ()  # not yet due
    later = works.clock() + timedelta(seconds=2)
    works.clock = lambda: later
    assert len(delivery.waiting(works.sender())) == 1


def test_a_printer_that_comes_back_gets_the_job(works):
    printer = VirtualPrinter()
    printer.start()
    uri = printer.uri
    printer.power_off()
    works.add_printer("p", uri)
    batch = works.issue(5)
    works.send()
    assert works.job(batch).state == "pending"
    printer.power_on()
    later = works.clock() + timedelta(seconds=2)
    works.clock = lambda: later
    works.send()
    assert printer.wait_for_labels(5, timeout=10)
    printer.close()
    assert works.job(batch).state == "completed"


@pytest.mark.parametrize(
    ("fault", "reasons"),
    [
        ("pause", ("job-queued", "paused")),
        ("media_out", ("job-queued", "other-error")),  # silence on ~HS, as the guide says
        ("open_head", ("job-queued", "other-error")),
    ],
)
def test_a_printer_that_cannot_print_gets_nothing(works, fault, reasons):
    with VirtualPrinter() as printer:
        getattr(printer, fault)()
        works.add_printer("p", printer.uri)
        batch = works.issue(5)
        works.send()
        job = works.job(batch)
        assert (job.state, job.state_reasons) == ("pending", reasons)
        assert counted(job) == {"planned": 5}
        assert printer.labels == []


def test_a_printer_of_another_resolution_gets_nothing_and_the_job_stops(works):
    with VirtualPrinter(dpmm=12) as printer:
        works.add_printer("p", printer.uri, dpmm=8)
        batch = works.issue(5)
        works.send()
        job = works.job(batch)
        assert (job.state, job.state_reasons) == ("processing-stopped", ("resources-are-not-ready",))
        assert job.message == "Expected a printer of 8 dots per mm, got one of 12."
        assert counted(job) == {"planned": 5}
        assert printer.labels == []


@pytest.mark.parametrize(
    ("media", "message"),
    [
        ((100.0, 35.0), "Expected labels of width 70 mm in p, got 100 mm."),
        ((70.0, 50.0), "Expected labels of height 35 mm in p, got 50 mm."),
    ],
)
def test_a_printer_with_other_media_is_refused_before_anything_is_taken(works, media, message):
    works.add_printer("p", "file:///line.zpl", media_width=media[0], media_height=media[1])
    with pytest.raises(Conflict) as refused:
        works.issue(5)
    assert (refused.value.code, refused.value.message) == ("media_differs", message)
    assert works.issue(1, None).first_serial == "26326000001"


def break_down(works, printer, quantity=3_000, after=200_000):
    """Send a job whose connection breaks after so many bytes; return its batch."""
    works.add_printer("p", printer.uri)
    batch = works.issue(quantity)
    printer.drop_after(after, "rst")
    works.send()
    assert works.job(batch).state == "processing-stopped"
    return batch


@pytest.mark.parametrize("after", [300, 1_500, 20_000, 200_000])
@pytest.mark.parametrize("kind", ["rst", "fin"])
def test_a_broken_connection_stops_the_job_and_nobody_sends_anything_again(works, after, kind):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(3_000)
        printer.drop_after(after, kind)
        works.send()
        job = works.job(batch)
        assert job.state == "processing-stopped"
        assert job.state_reasons[0] == "printer-stopped"
        known = counted(job)
        assert known.get("in_doubt", 0) <= WINDOW
        assert sum(known.values()) == 3_000
        # Every label that came out is among those sent or in doubt, and they are the first ones.
        came_out = serials_of(printer.labels)
        assert came_out == works.serials(batch)[: len(came_out)]
        assert len(came_out) <= known.get("sent", 0) + known.get("in_doubt", 0)
        works.send("worker-2")
        assert serials_of(printer.labels) == came_out
        assert counted(works.job(batch)) == known


def test_a_stopped_job_holds_its_printer(works):
    with VirtualPrinter() as printer:
        stopped = break_down(works, printer)
        behind = works.issue(2)
        works.send()
        assert works.job(behind).state == "pending"
        works.cancel(stopped)
        works.send()
        assert works.job(behind).state == "completed"


def test_resolving_with_the_last_good_label_prints_each_label_exactly_once(works):
    with VirtualPrinter() as printer:
        batch = break_down(works, printer)
        came_out = serials_of(printer.labels)
        job = works.resolve(batch, came_out[-1], proceed=True)
        assert job.state == "pending"
        assert counted(job)["confirmed"] == len(came_out)
        works.send()
        assert printer.wait_for_labels(3_000, timeout=20)
        assert serials_of(printer.labels) == works.serials(batch)
    assert counted(works.job(batch)) == {"sent": 3_000 - len(came_out), "confirmed": len(came_out)}


def put_in_doubt(works, batch, labels):
    """Leave a job as a sender does that dies with a window on its way, and let the next one find it."""
    printer_id = delivery.waiting(works.sender())[0]
    sender = works.sender()
    lease = HeldLease(works.db, works.overtake(printer_id, "dead"), sender.now, 60)
    job = works.db.write(lambda conn: delivery._next(conn, sender, lease))
    run = outcome_rows.Delivery(job.id, job.range_id, lease.lease.token)
    call = Call(Actor("station", "dead"), sender.now())
    works.db.write(lambda conn: outcome_rows.hold_in_doubt(conn, call, run, job.first, job.first + labels - 1))
    later = works.clock() + timedelta(seconds=61)
    works.clock = lambda: later
    works.send("heir")
    assert counted(works.job(batch))["in_doubt"] == labels


def test_resolving_with_none_says_that_the_window_is_absent(works):
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(100)
    put_in_doubt(works, batch, 20)
    job = works.resolve(batch, None, proceed=False)
    assert job.state == "canceled"
    assert counted(job) == {"held": 80, "absent": 20}


def test_what_is_absent_is_printed_when_the_job_goes_on(works):
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(100)
    put_in_doubt(works, batch, 20)
    works.resolve(batch, works.serials(batch)[4], proceed=True)
    assert counted(works.job(batch)) == {"planned": 80, "absent": 15, "confirmed": 5}
    works.send()
    written = (works.data_dir / "printed" / "line.zpl").read_bytes()
    assert serials_of(re.findall(rb"\^XA.*?\^XZ", written, re.DOTALL)) == works.serials(batch)[5:]
    assert counted(works.job(batch)) == {"sent": 95, "confirmed": 5}


def test_a_canceled_job_keeps_its_doubt_until_someone_resolves_it(works):
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(100)
    put_in_doubt(works, batch, 20)
    assert counted(works.cancel(batch)) == {"held": 80, "in_doubt": 20}
    with pytest.raises(Conflict, match="Expected a job that can go on"):
        works.resolve(batch, None, proceed=True)
    assert counted(works.resolve(batch, works.serials(batch)[19], proceed=False)) == {"held": 80, "confirmed": 20}


def test_resolve_is_answered_the_same_for_the_same_key_and_refused_for_another_body(works):
    with VirtualPrinter() as printer:
        batch = break_down(works, printer)
        first = works.resolve(batch, None, proceed=True, key="k")
        works.send()
        assert works.job(batch).state == "completed"
        assert works.resolve(batch, None, proceed=True, key="k") == first
        with pytest.raises(Conflict) as refused:
            works.resolve(batch, None, proceed=False, key="k")
    assert refused.value.code == "idempotency_key_reused"


def test_resolve_refuses_serials_that_the_job_cannot_have_printed(works):
    with VirtualPrinter() as printer:
        batch = break_down(works, printer)
        for serial, code in (
            (works.serials(batch)[-1], "serial_not_sent"),
            ("26326999999", "serial_not_in_job"),
            ("nonsense", "serial_not_in_job"),
        ):
            with pytest.raises(InvalidInput) as refused:
                works.resolve(batch, serial, proceed=True)
            assert (refused.value.code, refused.value.pointer) == (code, "/last_good")
    assert works.job(batch).state == "processing-stopped"


def test_resolve_refuses_a_job_that_has_not_stopped(works):
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(5)
    with pytest.raises(Conflict) as refused:
        works.resolve(batch, None, proceed=True)
    assert refused.value.code == "job_not_stopped"


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
        assert serials_of(printer.labels) == works.serials(batch)


def test_the_heir_of_a_sender_that_died_with_a_window_on_its_way_stops_the_job(works):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(100)
        put_in_doubt(works, batch, 20)
        stopped = works.job(batch)
        assert stopped.state == "processing-stopped"
        assert stopped.state_reasons == ("printer-stopped", "x-labels-in-doubt")
        assert stopped.doubt.first_serial == works.serials(batch)[0]
        assert stopped.doubt.last_serial == works.serials(batch)[19]
        assert counted(stopped) == {"planned": 80, "in_doubt": 20}
        assert printer.labels == []


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


def test_a_clock_that_jumps_back_delays_nothing_for_long(works):
    works.add_printer("p", "tcp://127.0.0.1:9")
    works.issue(1)
    works.send()
    earlier = works.clock() - timedelta(days=365)
    works.clock = lambda: earlier
    printer_id = delivery.waiting(works.sender())[0]  # due: no pause is that long
    assert works.overtake(printer_id, "w").owner == "w"


def test_a_file_printer_appends_below_the_data_directory(works):
    works.add_printer("p", "file:///lines/one.zpl")
    works.issue(2)
    works.issue(1)
    works.send()
    written = (works.data_dir / "printed" / "lines" / "one.zpl").read_bytes()
    assert written.count(b"^XA") == 3
    assert serials_of(re.findall(rb"\^XA.*?\^XZ", written, re.DOTALL)) == ["26326000001", "26326000002", "26326000003"]


def test_a_batch_may_name_another_label_format(works):
    works.add_printer("p", "file:///line.zpl", media_width=100.0, media_height=50.0)
    with pytest.raises(InvalidInput):  # for trade items with a GTIN only
        batches.issue(works.db, works.issuer, works.call(), works.lot_id, BatchRequest(1, "p", "unit-100x50"))


# A sender's own misfortunes


class Misfortune:
    """A database at one write of which something happens; writes are counted from 1."""

    def __init__(self, db, at: int, happens) -> None:
        self._db = db
        self._at = at
        self._happens = happens
        self._count = count(1)
        self.read = db.read

    def write(self, work):
        if next(self._count) == self._at:
            return self._happens(self._db, work)
        return self._db.write(work)


def lost_before(db, work):
    raise Unavailable("database_unreachable", "Expected a database server that lets us in, got none.")


def lost_after(db, work):
    db.write(work)
    raise Unavailable("database_lost", "Expected an answer from the database, got a lost connection.")


def misfortune(works, at, happens):
    """Serve the printer once with a database that fails at its so manieth write; return whether it did."""
    sender = replace(works.sender(), db=Misfortune(works.db, at, happens))
    try:
        for printer_id in delivery.waiting(works.sender()):
            delivery.serve(sender, printer_id, "unlucky")
    except Unavailable:
        return True
    return False


def recover(works, batch, printer):
    """Do what an heir and an operator do until the job is complete: look at the labels, resolve, go on."""
    for _ in range(5):
        works.pass_time(61)
        works.send("heir")
        job = works.job(batch)
        if job.state == "completed":
            return
        assert job.state == "processing-stopped", job
        came_out = settled(printer)
        assert came_out == works.serials(batch)[: len(came_out)]
        works.resolve(batch, came_out[-1] if came_out else None, proceed=True, nothing=not came_out)
    raise AssertionError(f"Expected the job to end, got {works.job(batch)}")


def settled(printer):
    """Look at the labels that came out, once no more come."""
    assert printer.wait_for(lambda state: not state.connections, timeout=10)
    assert printer.wait_for(lambda state: not state.formats_waiting and not state.labels_left, timeout=10)
    return serials_of(printer.labels)


@pytest.mark.parametrize(("dialect", "happens"), [("sqlite", lost_before), ("postgresql", lost_after)])
@pytest.mark.parametrize("at", range(1, 12))
def test_a_database_that_goes_away_at_any_step_makes_no_label_twice_and_loses_none(works, at, happens):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(50)  # acquire, claim, three times hold and record, end, look, release
        failed = misfortune(works, at, happens)
        assert failed == (at <= 10)  # the lease runs out by itself where it cannot be given back
        recover(works, batch, printer)
        assert printer.wait_for_labels(50, timeout=10)
        assert settled(printer) == works.serials(batch)


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
        assert misfortune(works, at, locked)
        recover(works, batch, printer)
        assert printer.wait_for_labels(50, timeout=10)
        assert settled(printer) == works.serials(batch)


def test_a_sender_that_died_between_two_windows_leaves_the_job_to_a_person(works):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(50)
        assert misfortune(works, 5, lost_before)  # the second window was never held
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
        assert misfortune(works, 3, lost_before)
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


def test_a_printer_that_never_comes_back_is_given_up_after_500_attempts(works):
    works.add_printer("p", "tcp://127.0.0.1:9")
    batch = works.issue(1)
    works.db.write(lambda conn: job_rows.set_state(conn, batch.job_id, "pending", (), attempts=498))
    works.send()
    assert works.job(batch).state == "pending"
    works.pass_time(60)
    works.send()
    job = works.job(batch)
    assert (job.state, job.state_reasons) == ("processing-stopped", ("connecting-to-device",))
    works.resolve(batch, None, proceed=True)  # begins to count anew
    works.send()
    assert works.job(batch).state == "pending"


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

        def of_texts(layout, serials):
            texts = list(serials)
            return render(layout, texts)

        monkeypatch.setattr("labelsvc.printing.handover.zpl", SimpleNamespace(render=of_texts))

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
        assert settled(printer) == works.serials(batch)[: len(printer.labels)]


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


def test_a_full_disk_stops_the_job_and_what_was_not_written_is_planned_again(works):
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(10_000)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, hard))  # more than the test's own database needs
    try:
        works.send()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    job = works.job(batch)
    assert job.state == "processing-stopped"
    assert job.state_reasons == ("printer-stopped", "x-labels-in-doubt")
    assert "file too large" in job.message
    written = works.written("line.zpl")
    assert written == works.serials(batch)[: len(written)]
    known = counted(job)
    assert known["in_doubt"] >= len(written) > 0
    assert known["in_doubt"] + known["planned"] == 10_000
    works.resolve(batch, written[-1], proceed=True)
    works.send()
    assert works.written("line.zpl") == works.serials(batch)
    assert works.job(batch).state == "completed"


def test_what_a_spooler_will_never_take_stops_the_job_at_once(works, monkeypatch, spooler):
    monkeypatch.setattr("labelsvc.printers.os_queue.SPOOL_AT_MOST", 1_000)
    works.add_printer("p", "queue:///line3")
    batch = works.issue(50)
    works.send()
    job = works.job(batch)
    assert (job.state, job.message) == (
        "processing-stopped",
        "Expected at most 1000 bytes for a spooler, got more.",
    )
    assert counted(job) == {"planned": 50}


@pytest.fixture
def spooler(tmp_path, monkeypatch):
    """A spooler that has one queue, line3, and keeps what lp is given; `exit` says what lp ends with."""
    place = tmp_path / "programs"
    place.mkdir()
    for name, text in (
        ("lpstat", 'echo "line3 accepting requests since today"'),
        ("lp", f"/bin/cat >> {place}/taken; exit $(/bin/cat {place}/exit)"),
    ):
        (place / name).write_text(f"#!/bin/sh\n{text}\n")
        (place / name).chmod(0o755)
    (place / "exit").write_text("0")
    monkeypatch.setenv("PATH", str(place))
    return place


def test_a_spooler_gets_a_job_as_one_piece_and_after_a_failure_all_of_it_is_in_doubt(works, spooler):
    works.add_printer("p", "queue:///line3")
    batch = works.issue(50)
    works.send()
    assert works.job(batch).state_reasons == ("queued-in-device",)
    taken = re.findall(rb"\^XA.*?\^XZ", (spooler / "taken").read_bytes(), re.DOTALL)
    assert serials_of(taken) == works.serials(batch)
    (spooler / "exit").write_text("1")
    batch = works.issue(50)
    works.send()
    job = works.job(batch)
    assert (job.state, counted(job)) == ("processing-stopped", {"in_doubt": 50})
    works.send()
    assert counted(works.job(batch)) == {"in_doubt": 50}


# Queues and leases


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


def test_a_job_that_stopped_holds_its_printer_even_against_an_older_one_that_was_committed_late(works):
    works.add_printer("p", "file:///line.zpl")
    older, stopped = works.issue(1), works.issue(1)
    works.db.write(lambda conn: job_rows.set_state(conn, stopped.job_id, "processing-stopped", ("printer-stopped",)))
    assert delivery.waiting(works.sender()) == ()
    works.send()
    assert works.job(older).state == "pending"
    works.resolve(stopped, None, proceed=True)
    works.send()
    assert (works.job(older).state, works.job(stopped).state) == ("completed", "completed")


def test_a_cancel_that_comes_while_a_printer_is_looked_for_ends_the_job_at_once(works):
    works.add_printer("p", "tcp://127.0.0.1:9")
    batch = works.issue(5)

    def cancel_first(db, work):
        works.cancel(batch)
        return db.write(work)

    misfortune(works, 3, cancel_first)  # acquire, claim, and then the end as a retry
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

        misfortune(works, 7, break_off_and_cancel)  # before the third window is held
        job = works.job(batch)
        assert (job.state, job.state_reasons) == ("processing-stopped", ("printer-stopped",))
        assert works.cancel(batch).state == "canceled"


def test_a_lease_that_may_have_run_out_lets_no_byte_leave(works):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        works.clock = lambda: datetime.now(UTC)
        batch = works.issue(50)

        class Away(Misfortune):
            """The keeper of the lease cannot reach it."""

            def write(self, work):
                if threading.current_thread().name.startswith("lease"):
                    raise Unavailable("database_unreachable", "Expected a database server, got none.")
                return super().write(work)

        def freeze(db, work):
            fact = db.write(work)
            time.sleep(0.5)
            return fact

        sender = replace(works.sender(lease_seconds=0.4), db=Away(works.db, 5, freeze))  # when window 2 was held
        delivery.serve(sender, works.printer().id, "frozen")
        assert counted(works.job(batch)) == {"planned": 10, "in_doubt": 20, "sent": 20}
        assert len(settled(printer)) <= 20
        works.send("heir")
        assert works.job(batch).state_reasons == ("printer-stopped", "x-labels-in-doubt")
        assert len(settled(printer)) <= 20


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
        assert settled(printer) == works.serials(batch)
    assert works.job(batch).state == "completed"


def test_each_delivery_of_a_job_has_a_token_of_its_own(works):
    with VirtualPrinter() as printer:
        batch = break_down(works, printer, quantity=1_000, after=40_000)
        works.resolve(batch, settled(printer)[-1], proceed=True)
        works.send()
        assert printer.wait_for_labels(1_000, timeout=20)
    with works.db.read() as conn:
        rows = conn.execute(select(outcomes).where(outcomes.c.token.is_not(None)).order_by(outcomes.c.id)).all()
    assert len({row.token for row in rows}) == 2


def test_the_digests_of_a_job_that_went_on_are_those_of_the_bytes_each_delivery_handed_over(works):
    with VirtualPrinter() as printer:
        batch = break_down(works, printer, quantity=1_500, after=150_000)
        came_out = settled(printer)
        works.resolve(batch, came_out[-1], proceed=True)
        works.send()
        assert printer.wait_for_labels(1_500, timeout=20)
        labels = [label + b"\n" for label in printer.labels]
    with works.db.read() as conn:
        blocks = conn.execute(
            select(print_job_blocks).order_by(print_job_blocks.c.token, print_job_blocks.c.first)
        ).all()
    assert len({block.token for block in blocks}) == 2
    resumed = [block for block in blocks if block.token == blocks[-1].token]
    assert [(block.first, block.last) for block in resumed] == [(len(came_out), 999), (1_000, 1_499)]
    for block in blocks:
        assert block.sha256 == hashlib.sha256(b"".join(labels[block.first : block.last + 1])).hexdigest()


# What the printer still holds


@pytest.mark.parametrize("paused", [False, True])
def test_a_job_does_not_go_on_while_labels_of_before_may_still_come_out(works, paused):
    with VirtualPrinter(label_seconds=0.03) as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(100)
        printer.drop_after(30_000, "rst")
        works.send()
        assert works.job(batch).state == "processing-stopped"
        assert printer.wait_for_labels(3, timeout=10)
        if paused:
            printer.pause()
        # Someone looks too early: the printer has many more of them in its buffer.
        works.resolve(batch, serials_of(printer.labels)[-1], proceed=True)
        works.send()
        job = works.job(batch)
        assert (job.state, job.state_reasons) == ("processing-stopped", ("printer-stopped",))
        assert job.message.startswith("Expected a printer that is ready and empty, got ")
        printer.resume()
        came_out = settled(printer)
        works.resolve(batch, came_out[-1], proceed=True)
        assert counted(works.job(batch))["confirmed"] == len(came_out)
        works.send()
        assert printer.wait_for_labels(100, timeout=10)
        assert settled(printer) == works.serials(batch)


def test_a_stop_and_an_end_stand_in_the_audit(works):
    with VirtualPrinter() as printer:
        batch = break_down(works, printer, quantity=1_000, after=40_000)
        works.resolve(batch, settled(printer)[-1], proceed=True)
        works.send("worker-2")
    entries = works.audit(f"job:{batch.job_id}")
    assert [(entry["action"], entry["actor_kind"], entry["actor_id"]) for entry in entries] == [
        ("job.stop", "station", "worker-1"),
        ("job.resolve", "key", "tests"),
        ("job.complete", "station", "worker-2"),
    ]
    assert entries[0]["after"]["state"] == "processing-stopped"
    assert entries[0]["reason"].startswith("Expected the printer to ")
