from __future__ import annotations

import csv
import io
from urllib.parse import quote

import pytest


@pytest.fixture(scope="module")
def known(site):
    """A product of which A0001 alone was issued."""
    product = site.product(scheme="A{seq:4}")
    site.batch(1, site.lot(product))
    return product


def test_every_role_reads_a_serial_back_to_its_lot(site) -> None:
    product = site.product(scheme="A{seq:4}")
    lot = site.lot(product)
    site.batch(10, lot)
    batch = site.batch(5, lot)
    for role in ("line", "station", "qa", "admin"):
        found = site.client(role).get(f"/api/v1/serials/{product['gtin']}/A0012").json
        assert found["status"] == "issued"
        assert (found["batch"], found["label"], found["ordinal"]) == (batch["id"], 2, 11)
        assert (found["lot"]["id"], found["lot"]["number"]) == (lot["id"], lot["number"])
        assert found["lot"]["expiry_date"] == lot["expiry_date"]
        assert found["outcome"] == "held"
        assert found["links"]["batch"] == batch["links"]["self"]


def test_every_serial_of_an_unguessable_scheme_is_found(site) -> None:
    product = site.product()
    batch = site.batch(20, site.lot(product))
    text = site.client().get(batch["links"]["serials"]).get_data(as_text=True)
    for row in csv.DictReader(io.StringIO(text)):
        found = site.client().get(f"/api/v1/serials/{product['gtin'][1:]}/{row['serial']}").json
        assert (found["batch"], str(found["label"])) == (batch["id"], row["label"])


def test_the_lot_is_shown_as_it_was_when_the_serial_was_issued(site) -> None:
    product = site.product(scheme="A{seq:4}")
    lot = site.lot(product, expiry_date="2027-11-20")
    site.batch(1, lot)
    site.client().put(lot["links"]["self"], json={"production_date": "2026-11-20", "expiry_date": "2027-12-31"})
    site.batch(1, lot)
    path = f"/api/v1/serials/{product['gtin']}/"
    old, new = site.client().get(path + "A0001").json["lot"], site.client().get(path + "A0002").json["lot"]
    assert (old["revision"], old["expiry_date"]) == (1, "2027-11-20")
    assert (new["revision"], new["expiry_date"]) == (2, "2027-12-31")


@pytest.mark.parametrize(
    "serial", ["A0002", "A9999", "B0001", "A1", "X/Y", "a%2fb", "7Q2XK4M9PA", "A0001A0001A0001A0001"]
)
def test_a_text_that_was_never_issued_is_404(site, known, serial: str) -> None:
    answer = site.client().get(f"/api/v1/serials/{known['gtin']}/{serial}")
    assert (answer.status_code, answer.json["code"]) == (404, "never_issued")


@pytest.mark.parametrize(
    "serial", ["x" * 21, "^XZ", "~JA", "a\x02b", "a\x1eb", "a\nb", "\n", "a b", "a\x00b", "💊", "é", "#1", "a\x1d21b"]
)
def test_a_malformed_serial_is_refused_with_the_rule(site, known, serial: str) -> None:
    answer = site.client().get(f"/api/v1/serials/{known['gtin']}/{quote(serial, safe='')}")
    assert answer.status_code == 422
    assert answer.json["parameter"] == "serial"
    assert answer.json["detail"].startswith("Expected ")


@pytest.mark.parametrize(
    ("code", "status", "problem"),
    [
        ("4006381333932", 422, "gtin_check_digit"),
        ("%5EXZ", 422, "item_characters"),
        ("NOTHING", 404, "product_unknown"),
    ],
)
def test_a_product_that_is_malformed_or_unknown_is_told_apart(site, code: str, status: int, problem: str) -> None:
    answer = site.client().get(f"/api/v1/serials/{code}/A0001")
    assert (answer.status_code, answer.json["code"]) == (status, problem)


def test_bytes_that_are_no_utf8_are_no_serial(site) -> None:
    product = site.product()
    answer = site.client().get(f"/api/v1/serials/{product['gtin']}/%ff%fe")
    assert answer.status_code == 422
