"""Moves, scans, reconciliation and the ends of lots over HTTP."""

from __future__ import annotations

import hashlib

import pytest


def listed(site, lot, outcome, limit=200) -> list[str]:
    """The serials behind a figure, page by page."""
    found, after = [], 0
    while after is not None:
        answer = site.client().get(f"/api/v1/lots/{lot['id']}/serials?outcome={outcome}&limit={limit}&after={after}")
        assert answer.status_code == 200, answer.text
        found += [item["serial"] for item in answer.json["items"]]
        after = answer.json["next"]
    return found


def post(site, path, body, role="qa", key=None):
    headers = {"Idempotency-Key": key or site.fresh("key")}
    return site.client(role).post(f"/api/v1{path}", json=body, headers=headers)


@pytest.fixture
def lot(site):
    return site.lot()


def test_numbers_are_moved_with_a_key_and_a_reason(site, lot) -> None:
    site.batch(5, lot)
    serials = listed(site, lot, "held")
    body = {"product": lot["product"], "serials": serials[:2], "outcome": "spoiled", "reason": "torn"}
    answer = post(site, "/moves", body, key="move-1")
    assert (answer.status_code, answer.json) == (200, {"moved": 2})
    assert post(site, "/moves", body, key="move-1").json == {"moved": 2}
    again = post(site, "/moves", body)
    assert (again.status_code, again.json["code"], again.json["pointer"]) == (409, "move_not_allowed", "/serials/0")
    assert "Expected a number that is absent, confirmed, held, sent, to be spoiled" in again.json["detail"]
    assert site.client("qa").post("/api/v1/moves", json=body).status_code == 400
    for changes, status in (
        ({"serials": []}, 422),
        ({"serials": ["NEVER"]}, 404),
        ({"outcome": "confirmed"}, 422),
        ({"reason": ""}, 422),
        ({"why": "x"}, 422),
    ):
        assert post(site, "/moves", body | changes).status_code == status
    assert listed(site, lot, "spoiled", 1) == serials[:2]


def test_a_reconciliation_says_where_to_go_on(site, lot) -> None:
    site.batch(3, lot)
    answer = site.client("line").get(f"/api/v1/lots/{lot['id']}/reconciliation")
    path = f"/api/v1/lots/{lot['id']}"
    nothing = dict.fromkeys(
        ("planned", "sent", "in_doubt", "absent", "confirmed", "spoiled", "sampled", "returned", "invalidated"), 0
    )
    assert answer.json == {
        "lot": lot["id"],
        "granted": 3,
        "outcomes": {"held": 3, **nothing},
        "difference": 0,
        "open_jobs": 0,
        "reprints": 0,
        "plan": "none",
        "nth": 1,
        "to_scan": 0,
        "closure": None,
        "links": {
            "lot": path,
            "serials": f"{path}/serials",
            "close_report": f"{path}/close-report.pdf",
            "end_card": f"{path}/end-card.pdf",
        },
    }
    assert site.client("qa").get("/api/v1/lots/999999/reconciliation").status_code == 404


def test_the_serials_of_a_figure_name_their_labels(site, lot) -> None:
    one, two = site.batch(2, lot), site.batch(2, lot)
    page = site.client("qa").get(f"/api/v1/lots/{lot['id']}/serials?outcome=held&limit=3").json
    assert [(item["batch"], item["label"]) for item in page["items"]] == [
        (one["id"], 1),
        (one["id"], 2),
        (two["id"], 1),
    ]
    assert page["items"][0]["serial"] == one["first_serial"]
    rest = site.client("qa").get(f"/api/v1/lots/{lot['id']}/serials?outcome=held&after={page['next']}").json
    assert [item["serial"] for item in rest["items"]] == [two["last_serial"]]
    assert rest["next"] is None
    for query in ("", "?outcome=lost", "?outcome=held&after=-1", "?outcome=held&limit=0"):
        assert site.client("qa").get(f"/api/v1/lots/{lot['id']}/serials{query}").status_code == 422


def test_a_scan_keeps_gs_and_anyone_may_post_it(site, lot) -> None:
    batch = site.batch(3, lot)
    gtin = lot["product"]
    text = f"]d201{gtin}10{lot['number']}\x1d21{batch['first_serial']}"
    for role, verdict in (("line", "right"), ("station", "duplicate"), ("qa", "duplicate")):
        answer = site.client(role).post("/api/v1/verify-scans", json={"text": text, "batch": batch["id"]})
        assert (answer.status_code, answer.json["verdict"]) == (200, verdict)
    found = answer.json
    assert (found["product"], found["lot"], found["lot_number"]) == (gtin, lot["id"], lot["number"])
    assert (found["serial"], found["batch"], found["label"]) == (batch["first_serial"], batch["id"], 1)
    assert found["outcome"] == "confirmed"
    unread = site.client("line").post("/api/v1/verify-scans", json={"text": None}).json
    assert (unread["verdict"], unread["serial"], unread["lot"]) == ("unreadable", None, None)
    strange = site.client("line").post("/api/v1/verify-scans", json={"text": "\x00\x7f"})
    assert strange.json["verdict"] == "unreadable"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, None),
        ({"text": "x" * 501}, 422, None),
        ({"text": "x", "lot": 0}, 422, None),
        ({"text": "x", "lot": 999_999}, 404, "lot_unknown"),
        ({"text": "x", "batch": 999_999}, 404, "batch_unknown"),
    ],
)
def test_a_scan_that_names_what_is_not_there_is_refused(site, body, status, code) -> None:
    answer = site.client("qa").post("/api/v1/verify-scans", json=body)
    assert answer.status_code == status
    assert code in (None, answer.json["code"])


def test_a_batch_of_another_lot_cannot_be_meant(site, lot) -> None:
    batch = site.batch(1)
    answer = site.client("qa").post("/api/v1/verify-scans", json={"text": "x", "lot": lot["id"], "batch": batch["id"]})
    assert (answer.status_code, answer.json["code"], answer.json["pointer"]) == (422, "batch_not_of_lot", "/batch")


def test_a_lot_is_declared_sampled_and_closed(site, lot) -> None:
    site.batch(4, lot)
    serials = listed(site, lot, "held")
    path = f"/lots/{lot['id']}"
    plan = site.client("qa").put(f"/api/v1{path}/sampling", json={"plan": "nth", "nth": 3})
    assert (plan.status_code, plan.json["plan"], plan.json["nth"], plan.json["to_scan"]) == (200, "nth", 3, 2)
    refused = site.client("qa").post(f"/api/v1{path}/close", json={})
    assert (refused.status_code, refused.json["code"]) == (409, "lot_not_settled")
    assert refused.json["left"] == {"held": 4}
    said = {"of": "held", "as": "confirmed", "statement": "Anna saw them."}
    declared = post(site, f"{path}/declarations", said, key="declare-1")
    assert (declared.status_code, declared.json["outcomes"]["confirmed"]) == (200, 4)
    assert post(site, f"{path}/declarations", said, key="declare-1").json == declared.json
    for changes, code in (({"as": "sampled"}, None), ({"of": "sent", "as": "returned"}, "declaration")):
        answer = post(site, f"{path}/declarations", said | changes)
        assert answer.status_code == 422
        assert code in (None, answer.json["code"])
    refused = site.client("qa").post(f"/api/v1{path}/close", json={})
    assert (refused.status_code, refused.json["code"]) == (409, "lot_not_sampled")
    for serial in (serials[0], serials[3]):
        text = f"{lot['product']}/{serial}"
        assert site.client("line").post("/api/v1/verify-scans", json={"text": text}).json["verdict"] == "right"
    closed = site.client("qa").post(f"/api/v1{path}/close", json={"statement": "All done."})
    digest = hashlib.sha256("".join(f"{serial}\n" for serial in sorted(serials)).encode()).hexdigest()
    assert closed.status_code == 200
    end = closed.json["closure"]
    assert (end["count"], end["digest"], end["by"], end["statement"]) == (4, digest, "qa key", "All done.")
    again = site.client("qa").post(f"/api/v1{path}/close", json={})
    assert (again.status_code, again.json["code"]) == (409, "lot_closed")
    issued = site.client().post(f"/api/v1{path}/batches", json={"quantity": 1}, headers={"Idempotency-Key": "late"})
    assert (issued.status_code, issued.json["code"]) == (409, "lot_closed")
    edited = site.client().put(f"/api/v1{path}", json={"production_date": "2026-11-19"})
    assert (edited.status_code, edited.json["code"]) == (409, "lot_closed")


def test_report_and_card_are_files(site, lot) -> None:
    site.batch(2, lot)
    path = f"/api/v1/lots/{lot['id']}"
    for name in ("close-report.pdf", "end-card.pdf"):
        answer = site.client("qa").get(f"{path}/{name}")
        assert (answer.status_code, answer.content_type) == (200, "application/pdf")
        assert answer.data.startswith(b"%PDF-")
    answer = site.client("qa").get(f"{path}/end-card.zpl")
    assert (answer.status_code, answer.content_type) == (200, "application/vnd.zebra-zpl")
    assert answer.data.startswith(b"^XA^CI28^PW800^LL400")
    answer = site.client("qa").get(f"{path}/end-card.zpl?dpmm=12&width=50&height=25")
    assert answer.data.startswith(b"^XA^CI28^PW600^LL300")
    for query in ("dpmm=10", "width=5&height=5", "width=100", "height=50", "width=1000&height=50", "size=1"):
        assert site.client("qa").get(f"{path}/end-card.zpl?{query}").status_code == 422
    for name in ("close-report.pdf", "end-card.pdf", "end-card.zpl"):
        assert site.client("qa").get(f"/api/v1/lots/999999/{name}").status_code == 404
