"""Texts that would be commands to a printer, a terminal or a spreadsheet, from the request to the label."""

from __future__ import annotations

import pytest

COMMANDS = ["^XZ", "~JA", "^FS^XZ^XA^FDx", "_5EXZ", "%n", "<&>'\"", "=1+1", ",;|", "\\5EXZ"]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_name_that_looks_like_a_command_is_printed_not_obeyed(site, name: str) -> None:
    batch = site.batch(2, site.lot(site.product(name=f"A {name} B")))
    zpl = site.client().get(batch["links"]["labels_zpl"]).get_data()
    assert (zpl.count(b"^XA"), zpl.count(b"^XZ")) == (2, 2)
    assert b"~" not in zpl
    assert b"^FDx" not in zpl
    assert site.client().get(batch["links"]["labels_pdf"]).get_data().startswith(b"%PDF-")


@pytest.mark.parametrize("line", COMMANDS)
def test_a_production_line_that_looks_like_a_command_is_printed_not_obeyed(site, line: str) -> None:
    batch = site.batch(2, line=line)
    zpl = site.client().get(batch["links"]["labels_zpl"]).get_data()
    assert (zpl.count(b"^XA"), zpl.count(b"^XZ")) == (2, 2)
    assert b"~" not in zpl


@pytest.mark.parametrize("char", ["\x00", "\x02", "\x03", "\x1d", "\x1e", "\n", "\r", "\t", "\u2028", "\ud800"])
def test_a_name_with_a_control_character_is_refused(site, char: str) -> None:
    body = {"item": site.fresh("I"), "name": f"a{char}b", "scheme": "{rnd:10}", "label_format": "item-70x35"}
    answer = site.client().post("/api/v1/products", json=body)
    assert (answer.status_code, answer.json["pointer"]) == (422, "/name")
    assert answer.json["detail"].isprintable()


def test_a_name_that_no_font_of_ours_has_is_refused_before_anything_is_taken(site) -> None:
    lot = site.lot(site.product(name="Ibuprofen 💊"))
    path = f"{lot['links']['self']}/batches"
    answer = site.client().post(path, json={"quantity": 1}, headers={"Idempotency-Key": site.fresh("k")})
    assert answer.status_code == 422
    assert "1F48A" in answer.json["detail"].upper() or "💊" in answer.json["detail"]
    assert site.client().get(path).json["items"] == []


def test_a_name_that_is_too_long_for_its_label_is_refused_before_anything_is_taken(site) -> None:
    lot = site.lot(site.product(name="W" * 200))
    path = f"{lot['links']['self']}/batches"
    answer = site.client().post(path, json={"quantity": 1}, headers={"Idempotency-Key": site.fresh("k")})
    assert answer.status_code == 422
    assert site.client().get(path).json["items"] == []


@pytest.mark.parametrize("number", ["^", "~JA", "#", "a b", "[1]", "{1}", "\\", "`", "@1", "$1"])
def test_a_lot_number_has_no_character_that_a_printer_takes_for_its_own(site, number: str) -> None:
    body = {"product": site.product()["gtin"], "number": number, "production_date": "2026-11-20"}
    answer = site.client().post("/api/v1/lots", json=body)
    assert (answer.status_code, answer.json["pointer"]) == (422, "/number")


def test_no_serial_of_a_table_begins_like_a_formula(site) -> None:
    for scheme in ("={seq:4}", "+{seq:4}", "-{seq:4}", "@{seq:4}"):
        body = {"item": site.fresh("I"), "name": "a", "scheme": scheme, "label_format": "item-70x35"}
        answer = site.client().post("/api/v1/products", json=body)
        assert (answer.status_code, answer.json["pointer"]) == (422, "/scheme")
