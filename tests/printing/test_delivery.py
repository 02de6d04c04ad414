"""What a sender does with a printer that works, one that breaks down, and one it has lost."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import select

from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.batches import BatchRequest, LabelsRequest
from labelsvc.domain.jobs import WINDOW
from labelsvc.errors import Conflict, InvalidInput
from labelsvc.issuing import batches, downloads
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import delivery
from labelsvc.printing.leases import HeldLease
from labelsvc.storage import outcomes as outcome_rows
from labelsvc.storage import printers as printer_rows
from labelsvc.storage.tables import outcomes, print_job_blocks


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
