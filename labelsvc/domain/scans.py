"""What a scanner read off a label, taken apart as far as this house's own labels go."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from labelsvc.domain.element_strings import FNC1, split_element_string
from labelsvc.errors import InvalidInput

#: Symbology identifiers (ISO/IEC 15424) that scanners put in front.
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
#: What a scanner that plays a keyboard puts around what it read.
_AROUND = "\r\n\t "
_END_CARD = re.compile(r"labelsvc:lot/([0-9]{1,18})/([0-9]{1,18})/([0-9a-f]{64})")
#: AIs of dates that a lot has: production, packaging, best before, sell by, expiry.
_DATES = frozenset({"11", "13", "15", "16", "17"})
_SERIAL = re.compile(r"[!-~]{1,20}")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says.

    Attributes:
        product: GTIN or item code; None: it names none.
        lot: lot number; None: it names none.
        domain: what stands before the keys of a Digital Link; None: it is none.
        dates: the dates it says, YYMMDD, whatever they are of.
    """

    serial: str
    product: str | None = None
    lot: str | None = None
    domain: str | None = None
    dates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class EndCard:
    """The control label behind a lot's last: how many serials the lot has, and the digest of their list."""

    lot_id: int
    count: int
    digest: str

    def __str__(self) -> str:
        """Return what its symbol holds."""
        return f"labelsvc:lot/{self.lot_id}/{self.count}/{self.digest}"


def read(text: str) -> Reading | EndCard | None:
    """Take apart what a scanner read; None: it is none of our labels.

    Before an element string a symbology identifier and FNC1 may stand. What is none may still be a plain serial.
    """
    text = _SYMBOLOGY.sub("", text.strip(_AROUND), count=1) if text.lstrip(_AROUND).startswith("]") else text
    text = text.strip(_AROUND + FNC1)
    if found := _END_CARD.fullmatch(text):
        return EndCard(int(found[1]), int(found[2]), found[3])
    if text.startswith(("https://", "http://")):
        return _link(text)
    if re.match(r"01[0-9]{14}", text) and (reading := _elements(text)):
        return reading
    product, slash, serial = text.rpartition("/")
    if slash and not product:
        return None
    return Reading(serial, product or None) if _SERIAL.fullmatch(serial) else None


def _elements(text: str) -> Reading | None:
    try:
        pairs = set(split_element_string(text))
    except InvalidInput:
        return None
    said = dict(pairs)
    if "21" not in said or len(said) < len(pairs):  # one that contradicts itself says nothing
        return None
    return Reading(said["21"], said["01"], said.get("10"), dates=_dates(pairs))


def _dates(pairs: Iterable[tuple[str, str]]) -> frozenset[str]:
    return frozenset(value for ai, value in pairs if ai in _DATES)


def _link(text: str) -> Reading | None:
    try:
        link = urlsplit(text)
    except ValueError:  # no address at all
        return None
    steps = link.path.split("/")
    for at in range(len(steps) - 3):
        if steps[at] == "01" and re.fullmatch("[0-9]{14}", steps[at + 1]):
            said = dict(zip(steps[at + 2 :: 2], map(unquote, steps[at + 3 :: 2]), strict=False))
            if "21" not in said:
                return None
            domain = f"{link.scheme}://{link.netloc}{'/'.join(steps[:at])}"
            return Reading(said["21"], steps[at + 1], said.get("10"), domain, _dates(parse_qsl(link.query)))
    return None
