"""What a Digital Link names, read from its path: /01/09520123456788/10/ABC1/21/12345, /00/<SSCC>, /item/<own code>."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import quote, unquote

from labelsvc.domain.application_identifiers import CSET_82, check_lot_number, check_serial
from labelsvc.domain.gtin import check_digit, check_item, parse_gtin
from labelsvc.errors import InvalidInput

Key = Literal["01", "00", "item"]
PATH_AT_MOST = 400
"""Characters of a path; the longest that can be right has some 250."""

_LONGEST = {"22": 20, "10": 20, "21": 20, "235": 28}
_ORDER: Mapping[Key, tuple[str, ...]] = {"01": ("22", "10", "21", "235"), "item": ("10", "21"), "00": ()}
"""The qualifiers of each key, in the order that they must have."""
_HALF_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Named:
    """A product, a lot of it, one unit of it, or a logistic unit.

    Attributes:
        key: which kind of code.
        code: GTIN of 14 digits, own item code, or SSCC of 18 digits.
        variant: AI (22); nothing in these books depends on it.
        lot, serial: AIs (10) and (21), checked.
        extension: AI (235), a serial that another party gave.
    """

    key: Key
    code: str
    variant: str | None = None
    lot: str | None = None
    serial: str | None = None
    extension: str | None = None

    @property
    def path(self) -> str:
        """The path in its one spelling, without a slash at its end."""
        pairs = (("22", self.variant), ("10", self.lot), ("21", self.serial), ("235", self.extension))
        return f"/{self.key}/{self.code}" + "".join(f"/{ai}/{quote(value, safe='')}" for ai, value in pairs if value)

    def levels(self) -> Iterator[Named]:
        """Yield this and whatever it is a part of, the key alone last."""
        found = self
        yield found
        for name in ("extension", "serial", "lot", "variant"):
            if getattr(found, name) is not None:
                found = replace(found, **{name: None})  # type: ignore[arg-type]  # one of those that may be None
                yield found


def read_path(path: str) -> Named:
    """Read what a path names, percent signs and all as they came.

    Raises:
        InvalidInput: link_too_long, link_pairs, link_key, link_escape, link_qualifier, link_order; gtin_digits,
            gtin_length, gtin_check_digit, gtin_zero; sscc_digits, sscc_length, sscc_check_digit; those of own item
            codes, lot numbers and serials; link_value.
    """
    if len(path) > PATH_AT_MOST:
        raise InvalidInput("link_too_long", f"Expected at most {PATH_AT_MOST} characters, got {len(path)}.")
    segments = path.removesuffix("/").removeprefix("/").split("/")
    if len(segments) % 2:
        got = f"{len(segments)} segments" if len(segments) > 1 else "one segment"
        raise InvalidInput("link_pairs", f"Expected pairs of an identifier and its value, got {got}.")
    key, code = segments[0], _text(segments[1])
    if key not in _KEYS:
        raise InvalidInput("link_key", f"Expected 01, 00 or item first, got {_shown(key)}.")
    said = _qualifiers(key, segments[2:])
    return Named(key, _KEYS[key](code), said.get("22"), said.get("10"), said.get("21"), said.get("235"))  # type: ignore[arg-type]  # one of _KEYS


def check_gtin_14(text: str) -> str:
    """Return a GTIN as a Digital Link carries it: 14 digits, never fewer.

    Raises:
        InvalidInput: gtin_digits, gtin_length, gtin_check_digit, gtin_zero.
    """
    _check_digits("gtin", text, 14)
    return parse_gtin(text)


def check_sscc(text: str) -> str:
    """Return an SSCC, 18 digits of which the last checks the others.

    Raises:
        InvalidInput: sscc_digits, sscc_length, sscc_check_digit.
    """
    _check_digits("sscc", text, 18)
    expected = check_digit(text[:-1])
    if int(text[-1]) != expected:
        raise InvalidInput("sscc_check_digit", f"Expected check digit {expected}, got {text[-1]}.")
    return text


def _check_digits(what: str, text: str, length: int) -> None:
    if not re.fullmatch(r"[0-9]+", text):
        raise InvalidInput(f"{what}_digits", f"Expected {length} digits, got {_shown(text)}.")
    if len(text) != length:
        raise InvalidInput(f"{what}_length", f"Expected {length} digits, got {len(text)}.")


_KEYS: Mapping[str, Callable[[str], str]] = {"01": check_gtin_14, "00": check_sscc, "item": check_item}


def _qualifiers(key: str, segments: list[str]) -> dict[str, str]:
    order = _ORDER[key]  # type: ignore[index]  # one of _KEYS
    said: dict[str, str] = {}
    for ai, raw in zip(segments[::2], segments[1::2], strict=True):
        if ai not in order:
            known = f"one of {', '.join(order)}" if order else "nothing behind it"
            raise InvalidInput("link_qualifier", f"Expected {known}, got {_shown(ai)}.")
        if said and order.index(ai) <= order.index(list(said)[-1]):
            raise InvalidInput("link_order", f"Expected {', '.join(order)} in this order, got {ai} too late.")
        said[ai] = _checked(ai, _text(raw))
    return said


def _checked(ai: str, value: str) -> str:
    if ai == "10":
        return check_lot_number(value)
    if ai == "21":
        return check_serial(value)
    if not 1 <= len(value) <= _LONGEST[ai] or not set(value) <= CSET_82:
        raise InvalidInput("link_value", f"Expected 1 to {_LONGEST[ai]} characters of GS1's set 82 behind {ai}.")
    return value


def _text(raw: str) -> str:
    if _HALF_ESCAPE.search(raw):
        raise InvalidInput("link_escape", f"Expected two hexadecimal digits behind %, got {_shown(raw)}.")
    try:
        return unquote(raw, errors="strict")
    except UnicodeDecodeError:
        raise InvalidInput("link_escape", f"Expected UTF-8, got {_shown(raw)}.") from None


def _shown(text: str) -> str:
    return ascii(text) if len(text) <= 40 else f"{len(text)} characters"
