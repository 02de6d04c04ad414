"""Disjointness is sound: schemes called disjoint never share a text, by brute force."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from labelsvc.domain.disjointness import common, ground
from labelsvc.domain.lots import Lot
from labelsvc.domain.schemes import Scheme, collision
from labelsvc.domain.tokens import LITERALS, Counter, DatePart, Fixed, LotPart, Token
from labelsvc.errors import InvalidInput

KEY = bytes(32)
DAYS = [date(2023, 12, 25) + timedelta(days=n) for n in range(0, 380, 2)]
LOT_CHARACTERS = "0123A."


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("{seq:6}", "{seq:7}"),  # another length
        ("A{rnd:9}", "B{rnd:9}"),
        ("{rnd:10}", "0{rnd:9}"),  # GS1's 32 have no 0
        ("{rnd:10}", "a{rnd:9}"),
        ("{seq:6}", "{seq:5}X"),
        ("{prod:%m}{seq:4}", "2{seq:5}"),  # no month begins with 2
        ("{prod:%m}{seq:4}", "13{seq:4}"),  # no month 13, though 1 and 3 each occur
        ("{prod:%m%d}{seq:6}", "0230{seq:6}"),
        ("{prod:%m}{seq:3}{prod:%d}", "02{seq:3}30"),  # one date over two tokens
        ("{prod:%j}{seq:6}", "367{seq:6}"),
        ("{prod:%y%j}{seq:6}", "{prod:%y%V}.{seq:6}"),
        ("{prod:%Y}{seq:6}", "{lot:1}1{rnd:8}"),  # no year of 2000 to 2099 has 1 in second place
    ],
)
def test_knows_disjoint_schemes(a: str, b: str) -> None:
    """Lengths, characters that never meet at one position, and dates that do not exist part two schemes."""
    assert collision(Scheme.parse(a), Scheme.parse(b)) is None
    assert collision(Scheme.parse(b), Scheme.parse(a)) is None


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("{seq:6}", "{rnd:6@digits}"),
        ("{rnd:10}", "A{rnd:9}"),
        ("{rnd:8}", "{rnd:8@alnum}"),
        ("{prod:%y%j}{seq:6}", "{exp:%y%j}{seq:6}"),
        ("{prod:%y%m%d}{seq:6}", "{prod:%d%m%y}{seq:6}"),
        ("{prod:%m%d}{seq:6}", "0229{seq:6}"),
        ("{lot:5}{seq:6}", "{prod:%y%j}{seq:6}"),
        ("{lot:2}{seq:4}", "{seq:4}{lot:2}"),
        ("A{prod:%y}{seq:4}", "{prod:A%y}{seq:4}"),
    ],
)
def test_knows_colliding_schemes(a: str, b: str) -> None:
    """Pairs that share a text are never let through, whichever stands first."""
    assert collision(Scheme.parse(a), Scheme.parse(b)) is not None
    assert collision(Scheme.parse(b), Scheme.parse(a)) is not None


SMALL_TOKENS = st.one_of(
    st.text(st.sampled_from("0123A."), min_size=1, max_size=2),
    st.builds(
        "{{prod:{}}}".format, st.sampled_from(["%m", "%d", "%j", "%V", "%m%d", "%d%m", "%y", "%g", "0%m", "%j%m"])
    ),
)


@st.composite
def small_pairs(draw: st.DrawFn) -> tuple[Scheme, Scheme]:
    """Two schemes of one length whose texts can all be written down."""
    pair = []
    for _ in range(2):
        parts = draw(st.lists(SMALL_TOKENS, max_size=3))
        if draw(st.booleans()):
            parts.insert(draw(st.integers(0, len(parts))), "{lot:1}")
        parts.insert(draw(st.integers(0, len(parts))), draw(st.sampled_from(["{seq:1}", "{seq:2}"])))
        pair.append("".join(parts))
    a, b = map(Scheme.parse, pair)
    missing = a.length - b.length
    padding = draw(st.text(st.sampled_from("0123A."), min_size=abs(missing), max_size=abs(missing)))
    if draw(st.booleans()):
        return Scheme.parse(pair[0] + padding * (missing < 0)), Scheme.parse(pair[1] + padding * (missing > 0))
    return Scheme.parse(padding * (missing < 0) + pair[0]), Scheme.parse(padding * (missing > 0) + pair[1])


def everything(scheme: Scheme) -> set[str]:
    """Write every serial of every lot produced on DAYS with numbers of LOT_CHARACTERS, by strftime and counting."""
    dated = any(isinstance(token, DatePart) for token in scheme.tokens)
    columns = {tuple(choices(token, day) for token in scheme.tokens) for day in (DAYS if dated else DAYS[:1])}
    return {"".join(text) for column in columns for text in product(*column)}


def choices(token: Token, day: date) -> tuple[str, ...]:
    match token:
        case Fixed():
            return (token.text,)
        case DatePart():
            return (day.strftime("".join(token.parts)),)
        case LotPart():
            return tuple(LOT_CHARACTERS)
        case Counter():
            return tuple(f"{number:0{token.width}d}" for number in range(1, 10**token.width))


@settings(max_examples=60, deadline=None)
@given(small_pairs())
def test_disjoint_schemes_share_no_text_at_all(pair: tuple[Scheme, Scheme]) -> None:
    """For small schemes all texts over a year of lots are written down: no proof of disjointness is ever wrong."""
    a, b = pair
    shared = everything(a) & everything(b)
    if shared:
        assert collision(a, b) is not None
        assert collision(b, a) is not None


TOKENS = st.one_of(
    st.text(st.sampled_from("0123A.z"), min_size=1, max_size=3),
    st.builds("{{prod:{}{}}}".format, *[st.sampled_from(["%y", "%Y", "%m", "%d", "%j", "%G", "%g", "%V"])] * 2),
    st.builds("{{exp:{}}}".format, st.sampled_from(["%y", "%Y-%m", "%m%d", "%d", "%y%j", "%G%V"])),
)
COUNTERS = st.sampled_from(["{seq:1}", "{seq:3}", "{seq:6}", "{rnd:4}", "{rnd:5}", "{rnd:6@digits}", "{rnd:4@alnum}"])


@st.composite
def schemes(draw: st.DrawFn) -> Scheme:
    parts = draw(st.lists(TOKENS, max_size=2))
    if draw(st.booleans()):
        parts.insert(draw(st.integers(0, len(parts))), "{lot:2}")
    parts.insert(draw(st.integers(0, len(parts))), draw(COUNTERS))
    try:
        scheme = Scheme.parse("".join(parts))
    except InvalidInput as error:  # two long dates and a lot
        assume(error.code != "scheme_length")
        raise
    # Lengths part nearly all pairs; brought to 20, nothing but characters and dates can.
    return Scheme.parse(scheme.pattern + "0" * (20 - scheme.length))


@settings(max_examples=60, deadline=None)
@given(schemes(), schemes(), st.data())
def test_a_serial_of_one_never_reads_as_one_of_the_other(a: Scheme, b: Scheme, data: st.DataObject) -> None:
    """Any lots and ordinals, unguessable counters too: what one of two disjoint schemes writes, the other rejects."""
    days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
    apart = collision(a, b) is None
    for one, other in ((a, b), (b, a)):
        lot = Lot(
            data.draw(st.text(st.sampled_from("019A"), min_size=2, max_size=2)), data.draw(days), data.draw(days), None
        )
        ordinal = data.draw(st.integers(0, one.capacity - 1))
        text = one.text(one.scope(lot), KEY, ordinal)
        assert not (apart and other.read(text) is not None)


@settings(max_examples=40, deadline=None)
@given(schemes(), st.data())
def test_a_scheme_collides_with_every_pattern_of_one_of_its_serials(a: Scheme, data: st.DataObject) -> None:
    """A serial turned into literals around a {seq:1} in its last place still lies on the first scheme's ground."""
    days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
    scope = a.scope(Lot("0A", data.draw(days), data.draw(days), None))
    text = a.text(scope, KEY, data.draw(st.integers(0, a.capacity - 1)))
    literal = ground((Fixed(text),))
    assert common(ground(a.tokens), literal) == text
    assert common(literal, ground(a.tokens)) == text


def test_lots_may_hold_anything() -> None:
    """Under {lot:N} every character of a serial is possible at every place."""
    for character in LITERALS:
        assert common(ground((LotPart(1),)), ground((Fixed(character),))) == character
