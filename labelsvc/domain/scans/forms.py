"""What a text says as it stands, by the symbology identifier (ISO/IEC 15424) in front of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from labelsvc.domain.gtin import is_key
from labelsvc.domain.scans.dictionary import DICTIONARY
from labelsvc.domain.scans.elements import bracketed, element_strings, whole_element_strings
from labelsvc.domain.scans.links import digital_links, is_item, is_link
from labelsvc.domain.scans.readings import EndCard, Reading, Repair
from labelsvc.domain.scans.splitting import Steps
from labelsvc.domain.scans.urns import epc_urns, is_urn

#: GS1-128, GS1 DataBar (three flavours), GS1 DataMatrix, GS1 QR Code, GS1 DotCode: element strings and nothing else.
GS1_SYMBOLS = frozenset({"]C1", "]e0", "]e1", "]e2", "]d2", "]Q3", "]J1"})
#: Letters of identifiers that exist in one case only, so that caps lock shows in them.
_ONE_CASE = frozenset("CdQJAILzXGF")
_IDENTIFIER = re.compile(r"\][A-Za-z][0-9A-Za-z]")
#: EAN-13, UPC-A and UPC-E come as 13 digits, with an add-on of 2 or 5 behind them in ]E3; EAN-8 as 8.
_RETAIL = {"]E0": re.compile("([0-9]{13})"), "]E3": re.compile("([0-9]{13})(?:[0-9]{2}|[0-9]{5})")}
_RETAIL |= {"]E4": re.compile("([0-9]{8})")}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a text is read.

    Attributes:
        mend: also with what may have been lost or typed in another's place.
        separators: what this scanner is known to send for GS.
        elements_only: it came in an envelope that says so.
    """

    mend: bool = True
    separators: tuple[str, ...] = ()
    steps: Steps = field(default_factory=Steps)
    elements_only: bool = False


def identifier_of(text: str) -> str | None:
    """The symbology identifier in front of a text; None: there is none."""
    found = _IDENTIFIER.match(text)
    return found[0] if found else None


def is_whole(symbology: str | None) -> bool:
    """Tell whether an identifier shows that no caps lock and no other layout touched the text."""
    return symbology is not None and symbology[1] in _ONE_CASE


def understood(text: str, manner: Manner) -> Iterator[Reading]:
    """Yield everything that a text may say."""
    symbology = identifier_of(text)
    if is_whole(symbology and symbology.swapcase()):
        return  # there is no such symbology; caps lock was on
    content = text[len(symbology or "") :]
    for reading in _by_symbology(symbology, content, manner):
        yield replace(reading, symbology=symbology)


def _by_symbology(symbology: str | None, content: str, manner: Manner) -> Iterator[Reading]:
    if symbology in GS1_SYMBOLS or manner.elements_only:
        yield from _elements(content, manner)
    elif symbology is not None and symbology[1] == "E":
        yield from _retail(symbology, content)
    elif symbology is None:
        yield from _plain(content, manner)
    else:
        for reading in _plain(content, manner):
            elements = reading.form == "element_string"
            repair = (Repair("not_gs1_symbol", symbology, "GS1"),) if elements else ()
            yield replace(reading, repairs=repair + reading.repairs)


def _elements(content: str, manner: Manner) -> Iterator[Reading]:
    if manner.mend:
        return element_strings(content, manner.steps, manner.separators)
    return whole_element_strings(content, manner.steps)


def _retail(symbology: str, content: str) -> Iterator[Reading]:
    found = symbology in _RETAIL and _RETAIL[symbology].fullmatch(content)
    if found and is_key(found[1], 8, 13):
        yield Reading("bare_key", (("01", found[1].zfill(14)),))


def _plain(text: str, manner: Manner) -> Iterator[Reading]:
    if card := EndCard.found_in(text):
        yield Reading("end_card", card=card)
    elif is_link(text):
        yield from digital_links(text)
    elif is_urn(text):
        yield from epc_urns(text)
    else:
        yield from bracketed(text, manner.steps)
        yield from _elements(text, manner)
        yield from _of_item(text)
        if is_key(text, 8, 12, 13, 14):
            yield Reading("bare_key", (("01", text.zfill(14)),))
        if is_key(text, 18):
            yield Reading("bare_key", (("00", text),))
        if is_serial(text):
            yield Reading("serial", (("21", text),))


def _of_item(text: str) -> Iterator[Reading]:
    """Yield what <item>/<serial> says, and <GTIN>/<serial>, as people type it."""
    product, _, serial = text.rpartition("/")
    if not is_serial(serial):
        return
    if is_key(product, 8, 12, 13, 14):
        yield Reading("item", (("01", product.zfill(14)), ("21", serial)))
    elif is_item(product):
        yield Reading("item", (("21", serial),), item=product)


def is_serial(text: str) -> bool:
    """Tell whether a text may be a serial that stands alone: of AI (21), and without a slash, which ends an item."""
    return "/" not in text and DICTIONARY["21"].allows(text)
