"""Rules of reprints: which numbers, which copy, which limits, whose approval."""

from __future__ import annotations

from datetime import UTC, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.actors import Actor
from labelsvc.domain.outcomes import OUTCOMES
from labelsvc.domain.reprints import (
    REASONS,
    ReprintPolicy,
    ReprintRules,
    check_approver,
    check_reprintable,
    next_copy,
)
from labelsvc.errors import Conflict, InvalidInput, NotAllowed


def test_a_label_may_be_printed_again_of_what_is_out_and_of_what_is_absent() -> None:
    """Every other outcome is refused with the reason."""
    refused = {}
    for outcome in OUTCOMES:
        try:
            check_reprintable(outcome)
        except Conflict as error:
            refused[outcome] = error.message.partition(f"got one that is {outcome}: ")[2]
    assert refused == {
        "held": "it was never printed; download it, or scan or declare what came out.",
        "planned": "it waits to be printed.",
        "in_doubt": "its print job has to be resolved first.",
        "spoiled": "that is its end.",
        "sampled": "that is its end.",
        "returned": "that is its end.",
        "invalidated": "that is its end.",
    }


@pytest.mark.parametrize(
    ("outcome", "copies", "highest", "copy"),
    [
        ("confirmed", 0, 0, 1),
        ("sent", 0, 0, 1),
        ("confirmed", 1, 1, 2),
        ("confirmed", 1, 4, 5),  # three were canceled
        ("absent", 0, 0, 0),  # its first label
        ("absent", 0, 1, 2),  # it had one, which was destroyed, and the first copy did not come out
        ("absent", 1, 1, 2),
    ],
)
def test_each_copy_has_a_number_of_its_own(outcome, copies: int, highest: int, copy: int) -> None:
    assert next_copy(outcome, copies, highest) == copy


@given(st.integers(1, 100), st.integers(1, 10_000), st.integers(0, 200), st.integers(0, 20_000))
def test_one_more_is_allowed_exactly_while_both_limits_are_above(per_serial, per_shift, copies, in_shift) -> None:
    policy = ReprintPolicy(per_serial=per_serial, per_shift=per_shift)
    if copies < per_serial and in_shift < per_shift:
        policy.check_limits(copies, in_shift)
    else:
        with pytest.raises(Conflict) as refused:
            policy.check_limits(copies, in_shift)
        assert refused.value.code == ("reprint_limit_serial" if copies >= per_serial else "reprint_limit_shift")


@pytest.mark.parametrize(
    ("demand", "reason", "said", "enough"),
    [
        ("none", "torn", "none", True),
        ("tick", "torn", "none", False),
        ("tick", "torn", "ticked", True),
        ("tick", "torn", "scanned", True),
        ("scan", "torn", "none", False),
        ("scan", "torn", "ticked", False),
        ("scan", "torn", "scanned", True),
        ("tick", "lost", "none", True),
        ("scan", "lost", "none", True),
    ],
)
def test_what_has_to_be_said_of_the_old_label(demand, reason: str, said, *, enough: bool) -> None:
    policy = ReprintPolicy(destroyed=demand)
    if enough:
        policy.check_destroyed(reason, said)
    else:
        with pytest.raises(InvalidInput, match="destroyed"):
            policy.check_destroyed(reason, said)


def test_a_lost_label_needs_an_approval_where_others_need_a_destruction() -> None:
    assert ReprintPolicy().needs_approval("lost")
    assert not ReprintPolicy().needs_approval("torn")
    assert not ReprintPolicy(destroyed="none").needs_approval("lost")
    assert ReprintPolicy(approval=True, destroyed="none").needs_approval("torn")


@pytest.mark.parametrize("limits", [{"per_serial": 0}, {"per_serial": 101}, {"per_shift": 0}, {"per_shift": 10_001}])
def test_limits_are_limits(limits) -> None:
    with pytest.raises(InvalidInput) as refused:
        ReprintPolicy(**limits)
    assert (refused.value.code, refused.value.pointer) == ("reprint_limit", f"/{next(iter(limits))}")


def test_a_policy_demands_one_of_three_things() -> None:
    with pytest.raises(InvalidInput, match="none, tick, scan"):
        ReprintPolicy(destroyed="burn")  # type: ignore[arg-type]


@pytest.mark.parametrize("approver", [Actor("key", "anna"), Actor("user", "anna"), Actor("shell", "ANNA")])
def test_a_person_is_a_name(approver: Actor) -> None:
    with pytest.raises(NotAllowed):
        check_approver(Actor("key", "anna"), approver)
    check_approver(Actor("key", "berta"), approver)


def test_a_site_has_its_own_reasons_beside_the_ordinary_ones() -> None:
    rules = ReprintRules.of(("forklift", "torn"), (time(6),), UTC)
    assert rules.reasons == (*REASONS, "forklift")
    rules.check_reason("forklift", None)
    with pytest.raises(InvalidInput):
        ReprintRules().check_reason("forklift", None)
