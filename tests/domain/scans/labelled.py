"""Things with what their symbols hold, and what a keyboard makes of it; out of the standards, not out of the parser."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from hypothesis import strategies as st

from labelsvc.domain.gs1 import CSET_82, check_digit
from labelsvc.domain.scans import Reading

GS = "\x1d"
ACUTE = "\u00b4"
#: Behind these no FNC1 is needed (General Specifications, figure 7.8.5-2); of those used here.
PREDEFINED = ("00", "01", "02", "11", "13", "15", "16", "17", "20", "3103", "414")


@dataclass(frozen=True)
class Said:
    """What a symbol says, in whatever form."""

    elements: frozenset[tuple[str, str]]
    item: str | None = None
    domain: str | None = None

    @classmethod
    def by(cls, reading: Reading) -> Said:
        return cls(frozenset(reading.elements), reading.item, reading.domain)


@dataclass(frozen=True)
class Symbol:
    """A symbol's text and what it says."""

    text: str
    said: Said


# What is on labels


def keyed(length: int) -> st.SearchStrategy[str]:
    digits = st.text("0123456789", min_size=length - 1, max_size=length - 1).filter(lambda text: text.strip("0"))
    return digits.map(lambda text: text + str(check_digit(text)))


GTINS = st.sampled_from(["09506000134352", "04012345678901", "00012345678905", "10012345678902"]) | keyed(14)
DATES = st.builds("{:02}{:02}{:02}".format, st.integers(0, 99), st.integers(1, 12), st.integers(0, 28))


def texts(most: int) -> st.SearchStrategy[str]:
    """Return values of one AI: any, digits, and such as real ones are, some of which look like other AIs."""
    likely = st.text("0123456789ABCDEFGHJKLMNPQRSTUVWXYZabxyz-.", min_size=1, max_size=most)
    awkward = st.sampled_from(["L21A1", "029", "A(10)B", "21", "X10Y", "A1<GS>", "yZ", "0", "A/B", "1?=;"])
    anything = st.text(sorted(CSET_82), min_size=1, max_size=most)
    return likely | st.text("0123456789", min_size=1, max_size=most) | awkward | anything


QUALIFIERS = {"22": texts(20), "10": texts(20), "21": texts(20)}
OTHERS = {
    "11": DATES, "15": DATES, "17": DATES, "20": st.just("07"), "240": texts(30), "3103": st.just("001500"),
    "400": texts(12), "91": texts(30),
}  # fmt: skip


@st.composite
def trade_items(draw: st.DrawFn) -> tuple[tuple[str, str], ...]:
    pairs = [("01", draw(GTINS))]
    chosen = draw(st.lists(st.sampled_from([*QUALIFIERS, *OTHERS]), unique=True, max_size=4))
    return (*pairs, *((ai, draw((QUALIFIERS | OTHERS)[ai])) for ai in chosen))


LOGISTIC = st.tuples(st.tuples(st.just("00"), keyed(18))) | st.tuples(
    st.tuples(st.just("00"), keyed(18)),
    st.tuples(st.just("02"), GTINS),
    st.tuples(st.just("37"), st.integers(1, 99_999_999).map(str)),
    st.tuples(st.just("10"), texts(20)),
)
LOCATIONS = st.tuples(st.tuples(st.just("414"), keyed(13)), st.tuples(st.just("254"), texts(20)))
PARTS = st.tuples(st.tuples(st.just("10"), texts(20)), st.tuples(st.just("21"), texts(20)))
ELEMENTS = trade_items() | LOGISTIC | LOCATIONS | PARTS


# Forms


def element_string(pairs: tuple[tuple[str, str], ...]) -> str:
    text = "".join(ai + value + ("" if ai in PREDEFINED else GS) for ai, value in pairs)
    return text.removesuffix(GS)


@st.composite
def element_strings(draw: st.DrawFn, identifiers: tuple[str, ...] = ("", "]C1", "]d2", "]Q3", "]e0", "]J1")) -> Symbol:
    pairs = draw(ELEMENTS)
    return Symbol(draw(st.sampled_from(identifiers)) + element_string(pairs), Said(frozenset(pairs)))


@st.composite
def bracketed(draw: st.DrawFn) -> Symbol:
    pairs = draw(ELEMENTS)
    escaped = [(ai, value.replace("(", "\\(").replace(")", "\\)")) for ai, value in pairs]
    return Symbol("".join(f"({ai}){value}" for ai, value in escaped), Said(frozenset(pairs)))


@st.composite
def links(draw: st.DrawFn) -> Symbol:
    said = dict(draw(trade_items()))
    domain = draw(st.sampled_from(["https://id.gs1.org", "https://id.my-shop.example/go/x", "http://localhost:8080"]))
    path = "".join(f"/{ai}/{quote(said[ai], safe='')}" for ai in ("01", "22", "10", "21") if ai in said)
    query = "&".join(f"{ai}={quote(said[ai], safe='')}" for ai in said if ai in OTHERS)
    return Symbol(
        draw(st.sampled_from(["", "]Q1", "]d1"])) + domain + path + (f"?{query}" if query else ""),
        Said(frozenset(said.items()), None, domain),
    )


@st.composite
def own(draw: st.DrawFn) -> Symbol:
    """An own item's, and a serial alone."""
    item = draw(st.sampled_from(["VALVE", "pump-2.b", "4711", "Y_z"]))
    serial = draw(st.text("0123456789ABCXYZabxyz.-", min_size=1, max_size=20))
    said = Said(frozenset({("21", serial)}), item)
    if draw(st.booleans()):
        return Symbol(draw(st.sampled_from(["", "]C0", "]Q1"])) + f"{item}/{serial}", said)
    return Symbol(draw(st.sampled_from(["", "]C0"])) + serial, Said(said.elements))


@st.composite
def keys(draw: st.DrawFn) -> Symbol:
    """A GTIN or SSCC without an AI."""
    length = draw(st.sampled_from([8, 12, 13, 14, 18]))
    digits = draw(keyed(length))
    pair = ("00", digits) if length == 18 else ("01", digits.zfill(14))
    identifier = {13: "]E0", 8: "]E4"}.get(length, "]C0")
    return Symbol(draw(st.sampled_from(["", identifier])) + digits, Said(frozenset({pair})))


@st.composite
def urns(draw: st.DrawFn) -> Symbol:
    company = draw(st.text("0123456789", min_size=6, max_size=12))
    serial = draw(texts(20))
    escaped = "".join(f"%{ord(char):02X}" if char in '"%&/<>?' else char for char in serial)  # TDS, figure A-1
    reference = draw(st.text("0123456789", min_size=13 - len(company), max_size=13 - len(company)))
    digits = reference[0] + company + reference[1:]
    if not digits.strip("0"):
        digits = "0" * 12 + "1"
        company, reference = digits[1:7], "0" + digits[7:]
    gtin = digits + str(check_digit(digits))
    return Symbol(f"urn:epc:id:sgtin:{company}.{reference}.{escaped}", Said(frozenset({("01", gtin), ("21", serial)})))


SYMBOLS = element_strings() | bracketed() | links() | own() | keys() | urns()


# Damage


def typed_on(host: str) -> Callable[[str], str]:
    """Return what a computer shows whose keyboard is set to another country's: key by key, from pictures of it."""
    table = dict(line.split(" ") for line in HOSTS[host].strip().split("\n"))

    def typed(text: str) -> str:
        shown = "".join(table.get(char, char) for char in text)
        for dead, accent in ((ACUTE, "\u0301"), ("`", "\u0300"), ("^", "\u0302"), ("¨", "\u0308")):
            if dead in DEAD[host]:
                for letter in "aeiouAEIOU":
                    shown = shown.replace(dead + letter, unicodedata.normalize("NFC", letter + accent))
        return shown

    return typed


DEAD = {"german": ACUTE + "`^", "swiss": "`^¨", "french": "^¨"}
HOSTS = {
    "german": """y z
z y
Y Z
Z Y
- ß
= \u00b4
[ ü
] +
\\ #
; ö
' ä
/ -
` ^
@ "
# §
^ &
& /
* (
( )
) =
_ ?
+ `
{ Ü
} *
| '
: Ö
" Ä
< ;
> :
? _
~ °""",
    "swiss": """y z
z y
Y Z
Z Y
- '
= ^
[ ü
] ¨
\\ $
; ö
' ä
/ -
` §
! +
@ "
# *
$ ç
^ &
& /
* (
( )
) =
_ ?
+ `
{ è
} !
| £
: é
" à
< ;
> :
? _
~ °""",
    "french": """a q
q a
w z
z w
m ,
A Q
Q A
W Z
Z W
M ?
1 &
2 é
3 "
4 '
5 (
6 -
7 è
8 _
9 ç
0 à
- )
[ ^
] $
\\ *
; m
' ù
, ;
. :
/ !
` ²
! 1
@ 2
# 3
$ 4
% 5
^ 6
& 7
* 8
( 9
) 0
_ °
{ ¨
} £
| µ
: M
" %
< .
> /
? §""",
}
