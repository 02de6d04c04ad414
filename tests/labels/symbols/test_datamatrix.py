"""GS1 DataMatrix: sizes, worst case, and reading back."""

from __future__ import annotations

import pytest
import zint
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.labels.symbols import build
from labelsvc.labels.symbols.datamatrix import CODEWORDS, codewords, side_for

DIGIT, MIXED = frozenset("0123456789"), frozenset("0123456789ABC")


@pytest.mark.parametrize("side", CODEWORDS)
def test_capacities_are_those_of_libzint(side: int) -> None:
    """Two digits fill a codeword: so many digits still fit a square, and two more need the next one."""

    def width(digits: int) -> int:
        symbol = zint.Symbol()
        symbol.symbology = zint.Symbology.DATAMATRIX
        symbol.option_3 = zint.DataMatrixOptions.SQUARE
        symbol.encode("7" * digits)
        return symbol.width

    assert width(2 * CODEWORDS[side]) == side
    assert width(2 * CODEWORDS[side] + 2) > side


def test_codewords_of_a_gtin_and_a_serial_by_hand() -> None:
    """FNC1, 8 pairs of 01 and GTIN, the pair 21, then 12 codewords for 12 letters: 22, which a square of 20 holds."""
    fixed = [frozenset(char) for char in "010952012345678821"]
    assert codewords(fixed + [MIXED] * 12) == 22
    assert side_for(fixed + [MIXED] * 12) == 20
    assert side_for(fixed + [MIXED] * 13) == 22
    assert codewords(fixed + [DIGIT] * 12) == 16


def test_beyond_the_largest_square_there_is_none() -> None:
    """1,303 letters and the FNC1 fill 132 modules a side; one letter more does not fit."""
    assert side_for([MIXED] * 1303) == 132
    assert side_for([MIXED] * 1304) is None


def test_libzint_keeps_its_opinions_to_itself(capfd: pytest.CaptureFixture[str]) -> None:
    """A serial without a GTIN is allowed in one of two symbols on an item, and nothing is written to standard error."""
    build("gs1-datamatrix", ("10ABC1\x1d21", ""), ("ABC",) * 4).modules("ABCA")
    assert capfd.readouterr() == ("", "")


def in_ascii_encodation(text: str) -> int:
    """Codewords of a text, digits paired greedily from the left as ISO/IEC 16022 annex P begins."""
    count, i = 1, 0
    while i < len(text):
        i += 2 if text[i : i + 2].isdigit() and len(text[i : i + 2]) == 2 else 1
        count += 1
    return count


@given(
    st.lists(st.sampled_from([DIGIT, MIXED]), max_size=30).flatmap(
        lambda shape: st.tuples(st.just(shape), st.tuples(*(st.sampled_from(sorted(chars)) for chars in shape)))
    )
)
def test_no_serial_is_worse_than_the_worst_case(case: tuple[list[frozenset[str]], tuple[str, ...]]) -> None:
    """Whatever stands in the mixed positions, plain ASCII encodation never needs more codewords."""
    shape, text = case
    assert in_ascii_encodation("".join(text)) <= codewords(shape)


def test_digit_serials_get_the_size_of_the_letters_they_could_have_been() -> None:
    """A serial that happens to be all digits has as many modules as any other of its shape."""
    symbol = build("gs1-datamatrix", ("010952012345678821", ""), ("23456789ABCDEFGHJKLMNPQRSTUVWXYZ",) * 12)
    assert symbol.columns == symbol.rows == 20
    assert {len(symbol.modules(serial)) for serial in ("2" * 12, "Z" * 12, "2Z" * 6)} == {20 * 3}
