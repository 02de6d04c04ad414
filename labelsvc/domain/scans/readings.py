"""What a scanned text may say, and what had to be put right to read it so."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from labelsvc.domain.element_strings import ElementPair
from labelsvc.domain.scans.dictionary import KEYS
from labelsvc.errors import LabelsvcError

Kind = Literal["unit", "lot", "class", "logistic", "location", "party", "serial", "end_card", "other"]
Form = Literal["element_string", "brackets", "digital_link", "epc_urn", "item", "bare_key", "serial", "end_card"]
RepairName = Literal[
    "around",
    "envelope",
    "not_utf8",
    "doubled",
    "caps_lock",
    "layout",
    "slash_as_dash",
    "bracket_lost",
    "separator_typed",
    "separator_lost",
    "ai_lost",
    "gtin_padded",
    "not_gs1_symbol",
    "spaces",
    "brackets_in_value",
    "qualifier_order",
    "words",
    "trailing_slash",
]

CANONICAL = "https://id.gs1.org"
#: Qualifiers of which the first that is there is enough.
_FINEST = ("21", "235", "10", "254", "8011")

#: AIs of dates: production, due, packaging, best before, sell by, expiry.
_DATES = frozenset({"11", "12", "13", "15", "16", "17"})
#: Damage that leaves no trace where the damaged text says something, too.
_TRACELESS = frozenset({"caps_lock", "layout", "slash_as_dash", "doubled", "bracket_lost", "brackets_in_value"})
_END_CARD = re.compile(r"labelsvc:lot/([0-9]{1,18})/([0-9]{1,18})/([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class EndCard:
    """The control label behind a lot's last: how many serials the lot has, and the digest of their list."""

    lot_id: int
    count: int
    digest: str

    def __str__(self) -> str:
        """Return what its symbol holds."""
        return f"labelsvc:lot/{self.lot_id}/{self.count}/{self.digest}"

    @classmethod
    def found_in(cls, text: str) -> EndCard | None:
        """Return the card whose symbol holds a text; None: it is none."""
        found = _END_CARD.fullmatch(text)
        return cls(int(found[1]), int(found[2]), found[3]) if found else None


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that was put right.

    Attributes:
        name: a stable word, one of `RepairName`.
        was, now: what stood there and what was read for it; long texts are cut.
    """

    name: RepairName
    was: str = ""
    now: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing that a text may say.

    Attributes:
        form: the notation it was read in.
        elements: Application Identifiers and values in the order in which they stood; a serial alone is AI (21).
        item: own item code of the product; None: it is named by a GTIN, or not at all.
        domain: what stands before the keys of a Digital Link, in lower case as far as the host; None: it is none.
        card: the end-card it is.
        symbology: symbology identifier (ISO/IEC 15424), such as "]d2"; None: the scanner sent none.
        repairs: what was put right, in the order in which it was.
        suspected: it rests on damage of which the text bears no trace, for the text as it came says something, too.
    """

    form: Form
    elements: tuple[ElementPair, ...] = ()
    item: str | None = None
    domain: str | None = None
    card: EndCard | None = None
    symbology: str | None = None
    repairs: tuple[Repair, ...] = ()
    suspected: bool = False

    @property
    def kind(self) -> Kind:
        """What it names."""
        said = dict(self.elements)
        if self.card is not None:
            return "end_card"
        if "00" in said:
            return "logistic"
        if self.product is not None:
            return "unit" if {"21", "235"} & said.keys() else "lot" if "10" in said else "class"
        if "21" in said and not KEYS.keys() & said.keys():
            return "serial"
        return "location" if "414" in said else "party" if "417" in said else "other"

    @property
    def names_something(self) -> bool:
        """It holds a product, a GS1 key or an end-card, most of which have check digits."""
        return self.item is not None or self.card is not None or any(ai in KEYS for ai, _ in self.elements)

    @property
    def gtin(self) -> str | None:
        """GTIN of 14 digits."""
        return self.value("01")

    @property
    def product(self) -> str | None:
        """GTIN of 14 digits or own item code."""
        return self.item or self.gtin

    @property
    def serial(self) -> str | None:
        """AI (21)."""
        return self.value("21")

    @property
    def lot(self) -> str | None:
        """AI (10)."""
        return self.value("10")

    @property
    def sscc(self) -> str | None:
        """AI (00), 18 digits."""
        return self.value("00")

    @property
    def dates(self) -> dict[str, str]:
        """YYMMDD by AI; a day may be 00."""
        return {ai: value for ai, value in self.elements if ai in _DATES}

    def value(self, ai: str) -> str | None:
        """The value of an Application Identifier."""
        return dict(self.elements).get(ai)

    def epc(self, item_domain: str) -> str | None:
        """The canonical URI of what it names; None: it names nothing by itself, as a serial alone.

        Args:
            item_domain: what stands before own item codes, https://host or https://host/path. Whether the link that
                was read has the same is for whoever knows that to say: `domain`.
        """
        said = dict(self.elements)
        keys = [key for key in ("00", "01", *KEYS) if key in said]
        if self.item is not None:
            stem = f"{item_domain}/item/{self.item}"
        elif keys:
            stem = f"{CANONICAL}/{keys[0]}/{_encoded(said[keys[0]])}"
        else:
            return None
        order = _FINEST if self.item is not None else (ai for ai in _FINEST if any(ai in by for by in KEYS[keys[0]]))
        finest = next((ai for ai in order if ai in said), None)
        return stem if finest is None else f"{stem}/{finest}/{_encoded(said[finest])}"


def _encoded(value: str) -> str:
    return quote(value, safe="")  # quote itself leaves A-Z a-z 0-9 - . _ ~


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a scanner sent, and everything that it may say.

    Attributes:
        raw: as it came.
        readings: fewest guesses first: those that are not suspected before those that are, then fewest repairs, then
            what names something before what does not. Two and more: the text alone does not say which.
        more: there may be others, which a bound cut off.
        error: why there is none.
    """

    raw: bytes | str
    readings: tuple[Reading, ...] = ()
    more: bool = False
    error: LabelsvcError | None = None

    def narrowed(self, is_known: Callable[[Reading], bool]) -> tuple[Reading, ...]:
        """The readings that somebody knows something of; suspected ones only where there is no other.

        Args:
            is_known: asked once for each reading of a tier; says whether the thing exists.
        """
        for suspected in (False, True):
            if known := tuple(each for each in self.readings if each.suspected is suspected and is_known(each)):
                return known
        return ()


def is_traceless(repairs: tuple[Repair, ...]) -> bool:
    """Tell whether one of some repairs puts damage right that may leave no trace."""
    return any(repair.name in _TRACELESS for repair in repairs)
