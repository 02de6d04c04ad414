"""/reprints and /products/{code}/reprint-policy."""

from __future__ import annotations

from typing import Any

import pytest

from labelsvc import access
from labelsvc.domain.outcomes import Interval
from labelsvc.storage import jobs, outcomes

KEY = "Idempotency-Key"


def printed(site: Any, quantity: int = 5, **policy: Any) -> dict[str, Any]:
    """A batch of A0001, A0002, ... whose labels were sent."""
    product = site.product(scheme="A{seq:4}")
    if policy:
        path = f"/api/v1/products/{product['gtin']}/reprint-policy"
        assert site.client("admin").put(path, json=policy).status_code == 200
    batch = site.batch(quantity, site.lot(product), printer=site.printer()["name"])

    def work(conn: Any) -> None:
        job = jobs.get(conn, batch["job"])
        outcomes.append(conn, site.call(), job.range_id, Interval(job.first, job.last, "sent", "sent"))
        jobs.set_state(conn, job.id, "completed", ("queued-in-device",))

    site.db.write(work)
    return batch | {"code": product["gtin"]}


def ask(site: Any, batch: dict[str, Any], serial: str = "A0001", key: str | None = None, **more: Any) -> Any:
    body = {"label": serial, "product": batch["code"], "reason": "torn", "destroyed": True, **more}
    return site.client("qa").post("/api/v1/reprints", json=body, headers={KEY: key or site.fresh("key")})


def second(site: Any) -> Any:
    """Another person of QA than the one of `site.client("qa")`."""
    client = site.client("qa")
    _, key = access.add_key(site.db, site.call(), site.fresh("berta"), "qa")
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    return client


def test_a_reprint_is_a_print_job_of_one_label(site: Any) -> None:
    batch = printed(site)
    answer = ask(site, batch, "A0003", note="by the forklift")
    assert answer.status_code == 201
    made = answer.json
    assert answer.headers["Location"].endswith(made["links"]["self"])
    assert (made["state"], made["serial"], made["number"], made["copy_number"]) == ("approved", "A0003", 3, 1)
    assert (made["reason"], made["note"], made["destroyed"]) == ("torn", "by the forklift", "ticked")
    assert (made["asked_by"], made["decided_by"], made["match"]) == ("qa key", None, None)
    job = site.client("qa").get(made["links"]["job"]).json
    assert (job["kind"], job["copy_number"], job["quantity"]) == ("reprint", 1, 1)
    assert (job["first_serial"], job["outcomes"]) == ("A0003", {"planned": 1})
    assert site.client("qa").get(made["links"]["self"]).json == made
    serial = site.client("qa").get(made["links"]["serial"]).json
    assert serial["outcome"] == "sent"


def test_the_same_key_gets_the_same_answer(site: Any) -> None:
    batch = printed(site)
    first = ask(site, batch, key="one-key").json
    assert ask(site, batch, key="one-key").json == first
    other = ask(site, batch, "A0002", key="one-key")
    assert (other.status_code, other.json["code"]) == (409, "idempotency_key_reused")


@pytest.mark.parametrize("path", ["/api/v1/reprints", "/api/v1/reprints/1/approve"])
def test_what_prints_needs_a_key(site: Any, path: str) -> None:
    body = {"label": "A0001", "reason": "torn"} if path.endswith("reprints") else None
    answer = site.client("qa").post(path, json=body)
    assert (answer.status_code, answer.json["code"]) == (400, "idempotency_key_missing")


def test_another_person_approves(site: Any) -> None:
    made = ask(site, printed(site, approval=True)).json
    assert (made["state"], made["job"], made["links"]["job"]) == ("asked", None, None)
    path = f"{made['links']['self']}/approve"
    own = site.client("qa").post(path, headers={KEY: site.fresh("key")})
    assert (own.status_code, own.json["code"]) == (403, "reprint_own")
    berta, key = second(site), site.fresh("key")
    approved = berta.post(path, headers={KEY: key})
    assert (approved.status_code, approved.json["state"]) == (200, "approved")
    assert approved.json["decided_by"].startswith("berta")
    assert berta.post(path, headers={KEY: key}).json == approved.json
    again = berta.post(path, headers={KEY: site.fresh("key")})
    assert (again.status_code, again.json["code"]) == (409, "reprint_decided")


def test_a_reprint_is_refused_with_a_reason(site: Any) -> None:
    made = ask(site, printed(site, approval=True)).json
    path = f"{made['links']['self']}/refuse"
    assert site.client("qa").post(path, json={"reason": ""}).status_code == 422
    refused = site.client("qa").post(path, json={"reason": "label found"})
    assert (refused.json["state"], refused.json["decision"]) == ("refused", "label found")


def test_reprints_are_listed_by_state_and_lot(site: Any) -> None:
    batch = printed(site, approval=True)
    first, other = ask(site, batch, "A0001").json, ask(site, batch, "A0002").json
    site.client("qa").post(f"{other['links']['self']}/refuse", json={"reason": "no"})
    listed = site.client("qa").get(f"/api/v1/reprints?lot={first['lot']}").json["items"]
    assert [each["id"] for each in listed] == [first["id"], other["id"]]
    listed = site.client("qa").get(f"/api/v1/reprints?lot={first['lot']}&state=asked").json["items"]
    assert [each["id"] for each in listed] == [first["id"]]
    assert site.client("qa").get("/api/v1/reprints?state=lost").status_code == 422


def test_a_policy_is_shown_and_set(site: Any) -> None:
    code = site.product()["gtin"]
    path = f"/api/v1/products/{code}/reprint-policy"
    usual = {"approval": False, "destroyed": "tick", "per_serial": 3, "per_shift": 50}
    assert site.client("qa").get(path).json == usual
    asked = {"approval": True, "destroyed": "scan", "per_serial": 1, "per_shift": 5}
    assert site.client("admin").put(path, json=asked).json == asked
    assert site.client("qa").get(path).json == asked
    for wrong in ({"destroyed": "burn"}, {"per_serial": 0}, {"per_shift": 10_001}, {"approval": "yes"}):
        assert site.client("admin").put(path, json=wrong).status_code == 422
    assert site.client("qa").get(path).json == asked


@pytest.mark.parametrize(
    ("more", "status", "code", "pointer"),
    [
        ({"reason": "because"}, 422, "reprint_reason", "/reason"),
        ({"reason": "other"}, 422, "reprint_note_missing", "/note"),
        ({"destroyed": False}, 422, "reprint_not_destroyed", "/destroyed"),
        ({"destroyed_label": "A0002"}, 409, "reprint_other_label", "/destroyed_label"),
        ({"printer": "nobody"}, 404, "printer_unknown", "/printer"),
        ({"label": "B0001"}, 404, "never_issued", "/label"),
        ({"label": "PUMP/A0001"}, 409, "label_other_product", "/label"),
        ({"label": "\x1d"}, 422, "label_unreadable", "/label"),
        ({"product": None}, 422, "product_missing", "/product"),
        ({"why": "x"}, 422, "unknown_field", "/why"),
    ],
)
def test_what_cannot_be_is_refused_where_it_stands(site: Any, more: Any, status: int, code: str, pointer: str) -> None:
    answer = ask(site, printed(site), **more)
    assert (answer.status_code, answer.json["code"], answer.json["pointer"]) == (status, code, pointer)
