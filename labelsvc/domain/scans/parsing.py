"""One parser for anything a scanner may send: every reading that the rules allow, and what each put right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from labelsvc.domain.element_strings import FNC1
from labelsvc.domain.scans.forms import GS1_SYMBOLS, Manner, identifier_of, is_whole, understood
from labelsvc.domain.scans.layouts import retyped, undashed
from labelsvc.domain.scans.links import is_compressed, is_link
from labelsvc.domain.scans.readings import Parsed, Reading, Repair, is_traceless
from labelsvc.domain.scans.splitting import Steps
from labelsvc.errors import InvalidInput

SCAN_AT_MOST = 4096
READINGS_AT_MOST = 64
#: Work on a text that may have been meant, in steps; the text as it came gets more.
_STEPS_OF_A_VARIANT = 2_000
_SHOWN_AT_MOST = 80

#: What scanners put around what they read: ends of lines, tabs, blanks, and the controls of a serial line.
_AROUND = "\r\n\t \0\x02\x03\x04"
#: ISO/IEC 15434, also what a Data Matrix's macros 05 and 06 stand for.
_ENVELOPE = re.compile("(?:\\][A-Za-z][0-9A-Za-z])?\\[\\)>\x1e([0-9]{2})\x1d(.*?)\x1d?(?:\x1e\x04?)?", re.DOTALL)
#: What is written in lower case by all, so that caps lock would show.
_LITERAL = ("urn:epc:", "labelsvc:")
_BRACKET_LOST = re.compile("(?:[CdQJe][0-9]|E[0-4]|I[0-3])(?=.)", re.DOTALL)

_Variant = tuple[str, tuple[Repair, ...]]


@dataclass(slots=True)
class _Found:
    """What has been read so far."""

    readings: list[Reading] = field(default_factory=list)
    more: bool = False

    def read(self, text: str, manner: Manner, repairs: tuple[Repair, ...], *, suspected: bool = False) -> None:
        """Take what a text says to the others."""
        found = list(islice(understood(text, manner), READINGS_AT_MOST + 1))
        self.more |= len(found) > READINGS_AT_MOST or manner.steps.left < 0
        self.readings += (
            replace(each, repairs=repairs + each.repairs, suspected=suspected or is_traceless(each.repairs))
            for each in found[:READINGS_AT_MOST]
        )


def parse(raw: bytes | str, *, separators: tuple[str, ...] = (), mend: bool = True) -> Parsed:
    """Say what a scanner's text may mean; two readings and more: the text alone does not say which.

    Args:
        raw: as it came, at most 4,096 bytes or characters; may hold GS, RS, EOT and what the scanner puts around.
        separators: what this scanner is known to send for GS, such as "F8".
        mend: no: only what it says as it stands, for whoever wants proof and no help.

    Returns:
        Every reading that the rules allow; none: an error, whose code says what it is not.
    """
    if len(raw) > SCAN_AT_MOST:
        return _refused(raw, "scan_too_long", f"Expected at most {SCAN_AT_MOST} characters, got {len(raw)}.")
    text, repairs = _decoded(raw)
    enveloped = _ENVELOPE.fullmatch(text.strip(_AROUND))
    if enveloped is not None and enveloped[1] != "05":
        return _refused(raw, "scan_format", f"Expected GS1 element strings, format 05, got format {enveloped[1]}.")
    text, repairs = _bare(enveloped[2] if enveloped else text, repairs)
    if text.strip(FNC1) in ("", identifier_of(text)):
        return _refused(raw, "scan_empty", "Expected what a symbol holds, got nothing.")
    found = _Found()
    found.read(text, Manner(mend, separators, elements_only=enveloped is not None), repairs)
    if mend and enveloped is None:
        as_it_came = bool(found.readings)  # then there may be no damage at all
        for variant, changed in _variants(text):
            suspected = as_it_came and is_traceless(changed) and not _shows_caps_lock(text, changed)
            manner = Manner(mend, separators, Steps(_STEPS_OF_A_VARIANT))
            found.read(variant, manner, repairs + changed, suspected=suspected)
    readings = _in_order(found.readings)
    if not readings:
        return replace(_not_understood(raw, text), more=found.more)
    return Parsed(raw, readings[:READINGS_AT_MOST], found.more or len(readings) > READINGS_AT_MOST)


def _decoded(raw: bytes | str) -> tuple[str, tuple[Repair, ...]]:
    if isinstance(raw, str):
        return raw, ()
    try:
        return raw.decode("utf-8"), ()
    except UnicodeDecodeError:
        return raw.decode("latin-1"), (Repair("not_utf8", "bytes", "ISO/IEC 8859-1"),)


def _bare(text: str, repairs: tuple[Repair, ...]) -> tuple[str, tuple[Repair, ...]]:
    """Take off what stands around a text."""
    bare = text.strip(_AROUND)
    return (text, repairs) if bare == text else (bare, (*repairs, _changed("around", text, bare)))


def _shows_caps_lock(text: str, changed: tuple[Repair, ...]) -> bool:
    """Tell whether it shows in a link: a scheme in upper case, and lower case behind it."""
    caps = any(repair.name == "caps_lock" for repair in changed)
    return caps and text.startswith(("HTTP://", "HTTPS://")) and text.upper() != text


def _variants(text: str) -> Iterator[_Variant]:
    """Yield what a text may have been before it was typed, with what was put right."""
    yield from _typed_otherwise(text)
    for half, doubled in _half(text):
        yield half, doubled
        for variant, repairs in _typed_otherwise(half):
            yield variant, doubled + repairs


def _typed_otherwise(text: str) -> Iterator[_Variant]:
    """Yield what a text may have been on another keyboard; what came through whole shows that the rest did."""
    if is_whole(identifier_of(text)) or text.startswith(_LITERAL):
        return
    is_whole_link = is_link(text)
    if not is_whole_link:
        yield from _retyped(text, ())
    if (swapped := _swapped(text)) != text:
        caps = (_changed("caps_lock", text, swapped),)
        yield swapped, caps
        if not is_whole_link:
            yield from _retyped(swapped, caps)
    if _BRACKET_LOST.match(text):
        yield "]" + text, (Repair("bracket_lost", text[:2], "]" + text[:2]),)


def _retyped(text: str, repairs: tuple[Repair, ...]) -> Iterator[_Variant]:
    for layout, meant in retyped(text):
        yield meant, (*repairs, Repair("layout", layout, "us"))
    for meant in undashed(text):
        yield meant, (*repairs, _changed("slash_as_dash", text, meant))


def _swapped(text: str) -> str:
    return "".join(other if len(other := char.swapcase()) == 1 else char for char in text)


def _half(text: str) -> Iterator[_Variant]:
    """Yield the half of a text that is the same twice, with at most what ends a line between."""
    for between in range(3):
        half, odd = divmod(len(text) - between, 2)
        is_twice = half > 0 and not odd and text[:half] == text[half + between :]
        if is_twice and not text[half : half + between].strip(_AROUND):
            yield text[:half], (_changed("doubled", text, text[:half]),)


def _changed(name: str, was: str, now: str) -> Repair:
    return Repair(name, was[:_SHOWN_AT_MOST], now[:_SHOWN_AT_MOST])  # type: ignore[arg-type]  # one of its words


def _in_order(readings: list[Reading]) -> tuple[Reading, ...]:
    """Sort readings, fewest guesses first, and leave out what another says with fewer."""
    said: dict[object, Reading] = {}
    for each in sorted(readings, key=_guesses):
        said.setdefault((frozenset(each.elements), each.item, each.domain, each.card), each)
    return tuple(said.values())


def _guesses(reading: Reading) -> tuple[bool, int, bool, bool]:
    by_chance = reading.form == "element_string"  # many digits look like some AI and its value
    return reading.suspected, len(reading.repairs), not reading.names_something, by_chance


def _not_understood(raw: bytes | str, text: str) -> Parsed:
    symbology = identifier_of(text)
    content = text[len(symbology or "") :]
    if is_compressed(content):
        message = "Expected a Digital Link whose AIs can be read, got one that may be compressed."
        return _refused(raw, "digital_link_compressed", message)
    if symbology in GS1_SYMBOLS:
        return _refused(raw, "scan_elements", "Expected element strings in a symbol of GS1, got something else.")
    message = "Expected an element string, a GS1 key, link or URN, an item and serial, or a serial, got another text."
    return _refused(raw, "scan_not_understood", message)


def _refused(raw: bytes | str, code: str, message: str) -> Parsed:
    return Parsed(raw, error=InvalidInput(code, message))
