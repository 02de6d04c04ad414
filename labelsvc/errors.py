"""Errors as the caller meets them: a category, a stable code, a pointer to the field, one sentence.

    LabelsvcError
    ├── Malformed          400  the message cannot be read at all
    ├── Unauthenticated    401  nobody we know
    ├── NotAllowed         403  known, but not for this
    ├── NotFound           404  no such thing
    ├── NotAcceptable      406  not in that form
    ├── Conflict           409  not in this state
    ├── TooLarge           413  more than we take
    ├── UnsupportedMedia   415  not in that language
    ├── InvalidInput       422  readable, but wrong
    ├── TooMany            429  too often
    └── Unavailable        503  not now

The category decides the answer's status (in web/problems.py alone) and a command's exit. The sentence has one form:
*Expected X, got Y.* A domain function knows what is wrong but not where the value stood; whoever read the value says
so with `at`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class LabelsvcError(Exception):
    """Something the caller can understand and act on.

    Attributes:
        code: stable snake_case name of the rule that was broken.
        message: one sentence for a person.
        pointer: JSON pointer (RFC 6901) to the field in the request, or None.
        facts: further members of the answer, JSON values (what is left of a pool, for instance).
    """

    def __init__(self, code: str, message: str, *, pointer: str | None = None, **facts: Any) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.pointer = pointer
        self.facts = facts


class Malformed(LabelsvcError):
    """The message cannot be read at all."""


class Unauthenticated(LabelsvcError):
    """The caller is nobody we know."""


class NotAllowed(LabelsvcError):
    """The caller is known, but this is not for them."""


class NotFound(LabelsvcError):
    """There is no such thing."""


class NotAcceptable(LabelsvcError):
    """The thing exists, but not in the form asked for."""


class Conflict(LabelsvcError):
    """The request is right, but not in the state things are in."""


class TooLarge(LabelsvcError):
    """More than we take in one go."""


class UnsupportedMedia(LabelsvcError):
    """The message is in a language this route does not read."""


class InvalidInput(LabelsvcError):
    """A value can be read but breaks a rule."""


class TooMany(LabelsvcError):
    """Asked too often."""


class Unavailable(LabelsvcError):
    """It cannot be done now; later it may."""


@contextmanager
def at(pointer: str) -> Iterator[None]:
    """Say where the value stood, for an error from below that does not know."""
    try:
        yield
    except LabelsvcError as error:
        if error.pointer is None:
            error.pointer = pointer
        raise
