"""Ranges: both ends of a grant, what one request may ask for, and the serials behind the ordinals."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from labelsvc.domain.actors import Actor
from labelsvc.domain.ranges import QUANTITY_AT_MOST, Numbering, Range, check_quantity
from labelsvc.domain.schemes import Scheme
from labelsvc.errors import InvalidInput

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_last_is_inside() -> None:
    """A range of one ends where it begins; the very last ordinal of a pool has a range, too."""
    actor = Actor("key", "line 3")
    assert Range(1, 1, 7, 1, "issued", None, None, actor, None, NOW).last == 7
    assert Range(1, 1, 2**63 - 3, 2, "issued", None, None, actor, None, NOW).last == 2**63 - 2


@pytest.mark.parametrize("quantity", [1, 2, 9_999_999, 10_000_000])
def test_one_to_ten_million_may_be_asked_for(quantity: int) -> None:
    """Both bounds included."""
    assert QUANTITY_AT_MOST == 10_000_000
    assert check_quantity(quantity) == quantity


@pytest.mark.parametrize(
    ("quantity", "shown"),
    [
        (0, "0"),
        (-1, "-1"),
        (10_000_001, "10000001"),
        (10**30, "a number of 31 digits"),
        (-(10**30), "a number of 31 digits"),
    ],
)
def test_any_other_quantity_is_refused(quantity: int, shown: str) -> None:
    """The sentence does not repeat a number without end."""
    with pytest.raises(InvalidInput) as refusal:
        check_quantity(quantity)
    assert refusal.value.code == "quantity"
    assert refusal.value.message == f"Expected 1 to 10000000, got {shown}."


def test_numbering_counts_ordinals_from_0_and_serials_from_1() -> None:
    """Arithmetic: ordinal 41 of {seq} is 42."""
    numbering = Numbering(Scheme.parse("{prod:%y%j}{seq:4}"), "26324", None)
    assert numbering.text(41) == "263240042"
    assert list(numbering.texts(8, 3)) == ["263240009", "263240010", "263240011"]
