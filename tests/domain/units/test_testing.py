"""What is measured, between which limits, and what that shows of a unit."""

from __future__ import annotations

from decimal import Decimal

import pytest

from labelsvc.domain.actors import Actor
from labelsvc.domain.units.testing import NewTest, Passing, check_second, evaluate, shown, verdict
from labelsvc.errors import InvalidInput, NotAllowed

TORQUE = NewTest("Torque", lower=Decimal("1.20"), upper=Decimal("1.40"), uom="N m")
LOOK = NewTest("Look", words=("good", "as new"))


@pytest.mark.parametrize(
    ("test", "value", "result"),
    [
        (TORQUE, "1.2", "passed"),
        (TORQUE, "1.40", "passed"),
        (TORQUE, "1.4000001", "failed"),
        (TORQUE, "1.1999999", "failed"),
        (TORQUE, "-1.3", "failed"),
        (NewTest("Mass", upper=Decimal(5)), "-100", "passed"),
        (NewTest("Mass", lower=Decimal(5)), "4.99", "failed"),
        (NewTest("Count"), "7", "passed"),
        (LOOK, "as new", "passed"),
        (LOOK, "As new", "failed"),
    ],
)
def test_a_value_passes_within_its_limits_they_themselves_too(test, value, result) -> None:
    assert evaluate(test, value) == result


@pytest.mark.parametrize("value", ["1,3", "1e3", "NaN", "", "0x1", "1" * 16, "."])
def test_what_is_no_number_is_no_value(value) -> None:
    with pytest.raises(InvalidInput):
        evaluate(TORQUE, value)


@pytest.mark.parametrize(
    "said",
    [
        {"lower": Decimal(2), "upper": Decimal(1)},
        {"words": ("good",), "lower": Decimal(1)},
        {"words": ("good",), "uom": "N"},
        {"per": "case"},
        {"name": " "},
    ],
)
def test_a_test_by_which_nothing_can_be_measured_is_none(said) -> None:
    with pytest.raises(InvalidInput):
        NewTest(**{"name": "Torque", **said})


def test_a_unit_conforms_when_all_that_is_required_is_passed_and_not_when_nothing_is_required() -> None:
    assert shown({"A", "B"}, {"A": "passed", "B": "passed", "C": "failed"}) == "conformant"
    assert shown({"A", "B"}, {"A": "passed"}) is None
    assert shown({"A", "B"}, {"A": "failed"}) == "non_conformant"
    assert shown(set(), {"A": "passed"}) is None


@pytest.mark.parametrize(
    ("results", "new", "unit", "said"),
    [
        ({"A": "passed", "B": "passed"}, {"B"}, Passing(conforms=False, overridden=False), "conformant"),
        ({"A": "passed", "B": "passed"}, {"B"}, Passing(conforms=True, overridden=False), None),
        ({"A": "failed"}, {"A"}, Passing(conforms=False, overridden=False), "non_conformant"),
        # What was known when the override was approved does not undo it; what is new does.
        ({"A": "failed", "B": "passed"}, {"B"}, Passing(conforms=True, overridden=True), None),
        ({"A": "failed", "B": "failed"}, {"B"}, Passing(conforms=True, overridden=True), "non_conformant"),
        # A withdrawn record leaves a test that was not made.
        ({"A": "passed"}, {"B"}, Passing(conforms=True, overridden=False), "untested"),
        ({"A": "passed"}, {"B"}, Passing(conforms=True, overridden=True), None),
        # What is not required opens and closes nothing.
        ({"A": "passed", "B": "passed", "C": "failed"}, {"C"}, Passing(conforms=True, overridden=False), None),
    ],
)
def test_what_is_said_of_a_unit_when_something_is_recorded(results, new, unit, said) -> None:
    assert verdict({"A", "B"}, results, new, unit) == said


def test_a_person_is_the_same_by_whichever_door_they_come_in() -> None:
    check_second(Actor("key", "anna"), Actor("key", "berta"))
    for same in (Actor("key", "anna"), Actor("user", "Anna"), Actor("shell", "anna")):
        with pytest.raises(NotAllowed):
            check_second(Actor("key", "anna"), same)
