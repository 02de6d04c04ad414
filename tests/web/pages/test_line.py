"""/line: ask for labels, and watch them."""

from __future__ import annotations

import pytest


def test_labels_are_asked_for_and_shown(site, read) -> None:
    person, lot, printer = site.person("line"), site.lot(), site.printer()
    fields = {"lot": str(lot["id"]), "quantity": "5", "printer": printer["name"], "line": "Line 3", "key": "form-a"}
    answer = person.post("/line", **fields)
    assert answer.status_code == 303
    (batch,) = site.client().get(f"/api/v1/lots/{lot['id']}/batches").json["items"]
    assert answer.location == f"/line/batches/{batch['id']}"
    assert (batch["quantity"], batch["printer"], batch["line"]) == (5, printer["name"], "Line 3")
    shown = read(person.get(answer.location))
    for part in (batch["first_serial"], batch["last_serial"], lot["number"], "Line 3", "planned 5", "pending"):
        assert part in shown


def test_a_form_that_is_sent_twice_issues_once(site, hidden_in) -> None:
    """The page gives the form its Idempotency-Key."""
    person, lot = site.person("line"), site.lot()
    key = hidden_in(person.get("/line"), "key")
    answers = [person.post("/line", lot=str(lot["id"]), quantity="5", key=key) for _ in range(3)]
    assert len({answer.location for answer in answers}) == 1
    assert len(site.client().get(f"/api/v1/lots/{lot['id']}/batches").json["items"]) == 1
    assert hidden_in(person.get("/line"), "key") != key


def test_a_form_that_was_sent_and_then_changed_gets_a_key_of_its_own(site, hidden_in, read) -> None:
    person, lot = site.person("line"), site.lot()
    key = hidden_in(person.get("/line"), "key")
    person.post("/line", lot=str(lot["id"]), quantity="5", key=key)
    answer = person.post("/line", lot=str(lot["id"]), quantity="6", key=key)
    assert answer.status_code == 409
    assert "Expected the body this Idempotency-Key was first used with" in read(answer)
    assert hidden_in(answer, "key") != key


def test_two_people_may_send_the_same_key(site) -> None:
    lot = site.lot()
    places = {
        person.post("/line", lot=str(lot["id"]), quantity="5", key="form-same").location
        for person in (site.person("line", "shift-a"), site.person("line", "shift-b"))
    }
    assert len(places) == 2


@pytest.mark.parametrize(
    ("fields", "name", "sentence"),
    [
        ({"lot": ""}, "lot", "Expected lot, got nothing."),
        ({"lot_id": "x"}, "lot_id", 'Expected a whole number from 1, got "x".'),
        ({"quantity": ""}, "quantity", "Expected quantity, got nothing."),
        ({"quantity": "0"}, "quantity", 'Expected a whole number from 1, got "0".'),
        ({"quantity": "10000001"}, "quantity", "Expected 1 to 10000000"),
        ({"printer": "nobody"}, "printer", "Expected the name of a printer, got 'nobody'."),
        ({"line": "x" * 81}, "line", "Expected at most 80 characters, got 81."),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_the_rest_stays(site, read, fields, name, sentence) -> None:
    person, lot = site.person("line"), site.lot()
    given = {"lot": str(lot["id"]), "quantity": "5", "line": "Line 7", "key": "form-w", **fields}
    answer = person.post("/line", **given)
    assert answer.status_code in (404, 422)
    assert sentence in read(answer)
    assert f'id="{name}-wrong"' in answer.text
    assert f'aria-describedby="{name}-wrong"' in answer.text
    if "line" not in fields:
        assert 'value="Line 7"' in answer.text
    assert site.client().get(f"/api/v1/lots/{lot['id']}/batches").json["items"] == []


def test_an_older_lot_is_asked_for_by_its_id(site, read) -> None:
    person, lot = site.person("line"), site.lot()
    answer = person.post("/line", lot="", lot_id=str(lot["id"]), quantity="1", key="form-o")
    assert answer.status_code == 303
    answer = person.post("/line", lot="", lot_id="999999", quantity="1", key="form-p")
    assert (answer.status_code, "Expected the id of a lot, got 999999." in read(answer)) == (404, True)


def test_a_lot_that_is_closed_is_no_choice_any_more(site) -> None:
    person, lot = site.person(), site.lot()
    assert f'<option value="{lot["id"]}">' in person.get("/line").text
    assert person.post(f"/qa/lots/{lot['id']}/close").status_code == 303
    assert f'<option value="{lot["id"]}">' not in person.get("/line").text


def test_the_line_downloads_what_no_printer_prints(site) -> None:
    """The files come with the session; a batch that has a printer is not for the line to download."""
    person = site.person("line")
    own = site.batch(2)
    page = person.get(f"/line/batches/{own['id']}").text
    assert f"/api/v1/batches/{own['id']}/labels.pdf" in page
    assert person.get(f"/api/v1/batches/{own['id']}/labels.pdf").mimetype == "application/pdf"
    printed = site.batch(2, printer=site.printer()["name"])
    assert "labels.pdf" not in person.get(f"/line/batches/{printed['id']}").text
    assert "labels.pdf" in site.person("qa").get(f"/line/batches/{printed['id']}").text


def test_a_job_is_watched_by_its_stream_and_without_scripts_by_loading_again(site) -> None:
    batch = site.batch(2, printer=site.printer()["name"])
    person = site.person("line")
    page = person.get(f"/line/batches/{batch['id']}").text
    assert f'data-watch="/api/v1/jobs/{batch["job"]}/events"' in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    stream = person.get(f"/api/v1/jobs/{batch['job']}/events", buffered=False)
    assert stream.mimetype == "text/event-stream"
    assert b"retry" in next(stream.response)
    stream.close()
    site.client().post(f"/api/v1/jobs/{batch['job']}/cancel")
    assert "data-watch" not in person.get(f"/line/batches/{batch['id']}").text
