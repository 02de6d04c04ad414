from __future__ import annotations

LINK = {"link_type": "gs1:pip", "href": "https://example.com/?key=secret", "title": "About it"}


def test_a_link_is_added_listed_and_removed(site) -> None:
    product = site.product()
    path = f"/api/v1/products/{product['gtin']}/links"
    made = site.posted(path, {**LINK, "languages": ["en"], "media_type": "text/html"})
    assert (made["link_type"], made["product"]) == ("gs1:pip", product["gtin"])
    assert site.client("line").get(path).json == {"items": [made], "next": None}
    assert site.client().delete(f"{path}/{made['id']}").status_code == 204
    assert site.client().delete(f"{path}/{made['id']}").json["code"] == "link_unknown"
    assert site.client("line").get(path).json["items"] == []


def test_the_same_link_twice_and_one_of_an_unknown_type_are_refused(site) -> None:
    path = f"/api/v1/products/{site.product()['gtin']}/links"
    site.posted(path, LINK)
    again = site.client().post(path, json={**LINK, "link_type": "https://ref.gs1.org/voc/pip"})
    assert (again.status_code, again.json["code"]) == (409, "link_exists")
    other = site.client().post(path, json={**LINK, "link_type": "gs1:defaultLink"})
    assert (other.status_code, other.json["pointer"]) == (422, "/link_type")


def test_a_link_belongs_to_its_product(site) -> None:
    made = site.posted(f"/api/v1/products/{site.product()['gtin']}/links", LINK)
    answer = site.client().delete(f"/api/v1/products/{site.product()['gtin']}/links/{made['id']}")
    assert (answer.status_code, answer.json["code"]) == (404, "link_unknown")
