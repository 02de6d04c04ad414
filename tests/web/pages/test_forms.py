"""What holds for every page: headers, form keys, bad input, hostile names."""

from __future__ import annotations

import pytest

from labelsvc.errors import InvalidInput
from labelsvc.web.pages.forms import Form, scanned, serial_in

PRODUCT = "09506000134352"
GET_PAGES = ("/", "/sign-in", "/line", "/printers", "/qa")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@pytest.mark.parametrize("path", [*GET_PAGES, "/qa/serials", "/qa/lots/999"])
def test_a_page_lets_a_browser_load_nothing_but_our_files(site, path) -> None:
    """Also one that says what is wrong."""
    answer = site.person().get(path)
    assert answer.mimetype == "text/html"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", GET_PAGES)
def test_a_page_says_its_language_and_its_name(site, path) -> None:
    text = site.person().get(path).text
    assert text.startswith('<!doctype html>\n<html lang="en">')
    assert text.count("<h1>") == 1
    assert " · labelsvc</title>" in text


@pytest.mark.parametrize("key", [None, "", "0" * 64, "ü", "another's"])
def test_a_form_without_its_sessions_key_does_nothing(site, key) -> None:
    person, lot = site.person("line"), site.lot()
    fields = {"lot": str(lot["id"]), "quantity": "5", "key": "form-x"}
    if key == "another's":
        key = site.person("line").form_key
    answer = person.client.post("/line", data=fields | ({} if key is None else {"form_key": key}))
    assert answer.status_code == 403
    assert "Expected a form of this session" in answer.text
    assert site.client().get(f"/api/v1/lots/{lot['id']}/batches").json["items"] == []


def test_a_form_that_another_site_sent_does_nothing(site) -> None:
    person = site.person("line")
    data = {"form_key": person.form_key, "lot": "1", "quantity": "5"}
    answer = person.client.post("/line", data=data, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


def test_a_form_is_a_form(site) -> None:
    person = site.person("line")
    assert person.client.post("/line", json={"form_key": person.form_key}).status_code == 415
    data = {"form_key": person.form_key, "file": (b"x", "x.txt")}
    assert person.client.post("/line", data=data, content_type="multipart/form-data").status_code == 415
    huge = {"form_key": person.form_key, "quantity": "1" * 1_000_001}
    answer = person.client.post("/line", data=huge)
    assert (answer.status_code, answer.mimetype) == (413, "text/html")


def test_a_parameter_that_a_page_does_not_know_is_refused_on_a_page(site) -> None:
    answer = site.person().get("/qa?lot=1")
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert "Expected no parameters, got lot." in answer.text


def test_what_is_not_there_is_said_on_a_page(site) -> None:
    for path in ("/line/batches/999", "/printers/jobs/999", "/qa/lots/999"):
        answer = site.person().get(path)
        assert (answer.status_code, answer.mimetype) == (404, "text/html")
        assert "999" in answer.text
    assert site.person().get("/qa/lots/0").status_code == 404


def test_a_name_with_a_script_in_it_is_text(site) -> None:
    """On every page that shows it."""
    evil = "<script>alert('1')</script> \"& x"
    product = site.product(name=evil)
    lot = site.lot(product)
    printer = site.posted(
        "/api/v1/printers",
        {"name": "<b>'\"&", "uri": "file:///b.zpl", "dpmm": 8, "media_width": 100, "media_height": 50},
    )
    batch = site.batch(2, lot, printer=printer["name"])
    serial, person = batch["first_serial"], site.person()
    pages = [
        "/line",
        f"/line/batches/{batch['id']}",
        "/printers",
        f"/printers/jobs/{batch['job']}",
        "/qa",
        f"/qa/lots/{lot['id']}",
        f"/qa/serials?product={product['gtin']}&serial={serial}",
    ]
    for path in pages:
        answer = person.get(path)
        assert answer.status_code == 200, path
        assert "<script>" not in answer.text, path
        assert "<b>" not in answer.text, path
    assert "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &#34;&amp; x" in person.get("/line").text


def test_what_was_written_is_shown_again_as_text(site) -> None:
    evil = '"><script>alert(1)</script>'
    person = site.person()
    answers = [
        person.post("/line", lot=evil, lot_id=evil, quantity=evil, printer=evil, line=evil, key=evil),
        person.post("/qa", text=evil, product=evil, lot=evil),
        person.post("/qa/serials/move", product=evil, serial=evil, outcome=evil, reason=evil, key=evil),
        person.client.post("/sign-in", data={"name": evil, "password": evil, "form_key": evil}),
    ]
    for answer in answers:
        assert answer.status_code in (403, 422)
        assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0109506000134352\u241d21A\u2192B ", "0109506000134352\x1d21A\x1dB"),
        ("\t\x1d01\r\n", "\x1d01"),
        ("plain", "plain"),
        ("  ", ""),
    ],
)
def test_a_gs_is_read_however_it_was_typed(typed, said) -> None:
    assert scanned(typed) == said


def test_scans_stand_one_a_line_and_a_gs_ends_none() -> None:
    form = Form({"scanned": "01095060001343521726113010L1\x1d21A\r\n\r\n21B\n"})
    assert form.scans("scanned") == ("01095060001343521726113010L1\x1d21A", "21B")


@pytest.mark.parametrize(
    "text",
    [
        f"01{PRODUCT}1728111910L-1\x1d21SERIAL",
        f"]d201{PRODUCT}21SERIAL",
        f"https://id.example.com/01/{PRODUCT}/10/L-1/21/SERIAL",
        "SERIAL",
    ],
)
def test_a_serial_is_taken_out_of_whatever_a_scanner_typed(text) -> None:
    assert serial_in(text, PRODUCT, "/last_good") == "SERIAL"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("010950600013433821SERIAL", "scan_product"),
        ("https://id.example.com/01/09506000134338/21/SERIAL", "scan_product"),
        ("https://id.example.com/01/09506000134352", "scan_unreadable"),
        ("labelsvc:lot/1/5/" + "0" * 64, "scan_unreadable"),
        ("no serial of ours, that is", "scan_unreadable"),
    ],
)
def test_another_products_label_and_any_other_text_are_refused(text, code) -> None:
    with pytest.raises(InvalidInput) as refusal:
        serial_in(text, PRODUCT, "/last_good")
    assert (refusal.value.code, refusal.value.pointer) == (code, "/last_good")


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "x", "\uff19", "9" * 20, "9223372036854775808", "1e3", "1 2"])
def test_a_number_is_a_whole_one_from_1(text) -> None:
    with pytest.raises(InvalidInput) as refusal:
        Form({"quantity": text}).whole("quantity")
    assert refusal.value.pointer == "/quantity"
