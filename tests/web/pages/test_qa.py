"""/qa: scan a label: what it is, how it looks, what became of its number."""

from __future__ import annotations

import re

import pytest

GS = "\x1d"


@pytest.fixture
def batch(site):
    return site.batch(3)


def scan_of(batch, serial=None, gs: str = GS) -> str:
    return f"01{batch['product']}21{serial or batch['first_serial']}{gs}10{batch['lot_number']}"


def verdict(answer) -> str | None:
    found = re.search(r'<div class="verdict [a-z]+" role="status" id="verdict">\s*<strong>([^<]*)', answer.text)
    return found[1] if found else None


@pytest.mark.parametrize("gs", [GS, "\u241d", "\u2192"])
def test_a_scan_with_its_gs_is_right_and_is_kept(site, batch, read, gs) -> None:
    person = site.person("qa")
    answer = person.post("/qa", text=scan_of(batch, gs=gs))
    assert (answer.status_code, verdict(answer)) == (200, "right")
    serial = site.client().get(f"/api/v1/serials/{batch['product']}/{batch['first_serial']}").json
    assert (serial["outcome"], serial["evidence"]) == ("confirmed", "scanned")
    assert verdict(person.post("/qa", text=scan_of(batch))) == "duplicate"


def test_the_label_stands_beside_the_verdict(site, batch) -> None:
    person = site.person("qa")
    answer = person.post("/qa", text=scan_of(batch))
    picture = re.search(r'<img class="label" src="([^"]+)" alt="([^"]+)"', answer.text)
    assert picture is not None
    assert picture[2] == f"Label 1 of batch {batch['id']}, serial {batch['first_serial']}"
    assert person.get(picture[1]).get_data().startswith(b"\x89PNG")


def test_the_next_scan_is_of_the_same_lot(site, batch) -> None:
    other = site.lot()
    answer = site.person("qa").post("/qa", text=scan_of(batch), lot=str(other["id"]))
    assert verdict(answer) == "wrong lot"
    assert f'<option value="{other["id"]}" selected>' in answer.text
    assert re.search(r'id="text" name="text" value=""', answer.text)


@pytest.mark.parametrize(
    ("text", "said"), [("rubbish that is no label", "unreadable"), ("01095060001343522\u24191NEVER", "unreadable")]
)
def test_what_is_no_label_of_ours_is_said_so(site, text, said) -> None:
    assert verdict(site.person("qa").post("/qa", text=text)) == said


def test_a_serial_that_was_never_issued_is_unknown(site, batch) -> None:
    assert verdict(site.person("qa").post("/qa", text=f"01{batch['product']}21NEVERWAS1")) == "unknown"


def test_a_serial_alone_needs_its_product(site, batch, read) -> None:
    person = site.person("qa")
    answer = person.post("/qa", text=batch["first_serial"], product=batch["product"])
    assert verdict(answer) == "right"
    answer = person.post("/qa", text=batch["first_serial"], only_look="yes")
    assert answer.status_code == 422
    assert 'id="product-wrong"' in answer.text


def test_to_look_something_up_keeps_no_scan(site, batch, read) -> None:
    person = site.person("qa")
    shown = read(person.post("/qa", text=scan_of(batch), only_look="yes"))
    assert batch["first_serial"] in shown
    assert verdict(person.post("/qa", text=scan_of(batch))) == "right"


def test_a_scan_must_be_one(site, read) -> None:
    for text, sentence in (("", "Expected a scan, got nothing."), ("x" * 501, "Expected at most 500 characters")):
        answer = site.person("qa").post("/qa", text=text)
        assert answer.status_code == 422
        assert sentence in read(answer)
        assert 'id="text-wrong"' in answer.text


def serial_page(batch, serial=None) -> str:
    return f"/qa/serials?product={batch['product']}&serial={serial or batch['first_serial']}"


def test_a_serial_tells_its_story_in_order_with_who_and_why(site, batch, read) -> None:
    person = site.person("qa")
    person.post("/qa", text=scan_of(batch))
    fields = {"product": batch["product"], "serial": batch["first_serial"], "key": site.fresh("form")}
    answer = person.post("/qa/serials/move", **fields, outcome="spoiled", reason="torn at the edge")
    assert (answer.status_code, answer.location) == (303, serial_page(batch))
    shown = read(person.get(answer.location))
    story = shown[shown.index("What became of it") : shown.index("Say what became of it")]
    places = [story.index(part) for part in ("held", "confirmed", "spoiled")]
    assert places == sorted(places)
    for part in ("key admin key", "user qa.person", "scanned", "torn at the edge", "right"):
        assert part in story


@pytest.mark.parametrize("outcome", ["spoiled", "sampled", "returned", "invalidated"])
def test_a_number_is_moved_with_a_reason(site, batch, outcome) -> None:
    fields = {"product": batch["product"], "serial": batch["last_serial"], "key": site.fresh("form")}
    answer = site.person("qa").post("/qa/serials/move", **fields, outcome=outcome, reason="because")
    assert answer.status_code == 303
    serial = site.client().get(f"/api/v1/serials/{batch['product']}/{batch['last_serial']}").json
    assert (serial["outcome"], serial["reason"]) == (outcome, "because")


def test_a_number_that_was_returned_has_no_picture(site, batch, read) -> None:
    fields = {"product": batch["product"], "serial": batch["last_serial"], "key": site.fresh("form")}
    person = site.person("qa")
    person.post("/qa/serials/move", **fields, outcome="returned", reason="unused")
    answer = person.get(serial_page(batch, batch["last_serial"]))
    assert "<img" not in answer.text
    assert "Its number is returned: no label of it is given out." in read(answer)


def test_a_move_that_is_not_allowed_says_what_was_expected(site, batch, read) -> None:
    person = site.person("qa")
    fields = {"product": batch["product"], "serial": batch["last_serial"]}
    person.post("/qa/serials/move", **fields, outcome="spoiled", reason="torn", key=site.fresh("form"))
    answer = person.post("/qa/serials/move", **fields, outcome="sampled", reason="lab", key=site.fresh("form"))
    assert answer.status_code == 409
    assert "Expected a number that is confirmed, held, sent, to be sampled, got one that is spoiled." in read(answer)


def test_a_move_without_a_reason_is_none(site, batch) -> None:
    fields = {"product": batch["product"], "serial": batch["last_serial"], "key": site.fresh("form")}
    answer = site.person("qa").post("/qa/serials/move", **fields, outcome="spoiled", reason=" ")
    assert answer.status_code == 422
    assert 'id="reason-wrong"' in answer.text
    serial = site.client().get(f"/api/v1/serials/{batch['product']}/{batch['last_serial']}").json
    assert serial["outcome"] == "held"


@pytest.mark.parametrize("query", ["", "?product=x", "?product=09506000134352&serial=X", "?serial=%00&product=%00"])
def test_a_serial_that_is_none_is_said_on_a_page(site, query) -> None:
    answer = site.person("qa").get(f"/qa/serials{query}")
    assert answer.status_code in (404, 422)
    assert answer.mimetype == "text/html"
