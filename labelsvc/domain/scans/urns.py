"""Readings of EPC URNs: urn:epc:id:sgtin:0614141.112345.400, of classes and patterns of them, too."""

from __future__ import annotations

from collections.abc import Iterator

from labelsvc.domain.epcis.urns import read_urn
from labelsvc.domain.scans.dictionary import DICTIONARY
from labelsvc.domain.scans.readings import Reading
from labelsvc.errors import InvalidInput


def is_urn(text: str) -> bool:
    """Tell whether a text begins as an EPC URN."""
    return text.startswith("urn:epc:")


def epc_urns(text: str) -> Iterator[Reading]:
    """Yield what an EPC URN says."""
    try:
        named = read_urn(text)
    except InvalidInput:
        return
    if named is None:
        return
    key, value, qualifiers = named
    pairs = ((key, value), *(pair for pair in qualifiers if pair != ("254", "0")))  # 0 means: no extension
    if all(DICTIONARY[ai].allows(text) for ai, text in pairs):
        yield Reading("epc_urn", pairs)
