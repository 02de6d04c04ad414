"""EPC URNs (GS1 EPC Tag Data Standard, sections 6 to 8): to key, value and qualifiers, and back.

A URN says where the company prefix ends, which a Digital Link does not: the way back needs its length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from labelsvc.domain.gtin import check_digit
from labelsvc.errors import InvalidInput

Named = tuple[str, str, list[tuple[str, str]]]
"""Key (an AI), its value, qualifiers; everything decoded."""


@dataclass(frozen=True, slots=True)
class _Scheme:
    """A scheme of URNs whose company prefix and reference have a fixed number of digits together.

    Attributes:
        ai: the key.
        digits: of company prefix and reference together.
        indicator: the first digit of the reference stands in front of the company prefix.
        zero: a 0 stands in front of both.
        serial: a part follows that belongs to the value ("value") or is the value of this AI; "": none does.
    """

    ai: str
    digits: int
    indicator: bool = False
    zero: bool = False
    serial: str = ""


_SCHEMES = {
    "sgtin": _Scheme("01", 13, indicator=True, serial="21"),
    "lgtin": _Scheme("01", 13, indicator=True, serial="10"),
    "upui": _Scheme("01", 13, indicator=True, serial="235"),
    "itip": _Scheme("8006", 13, indicator=True, serial="21"),
    "sscc": _Scheme("00", 17, indicator=True),
    "sgln": _Scheme("414", 12, serial="254"),
    "pgln": _Scheme("417", 12),
    "grai": _Scheme("8003", 12, zero=True, serial="value"),
    "gdti": _Scheme("253", 12, serial="value"),
    "sgcn": _Scheme("255", 12, serial="value"),
    "gsrn": _Scheme("8018", 17),
    "gsrnp": _Scheme("8017", 17),
    "gsin": _Scheme("402", 16),
}
_ASSETS = {"giai": "8004", "ginc": "401"}
"""Schemes of a company prefix and any text."""

_URN = re.compile(r"(?i:urn:epc):(id|class|idpat):([a-z]+):(.*)", re.DOTALL)
_PREFIX = re.compile(r"[0-9]{6,12}")
_DIGITS = re.compile(r"[0-9]*")
_LINK = re.compile(r"https://id\.gs1\.org/([0-9]+)/([^/]+)(?:/([0-9]+)/([^/]+))?")
#: What may stand in a URN as it is (TDS 2.0, table A-1 and RFC 8141).
_UNESCAPED = frozenset("!'()*+,-.0123456789:;=ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")


def read_urn(text: str) -> Named | None:
    """Key, value and qualifiers of an EPC, class or pattern URN.

    Returns:
        None: it is no such URN, or of a scheme that has no Digital Link.

    Raises:
        InvalidInput: identifier_urn.
    """
    match = _URN.fullmatch(text)
    if match is None:
        return None
    sort, name, body = match.groups()
    if name not in _SCHEMES and name not in _ASSETS and name != "cpi":
        return None
    if (sort == "class") != (name == "lgtin"):
        raise _refused(text)
    parts = body.split(".")
    if sort == "idpat":
        if parts[-1] != "*" or "*" in parts[1:-1] or len(parts) < 3:
            return None  # a pattern of several classes, or of part of one
        parts.pop()
    if not _PREFIX.fullmatch(parts[0]) or len(parts) < 2:
        raise _refused(text)
    if name in _ASSETS:
        return _ASSETS[name], parts[0] + unquote(".".join(parts[1:])), []
    if name == "cpi":
        return _component(parts, pattern=sort == "idpat", text=text)
    return _fixed(_SCHEMES[name], parts, pattern=sort == "idpat", text=text)


def _fixed(scheme: _Scheme, parts: list[str], *, pattern: bool, text: str) -> Named:
    prefix, reference, rest = parts[0], parts[1], parts[2:]
    if not _DIGITS.fullmatch(reference) or len(prefix) + len(reference) != scheme.digits:
        raise _refused(text)
    zero = "0" * scheme.zero
    number = reference[0] + prefix + reference[1:] if scheme.indicator else zero + prefix + reference
    value = number + str(check_digit(number))
    if scheme.ai == "8006":
        if len(rest) < 2 or any(len(part) != 2 or not _DIGITS.fullmatch(part) for part in rest[:2]):
            raise _refused(text)
        value += rest[0] + rest[1]
        rest = rest[2:]
    if pattern or not scheme.serial:
        if rest or (pattern and not scheme.serial):
            raise _refused(text)
        return scheme.ai, value, []
    if not rest:
        raise _refused(text)
    serial = unquote(".".join(rest))
    if scheme.serial == "value":
        if not serial:
            raise _refused(text)
        return scheme.ai, value + serial, []
    return scheme.ai, value, [(scheme.serial, serial)]


def _component(parts: list[str], *, pattern: bool, text: str) -> Named:
    if pattern:
        return "8010", parts[0] + unquote(".".join(parts[1:])), []
    if len(parts) != 3:
        raise _refused(text)
    return "8010", parts[0] + unquote(parts[1]), [("8011", parts[2])]


def to_urn(link: str, company_prefix_length: int) -> str:
    """The URN of a canonical identifier; of anything else, itself.

    Args:
        link: as `identifiers.canonical` returns it.
        company_prefix_length: 6 to 12 digits.

    Raises:
        InvalidInput: company_prefix_length; identifier_no_urn, the identifier cannot be a URN: a location that is also
            addressed by a prefix as long as this, for instance.
    """
    match = _LINK.fullmatch(link)
    if match is None:
        return link
    if not 6 <= company_prefix_length <= 12:
        raise InvalidInput("company_prefix_length", f"Expected a length of 6 to 12, got {company_prefix_length}.")
    key, value, name, text = match[1], unquote(match[2]), match[3], unquote(match[4] or "")
    if key in _ASSETS.values():
        scheme = next(scheme for scheme, ai in _ASSETS.items() if ai == key)
        return f"urn:epc:id:{scheme}:{value[:company_prefix_length]}.{_escaped(value[company_prefix_length:])}"
    if key == "8010":
        body = f"{value[:company_prefix_length]}.{_escaped(value[company_prefix_length:])}"
        return f"urn:epc:id:cpi:{body}.{text}" if name else f"urn:epc:idpat:cpi:{body}.*"
    return _urn_of_number(key, value, (name, text), company_prefix_length)


def company_prefix_length(urn: str) -> int | None:
    """How long the company prefix of a URN is; None: it has none."""
    match = _URN.fullmatch(urn)
    prefix = _PREFIX.fullmatch(match[3].partition(".")[0]) if match else None
    return len(prefix[0]) if prefix else None


def _urn_of_number(key: str, value: str, qualifier: tuple[str | None, str], length: int) -> str:
    name, scheme = _scheme(key, qualifier[0])
    number = value[1 if scheme.zero else 0 :][: scheme.digits]
    if scheme.indicator:
        body = f"{number[1 : length + 1]}.{number[0]}{number[length + 1 :]}"
    else:
        body = f"{number[:length]}.{number[length:]}"
    after = value[scheme.digits + 1 + scheme.zero :]
    if key == "8006":
        body += f".{after[:2]}.{after[2:]}"
    if not scheme.serial:
        return f"urn:epc:id:{name}:{body}"
    if name == "sgln":
        return f"urn:epc:id:sgln:{body}.{_escaped(qualifier[1]) or '0'}"
    serial = after if scheme.serial == "value" else qualifier[1]
    if not serial:
        return f"urn:epc:idpat:{name}:{body}.*"
    return f"urn:epc:{'class' if name == 'lgtin' else 'id'}:{name}:{body}.{_escaped(serial)}"


def _scheme(key: str, qualifier: str | None) -> tuple[str, _Scheme]:
    for name, scheme in _SCHEMES.items():
        if scheme.ai == key and (qualifier is None or scheme.serial == qualifier):
            return name, scheme
    raise InvalidInput(
        "identifier_no_urn", f"Expected an identifier that has a URN, got AI ({key}) with ({qualifier})."
    )


def _escaped(text: str) -> str:
    return "".join(character if character in _UNESCAPED else f"%{ord(character):02X}" for character in text)


def _refused(text: str) -> InvalidInput:
    shown = repr(text) if len(text) <= 120 else f"{len(text)} characters"
    return InvalidInput("identifier_urn", f"Expected a URN as in the EPC Tag Data Standard, got {shown}.")
