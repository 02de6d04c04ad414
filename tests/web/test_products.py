from __future__ import annotations

import pytest

NEW = {"name": "Pump", "scheme": "{rnd:10}", "label_format": "unit-100x50"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("09520123456788", "09520123456788"),
        ("4006381333931", "04006381333931"),
        ("036000291452", "00036000291452"),
        ("96385074", "00000096385074"),
    ],
)
def test_a_gtin_of_any_length_is_kept_as_14_digits_and_found_by_both(site, given: str, kept: str) -> None:
    answer = site.client().post("/api/v1/products", json={**NEW, "gtin": given})
    assert answer.status_code == 201
    assert answer.headers["Location"] == answer.json["links"]["self"] == f"/api/v1/products/{kept}"
    assert (answer.json["gtin"], answer.json["item"]) == (kept, None)
    for code in (given, kept):
        assert site.client().get(f"/api/v1/products/{code}").json == answer.json


def test_an_own_item_code_names_a_product(site) -> None:
    made = site.product(gtin=None, item="PUMP-7.a_b")
    assert (made["gtin"], made["item"]) == (None, "PUMP-7.a_b")
    assert site.client().get("/api/v1/products/PUMP-7.a_b").json == made


@pytest.mark.parametrize(
    ("more", "pointer", "code"),
    [
        ({"gtin": "4006381333932"}, "/gtin", "gtin_check_digit"),
        ({"gtin": "400638133393"}, "/gtin", "gtin_check_digit"),
        ({"gtin": "123"}, "/gtin", "gtin_length"),
        ({"gtin": "PUMP"}, "/gtin", "gtin_digits"),
        ({"gtin": "٤٠٠٦٣٨١٣٣٣٩٣١"}, "/gtin", "gtin_digits"),
        ({"gtin": 4006381333931}, "/gtin", "not_text"),
        ({"item": "4006381333931"}, "/item", "item_looks_like_gtin"),
        ({"item": "a/b"}, "/item", "item_characters"),
        ({"item": "^XZ"}, "/item", "item_characters"),
        ({"item": ""}, "/item", "item_characters"),
        ({}, "", "product_code"),
        ({"item": "A", "gtin": "4006381333931"}, "", "product_code"),
        ({"item": "A1", "name": ""}, "/name", "too_short"),
        ({"item": "A1", "name": "a\nb"}, "/name", "name_control_character"),
        ({"item": "A1", "name": "x" * 201}, "/name", "too_long"),
        ({"item": "A1", "shelf_life_days": 0}, "/shelf_life_days", "too_small"),
        ({"item": "A1", "shelf_life_days": 1.5}, "/shelf_life_days", "not_integer"),
        ({"item": "A1", "shelf_life_days": True}, "/shelf_life_days", "not_integer"),
    ],
)
def test_a_wrong_product_is_refused_at_the_field(site, more, pointer: str, code: str) -> None:
    answer = site.client().post("/api/v1/products", json={**NEW, **more})
    assert answer.status_code == 422
    assert (answer.json["pointer"], answer.json["code"]) == (pointer, code)


@pytest.mark.parametrize("scheme", ["", "{seq", "{what:5}", "{seq:6}{rnd:10}", "=1{seq:6}", "^XZ{seq:6}", "ü{seq:6}"])
def test_a_wrong_scheme_is_refused_with_the_reason(site, scheme: str) -> None:
    answer = site.client().post("/api/v1/products", json={**NEW, "gtin": site.gtin(), "scheme": scheme})
    assert answer.status_code == 422
    assert answer.json["pointer"] == "/scheme"
    assert answer.json["code"].startswith("scheme_")


def test_an_unknown_label_format_is_named(site) -> None:
    answer = site.client().post("/api/v1/products", json={**NEW, "gtin": site.gtin(), "label_format": "none"})
    assert (answer.status_code, answer.json["code"], answer.json["pointer"]) == (
        404,
        "label_format_unknown",
        "/label_format",
    )


def test_a_product_is_added_once(site) -> None:
    made = site.product()
    answer = site.client().post("/api/v1/products", json={**NEW, "gtin": made["gtin"]})
    assert (answer.status_code, answer.json["code"]) == (409, "product_exists")


def test_a_json_number_without_fraction_is_an_integer_however_it_is_written(site) -> None:
    body = f'{{"gtin": "{site.gtin()}", "name": "a", "scheme": "{{rnd:10}}", "label_format": "unit-100x50", '
    answer = site.client().post(
        "/api/v1/products", data=body + '"shelf_life_days": 3.65e2}', content_type="application/json"
    )
    assert (answer.status_code, answer.json["shelf_life_days"]) == (201, 365)


@pytest.mark.parametrize("code", ["4006381333932", "NOTHING", "%5EXZ", "a%0Ab", "%F0%9F%92%8A", "x" * 500])
def test_a_code_that_names_no_product_is_404(site, code: str) -> None:
    answer = site.client().get(f"/api/v1/products/{code}")
    assert (answer.status_code, answer.json["code"]) == (404, "product_unknown")


def test_another_scheme_becomes_current_when_it_cannot_collide(site) -> None:
    code = site.product(scheme="A{seq:6}")["gtin"]
    made = site.client().post(f"/api/v1/products/{code}/schemes", json={"scheme": "B{seq:6}"})
    assert (made.status_code, made.json["current"]) == (201, True)
    listed = site.client().get(made.headers["Location"]).json["items"]
    assert [(scheme["scheme"], scheme["current"]) for scheme in listed] == [("A{seq:6}", False), ("B{seq:6}", True)]
    assert site.client().get(f"/api/v1/products/{code}").json["scheme"] == "B{seq:6}"


def test_a_scheme_that_could_make_the_same_serial_is_a_conflict(site) -> None:
    code = site.product(scheme="{seq:6}")["gtin"]
    answer = site.client().post(f"/api/v1/products/{code}/schemes", json={"scheme": "{rnd:6@digits}"})
    assert (answer.status_code, answer.json["code"], answer.json["pointer"]) == (409, "schemes_collide", "/scheme")
    assert answer.json["other"] == "{seq:6}"


def test_a_list_is_read_to_its_end_by_cursor(site) -> None:
    made = {site.product()["gtin"] for _ in range(5)}
    seen: list[str] = []
    after, pages = 0, 0
    while after is not None:
        page = site.client().get(f"/api/v1/products?limit=2&after={after}").json
        assert len(page["items"]) <= 2
        seen += [product["gtin"] for product in page["items"]]
        after, pages = page["next"], pages + 1
    assert len(seen) == len(set(seen))
    assert made <= set(seen)
    assert pages >= 3
