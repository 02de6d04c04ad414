"""/qa/reprints: the same serial again, asked for by one person and approved by another."""

from __future__ import annotations

import pytest

GS = "\x1d"


@pytest.fixture
def label(site):
    """A label that came out: product, serial, printer."""
    printer = site.printer()
    batch = site.batch(3, printer=printer["name"])
    site.client().post(f"/api/v1/jobs/{batch['job']}/cancel")
    body = {"text": f"01{batch['product']}21{batch['first_serial']}"}
    assert site.client().post("/api/v1/verify-scans", json=body).json["verdict"] == "right"
    return {"product": batch["product"], "serial": batch["first_serial"], "printer": printer["name"]}


def ask(site, label, who: str = "qa.person", **fields):
    given = {"why": "torn", "destroyed": "yes", "key": site.fresh("form"), **label, **fields}
    return site.person("qa", who).post("/qa/serials/reprint", **{name: value for name, value in given.items() if value})


def reprints_of(site, state: str):
    return site.client().get(f"/api/v1/reprints?state={state}").json["items"]


def needs_approval(site, label) -> None:
    path = f"/api/v1/products/{label['product']}/reprint-policy"
    assert site.client().put(path, json={"approval": True}).status_code == 200


def test_a_torn_label_is_printed_again(site, label, read) -> None:
    answer = ask(site, label, note="at the rewinder")
    assert answer.status_code == 303
    (made,) = [found for found in reprints_of(site, "approved") if found["serial"] == label["serial"]]
    assert answer.location == f"/printers/jobs/{made['job']}"
    assert (made["reason"], made["note"], made["destroyed"]) == ("torn", "at the rewinder", "ticked")
    assert made["printer"] == label["printer"]
    assert site.person("qa").get(answer.location).status_code == 200


def test_a_form_that_is_sent_twice_asks_once(site, label) -> None:
    key = site.fresh("form")
    places = {ask(site, label, key=key).location for _ in range(2)}
    assert len(places) == 1


def test_what_is_not_said_of_the_old_label_is_asked_for(site, label, read) -> None:
    answer = ask(site, label, destroyed="")
    assert answer.status_code == 422
    assert "Expected the old label destroyed" in read(answer)
    assert 'id="destroyed-wrong"' in answer.text


def test_a_reason_is_one_of_those_there_are(site, label) -> None:
    for why in ("", "because"):
        answer = ask(site, label, why=why)
        assert answer.status_code == 422
        assert 'id="why-wrong"' in answer.text


def test_another_person_approves(site, label, read) -> None:
    needs_approval(site, label)
    answer = ask(site, label, who="anna")
    assert answer.location == f"/qa/serials?product={label['product']}&serial={label['serial']}"
    (asked,) = [found for found in reprints_of(site, "asked") if found["serial"] == label["serial"]]
    anna, boris = site.person("qa", "anna"), site.person("qa", "boris")
    assert label["serial"] in read(anna.get("/qa/reprints"))
    assert "You asked for it" in read(anna.get("/qa/reprints"))
    path = f"/qa/reprints/{asked['id']}/approve"
    refused = anna.post(path, key=site.fresh("form"))
    assert refused.status_code == 403
    assert "Expected another person than the one who asked" in read(refused)
    answer = boris.post(path, key=site.fresh("form"))
    assert answer.status_code == 303
    assert answer.location.startswith("/printers/jobs/")
    assert label["serial"] not in read(boris.get("/qa/reprints"))


def test_another_person_refuses_with_a_reason(site, label, read) -> None:
    needs_approval(site, label)
    ask(site, label, who="anna")
    (asked,) = [found for found in reprints_of(site, "asked") if found["serial"] == label["serial"]]
    boris, path = site.person("qa", "boris"), f"/qa/reprints/{asked['id']}/refuse"
    assert boris.post(path, reason=" ").status_code == 422
    assert boris.post(path, reason="the label is good").status_code == 303
    found = site.client().get(f"/api/v1/reprints/{asked['id']}").json
    assert (found["state"], found["decided_by"], found["decision"]) == ("refused", "boris", "the label is good")
    story = read(boris.get(f"/qa/serials?product={label['product']}&serial={label['serial']}"))
    for part in ("Reprints", "user anna", "torn", "destroyed", "refused user boris the label is good"):
        assert part in story
