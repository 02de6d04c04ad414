from __future__ import annotations

from typing import Any

import pytest

from labelsvc.domain.outcomes import Interval
from labelsvc.storage import jobs, outcomes

KEY = "Idempotency-Key"


def printed(site, quantity: int = 10) -> dict[str, Any]:
    """A batch of A0001, A0002, ... with its job pending."""
    lot = site.lot(site.product(scheme="A{seq:4}"))
    return site.batch(quantity, lot, printer=site.printer()["name"])


def stopped(site) -> dict[str, Any]:
    """A job of ten labels that stopped with 1 to 3 sent and 4 to 6 in doubt."""
    batch = printed(site)

    def work(conn) -> None:
        job = jobs.get(conn, batch["job"])
        outcomes.append(conn, site.call(), job.range_id, Interval(job.first, job.first + 2, "sent", "sent"))
        outcomes.append(conn, site.call(), job.range_id, Interval(job.first + 3, job.first + 5, "in_doubt"))
        jobs.set_state(conn, job.id, "processing-stopped", ("printer-stopped",), message="The printer went away.")

    site.db.write(work)
    return site.client().get(f"/api/v1/jobs/{batch['job']}").json


@pytest.fixture(scope="module")
def a_stopped_job(site):
    """A stopped job that nobody resolves."""
    return stopped(site)


def resolve(site, job, body: dict[str, Any], key: str | None):
    headers = {} if key is None else {KEY: key}
    return site.client("qa").post(f"{job['links']['self']}/resolve", json=body, headers=headers)


def test_a_job_tells_what_it_prints_and_where(site) -> None:
    batch = printed(site)
    job = site.client("station").get(batch["links"]["job"]).json
    assert (job["state"], job["quantity"]) == ("pending", 10)
    assert (job["batch"], job["printer"]) == (batch["id"], batch["printer"])
    assert (job["first_serial"], job["last_serial"], job["doubt"]) == ("A0001", "A0010", None)
    assert job["outcomes"] == {"planned": 10}


def test_jobs_are_listed_by_printer_and_state(site) -> None:
    batch = printed(site)
    for query in (f"printer={batch['printer']}", f"printer={batch['printer']}&state=pending"):
        listed = site.client("station").get(f"/api/v1/jobs?{query}").json["items"]
        assert [job["id"] for job in listed] == [batch["job"]]
    assert site.client("station").get(f"/api/v1/jobs?printer={batch['printer']}&state=completed").json["items"] == []


@pytest.mark.parametrize("options", [{}, {"json": {}}, {"json": {"reason": "wrong lot"}}])
def test_a_pending_job_is_cancelled_with_or_without_a_reason(site, options) -> None:
    batch = printed(site)
    path = f"{batch['links']['job']}/cancel"
    answer = site.client("qa").post(path, **options)
    assert (answer.status_code, answer.json["state"]) == (200, "canceled")
    assert answer.json["outcomes"] == {"held": 10}
    again = site.client("qa").post(path, **options)
    assert (again.status_code, again.json["code"]) == (409, "job_ended")


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"null", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'{"reason": ""}', "application/json", 422),
        (b'{"reason": "a\\nb"}', "application/json", 422),
        (b'{"why": "x"}', "application/json", 422),
        (b"{", "application/json", 400),
        (b"reason=x", "text/plain", 415),
    ],
)
def test_an_optional_body_that_is_there_is_still_looked_at(
    site, a_stopped_job, data: bytes, content_type: str, status: int
) -> None:
    path = a_stopped_job["links"]["self"]
    answer = site.client("qa").post(f"{path}/cancel", data=data, content_type=content_type)
    assert answer.status_code == status
    assert site.client().get(path).json == a_stopped_job


def test_a_job_in_doubt_says_which_labels(site) -> None:
    job = stopped(site)
    assert job["state"] == "processing-stopped"
    assert job["doubt"] == {"first_serial": "A0004", "last_serial": "A0006", "count": 3}
    assert job["outcomes"] == {"planned": 4, "sent": 3, "in_doubt": 3}


def test_the_last_good_label_settles_what_came_out(site) -> None:
    job = stopped(site)
    answer = resolve(site, job, {"last_good": "A0005", "continue": True}, site.fresh("k"))
    assert answer.status_code == 200
    assert answer.json["outcomes"] == {"planned": 4, "absent": 1, "confirmed": 5}
    assert (answer.json["state"], answer.json["doubt"]) == ("pending", None)


def test_no_good_label_and_not_to_go_on_ends_the_job(site) -> None:
    job = stopped(site)
    answer = resolve(site, job, {"last_good": None, "continue": False, "reason": "ribbon torn"}, site.fresh("k"))
    assert (answer.status_code, answer.json["state"]) == (200, "canceled")
    assert answer.json["outcomes"].get("in_doubt") is None


def test_the_same_key_resolves_once_and_answers_again(site) -> None:
    job, key = stopped(site), site.fresh("k")
    body = {"last_good": "A0005", "continue": True}
    first = resolve(site, job, body, key)
    again = resolve(site, job, body, key)
    assert (first.status_code, again.status_code, again.json) == (200, 200, first.json)
    other = resolve(site, job, {**body, "continue": False}, key)
    assert (other.status_code, other.json["code"]) == (409, "idempotency_key_reused")


def test_a_resolution_needs_a_key(site) -> None:
    answer = resolve(site, stopped(site), {"last_good": None, "continue": True}, None)
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"continue": True}, ""),
        ({"scanned": "A0001", "continue": True}, "/scanned"),
        ({"scanned": ["B0001"], "continue": True}, "/scanned/0"),
        ({"last_good": None}, "/continue"),
        ({"last_good": None, "proceed": True}, "/continue"),
        ({"last_good": None, "continue": "yes"}, "/continue"),
        ({"last_good": None, "continue": 1}, "/continue"),
        ({"last_good": 5, "continue": True}, "/last_good"),
        ({"last_good": "B0001", "continue": True}, "/last_good"),
        ({"last_good": "A0011", "continue": True}, "/last_good"),
        ({"last_good": "A0010", "continue": True}, "/last_good"),
        ({"last_good": "^XZ\n💊", "continue": True}, "/last_good"),
        ({"last_good": "\ud800", "continue": True}, "/last_good"),
    ],
)
def test_a_wrong_resolution_is_refused_and_settles_nothing(site, a_stopped_job, body, pointer: str) -> None:
    job = a_stopped_job
    answer = resolve(site, job, body, site.fresh("k"))
    assert (answer.status_code, answer.json["pointer"]) == (422, pointer)
    assert site.client().get(job["links"]["self"]).json == job


def test_a_job_that_did_not_stop_cannot_be_resolved(site) -> None:
    batch = printed(site, 1)
    job = site.client().get(batch["links"]["job"]).json
    answer = resolve(site, job, {"last_good": None, "continue": True}, site.fresh("k"))
    assert (answer.status_code, answer.json["code"]) == (409, "job_not_stopped")


def test_an_unknown_job_is_404(site) -> None:
    for answer in (
        site.client().get("/api/v1/jobs/999"),
        site.client().post("/api/v1/jobs/999/cancel"),
        resolve(site, {"links": {"self": "/api/v1/jobs/999"}}, {"last_good": None, "continue": True}, site.fresh("k")),
    ):
        assert (answer.status_code, answer.json["code"]) == (404, "job_unknown")
