"""The parts of a pattern: what each writes for a lot, and what is refused."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelsvc.domain.lots import Lot
from labelsvc.domain.tokens import (
    ALNUM,
    DIGITS,
    FIELDS,
    GS1_32,
    LITERALS,
    Counter,
    DatePart,
    Fixed,
    LotPart,
    calendar,
    read_pattern,
    write_date,
)
from labelsvc.errors import InvalidInput

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


def lot(number: str = "L-118", production: date = date(2026, 11, 22), expiry: date | None = date(2028, 2, 29)) -> Lot:
    return Lot(number, production, expiry, None)


def test_reads_every_token_there_is() -> None:
    """One pattern with each token gives them in order."""
    pattern = "A-{prod:%y%j}{exp:%y.%m}b{lot:5}{seq:3}{rnd:10}{rnd:6@digits}{rnd:4@alnum}"
    assert list(read_pattern(pattern)) == [
        Fixed("A-"),
        DatePart("prod", ("%y", "%j")),
        DatePart("exp", ("%y", ".", "%m")),
        Fixed("b"),
        LotPart(5),
        Counter("seq", 3, DIGITS),
        Counter("rnd", 10, GS1_32),
        Counter("rnd", 6, DIGITS),
        Counter("rnd", 4, ALNUM),
    ]


def test_alphabets_are_those_that_are_printed_on_things() -> None:
    """GS1's 32 leave out 0, 1, I and O; all that a serial can hold are letters, digits, dot and hyphen."""
    assert "".join(sorted(set(ALNUM) - set("01IO"))) == GS1_32
    assert all(re.fullmatch(r"[0-9A-Za-z.-]", character) for character in LITERALS)
    assert len(set(LITERALS)) == 64


@given(DAYS, st.sampled_from(["%Y", "%y", "%m", "%d", "%j", "%G", "%V", "%g"]))
def test_directives_write_what_strftime_writes(day: date, directive: str) -> None:
    """Each directive gives the text and width that Python's strftime gives."""
    assert FIELDS[directive][1](day) == day.strftime(directive)
    assert FIELDS[directive][0] == len(day.strftime(directive))


def test_writes_the_dates_of_a_lot() -> None:
    """22 November 2026 is day 326 of the year, a Sunday in week 47."""
    assert DatePart("prod", ("%y", "%j")).text(lot()) == "26326"
    assert DatePart("prod", ("%G", "-", "%V")).text(lot()) == "2026-47"
    assert DatePart("exp", ("%Y", "%m", "%d")).text(lot()) == "20280229"


def test_iso_years_differ_from_calendar_years_at_new_year() -> None:
    """1 January 2027 is a Friday: still week 53 of 2026."""
    assert write_date(("%G", "%V", "%g"), date(2027, 1, 1)) == "20265326"


def test_refuses_a_lot_without_the_date() -> None:
    """A lot with no expiry date gives no {exp:...}."""
    with pytest.raises(InvalidInput) as caught:
        DatePart("exp", ("%y",)).text(lot(expiry=None))
    assert caught.value.code == "scheme_lot_date"
    assert caught.value.message == "Expected an expiry date for {exp:...}, got a lot without one."


@pytest.mark.parametrize("day", [date(1999, 12, 31), date(2100, 1, 1)])
def test_refuses_a_date_whose_century_two_digits_cannot_name(day: date) -> None:
    """Dates outside 2000 to 2099 would share their serials with dates inside."""
    with pytest.raises(InvalidInput) as caught:
        DatePart("prod", ("%y",)).text(lot(production=day))
    assert caught.value.message == f"Expected a production date from 2000-01-01 to 2099-12-31, got {day}."


def test_a_lot_number_has_exactly_the_length() -> None:
    """{lot:5} takes L-118 and neither a shorter nor a longer number."""
    assert LotPart(5).text(lot("L-118")) == "L-118"
    for number in ("L118", "L-0118"):
        with pytest.raises(InvalidInput) as caught:
            LotPart(5).text(lot(number))
        assert caught.value.code == "scheme_lot_length"
        assert caught.value.message == f"Expected a lot number of 5 characters for {{lot:5}}, got {len(number)}."


@pytest.mark.parametrize("character", ["/", "_", "+", "^", "~", " ", "é", "٣", "\x1d", "\n"])
def test_a_lot_number_brings_in_no_other_characters(character: str) -> None:
    """What a lot may hold under GS1's rules but a serial here may not is refused by name."""
    with pytest.raises(InvalidInput) as caught:
        LotPart(5).text(lot(f"AB{character}CD"))
    assert caught.value.code == "scheme_lot_characters"
    assert caught.value.message.endswith(f"got {character!r}.")


REFUSED = [
    ("{seq:4", "scheme_syntax", "Expected braces in pairs, {name:...}, got a lone '{' at character 1."),
    ("A{rnd:10}}", "scheme_syntax", "Expected braces in pairs, {name:...}, got a lone '}' at character 10."),
    ("{{seq:4}}", "scheme_syntax", "Expected braces in pairs, {name:...}, got a lone '{' at character 1."),
    ("A" * 257, "scheme_syntax", "Expected a pattern of at most 256 characters, got 257."),
    ("A {seq:4}", "scheme_literal", "Expected literal characters 0-9, A-Z, a-z, '.' and '-', got ' '."),
    ("=A{seq:4}", "scheme_literal", "Expected literal characters 0-9, A-Z, a-z, '.' and '-', got '='."),
    ("@{seq:4}", "scheme_literal", "Expected literal characters 0-9, A-Z, a-z, '.' and '-', got '@'."),
    ("+{seq:4}", "scheme_literal", "Expected literal characters 0-9, A-Z, a-z, '.' and '-', got '+'."),
    ("^XZ{seq:4}", "scheme_literal", "Expected literal characters 0-9, A-Z, a-z, '.' and '-', got '^'."),
    ("é{seq:4}", "scheme_literal", "Expected literal characters 0-9, A-Z, a-z, '.' and '-', got 'é'."),
    ("{seq:4}\n", "scheme_literal", r"Expected literal characters 0-9, A-Z, a-z, '.' and '-', got '\n'."),
    ("{seq:0}", "scheme_count", "Expected a length of 1 to 20 without leading zeros, got {seq:0}."),
    ("{seq:06}", "scheme_count", "Expected a length of 1 to 20 without leading zeros, got {seq:06}."),
    ("{seq:21}", "scheme_count", "Expected a length of 1 to 20 without leading zeros, got {seq:21}."),
    ("{seq}", "scheme_count", "Expected a length of 1 to 20 without leading zeros, got {seq}."),
    ("{seq:-4}", "scheme_count", "Expected a length of 1 to 20 without leading zeros, got {seq:-4}."),
    ("{seq:٤}", "scheme_count", "Expected a length of 1 to 20 without leading zeros, got {seq:٤}."),
    ("{seq:4\n}", "scheme_count", "Expected a length of 1 to 20 without leading zeros, got {seq:4\n}."),
    ("{lot:}", "scheme_count", "Expected a length of 1 to 20 without leading zeros, got {lot:}."),
    ("{rnd:999999999}", "scheme_count", "Expected a length of 1 to 20 without leading zeros, got {rnd:999999999}."),
    ("{rnd:5@}", "scheme_token", "Expected {rnd:N}, {rnd:N@digits} or {rnd:N@alnum}, got {rnd:5@}."),
    ("{rnd:5@hex}", "scheme_token", "Expected {rnd:N}, {rnd:N@digits} or {rnd:N@alnum}, got {rnd:5@hex}."),
    (
        "{gtin:4}",
        "scheme_token",
        "Expected a token {prod:...}, {exp:...}, {lot:N}, {seq:N}, {rnd:N} or {check}, got {gtin:4}.",
    ),
    ("{}", "scheme_token", "Expected a token {prod:...}, {exp:...}, {lot:N}, {seq:N}, {rnd:N} or {check}, got {}."),
    (
        "{SEQ:4}",
        "scheme_token",
        "Expected a token {prod:...}, {exp:...}, {lot:N}, {seq:N}, {rnd:N} or {check}, got {SEQ:4}.",
    ),
    ("{prod:}", "scheme_date", "Expected a date directive such as %y or %j, got {prod:}."),
    ("{prod:AB}", "scheme_date", "Expected a date directive such as %y or %j, got {prod:AB}."),
    (
        "{prod:%y%H}",
        "scheme_date",
        "Expected one of %Y, %y, %m, %d, %j, %G, %g, %V or a literal character, got '%H' in {prod:%y%H}.",
    ),
    (
        "{exp:%y%}",
        "scheme_date",
        "Expected one of %Y, %y, %m, %d, %j, %G, %g, %V or a literal character, got '%' in {exp:%y%}.",
    ),
    (
        "{exp:%y/%m}",
        "scheme_date",
        "Expected one of %Y, %y, %m, %d, %j, %G, %g, %V or a literal character, got '/' in {exp:%y/%m}.",
    ),
    (
        "{rnd:3}",
        "scheme_domain",
        "Expected an unguessable counter of at least 1,000,000 numbers, got 32,768 in {rnd:3}.",
    ),
    (
        "{rnd:5@digits}",
        "scheme_domain",
        "Expected an unguessable counter of at least 1,000,000 numbers, got 100,000 in {rnd:5@digits}.",
    ),
    (
        "{rnd:3@alnum}",
        "scheme_domain",
        "Expected an unguessable counter of at least 1,000,000 numbers, got 46,656 in {rnd:3@alnum}.",
    ),
]


@pytest.mark.parametrize(("pattern", "code", "message"), REFUSED, ids=[pattern[:20] for pattern, _, _ in REFUSED])
def test_refuses_with_the_reason(pattern: str, code: str, message: str) -> None:
    """Whatever is not a token of the language is refused in one sentence that shows it."""
    with pytest.raises(InvalidInput) as caught:
        list(read_pattern(pattern))
    assert (caught.value.code, caught.value.message) == (code, message)


@given(st.text(st.sampled_from("{}:@%0123456789ABCDEFabcxyzprodseqlotn.-^ é"), max_size=24))
def test_any_text_is_read_or_refused(pattern: str) -> None:
    """No text of a pattern's characters, in any order, ends in another error."""
    try:
        widths = [token.width for token in read_pattern(pattern)]
    except InvalidInput as refusal:
        code = refusal.code
    else:
        code, least = "scheme_", min(widths, default=1)
        assert least >= 1
    assert code.startswith("scheme_")


def test_a_calendar_holds_the_real_dates_and_no_others() -> None:
    """A hundred years have 36,525 days, 25 of them leap days; without the year 366 remain."""
    assert len(calendar(("%y", "%m", "%d"))) == 36_525
    assert sum(text.endswith("0229") for text in calendar(("%y", "%m", "%d"))) == 25
    assert calendar(("%j",)) == {f"{day:03d}" for day in range(1, 367)}
    assert calendar(("%m",)) == {f"{month:02d}" for month in range(1, 13)}
    assert {"26365", "24366"} <= calendar(("%y", "%j"))
    assert "26366" not in calendar(("%y", "%j"))
    assert "202653" in calendar(("%G", "%V"))
    assert "202553" not in calendar(("%G", "%V"))
