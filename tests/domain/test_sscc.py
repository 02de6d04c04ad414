"""SSCCs: GS1's examples, prefixes of every length, and never one number from two series."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.schemes import Scheme, collision
from labelsvc.domain.sscc import check_company_prefix, check_extension_digit, check_sscc, pattern
from labelsvc.errors import InvalidInput

#: Of GS1's EPC Tag Data Standard: urn:epc:id:sscc:0614141.1234567890.
GS1_EXAMPLE = "106141412345678908"

prefixes = st.integers(6, 12).flatmap(lambda length: st.from_regex(rf"\A[0-9]{{{length}}}\Z").map(str))
series = st.tuples(prefixes, st.integers(0, 9))


def weighted(sscc: str) -> int:
    """The digits of a GS1 key, weighted 3, 1, 3, ... from the left of 18; a multiple of 10 with its check digit."""
    return sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(sscc))


def test_the_example_of_the_standard_is_what_its_series_gives() -> None:
    """Serial reference 234567890 of extension digit 1 and prefix 0614141."""
    scheme = Scheme.parse(pattern("0614141", 1))
    assert scheme.text("", None, 234_567_890 - 1) == check_sscc(GS1_EXAMPLE)
    reading = scheme.read(GS1_EXAMPLE)
    assert reading is not None
    assert scheme.ordinal(reading.counter, None) == 234_567_890 - 1


@pytest.mark.parametrize(
    ("prefix", "capacity"),
    [("095201", 9_999_999_999), ("0952012", 999_999_999), ("09520123456", 99_999), ("095201234567", 9_999)],
)
def test_a_longer_prefix_leaves_fewer_references(prefix: str, capacity: int) -> None:
    """16 digits less those of the prefix, from 1 on."""
    scheme = Scheme.parse(pattern(prefix, 0))
    assert (scheme.capacity, scheme.length) == (capacity, 18)


@given(series, st.data())
def test_every_number_of_a_series_is_an_sscc(one: tuple[str, int], data: st.DataObject) -> None:
    """18 digits that begin as the series says, check digit right, one by one and in a row."""
    scheme = Scheme.parse(pattern(*one))
    first = data.draw(st.integers(0, scheme.capacity - 3))
    texts = list(scheme.texts("", None, first, 3))
    for n, text in enumerate(texts):
        assert (len(text), text.isdecimal(), weighted(text) % 10) == (18, True, 0)
        assert text.startswith(f"{one[1]}{one[0]}")
        assert scheme.text("", None, first + n) == check_sscc(text)
        reading = scheme.read(text)
        assert reading is not None
        assert scheme.ordinal(reading.counter, None) == first + n


@given(series, series)
def test_two_series_collide_where_one_begins_as_the_other(one: tuple[str, int], other: tuple[str, int]) -> None:
    """And nowhere else: a prefix of seven digits may hide in one of nine."""
    starts = [f"{digit}{prefix}" for prefix, digit in (one, other)]
    nested = starts[0].startswith(starts[1]) or starts[1].startswith(starts[0])
    reason = collision(*(Scheme.parse(pattern(*each)) for each in (one, other)))
    assert (reason is not None) == nested


@given(series, st.integers(0, 9), st.text(st.sampled_from("0123456789"), max_size=3))
def test_a_prefix_within_a_prefix_is_a_collision(one: tuple[str, int], digit: int, more: str) -> None:
    """Seldom drawn by chance, so drawn on purpose; another extension digit parts them."""
    longer = (one[0] + more)[:12]
    reason = collision(Scheme.parse(pattern(*one)), Scheme.parse(pattern(longer, digit)))
    assert (reason is None) == (digit != one[1])


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("106141412345678907", "sscc_check_digit", "Expected check digit 8, got 7."),
        ("10614141234567890", "sscc_digits", "Expected 18 digits, got '10614141234567890'."),
        ("1061414123456789 8", "sscc_digits", "Expected 18 digits, got '1061414123456789 8'."),
        ("١٠٦١٤١٤١٢٣٤٥٦٧٨٩٠٨", "sscc_digits", "Expected 18 digits, got '١٠٦١٤١٤١٢٣٤٥٦٧٨٩٠٨'."),
        ("1" * 200, "sscc_digits", "Expected 18 digits, got 200 characters."),
    ],
)
def test_what_is_no_sscc_is_refused(text: str, code: str, message: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_sscc(text)
    assert (refusal.value.code, refusal.value.message) == (code, message)


@pytest.mark.parametrize("prefix", ["09520", "0952012345678", "09520a2", "", "٠٩٥٢٠١٢"])
def test_what_is_no_company_prefix_is_refused(prefix: str) -> None:
    with pytest.raises(InvalidInput, match="Expected 6 to 12 digits"):
        check_company_prefix(prefix)


def test_the_extension_digit_is_one_digit() -> None:
    assert [check_extension_digit(digit) for digit in (0, 9)] == [0, 9]
    for digit in (-1, 10):
        with pytest.raises(InvalidInput, match="Expected 0 to 9"):
            check_extension_digit(digit)
