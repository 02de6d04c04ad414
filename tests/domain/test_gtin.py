"""Trade item numbers and own item codes."""

from __future__ import annotations

import barcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.gs1 import ProductCode, check_digit, check_item, parse_gtin, parse_product_code
from labelsvc.errors import InvalidInput

PUBLISHED = {
    "96385074": "00000096385074",  # EAN-8, the usual example
    "036000291452": "00036000291452",  # UPC-A, the usual example
    "4006381333931": "04006381333931",  # EAN-13, the usual example
    "15400141288763": "15400141288763",  # ITF-14, the usual example
    "9520123456788": "09520123456788",  # GS1 Digital Link standard
    "09520123456788": "09520123456788",
    "09506000134352": "09506000134352",  # GS1 General Specifications
}


@pytest.mark.parametrize(("given_text", "expected"), PUBLISHED.items())
def test_published_numbers_are_kept_as_14_digits(given_text: str, expected: str) -> None:
    """8, 12, 13 and 14 digits name the same trade item when filled with zeros."""
    assert parse_gtin(given_text) == expected


def test_check_digit_by_hand() -> None:
    """629104150021: 3*(1+0+5+4+1+2) + (2+0+1+0+9+6) = 57, and 60 - 57 = 3."""
    assert check_digit("629104150021") == 3


@given(st.text("0123456789", min_size=12, max_size=12))
def test_check_digit_is_that_of_python_barcode(digits: str) -> None:
    """An independent program finds the same check digit."""
    assert str(check_digit(digits)) == barcode.get("ean13", digits).get_fullcode()[-1]


@given(st.sampled_from(sorted(PUBLISHED)), st.data())
def test_one_wrong_digit_is_always_found(number: str, data: st.DataObject) -> None:
    """Modulo 10 finds every error in one digit."""
    place = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from("0123456789").filter(lambda digit: digit != number[place]))
    with pytest.raises(InvalidInput) as error:
        parse_gtin(number[:place] + wrong + number[place + 1 :])
    assert error.value.code == "gtin_check_digit"


def test_wrong_check_digit_names_the_right_one() -> None:
    """Whoever mistyped it sees what it should be."""
    with pytest.raises(InvalidInput, match=r"^Expected check digit 8, got 3\.$"):
        parse_gtin("09520123456783")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "gtin_digits"),
        ("9520123456788 ", "gtin_digits"),
        ("952012345678X", "gtin_digits"),
        ("9520123456788\n", "gtin_digits"),
        ("٩٥٢٠١٢٣٤٥٦٧٨٨", "gtin_digits"),  # digits, but not of ASCII
        ("123456789", "gtin_length"),
        ("9" * 1_000_000, "gtin_length"),
        ("00000000", "gtin_zero"),
    ],
)
def test_what_is_no_gtin_is_refused_with_the_reason(text: str, code: str) -> None:
    """The code says which rule was broken, and the sentence stays short."""
    with pytest.raises(InvalidInput) as error:
        parse_gtin(text)
    assert error.value.code == code
    assert len(error.value.message) < 200


@pytest.mark.parametrize("text", ["PUMP-4711", "a", "0", "1234567", "123456789", "A.B_C-d", "9" * 15, "x" * 40])
def test_own_item_codes_are_kept_as_they_are(text: str) -> None:
    """Letters, digits, dot, underscore and hyphen, up to 40."""
    assert check_item(text) == text
    assert parse_product_code(text) == ProductCode("item", text)


@pytest.mark.parametrize(
    "text", ["", "-A", ".A", "_A", "A/B", "A B", "=1+1", "@x", "A\n", "ü", "x" * 41, "A^XZ", "A~JA", "../x", "A%2F"]
)
def test_item_codes_that_would_need_an_escape_are_refused(text: str) -> None:
    """They stand in URLs, file names, CSV, ZPL and Code 128 as they are."""
    with pytest.raises(InvalidInput) as error:
        parse_product_code(text)
    assert error.value.code == "item_characters"


@pytest.mark.parametrize("text", ["12345678", "123456789013", "1234567890123", "12345678901234"])
def test_an_item_code_never_looks_like_a_gtin(text: str) -> None:
    """So many digits are a GTIN, rightly or wrongly written, and nothing else."""
    with pytest.raises(InvalidInput) as error:
        check_item(text)
    assert error.value.code == "item_looks_like_gtin"
    with pytest.raises(InvalidInput) as error:
        parse_product_code(text)
    assert error.value.code == "gtin_check_digit"


def test_digits_of_a_gtin_are_a_gtin() -> None:
    """The same product, however long its number was written."""
    for text in ("9520123456788", "09520123456788"):
        assert parse_product_code(text) == ProductCode("gtin", "09520123456788")
