"""Chance is not cried out as a pattern, and a pattern is not called chance."""

from __future__ import annotations

from fractions import Fraction
from itertools import product as every
from math import comb

import pytest

from labelsvc.domain.neighbours import Counts, Group, compared, two_sided


def exactly(part: Counts, whole: Counts) -> Fraction:
    """Fisher's exact test by whole numbers, as its definition says it."""
    ways = {
        k: comb(whole.complaints, k) * comb(whole.units - whole.complaints, part.units - k)
        for k in range(min(part.units, whole.complaints) + 1)
        if part.units - k <= whole.units - whole.complaints
    }
    seen = ways[part.complaints]
    return Fraction(sum(each for each in ways.values() if each <= seen), comb(whole.units, part.units))


def test_the_lady_tasting_tea() -> None:
    """Fisher (1935): of eight cups four had the milk first. All found: two of 70 choices are so far from chance.

    Three of four found: (16 + 1) / 70 on either side.
    """
    assert two_sided(Counts(4, 4), Counts(8, 4)) == pytest.approx(2 / 70)
    assert two_sided(Counts(4, 3), Counts(8, 4)) == pytest.approx(34 / 70)


def test_it_is_fishers_exact_test() -> None:
    for units, wrong, n in every(range(1, 13), range(13), range(1, 13)):
        if wrong > units or n > units:
            continue
        for k in range(max(0, n + wrong - units), min(n, wrong) + 1):
            part, whole = Counts(n, k), Counts(units, wrong)
            assert two_sided(part, whole) == pytest.approx(float(exactly(part, whole))), (part, whole)


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        (Counts(500, 12), Counts(20_000, 100)),
        (Counts(500, 0), Counts(20_000, 100)),
        (Counts(3_000, 2_000), Counts(6_000, 3_000)),
        (Counts(6_000, 40), Counts(6_100, 100)),
    ],
)
def test_it_is_so_with_large_numbers_too(part, whole) -> None:
    """Far out in a tail it is as small as it has to be."""
    assert two_sided(part, whole) == pytest.approx(float(exactly(part, whole)), rel=1e-6, abs=1e-300)


def test_of_ten_million_units_it_is_told_at_once() -> None:
    assert two_sided(Counts(50_000, 500), Counts(10_000_000, 100_000)) == pytest.approx(1.0)
    assert two_sided(Counts(50_000, 5_000), Counts(10_000_000, 100_000)) < 1e-12


def test_three_complaints_of_five_units_are_a_pattern_only_where_complaints_are_rare() -> None:
    """Where a third of all units is complained of, three of five is nothing; where one in a hundred is, it is much."""
    few = Group("lot", "L-1", Counts(5, 3))
    common = compared(Counts(300, 100), [few])[0]
    rare = compared(Counts(1_000, 10), [few])[0]
    assert (common.stands_out, rare.stands_out) == (False, True)
    assert common.ratio == pytest.approx(0.6 / (1 / 3))
    assert (few.counts.rate, rare.ratio) == (0.6, pytest.approx(60))


def test_the_more_groups_are_looked_at_the_odder_one_has_to_be() -> None:
    """A chance of 3 % is odd alone, and to be expected of one of six."""
    odd = Group("line", "3", Counts(3, 1))
    base = Counts(1_000, 10)
    assert two_sided(odd.counts, base) == pytest.approx(1 - comb(990, 3) / comb(1000, 3))
    assert compared(base, [odd])[0].stands_out
    assert not compared(base, [odd] * 6)[0].stands_out


def test_fewer_complaints_than_elsewhere_are_no_alarm() -> None:
    few = compared(Counts(1_000, 500), [Group("lot", "L", Counts(100, 5))])[0]
    assert few.chance < 1e-9
    assert not few.stands_out


def test_of_nothing_nothing_is_said() -> None:
    alone = compared(Counts(0, 0), [Group("lot", "L", Counts(0, 0))])[0]
    assert (alone.counts.rate, alone.ratio, alone.chance, alone.stands_out) == (None, None, 1.0, False)
