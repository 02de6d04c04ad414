"""Code 128: code sets, check character, bars, each against another source."""

from __future__ import annotations

from itertools import product

import barcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.labels.symbols import code128
from labelsvc.labels.symbols.code128 import FNC1, Segment, check_character, segment, values

DIGIT, MIXED = frozenset("0123456789"), frozenset("0123456789ABC")


def of(text: str) -> list[frozenset[str]]:
    return [frozenset(char) for char in text]


def bits(payload: str, *, gs1: bool = False) -> str:
    segments = segment(of(payload))
    packed = code128.modules(payload, segments, gs1=gs1)
    columns = code128.columns(segments, payload, gs1=gs1)
    written = "".join(f"{byte:08b}" for byte in packed)
    assert set(written[columns:]) <= {"0"}
    return written[:columns]


def test_check_character_of_the_textbook_example() -> None:
    """PJJ123C in code set A has the check character 54, as the usual worked example says."""
    assert check_character([103, 48, 42, 42, 17, 18, 19, 35]) == 54


def test_check_character_by_hand() -> None:
    """Set B, "AB1": 104 + 1*33 + 2*34 + 3*17 = 256, and 256 - 2*103 = 50."""
    assert values("AB1", (Segment("B", 0, 3),), gs1=False) == [104, 33, 34, 17, 50]


def test_fnc1_counts_in_the_check_character() -> None:
    """Start C, FNC1, 01, 23: 105 + 1*102 + 2*1 + 3*23 = 278, and 278 - 2*103 = 72."""
    assert values("0123", (Segment("C", 0, 4),), gs1=True) == [105, 102, 1, 23, 72]


@given(st.text(alphabet=[chr(code) for code in range(0x20, 0x7F) if not chr(code).isdigit()], min_size=1, max_size=40))
def test_bars_in_set_b_are_those_of_python_barcode(text: str) -> None:
    """Where only code set B can be meant, python-barcode draws the same bars."""
    assert bits(text) == barcode.Code128(text).build()[0]


@given(st.integers(min_value=1, max_value=20).flatmap(lambda n: st.text("0123456789", min_size=2 * n, max_size=2 * n)))
def test_bars_in_set_c_are_those_of_python_barcode(text: str) -> None:
    """An even number of digits goes to code set C, with and without the leading FNC1."""
    # Two digits are as short in set B, where we stay; python-barcode 0.16 takes a first pair 99 for a switch to set C.
    if len(text) > 2 and not text.startswith("99"):
        assert bits(text) == barcode.Code128(text).build()[0]
    assert bits("01" + text, gs1=True) == barcode.Gs1_128("01" + text).build()[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ABC", [("B", 0, 3)]),
        ("1234", [("C", 0, 4)]),
        ("12345", [("B", 0, 1), ("C", 1, 5)]),
        ("AB1234", [("B", 0, 2), ("C", 2, 6)]),
        ("AB123456CD", [("B", 0, 2), ("C", 2, 8), ("B", 8, 10)]),
        ("AB1234CD", [("B", 0, 8)]),  # two switches would cost what they save
        (f"1012{FNC1}3456", [("C", 0, 9)]),  # an FNC1 stands between two pairs
    ],
)
def test_code_sets_of_known_texts(text: str, expected: list[tuple[str, int, int]]) -> None:
    """The rules of thumb of ISO/IEC 15417, annex E, come out by themselves."""
    assert [tuple(part) for part in segment(of(text))] == expected


def test_a_position_that_may_hold_a_letter_stays_in_set_b() -> None:
    """Digits that are only sometimes digits must not change the number of modules."""
    assert segment([MIXED] * 6) == (Segment("B", 0, 6),)
    assert segment([DIGIT] * 6) == (Segment("C", 0, 6),)


def shortest(positions: list[frozenset[str]]) -> int:
    """Symbol characters of the best of all ways to mark each position B or C, found by trying them all."""
    best = 10**6
    for sets in product("BC", repeat=len(positions)):
        count, i = 1, 0
        last = sets[0]
        while i < len(positions):
            count += sets[i] != last
            last = sets[i]
            if last == "B" or positions[i] == {FNC1}:
                count, i = count + 1, i + 1
            elif i + 1 < len(positions) and sets[i + 1] == "C" and positions[i] | positions[i + 1] <= DIGIT:
                count, i = count + 1, i + 2
            else:
                break
        else:
            best = min(best, count)
    return best


@given(st.lists(st.sampled_from([DIGIT, DIGIT, MIXED, frozenset({FNC1})]), min_size=1, max_size=9))
def test_no_other_choice_of_code_sets_is_shorter(positions: list[frozenset[str]]) -> None:
    """The segments cover the payload without gaps and need as few symbol characters as any."""
    segments = segment(positions)
    assert [part.start for part in segments] == [0, *(part.stop for part in segments[:-1])]
    assert segments[-1].stop == len(positions)
    sample = "".join(max(chars) for chars in positions)
    assert len(values(sample, segments, gs1=False)) - 1 == shortest(positions)
