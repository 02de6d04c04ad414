"""GS1 Digital Links: stems, order of qualifiers, percent-encoding, queries, compression."""

from __future__ import annotations

from base64 import urlsafe_b64encode

import pytest

from labelsvc.domain.scans import parse

GTIN = "09506000134352"
ID = "https://id.gs1.org"


def links(text) -> list[tuple[dict[str, str], str | None, list[str]]]:
    found = [each for each in parse(text).readings if not each.suspected]
    return [(dict(each.elements), each.domain, [repair.name for repair in each.repairs]) for each in found]


@pytest.mark.parametrize(
    ("text", "elements", "domain", "repairs"),
    [
        # GS1 Digital Link: URI syntax, examples of sections 4 and 5.
        (f"{ID}/01/{GTIN}", {"01": GTIN}, ID, []),
        (f"https://example.com/path/01/{GTIN}/22/2A", {"01": GTIN, "22": "2A"}, "https://example.com/path", []),
        (f"http://example.org:80/01/{GTIN}?3103=000195", {"01": GTIN, "3103": "000195"}, "http://example.org:80", []),
        (f"{ID}/414/0614141123452/254/32a%2Fb", {"414": "0614141123452", "254": "32a/b"}, ID, []),
        (f"{ID}/8006/095060001343520102", {"8006": "095060001343520102"}, ID, []),
        # Upper case, as alphanumeric QR Codes have it; query words that are no AIs; fragments.
        (f"HTTPS://ID.EXAMPLE.COM/01/{GTIN}/21/1", {"01": GTIN, "21": "1"}, "https://id.example.com", []),
        (f"{ID}/01/{GTIN}?linkType=gs1:pip;17=281119#top", {"01": GTIN, "17": "281119"}, ID, []),
        # A value that is a key of its own is none; a stem that looks like one is none.
        (f"{ID}/01/{GTIN}/10/01/21/{GTIN}", {"01": GTIN, "10": "01", "21": GTIN}, ID, []),
        (f"{ID}/01/2026/01/{GTIN}", {"01": GTIN}, "https://id.gs1.org/01/2026", []),
        # What is not as it should be, and plain.
        (f"{ID}/01/{GTIN}/21/7/10/L", {"01": GTIN, "21": "7", "10": "L"}, ID, ["qualifier_order"]),
        (f"{ID}/01/{GTIN[1:]}/21/7", {"01": GTIN, "21": "7"}, ID, ["gtin_padded"]),
        (f"{ID}/gtin/{GTIN}/lot/7/", {"01": GTIN, "10": "7"}, ID, ["trailing_slash", "words"]),
    ],
)  # fmt: skip
def test_a_link_says(text, elements, domain, repairs) -> None:
    assert links(text) == [(elements, domain, repairs)]


@pytest.mark.parametrize(
    "text",
    [
        f"HtTps://id.gs1.org/01/{GTIN}",  # a scheme is all in lower or all in upper case
        f"ftp://id.gs1.org/01/{GTIN}",
        "https://id.gs1.org/01/950600013435/21/A1",  # twelve digits, and the check digit is not theirs
        f"{ID}/01/{GTIN}/21",
        f"{ID}/01/{GTIN}/235/T/21/A",
        f"{ID}/01/{GTIN}/21/A%20B",
        f"{ID}/01/{GTIN}/21/A?17=281301",
        "https://example.com/",
        "https://[::1",
        "https:///01/" + GTIN,
    ],
)
def test_a_link_that_breaks_a_rule_says_nothing(text) -> None:
    assert links(text) == []


def test_a_compressed_link_is_named_as_such() -> None:
    """Eight bits for the AI, 47 for 14 digits (GS1 Digital Link: compression, section 4)."""
    bits = f"{1:08b}{int(GTIN):047b}0"
    text = "https://id.gs1.org/" + urlsafe_b64encode(int(bits, 2).to_bytes(7, "big")).decode().rstrip("=")
    assert parse(text).error.code == "digital_link_compressed"
    assert parse("https://example.com/zzzzzzzzzzzz").error.code == "scan_not_understood"
