from __future__ import annotations

import json
import logging

import pytest
from flask import Flask

from labelsvc import errors
from labelsvc.web import problems
from labelsvc.web.violations import echo, pointer

EXPECTED = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.NotAllowed: 403,
    errors.NotFound: 404,
    errors.NotAcceptable: 406,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.UnsupportedMedia: 415,
    errors.InvalidInput: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}


def test_every_category_has_its_status() -> None:
    assert set(EXPECTED) == set(errors.LabelsvcError.__subclasses__())
    with Flask("x").test_request_context(method="POST"):
        for kind, status in EXPECTED.items():
            answer = problems.answer(kind("some_code", "Expected X, got Y.", pointer="/a"))
            assert answer.status_code == status
            assert answer.content_type == "application/problem+json"
            document = json.loads(answer.get_data())
            assert document["status"] == status
            assert document["code"] == "some_code"
            assert document["detail"] == "Expected X, got Y."
            assert document["pointer"] == "/a"
            assert document["type"].endswith(":some_code")


def test_facts_are_members_of_the_answer() -> None:
    with Flask("x").test_request_context(method="POST"):
        answer = problems.answer(errors.Conflict("pool_exhausted", "Expected 5, got 3.", left=3))
    assert json.loads(answer.get_data())["left"] == 3


@pytest.mark.parametrize("kind", [errors.Unavailable, errors.TooMany])
def test_what_may_work_later_says_when_to_ask_again(kind) -> None:
    with Flask("x").test_request_context():
        assert int(problems.answer(kind("c", "d")).headers["Retry-After"]) >= 1
        assert problems.answer(kind("c", "d", retry_after=30)).headers["Retry-After"] == "30"


def test_an_unknown_path_is_a_problem_document(site) -> None:
    answer = site.client().get("/nowhere")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "OPTIONS", "TRACE", "POST", "BREW"])
def test_another_method_is_405_and_says_which_there_are(site, method: str) -> None:
    answer = site.client().open("/api/v1/lots/1", method=method)
    assert (answer.status_code, answer.content_type) == (405, "application/problem+json")
    assert set(answer.headers["Allow"].replace(" ", "").split(",")) == {"GET", "HEAD", "PUT"}


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/lots/9223372036854775808",
        "/api/v1/lots/" + "9" * 10_000,
        "/api/v1/lots/0",
        "/api/v1/lots/01",
        "/api/v1/lots/-1",
        "/api/v1/lots/1.0",
        "/api/v1/lots/%D9%A3",
        "/api/v1/lots/one",
        "/api/v1/lots/1/",
        "/api/v1//lots",
        "/api/v1/lots/%00",
        "/api/v1/lots/%FF",
    ],
)
def test_a_path_that_can_name_nothing_is_404(site, path: str) -> None:
    answer = site.client().get(path)
    assert (answer.status_code, answer.json["code"]) == (404, "route_unknown")


def test_the_largest_id_there_can_be_is_looked_up(site) -> None:
    answer = site.client().get(f"/api/v1/lots/{2**63 - 1}")
    assert (answer.status_code, answer.json["code"]) == (404, "lot_unknown")


def test_a_fault_of_our_own_gives_an_id_and_nothing_else_away(site, monkeypatch, caplog) -> None:
    def fail(*_args) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("labelsvc.issuing.lots.get_lot", fail)
    with caplog.at_level(logging.ERROR):
        answer = site.client().get("/api/v1/lots/1")
    assert (answer.status_code, answer.json["code"]) == (500, "internal_error")
    text = answer.get_data(as_text=True)
    assert "secret detail" not in text
    assert "Traceback" not in text
    assert answer.json["request_id"] in caplog.text
    assert "secret detail" in caplog.text


def test_all_that_is_wrong_is_listed_with_pointers(site) -> None:
    body = {"product": 5, "number": "L", "production_date": "2026-02-30", "a/b~c": 1}
    answer = site.client().post("/api/v1/lots", json=body)
    assert answer.status_code == 422
    found = {(error["pointer"], error["code"]) for error in answer.json["errors"]}
    assert found == {("/product", "not_text"), ("/production_date", "date_unknown"), ("/a~1b~0c", "unknown_field")}
    assert answer.json["pointer"] in {pointer for pointer, _ in found}


def test_a_missing_member_is_named(site) -> None:
    answer = site.client().post("/api/v1/lots", json={"product": "X", "number": "L"})
    (error,) = answer.json["errors"]
    assert error == {
        "pointer": "/production_date",
        "code": "missing",
        "detail": 'Expected "production_date", got nothing.',
    }


def test_a_thousand_mistakes_make_a_short_answer(site) -> None:
    body = {f"{n:x<200}": "y" * 300 for n in range(1_000)}
    answer = site.client().post("/api/v1/lots", json=body)
    assert answer.status_code == 422
    assert len(answer.json["errors"]) == 20
    assert len(answer.get_data()) < 10_000


@pytest.mark.parametrize("value", ["x" * 10_000, "\x1b[2J" * 1_000, "\ud800" * 500, 10**300, [1] * 1_000, {"a": "b"}])
def test_no_more_than_a_hundred_characters_come_back(value) -> None:
    shown = echo(value)
    assert len(shown) <= 102
    assert shown.isprintable()


def test_a_pointer_follows_rfc_6901() -> None:
    assert pointer(()) == ""
    assert pointer(("a/b", 0, "m~n")) == "/a~1b/0/m~0n"


def test_every_answer_carries_its_request_id_and_a_client_may_choose_it(site) -> None:
    answer = site.client().get("/nowhere", headers={"X-Request-Id": "line-3.0042"})
    assert answer.headers["X-Request-Id"] == answer.json["request_id"] == "line-3.0042"


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, 'a"b', "é"])
def test_a_request_id_that_could_confuse_a_log_is_replaced(site, given: str) -> None:
    answer = site.client().get("/healthz", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] != given
    assert len(answer.headers["X-Request-Id"]) == 32


def test_answers_tell_browsers_to_do_nothing_with_them(site) -> None:
    for path in ("/healthz", "/nowhere", "/api/v1/lots"):
        headers = site.client().get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in headers
