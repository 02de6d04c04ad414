from __future__ import annotations

import re
from typing import Any

import pytest

from tests.web.test_resolver import Unit, unit

__all__ = ["unit"]


def asked(found: Unit, *, lot: str = "", serial: str = "", **query: str) -> Any:
    path = f"/verify/gtin/{found.gtin}/lot/{lot or found.lot}/ser/{serial or found.serial}"
    given = {"exp": "281119", "linkType": "verificationService", "context": "dscsaSaleableReturn", **query}
    return found.site.client(None).get(path, query_string=given)


def test_a_unit_that_may_be_sold_again_is_verified(unit: Unit) -> None:
    unit.is_now(state="returned")
    answer = asked(unit, corrUUID="6f1f0a52-1b7e-4d5e-9b64-0c7d3a0f5e11", reqGLN="9521141111116")
    assert answer.status_code == 200
    assert set(answer.json) == {"verificationTimestamp", "corrUUID", "data"}
    assert answer.json["corrUUID"] == "6f1f0a52-1b7e-4d5e-9b64-0c7d3a0f5e11"
    assert answer.json["data"] == {"verified": True}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", answer.json["verificationTimestamp"])


@pytest.mark.parametrize(
    ("stands", "more", "data"),
    [
        ({}, {"serial": "NEVERWAS"}, ("No_match_GTIN_Serial", None)),
        ({}, {"lot": "OTHER"}, ("No_match_GTIN_Serial_Lot", None)),
        ({}, {"exp": "291119"}, ("No_match_GTIN_Serial_Expiry", None)),
        ({}, {"lot": "OTHER", "exp": "291119"}, ("No_match_GTIN_Serial_Lot_Expiry", None)),
        ({"state": "sold"}, {}, ("No_reason_provided", "Suspect")),
        ({"state": "destroyed"}, {}, ("No_reason_provided", "Illegitimate")),
        ({"dispositions": "recalled"}, {}, ("Not_for_re-distribution", "Recalled")),
    ],
)
def test_a_unit_that_may_not_is_not_and_why(unit: Unit, stands: dict, more: dict, data: tuple) -> None:
    """Reasons of LMS 1.3; the verifier that went before said `verified` of a destroyed unit."""
    unit.is_now(**stands)
    expected = {"verified": False, "verificationFailureReason": data[0], "additionalInfo": data[1]}
    assert asked(unit, **more).json["data"] == {name: value for name, value in expected.items() if value is not None}


def test_a_sold_unit_is_verified_where_it_is_not_to_be_sold_again(unit: Unit) -> None:
    unit.is_now(state="sold")
    assert asked(unit, context="other").json["data"] == {"verified": True}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/verify/gtin/952012345678/lot/L/ser/1?exp=281119", 422, "gtin_length"),
        ("/verify/gtin/09520123456788/lot/L/ser/1?exp=281319", 422, "gs1_date"),
        ("/verify/gtin/09520123456788/lot/L/ser/1", 422, "missing"),
        ("/verify/gtin/09520123456788/lot/%C3%A9/ser/1?exp=281119", 422, "lot_number_characters"),
        ("/verify/gtin/00000000000017/lot/L/ser/1?exp=281119", 404, "product_unknown"),
    ],
)
def test_what_cannot_be_asked_is_told(site, path: str, status: int, code: str) -> None:
    answer = site.client(None).get(path)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_a_lot_with_a_slash_can_be_asked_about(site) -> None:
    product = site.product()
    batch = site.batch(1, site.lot(product, number="A/B"))
    found = Unit(site, product["gtin"], "A%2FB", batch["first_serial"])
    found.is_now()
    assert asked(found).json["data"] == {"verified": True}


def test_it_says_that_it_can_be_reached(site) -> None:
    answer = site.client(None).get("/checkConnectivity?reqGLN=9521141111116")
    assert (answer.status_code, answer.json) == (200, {})
