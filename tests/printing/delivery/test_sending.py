"""A job on its way to a printer that works, or cannot print now: every label once, in order, and what is kept of it."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from labelsvc.domain.batches import BatchRequest, LabelsRequest
from labelsvc.errors import Conflict, InvalidInput
from labelsvc.issuing import batches, downloads
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import delivery
from labelsvc.storage import jobs as job_rows
from labelsvc.storage.tables import outcomes, print_job_blocks


def counted(job):
    return dict(job.outcomes)


def test_a_job_is_handed_over_label_by_label_in_order(works):
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(50)
        works.send()
        assert printer.wait_for_labels(50, timeout=10)
        assert works.read(printer.labels) == works.serials(batch)
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


def test_the_digests_of_a_job_that_went_on_are_those_of_the_bytes_each_delivery_handed_over(works):
    with VirtualPrinter() as printer:
        batch = works.break_down(printer, quantity=1_500, after=150_000)
        came_out = works.settled(printer)
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


def test_a_file_printer_appends_below_the_data_directory(works):
    works.add_printer("p", "file:///lines/one.zpl")
    works.issue(2)
    works.issue(1)
    works.send()
    written = (works.data_dir / "printed" / "lines" / "one.zpl").read_bytes()
    assert written.count(b"^XA") == 3
    assert works.read(re.findall(rb"\^XA.*?\^XZ", written, re.DOTALL)) == ["26326000001", "26326000002", "26326000003"]


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
    assert works.read(taken) == works.serials(batch)
    (spooler / "exit").write_text("1")
    batch = works.issue(50)
    works.send()
    job = works.job(batch)
    assert (job.state, counted(job)) == ("processing-stopped", {"in_doubt": 50})
    works.send()
    assert counted(works.job(batch)) == {"in_doubt": 50}


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


def test_a_batch_may_name_another_label_format(works):
    works.add_printer("p", "file:///line.zpl", media_width=100.0, media_height=50.0)
    with pytest.raises(InvalidInput):  # for trade items with a GTIN only
        batches.issue(works.db, works.issuer, works.call(), works.lot_id, BatchRequest(1, "p", "unit-100x50"))


def test_a_clock_that_jumps_back_delays_nothing_for_long(works):
    works.add_printer("p", "tcp://127.0.0.1:9")
    works.issue(1)
    works.send()
    earlier = works.clock() - timedelta(days=365)
    works.clock = lambda: earlier
    printer_id = delivery.waiting(works.sender())[0]  # due: no pause is that long
    assert works.overtake(printer_id, "w").owner == "w"
