"""/complaints: a complaint by a scan, and all that is known of its unit on one page."""

from __future__ import annotations

import re

import pytest

WORDS = {"category": "damaged", "severity": "major", "text": "It <leaks>.\r\nFrom the lid."}


@pytest.fixture(scope="module")
def unit(unit_of):
    return unit_of()


def opened(person, hidden_in, text: str, **more: str):
    key = hidden_in(person.get("/complaints"), "key")
    return person.post("/complaints", unit=text, key=key, **{**WORDS, **more})


def test_a_complaint_is_opened_once_and_shows_all_that_is_known(site, unit, read, hidden_in) -> None:
    person = site.person("qa")
    fields = {"unit": unit["text"], "key": hidden_in(person.get("/complaints"), "key"), **WORDS}
    answer = person.post("/complaints", **fields)
    assert answer.status_code == 303
    assert person.post("/complaints", **fields).location == answer.location
    page = person.get(answer.location)
    shown = read(page)
    for part in (
        "It <leaks>. From the lid.",
        "damaged major",
        f"1 of batch {unit['id']}",
        "Of all other units of the product 0 of 0 were complained of.",
        "What became of its label",
        "commissioning ADD",
        "Not through us.",
    ):
        assert part in shown, part
    assert "<leaks>" not in page.text
    for link in set(re.findall(r'(?:href|src)="(/(?!static|sign)[^"#]*)"', page.text)):
        assert person.get(link.replace("&amp;", "&")).status_code == 200, link
    listed = read(person.get("/complaints"))
    assert f"(01){unit['product']}(21){unit['first_serial']}" in listed


def test_a_shop_opens_one_and_sees_no_more_than_that(site, unit_of, read, hidden_in) -> None:
    unit, person = unit_of(), site.person("retail")
    answer = opened(person, hidden_in, unit["text"])
    shown = read(person.get(answer.location))
    assert "It <leaks>." in shown
    assert "Its neighbours" not in shown
    assert "What happened to it" not in shown
    fields = {"state": "closed", "severity": "minor", "resolution": "Nothing."}
    assert person.post(answer.location, **fields).status_code == 403


def test_it_is_looked_into_and_closed_with_what_came_of_it(site, unit_of, read, hidden_in) -> None:
    person = site.person("qa")
    path = opened(person, hidden_in, unit_of()["text"]).location
    moved = person.post(path, state="investigating", severity="critical", owner="carol", resolution="")
    assert (moved.status_code, moved.location) == (303, path)
    refused = person.post(path, state="closed", severity="critical", owner="carol", resolution=" ")
    assert refused.status_code == 422
    assert 'id="resolution-wrong"' in refused.text
    assert (
        person.post(path, state="closed", severity="minor", owner="carol", resolution="A\nworn lid.").location == path
    )
    shown = read(person.get(path))
    assert "State closed" in shown
    assert "Looked into by carol" in shown
    assert "A worn lid." in shown
    assert person.post(path, state="open", severity="minor").status_code == 409
    number = path.rpartition("/")[2]
    assert f'<a href="/complaints/{number}">' not in person.get("/complaints").text
    assert f'<a href="/complaints/{number}">' in person.get("/complaints?state=closed").text


def test_the_page_of_a_unit_leads_to_its_complaint(site, unit) -> None:
    person = site.person("retail")
    (link,) = re.findall(
        r'href="(/complaints\?[^"]+)"', person.get(f"/units/{unit['product']}/{unit['first_serial']}").text
    )
    assert f'name="unit" value="{unit["epc"]}"' in person.get(link).text


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"unit": ""}, "unit", "Expected a scan, got nothing."),
        ({"unit": "<script>"}, "unit", "Expected"),
        ({"category": "ugly"}, "category", "Expected one of damaged"),
        ({"severity": ""}, "severity", "Expected severity, got nothing."),
        ({"text": " "}, "text", "Expected 1 to 4,000 printable characters"),
        ({"customer": "nobody"}, "customer", "Expected"),
        ({"follows": "99999"}, "follows", "Expected"),
        ({"follows": "x"}, "follows", "Expected a whole number"),
    ],
)
def test_what_is_wrong_stands_beside_the_field(site, unit, read, hidden_in, fields, field, sentence) -> None:
    person = site.person("retail")
    key = hidden_in(person.get("/complaints"), "key")
    answer = person.post("/complaints", **{"unit": unit["text"], "key": key, **WORDS, **fields})
    assert answer.status_code == 422
    assert f'id="{field}-wrong"' in answer.text
    assert sentence in read(answer)
    assert "<script>" not in answer.text.replace('<script src="', "")
    assert hidden_in(answer, "key") == key


@pytest.mark.parametrize("path", ["/complaints/999999", "/complaints?state=eaten", "/complaints?after=x"])
def test_what_is_none_is_said_on_a_page(site, path) -> None:
    answer = site.person("qa").get(path)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
