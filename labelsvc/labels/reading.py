"""Reading the keys of a label format: every key has a type and bounds, and one that nobody knows is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from labelsvc.errors import InvalidInput
from labelsvc.labels.layout import Box
from labelsvc.labels.source import Entry, Place

Choice = TypeVar("Choice", bound=str | int)

_MISSING = object()


class Keys:
    """The keys of one table of a format.

    Every reader takes the key's name and its bounds; without a default the key must be there.
    """

    def __init__(self, entry: Entry, known: Sequence[str]) -> None:
        """Refuse keys that are not known.

        Raises:
            InvalidInput: format_key.
        """
        self._entry = entry
        for key in entry.values:
            if key not in known:
                raise entry.at(key).error("format_key", f"one of the keys {', '.join(known)}", repr(key[:40]))

    @property
    def place(self) -> Place:
        """Where the table begins."""
        return self._entry.place

    def at(self, key: str) -> Place:
        """Where a key stands."""
        return self._entry.at(key)

    def has(self, key: str) -> bool:
        """Tell whether a key is there."""
        return key in self._entry.values

    def wrong(self, key: str, expected: str) -> InvalidInput:
        """Make the error for a key of another type or out of bounds."""
        if not self.has(key):
            return self.at(key).error("format_missing", f"the key {key}, {expected}", "none")
        return self.at(key).error("format_value", expected, _shown(self._entry.values[key]))

    def mm(self, key: str, bounds: tuple[float, float], default: float | None = None) -> float:
        """Read a length in mm."""
        value = self._value(key, default)
        if not _number(value) or not bounds[0] <= value <= bounds[1]:
            raise self.wrong(key, f"a length of {bounds[0]:g} to {bounds[1]:g} mm")
        return float(value)

    def number(self, key: str, bounds: tuple[float, float], default: float | None = None) -> float:
        """Read a number that is no length."""
        value = self._value(key, default)
        if not _number(value) or not bounds[0] <= value <= bounds[1]:
            raise self.wrong(key, f"a number of {bounds[0]:g} to {bounds[1]:g}")
        return float(value)

    def whole(self, key: str, bounds: tuple[int, int], default: int | None = None) -> int:
        """Read a whole number."""
        value = self._value(key, default)
        if type(value) is not int or not bounds[0] <= value <= bounds[1]:
            raise self.wrong(key, f"a whole number of {bounds[0]} to {bounds[1]}")
        return value

    def text(self, key: str, longest: int, default: str | None = None) -> str:
        """Read a text that is not empty."""
        value = self._value(key, default)
        if not isinstance(value, str) or (value != default and not 1 <= len(value) <= longest):
            raise self.wrong(key, f"a text of 1 to {longest} characters")
        return value

    def choice(self, key: str, among: Sequence[Choice], default: Choice | None = None) -> Choice:
        """Read one of a few values."""
        value = self._value(key, default)
        if isinstance(value, bool) or value not in among:
            raise self.wrong(key, f"one of {', '.join(map(str, among))}")
        return among[list(among).index(value)]

    def flag(self, key: str) -> bool:
        """Read true or false; false when it is not there."""
        value = self._value(key, default=False)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def choices(
        self, key: str, among: Sequence[Choice], default: tuple[Choice, ...] | None = None
    ) -> tuple[Choice, ...]:
        """Read a list of different values out of a few, at least one."""
        if default is not None and not self.has(key):
            return default
        value = self._value(key, None)
        known = isinstance(value, list) and all(isinstance(item, str) and item in among for item in value)
        if not known or not value or len(set(value)) != len(value):
            raise self.wrong(key, f"a list of different ones of {', '.join(map(str, among))}")
        return tuple(among[list(among).index(item)] for item in value)

    def lengths(self, key: str, names: str, bounds: tuple[float, float]) -> tuple[float, ...]:
        """Read a list of lengths in mm, as many as there are names."""
        value, wanted = self._value(key, None), len(names.split(", "))
        if not isinstance(value, list) or len(value) != wanted or not all(map(_number, value)):
            raise self.wrong(key, f"[{names}] in mm")
        if not all(bounds[0] <= length <= bounds[1] for length in value):
            raise self.wrong(key, f"[{names}] of {bounds[0]:g} to {bounds[1]:g} mm each")
        return tuple(map(float, value))

    def box(self, key: str, label: Box) -> Box:
        """Read a rectangle that lies on the label."""
        box = Box(*self.lengths(key, "x, y, width, height", (0, 1000)))
        if box.width <= 0 or box.height <= 0:
            raise self.wrong(key, "a box wider and higher than 0 mm")
        return self.on_label(key, box, label)

    def on_label(self, key: str, box: Box, label: Box) -> Box:
        """Refuse a rectangle that leaves the label.

        Raises:
            InvalidInput: format_off_label.
        """
        right, bottom, room = box.x + box.width, box.y + box.height, 1e-6
        if box.x < -room or box.y < -room or right > label.width + room or bottom > label.height + room:
            raise self.at(key).error(
                "format_off_label",
                f"a place on the label of {label.width:g} x {label.height:g} mm",
                f"one from {box.x:g}, {box.y:g} to {right:g}, {bottom:g}",
            )
        return box

    def _value(self, key: str, default: object) -> Any:
        value = self._entry.values.get(key, _MISSING)
        if value is _MISSING:
            if default is None:
                raise self.wrong(key, "which must be there")
            return default
        return value


def _number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e9  # false for nan


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
