"""Sampling plans: counted by arithmetic, held against counting one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.quality import Reconciliation, SamplingPlan


def one_by_one(plan: SamplingPlan, origin: int, there: list[int]) -> set[int]:
    """The ordinals a plan asks for, found by looking at each label that is there."""
    match plan.kind:
        case "every":
            return set(there)
        case "nth":
            return {n for n in there if (n - origin) % plan.nth == 0 or n == there[-1]}
        case "ends":
            return {there[0], there[-1]} if there else set()
    return set()


@pytest.mark.parametrize(
    ("plan", "there", "asked"),
    [
        (SamplingPlan("none"), [(7, 16)], 0),
        (SamplingPlan("every"), [(7, 16)], 10),
        (SamplingPlan("nth", 3), [(7, 16)], 4),  # labels 1, 4, 7, 10, which is the last
        (SamplingPlan("nth", 4), [(7, 16)], 4),  # 1, 5, 9 and 10, the last
        (SamplingPlan("nth", 1), [(7, 16)], 10),
        (SamplingPlan("nth", 100), [(7, 16)], 2),
        (SamplingPlan("ends"), [(7, 16)], 2),
        (SamplingPlan("ends"), [(7, 7)], 1),
        (SamplingPlan("nth", 5), [(7, 7)], 1),
        (SamplingPlan("every"), [(8, 9), (12, 14)], 5),  # labels 1, 4, 5 and 8 to 10 are no more
        (SamplingPlan("nth", 3), [(8, 9), (12, 14)], 2),  # 7 is there, 1, 4, 10 are not; 8 is the last that is
        (SamplingPlan("ends"), [(8, 9), (12, 14)], 2),
        (SamplingPlan("every"), [], 0),
        (SamplingPlan("ends"), [], 0),
    ],
)
def test_a_plan_asks_for_these_labels(plan, there, asked) -> None:
    assert plan.asked(7, there) == asked


@given(
    st.sampled_from(("none", "every", "nth", "ends")),
    st.integers(1, 12),
    st.integers(0, 40),
    st.sets(st.integers(0, 60)),
)
def test_counting_by_arithmetic_is_counting_one_by_one(kind, nth, origin, labels) -> None:
    plan, there = SamplingPlan(kind, nth), sorted(origin + label for label in labels)
    assert plan.asked(origin, [(n, n) for n in there]) == len(one_by_one(plan, origin, there))


def test_the_difference_is_what_no_outcome_accounts_for() -> None:
    found = Reconciliation(1, 10, {"held": 3, "confirmed": 6}, 0, 0, 0, SamplingPlan(), None)
    assert found.difference == 1
