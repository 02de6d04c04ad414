from __future__ import annotations

import csv
import io
import re
import threading
from typing import Any

import pytest

KEY = "Idempotency-Key"


@pytest.fixture(scope="module")
def quiet_lot(site):
    """A lot for requests that are refused."""
    return site.lot()


@pytest.fixture(scope="module")
def five(site):
    """A batch of five labels that nobody changes."""
    return site.batch(5)


def issue(site, lot, body: dict[str, Any], key: str | None, role: str = "line"):
    headers = {} if key is None else {KEY: key}
    return site.client(role).post(f"{lot['links']['self']}/batches", json=body, headers=headers)


def serials(site, batch) -> list[str]:
    text = site.client().get(batch["links"]["serials"]).get_data(as_text=True)
    return [row["serial"] for row in csv.DictReader(io.StringIO(text))]


def test_a_line_gets_what_it_asked_for_in_one_round_trip(site) -> None:
    lot = site.lot()
    answer = issue(site, lot, {"quantity": 500, "line": "line 3"}, site.fresh("k"))
    batch = answer.json
    assert answer.status_code == 201
    assert answer.headers["Location"] == batch["links"]["self"]
    assert (batch["quantity"], batch["line"], batch["job"], batch["printer"]) == (500, "line 3", None, None)
    assert batch["outcomes"] == {"held": 500}
    found = serials(site, batch)
    assert len(set(found)) == 500
    assert (found[0], found[-1]) == (batch["first_serial"], batch["last_serial"])
    assert site.client().get(batch["links"]["self"]).json == batch


def test_two_batches_share_no_serial(site) -> None:
    lot = site.lot()
    first, second = site.batch(300, lot), site.batch(300, lot)
    assert not set(serials(site, first)) & set(serials(site, second))
    assert site.client().get(f"{lot['links']['self']}/batches").json["items"] == [first, second]


def test_the_same_key_gives_the_same_answer_and_issues_nothing(site) -> None:
    lot, key = site.lot(), site.fresh("k")
    first = issue(site, lot, {"quantity": 3}, key)
    again = issue(site, lot, {"quantity": 3.0, "printer": None}, key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json == first.json
    assert len(site.client().get(f"{lot['links']['self']}/batches").json["items"]) == 1


def test_a_key_used_with_another_body_is_a_conflict(site) -> None:
    lot, key = site.lot(), site.fresh("k")
    issue(site, lot, {"quantity": 3}, key)
    other = issue(site, lot, {"quantity": 4}, key)
    assert (other.status_code, other.json["code"]) == (409, "idempotency_key_reused")


def test_a_key_belongs_to_one_client_and_one_lot(site) -> None:
    lot, other, key = site.lot(), site.lot(), site.fresh("k")
    made = [
        issue(site, lot, {"quantity": 3}, key),
        issue(site, other, {"quantity": 3}, key),
        issue(site, lot, {"quantity": 3}, key, role="admin"),
    ]
    assert len({answer.json["id"] for answer in made}) == 3


def test_a_refusal_stores_nothing_under_its_key(site) -> None:
    lot, key = site.lot(), site.fresh("k")
    assert issue(site, lot, {"quantity": 1, "printer": "none"}, key).status_code == 404
    assert issue(site, lot, {"quantity": 1}, key).status_code == 201


def test_many_requests_with_one_key_at_the_same_moment_issue_one_batch(site) -> None:
    lot, key = site.lot(), site.fresh("k")
    gate = threading.Barrier(8)
    answers: list[tuple[int, int]] = []

    def ask() -> None:
        gate.wait()
        answer = issue(site, lot, {"quantity": 7}, key)
        answers.append((answer.status_code, answer.json["id"]))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert set(answers) == {(201, answers[0][1])}
    assert len(site.client().get(f"{lot['links']['self']}/batches").json["items"]) == 1


def test_many_requests_with_their_own_keys_at_the_same_moment_share_no_serial(site) -> None:
    lot = site.lot()
    gate = threading.Barrier(8)
    made = []

    def ask(key: str) -> None:
        gate.wait()
        made.append(issue(site, lot, {"quantity": 50}, key).json)

    threads = [threading.Thread(target=ask, args=(site.fresh("k"),)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [serial for batch in made for serial in serials(site, batch)]
    assert len(found) == len(set(found)) == 400


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (None, "idempotency_key_missing"),
        ("", "idempotency_key_malformed"),
        ("x" * 201, "idempotency_key_malformed"),
        ("a b", "idempotency_key_malformed"),
        ("é", "idempotency_key_malformed"),
        ("a\tb", "idempotency_key_malformed"),
    ],
)
def test_a_batch_needs_a_key_of_visible_ascii(site, quiet_lot, key: str | None, code: str) -> None:
    answer = issue(site, quiet_lot, {"quantity": 1}, key)
    assert (answer.status_code, answer.json["code"], answer.json["parameter"]) == (400, code, KEY)


def test_a_key_of_200_characters_is_taken(site) -> None:
    assert issue(site, site.lot(), {"quantity": 1}, "!" * 199 + "~").status_code == 201


@pytest.mark.parametrize(
    "quantity", [0, -1, 10**30, -(10**30), 10_000_001, 1.5, 1e300, "ten", "5", True, None, [5], {}]
)
def test_a_quantity_that_is_none_is_refused_and_nothing_is_taken(site, quiet_lot, quantity) -> None:
    answer = issue(site, quiet_lot, {"quantity": quantity}, site.fresh("k"))
    assert (answer.status_code, answer.json["pointer"]) == (422, "/quantity")
    assert answer.json["detail"].startswith("Expected ")
    assert site.client().get(f"{quiet_lot['links']['self']}/batches").json["items"] == []


def test_no_quantity_at_all_is_refused(site) -> None:
    answer = issue(site, site.lot(), {}, site.fresh("k"))
    assert (answer.status_code, answer.json["code"], answer.json["pointer"]) == (422, "missing", "/quantity")


def test_ten_million_are_granted_and_cost_no_more_than_one(site) -> None:
    batch = site.batch(10_000_000)
    assert batch["outcomes"] == {"held": 10_000_000}


def test_a_scheme_that_runs_out_is_a_conflict_that_names_what_is_left(site) -> None:
    lot = site.lot(site.product(scheme="{seq:2}"))
    site.batch(90, lot)
    answer = issue(site, lot, {"quantity": 10}, site.fresh("k"))
    assert (answer.status_code, answer.json["pointer"]) == (409, "/quantity")
    assert 9 in answer.json.values()
    assert site.batch(9, lot)["quantity"] == 9


@pytest.mark.parametrize("line", ["a\nb", "\x02", "\x1e", "a\u0000", "x" * 81, "", 3])
def test_a_production_line_is_a_short_printable_text(site, quiet_lot, line) -> None:
    answer = issue(site, quiet_lot, {"quantity": 1, "line": line}, site.fresh("k"))
    assert (answer.status_code, answer.json["pointer"]) == (422, "/line")


def test_the_serials_are_a_table_whose_first_column_is_the_serial(site) -> None:
    batch = site.batch(3, site.lot(site.product(scheme="A{seq:4}")))
    answer = site.client().get(batch["links"]["serials"])
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="')
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True))))
    assert rows[0][0] == "serial"
    assert [row[0] for row in rows[1:]] == ["A0001", "A0002", "A0003"]


@pytest.mark.parametrize(
    ("link", "media_type", "start"),
    [
        ("labels_zpl", "application/vnd.zebra-zpl", b"^XA"),
        ("labels_pdf", "application/pdf", b"%PDF-"),
        ("first_label", "image/png", b"\x89PNG\r\n\x1a\n"),
    ],
)
def test_the_labels_come_as_zpl_pdf_and_png(site, five, link: str, media_type: str, start: bytes) -> None:
    answer = site.client("line").get(five["links"][link])
    assert (answer.status_code, answer.content_type) == (200, media_type)
    assert start in answer.get_data()[:200]
    assert answer.get_data() == site.client("qa").get(five["links"][link]).get_data()


def test_a_slice_of_the_zpl_is_a_slice_of_the_whole(site) -> None:
    batch = site.batch(5)
    path = batch["links"]["labels_zpl"]
    whole = site.client().get(path).get_data()
    assert whole.count(b"^XA") == whole.count(b"^XZ") == 5
    assert site.client().get(f"{path}?first=2&count=3").get_data() in whole
    assert site.client().get(f"{path}?first=2&count=3").get_data().count(b"^XZ") == 3
    parts = [site.client().get(f"{path}?first={n}&count=1").get_data() for n in range(1, 6)]
    assert b"".join(parts) == whole


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("first=0", "first"),
        ("first=6", "first"),
        ("first=99999999999999999999", "first"),
        ("count=0", "count"),
        ("count=6", "count"),
        ("first=5&count=2", "count"),
        ("dpmm=9", "dpmm"),
        ("dpmm=", "dpmm"),
        ("dpmm=8.0", "dpmm"),
        ("page=1", "page"),
    ],
)
@pytest.mark.parametrize("link", ["labels_zpl", "labels_pdf"])
def test_labels_that_there_are_not_are_refused_before_the_first_byte(
    site, five, link: str, query: str, parameter: str
) -> None:
    answer = site.client().get(f"{five['links'][link]}?{query}")
    assert (answer.status_code, answer.json["parameter"]) == (422, parameter)
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("number", ["0", "6", "01", "-1", "1.0", "9223372036854775808"])
def test_a_label_that_there_is_not_has_no_picture(site, five, number: str) -> None:
    answer = site.client().get(f"{five['links']['self']}/labels/{number}.png")
    assert answer.status_code == (422 if number == "6" else 404)


def test_head_answers_as_get_without_the_body(site) -> None:
    batch = site.batch(2)
    for path in (batch["links"]["self"], batch["links"]["serials"], batch["links"]["labels_zpl"]):
        head = site.client().head(path)
        assert (head.status_code, head.get_data()) == (200, b"")
        assert head.content_type == site.client().get(path).content_type


def test_labels_of_a_batch_that_is_printed_are_for_qa_and_admin(site) -> None:
    batch = site.batch(2, printer=site.printer()["name"])
    assert batch["outcomes"] == {"planned": 2}
    assert batch["links"]["job"] == f"/api/v1/jobs/{batch['job']}"
    for link in ("labels_zpl", "labels_pdf", "first_label"):
        assert site.client("line").get(batch["links"][link]).status_code == 403
        assert site.client("qa").get(batch["links"][link]).status_code == 200
        assert site.client("admin").get(batch["links"][link]).status_code == 200


def test_a_printer_with_other_labels_loaded_refuses_the_batch(site) -> None:
    printer = site.printer(media_width=50, media_height=25)
    answer = issue(site, site.lot(), {"quantity": 1, "printer": printer["name"]}, site.fresh("k"))
    assert (answer.status_code, answer.json["code"], answer.json["pointer"]) == (409, "media_differs", "/printer")


def test_returned_numbers_are_returned_once_and_never_issued_again(site) -> None:
    lot = site.lot(site.product(scheme="{seq:2}"))
    batch = site.batch(90, lot)
    body = {"first": 81, "count": 10, "reason": "order was cut short"}
    path = f"{batch['links']['self']}/return"
    answer = site.client("qa").post(path, json=body)
    assert (answer.status_code, answer.json["outcomes"]) == (200, {"held": 80, "returned": 10})
    assert site.client("qa").post(path, json=body).status_code == 409
    assert set(serials(site, site.batch(9, lot))) & set(serials(site, batch)) == set()


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"first": 0}, "/first"),
        ({"first": 6}, "/first"),
        ({"count": 0}, "/count"),
        ({"count": 6}, "/count"),
        ({"count": 10**30}, "/count"),
        ({"reason": ""}, "/reason"),
        ({"reason": "  "}, "/reason"),
        ({"reason": "a\nb"}, "/reason"),
        ({"reason": "x" * 501}, "/reason"),
        ({"reason": None}, "/reason"),
    ],
)
def test_a_wrong_return_is_refused_at_its_field(site, five, more, pointer: str) -> None:
    answer = site.client("qa").post(
        f"{five['links']['self']}/return", json={"first": 1, "count": 1, "reason": "torn", **more}
    )
    assert (answer.status_code, answer.json["pointer"]) == (422, pointer)


def test_granted_labels_are_counted_once_for_a_key(site) -> None:
    def granted() -> float:
        text = site.client().get("/metrics").get_data(as_text=True)
        return float(re.search(r"^labelsvc_labels_granted_total (.+)$", text, re.MULTILINE)[1])

    before, lot, key = granted(), site.lot(), site.fresh("k")
    for _ in range(3):
        issue(site, lot, {"quantity": 11}, key)
    assert granted() == before + 11
