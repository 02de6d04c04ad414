from __future__ import annotations

import pytest

from labelsvc.domain.named import Named, read_path
from labelsvc.errors import InvalidInput

GTIN = "09520123456788"  # the fictitious prefix 952; check digit by the rule of section 7.9


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (f"/01/{GTIN}", Named("01", GTIN)),
        (f"/01/{GTIN}/", Named("01", GTIN)),
        (f"/01/{GTIN}/10/ABC1/21/12345", Named("01", GTIN, lot="ABC1", serial="12345")),
        (f"/01/{GTIN}/22/2A/10/ABC1/21/12345", Named("01", GTIN, "2A", "ABC1", "12345")),
        (f"/01/{GTIN}/21/A%2FB%25", Named("01", GTIN, serial="A/B%")),
        (f"/01/{GTIN}/235/X1", Named("01", GTIN, extension="X1")),
        ("/00/106141412345678908", Named("00", "106141412345678908")),
        ("/item/PUMP-7/21/1", Named("item", "PUMP-7", serial="1")),
    ],
)
def test_a_path_says_what_it_names_and_is_written_in_one_spelling(path: str, named: Named) -> None:
    assert read_path(path) == named
    assert named.path == path.removesuffix("/")


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ("/01/952012345678", "gtin_length", "Expected 14 digits, got 12."),
        ("/01/9520123456788", "gtin_length", "Expected 14 digits, got 13."),
        ("/01/0952012345678X", "gtin_digits", "Expected 14 digits, got '0952012345678X'."),
        ("/01/09520123456789", "gtin_check_digit", "Expected check digit 8, got 9."),
        ("/01/00000000000000", "gtin_zero", "Expected the number of a trade item, got zeros only."),
        (f"/01/{GTIN}/21/1/foo", "link_pairs", "Expected pairs of an identifier and its value, got 5 segments."),
        (f"/01/{GTIN}/21/1/10/L", "link_order", "Expected 22, 10, 21, 235 in this order, got 10 too late."),
        (f"/01/{GTIN}/21/1/21/2", "link_order", "Expected 22, 10, 21, 235 in this order, got 21 too late."),
        (f"/01/{GTIN}/11/261120", "link_qualifier", "Expected one of 22, 10, 21, 235, got '11'."),
        (f"/01/{GTIN}/21/{'1' * 21}", "serial_length", "Expected 1 to 20 characters, got 21."),
        (f"/01/{GTIN}/21/%C3%A9", "serial_characters", None),
        (f"/01/{GTIN}/21/%E9", "link_escape", "Expected UTF-8, got '%E9'."),
        (f"/01/{GTIN}/21/5%", "link_escape", "Expected two hexadecimal digits behind %, got '5%'."),
        ("/00/10614141234567890", "sscc_length", "Expected 18 digits, got 17."),
        ("/00/106141412345678907", "sscc_check_digit", "Expected check digit 8, got 7."),
        ("/00/106141412345678908/21/1", "link_qualifier", "Expected nothing behind it, got '21'."),
        ("/414/9521141111116", "link_key", "Expected 01, 00 or item first, got '414'."),
        ("/item/a%2Fb", "item_characters", None),
        ("/01/" + "9" * 400, "link_too_long", "Expected at most 400 characters, got 404."),
    ],
)
def test_what_is_wrong_with_a_path_is_said_in_one_sentence(path: str, code: str, message: str | None) -> None:
    with pytest.raises(InvalidInput) as raised:
        read_path(path)
    assert raised.value.code == code
    assert message in (None, raised.value.message)


def test_the_levels_go_from_the_unit_up_to_the_product() -> None:
    paths = [level.path for level in read_path(f"/01/{GTIN}/10/L/21/1").levels()]
    assert paths == [f"/01/{GTIN}/10/L/21/1", f"/01/{GTIN}/10/L", f"/01/{GTIN}"]
