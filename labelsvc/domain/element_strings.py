"""GS1 element strings: Application Identifiers with their values, as a barcode carries them and as people read them.

A separating FNC1 is written as the control character GS, `FNC1`. The leading FNC1, which says that a symbol is
GS1's, belongs to the symbol.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labelsvc.domain.application_identifiers import TABLE, application_identifier, check_value
from labelsvc.errors import InvalidInput

FNC1 = "\x1d"
ElementPair = tuple[str, str]
"""Application Identifier and value."""


def element_string(pairs: Sequence[ElementPair]) -> str:
    """Concatenate, in the order given; put those of predefined length first to save separators (R6).

    Args:
        pairs: values are taken as checked (`check_value`); this only joins them.

    Returns:
        The payload, an FNC1 behind each value of variable length that is not the last.

    Raises:
        InvalidInput: gs1_ai_unknown.
    """
    parts: list[str] = []
    for place, (ai, value) in enumerate(pairs, start=1):
        separated = place < len(pairs) and not application_identifier(ai).predefined
        parts.append(f"{ai}{value}{FNC1 if separated else ''}")
    return "".join(parts)


def hri(pairs: Sequence[ElementPair]) -> str:
    """The human-readable interpretation: `(01)09520123456788(21)12345`."""
    return "".join(f"({ai}){value}" for ai, value in pairs)


def split_element_string(text: str) -> tuple[ElementPair, ...]:
    """Take an element string apart; the values are not checked but for their length.

    Args:
        text: what a reader gives, without symbology identifier and leading FNC1. A needless separator behind a value
            of predefined length is read over.

    Raises:
        InvalidInput: gs1_ai_unknown; gs1_value_length, a value breaks off.
    """
    pairs: list[ElementPair] = []
    rest = text
    while rest:
        ai = _leading_ai(rest)
        row, rest = TABLE[ai], rest[len(ai) :]
        if row.predefined:
            value, rest = rest[: row.longest], rest[row.longest :].removeprefix(FNC1)
        else:
            value, _, rest = rest.partition(FNC1)
        if not row.shortest <= len(value) <= row.longest:
            raise InvalidInput(
                "gs1_value_length",
                f"Expected {row.shortest} to {row.longest} characters behind AI ({ai}), got {len(value)}.",
            )
        pairs.append((ai, value))
    return tuple(pairs)


def check_element_string(text: str) -> tuple[ElementPair, ...]:
    """Take an element string of ours apart and check every value and every separator.

    Raises:
        InvalidInput: as `split_element_string` and `check_value`; gs1_separator, an FNC1 that is missing or needless.
    """
    pairs = split_element_string(text)
    for ai, value in pairs:
        check_value(ai, value)
    if element_string(pairs) != text:
        raise InvalidInput(
            "gs1_separator", f"Expected FNC1 only between a value of variable length and the next AI, got {text!r}."
        )
    return pairs


def check_item_carriers(pairs: Iterable[ElementPair]) -> None:
    """Check what all carriers on one item say together (R2: required, excluded and repeated AIs).

    Args:
        pairs: of every symbol on the item; a GS1 Digital Link counts with the AIs in its path and query.

    Raises:
        InvalidInput: gs1_ai_contradicts, one AI with two values; gs1_ai_requires; gs1_ai_excludes.
    """
    values: dict[str, str] = {}
    for ai, value in pairs:
        if values.setdefault(ai, value) != value:
            raise InvalidInput(
                "gs1_ai_contradicts", f"Expected one value of AI ({ai}) on the item, got {values[ai]!r} and {value!r}."
            )
    for ai in values:
        row = application_identifier(ai)
        for group in row.requires:
            if not group & values.keys():
                raise InvalidInput("gs1_ai_requires", f"Expected AI {_any_of(group)} with AI ({ai}), got none.")
        for other in sorted(row.excludes & values.keys()):
            raise InvalidInput("gs1_ai_excludes", f"Expected no AI ({other}) with AI ({ai}), got both.")


def _leading_ai(text: str) -> str:
    for length in (2, 3, 4):
        if text[:length] in TABLE:
            return text[:length]
    raise InvalidInput("gs1_ai_unknown", f"Expected one of the AIs {', '.join(TABLE)}, got {text[:4]!r}.")


def _any_of(group: Iterable[str]) -> str:
    return " or ".join(f"({ai})" for ai in sorted(group))
