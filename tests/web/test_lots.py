from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def known(site):
    """A product for lots that are refused."""
    return site.product()


def opened(site, **more):
    body = {"number": "L-1", "production_date": "2026-11-20", **more}
    body = {"product": site.product()["gtin"], **body} if "product" not in more else body
    return site.client().post("/api/v1/lots", json=body)


def test_a_lot_is_opened_shown_and_listed(site) -> None:
    product = site.product()
    made = site.lot(product, number="L-2026-118")
    assert made["product"] == product["gtin"]
    assert made["revision"] == 1
    assert site.client().get(made["links"]["self"]).json == made
    assert site.client().get(product["links"]["lots"]).json == {"items": [made], "next": None}


def test_the_product_may_be_given_as_a_gtin_of_any_length(site) -> None:
    site.product(gtin="4006381333931")
    for code in ("4006381333931", "04006381333931"):
        made = opened(site, product=code, number=f"L-{len(code)}")
        assert (made.status_code, made.json["product"]) == (201, "04006381333931")


def test_the_shelf_life_gives_the_expiry_where_none_is_named(site) -> None:
    product = site.product(shelf_life_days=30)
    made = site.lot(product, production_date="2027-03-01", expiry_date=None)
    assert made["expiry_date"] == "2027-03-31"


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"production_date": "2026-02-30"}, "/production_date"),
        ({"production_date": "2026-13-01"}, "/production_date"),
        ({"production_date": "20261120"}, "/production_date"),
        ({"production_date": "2026-11-20T00:00:00Z"}, "/production_date"),
        ({"production_date": 1763596800}, "/production_date"),
        ({"production_date": None}, "/production_date"),
        ({"expiry_date": ""}, "/expiry_date"),
        ({"product": ["X"]}, "/product"),
        ({"product": "4006381333932"}, "/product"),
        ({"number": 118}, "/number"),
        ({"expires": "2027-01-01"}, "/expires"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field(site, known, more, pointer: str) -> None:
    answer = opened(site, **{"product": known["gtin"], **more})
    assert (answer.status_code, answer.json["pointer"]) == (422, pointer)


@pytest.mark.parametrize(
    "number", ["", "x" * 21, "a b", "^XZ~", "a\x02b", "a\x1eb", "a\nb", "a\u0000b", "💊", "é", "#1", "\ud800"]
)
def test_a_lot_number_outside_gs1s_rules_is_refused(site, known, number: str) -> None:
    answer = opened(site, product=known["gtin"], number=number)
    assert answer.status_code == 422
    assert answer.json["detail"].startswith("Expected ")


def test_an_expiry_before_production_is_refused(site) -> None:
    answer = opened(site, expiry_date="2026-11-19")
    assert answer.status_code == 422
    assert answer.json["code"] == "lot_expiry_before_production"


def test_a_lot_of_an_unknown_product_is_404(site) -> None:
    answer = opened(site, product="NOTHING")
    assert (answer.status_code, answer.json["code"], answer.json["pointer"]) == (404, "product_unknown", "/product")


def test_a_lot_number_is_taken_once_within_its_product(site) -> None:
    product = site.product()
    site.lot(product, number="L-1")
    again = opened(site, product=product["gtin"])
    assert (again.status_code, again.json["code"]) == (409, "lot_exists")
    assert opened(site).status_code == 201


def test_an_edit_is_a_new_revision_and_the_same_dates_are_none(site) -> None:
    lot = site.lot(production_date="2026-11-20", expiry_date="2027-11-20")
    path = lot["links"]["self"]
    dates = {"production_date": "2026-11-21", "expiry_date": "2027-11-20"}
    edited = site.client().put(path, json=dates)
    assert (edited.status_code, edited.json["revision"], edited.json["production_date"]) == (200, 2, "2026-11-21")
    assert site.client().put(path, json=dates).json["revision"] == 2
    assert site.client().get(path).json == edited.json


def test_the_number_of_a_lot_cannot_be_edited(site) -> None:
    lot = site.lot()
    answer = site.client().put(lot["links"]["self"], json={"production_date": "2026-11-20", "number": "other"})
    assert (answer.status_code, answer.json["pointer"]) == (422, "/number")


@pytest.mark.parametrize("product", ["4006381333932", "%5EXZ", ""])
def test_a_list_of_lots_of_a_malformed_product_is_refused(site, product: str) -> None:
    answer = site.client().get(f"/api/v1/lots?product={product}")
    assert (answer.status_code, answer.json["parameter"]) == (422, "product")


def test_a_lot_that_has_expired_is_opened_with_a_warning(site) -> None:
    made = site.lot(production_date="2020-01-01", expiry_date="2021-01-01")
    assert len(made["warnings"]) == 1
    assert "2021-01-01" in made["warnings"][0]
    assert site.client().get(made["links"]["self"]).json["warnings"] == made["warnings"]
