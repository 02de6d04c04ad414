"""Readings of element strings: with and without FNC1, in brackets, with a first AI or a zero that was lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

from labelsvc.domain.element_strings import FNC1, ElementPair
from labelsvc.domain.gtin import is_key
from labelsvc.domain.scans.dictionary import DICTIONARY, is_lawful
from labelsvc.domain.scans.readings import Reading, Repair
from labelsvc.domain.scans.splitting import Steps, marks_in, splits

_BRACKET = re.compile(r"(?<!\\)\(([0-9]{2,4})\)")
BRACKETS_AT_MOST = 40


def element_strings(text: str, steps: Steps, separators: tuple[str, ...]) -> Iterator[Reading]:
    """Yield what a text says as an element string.

    Args:
        text: without symbology identifier; FNC1 may stand in front and behind.
        separators: what this scanner is known to send for GS.
    """
    text = text.strip(FNC1)
    yield from whole_element_strings(text, steps)
    for whole, repairs in _completed(text):
        if repairs:
            for pairs, _ in splits(whole, steps):
                yield Reading("element_string", pairs, repairs=repairs)
        for mark in marks_in(whole, separators):
            for pairs, cuts in splits(whole, steps, mark=mark):
                if cuts:
                    yield Reading("element_string", pairs, repairs=repairs + _put_in("separator_typed", mark, cuts))
        if FNC1 not in whole:
            for pairs, cuts in splits(whole, steps, lost=True):
                if cuts:
                    yield Reading("element_string", pairs, repairs=repairs + _put_in("separator_lost", "", cuts))


def whole_element_strings(text: str, steps: Steps) -> Iterator[Reading]:
    """Yield what a text says as an element string if nothing happened to it."""
    for pairs, _ in splits(text.strip(FNC1), steps):
        if pairs:
            yield Reading("element_string", pairs)


def _put_in(name: str, was: str, times: int) -> tuple[Repair, ...]:
    return (Repair(name, was, "GS"),) * times  # type: ignore[arg-type]  # two of its words


def _completed(text: str) -> Iterator[tuple[str, tuple[Repair, ...]]]:
    """Yield a text, and it with what may have been lost of its first AI and GTIN."""
    yield text, ()
    if text[:2] in ("01", "02"):
        for padded, repair in _padded(text[2:]):
            yield text[:2] + padded, (repair,)
    if len(text) > 14 and is_key(text[:14], 14):
        yield "01" + text, (Repair("ai_lost", "", "(01)"),)
    if len(text) > 18 and is_key(text[:18], 18):
        yield "00" + text, (Repair("ai_lost", "", "(00)"),)
    for padded, repair in _padded(text):
        if len(padded) > 14:
            yield "01" + padded, (Repair("ai_lost", "", "(01)"), repair)


def _padded(text: str) -> Iterator[tuple[str, Repair]]:
    """Yield a text that begins with a GTIN of fewer digits, with zeros in front that make it 14."""
    for length in (13, 12, 8):
        if is_key(text[:length], length):
            gtin = text[:length].zfill(14)
            yield gtin + text[length:], Repair("gtin_padded", text[:length], gtin)


def bracketed(text: str, steps: Steps) -> Iterator[Reading]:
    r"""Yield what a text says as people write it: (01)09520123456788(21)12345, a value's own brackets as \( and \)."""
    found = list(_BRACKET.finditer(text))[: BRACKETS_AT_MOST + 1]
    if not found or found[0].start() != 0 or len(found) > BRACKETS_AT_MOST or found[0][1] not in DICTIONARY:
        return
    for pairs, repairs in _bracketed(text, found, 0, steps):
        if is_lawful(pairs):
            yield Reading("brackets", pairs, repairs=tuple(dict.fromkeys(repairs)))


def _bracketed(
    text: str, found: list[re.Match[str]], first: int, steps: Steps
) -> Iterator[tuple[tuple[ElementPair, ...], tuple[Repair, ...]]]:
    """Yield the ways to read a text from a bracket on: each later one is an AI's, or part of a value."""
    if first == len(found):
        yield (), ()
        return
    for last in range(first + 1, len(found) + 1):
        if not steps.take():
            return
        end = found[last].start() if last < len(found) else len(text)
        pair, repairs = _pair(found[first][1], text[found[first].end() : end])
        if pair is None or (last < len(found) and found[last][1] not in DICTIONARY):
            continue
        if last > first + 1:
            repairs += (Repair("brackets_in_value", text[found[first + 1].start() : end], pair[1]),)
        for pairs, more in _bracketed(text, found, last, steps):
            yield (pair, *pairs), repairs + more


def _pair(ai: str, written: str) -> tuple[ElementPair | None, tuple[Repair, ...]]:
    value = written.replace("\\(", "(").replace("\\)", ")")
    repairs: tuple[Repair, ...] = ()
    if value != value.strip(" " + FNC1):
        value = value.strip(" " + FNC1)
        repairs += (Repair("spaces", written, value),)
    if ai in ("01", "02") and is_key(value, 8, 12, 13):
        repairs += (Repair("gtin_padded", value, value.zfill(14)),)
        value = value.zfill(14)
    return ((ai, value) if DICTIONARY[ai].allows(value) else None), repairs
