"""Serial schemes: the pattern that makes serials of one product, and reads them back.

    >>> scheme = Scheme.parse("A{seq:5}")
    >>> scheme.text("", None, 0)
    'A00001'
    >>> scheme.read("A00042")
    Reading(scope='', counter='00042')
    >>> scheme.ordinal("00042", None)
    41

Every token gives a fixed number of characters (`tokens` names them), so a serial can be cut into them in one way only,
and two lots of different scope never share a serial. Within a scope the serials are the counter's, which is a plain
number or FF1 of it: a permutation either way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from labelsvc.domain.disjointness import common, date_fields, ground
from labelsvc.domain.ff1 import FF1
from labelsvc.domain.gtin import check_digit
from labelsvc.domain.tokens import (
    DIGITS,
    LITERALS,
    LONGEST_SERIAL,
    CheckDigit,
    Counter,
    DateKind,
    DatePart,
    Fixed,
    LotFacts,
    LotPart,
    Token,
    calendar,
    read_pattern,
)
from labelsvc.errors import InvalidInput

LARGEST_CAPACITY = 2**63 - 1
"""Numbers of a pool at most: what a database integer holds."""

_BLOCK = 10_000

Shape = tuple[str, ...]
"""Per position of a serial, every character that may stand there; a literal is one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A serial's text cut into scope and counter."""

    scope: str
    counter: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """A serial scheme, made with `Scheme.parse`.

    Attributes:
        pattern: the text it was parsed from, to the letter.
        tokens: its parts in order; exactly one is a counter.
    """

    pattern: str
    tokens: tuple[Token, ...]

    @classmethod
    def parse(cls, pattern: str) -> Scheme:
        """Read a pattern.

        Raises:
            InvalidInput: `scheme_*`, with the reason.
        """
        tokens = tuple(read_pattern(pattern))
        counters = sum(isinstance(token, Counter) for token in tokens)
        if counters != 1:
            raise InvalidInput("scheme_counter", f"Expected exactly one of {{seq:N}} and {{rnd:N}}, got {counters}.")
        lots = sum(isinstance(token, LotPart) for token in tokens)
        if lots > 1:
            raise InvalidInput("scheme_lot", f"Expected at most one {{lot:N}}, got {lots}.")
        length = sum(token.width for token in tokens)
        if length > LONGEST_SERIAL:
            raise InvalidInput("scheme_length", f"Expected serials of 1 to {LONGEST_SERIAL} characters, got {length}.")
        first = tokens[0]
        if (isinstance(first, Fixed) and first.text[0] == "-") or (
            isinstance(first, DatePart) and first.parts[0] == "-"
        ):
            raise InvalidInput("scheme_start", "Expected serials that do not begin with '-', got a pattern that does.")
        if any(isinstance(token, CheckDigit) for token in tokens):
            _check_checked(tokens)
        return cls(pattern, tokens)

    @property
    def length(self) -> int:
        """Characters of every serial, 1..20."""
        return sum(token.width for token in self.tokens)

    @property
    def capacity(self) -> int:
        """Numbers in one pool, at most 2**63 - 1."""
        counter = self._counter
        numbers: int = len(counter.alphabet) ** counter.width
        return min(numbers - 1 if counter.kind == "seq" else numbers, LARGEST_CAPACITY)

    @property
    def needs_key(self) -> bool:
        """Whether the serials are unguessable."""
        return self._counter.kind == "rnd"

    def scope(self, lot: LotFacts) -> str:
        """Give what the tokens that depend on the lot write, in order, e.g. "26326"; "" where there are none.

        Raises:
            InvalidInput: the lot lacks the date (`scheme_lot_date`), its number is of another length
                (`scheme_lot_length`) or holds what no serial may (`scheme_lot_characters`, `scheme_start`).
        """
        scope = "".join(token.text(lot) for token in self.tokens if isinstance(token, (DatePart, LotPart)))
        self._around(scope)
        return scope

    def shape(self, scope: str) -> Shape:
        """Give every character that may stand at each position of a serial of this scope."""
        before, after = self._around(scope)
        return (*before, *[self._counter.alphabet] * self._counter.width, *after, *[DIGITS] * self._is_checked)

    def texts(self, scope: str, key: bytes | None, first: int, count: int) -> Iterator[str]:
        """Write the serials of ordinals first .. first + count - 1; memory does not grow with their count.

        Args:
            scope: the pool's scope.
            key: the pool's key of 32 bytes (`ff1.pool_key`); not used by {seq:N}.
            first: ordinal 0 is 1 of {seq:N}.
            count: ordinals in all.

        Raises:
            ValueError: an ordinal outside 0 .. capacity - 1, or a key missing.
        """
        if first < 0 or count < 0 or first + count > self.capacity:
            raise ValueError(f"Expected ordinals below {self.capacity}, got {count} from {first}.")
        around, counter = self._around(scope), self._counter
        texts: Iterator[str]
        if counter.kind == "seq":
            texts = _count_up(counter.width, around, range(first + 1, first + count + 1))
        else:
            starts = range(first, first + count, _BLOCK)
            cipher = self._cipher(key)
            texts = chain.from_iterable(
                cipher.texts(start, min(_BLOCK, first + count - start), counter.alphabet, around) for start in starts
            )
        return map(_checked, texts) if self._is_checked else texts

    def text(self, scope: str, key: bytes | None, ordinal: int) -> str:
        """Write the serial of one ordinal; see `texts`."""
        if not 0 <= ordinal < self.capacity:
            raise ValueError(f"Expected an ordinal below {self.capacity}, got {ordinal}.")
        (before, after), counter = self._around(scope), self._counter
        number = ordinal + 1 if counter.kind == "seq" else self._cipher(key).encrypt_number(ordinal)
        digits = ""
        for _ in range(counter.width):
            number, digit = divmod(number, len(counter.alphabet))
            digits = counter.alphabet[digit] + digits
        text = before + digits + after
        return _checked(text) if self._is_checked else text

    def read(self, text: str) -> Reading | None:
        """Cut a text into scope and counter; no key needed.

        Returns:
            None: no lot and no ordinal give this text: another length, a character or literal that is not the
            scheme's, a date that does not exist, number 0 of {seq:N}, another check digit.
        """
        if len(text) != self.length or text[0] == "-":
            return None
        scope, counter, position = "", "", 0
        for token in self.tokens:
            piece = text[position : position + token.width]
            position += token.width
            if not _may_be(token, piece):
                return None
            if isinstance(token, Counter):
                counter = piece
            elif isinstance(token, (DatePart, LotPart)):
                scope += piece
        if self._is_checked and _checked(text[:-1]) != text:
            return None
        if not all(self._is_date(text, kind) for kind in ("prod", "exp")):
            return None
        return Reading(scope, counter)

    def ordinal(self, counter: str, key: bytes | None) -> int:
        """Give the ordinal behind a counter's text; it may exceed the capacity.

        Raises:
            ValueError: a text that is not a counter of this scheme (`read` gives none such), or a key missing.
        """
        token = self._counter
        if len(counter) != token.width or not _may_be(token, counter):
            raise ValueError(f"Expected {token.width} characters of {token.alphabet}, got {counter!r}.")
        number = 0
        for character in counter:
            number = number * len(token.alphabet) + token.alphabet.index(character)
        return number - 1 if token.kind == "seq" else self._cipher(key).decrypt_number(number)

    @property
    def _counter(self) -> Counter:
        return next(token for token in self.tokens if isinstance(token, Counter))

    @property
    def _is_checked(self) -> bool:
        return isinstance(self.tokens[-1], CheckDigit)

    def _cipher(self, key: bytes | None) -> FF1:
        if key is None or len(key) != 32:
            raise ValueError(f"Expected the pool's key of 32 bytes, got {'none' if key is None else len(key)}.")
        return FF1.of(key, len(self._counter.alphabet), self._counter.width)

    def _around(self, scope: str) -> tuple[str, str]:
        """Give what stands before and after the counter, apart from a check digit."""
        width = sum(token.width for token in self.tokens if isinstance(token, (DatePart, LotPart)))
        if len(scope) != width or not all(character in LITERALS for character in scope):
            raise InvalidInput("scheme_scope", f"Expected a scope of {width} characters of a serial, got {scope!r}.")
        sides, position = ["", ""], 0
        side = 0
        for token in self.tokens:
            if isinstance(token, Counter):
                side = 1
            elif isinstance(token, Fixed):
                sides[side] += token.text
            elif isinstance(token, (DatePart, LotPart)):
                sides[side] += scope[position : position + token.width]
                position += token.width
        if sides[0].startswith("-"):
            raise InvalidInput("scheme_start", f"Expected serials that do not begin with '-', got {sides[0]!r}.")
        return sides[0], sides[1]

    def _is_date(self, text: str, kind: DateKind) -> bool:
        parts, positions = date_fields(self.tokens, kind)
        return not parts or "".join(text[position] for position in positions) in calendar(parts)


def _count_up(width: int, around: tuple[str, str], numbers: range) -> Iterator[str]:
    """Write numbers in a row, zero padded: the last three digits come from a table made once."""
    tail = min(width, 3)
    size = 10**tail
    tails = [f"{number:0{tail}d}{around[1]}" for number in range(size)]
    for start in range(numbers.start - numbers.start % size, numbers.stop, size):
        head = around[0] + (f"{start // size:0{width - tail}d}" if width > tail else "")
        for end in tails[max(numbers.start - start, 0) : numbers.stop - start]:
            yield head + end


def _check_checked(tokens: tuple[Token, ...]) -> None:
    """Refuse a check digit that is not the last of digits alone."""
    *before, last = tokens
    digits = all(choices <= set(DIGITS) for choices in ground(before).choices)
    if not digits or not isinstance(last, CheckDigit) or any(isinstance(token, CheckDigit) for token in before):
        raise InvalidInput(
            "scheme_check", "Expected {check} at the end, behind digits and a counter of digits, got it elsewhere."
        )


def _checked(digits: str) -> str:
    return f"{digits}{check_digit(digits)}"


def _may_be(token: Token, piece: str) -> bool:
    """Whether a token can give this piece of its width; dates are judged as a whole elsewhere."""
    if isinstance(token, Fixed):
        return piece == token.text
    if isinstance(token, Counter):
        known = all(character in token.alphabet for character in piece)
        return known and (token.kind == "rnd" or piece.strip("0") != "")
    return all(character in LITERALS for character in piece)


def collision(a: Scheme, b: Scheme) -> str | None:
    """Say why two schemes of one product might give the same serial.

    Returns:
        None: proved that they never do, whatever the lots, ordinals and keys. Else one sentence; it may be too
        strict (no two lots may ever be such that the serials meet), never too lax.
    """
    if a.pattern == b.pattern:
        return f"Expected schemes that share no serial, got {a.pattern} twice: another key does not part them."
    example = common(ground(a.tokens), ground(b.tokens))
    if example is None:
        return None
    if a.read(example) is not None and b.read(example) is not None:
        reason = f"{example} reads as a serial of both"
    else:
        reason = f"serials of both can look like {example}"
    return f"Expected schemes that share no serial, got {a.pattern} and {b.pattern}: {reason}."
