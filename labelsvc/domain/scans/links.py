"""Readings of GS1 Digital Links, of any domain, and of the links of our own items."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from labelsvc.domain.element_strings import ElementPair
from labelsvc.domain.gtin import check_item, is_key
from labelsvc.domain.scans.dictionary import DICTIONARY, KEYS, is_lawful
from labelsvc.domain.scans.readings import Reading, Repair
from labelsvc.errors import InvalidInput

_LINK = re.compile(r"(https?|HTTPS?)://([^/?#\s]+)(/[^?#\s]*)?(?:\?([^#\s]*))?(?:#\S*)?")
STEPS_AT_MOST = 60
#: Words that the standard has withdrawn.
_WORDS = {
    "gtin": "01", "itip": "8006", "cpid": "8010", "gln": "414", "party": "417", "gsrnp": "8017", "gsrn": "8018",
    "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401", "gsin": "402", "grai": "8003", "giai": "8004",
    "cpv": "22", "lot": "10", "ser": "21", "cpsn": "8011", "glnx": "254", "refno": "8020", "srin": "8019",
}  # fmt: skip
_FIRST_TWO = frozenset(ai[:2] for ai in DICTIONARY)
_COMPRESSED = re.compile(r"[0-9A-Za-z_-]{10,}")


@dataclass(frozen=True, slots=True)
class _Link:
    """A link's parts: what stands before the path, its steps, its query."""

    host: str
    steps: tuple[str, ...]
    query: str
    repairs: tuple[Repair, ...]


def is_link(text: str) -> bool:
    """Tell whether a text begins as a link; the scheme is all in lower or all in upper case."""
    return text.startswith(("http://", "https://", "HTTP://", "HTTPS://"))


def digital_links(text: str) -> Iterator[Reading]:
    """Yield what a link says; a key is looked for from the left."""
    link = _taken_apart(text)
    if link is None:
        return
    for at, step in enumerate(link.steps[:-1]):
        key = _WORDS.get(step, step)
        if key in KEYS:
            yield from _from_key(link, at, key)
        if step == "item":
            yield from _of_item(link, at)


def is_compressed(text: str) -> bool:
    """Tell whether a link may be one whose AIs are compressed: its last step is base64url and begins with an AI."""
    link = _taken_apart(text)
    if link is None or not link.steps or not _COMPRESSED.fullmatch(link.steps[-1]):
        return False
    last = link.steps[-1]
    begins = urlsafe_b64decode(last[:4]).hex()[:2]  # two digits of an AI, or a code for several: a digit and a letter
    return not last.isdecimal() and (begins in _FIRST_TWO or re.fullmatch("[0-9][a-f]", begins) is not None)


def _taken_apart(text: str) -> _Link | None:
    found = _LINK.fullmatch(text)
    if found is None:
        return None
    path = found[3] or "/"
    repairs: tuple[Repair, ...] = ()
    if len(path) > 1 and path.endswith("/"):
        path = path.rstrip("/")
        repairs = (Repair("trailing_slash", found[3], path),)
    steps = tuple(path.split("/")[1:])
    if len(steps) > STEPS_AT_MOST:
        return None
    return _Link(f"{found[1]}://{found[2]}".lower(), steps, found[4] or "", repairs)


def _from_key(link: _Link, at: int, key: str) -> Iterator[Reading]:
    names = [_WORDS.get(step, step) for step in link.steps[at::2]]
    values = [unquote(step) for step in link.steps[at + 1 :: 2]]
    if len(names) != len(values):
        return
    repairs = link.repairs
    if names != list(link.steps[at::2]):
        repairs += (Repair("words", "/".join(link.steps[at::2]), "/".join(names)),)
    if key == "01" and is_key(values[0], 8, 12, 13):
        repairs += (Repair("gtin_padded", values[0], values[0].zfill(14)),)
        values[0] = values[0].zfill(14)
    order = next((order for order in KEYS[key] if set(names[1:]) <= set(order)), None)
    if order is None or len(set(names)) < len(names):
        return
    if names[1:] != [ai for ai in order if ai in names]:
        repairs += (Repair("qualifier_order", "/".join(names), "/".join(order)),)
    # Of a query's AIs those that have their place in the path say nothing there.
    pairs = (*zip(names, values, strict=True), *(pair for pair in _query(link.query) if pair[0] not in {key, *order}))
    if all(DICTIONARY[ai].allows(value) for ai, value in pairs) and is_lawful(pairs):
        yield Reading("digital_link", pairs, domain=_domain(link, at), repairs=repairs)


def _query(query: str) -> Iterator[ElementPair]:
    for part in re.split("[&;]", query):
        ai, _, value = part.partition("=")
        if ai in DICTIONARY:
            yield ai, unquote(value)


def _of_item(link: _Link, at: int) -> Iterator[Reading]:
    """Yield what /item/<code>[/10/<lot>][/21/<serial>] says, the link of a product without a GTIN."""
    code, rest = unquote(link.steps[at + 1]), link.steps[at + 2 :]
    pairs = (*zip(rest[::2], map(unquote, rest[1::2]), strict=False), *_query(link.query))
    if len(rest) % 2 or [ai for ai in ("10", "21") if ai in rest[::2]] != list(rest[::2]) or not is_item(code):
        return
    if all(DICTIONARY[ai].allows(value) for ai, value in pairs) and is_lawful(pairs):
        yield Reading("digital_link", pairs, item=code, domain=_domain(link, at), repairs=link.repairs)


def _domain(link: _Link, at: int) -> str:
    return "/".join((link.host, *link.steps[:at]))


def is_item(text: str) -> bool:
    """Tell whether a text may be an own item code."""
    try:
        check_item(text)
    except InvalidInput:
        return False
    return True
