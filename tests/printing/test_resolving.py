"""What an operator says of a printer that stopped: the last good label, or each that came out."""

from __future__ import annotations

from datetime import date

import pytest

from labelsvc.domain.batches import BatchRequest, LabelsRequest, LotRequest
from labelsvc.domain.jobs import Resolution
from labelsvc.domain.products import NewProduct
from labelsvc.errors import Conflict, InvalidInput, Malformed
from labelsvc.issuing import batches, downloads, lots, products
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printing import resolving
from labelsvc.storage import jobs as job_rows
from labelsvc.storage import outcomes as outcome_rows


def counted(job):
    return dict(job.outcomes)


def test_up_to_the_last_good_label_all_is_confirmed_and_the_rest_of_what_left_is_absent(works, stopped) -> None:
    job = works.say(stopped, last_good="26326000002", reason="ribbon torn")
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
    assert counted(works.say(stopped)) == {"planned": 4, "sent": 3, "absent": 3}


def test_where_nothing_came_out_all_that_the_delivery_handed_over_is_absent(works, stopped) -> None:
    assert counted(works.say(stopped, nothing_came_out=True)) == {"planned": 4, "absent": 6}
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
        works.say(stopped, last_good="26326000002", nothing_came_out=True)
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
        works.say(stopped, last_good=serial)
    assert (refused.value.code, refused.value.pointer) == (code, "/last_good")
    assert works.job(stopped) == before
    assert counted(works.say(stopped, last_good="26326000003"))["confirmed"] == 3  # the key was not used up


def test_a_label_that_was_said_to_be_absent_may_turn_up(works, stopped) -> None:
    works.say(stopped, last_good="26326000002")
    works.db.write(lambda conn: job_rows.set_state(conn, stopped.job_id, "processing-stopped", ("printer-stopped",)))
    job = works.say(stopped, "two", last_good="26326000005")
    assert counted(job) == {"planned": 4, "absent": 1, "confirmed": 5}


def test_to_end_gives_the_rest_back(works, stopped) -> None:
    job = works.say(stopped, last_good="26326000006", proceed=False)
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
    works.say(stopped, last_good="26326000005", reason="ribbon torn")
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
    first = works.say(stopped, last_good="26326000005")
    works.send()
    assert works.job(stopped).state == "completed"
    assert works.say(stopped, last_good="26326000005") == first
    assert works.job(stopped).state == "completed"
    assert len([entry for entry in works.audit(f"job:{stopped.job_id}") if entry["action"] == "job.resolve"]) == 1
    with pytest.raises(Conflict) as refused:
        works.say(stopped, last_good="26326000004")
    assert refused.value.code == "idempotency_key_reused"


def test_a_resolution_needs_a_key(works, stopped) -> None:
    call = works.call()
    with pytest.raises(Malformed):
        resolving.resolve_job(
            works.db, works.issuer, type(call)(call.actor, call.at), stopped.job_id, Resolution(None, proceed=True)
        )


def test_to_go_on_takes_back_a_cancel_that_came_before_the_stop(works, stopped) -> None:
    works.db.write(lambda conn: job_rows.request_cancel(conn, stopped.job_id, ("processing-to-stop-point",)))
    works.say(stopped, last_good="26326000003")
    works.send()
    assert works.job(stopped).state == "completed"
    assert works.written("line.zpl") == works.serials(stopped)[3:]


def test_a_serial_confirmed_before_may_be_the_last_good_one_again(works, stopped) -> None:
    works.say(stopped, last_good="26326000005")
    works.db.write(lambda conn: job_rows.set_state(conn, stopped.job_id, "processing-stopped", ("printer-stopped",)))
    assert counted(works.say(stopped, "two", last_good="26326000005")) == {
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


# By scanning every label in doubt

SCANNED = {"proceed": False, "reason": "scanned all three"}


def test_each_label_in_doubt_is_what_its_own_scan_says(works, stopped) -> None:
    job = works.say(stopped, scanned=("26326000006", "26326000004"), **SCANNED)
    assert counted(job) == {"held": 4, "sent": 3, "absent": 1, "confirmed": 2}
    assert [(each.serial[-2:], each.outcome, each.evidence) for each in works.labels(stopped)[3:6]] == [
        ("04", "confirmed", "scanned"),
        ("05", "absent", "scanned"),
        ("06", "confirmed", "scanned"),
    ]


def test_that_none_was_there_is_a_finding_too(works, stopped) -> None:
    assert counted(works.say(stopped, scanned=(), **SCANNED)) == {"held": 4, "sent": 3, "absent": 3}


def test_a_label_sent_before_may_be_among_the_scans(works, stopped) -> None:
    job = works.say(stopped, scanned=("26326000002", "26326000005"), **SCANNED)
    assert counted(job) == {"held": 4, "sent": 2, "absent": 2, "confirmed": 2}


@pytest.mark.parametrize(
    ("scanned", "code", "pointer"),
    [
        (("26326000004", "26326000007"), "serial_not_sent", "/scanned/1"),
        (("26326000011",), "serial_not_in_job", "/scanned/0"),
        (("26326000004", "26326000005", "nothing"), "serial_not_in_job", "/scanned/2"),
    ],
)
def test_a_scan_that_cannot_be_settles_nothing(works, stopped, scanned, code, pointer) -> None:
    before = works.job(stopped)
    with pytest.raises(InvalidInput) as refused:
        works.say(stopped, scanned=scanned)
    assert (refused.value.code, refused.value.pointer) == (code, pointer)
    assert works.job(stopped) == before


@pytest.mark.parametrize("more", [{"last_good": "26326000004"}, {"nothing_came_out": True}])
def test_scans_and_a_last_good_label_contradict_each_other(works, stopped, more) -> None:
    with pytest.raises(InvalidInput) as refused:
        works.say(stopped, scanned=("26326000004",), **more)
    assert (refused.value.code, refused.value.pointer) == ("resolution_contradicts_itself", "/scanned")


# Labels of others


@pytest.mark.parametrize("said", ["last_good", "scanned"])
def test_a_label_of_another_job_settles_nothing(works, stopped, said) -> None:
    other = works.serials(works.issue(5))[0]
    assert other == "26326000011"  # the job behind it, of the same lot
    with pytest.raises(InvalidInput) as refused:
        works.say(stopped, **{said: other if said == "last_good" else (other,)})
    assert refused.value.code == "serial_not_in_job"
    assert counted(works.job(stopped)) == {"planned": 4, "sent": 3, "in_doubt": 3}


def test_a_label_of_another_product_settles_nothing(works, stopped) -> None:
    made = NewProduct("PUMP", "Pump", "P{prod:%y%j}{seq:6}", "item-70x35")
    products.add_product(works.db, works.call(), made)
    lot = lots.open_lot(works.db, works.call(), LotRequest("PUMP", "M-1", date(2026, 11, 22)))
    batch = batches.issue(works.db, works.issuer, works.call(), lot.id, BatchRequest(5, None))
    (other, *_) = works.serials(batch)
    assert other == "P26326000001"
    with pytest.raises(InvalidInput) as refused:
        works.say(stopped, last_good=other)
    assert refused.value.code == "serial_not_in_job"
    assert counted(works.job(stopped)) == {"planned": 4, "sent": 3, "in_doubt": 3}


def test_a_job_canceled_while_in_doubt_is_settled_by_scans_and_prints_nothing_more(works, stopped) -> None:
    assert counted(works.cancel(stopped)) == {"held": 4, "sent": 3, "in_doubt": 3}
    job = works.say(stopped, scanned=("26326000004",), **SCANNED)
    assert (job.state, counted(job)) == ("canceled", {"held": 4, "sent": 3, "absent": 2, "confirmed": 1})
    works.send()
    assert not (works.data_dir / "printed").exists()
