"""GS1 Digital Link URIs: the published example, order, encoding, and the domain they begin with."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.gs1 import CSET_82, check_digital_link_domain, digital_link
from labelsvc.errors import InvalidInput

GTIN = "09520123456788"
TEXT = st.text(sorted(CSET_82), min_size=1, max_size=20)


def test_the_published_example() -> None:
    """The example of GS1's own engine: lot and serial in the path, expiry in the query."""
    link = digital_link("https://id.gs1.org", GTIN, lot="ABC1", serial="12345", query=[("17", "180426")])
    assert link == "https://id.gs1.org/01/09520123456788/10/ABC1/21/12345?17=180426"


def test_the_shorter_forms() -> None:
    """A product, a lot, a unit without its lot; never a slash at the end."""
    assert digital_link("https://id.example.com", GTIN) == "https://id.example.com/01/09520123456788"
    assert digital_link("https://example.com/id", GTIN, lot="A") == "https://example.com/id/01/09520123456788/10/A"
    assert digital_link("https://id.example.com", GTIN, serial="7") == "https://id.example.com/01/09520123456788/21/7"


def test_reserved_characters_are_percent_encoded() -> None:
    """Everything but letters, digits and -._~ : a slash in a lot does not become a path."""
    link = digital_link("https://id.example.com", GTIN, lot="A/B?%", serial="x.y-z_1+2")
    assert link == "https://id.example.com/01/09520123456788/10/A%2FB%3F%25/21/x.y-z_1%2B2"


@given(TEXT, TEXT, TEXT)
def test_any_lot_and_serial_read_back(lot: str, serial: str, value: str) -> None:
    """What a URI parser takes apart is what went in."""
    parts = urlsplit(digital_link("https://id.example.com", GTIN, lot=lot, serial=serial, query=[("240", value)]))
    assert [unquote(part) for part in parts.path.split("/")] == ["", "01", GTIN, "10", lot, "21", serial]
    assert parse_qsl(parts.query, strict_parsing=True) == [("240", value)]
    assert (parts.fragment, parts.netloc) == ("", "id.example.com")


@pytest.mark.parametrize("ai", ["01", "10", "21", "22", "235"])
def test_ais_of_the_path_never_stand_in_the_query(ai: str) -> None:
    """Keys and their qualifiers have one place."""
    with pytest.raises(InvalidInput) as error:
        digital_link("https://id.example.com", GTIN, query=[(ai, "1")])
    assert error.value.code == "digital_link_query"


def test_an_unknown_ai_is_not_written() -> None:
    """The query holds AIs, not words."""
    with pytest.raises(InvalidInput) as error:
        digital_link("https://id.example.com", GTIN, query=[("exp", "180426")])
    assert error.value.code == "gs1_ai_unknown"


@pytest.mark.parametrize(
    "text",
    [
        "https://id.gs1.org", "https://id.example.com", "https://example.com/id", "https://example.com/a/b-c",
        "https://example.com:8443", "http://localhost:8080", "http://127.0.0.1:8000", "https://localhost",
        "https://xn--mller-kva.example",
    ],
)  # fmt: skip
def test_domains_that_can_be_printed(text: str) -> None:
    """Returned unchanged."""
    assert check_digital_link_domain(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "id.example.com", "http://id.example.com", "ftp://id.example.com", "https://", "https://id.example.com/",
        "https://id.example.com/x/", "https://id.example.com?x=1", "https://id.example.com#x",
        "https://user@id.example.com", "https://ID.example.com", "https://example", "https://müller.example",
        "https://id.example.com/01", "https://id.example.com/8006/x", "https://id.example.com/a//b",
        "https://id.example.com/..", "https://id.example.com/a b", "https://id.example.com/%41",
        "https://id.example.com\n", " https://id.example.com", "https://-a.example", "https://a..example",
        "https://example.com:0", "https://example.com:65536", "https://example.com:", "HTTPS://example.com",
        "https://" + "a." * 60 + "com",
    ],
)  # fmt: skip
def test_domains_that_would_be_wrong_for_ever_are_refused(text: str) -> None:
    """What is printed cannot be called back."""
    with pytest.raises(InvalidInput) as error:
        check_digital_link_domain(text)
    assert error.value.code == "digital_link_domain"
