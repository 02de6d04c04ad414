"""/inventory: what is where, now or then, and what to take first."""

from __future__ import annotations

import re

import pytest

HERE, THERE = "9521321000001", "9521141111116"
WHERE = f"(414){HERE}"


def stocked(site, unit_of):
    """Receive two units of one product, of two lots: one here, one there."""
    product = site.product(name="Salt & <pepper>")
    units = [unit_of(site.lot(product, expiry_date=day)) for day in ("2029-03-31", "2029-02-28")]
    for unit, place in zip(units, (HERE, THERE), strict=True):
        body = {"text": unit["text"], "intent": "receive", "place": place}
        assert site.posted("/api/v1/scans", body, Idempotency_Key=site.fresh("scan"))["result"] == "done"
    return units


@pytest.fixture(scope="module")
def stock(site, unit_of):
    return stocked(site, unit_of)


def rows(answer) -> list[str]:
    found = re.findall(r"<tr>\s*<td[ >].*?</tr>", answer.text, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", " ", row).split()) for row in found]


def test_what_lies_where_is_counted_by_lot(site, stock, read) -> None:
    answer = site.person("warehouse").get(f"/inventory?product={stock[0]['product']}")
    name = f"Salt &amp; &lt;pepper&gt; {stock[0]['product']}"
    where = f"(414){THERE}"
    assert rows(answer) == [
        f"{name} {stock[1]['lot_number']} 2029-02-28 in stock {where} 1 pick",
        f"{name} {stock[0]['lot_number']} 2029-03-31 in stock {WHERE} 1 pick",
    ]
    assert "2 units" in read(answer)


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ({}, 2),
        ({"lot": "first"}, 1),
        ({"location": HERE}, 1),
        ({"state": "in_stock"}, 2),
        ({"state": "sold"}, 0),
        ({"at": "2020-01-01T00:00"}, 0),
        ({"at": "2099-01-01T00:00:00+02:00"}, 2),
    ],
)
def test_every_field_keeps_to_a_part(site, stock, read, more, count) -> None:
    lot = {"lot": stock[0]["lot_number"]} if "lot" in more else {}
    empty = {"category": "", "lot": "", "state": "", "location": "", "at": ""}  # as a browser sends it
    asked = {**empty, **more, **lot, "product": stock[0]["product"]}
    answer = site.person("retail").get("/inventory", query_string=asked)
    assert f"{count} unit{'' if count == 1 else 's'}" in read(answer)
    assert len(rows(answer)) == count


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("at=yesterday", 422, "at"),
        ("at=0001-01-01T00:00%2B14:00", 422, "at"),
        ("state=eaten", 422, "state"),
        ("location=9521321000009", 422, "location"),
        ("product=12345678", 422, "product"),
        ("product=09521141111116", 404, None),
    ],
)
def test_what_is_wrong_stands_by_the_field(site, query, status, field) -> None:
    answer = site.person("qa").get(f"/inventory?{query}")
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert 'class="wrong" role="alert"' in answer.text
    assert field is None or f'id="{field}-wrong"' in answer.text


def test_first_expired_is_first_to_take(site, stock, read) -> None:
    person = site.person("warehouse")
    path = f"/inventory/pick-list?product={stock[0]['product']}&quantity=3"
    answer = person.get(path)
    assert [row.split()[0] for row in rows(answer)] == ["2029-02-28", "2029-03-31"]
    assert "Of 3 there are 2 that may be sold." in read(answer)
    assert person.get("/inventory/pick-list").status_code == 200
    for wrong in ("quantity=0", "quantity=1001", "quantity=x"):
        answer = person.get(f"/inventory/pick-list?product={stock[0]['product']}&{wrong}")
        assert answer.status_code == 422
        assert 'id="quantity-wrong"' in answer.text


def test_the_lines_that_may_be_sold_lead_to_their_pick_list(site, unit_of) -> None:
    person, stock = site.person("warehouse"), stocked(site, unit_of)
    body = {"text": stock[0]["text"], "intent": "hold"}
    site.posted("/api/v1/scans", body, Idempotency_Key=site.fresh("scan"))
    answer = person.get(f"/inventory?product={stock[0]['product']}")
    (link,) = re.findall(r'<a href="(/inventory/pick-list\?product[^"]+)"', answer.text)
    picked = rows(person.get(link.replace("&amp;", "&")))
    assert len(picked) == 1
    assert stock[1]["lot_number"] in picked[0]
