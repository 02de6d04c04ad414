"""What pydantic found wrong with a request, in our words: a pointer, a stable code, one sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from labelsvc import errors

#: Characters of the caller's own input in a sentence.
ECHO_AT_MOST = 100
#: Violations listed in one answer.
LISTED_AT_MOST = 20

_DAY = ("not_date", "a date as 2026-11-30")
_INTEGER = ("not_integer", "a whole number")
_OBJECT = ("not_object", "an object")
#: What pydantic calls it -> our code, and what was expected.
_KINDS: Mapping[str, tuple[str, str]] = {
    "bool_type": ("not_boolean", "true or false"),
    "date_parsing": _DAY,
    "date_type": _DAY,
    "dict_type": _OBJECT,
    "finite_number": ("not_number", "a finite number"),
    "float_type": ("not_number", "a number"),
    "greater_than": ("too_small", "more than {gt}"),
    "greater_than_equal": ("too_small", "at least {ge}"),
    "int_parsing": _INTEGER,
    "int_type": _INTEGER,
    "less_than": ("too_large", "less than {lt}"),
    "less_than_equal": ("too_large", "at most {le}"),
    "literal_error": ("unknown_value", "one of {expected}"),
    "model_type": _OBJECT,
    "string_pattern_mismatch": ("wrong_form", "text of the form {pattern}"),
    "string_too_long": ("too_long", "at most {max_length} characters"),
    "string_too_short": ("too_short", "at least {min_length} characters"),
    "string_type": ("not_text", "text"),
    "string_unicode": ("not_unicode", "whole Unicode characters"),
    "too_long": ("too_long", "at most {max_length} members"),
    "too_short": ("too_short", "at least {min_length} members"),
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule.

    Attributes:
        location: `json`, `query` or `headers`.
        path: where in it: names and indices.
        code: stable name of the rule.
    """

    location: str
    path: tuple[str | int, ...]
    code: str
    message: str

    def member(self) -> dict[str, str]:
        """Return it as a member of `errors`: a JSON pointer into the body, or the name of a parameter."""
        where = {"pointer": pointer(self.path)} if self.location == "json" else {"parameter": self._parameter()}
        return {**where, "code": self.code, "detail": self.message}

    def error(self) -> errors.LabelsvcError:
        """Return it as an error; a header that cannot be used makes the message unreadable, not a value wrong."""
        if self.location == "headers":
            return errors.Malformed(self.code, self.message, parameter=self._parameter())
        if self.location == "json":
            return errors.InvalidInput(self.code, self.message, pointer=pointer(self.path))
        return errors.InvalidInput(self.code, self.message, parameter=self._parameter())

    def _parameter(self) -> str:
        name = ".".join(str(step) for step in self.path)[:ECHO_AT_MOST]
        return name.replace("_", "-").title() if self.location == "headers" else name


def violations(found: ValidationError, location: str) -> list[Violation]:
    """Return what a model refused, the first LISTED_AT_MOST of it."""
    return [_violation(details, location) for details in found.errors(include_url=False)[:LISTED_AT_MOST]]


def _violation(details: ErrorDetails, location: str) -> Violation:
    path, kind = details["loc"], details["type"]
    if location == "headers":
        return Violation(location, path, *_header(path, kind))
    if kind == "missing":
        return Violation(location, path, "missing", f"Expected {_named(path)}, got nothing.")
    if kind == "extra_forbidden":
        return Violation(location, path, "unknown_field", f"Expected known fields only, got {_named(path)}.")
    if kind not in _KINDS:  # one of our own, with its sentence
        return Violation(location, path, kind, details["msg"])
    code, expected = _KINDS[kind]
    context: Mapping[str, Any] = details.get("ctx", {})
    return Violation(location, path, code, f"Expected {expected.format_map(context)}, got {echo(details['input'])}.")


def _header(path: Sequence[str | int], kind: str) -> tuple[str, str]:
    name = str(path[0]).replace("_", "-").title()
    code = str(path[0])
    if kind == "missing":
        return f"{code}_missing", f"Expected the header {name}, got none."
    return f"{code}_malformed", f"Expected {name} to be 1 to 200 visible ASCII characters, got another value."


def _named(path: Sequence[str | int]) -> str:
    return echo(str(path[-1])) if path else "an object"


def pointer(path: Sequence[str | int]) -> str:
    """Return a JSON pointer (RFC 6901), cut where the caller's own names are long."""
    steps = (str(step)[:ECHO_AT_MOST].replace("~", "~0").replace("/", "~1") for step in path)
    return "".join(f"/{printable(step)}" for step in steps)


def echo(value: object) -> str:
    """Return what the caller sent, short and harmless, for a sentence."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return f'"{printable(value)}"'
    if isinstance(value, int) and abs(value) >= 10**20:
        return f"a number of {len(str(abs(value)))} digits"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, Sequence) else "something else"


def printable(text: str) -> str:
    """Return a text cut to ECHO_AT_MOST characters, everything that does not print as an escape."""
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text[:100])
    return shown if len(shown) <= ECHO_AT_MOST else shown[: ECHO_AT_MOST - 1] + "…"
