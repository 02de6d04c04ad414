"""/qa/lots: every number explained, and the end of a lot."""

from __future__ import annotations

import re

import pytest


@pytest.fixture
def lot(site):
    lot = site.lot()
    site.batch(5, lot)
    return lot


def state(site, lot):
    return site.client().get(f"/api/v1/lots/{lot['id']}/reconciliation").json


def test_every_figure_leads_to_its_serials(site, lot, read) -> None:
    person = site.person("qa")
    page = person.get(f"/qa/lots/{lot['id']}")
    assert "held to be explained 5" in read(page)
    assert "Granted 5 Difference 0" in read(page)
    (link,) = re.findall(r'<td class="number"><a href="([^"]+)">5</a>', page.text)
    assert link == f"/qa/lots/{lot['id']}/serials?outcome=held"
    assert len(re.findall(r'<a class="code" href="/qa/serials\?product=', person.get(link).text)) == 5


def test_many_serials_are_read_page_by_page(site) -> None:
    lot = site.lot()
    site.batch(450, lot)
    person, path, found = site.person("qa"), f"/qa/lots/{lot['id']}/serials?outcome=held", []
    while path:
        text = person.get(path).text
        found += re.findall(r'<a class="code" [^>]*>([^<]+)</a>', text)
        following = re.search(r'<a href="(\?[^"]+)">The next ones', text)
        path = following and f"/qa/lots/{lot['id']}/serials" + following[1].replace("&amp;", "&")
    assert len(found) == len(set(found)) == 450


def test_a_lot_that_is_not_settled_cannot_be_closed_and_says_why(site, lot, read) -> None:
    answer = site.person("qa").post(f"/qa/lots/{lot['id']}/close")
    assert answer.status_code == 409
    assert "Expected every number of the lot accounted for, got 5 held." in read(answer)


def test_what_is_declared_and_closed_stays_so(site, lot, read) -> None:
    person = site.person("qa")
    path = f"/qa/lots/{lot['id']}"
    answer = person.post(
        f"{path}/declare", declaration="held-confirmed", statement="All stuck on, seen by A.", key=site.fresh("form")
    )
    assert (answer.status_code, answer.location) == (303, path)
    assert state(site, lot)["outcomes"]["confirmed"] == 5
    assert person.post(f"{path}/close", closing="Lot complete.").status_code == 303
    shown = read(person.get(path))
    assert "closed" in shown
    assert "by user qa.person" in shown
    assert "Lot complete." in shown
    assert "Close the lot for ever" not in shown
    assert person.get(f"/api/v1/lots/{lot['id']}/close-report.pdf").get_data().startswith(b"%PDF")


@pytest.mark.parametrize("declaration", ["", "sent-returned", "x-y", "held"])
def test_a_declaration_is_one_of_those_that_can_be(site, lot, declaration) -> None:
    answer = site.person("qa").post(
        f"/qa/lots/{lot['id']}/declare", declaration=declaration, statement="x", key=site.fresh("form")
    )
    assert answer.status_code == 422
    assert 'id="declaration-wrong"' in answer.text
    assert state(site, lot)["outcomes"]["held"] == 5


def test_a_declaration_needs_its_statement(site, lot) -> None:
    answer = site.person("qa").post(
        f"/qa/lots/{lot['id']}/declare", declaration="held-absent", statement="", key=site.fresh("form")
    )
    assert answer.status_code == 422
    assert 'id="statement-wrong"' in answer.text


def test_which_labels_are_to_be_scanned_is_set(site, lot, read) -> None:
    person, path = site.person("qa"), f"/qa/lots/{lot['id']}"
    assert person.post(f"{path}/sampling", plan="nth", nth="2").status_code == 303
    assert "Still to scan 3" in read(person.get(path))
    for fields, name in (({"plan": "some"}, "plan"), ({"plan": "nth", "nth": "0"}, "nth")):
        answer = person.post(f"{path}/sampling", **fields)
        assert answer.status_code == 422
        assert f'id="{name}-wrong"' in answer.text


@pytest.mark.parametrize("query", ["", "?outcome=x", "?outcome=held&after=x", "?outcome=held&after=-1"])
def test_another_figure_is_none(site, lot, query) -> None:
    answer = site.person("qa").get(f"/qa/lots/{lot['id']}/serials{query}")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_what_is_declared_is_what_the_page_showed(site, lot, read) -> None:
    person = site.person("qa")
    path = f"/qa/lots/{lot['id']}"
    assert 'name="seen_held" value="5"' in person.get(path).text
    site.batch(1, lot)
    said = {"declaration": "held-confirmed", "statement": "All stuck on.", "seen_held": "5", "key": site.fresh("form")}
    answer = person.post(f"{path}/declare", **said)
    assert answer.status_code == 409
    assert "Expected 5 numbers that are held, got 6: look again." in read(answer)
    assert state(site, lot)["outcomes"]["held"] == 6
