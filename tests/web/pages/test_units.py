"""/units: what a thing is, how it stands, and all that ever happened to it."""

from __future__ import annotations

import re

import pytest

HERE = "https://id.gs1.org/414/9521321000001"
CASE = "https://id.gs1.org/00/095213210000000018"


@pytest.fixture
def unit(unit_of):
    return unit_of()


def scan(site, text: str, intent: str, **more):
    answer = site.posted("/api/v1/scans", {"text": text, "intent": intent, **more}, Idempotency_Key=site.fresh("scan"))
    assert answer["result"] in ("done", "flagged"), answer
    return answer


def page_of(unit) -> str:
    return f"/units/{unit['product']}/{unit['first_serial']}"


def story(answer) -> list[str]:
    body = answer.text[answer.text.index('id="story"') :]
    rows = re.findall(r"<tr>\s*<td>.*?</tr>", body, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in rows]


def test_the_story_is_told_in_order_with_the_clock_of_the_place(site, unit) -> None:
    scan(site, unit["text"], "receive", place=HERE, at="2030-05-01T10:00:00+02:00", happened=True)
    rows = story(site.person("warehouse").get(page_of(unit)))
    assert len(rows) == 2
    assert "commissioning ADD" in rows[0]
    assert rows[1].startswith("2030-05-01 10:00:00 +02:00 receiving OBSERVE , in progress flagged its time lies in")
    assert "(414)9521321000001" in rows[1]
    assert "admin key" in rows[1]


def test_what_happened_to_the_case_happened_to_what_is_inside(site, unit) -> None:
    scan(site, unit["text"], "pack", parent=CASE)
    scan(site, CASE, "ship", place=HERE)
    answer = site.person("warehouse").get(page_of(unit))
    link = f'<a class="code" href="/units?epc={CASE.replace(":", "%3A")}" title="{CASE}">(00)095213210000000018</a>'
    assert answer.text.count(link) >= 3  # inside it now; by the packing; by the shipping
    assert "in transit" in answer.text
    assert "shipping" in story(answer)[-1]


def test_what_one_should_know_stands_above_all(site, unit, read) -> None:
    assert 'id="warnings"' not in site.person("qa").get(page_of(unit)).text
    scan(site, unit["text"], "hold")
    shown = read(site.person("qa").get(page_of(unit)))
    assert shown.index("Take care It is on hold.") < shown.index("How it stands")


@pytest.mark.parametrize(("role", "leads"), [("qa", True), ("line", True), ("warehouse", False)])
def test_a_page_leads_to_what_its_reader_may_see(site, unit, role, leads) -> None:
    person = site.person(role)
    text = person.get(page_of(unit)).text
    links = set(re.findall(r'(?:href|src)="(/(?:qa/|line/|api/|verify/)[^"]+)"', text))
    assert bool(links) is True
    assert any(link.startswith("/api/v1/batches/") for link in links) is leads
    for link in links:
        assert person.get(link.replace("&amp;", "&")).status_code == 200, link


@pytest.mark.parametrize("form", ["link", "urn", "serial"])
def test_a_unit_is_found_by_its_link_its_urn_and_its_serial(site, unit, read, form) -> None:
    gtin = unit["product"]
    asked = {
        "link": {"epc": unit["epc"]},
        "urn": {"epc": f"urn:epc:id:sgtin:{gtin[1:8]}.{gtin[0]}{gtin[8:13]}.{unit['first_serial']}"},
        "serial": {"product": gtin, "serial": unit["first_serial"]},
    }[form]
    answer = site.person("line").get("/units", query_string=asked)
    assert answer.status_code == 200
    assert f"Unit {unit['first_serial']}" in read(answer)


def test_what_others_made_is_told_as_far_as_it_is_known(site, read) -> None:
    epc = "https://id.gs1.org/01/09521141111116/21/%3Cb%3E"
    scan(site, epc, "receive", place=HERE)
    answer = site.person("warehouse").get("/units", query_string={"epc": epc})
    assert "Unit <b> How it stands State in stock" in read(answer)
    assert "<b>" not in answer.text
    assert "/api/v1/batches/" not in answer.text


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("epc=nothing", 422, "Expected a URI"),
        ("epc=https://id.gs1.org/01/09521141111116", 422, "Expected the EPC of one thing"),
        ("epc=https://id.gs1.org/01/09521141111116/21/NEVER", 404, "Expected a unit that some event names"),
        ("product=12345678&serial=2", 422, "Expected"),
        ("product=09521141111116", 422, "Expected"),
        ("serial=%22%3E%3Cscript%3Ealert(1)%3C/script%3E", 422, "Expected"),
    ],
)
def test_what_is_wrong_stands_by_the_field(site, read, query, status, sentence) -> None:
    answer = site.person("retail").get(f"/units?{query}")
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert sentence in read(answer)
    assert "<script>alert" not in answer.text


def test_an_address_that_names_no_unit_is_a_page_too(site, unit) -> None:
    answer = site.person("qa").get(f"/units/{unit['product']}/NEVERWAS")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_without_a_question_it_asks(site) -> None:
    answer = site.person("station").get("/units")
    assert answer.status_code == 200
    assert "form_key" not in re.findall(r'<form method="get".*?</form>', answer.text, re.DOTALL)[0]


def test_who_let_it_pass_without_its_tests_stands_there_for_ever(site, unit, read) -> None:
    scan(site, unit["text"], "find")
    epc = f"https://id.gs1.org/01/{unit['product']}/21/{unit['first_serial']}"
    body = {"units": [epc], "reason": "the customer knows of the scratch"}
    asked = site.posted("/api/v1/overrides", body, Idempotency_Key=site.fresh("override"))
    path, key = f"/api/v1/overrides/{asked['id']}/approve", {"Idempotency-Key": site.fresh("override")}
    assert site.client("qa").post(path, headers=key).status_code == 200
    shown = read(site.person("retail").get(page_of(unit)))
    assert "the customer knows of the scratch: asked for by admin key" in shown
    assert "approved by qa key" in shown
