"""Tests of units and of lots: what is measured, between which limits, and what the results show of a unit; pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, get_args

from labelsvc.domain.actors import Actor
from labelsvc.domain.products import check_name
from labelsvc.domain.units.standing import Quality
from labelsvc.errors import InvalidInput, NotAllowed, at

#: What a test is made of: each unit, or its lot as a whole.
Per = Literal["unit", "lot"]
#: `withdrawn`: the record that it corrects should never have been made.
Result = Literal["passed", "failed", "withdrawn"]
#: What is said of a unit by an event: what its tests show; `untested`: no longer that it conforms.
Verdict = Literal["conformant", "non_conformant", "untested"]
#: What makes a number a unit: its label came out, somebody scanned it, an event from outside.
CommissionOn = Literal["confirmed", "scanned", "event"]
OverrideState = Literal["asked", "approved", "refused"]

NAME_AT_MOST = 80
VALUE_AT_MOST = 80
WORDS_AT_MOST = 50
UOM_AT_MOST = 20
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?")


@dataclass(frozen=True, slots=True)
class NewTest:
    """What is measured of a product, and what is good.

    Attributes:
        required: a unit does not pass the gate of its lot without.
        uom: unit of measure, as people write it.
        lower, upper: a value between them passes, they themselves too; None: no limit on that side.
        words: where the value is a word: those that pass.
    """

    name: str
    per: Per = "unit"
    required: bool = True
    uom: str | None = None
    lower: Decimal | None = None
    upper: Decimal | None = None
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """See that something can be measured by it.

        Raises:
            InvalidInput: it cannot.
        """
        with at("/name"):
            check_name(self.name, NAME_AT_MOST)
        if self.per not in get_args(Per):
            raise InvalidInput("test_per", f"Expected unit or lot, got {self.per[:40]}.", pointer="/per")
        if self.uom is not None:
            with at("/uom"):
                check_name(self.uom, UOM_AT_MOST)
        for place, word in enumerate(self.words):
            with at(f"/words/{place}"):
                check_name(word, VALUE_AT_MOST)
        if self.words and (self.uom, self.lower, self.upper) != (None, None, None):
            message = "Expected limits or words that pass, got both."
            raise InvalidInput("test_limits", message, pointer="/words")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            message = f"Expected an upper limit of at least {self.lower}, got {self.upper}."
            raise InvalidInput("test_limits", message, pointer="/upper")


@dataclass(frozen=True, slots=True)
class DefinedTest:
    """A version of a test of a product; it never changes.

    Attributes:
        current: there is no later one.
    """

    id: int
    product: str
    version: int
    test: NewTest
    current: bool
    created_at: datetime


def limit(text: str) -> Decimal:
    """Return a number that people write.

    Raises:
        InvalidInput: it is none.
    """
    if not _NUMBER.fullmatch(text):
        message = f"Expected a number of at most 15 digits before and after its point, got {text[:40]!r}."
        raise InvalidInput("test_number", message)
    return Decimal(text)


def evaluate(test: NewTest, value: str) -> Result:
    """Return whether a value passes a test.

    Raises:
        InvalidInput: the test measures a number, and it is none; or it is no text of one line.
    """
    check_name(value, VALUE_AT_MOST)
    if test.words:
        return "passed" if value in test.words else "failed"
    number = limit(value)
    below = test.lower is not None and number < test.lower
    above = test.upper is not None and number > test.upper
    return "failed" if below or above else "passed"


def shown(required: Collection[str], results: Mapping[str, Result]) -> Quality | None:
    """Return what the required tests show of a unit; None: not all were made, or none is required.

    Args:
        results: the latest of each test, by its name.
    """
    found = [results.get(name) for name in required]
    if "failed" in found:
        return "non_conformant"
    return "conformant" if found and all(result == "passed" for result in found) else None


@dataclass(frozen=True, slots=True)
class Passing:
    """How a unit stands before its gate.

    Attributes:
        conforms: it passes.
        overridden: two people said so.
    """

    conforms: bool
    overridden: bool


def verdict(
    required: Collection[str], results: Mapping[str, Result], new: Collection[str], unit: Passing
) -> Verdict | None:
    """Return what is said of a unit now that tests were recorded; None: nothing that was not said.

    A failed test closes the gate even where it was opened by an override: nobody knew of it then. What was known
    then closes it no more.

    Args:
        new: names of the tests that were recorded or corrected now.
    """
    if any(name in required and results.get(name) == "failed" for name in new):
        return "non_conformant"
    shows = shown(required, results)
    if shows == "conformant":
        return None if unit.conforms else "conformant"
    lost = shows is None and unit.conforms and not unit.overridden and any(name in required for name in new)
    return "untested" if lost else None


def required_names(tests: Iterable[DefinedTest], per: Per | None = None) -> frozenset[str]:
    """Return the names of the tests that a unit needs, all or those of a kind."""
    return frozenset(one.test.name for one in tests if one.test.required and per in (None, one.test.per))


def check_second(asked_by: Actor, approver: Actor) -> None:
    """See that somebody else approves than who asked; by whichever door they come in, a name is a person.

    Raises:
        NotAllowed: it is the same.
    """
    if asked_by.id.casefold() == approver.id.casefold():
        message = f"Expected another person than the one who asked, got {approver.id} again."
        raise NotAllowed("override_own", message)


@dataclass(frozen=True, slots=True)
class Record:
    """A value that was measured, for ever.

    Attributes:
        report: what it was recorded with.
        test: in the version, with the limits, that it was measured by.
        epc: the unit's; None: of the lot.
        value: None: the record that it corrects is withdrawn.
        at: when it was measured; offset: of the clock on the wall there.
        corrects: the record that was wrong; corrected_by: the record that says so of this one.
        actor: who recorded it; tested_by: who measured it, where that was another.
    """

    id: int
    report: int
    test: DefinedTest
    lot_id: int
    epc: str | None
    value: str | None
    result: Result
    instrument: str | None
    tested_by: str | None
    at: datetime
    offset: str
    recorded_at: datetime
    corrects: int | None
    corrected_by: int | None
    reason: str | None
    actor: Actor


@dataclass(frozen=True, slots=True)
class Override:
    """That units pass the gate of their lot whatever their tests show, asked for by one person, approved by another.

    Attributes:
        lot_id: all units of a lot; None: `units` are they.
        units: EPCs.
        decision: why it was refused.
    """

    id: int
    lot_id: int | None
    units: tuple[str, ...]
    state: OverrideState
    reason: str
    asked_by: Actor
    asked_at: datetime
    decided_by: Actor | None
    decided_at: datetime | None
    decision: str | None
