"""/scan: what is meant by a scan, what came of it, and the scans before it."""

from __future__ import annotations

import re

import pytest

HERE = "9521321000001"
HERE_URI = f"https://id.gs1.org/414/{HERE}"


@pytest.fixture
def unit(unit_of):
    return unit_of()


def scanned(person, read_key, text: str, intent: str = "find", **more: str):
    """Scan as a person does: with the key that the page gave."""
    key = read_key(person.get("/scan"), "key")
    return person.post("/scan", text=text, intent=intent, key=key, **more)


@pytest.mark.parametrize("role", ["warehouse", "retail"])
def test_who_signs_in_at_a_warehouse_or_a_shop_comes_to_the_scans(site, role, hidden_in) -> None:
    site.person(role)
    client = site.app.test_client()
    key = hidden_in(client.get("/sign-in"), "form_key")
    fields = {"form_key": key, "name": f"{role}.person", "password": "correct horse battery"}
    answer = client.post("/sign-in", data=fields)
    assert (answer.status_code, answer.location) == (303, "/scan")
    assert 'id="text" name="text" value="" class="scan big"' in client.get("/scan").text


def test_what_came_of_a_scan_is_a_word_a_colour_and_a_line(site, unit, hidden_in, came_of) -> None:
    person = site.person("warehouse")
    answer = scanned(person, hidden_in, unit["text"], "receive", place=HERE)
    assert answer.status_code == 200
    assert came_of(answer) == ("good", "done", "Received; in stock.")
    story = site.client().get("/api/v1/units", query_string={"epc": unit["epc"]}).json
    assert (story["state"], story["location"]) == ("in_stock", HERE_URI)
    assert story["events"][-1]["actor"] == "warehouse.person"


def test_intent_and_place_stay_for_the_next_scan_and_the_scan_does_not(site, unit, hidden_in) -> None:
    person = site.person("warehouse")
    answer = scanned(person, hidden_in, unit["text"], "stock", place=HERE, reason="moved", happened="yes")
    assert re.search(r'id="text" name="text" value=""', answer.text)
    assert re.search(r'value="stock" checked', answer.text)
    assert f'name="place" type="text" value="{HERE}"' in answer.text
    assert 'name="reason" type="text" value=""' in answer.text
    assert not re.search(r'name="happened" value="yes" checked', answer.text)


def test_the_address_of_a_desk_says_intent_and_place(site) -> None:
    text = site.person("retail").get(f"/scan?intent=sell&place={HERE}").text
    assert re.findall(r'value="([a-z_]+)" checked', text) == ["sell"]
    assert f'name="place" type="text" value="{HERE}"' in text


def test_a_form_that_is_sent_twice_is_one_scan(site, unit, hidden_in, came_of) -> None:
    """Without its id the second one would be flagged: what is sold is not sold again."""
    person = site.person("retail")
    page = person.get("/scan")
    fields = {"text": unit["text"], "intent": "sell", "key": hidden_in(page, "key")}
    first = person.post("/scan", **fields)
    assert came_of(first) == ("good", "done", "Sold.")
    assert came_of(person.post("/scan", **fields)) == came_of(first)
    following = {**fields, "key": hidden_in(first, "key")}
    assert following["key"] != fields["key"]
    assert came_of(person.post("/scan", **following))[1] == "refused"


def test_what_may_not_be_done_is_refused_and_is_kept_as_done_where_it_was(site, unit, hidden_in, came_of) -> None:
    person = site.person("warehouse")
    scanned(person, hidden_in, unit["text"], "hold")
    answer = scanned(person, hidden_in, unit["text"], "sell")
    assert came_of(answer)[:2] == ("bad", "refused")
    assert "it is on hold and may not be sold" in came_of(answer)[2]
    answer = scanned(person, hidden_in, unit["text"], "sell", happened="yes")
    assert came_of(answer)[:2] == ("wait", "flagged")


def test_a_text_that_nothing_has_is_unknown_and_is_shown_harmless(site, hidden_in, came_of) -> None:
    person = site.person("qa")
    answer = scanned(person, hidden_in, "<script>alert(1)</script>")
    assert came_of(answer)[:2] == ("bad", "unknown")
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text  # among the last scans


def test_a_serial_that_two_products_have_is_ambiguous_and_one_is_chosen(site, hidden_in, came_of) -> None:
    """What is meant, and where, goes with the choice."""
    products = [site.product(scheme="{seq:6}") for _ in range(2)]
    batches = [site.batch(1, site.lot(product)) for product in products]
    assert batches[0]["first_serial"] == batches[1]["first_serial"]
    person = site.person("warehouse")
    answer = scanned(person, hidden_in, batches[0]["first_serial"], "receive", place=HERE)
    assert came_of(answer)[:2] == ("busy", "ambiguous")
    forms = re.findall(r'<form method="post" action="/scan" class="spaced">.*?</form>', answer.text, re.DOTALL)
    assert len(forms) == 2
    chosen = next(form for form in forms if batches[1]["product"] in form)
    fields = dict(re.findall(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">', chosen))
    assert (fields["intent"], fields["place"]) == ("receive", HERE)
    person.post("/scan", **{name: value for name, value in fields.items() if name != "form_key"})
    epc = f"https://id.gs1.org/01/{batches[1]['product']}/21/{batches[1]['first_serial']}"
    assert site.client().get("/api/v1/units", query_string={"epc": epc}).json["events"][0]["biz_step"] == "receiving"


def test_packing_names_what_it_goes_into(site, unit, hidden_in, came_of) -> None:
    case = "00095213210000000018"
    person = site.person("warehouse")
    answer = scanned(person, hidden_in, unit["text"], "pack")
    assert answer.status_code == 422
    assert 'id="parent-wrong"' in answer.text
    answer = scanned(person, hidden_in, unit["text"], "pack", parent=case)
    assert came_of(answer)[1] == "done"
    # The case stays for the next one.
    assert f'name="parent" value="{case}"' in answer.text


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"text": ""}, "text", "Expected a scan, got nothing."),
        ({"text": "x" * 4_097}, "text", "Expected at most 4096 characters, got 4097."),
        ({"intent": "eat"}, "intent", "Expected one of find, receive"),
        ({"intent": ""}, "intent", "Expected intent, got nothing."),
        ({"place": "9521321000009"}, "place", "Expected check digit"),
        ({"product": "12345678"}, "product", "Expected"),
        ({"intent": "inspect"}, "result", "Expected result, got nothing."),
        ({"reason": "r" * 501}, "reason", "Expected at most 500 characters, got 501."),
    ],
)
def test_what_is_wrong_stands_beside_the_field_and_nothing_is_kept(
    site, read, hidden_in, fields, field, sentence
) -> None:
    person = site.person("qa", name="qa.careless")
    key = hidden_in(person.get("/scan"), "key")
    answer = person.post("/scan", **{"text": "X1", "intent": "find", "key": key, **fields})
    assert answer.status_code == 422
    assert f'id="{field}-wrong"' in answer.text
    assert sentence in read(answer)
    assert hidden_in(answer, "key") == key
    assert "None yet." in read(answer)


def test_the_last_ten_scans_are_those_of_the_one_who_asks(site, unit, hidden_in) -> None:
    person = site.person("warehouse", name="warehouse.busy")
    for number in range(11):
        scanned(person, hidden_in, f"N0THING{number:02}")
    answer = scanned(person, hidden_in, unit["text"])
    rows = re.findall(r"<tr><td><time.*?</tr>", answer.text)
    assert len(rows) == 10
    assert f"/units?epc=https%3A//id.gs1.org/01/{unit['product']}/21/{unit['first_serial']}" in rows[0]
    assert "N0THING10" in rows[1]
    assert "None yet." in site.person("retail", name="retail.new").get("/scan").text


def test_a_scan_without_the_key_of_its_session_is_none(site, unit) -> None:
    person = site.person("warehouse")
    answer = person.client.post("/scan", data={"text": unit["text"], "intent": "sell", "key": "form-x"})
    assert answer.status_code == 403
    assert answer.mimetype == "text/html"
