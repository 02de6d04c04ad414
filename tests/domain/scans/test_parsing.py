"""Any symbol, whatever happened to its text: what it says is among the readings, and a reading alone is right."""

from __future__ import annotations

from collections.abc import Callable

import biip
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from labelsvc.domain.scans import parse
from tests.domain.scans.labelled import GS, SYMBOLS, Said, element_strings, links, typed_on

GTIN = "09506000134352"
Damage = Callable[[str], str]


def caps_lock(text: str) -> str:
    return "".join(char.swapcase() if len(char.swapcase()) == 1 else char for char in text)


def typed_as(mark: str) -> Damage:
    return lambda text: text.replace(GS, mark)


def after(first: str, second: str) -> Damage:
    return lambda text: DAMAGES[second](DAMAGES[first](text))


DAMAGES: dict[str, Damage] = {
    "none": lambda text: text,
    "caps lock": caps_lock,
    "german": typed_on("german"),
    "swiss": typed_on("swiss"),
    "french": typed_on("french"),
    "dashes": lambda text: text.replace("/", "-") if text.startswith("http") else text,
    "no identifier": lambda text: text[3:] if text.startswith("]") else text,
    "no bracket": lambda text: text.removeprefix("]"),
    "around": lambda text: f"\x02{text}\t\r\n",
    "twice": lambda text: text + text,
    "twice in lines": lambda text: f"{text}\r\n{text}\r\n",
    "GS lost": typed_as(""),
    **{f"GS as {mark!r}": typed_as(mark) for mark in ("^]", "\\x1d", "<GS>", "{GS}", "029", "|", "]", " ", "\u2194")},
}
DAMAGES |= {
    f"{first}, {second}": after(first, second)
    for first, second in (
        ("GS lost", "caps lock"),
        ("GS lost", "twice"),
        ("GS as '^]'", "german"),
        ("no identifier", "GS lost"),
        ("no identifier", "french"),
        ("twice", "swiss"),
        ("german", "caps lock"),
    )
}


@pytest.mark.parametrize("damage", DAMAGES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(symbol=SYMBOLS)
def test_what_a_symbol_says_is_found_whatever_happened_and_nothing_else_alone(damage, symbol) -> None:
    text = DAMAGES[damage](symbol.text)
    parsed = parse(text)
    note(repr(parsed))
    assert symbol.said in map(Said.by, parsed.readings) or parsed.more
    assert len(parsed.readings) > 1 or parsed.more or Said.by(parsed.readings[0]) == symbol.said


@settings(max_examples=80, deadline=None)
@given(symbol=SYMBOLS)
def test_an_undamaged_text_needs_no_repair(symbol) -> None:
    """Whoever wants proof and no help gets it; so does who is given bytes."""
    readings = parse(symbol.text, mend=False).readings
    assert symbol.said in [Said.by(each) for each in readings if not each.repairs]
    assert parse(symbol.text.encode(), mend=False).readings == readings


@settings(max_examples=80, deadline=None)
@given(symbol=element_strings(("]C1", "]d2", "]Q3")) | links())
def test_another_program_reads_the_same(symbol) -> None:
    """It takes links without an identifier only."""
    theirs = biip.parse(symbol.text.removeprefix("]Q1").removeprefix("]d1"))
    read = theirs.gs1_message or theirs.gs1_digital_link_uri
    first = parse(symbol.text).readings[0]
    assert [(each.ai.ai, each.value) for each in read.element_strings] == list(first.elements)


@settings(max_examples=150, deadline=None)
@given(
    text=st.text(max_size=60) | st.text("]dQC0123456789()/:.-htps\x1d\x1e\x04 Ö", max_size=80) | st.binary(max_size=60)
)
def test_any_text_has_readings_or_an_error(text) -> None:
    parsed = parse(text)
    assert parsed.raw == text
    assert (parsed.error is None) == bool(parsed.readings)
    assert len(parsed.readings) <= 64


@pytest.mark.parametrize(
    "text",
    [
        "10" * 2048,
        "]C1" + "9110" * 1000,
        f"]C101{GTIN}10" + "1021" * 900,
        "(10)1" * 800,
        "(10)(21)" * 20,
        "https:--" + "-01" * 1000,
        "https://a" + "/01" * 1300,
        "\x1d" * 4096,
        "[)>\x1e05\x1d" * 500,
    ],
)
def test_the_longest_texts_end_soon(text) -> None:
    """Counted in steps and not in seconds: no more than a bound of readings, and it says that it stopped."""
    parsed = parse(text)
    assert len(parsed.readings) <= 64
    assert parsed.more or parsed.error or len(parsed.readings) < 64


def test_bytes_that_are_no_utf_8_are_read_all_the_same() -> None:
    """A keyboard of code page 1252 types Ö as D6."""
    shown = typed_on("german")(f"https://id.example.com/01/{GTIN}/21/A-7")
    (reading,) = parse(shown.encode("latin-1")).readings
    assert (reading.serial, reading.repairs[0].name) == ("A-7", "not_utf8")


@pytest.mark.parametrize(
    ("text", "serial", "suspected"),
    [
        (f"]D201{GTIN}21aB", "Ab", False),  # there is no ]D2
        (f"]c101{GTIN}21aB", "Ab", False),
        (f"HTTPS://ID.EXAMPLE.COM/01/{GTIN}/21/aB", "Ab", False),  # a scheme in capitals, and small letters behind
        (f"HTTPS://ID.EXAMPLE.COM/01/{GTIN}/21/AB", "ab", True),  # as alphanumeric QR Codes have it
        (f"https://id.example.com/01/{GTIN}/21/AB", "ab", True),
        ("URN:EPC:ID:SGTIN:0614141.112345.aB", "Ab", False),
    ],
)
def test_caps_lock_shows_or_is_suspected(text, serial, suspected) -> None:
    found = [each for each in parse(text).readings if "caps_lock" in {repair.name for repair in each.repairs}]
    assert [(each.serial, each.suspected) for each in found] == [(serial, suspected)]


def test_what_came_through_whole_is_not_suspected() -> None:
    """An identifier as it should be rules caps lock and other layouts out."""
    assert [each.serial for each in parse(f"]d201{GTIN}21aBzY").readings] == ["aBzY"]
    assert [each.serial for each in parse("urn:epc:id:sgtin:0614141.112345.zY").readings] == ["zY"]
