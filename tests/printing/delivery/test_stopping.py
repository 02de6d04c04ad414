"""A printer that breaks off: the job stops, holds its printer, and goes on when someone said what came out."""

from __future__ import annotations

import resource

import pytest
from sqlalchemy import select

from labelsvc.domain.jobs import WINDOW
from labelsvc.errors import Conflict, InvalidInput
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import delivery
from labelsvc.storage import jobs as job_rows
from labelsvc.storage.tables import outcomes


def counted(job):
    return dict(job.outcomes)


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
        came_out = works.read(printer.labels)
        assert came_out == works.serials(batch)[: len(came_out)]
        assert len(came_out) <= known.get("sent", 0) + known.get("in_doubt", 0)
        works.send("worker-2")
        assert works.read(printer.labels) == came_out
        assert counted(works.job(batch)) == known


def test_a_stopped_job_holds_its_printer(works):
    with VirtualPrinter() as printer:
        stopped = works.break_down(printer)
        behind = works.issue(2)
        works.send()
        assert works.job(behind).state == "pending"
        works.cancel(stopped)
        works.send()
        assert works.job(behind).state == "completed"


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


def test_resolving_with_the_last_good_label_prints_each_label_exactly_once(works):
    with VirtualPrinter() as printer:
        batch = works.break_down(printer)
        came_out = works.read(printer.labels)
        job = works.resolve(batch, came_out[-1], proceed=True)
        assert job.state == "pending"
        assert counted(job)["confirmed"] == len(came_out)
        works.send()
        assert printer.wait_for_labels(1_000, timeout=20)
        assert works.read(printer.labels) == works.serials(batch)
    assert counted(works.job(batch)) == {"sent": 1_000 - len(came_out), "confirmed": len(came_out)}


@pytest.fixture
def in_doubt(works):
    """A job of 100 labels of which the first 20 are in doubt, and its printer."""
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(100)
        works.die_in_doubt(batch)
        yield batch, printer


def test_resolving_with_none_says_that_the_window_is_absent(works, in_doubt):
    batch, _ = in_doubt
    job = works.resolve(batch, None, proceed=False)
    assert job.state == "canceled"
    assert counted(job) == {"held": 80, "absent": 20}


def test_what_is_absent_is_printed_when_the_job_goes_on(works, in_doubt):
    batch, printer = in_doubt
    works.resolve(batch, works.serials(batch)[4], proceed=True)
    assert counted(works.job(batch)) == {"planned": 80, "absent": 15, "confirmed": 5}
    works.send()
    assert printer.wait_for_labels(95, timeout=10)
    assert works.settled(printer) == works.serials(batch)[5:]
    assert counted(works.job(batch)) == {"sent": 95, "confirmed": 5}


def test_a_canceled_job_keeps_its_doubt_until_someone_resolves_it(works, in_doubt):
    batch, _ = in_doubt
    assert counted(works.cancel(batch)) == {"held": 80, "in_doubt": 20}
    with pytest.raises(Conflict, match="Expected a job that can go on"):
        works.resolve(batch, None, proceed=True)
    assert counted(works.resolve(batch, works.serials(batch)[19], proceed=False)) == {"held": 80, "confirmed": 20}


def test_resolve_is_answered_the_same_for_the_same_key_and_refused_for_another_body(works):
    with VirtualPrinter() as printer:
        batch = works.break_down(printer)
        first = works.resolve(batch, None, proceed=True, key="k")
        works.send()
        assert works.job(batch).state == "completed"
        assert works.resolve(batch, None, proceed=True, key="k") == first
        with pytest.raises(Conflict) as refused:
            works.resolve(batch, None, proceed=False, key="k")
    assert refused.value.code == "idempotency_key_reused"


def test_resolve_refuses_serials_that_the_job_cannot_have_printed(works):
    with VirtualPrinter() as printer:
        batch = works.break_down(printer)
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


def test_each_delivery_of_a_job_has_a_token_of_its_own(works):
    with VirtualPrinter() as printer:
        batch = works.break_down(printer, quantity=1_000, after=40_000)
        works.resolve(batch, works.settled(printer)[-1], proceed=True)
        works.send()
        assert printer.wait_for_labels(1_000, timeout=20)
    with works.db.read() as conn:
        rows = conn.execute(select(outcomes).where(outcomes.c.token.is_not(None)).order_by(outcomes.c.id)).all()
    assert len({row.token for row in rows}) == 2


@pytest.mark.parametrize(("dialect", "paused"), [("sqlite", True), ("postgresql", False)])
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
        works.resolve(batch, works.read(printer.labels)[-1], proceed=True)
        works.send()
        job = works.job(batch)
        assert (job.state, job.state_reasons) == ("processing-stopped", ("printer-stopped",))
        assert job.message.startswith("Expected a printer that is ready and empty, got ")
        printer.resume()
        came_out = works.settled(printer)
        works.resolve(batch, came_out[-1], proceed=True)
        assert counted(works.job(batch))["confirmed"] == len(came_out)
        works.send()
        assert printer.wait_for_labels(100, timeout=10)
        assert works.settled(printer) == works.serials(batch)


def test_a_stop_and_an_end_stand_in_the_audit(works):
    with VirtualPrinter() as printer:
        batch = works.break_down(printer, quantity=1_000, after=40_000)
        works.resolve(batch, works.settled(printer)[-1], proceed=True)
        works.send("worker-2")
    entries = works.audit(f"job:{batch.job_id}")
    assert [(entry["action"], entry["actor_kind"], entry["actor_id"]) for entry in entries] == [
        ("job.stop", "station", "worker-1"),
        ("job.resolve", "key", "tests"),
        ("job.complete", "station", "worker-2"),
    ]
    assert entries[0]["after"]["state"] == "processing-stopped"
    assert entries[0]["reason"].startswith("Expected the printer to ")


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
