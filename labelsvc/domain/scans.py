"""What a scanner read off a label, taken apart as far as this house's own labels go."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from labelsvc.domain.element_strings import split_element_string
from labelsvc.errors import InvalidInput

#: Symbology identifiers (ISO/IEC 15424) that scanners put in front.
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_GS = "\x1d"
_END_CARD = re.compile(r"labelsvc:lot/([0-9]{1,18})/([0-9]{1,18})/([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says.

    Attributes:
        product: GTIN or item code; None: it names none.
        lot: lot number; None: it names none.
    """

    serial: str
    product: str | None = None
    lot: str | None = None


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

    An element string may begin with a symbology identifier or FNC1, a Digital Link be of any domain.
    """
    text = (
        _SYMBOLOGY.sub("", text.strip("\r\n\t "), count=1) if text.lstrip().startswith("]") else text.strip("\r\n\t ")
    )
    if found := _END_CARD.fullmatch(text):
        return EndCard(int(found[1]), int(found[2]), found[3])
    if text.startswith(("https://", "http://")):
        return _link(text)
    text = text.lstrip(_GS)
    if re.match(r"01[0-9]{14}", text):
        return _elements(text)
    product, slash, serial = text.partition("/")
    if slash:
        return Reading(serial, product) if product and serial else None
    return Reading(text) if re.fullmatch(r"[!-~]{1,20}", text) else None


def _elements(text: str) -> Reading | None:
    try:
        said = dict(split_element_string(text))
    except InvalidInput:
        return None
    return Reading(said["21"], said["01"], said.get("10")) if "21" in said else None


def _link(text: str) -> Reading | None:
    try:
        steps = urlsplit(text).path.split("/")
    except ValueError:
        return None
    for at in range(len(steps) - 3, -1, -1):
        if steps[at] == "01" and re.fullmatch("[0-9]{14}", steps[at + 1]):
            said = dict(zip(steps[at + 2 :: 2], steps[at + 3 :: 2], strict=False))
            if "21" in said:
                return Reading(unquote(said["21"]), steps[at + 1], unquote(said["10"]) if "10" in said else None)
    return None
