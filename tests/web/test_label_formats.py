from __future__ import annotations

import base64

import pytest

SHIPPED = {"unit-100x50", "unit-50x25", "item-70x35", "carton-100x150"}


def toml_of(site, name: str) -> str:
    return site.client().get(f"/api/v1/label-formats/{name}").json["toml"]


def test_the_shipped_formats_are_there_from_the_start(site) -> None:
    listed = site.client("line").get("/api/v1/label-formats").json["items"]
    assert {entry["name"] for entry in listed} >= SHIPPED
    assert all(entry["shipped"] for entry in listed if entry["name"] in SHIPPED)
    assert "toml" not in listed[0]


def test_the_same_content_is_the_same_revision(site) -> None:
    shown = site.client().get("/api/v1/label-formats/unit-50x25").json
    answer = site.client().post("/api/v1/label-formats", json={"toml": shown["toml"]})
    assert (answer.status_code, answer.json["revision"]) == (201, shown["revision"])


def test_a_changed_format_is_a_new_revision_for_the_batches_to_come(site) -> None:
    lot = site.lot()
    before = site.batch(1, lot)
    changed = toml_of(site, "unit-100x50") + "\n# changed\n"
    answer = site.client().post("/api/v1/label-formats", json={"toml": changed})
    assert answer.status_code == 201
    assert answer.headers["Location"] == answer.json["links"]["self"] == "/api/v1/label-formats/unit-100x50"
    after = site.batch(1, lot)
    assert before["format_revision"] != after["format_revision"] == answer.json["revision"]
    assert site.client().get(before["links"]["self"]).json["format_revision"] == before["format_revision"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/toml"),
        ({"toml": ""}, "/toml"),
        ({"toml": "= broken"}, "/toml"),
        ({"toml": "name = 'a'\nunknown_key = 1\n"}, "/toml"),
        ({"toml": "a = 1\x00"}, "/toml"),
        ({"toml": "a = '\ud800'"}, "/toml"),
        ({"toml": 5}, "/toml"),
        ({"toml": "a = 1", "files": []}, "/files"),
        ({"toml": "a = 1", "files": {"x.png": "not base64!"}}, "/files/x.png"),
        ({"toml": "a = 1", "files": {"a/b": 5}}, "/files/a~1b"),
        ({"toml": "a = 1", "files": {str(n): "" for n in range(51)}}, "/files"),
    ],
)
def test_a_wrong_format_is_refused_at_its_field(site, body, pointer: str) -> None:
    answer = site.client().post("/api/v1/label-formats", json=body)
    assert (answer.status_code, answer.json["pointer"]) == (422, pointer)
    assert answer.json["detail"].startswith("Expected ")


def test_a_picture_that_is_a_bomb_is_refused(site) -> None:
    """A PNG header that claims 60,000 x 60,000 pixels, and nothing behind it."""
    bomb = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (60_000).to_bytes(4) * 2 + b"\x08\x02\x00\x00\x00" + b"\x00" * 4
    body = {"toml": toml_of(site, "unit-100x50"), "files": {"logo.png": base64.b64encode(bomb).decode()}}
    answer = site.client().post("/api/v1/label-formats", json=body)
    assert answer.status_code == 422


@pytest.mark.parametrize("name", ["none", "%0A", "..", "%2e%2e", "unit-100x50.toml"])
def test_an_unknown_format_is_404(site, name: str) -> None:
    assert site.client().get(f"/api/v1/label-formats/{name}").status_code == 404
