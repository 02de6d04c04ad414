"""Serial schemes: capacity, texts, reading them back, and never two meanings of one text."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import date
from itertools import islice

import ffx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from labelsvc.domain.ff1 import pool_key
from labelsvc.domain.lots import Lot
from labelsvc.domain.schemes import Reading, Scheme, collision
from labelsvc.errors import InvalidInput

MASTER = bytes(range(32))
KEY = bytes(range(32, 64))
GS1_32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-"
CHECK_ELSEWHERE = "Expected {check} at the end, behind digits and a counter of digits, got it elsewhere."

DIRECTIVES = st.sampled_from(["%y", "%Y", "%m", "%d", "%j", "%G", "%g", "%V"])
TOKENS = st.one_of(
    st.text(st.sampled_from("0123A.-z"), min_size=1, max_size=3),
    st.builds(
        lambda kind, first, middle, last: f"{{{kind}:{first}{middle}{last}}}",
        st.sampled_from(["prod", "exp"]),
        DIRECTIVES,
        st.sampled_from(["", "", "-", "0"]),
        st.just("") | DIRECTIVES,
    ),
)
COUNTERS = st.one_of(
    st.integers(1, 7).map(lambda width: f"{{seq:{width}}}"),
    st.integers(4, 8).map(lambda width: f"{{rnd:{width}}}"),
    st.integers(6, 8).map(lambda width: f"{{rnd:{width}@digits}}"),
    st.integers(4, 8).map(lambda width: f"{{rnd:{width}@alnum}}"),
)


@st.composite
def patterns(draw: st.DrawFn) -> Scheme:
    parts = draw(st.lists(TOKENS, max_size=4))
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), f"{{lot:{draw(st.integers(1, 4))}}}")
    parts.insert(draw(st.integers(0, len(parts))), draw(COUNTERS))
    try:
        return Scheme.parse("".join(parts))
    except InvalidInput as error:
        assume(error.code not in ("scheme_length", "scheme_start"))
        raise


@st.composite
def lots_for(draw: st.DrawFn, scheme: Scheme) -> Lot:
    width = re.search(r"\{lot:(\d+)\}", scheme.pattern)
    number = draw(st.text(st.sampled_from(LETTERS), min_size=int(width[1]), max_size=int(width[1]))) if width else "L"
    assume(not number.startswith("-"))
    days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
    return Lot(number, draw(days), draw(days), None)


def lot(number: str = "L-118", production: date = date(2026, 11, 22), expiry: date | None = date(2028, 2, 29)) -> Lot:
    return Lot(number, production, expiry, None)


def ordinals(scheme: Scheme) -> st.SearchStrategy[int]:
    return st.integers(0, scheme.capacity - 1)


@pytest.mark.parametrize(
    ("pattern", "length", "capacity", "needs_key"),
    [
        ("{seq:1}", 1, 9, False),
        ("{prod:%y%j}{seq:6}", 11, 999_999, False),
        ("{seq:20}", 20, 2**63 - 1, False),
        ("{rnd:4}", 4, 32**4, True),
        ("{rnd:10}", 10, 32**10, True),
        ("{rnd:12}", 12, 32**12, True),
        ("{rnd:13}", 13, 2**63 - 1, True),
        ("{rnd:20@alnum}", 20, 2**63 - 1, True),
        ("{rnd:6@digits}", 6, 10**6, True),
        ("A-{exp:%Y.%m}{lot:5}{rnd:4@alnum}", 18, 36**4, True),
    ],
)
def test_knows_length_and_capacity(pattern: str, length: int, capacity: int, needs_key: bool) -> None:
    """Length and capacity are arithmetic over the tokens, the capacity at most what a database integer holds."""
    scheme = Scheme.parse(pattern)
    assert (scheme.pattern, scheme.length, scheme.capacity, scheme.needs_key) == (pattern, length, capacity, needs_key)


@pytest.mark.parametrize(
    ("pattern", "code", "message"),
    [
        ("", "scheme_counter", "Expected exactly one of {seq:N} and {rnd:N}, got 0."),
        ("AB{prod:%y}", "scheme_counter", "Expected exactly one of {seq:N} and {rnd:N}, got 0."),
        ("{seq:4}{rnd:6}", "scheme_counter", "Expected exactly one of {seq:N} and {rnd:N}, got 2."),
        ("{lot:2}{lot:3}{seq:4}", "scheme_lot", "Expected at most one {lot:N}, got 2."),
        ("{lot:11}{rnd:10}", "scheme_length", "Expected serials of 1 to 20 characters, got 21."),
        ("-{seq:4}", "scheme_start", "Expected serials that do not begin with '-', got a pattern that does."),
        ("{exp:-%y}{seq:4}", "scheme_start", "Expected serials that do not begin with '-', got a pattern that does."),
        *((pattern, "scheme_check", CHECK_ELSEWHERE) for pattern in ("{check}{seq:4}", "A{seq:4}{check}")),
        *((pattern, "scheme_check", CHECK_ELSEWHERE) for pattern in ("{rnd:6}{check}", "{lot:3}{seq:4}{check}")),
        *((pattern, "scheme_check", CHECK_ELSEWHERE) for pattern in ("{seq:4}{check}1", "{seq:4}{check}{check}")),
        ("{seq:4", "scheme_syntax", "Expected braces in pairs, {name:...}, got a lone '{' at character 1."),
    ],
)
def test_refuses_a_pattern_with_the_reason(pattern: str, code: str, message: str) -> None:
    """One counter, at most one lot number, 20 characters, no start that a spreadsheet takes for a formula."""
    with pytest.raises(InvalidInput) as caught:
        Scheme.parse(pattern)
    assert (caught.value.code, caught.value.message) == (code, message)


@pytest.mark.parametrize("pattern", ["952{rnd:9@digits}{check}", "{seq:12}{check}"])
def test_a_check_digit_is_that_of_all_before_it(pattern: str) -> None:
    """Weights 1, 3, 1, ... from the left of 13 digits make a multiple of 10; another check digit is no serial."""
    scheme = Scheme.parse(pattern)
    texts = list(scheme.texts("", KEY, 0, 500))
    assert len(set(texts)) == 500
    for ordinal, text in enumerate(texts):
        assert sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(text)) % 10 == 0
        assert scheme.text("", KEY, ordinal) == text
        assert all(char in chars for char, chars in zip(text, scheme.shape(""), strict=True))
    reading = scheme.read(texts[7])
    assert reading is not None
    assert scheme.ordinal(reading.counter, KEY) == 7
    assert scheme.read(texts[7][:-1] + str((int(texts[7][-1]) + 1) % 10)) is None


def test_scope_is_what_the_lot_gives() -> None:
    """Dates and lot number in their order, without the literals around them."""
    assert Scheme.parse("{prod:%y%j}{seq:6}").scope(lot()) == "26326"
    assert Scheme.parse("A{lot:5}B{exp:%m-%d}{rnd:6}{prod:%y}").scope(lot()) == "L-11802-2926"
    assert Scheme.parse("A{rnd:10}").scope(lot()) == ""


def test_a_lot_number_never_brings_a_hyphen_to_the_front() -> None:
    """A serial may not begin with '-': the lot is refused where its number would stand first, and only there."""
    with pytest.raises(InvalidInput) as caught:
        Scheme.parse("{lot:5}{seq:4}").scope(lot("-L118"))
    assert caught.value.code == "scheme_start"
    assert Scheme.parse("A{lot:5}{seq:4}").scope(lot("-L118")) == "-L118"
    assert Scheme.parse("{lot:5}{seq:4}").read("-L1180001") is None


@pytest.mark.parametrize("scope", ["", "2632", "263266", "26^XZ", "26 26"])
def test_refuses_a_scope_that_is_not_the_schemes(scope: str) -> None:
    """A scope of another length or with other characters makes no serial."""
    with pytest.raises(InvalidInput) as caught:
        Scheme.parse("{prod:%y%j}{seq:6}").text(scope, None, 0)
    assert caught.value.code == "scheme_scope"


def test_shape_names_every_character_of_every_position() -> None:
    """Literals and scope are single characters, counter positions hold the whole alphabet."""
    assert Scheme.parse("A{prod:%y}{rnd:4}.{lot:2}").shape("26Lx") == ("A", "2", "6", *[GS1_32] * 4, ".", "L", "x")
    assert Scheme.parse("{seq:2}").shape("") == ("0123456789", "0123456789")


def test_sequence_starts_at_one_zero_padded() -> None:
    """The first number is 1, the last all nines."""
    scheme = Scheme.parse("{prod:%y%j}{seq:3}Z")
    texts = list(scheme.texts("26326", None, 0, 999))
    assert texts == [f"26326{number:03d}Z" for number in range(1, 1000)]
    assert [scheme.text("26326", None, ordinal) for ordinal in range(999)] == texts


@settings(max_examples=40, deadline=None)
@given(width=st.integers(1, 9), data=st.data())
def test_sequence_slices_are_the_numbers(width: int, data: st.DataObject) -> None:
    """Any slice of any width is the plain numbers, wherever it begins in a thousand."""
    first = data.draw(st.integers(0, 10**width - 2))
    count = data.draw(st.integers(0, min(2500, 10**width - 1 - first)))
    texts = Scheme.parse(f"A{{seq:{width}}}-").texts("", None, first, count)
    assert list(texts) == [f"A{number:0{width}d}-" for number in range(first + 1, first + count + 1)]


def hkdf(master: bytes, *fields: bytes) -> bytes:
    info = b"labelsvc pool key 1" + b"".join(len(part).to_bytes(4) + part for part in fields) + bytes(8)
    return hmac.digest(hmac.digest(bytes(32), master, hashlib.sha256), info + b"\x01", hashlib.sha256)


@pytest.mark.parametrize("first", [0, 9_995, 123_456_789, 2**40])
def test_unguessable_serials_can_be_made_by_another_program(first: int) -> None:
    """Master secret, product, pattern, scope and ordinal give the same text by other people's HKDF and FF1."""
    pattern = "{prod:%y%j}{rnd:10}"
    other = ffx.FF1(hkdf(MASTER, b"09520123456788", pattern.encode(), b"26326"), alphabet=GS1_32)
    numerals = ["".join(GS1_32[n >> 5 * place & 31] for place in range(9, -1, -1)) for n in range(first, first + 12)]
    scheme, key = Scheme.parse(pattern), pool_key(MASTER, "09520123456788", pattern, "26326", 0)
    expected = ["26326" + other.encrypt(numeral) for numeral in numerals]
    assert list(scheme.texts("26326", key, first, 12)) == expected
    assert [scheme.text("26326", key, ordinal) for ordinal in range(first, first + 12)] == expected


@settings(max_examples=80, deadline=None)
@given(st.data(), patterns())
def test_every_serial_reads_back_to_what_made_it(data: st.DataObject, scheme: Scheme) -> None:
    """Any scheme, lot and ordinal: the text has the scheme's length and shape, and gives scope and ordinal again."""
    scope = scheme.scope(data.draw(lots_for(scheme)))
    ordinal = data.draw(ordinals(scheme))
    text = scheme.text(scope, KEY, ordinal)
    assert len(text) == scheme.length
    assert all(character in choices for character, choices in zip(text, scheme.shape(scope), strict=True))
    assert list(scheme.texts(scope, KEY, ordinal, 1)) == [text]
    reading = scheme.read(text)
    assert reading is not None
    assert (reading.scope, scheme.ordinal(reading.counter, KEY)) == (scope, ordinal)


@settings(max_examples=80, deadline=None)
@given(st.data(), patterns())
def test_every_text_that_reads_is_a_serial(data: st.DataObject, scheme: Scheme) -> None:
    """A serial with a character changed is another serial of the scheme or none, never a second way to write one."""
    scope = scheme.scope(data.draw(lots_for(scheme)))
    text = list(scheme.text(scope, KEY, data.draw(ordinals(scheme))))
    text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.sampled_from(LETTERS + "/é٣ "))
    reading = scheme.read("".join(text))
    if reading is not None:
        ordinal = scheme.ordinal(reading.counter, KEY)
        assert ordinal >= 0
        if ordinal < scheme.capacity:
            assert scheme.text(reading.scope, KEY, ordinal) == "".join(text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("A{prod:%y%m%d}{seq:4}", "A2611220001"),
        ("A{prod:%y%m%d}{seq:4}", "A2402299999"),
        ("{rnd:10}", "23456789AB"),
        ("{prod:%y}.{prod:%j}{seq:2}", "24.36601"),
        ("{exp:%g%V}{seq:2}", "265301"),
        ("{prod:%m}{exp:%m}{seq:2}", "120101"),
    ],
)
def test_reads_what_is_the_schemes(pattern: str, text: str) -> None:
    """Needs no key; leap days and 53rd weeks are there in the years that have them."""
    assert Scheme.parse(pattern).read(text) is not None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("A{prod:%y%m%d}{seq:4}", "A2602290001"),  # 2026 is no leap year
        ("A{prod:%y%m%d}{seq:4}", "A2613010001"),
        ("A{prod:%y%m%d}{seq:4}", "A2611000001"),
        ("A{prod:%y%m%d}{seq:4}", "A2611220000"),  # numbers start at 1
        ("A{prod:%y%m%d}{seq:4}", "a2611220001"),  # case matters
        ("A{prod:%y%m%d}{seq:4}", "A261122001"),
        ("A{prod:%y%m%d}{seq:4}", "A26112200011"),
        ("A{prod:%y%m%d}{seq:4}", "A261122000\N{ARABIC-INDIC DIGIT ONE}"),
        ("A{prod:%y%m%d}{seq:4}", ""),
        ("{rnd:10}", "23456789aB"),
        ("{rnd:10}", "I234567892"),
        ("{rnd:10}", "=234567892"),
        ("{prod:%y}.{prod:%j}{seq:2}", "26.36601"),  # one date over two tokens: 2026 has 365 days
        ("{exp:%g%V}{seq:2}", "255301"),  # 2025 has 52 weeks
        ("A{lot:3}{seq:2}", "AL/101"),
        ("{prod:%Y}{seq:2}", "199901"),
    ],
)
def test_reads_nothing_else(pattern: str, text: str) -> None:
    """Other lengths and characters, dates that do not exist and number 0 are not of the scheme."""
    assert Scheme.parse(pattern).read(text) is None


def test_reading_keeps_scope_and_counter_apart() -> None:
    """The scope is joined in the pattern's order as `scope` writes it."""
    assert Scheme.parse("{lot:2}X{seq:3}{prod:%j}").read("ABX007326") == Reading("AB326", "007")


def test_an_ordinal_may_exceed_the_capacity() -> None:
    """A text of a huge domain reads to an ordinal that no pool ever grants; the caller sees it."""
    assert Scheme.parse("{seq:20}").ordinal("9" * 20, None) == 10**20 - 2
    scheme = Scheme.parse("{rnd:20@alnum}")
    assert max(scheme.ordinal(f"{number:020d}", KEY) for number in range(20)) > scheme.capacity


@pytest.mark.parametrize("counter", ["", "23456", "2345678", "00000I", "000000"])
def test_ordinal_takes_a_counter_only(counter: str) -> None:
    """What `read` would not give is a mistake of the program."""
    with pytest.raises(ValueError, match=r"^Expected 6 characters of 0123456789, got"):
        Scheme.parse("{seq:6}").ordinal(counter, None)


@pytest.mark.parametrize("key", [None, b"", KEY[:31]])
def test_unguessable_serials_need_the_key(key: bytes | None) -> None:
    """No key, no serial: nothing falls back to another one."""
    scheme = Scheme.parse("{rnd:10}")
    for attempt in (
        lambda: scheme.text("", key, 0),
        lambda: scheme.texts("", key, 0, 1),
        lambda: scheme.ordinal("2222222222", key),
    ):
        with pytest.raises(ValueError, match=r"^Expected the pool's key of 32 bytes, got"):
            attempt()


@pytest.mark.parametrize(("first", "count"), [(-1, 1), (0, 1_000_000), (999_999, 1), (5, -1)])
def test_refuses_ordinals_outside_the_pool(first: int, count: int) -> None:
    """Not even the first text is given when the last would not be of the pool."""
    with pytest.raises(ValueError, match=r"^Expected ordinals below 999999, got"):
        Scheme.parse("{seq:6}").texts("", None, first, count)


@pytest.mark.parametrize("ordinal", [-1, 999_999])
def test_refuses_an_ordinal_outside_the_pool(ordinal: int) -> None:
    """{seq:6} ends at 999999, which is ordinal 999,998."""
    with pytest.raises(ValueError, match=r"^Expected an ordinal below 999999, got"):
        Scheme.parse("{seq:6}").text("", None, ordinal)


@pytest.mark.parametrize("pattern", ["{rnd:13}", "{rnd:20@alnum}", "{seq:20}"])
def test_texts_come_as_they_are_asked_for(pattern: str) -> None:
    """The first texts of a quadrillion are there at once, up to the last ordinal a pool can have."""
    scheme = Scheme.parse(pattern)
    first = scheme.capacity - 10**15
    texts = list(islice(scheme.texts("", KEY, first, 10**15), 3))
    assert texts == [scheme.text("", KEY, first + n) for n in range(3)]
    last = list(scheme.texts("", KEY, scheme.capacity - 2, 2))
    assert last == [scheme.text("", KEY, scheme.capacity - n) for n in (2, 1)]


def test_blocks_join_without_a_seam() -> None:
    """25,000 texts over three blocks are all there, once, in order of their ordinals."""
    scheme = Scheme.parse("A{rnd:6}")
    texts = list(scheme.texts("", KEY, 7, 25_000))
    assert len(set(texts)) == 25_000
    for n in (0, 9_999, 10_000, 19_999, 20_000, 24_999):
        assert texts[n] == scheme.text("", KEY, 7 + n)


def test_collision_says_why() -> None:
    """The sentence names both patterns and a text that both read."""
    reason = collision(Scheme.parse("{rnd:10}"), Scheme.parse("A{rnd:9}"))
    expected = (
        r"Expected schemes that share no serial, got \{rnd:10\} and A\{rnd:9\}: (.{10}) reads as a serial of both\."
    )
    assert reason is not None
    found = re.fullmatch(expected, reason)
    assert found is not None
    assert Scheme.parse("{rnd:10}").read(found[1]) is not None
    assert Scheme.parse("A{rnd:9}").read(found[1]) is not None


def test_a_suspicion_is_not_called_a_serial() -> None:
    """Where no text was found that both read, the sentence only says what they look like."""
    reason = collision(Scheme.parse("{prod:%y%j}{seq:6}"), Scheme.parse("{prod:%y%m}9{seq:6}"))
    assert reason is not None
    assert "serials of both can look like" in reason


def test_a_pattern_is_never_disjoint_from_itself() -> None:
    """Another key version permutes the same texts."""
    scheme = Scheme.parse("{prod:%y}{rnd:10}")
    assert collision(scheme, Scheme.parse("{prod:%y}{rnd:10}")) == (
        "Expected schemes that share no serial, got {prod:%y}{rnd:10} twice: another key does not part them."
    )
