"""What people do with print jobs: look, cancel, and say what came out of a printer that stopped."""

from __future__ import annotations

from datetime import timedelta

import pytest

from labelsvc.domain.batches import LabelsRequest, ReturnRequest
from labelsvc.domain.jobs import Resolution
from labelsvc.domain.outcomes import Interval
from labelsvc.errors import Conflict, InvalidInput, Malformed, NotFound
from labelsvc.issuing import batches, downloads
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import delivery, jobs, resolving
from labelsvc.storage import jobs as job_rows
from labelsvc.storage import outcomes as outcome_rows
from labelsvc.storage import printers as printer_rows


def counted(job):
    return dict(job.outcomes)


@pytest.fixture
def stopped(works):
    """A job of ten labels that stopped: 1 to 3 were sent, 4 to 6 are in doubt, 7 to 10 planned."""
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(10)

    def work(conn) -> None:
        job = job_rows.get(conn, batch.job_id)
        run = outcome_rows.Delivery(job.id, job.range_id, 1)
        outcome_rows.append(conn, works.call(), job.range_id, Interval(job.first, job.first + 2, "sent", "sent"), run)
        outcome_rows.hold_in_doubt(conn, works.call(), run, job.first + 3, job.first + 5)
        job_rows.set_state(conn, job.id, "processing-stopped", ("printer-stopped",), message="It went away.")

    works.db.write(work)
    return batch


def resolve(works, batch, key="one", **found):
    resolution = Resolution(**{"last_good": None, "proceed": True, "reason": None, **found})
    return resolving.resolve_job(works.db, works.issuer, works.call(key), batch.job_id, resolution)


# Looking


def test_a_new_job_is_pending_and_says_what_it_will_print(works) -> None:
    works.add_printer("p", "file:///line.zpl")
    job = works.job(works.issue(3))
    assert (job.state, job.state_reasons, job.message) == ("pending", ("job-queued",), None)
    assert (job.printer, job.quantity, job.first_serial, job.last_serial) == ("p", 3, "26326000001", "26326000003")
    assert (counted(job), job.doubt) == ({"planned": 3}, None)
    assert (job.created_at, job.started_at, job.ended_at) == (works.clock(), None, None)


def test_a_job_says_when_it_began_and_ended(works) -> None:
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(3)
    works.pass_time(5)
    begun = works.clock()
    works.send()
    job = works.job(batch)
    assert (job.created_at, job.started_at, job.ended_at) == (begun - timedelta(seconds=5), begun, begun)


def test_a_job_in_doubt_names_the_first_and_the_last_label(works, stopped) -> None:
    doubt = works.job(stopped).doubt
    assert (doubt.first_serial, doubt.last_serial, doubt.count) == ("26326000004", "26326000006", 3)


def test_jobs_are_listed_page_by_page_by_printer_and_by_state(works) -> None:
    for name in ("a", "b"):
        works.add_printer(name, f"file:///{name}.zpl")
    made = [(name, works.issue(1, name).job_id) for name in ("a", "b", "a", "a", "b")]
    for chosen, wanted in (
        ((None, None), [job for _, job in made]),
        (("a", None), [job for name, job in made if name == "a"]),
        (("b", "pending"), [job for name, job in made if name == "b"]),
        (("a", "completed"), []),
        (("nobody", None), []),
    ):
        found, after = [], 0
        for _ in range(10):
            page = jobs.list_jobs(works.db, works.issuer, chosen, after, 2)
            found += [job.id for job in page.items]
            if page.next is None:
                break
            after = page.next
        assert found == wanted


def test_an_unknown_job_is_not_found(works) -> None:
    for use_case in (
        lambda: jobs.get_job(works.db, works.issuer, 10**9),
        lambda: jobs.cancel_job(works.db, works.issuer, works.call(), 10**9, None),
        lambda: resolving.resolve_job(works.db, works.issuer, works.call(), 10**9, Resolution(None, proceed=True)),
    ):
        with pytest.raises(NotFound) as refused:
            use_case()
        assert refused.value.code == "job_unknown"


# Canceling


def test_a_cancel_stands_in_the_audit(works) -> None:
    works.add_printer("p", "file:///line.zpl")
    batch = works.issue(3)
    jobs.cancel_job(works.db, works.issuer, works.call(), batch.job_id, "wrong lot")
    (entry,) = works.audit(f"job:{batch.job_id}")
    assert (entry["action"], entry["reason"], entry["actor_id"]) == ("job.cancel", "wrong lot", "tests")
    assert entry["before"] == {"state": "pending"}


@pytest.mark.parametrize("reason", ["", " ", "a\nb", "x" * 501])
def test_a_reason_is_text_that_can_be_shown(works, stopped, reason) -> None:
    for use_case in (
        lambda: jobs.cancel_job(works.db, works.issuer, works.call(), stopped.job_id, reason),
        lambda: resolve(works, stopped, reason=reason),
    ):
        with pytest.raises(InvalidInput) as refused:
            use_case()
        assert refused.value.pointer == "/reason"
    assert works.job(stopped).state == "processing-stopped"


def test_a_job_that_waits_for_its_printer_to_come_back_is_canceled_at_once(works) -> None:
    works.add_printer("p", "tcp://127.0.0.1:9")
    batch = works.issue(3)
    works.send()
    assert works.printer().state == "stopped"
    job = works.cancel(batch)
    assert (job.state, job.state_reasons, counted(job)) == ("canceled", ("job-canceled-by-user",), {"held": 3})
    assert (works.printer().state, works.printer().state_reasons) == ("idle", ())
    works.pass_time(60)
    assert delivery.waiting(works.sender()) == ()


def test_canceling_a_job_further_back_does_not_free_the_printer(works, stopped) -> None:
    behind = works.issue(1)
    printer_id = works.printer().id
    works.db.write(lambda conn: printer_rows.set_state(conn, printer_id, "stopped", ("paused",), works.clock()))
    works.cancel(behind)
    assert works.printer().state == "stopped"
    works.cancel(stopped)
    assert works.printer().state == "idle"


def test_canceling_a_stopped_job_leaves_its_doubts_to_be_resolved_later(works, stopped) -> None:
    job = works.cancel(stopped)
    assert (job.state, counted(job)) == ("canceled", {"held": 4, "sent": 3, "in_doubt": 3})
    with pytest.raises(Conflict) as refused:
        resolve(works, stopped, last_good="26326000005")
    assert (refused.value.code, refused.value.pointer) == ("job_ended", "/continue")
    job = resolve(works, stopped, last_good="26326000005", proceed=False)
    assert (job.state, counted(job)) == ("canceled", {"held": 4, "absent": 1, "confirmed": 5})
    with pytest.raises(Conflict) as refused:
        resolve(works, stopped, "two", last_good="26326000005", proceed=False)
    assert refused.value.code == "job_not_stopped"


def test_what_a_cancel_gives_back_can_be_returned(works, stopped) -> None:
    works.cancel(stopped)
    batch = batches.return_numbers(works.db, works.issuer, works.call(), stopped.id, ReturnRequest(7, 4, "not needed"))
    assert dict(batch.outcomes) == {"returned": 4, "sent": 3, "in_doubt": 3}
    with pytest.raises(Conflict):  # nobody knows whether label 6 exists
        batches.return_numbers(works.db, works.issuer, works.call(), stopped.id, ReturnRequest(6, 1, "no"))


# Resolving


def test_up_to_the_last_good_label_all_is_confirmed_and_the_rest_of_what_left_is_absent(works, stopped) -> None:
    job = resolve(works, stopped, last_good="26326000002", reason="ribbon torn")
    assert counted(job) == {"planned": 4, "absent": 4, "confirmed": 2}
    assert (job.state, job.message, job.doubt) == ("pending", None, None)
    assert works.printer().state == "idle"
    with works.db.read() as conn:
        row = job_rows.get(conn, stopped.job_id)
        known = outcome_rows.of_range(conn, row.range_id)
    assert (row.attempts, row.not_before) == (0, None)
    assert [(each.count, each.outcome, each.evidence, each.reason) for each in known] == [
        (2, "confirmed", "scanned", "ribbon torn"),
        (4, "absent", None, "ribbon torn"),
        (4, "planned", None, None),
    ]


def test_without_a_last_good_label_the_window_is_absent_and_no_more(works, stopped) -> None:
    assert counted(resolve(works, stopped)) == {"planned": 4, "sent": 3, "absent": 3}


def test_where_nothing_came_out_all_that_the_delivery_handed_over_is_absent(works, stopped) -> None:
    assert counted(resolve(works, stopped, nothing_came_out=True)) == {"planned": 4, "absent": 6}
    works.send()
    assert works.written("line.zpl") == works.serials(stopped)


def test_that_nothing_came_out_says_nothing_of_earlier_deliveries(works) -> None:
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(1_000)
        printer.drop_after(40_000, "rst")
        works.send()
        came_out = settled(printer, works, batch)
        works.resolve(batch, came_out[-1], proceed=True)
        assert counted(works.job(batch))["confirmed"] == len(came_out)
        printer.drop_after(len(ASKED) + 5, "rst")
        works.send()
        job = works.resolve(batch, None, proceed=True, nothing=True)
        assert counted(job) == {
            "confirmed": len(came_out),
            "absent": 1_000 - len(came_out) - counted(job)["planned"],
            "planned": counted(job)["planned"],
        }
        works.send()
        assert printer.wait_for_labels(1_000, timeout=20)
        assert works.read(printer.labels) == works.serials(batch)


ASKED = b"~JX\r\n~HI\r\n~HS\r\n"


def settled(printer, works, batch) -> list[str]:
    """Look at the labels that came out, once no more come."""
    assert works.job(batch).state == "processing-stopped"
    assert printer.wait_for(lambda state: not state.formats_waiting and not state.labels_left, timeout=10)
    return works.read(printer.labels)


def test_nothing_and_a_last_good_label_contradict_each_other(works, stopped) -> None:
    with pytest.raises(InvalidInput) as refused:
        resolve(works, stopped, last_good="26326000002", nothing_came_out=True)
    assert (refused.value.code, refused.value.pointer) == ("resolution_contradicts_itself", "/last_good")


@pytest.mark.parametrize(
    ("serial", "code"),
    [
        ("26326000007", "serial_not_sent"),  # planned
        ("26326000010", "serial_not_sent"),
        ("26326000011", "serial_not_in_job"),  # of no job
        ("26325000001", "serial_not_in_job"),  # of another day
        ("26326", "serial_not_in_job"),
        ("26326000001 ", "serial_not_in_job"),
        ("26326-00001", "serial_not_in_job"),
        ("", "serial_not_in_job"),
        ("^XZ", "serial_not_in_job"),
        ("💊", "serial_not_in_job"),
        ("9" * 1_000, "serial_not_in_job"),
    ],
)
def test_a_serial_that_cannot_have_come_out_is_refused_and_settles_nothing(works, stopped, serial, code) -> None:
    before = works.job(stopped)
    with pytest.raises(InvalidInput) as refused:
        resolve(works, stopped, last_good=serial)
    assert (refused.value.code, refused.value.pointer) == (code, "/last_good")
    assert works.job(stopped) == before
    assert counted(resolve(works, stopped, last_good="26326000003"))["confirmed"] == 3  # the key was not used up


def test_a_label_that_was_said_to_be_absent_may_turn_up(works, stopped) -> None:
    resolve(works, stopped, last_good="26326000002")
    works.db.write(lambda conn: job_rows.set_state(conn, stopped.job_id, "processing-stopped", ("printer-stopped",)))
    job = resolve(works, stopped, "two", last_good="26326000005")
    assert counted(job) == {"planned": 4, "absent": 1, "confirmed": 5}


def test_to_end_gives_the_rest_back(works, stopped) -> None:
    job = resolve(works, stopped, last_good="26326000006", proceed=False)
    assert (job.state, job.state_reasons) == ("canceled", ("job-canceled-by-user",))
    assert counted(job) == {"held": 4, "confirmed": 6}
    assert job.ended_at == works.clock()


def test_a_job_of_which_the_last_label_is_good_is_completed(works) -> None:
    with VirtualPrinter() as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(5)
        size = sum(len(label) + 1 for label in labels_of(works, batch))
        printer.drop_after(len(ASKED) + size, "rst")
        works.send()
        assert settled(printer, works, batch) == works.serials(batch)
        job = works.resolve(batch, works.serials(batch)[-1], proceed=False)
    assert (job.state, job.state_reasons) == ("completed", ("job-completed-successfully",))
    assert counted(job) == {"confirmed": 5}


def labels_of(works, batch) -> list[bytes]:
    body = downloads.labels(works.db, works.issuer, works.call(), batch.id, LabelsRequest("zpl"), any_batch=True).body
    return b"".join(body).splitlines()


def test_a_resolution_stands_in_the_audit_with_what_it_changed(works, stopped) -> None:
    resolve(works, stopped, last_good="26326000005", reason="ribbon torn")
    (entry,) = works.audit(f"job:{stopped.job_id}")
    assert (entry["action"], entry["reason"], entry["actor_id"]) == ("job.resolve", "ribbon torn", "tests")
    assert entry["before"] == {"planned": 4, "sent": 3, "in_doubt": 3}
    assert entry["after"] == {
        "last_good": "26326000005",
        "proceed": True,
        "reason": "ribbon torn",
        "nothing_came_out": False,
        "outcomes": {"planned": 4, "absent": 1, "confirmed": 5},
    }


def test_the_same_key_gives_the_same_answer_for_ever_and_settles_once(works, stopped) -> None:
    first = resolve(works, stopped, last_good="26326000005")
    works.send()
    assert works.job(stopped).state == "completed"
    assert resolve(works, stopped, last_good="26326000005") == first
    assert works.job(stopped).state == "completed"
    assert len([entry for entry in works.audit(f"job:{stopped.job_id}") if entry["action"] == "job.resolve"]) == 1
    with pytest.raises(Conflict) as refused:
        resolve(works, stopped, last_good="26326000004")
    assert refused.value.code == "idempotency_key_reused"


def test_a_resolution_needs_a_key(works, stopped) -> None:
    call = works.call()
    with pytest.raises(Malformed):
        resolving.resolve_job(
            works.db, works.issuer, type(call)(call.actor, call.at), stopped.job_id, Resolution(None, proceed=True)
        )


def test_to_go_on_takes_back_a_cancel_that_came_before_the_stop(works, stopped) -> None:
    works.db.write(lambda conn: job_rows.request_cancel(conn, stopped.job_id, ("processing-to-stop-point",)))
    resolve(works, stopped, last_good="26326000003")
    works.send()
    assert works.job(stopped).state == "completed"
    assert works.written("line.zpl") == works.serials(stopped)[3:]


def test_a_serial_confirmed_before_may_be_the_last_good_one_again(works, stopped) -> None:
    resolve(works, stopped, last_good="26326000005")
    works.db.write(lambda conn: job_rows.set_state(conn, stopped.job_id, "processing-stopped", ("printer-stopped",)))
    assert counted(resolve(works, stopped, "two", last_good="26326000005")) == {
        "planned": 4,
        "absent": 1,
        "confirmed": 5,
    }


@pytest.mark.parametrize("keeps_partial", [True, False])
def test_after_two_breakdowns_in_a_row_each_label_came_out_exactly_once(works, keeps_partial) -> None:
    with VirtualPrinter(keeps_partial=keeps_partial) as printer:
        works.add_printer("p", printer.uri)
        batch = works.issue(2_000)
        for after, kind in ((60_000, "rst"), (150_000, "fin")):
            printer.drop_after(after, kind)
            works.send()
            came_out = settled(printer, works, batch)
            assert came_out == works.serials(batch)[: len(came_out)]
            works.resolve(batch, came_out[-1], proceed=True)
        works.send()
        assert printer.wait_for_labels(2_000, timeout=20)
        assert works.read(printer.labels) == works.serials(batch)
    job = works.job(batch)
    assert (job.state, job.state_reasons) == ("completed", ("queued-in-device",))
    assert counted(job) == {"sent": 2_000 - len(came_out), "confirmed": len(came_out)}
    actions = [entry["action"] for entry in works.audit(f"job:{batch.job_id}")]
    assert actions == ["job.stop", "job.resolve", "job.stop", "job.resolve", "job.complete"]
