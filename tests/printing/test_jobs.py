"""What people do with print jobs: look at them, cancel them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from labelsvc.domain.batches import ReturnRequest
from labelsvc.domain.jobs import Resolution
from labelsvc.errors import Conflict, InvalidInput, NotFound
from labelsvc.issuing import batches
from labelsvc.printing import delivery, jobs, resolving
from labelsvc.storage import printers as printer_rows


def counted(job):
    return dict(job.outcomes)


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
        lambda: works.say(stopped, reason=reason),
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
        works.say(stopped, last_good="26326000005")
    assert (refused.value.code, refused.value.pointer) == ("job_ended", "/continue")
    job = works.say(stopped, last_good="26326000005", proceed=False)
    assert (job.state, counted(job)) == ("canceled", {"held": 4, "absent": 1, "confirmed": 5})
    with pytest.raises(Conflict) as refused:
        works.say(stopped, "two", last_good="26326000005", proceed=False)
    assert refused.value.code == "job_not_stopped"


def test_what_a_cancel_gives_back_can_be_returned(works, stopped) -> None:
    works.cancel(stopped)
    batch = batches.return_numbers(works.db, works.issuer, works.call(), stopped.id, ReturnRequest(7, 4, "not needed"))
    assert dict(batch.outcomes) == {"returned": 4, "sent": 3, "in_doubt": 3}
    with pytest.raises(Conflict):  # nobody knows whether label 6 exists
        batches.return_numbers(works.db, works.issuer, works.call(), stopped.id, ReturnRequest(6, 1, "no"))
