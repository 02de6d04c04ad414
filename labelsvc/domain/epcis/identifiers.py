"""What names a thing, a class of things, a place or a party in an event: any URI brought to its canonical form.

Canonical is the constrained GS1 Digital Link of CBV 2.0 (section 8.9): under https://id.gs1.org, with GTINs of 14
digits and the finest qualifier alone (a serial, else a lot); everything but A-Z a-z 0-9 - . _ ~ percent-encoded, as our
own Digital Links are. A URI that names nothing of GS1's stays as it is, an own item code (`.../item/A-7/21/0001`) too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import quote, unquote

from labelsvc.domain.application_identifiers import CSET_82
from labelsvc.domain.epcis import urns
from labelsvc.domain.epcis.uris import URI_AT_MOST, is_uri
from labelsvc.domain.gtin import check_digit
from labelsvc.errors import InvalidInput

CANONICAL = "https://id.gs1.org"
#: What a URI names. `other`: nothing of GS1's, so that we cannot say.
Kind = Literal["epc", "class", "location", "party", "other"]

_CSET_39 = frozenset("#-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")


@dataclass(frozen=True, slots=True)
class _Key:
    """A GS1 key as the first part of a Digital Link.

    Attributes:
        digits: how many digits it begins with, a check digit at `checked` among them (0: none).
        extra: characters that may follow them; `numeric`: digits only.
        qualifiers: AIs that may follow the key, in their order.
        kind: what the key alone names; `extra_kind`: what it names with an extra part.
    """

    digits: int
    kind: Kind
    checked: int = 0
    extra: int = 0
    numeric: bool = False
    alphabet: frozenset[str] = CSET_82
    qualifiers: tuple[str, ...] = ()
    extra_kind: Kind = "epc"


_KEYS = {
    "00": _Key(18, "epc", checked=18),
    "01": _Key(14, "class", checked=14, qualifiers=("22", "10", "21", "235")),
    "253": _Key(13, "class", checked=13, extra=17),
    "255": _Key(13, "class", checked=13, extra=12, numeric=True),
    "401": _Key(0, "epc", extra=30),
    "402": _Key(17, "epc", checked=17),
    "414": _Key(13, "location", checked=13, qualifiers=("254",)),
    "417": _Key(13, "party", checked=13),
    "8003": _Key(14, "class", checked=14, extra=16),
    "8004": _Key(0, "epc", extra=30),
    "8006": _Key(18, "class", checked=14, qualifiers=("22", "10", "21")),
    "8010": _Key(0, "class", extra=30, alphabet=_CSET_39, extra_kind="class", qualifiers=("8011",)),
    "8017": _Key(18, "epc", checked=18),
    "8018": _Key(18, "epc", checked=18),
}
_QUALIFIERS: dict[str, tuple[int, Kind]] = {
    "22": (20, "class"), "10": (20, "class"), "21": (20, "epc"), "235": (28, "epc"), "254": (20, "location"),
    "8011": (12, "epc"),
}  # fmt: skip
_SHORT_NAMES = {
    "gtin": "01", "sscc": "00", "gdti": "253", "gcn": "255", "ginc": "401", "gsin": "402", "gln": "414", "party": "417",
    "grai": "8003", "giai": "8004", "itip": "8006", "cpid": "8010", "gsrnp": "8017", "gsrn": "8018",
    "cpv": "22", "lot": "10", "ser": "21", "tpx": "235", "glnx": "254", "cpsn": "8011",
}  # fmt: skip
_LINK = re.compile(r"(?:https?|HTTPS?)://[^/?#]+((?:/[^/?#]*)+)(?:[?#].*)?")
_FOUR_DIGITS = re.compile(r"[0-9]{4}")
_DIGITS = re.compile(r"[0-9]+")
_PLAIN_SERIAL = re.compile(r"[0-9A-Za-z._-]{1,20}")
_SGTIN = re.compile(r"(urn:epc:id:sgtin:[0-9]{6,12}\.[0-9]{1,7}\.)([0-9A-Za-z._-]{1,20})")


def canonical(text: str) -> str:
    """Return the canonical form of a URI in an event.

    Args:
        text: an EPC, class, pattern, location or party as a URN (`urn:epc:id:sgtin:...`) or as a GS1 Digital Link of
            any domain; or another URI.

    Raises:
        InvalidInput: identifier_uri, no URI, or too long; identifier_urn; identifier_digits, identifier_check_digit,
            identifier_characters, identifier_length; identifier_qualifier, unknown, out of order or without a value.
    """
    return _fast(text) or read(text)[0]


def canonical_epc(text: str) -> str:
    """Return the canonical form of what must name one thing: a unit, a pallet, a returnable asset, a place.

    Raises:
        InvalidInput: as `canonical`; identifier_is_class, a GTIN or a lot names many things.
    """
    fast = _fast(text)
    if fast is not None:
        return fast
    result, kind = read(text)
    if kind == "class":
        raise InvalidInput(
            "identifier_is_class", f"Expected the EPC of one thing, got a class of things, {_shown(text)}."
        )
    return result


def canonical_class(text: str) -> str:
    """Return the canonical form of what must name a class of things, such as a GTIN or a lot.

    Raises:
        InvalidInput: as `canonical`; identifier_is_epc, one thing is not counted.
    """
    result, kind = read(text)
    if kind not in {"class", "other"}:
        raise InvalidInput("identifier_is_epc", f"Expected a class of things, got the EPC of one, {_shown(text)}.")
    return result


def canonical_or_same(text: str) -> str:
    """Return the canonical form where there is one, else the text: for fields that may hold anything."""
    try:
        return canonical(text)
    except InvalidInput:
        return text


@lru_cache(maxsize=4096)  # places, parties and lots come again and again
def read(text: str) -> tuple[str, Kind]:
    """Return the canonical form and what it names.

    Raises:
        InvalidInput: as `canonical`.
    """
    if len(text) > URI_AT_MOST:
        raise InvalidInput("identifier_uri", f"Expected at most {URI_AT_MOST} characters, got {len(text)}.")
    if not is_uri(text):
        raise InvalidInput("identifier_uri", f"Expected a URI (RFC 3986), got {_shown(text)}.")
    named = urns.read_urn(text)
    if named is None:
        named = _linked(text)
    if named is None:
        return text, "other"
    return _checked(*named)


def _fast(text: str) -> str | None:
    """The common forms: what stands before a plain serial is read once and remembered."""
    head, slash, serial = text.rpartition("/")
    if slash:
        if head.endswith("/21") and _PLAIN_SERIAL.fullmatch(serial):
            known = _head_of_link(head)
            return None if known is None else known + serial
        return None
    match = _SGTIN.fullmatch(text)
    if match is None:
        return None
    known = _head_of_urn(match[1])
    return None if known is None else known + match[2]


@lru_cache(maxsize=4096)
def _head_of_link(head: str) -> str | None:
    return _head(f"{head}/0")


@lru_cache(maxsize=4096)
def _head_of_urn(head: str) -> str | None:
    return _head(f"{head}0")


def _head(text: str) -> str | None:
    try:
        result, kind = read(text)
    except InvalidInput:
        return None  # and the whole of it will say why
    return result[:-1] if kind == "epc" and result.endswith("/21/0") else None


def _linked(text: str) -> tuple[str, str, list[tuple[str, str]]] | None:
    """Key, value and qualifiers of a Digital Link, decoded; None: it is none."""
    match = _LINK.fullmatch(text)
    if match is None:
        return None
    segments = match[1].split("/")[1:]
    if segments[-1] == "" and len(segments) > 1:
        segments.pop()
    names = [_SHORT_NAMES.get(segment, segment) for segment in segments]
    for place, name in enumerate(names[:-1]):
        if name in _KEYS and _is_value(text, name, segments[place + 1]):
            break
    else:
        return None
    rest = segments[place + 2 :]
    if len(rest) % 2:
        raise InvalidInput("identifier_qualifier", f"Expected a value behind each qualifier, got {_shown(text)}.")
    values = [unquote(part) for part in rest[1::2]]
    return name, unquote(segments[place + 1]), list(zip(names[place + 2 :: 2], values, strict=True))


def _is_value(text: str, name: str, segment: str) -> bool:
    # Anybody's URL may have /00/ in its path; below GS1's own domain it is a key or an error.
    return bool(_FOUR_DIGITS.match(segment)) or (_KEYS[name].digits > 0 and text.lower().startswith(f"{CANONICAL}/"))


def _checked(key: str, value: str, qualifiers: list[tuple[str, str]]) -> tuple[str, Kind]:
    rule = _KEYS[key]
    _check_digits(key, rule, value)
    kind = rule.extra_kind if len(value) > rule.digits else rule.kind
    finest = ""
    allowed = iter(rule.qualifiers)
    for name, text in qualifiers:
        if name not in allowed:  # the iterator has moved on behind what it found: the order is checked with it
            order = ", ".join(rule.qualifiers) or "none"
            raise InvalidInput(
                "identifier_qualifier", f"Expected qualifiers of AI ({key}) in the order {order}, got {_shown(name)}."
            )
        longest, named = _QUALIFIERS[name]
        _check_text(name, text, longest, numeric=name == "8011")
        if name not in {"22", "254"} or (name == "254" and text != "0"):
            finest, kind = f"/{name}/{_quoted(text)}", named
    return f"{CANONICAL}/{key}/{_quoted(value)}{finest}", kind


def _check_digits(key: str, rule: _Key, value: str) -> None:
    digits, extra = value[: rule.digits], value[rule.digits :]
    if rule.digits and not (digits.isascii() and digits.isdigit()):
        raise InvalidInput("identifier_digits", f"Expected {rule.digits} digits in AI ({key}), got {_shown(value)}.")
    if len(digits) != rule.digits or (extra and not rule.extra):
        raise InvalidInput("identifier_digits", f"Expected {rule.digits} digits, got {len(value)}.", ai=key)
    if rule.checked:
        expected, got = check_digit(digits[: rule.checked - 1]), digits[rule.checked - 1]
        if int(got) != expected:
            raise InvalidInput("identifier_check_digit", f"Expected check digit {expected}, got {got}.", ai=key)
    if extra or not rule.digits:
        _check_text(key, extra, rule.extra, numeric=rule.numeric, alphabet=rule.alphabet)


def _check_text(ai: str, text: str, longest: int, *, numeric: bool = False, alphabet: frozenset[str] = CSET_82) -> None:
    if not 1 <= len(text) <= longest:
        raise InvalidInput("identifier_length", f"Expected 1 to {longest} characters in AI ({ai}), got {len(text)}.")
    if numeric and not (text.isascii() and text.isdigit()):
        raise InvalidInput("identifier_characters", f"Expected digits in AI ({ai}), got {_shown(text)}.")
    wrong = next((character for character in text if character not in alphabet), None)
    if wrong is not None:
        raise InvalidInput("identifier_characters", f"Expected GS1's characters in AI ({ai}), got {wrong!r}.")


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _shown(text: str) -> str:
    return repr(text) if len(text) <= 120 else f"{len(text)} characters"
