"""A page of a list that is read by cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list.

    Attributes:
        next: give it back as `after` for the page that follows; None on the last one.
    """

    items: tuple[T, ...]
    next: int | None
