"""Disjointness: whether two serial schemes can ever give the same serial, whatever the lots.

Each scheme is seen as the set of characters that its tokens allow at every position, and, for its dates, the set of
texts that real dates have. Both only ever grow beyond the truth (lots are free, a date may be any from 2000 to 2099),
so nothing in common here is a proof; something in common is only a suspicion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labelsvc.domain.tokens import DIGITS, LITERALS, CheckDigit, Counter, DateKind, DatePart, Fixed, Token, calendar

Choices = tuple[frozenset[str], ...]
"""Per position, the characters that may stand there."""


@dataclass(frozen=True, slots=True)
class Dates:
    """The positions of one date's characters, and every text they can make together."""

    positions: tuple[int, ...]
    texts: frozenset[str]

    def within(self, choices: Choices) -> Dates:
        """Keep the texts whose every character is among the choices at its position."""
        places = [choices[position] for position in self.positions]
        return Dates(
            self.positions,
            frozenset(
                text
                for text in self.texts
                if all(character in place for character, place in zip(text, places, strict=True))
            ),
        )


@dataclass(frozen=True, slots=True)
class Ground:
    """What a scheme can give: characters by position, and its dates."""

    choices: Choices
    dates: tuple[Dates, ...]


def date_fields(tokens: Sequence[Token], kind: DateKind) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Give all directives and literals of one of the lot's dates in order, and the positions they fill.

    Several tokens of one kind write one and the same date, so they are read as one.
    """
    parts: list[str] = []
    positions: list[int] = []
    position = 0
    for token in tokens:
        if isinstance(token, DatePart) and token.kind == kind:
            parts += token.parts
            positions += range(position, position + token.width)
        position += token.width
    return tuple(parts), tuple(positions)


def ground(tokens: Sequence[Token]) -> Ground:
    """See a scheme's tokens as the ground they cover."""
    choices: list[frozenset[str]] = []
    for token in tokens:
        if isinstance(token, Fixed):
            choices += [frozenset(character) for character in token.text]
        elif isinstance(token, Counter):
            choices += [frozenset(token.alphabet)] * token.width
        elif isinstance(token, CheckDigit):
            choices.append(frozenset(DIGITS))
        else:
            choices += [frozenset(LITERALS)] * token.width
    kinds: tuple[DateKind, ...] = ("prod", "exp")
    fields = [date_fields(tokens, kind) for kind in kinds]
    return Ground(tuple(choices), tuple(Dates(positions, calendar(parts)) for parts, positions in fields if parts))


def common(a: Ground, b: Ground) -> str | None:
    """Look for a text on both grounds.

    Returns:
        None: proved that there is none. Else a text that may stand on both (a suspicion, to be checked).
    """
    if len(a.choices) != len(b.choices):
        return None
    choices = tuple(x & y for x, y in zip(a.choices, b.choices, strict=True))
    dates = _met(a.dates + b.dates)
    narrowed = _narrow(choices, dates)
    if narrowed is None:
        return None
    choices, dates = narrowed
    for date in dates:
        # Fix the dates one by one; where two of them bite each other, the suspicion stands without a clean example.
        candidates = date.within(choices).texts
        if candidates:
            chosen = dict(zip(date.positions, max(candidates), strict=True))
            choices = tuple(frozenset(chosen.get(i, "")) or choice for i, choice in enumerate(choices))
    return "".join(max(choice) for choice in choices)


def _met(dates: tuple[Dates, ...]) -> tuple[Dates, ...]:
    """Merge dates that fill the same positions: only texts of both are left."""
    met: dict[tuple[int, ...], frozenset[str]] = {}
    for date in dates:
        met[date.positions] = met.get(date.positions, date.texts) & date.texts
    return tuple(Dates(positions, texts) for positions, texts in met.items())


def _narrow(choices: Choices, dates: tuple[Dates, ...]) -> tuple[Choices, tuple[Dates, ...]] | None:
    """Let choices and dates cut each other down until nothing changes; None when one of them is left empty."""
    while True:
        dates = tuple(date.within(choices) for date in dates)
        left = list(choices)
        for date in dates:
            for place, position in enumerate(date.positions):
                left[position] &= {text[place] for text in date.texts}
        if not all(left):
            return None
        if tuple(left) == choices:
            return choices, dates
        choices = tuple(left)
