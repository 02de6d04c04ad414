"""All Application Identifiers that a label may carry, as somebody who reads them needs them.

Facts of the GS1 Barcode Syntax Dictionary: characters, lengths, check digits, dates, whether FNC1 is needed behind a
value, and which keys stand in a Digital Link. `labelsvc.domain.application_identifiers` holds the few that we write.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from labelsvc.domain.application_identifiers import CSET_82
from labelsvc.domain.gtin import check_digit

#: N digits, X character set 82, Y character set 39, Z base64url; `..` up to, [ ] may be missing; c ends with a check
#: digit, d is a date whose day may be 00, D one whose day may not, t hours and minutes; * needs no FNC1 behind it.
#: n stands for the digits from 0 to 5 (of a measure: how many are decimals), or to the one given.
_ROWS = """
00 *N18c | 01 02 03 *N14c | 10 21 22 X..20 | 11 12 13 15 16 17 *N6d | 20 *N2 | 235 X..28 | 240 241 250 251 X..30
242 N..6 | 243 254 X..20 | 253 N13c [X..17] | 255 N13c [N..12] | 30 37 N..8
310n 311n 312n 313n 314n 315n 316n *N6
320n 321n 322n 323n 324n 325n 326n 327n 328n 329n *N6
330n 331n 332n 333n 334n 335n 336n 337n *N6
340n 341n 342n 343n 344n 345n 346n 347n 348n 349n *N6
350n 351n 352n 353n 354n 355n 356n 357n *N6
360n 361n 362n 363n 364n 365n 366n 367n 368n 369n *N6
390n/9 392n/9 N..15 | 391n/9 393n/9 N3 N..15 | 394n/3 N4 | 395n/5 N6
400 401 403 X..30 | 402 N17c | 410 411 412 413 414 415 416 417 *N13c
420 X..20 | 421 N3 X..9 | 422 424 426 N3 | 423 425 N3 [N..12] | 427 X..3
4300 4301 4310 4311 4320 X..35 | 4302 4303 4304 4305 4306 4312 4313 4314 4315 4316 X..70 | 4307 4317 X2
4308 4319 X..30 | 4309 N20 | 4318 X..20 | 4321 4322 4323 N1 | 4324 4325 N6d N4t | 4326 N6D
4330 4331 4332 4333 N6 [X1]
7001 N13 | 7002 7023 X..30 | 7003 N6D N4t | 7004 N..4 | 7005 X..12 | 7006 N6D | 7007 N6D [N6D] | 7008 X..3
7009 X..10 | 7010 X..2 | 7011 N6D [N4t] | 7020 7021 7022 X..20 | 703n/9 N3 X..27 | 7040 N1 X3 | 7041 X..4
710 711 712 713 714 715 716 717 X..20 | 723n/9 X2 X..28 | 7240 X..20 | 7241 N2 | 7242 X..25
7250 N8 | 7251 N12 | 7252 N1 | 7253 7254 7259 X..40 | 7255 X..10 | 7256 X..90 | 7257 X..70 | 7258 N1 X1 N1
8001 N14 | 8002 8012 X..20 | 8003 N14c [X..16] | 8004 X..30 | 8005 N6 | 8006 8026 N14c N4 | 8007 X..34
8008 N6D N2 [N..4] | 8009 X..50 | 8010 Y..30 | 8011 N..12 | 8013 8014 8020 X..25 | 8017 8018 N18c | 8019 N..10
8030 Z..90 | 8040 8041 N15 | 8042 N32 | 8043 N18 [N..2] | 8110 8112 8200 X..70 | 8111 N4
90 X..30 | 91 92 93 94 95 96 97 98 99 X..90
"""

#: Keys of a GS1 Digital Link, each with the orders in which its qualifiers may follow.
KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = MappingProxyType(
    {
        "00": ((),),
        "01": (("22", "10", "21"), ("235",)),
        "253": ((),),
        "255": ((),),
        "401": ((),),
        "402": ((),),
        "414": (("254",), ("7040",)),
        "415": (("8020",),),
        "417": (("7040",),),
        "8003": ((),),
        "8004": (("7040",),),
        "8006": (("22", "10", "21"),),
        "8010": (("8011",),),
        "8013": ((),),
        "8017": (("8019",),),
        "8018": (("8019",),),
    }
)

#: What may not stand beside it on one thing.
_EXCLUDES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "01": frozenset({"02", "255", "37", "8006"}),
        "02": frozenset({"8026"}),
        "21": frozenset({"235"}),
        "255": frozenset({"02", "415", "8006", "8020", "8026"}),
        "420": frozenset({"421"}),
        "4330": frozenset({"4331"}),
        "4332": frozenset({"4333"}),
        "8006": frozenset({"37", "8026"}),
        "8017": frozenset({"8018"}),
    }
)

_SETS = {"N": "0-9", "X": re.escape("".join(sorted(CSET_82))), "Y": "#\\-/0-9A-Z", "Z": "\\-_0-9A-Za-z"}
_PIECE = re.compile(r"(\[?)([NXYZ])(\.\.)?([0-9]+)([cdDt]?)\]?")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9]")


@dataclass(frozen=True, slots=True)
class Row:
    """One Application Identifier.

    Attributes:
        shortest, longest: characters of the value.
        predefined: the length is known from the first two digits, so that no FNC1 is needed behind it.
        pattern: what the value may be made of, one group a component.
        checks: of each component: c, d, D, t, or nothing to check.
    """

    ai: str
    shortest: int
    longest: int
    predefined: bool
    pattern: re.Pattern[str]
    checks: tuple[str, ...]

    def allows(self, value: str) -> bool:
        """Tell whether a value is right: characters, length, check digit, dates."""
        found = self.pattern.fullmatch(value)
        return found is not None and all(
            _is_right(check, part) for check, part in zip(self.checks, found.groups(), strict=True) if check and part
        )


def _is_right(check: str, part: str) -> bool:
    if check == "c":
        return part.strip("0") != "" and int(part[-1]) == check_digit(part[:-1])
    if check == "t":
        return _TIME.fullmatch(part) is not None
    year, month, day = int(part[:2]), int(part[2:4]), int(part[4:])
    if not 1 <= month <= 12 or (day == 0 and check == "D"):
        return False
    return day <= monthrange(2000 + year, month)[1]  # of all years that 00 may mean, 2000 is the next


def _row(ai: str, spec: str) -> Row:
    shortest = longest = 0
    pattern, checks = "", []
    for optional, kind, up_to, digits, check in _PIECE.findall(spec):
        longest += int(digits)
        least = 0 if optional else 1 if up_to else int(digits)
        shortest += least
        times = f"{{{least or 1},{digits}}}" if up_to else f"{{{digits}}}"
        pattern += f"([{_SETS[kind]}]{times}){'?' if optional else ''}"
        checks.append(check)
    return Row(ai, shortest, longest, spec.startswith("*"), re.compile(pattern), tuple(checks))


def _table() -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for line in re.split(r"[|\n]", _ROWS.strip()):
        words = line.split()
        first = next(place for place, word in enumerate(words) if not re.match(r"[0-9]", word))
        for word in words[:first]:
            name, _, last = word.partition("/")
            ais = [name[:-1] + str(n) for n in range(int(last or 5) + 1)] if name.endswith("n") else [name]
            rows |= {ai: _row(ai, " ".join(words[first:])) for ai in ais}
    return rows


DICTIONARY: Mapping[str, Row] = MappingProxyType(_table())
#: The first two digits of an AI say how many it has.
_DIGITS = {ai[:2]: len(ai) for ai in DICTIONARY}


def row_at(text: str, at: int) -> Row | None:
    """The Application Identifier that begins at a place of a text; None: none does."""
    return DICTIONARY.get(text[at : at + _DIGITS.get(text[at : at + 2], 0)])


def is_lawful(pairs: tuple[tuple[str, str], ...]) -> bool:
    """Tell whether AIs may stand together on one thing: none with two values, none that excludes another."""
    said = dict(pairs)
    return len(said) == len(set(pairs)) and not any(
        _EXCLUDES[ai] & said.keys() for ai in _EXCLUDES.keys() & said.keys()
    )
