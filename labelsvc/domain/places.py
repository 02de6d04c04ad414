"""Parties and locations: what names them, and what is known of them beside.

A GLN (General Specifications, section 2.4) makes the canonical URI that events name; who or what has none gets a code
of our own below our Digital Link domain, where nobody else can have given it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import quote

from labelsvc.domain.epcis.identifiers import CANONICAL, canonical, read
from labelsvc.domain.gtin import check_digit
from labelsvc.domain.products import check_name
from labelsvc.errors import InvalidInput, at

Kind = Literal["party", "location"]

#: The key that a GLN is in a Digital Link: of somebody (417), of a place (414).
_KEYS: dict[Kind, str] = {"party": "417", "location": "414"}
#: Where codes of our own stand, below our Digital Link domain.
_BELOW: dict[Kind, str] = {"party": "parties", "location": "locations"}
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,39}")
_DIGITS = re.compile(r"[0-9]+")
CODE_AT_MOST = 40
EXTENSION_AT_MOST = 20
URI_AT_MOST = 200
CONTACT_AT_MOST = 200


@dataclass(frozen=True, slots=True)
class NamedBy:
    """What names a party or a location: exactly one of GLN, code of our own, and URI.

    Attributes:
        extension: of the GLN of a location (AI 254).
    """

    gln: str | None = None
    code: str | None = None
    uri: str | None = None
    extension: str | None = None

    def canonical(self, kind: Kind, domain: str) -> str:
        """Return the URI that events name.

        Args:
            domain: our Digital Link domain.

        Raises:
            InvalidInput: more than one is given or none, or it breaks a rule.
        """
        given = [name for name in ("gln", "code", "uri") if getattr(self, name) is not None]
        if len(given) != 1:
            got = " and ".join(given) or "none"
            raise InvalidInput("place_named", f"Expected one of gln, code and uri, got {got}.", pointer="")
        if self.extension is not None and self.gln is None:
            raise InvalidInput("extension_alone", "Expected an extension beside a GLN only.", pointer="/extension")
        with at(f"/{given[0]}"):
            if self.uri is not None:
                return _check_uri(kind, self.uri)
            if self.code is not None:
                return f"{domain}/{_BELOW[kind]}/{_check_code(self.code)}"
            uri = f"{CANONICAL}/{_KEYS[kind]}/{check_gln(self.gln or '')}"
        if self.extension is None:
            return uri
        with at("/extension"):
            return canonical(f"{uri}/254/{quote(self.extension, safe='')}")


def named(kind: Kind, text: str, domain: str) -> str:
    """Return the canonical URI of what somebody names by its GLN, a code of our own or a URI.

    Raises:
        InvalidInput: it breaks a rule.
    """
    if _DIGITS.fullmatch(text):
        return f"{CANONICAL}/{_KEYS[kind]}/{check_gln(text)}"
    if ":" in text:
        return _check_uri(kind, text)
    return f"{domain}/{_BELOW[kind]}/{_check_code(text)}"


def check_gln(text: str) -> str:
    """Return a GLN.

    Raises:
        InvalidInput: gln_digits, gln_check_digit; gln_zero, a number that nobody was given.
    """
    if not re.fullmatch(r"[0-9]{13}", text):
        got = f"{len(text)}" if _DIGITS.fullmatch(text) else repr(text[:CODE_AT_MOST])
        raise InvalidInput("gln_digits", f"Expected 13 digits, got {got}.")
    expected = check_digit(text[:-1])
    if int(text[-1]) != expected:
        raise InvalidInput("gln_check_digit", f"Expected check digit {expected}, got {text[-1]}.")
    if not text.strip("0"):
        raise InvalidInput("gln_zero", "Expected the number of a party or a location, got zeros only.")
    return text


def _check_code(text: str) -> str:
    if not _CODE.fullmatch(text) or _DIGITS.fullmatch(text):
        raise InvalidInput(
            "place_code",
            f"Expected 1 to {CODE_AT_MOST} of 0-9 A-Z a-z . _ -, a letter or digit first and not digits alone, "
            f"got {text[:CODE_AT_MOST]!r}.",
        )
    return text


def _check_uri(kind: Kind, text: str) -> str:
    uri, found = read(text)
    if found not in (kind, "other"):
        raise InvalidInput("place_kind", f"Expected the URI of a {kind}, got that of something else.")
    if len(uri) > URI_AT_MOST:
        raise InvalidInput("place_uri_length", f"Expected at most {URI_AT_MOST} characters, got {len(uri)}.")
    return uri


@dataclass(frozen=True, slots=True)
class NewParty:
    """What somebody says of a party.

    Attributes:
        contact: where it is reached, in one line.
    """

    name: str
    contact: str | None = None

    def check(self) -> NewParty:
        """Return it.

        Raises:
            InvalidInput: name or contact cannot be shown on one line.
        """
        with at("/name"):
            check_name(self.name)
        if self.contact is not None:
            with at("/contact"):
                check_name(self.contact, CONTACT_AT_MOST)
        return self


@dataclass(frozen=True, slots=True)
class Party:
    """Who makes, moves, sells or has units.

    Attributes:
        uri: canonical.
        name: None: events named it, nobody here has.
    """

    id: int
    uri: str
    name: str | None
    contact: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class NewLocation:
    """What somebody says of a location.

    Attributes:
        party: whose it is: GLN, code of our own, or URI.
        position: latitude and longitude in degrees, WGS 84.
    """

    name: str
    party: str | None = None
    position: tuple[float, float] | None = None

    def check(self) -> NewLocation:
        """Return it.

        Raises:
            InvalidInput: the name cannot be shown on one line, or the position is not on Earth.
        """
        with at("/name"):
            check_name(self.name)
        if self.position is not None:
            for value, name, most in zip(self.position, ("latitude", "longitude"), (90, 180), strict=True):
                if not (math.isfinite(value) and -most <= value <= most):
                    message = f"Expected degrees from -{most} to {most}, got {value:g}."
                    raise InvalidInput("position", message, pointer=f"/{name}")
        return self


@dataclass(frozen=True, slots=True)
class Location:
    """Where units are.

    Attributes:
        uri: canonical.
        name: None: events named it, nobody here has.
        party: whose it is, canonical.
        position: latitude and longitude in degrees, WGS 84.
    """

    id: int
    uri: str
    name: str | None
    party: str | None
    position: tuple[float, float] | None
    created_at: datetime
