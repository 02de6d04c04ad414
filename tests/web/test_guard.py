from __future__ import annotations

import io
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import run_wsgi_app

from labelsvc.errors import InvalidInput, Malformed
from labelsvc.web.guard import read_object

TEXT = st.text(st.characters(codec="utf-8"))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=50)
@given(st.dictionaries(TEXT, JSON, max_size=4))
def test_what_json_can_say_is_read_as_python_reads_it(value: dict[str, object]) -> None:
    assert read_object(json.dumps(value, ensure_ascii=False).encode()) == value
    assert read_object(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "json"),
        (b"{", "json"),
        (b"{}x", "json"),
        (b"{'a': 1}", "json"),
        (b'{"a": 1,}', "json"),
        (b'{"a": 01}', "json"),
        (b'{"a": "\x00"}', "json"),
        (b'{"a": "unended', "json"),
        (b'{"a": "\xff"}', "json_encoding"),
        ('{"a": "ä"}'.encode("latin-1"), "json_encoding"),
        ('{"a": 1}'.encode("utf-16"), "json_encoding"),
        (b'{"a": NaN}', "json_constant"),
        (b'{"a": -Infinity}', "json_constant"),
        (b'{"a": 1, "a": 1}', "json_duplicate_member"),
        (b'{"b": [{"a": 1, "\\u0061": 2}]}', "json_duplicate_member"),
        (b'{"a": 1' + b"0" * 5000 + b"}", "json_number"),
        (b'{"a": 0.' + b"0" * 5000 + b"}", "json_number"),
        (b"[" * 33, "json_depth"),
        (b'{"a":' * 100_000, "json_depth"),
        (b"[" * 1_000_000, "json_depth"),
    ],
)
def test_what_two_readers_could_understand_differently_is_malformed(body: bytes, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        read_object(body)
    assert caught.value.code == code
    assert len(caught.value.message) < 250


def test_32_levels_are_read_and_33_are_not() -> None:
    assert read_object(b'{"a":' + b"[" * 31 + b"]" * 31 + b"}")
    with pytest.raises(Malformed, match="32 levels"):
        read_object(b'{"a":' + b"[" * 32 + b"]" * 32 + b"}")


def test_brackets_inside_texts_are_no_levels() -> None:
    assert read_object(json.dumps({"a": "[" * 100 + '"' + "{" * 100 + "\\"}).encode())


@pytest.mark.parametrize("body", [b"null", b"[]", b'"a"', b"1", b"true"])
def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput, match="Expected a JSON object"):
        read_object(body)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read_object(b"\xef\xbb\xbf{}") == {}


def test_a_number_too_large_for_a_float_stays_refusable() -> None:
    assert read_object(b'{"a": 1e999}') == {"a": math.inf}


LOT = {"product": "X", "number": "L", "production_date": "2026-11-20"}


@pytest.mark.parametrize(
    ("headers", "data", "status", "code"),
    [
        ({}, b"{}", 415, "media_type"),
        ({"Content-Type": "text/plain"}, b"{}", 415, "media_type"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, b"product=X", 415, "media_type"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--", 415, "media_type"),
        ({"Content-Type": "application/json; charset=latin-1"}, b"{}", 415, "charset"),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, b"{}", 415, "content_encoding"),
        ({"Content-Type": "application/json"}, b"", 400, "body_missing"),
        ({"Content-Type": "application/json"}, b"{", 400, "json"),
        ({"Content-Type": "application/json; charset=UTF-8"}, b"{}", 422, "missing"),
        ({"Content-Type": "application/json", "Accept": "text/html"}, b"{}", 406, "not_acceptable"),
        ({"Content-Type": "application/json", "Accept": "text/html;q=1, */*;q=0"}, b"{}", 406, "not_acceptable"),
        ({"Content-Type": "application/json", "Accept": "application/*"}, b"{}", 422, "missing"),
        ({"Content-Type": "application/json", "Accept": "application/json;version=2"}, b"{}", 422, "missing"),
        ({"Content-Type": "application/json", "Accept": "text/html, */*;q=0.1"}, b"{}", 422, "missing"),
    ],
)
def test_a_body_is_read_only_in_our_language(site, headers, data: bytes, status: int, code: str) -> None:
    answer = site.client().post("/api/v1/lots", data=data, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "code", "parameter"),
    [
        ("/api/v1/lots?limit=1&limit=2", "query_repeated", "limit"),
        ("/api/v1/lots?limits=1", "query_unknown", "limits"),
        ("/api/v1/lots?limit=0", "too_small", "limit"),
        ("/api/v1/lots?limit=201", "too_large", "limit"),
        ("/api/v1/lots?limit=", "not_integer", "limit"),
        ("/api/v1/lots?limit=5.0", "not_integer", "limit"),
        ("/api/v1/lots?limit=1_0", "not_integer", "limit"),
        ("/api/v1/lots?limit=%2B1", "not_integer", "limit"),
        ("/api/v1/lots?limit=%D9%A3", "not_integer", "limit"),
        ("/api/v1/lots?after=-1", "too_small", "after"),
        ("/api/v1/lots?after=9223372036854775808", "too_large", "after"),
        ("/api/v1/lots?after=" + "9" * 10_000, "not_integer", "after"),
        ("/api/v1/jobs?state=sleeping", "unknown_value", "state"),
        ("/api/v1/batches/1?expand=lot", "query_unknown", "expand"),
        ("/healthz?probe=1", "query_unknown", "probe"),
    ],
)
def test_a_query_is_what_was_declared_and_nothing_else(site, path: str, code: str, parameter: str) -> None:
    answer = site.client().get(path)
    assert (answer.status_code, answer.json["code"], answer.json["parameter"]) == (422, code, parameter)
    assert "pointer" not in answer.json


def test_a_query_on_a_post_is_refused(site) -> None:
    answer = site.client().post("/api/v1/lots?dry_run=1", json=LOT)
    assert (answer.status_code, answer.json["code"]) == (422, "query_unknown")


def test_a_body_on_a_get_is_refused(site) -> None:
    answer = site.client().get("/api/v1/lots", json={})
    assert (answer.status_code, answer.json["code"]) == (400, "body_unexpected")


class Endless(io.RawIOBase):
    """A body of spaces that never ends, and how much of it was read."""

    def __init__(self) -> None:
        self.taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        buffer[:] = b" " * len(buffer)
        self.taken += len(buffer)
        return len(buffer)


def posted(site, body: Endless, **environ: object) -> tuple[str, bytes]:
    """Post a body as a WSGI server hands it over; the test client itself would read it first."""
    given = site.client().post("/api/v1/lots", json={}).request.environ
    chunks, status, _ = run_wsgi_app(site.app, {**given, "wsgi.input": body, "CONTENT_LENGTH": "", **environ})
    return status, b"".join(chunks)


def test_a_chunked_body_without_end_is_left_at_the_limit(site) -> None:
    body = Endless()
    environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    status, answer = posted(site, body, **environ)
    assert status.startswith("413 ")
    assert b"body_too_large" in answer
    assert body.taken <= site.settings.max_body + 100_000


def test_a_long_body_is_refused_by_its_length_without_reading_it(site) -> None:
    body = Endless()
    status, answer = posted(site, body, CONTENT_LENGTH="100000000")
    assert status.startswith("413 ")
    assert b"body_too_large" in answer
    assert body.taken == 0


def test_a_label_format_may_be_larger_than_other_bodies(site) -> None:
    text = " " * (site.settings.max_body + 1)
    large = site.client().post("/api/v1/label-formats", json={"toml": text})
    assert large.status_code == 422
    larger = site.client().post("/api/v1/label-formats", json={"toml": text * 2})
    assert larger.status_code == 413


@pytest.mark.parametrize("length", ["2", "3"])
def test_a_body_ends_where_its_length_says(site, length: str) -> None:
    """A server reads no further than Content-Length; what is cut off there is no JSON, or too little of it."""
    answer = site.client().post(
        "/api/v1/lots",
        input_stream=io.BytesIO(b'{"product": "X"}' + b" " * 100),
        environ_overrides={"CONTENT_LENGTH": length},
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json["code"]) == (400, "json")
