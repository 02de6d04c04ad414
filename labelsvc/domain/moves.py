"""What may become of a number by hand: one table of allowed moves, in the words of OPEN-SCS 5 (serial number states).

Printing moves numbers by itself (domain.delivery); here are the moves that a person makes, each with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from labelsvc.domain.outcomes import Interval, Outcome
from labelsvc.errors import Conflict, InvalidInput

#: Outcome a person may give a number -> outcomes it may have had. What is planned or in doubt belongs to its print job
#: and is resolved there. Spoiled (LabelScrapped), returned and invalidated (SNInvalid) are final.
MOVES: Mapping[Outcome, frozenset[Outcome]] = {
    "spoiled": frozenset({"held", "sent", "confirmed", "absent"}),
    "sampled": frozenset({"held", "sent", "confirmed"}),
    "returned": frozenset({"held", "absent"}),
    "invalidated": frozenset({"held", "sent", "confirmed", "absent", "sampled"}),
}

#: What a signed declaration may make of what nothing better is known of.
DECLARED: Mapping[Outcome, frozenset[Outcome]] = {
    "confirmed": frozenset({"held", "sent"}),
    "absent": frozenset({"held", "sent"}),
    "returned": frozenset({"held", "absent"}),
    "spoiled": frozenset({"held", "sent", "absent"}),
}

#: A scan proves that a label is there, whatever was thought of it before.
SCANNABLE: frozenset[Outcome] = frozenset({"held", "sent", "in_doubt", "absent", "confirmed"})

#: As long as a number is one of these its lot cannot be closed.
OPEN: tuple[Outcome, ...] = ("held", "planned", "sent", "in_doubt", "absent")


@dataclass(frozen=True, slots=True)
class Move:
    """What somebody does with numbers of a product.

    Attributes:
        product: GTIN or item code.
        serials: which.
        outcome: a key of MOVES.
        reason: kept with each number and in the audit.
    """

    product: str
    serials: tuple[str, ...]
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """What somebody signs of all numbers of a lot of which nothing better is known.

    Attributes:
        of: held, sent or absent.
        outcome: a key of DECLARED.
        statement: what was seen, and by whom.
        numbers: how many they were when whoever signs looked; None: not said.
    """

    of: Outcome
    outcome: Outcome
    statement: str
    numbers: int | None = None


def check_declaration(declaration: Declaration) -> None:
    """See that numbers that are `of` may be declared to be `outcome`.

    Raises:
        InvalidInput: they may not, with what was expected.
    """
    if declaration.of not in DECLARED.get(declaration.outcome, frozenset()):
        wanted = ", or ".join(f"{' or '.join(sorted(of))} as {outcome}" for outcome, of in DECLARED.items())
        message = f"Expected {wanted}, got {declaration.of} as {declaration.outcome}."
        raise InvalidInput("declaration", message, pointer="/as")


def check_move(known: Iterable[Interval], outcome: Outcome, pointer: str) -> None:
    """See that numbers may become `outcome`.

    Raises:
        Conflict: one may not, with what was expected.
    """
    allowed = MOVES[outcome]
    for interval in known:
        if interval.outcome not in allowed:
            wanted = ", ".join(sorted(allowed))
            message = f"Expected a number that is {wanted}, to be {outcome}, got one that is {interval.outcome}."
            raise Conflict("move_not_allowed", message, pointer=pointer)
