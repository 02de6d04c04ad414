from __future__ import annotations

import pytest

MEDIA = {"dpmm": 12, "media_width": 100.0, "media_height": 50}


def test_a_station_adds_a_printer_and_finds_it(site) -> None:
    body = {"name": "line 3 left", "uri": "tcp://printer.example.com:9100", **MEDIA}
    made = site.client("station").post("/api/v1/printers", json=body)
    assert made.status_code == 201
    assert made.headers["Location"] == made.json["links"]["self"] == "/api/v1/printers/line%203%20left"
    assert site.client("station").get(made.headers["Location"]).json == made.json
    assert (made.json["state"], made.json["language"], made.json["revision"]) == ("idle", "zpl", 1)
    assert made.json in site.client("qa").get("/api/v1/printers").json["items"]


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "a/b"}, "/name"),
        ({"name": "a\nb"}, "/name"),
        ({"name": "x" * 81}, "/name"),
        ({"dpmm": 9}, "/dpmm"),
        ({"dpmm": "8"}, "/dpmm"),
        ({"dpmm": True}, "/dpmm"),
        ({"media_width": 0}, "/media_width"),
        ({"media_width": -1}, "/media_width"),
        ({"media_width": 10**30}, "/media_width"),
        ({"media_width": "100"}, "/media_width"),
        ({"media_height": True}, "/media_height"),
        ({"language": "epl"}, "/language"),
        ({"uri": "http://printer"}, "/uri"),
        ({"uri": "tcp://printer;rm -rf /:9100"}, "/uri"),
        ({"uri": "tcp://$(reboot):9100"}, "/uri"),
        ({"uri": "queue:///a|b"}, "/uri"),
        ({"uri": "file:///../../etc/passwd"}, "/uri"),
        ({"uri": "file:///%2e%2e/x"}, "/uri"),
        ({"uri": "file:///a\u0000b"}, "/uri"),
        ({"uri": ""}, "/uri"),
        ({"url": "tcp://x:9100"}, "/url"),
    ],
)
def test_a_wrong_printer_is_refused_at_its_field(site, more, pointer: str) -> None:
    body = {"name": "p", "uri": "tcp://printer.example.com:9100", **MEDIA, **more}
    answer = site.client().post("/api/v1/printers", json=body)
    assert (answer.status_code, answer.json["pointer"]) == (422, pointer)


def test_an_infinite_width_is_no_width(site) -> None:
    body = '{"name": "p", "uri": "tcp://a:9100", "dpmm": 8, "media_width": 1e999, "media_height": 50}'
    answer = site.client().post("/api/v1/printers", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["pointer"]) == (422, "/media_width")


def test_a_printers_name_is_taken_once(site) -> None:
    made = site.printer()
    body = {"name": made["name"], "uri": "tcp://other.example.com:9100", **MEDIA}
    answer = site.client().post("/api/v1/printers", json=body)
    assert (answer.status_code, answer.json["code"]) == (409, "printer_exists")


def test_other_labels_loaded_are_a_new_revision(site) -> None:
    made = site.printer()
    body = {"uri": made["uri"], "dpmm": 8, "media_width": 70, "media_height": 35}
    edited = site.client("station").put(made["links"]["self"], json=body)
    assert (edited.status_code, edited.json["revision"], edited.json["media_width"]) == (200, 2, 70)
    assert site.client().get(made["links"]["self"]).json == edited.json


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("none", "printer_unknown"),
        ("%F0%9F%92%8A", "printer_unknown"),
        ("x" * 1_000, "printer_unknown"),
        ("%0A", "route_unknown"),
        ("a%00b", "route_unknown"),
    ],
)
def test_an_unknown_printer_is_404(site, name: str, code: str) -> None:
    answer = site.client().get(f"/api/v1/printers/{name}")
    assert (answer.status_code, answer.json["code"]) == (404, code)
