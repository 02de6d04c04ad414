"""FF1 against NIST's samples, an independent program, and every number of small domains."""

from __future__ import annotations

import hashlib
import hmac
import math
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import ffx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelsvc.domain.ff1 import FF1, LARGEST_HALF, MINIMUM_DOMAIN, Words, pool_key
from labelsvc.errors import InvalidInput

KEY = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3CEF4359D8D580AA4F7F036D6F04FC6A94")
BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
GS1_32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class Sample(NamedTuple):
    """One of the nine samples that NIST published with SP 800-38G."""

    key_bytes: int
    radix: int
    tweak: str
    plain: str
    cipher: str


SAMPLES = [
    Sample(16, 10, "", "0123456789", "2433477484"),
    Sample(16, 10, "39383736353433323130", "0123456789", "6124200773"),
    Sample(16, 36, "3737373770717273373737", "0123456789abcdefghi", "a9tv40mll9kdu509eum"),
    Sample(24, 10, "", "0123456789", "2830668132"),
    Sample(24, 10, "39383736353433323130", "0123456789", "2496655549"),
    Sample(24, 36, "3737373770717273373737", "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"),
    Sample(32, 10, "", "0123456789", "6657667009"),
    Sample(32, 10, "39383736353433323130", "0123456789", "1001623463"),
    Sample(32, 36, "3737373770717273373737", "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"),
]


def halves(cipher: FF1, numbers: list[int]) -> tuple[Words, Words]:
    low = cipher.radix ** (cipher.length - cipher.length // 2)
    return np.array([n // low for n in numbers], dtype=np.uint64), np.array([n % low for n in numbers], dtype=np.uint64)


def whole(cipher: FF1, pair: tuple[Words, Words]) -> list[int]:
    low = cipher.radix ** (cipher.length - cipher.length // 2)
    return [int(a) * low + int(b) for a, b in zip(*pair, strict=True)]


@pytest.mark.parametrize("sample", SAMPLES, ids=range(1, 10))
def test_gives_the_samples_of_the_standard(sample: Sample) -> None:
    """All nine samples of SP 800-38G come out, one number at a time and in arrays, in both directions."""
    cipher = FF1.of(KEY[: sample.key_bytes], sample.radix, len(sample.plain), tweak=bytes.fromhex(sample.tweak))
    plain, enciphered = int(sample.plain, sample.radix), int(sample.cipher, sample.radix)
    assert cipher.encrypt_number(plain) == enciphered
    assert cipher.decrypt_number(enciphered) == plain
    assert whole(cipher, cipher.encrypt(*halves(cipher, [plain] * 3))) == [enciphered] * 3
    assert whole(cipher, cipher.decrypt(*halves(cipher, [enciphered] * 3))) == [plain] * 3


def test_writes_the_sample_as_text() -> None:
    """The ten digits of sample 7 come out in their order, leading zero included on the way in."""
    assert FF1.of(KEY, 10, 10).texts(123456789, 1, "0123456789") == ["6657667009"]


@pytest.mark.parametrize(("radix", "length"), [(10, 6), (32, 4)])
def test_is_a_permutation_of_every_number_of_a_domain(radix: int, length: int) -> None:
    """Each number of a domain of about a million is hit exactly once, and comes back."""
    cipher = FF1.of(KEY, radix, length)
    numbers = np.arange(radix**length, dtype=np.uint64)
    high, low = cipher.encrypt(*cipher.split(numbers))
    permuted = high * np.uint64(radix ** (length - length // 2)) + low
    assert np.all(np.bincount(permuted.astype(np.int64), minlength=numbers.size) == 1)
    back = cipher.decrypt(high, low)
    assert all(np.array_equal(ours, given) for ours, given in zip(back, cipher.split(numbers), strict=True))


@pytest.mark.parametrize(("radix", "length"), [(10, 2), (2, 7), (3, 5), (10, 3), (36, 2), (7, 4)])
def test_equals_an_independent_program_on_every_number_of_a_small_domain(radix: int, length: int) -> None:
    """Beneath the guard, all numbers of odd and even lengths are permuted as another implementation does."""
    cipher = FF1.of(KEY, radix, length, smallest_domain=100)
    other = ffx.FF1(KEY, radix=radix, allow_small_domain=True)
    numbers = list(range(radix**length))
    expected = [int(other.encrypt(numeral(number, radix, length)), radix) for number in numbers]
    assert sorted(expected) == numbers
    assert whole(cipher, cipher.encrypt(*halves(cipher, numbers))) == expected
    assert [cipher.encrypt_number(number) for number in numbers] == expected
    assert whole(cipher, cipher.decrypt(*halves(cipher, expected))) == numbers


def numeral(number: int, radix: int, length: int, alphabet: str = BASE36) -> str:
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, radix)
        digits = alphabet[digit] + digits
    return digits


@st.composite
def domains(draw: st.DrawFn) -> tuple[int, int]:
    radix = draw(st.integers(2, 300) | st.sampled_from([10, 32, 36, 1000]))
    shortest = max(2, math.ceil(math.log(MINIMUM_DOMAIN, radix) + 1e-9))
    longest = 2 * int(math.log(LARGEST_HALF, radix) + 1e-9)
    return radix, draw(st.integers(shortest, longest))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), domain=domains(), key_bytes=st.sampled_from([16, 24, 32]), tweak=st.binary(max_size=40))
def test_equals_an_independent_program_everywhere(
    data: st.DataObject, domain: tuple[int, int], key_bytes: int, tweak: bytes
) -> None:
    """Any radix, length, key size and tweak; the ends of the domain always among the numbers."""
    radix, length = domain
    largest = radix**length - 1
    key = data.draw(st.binary(min_size=key_bytes, max_size=key_bytes))
    numbers = [0, largest, *data.draw(st.lists(st.integers(0, largest), max_size=3))]
    cipher = FF1.of(key, radix, length, tweak=tweak)
    alphabet = "".join(map(chr, range(0x10000, 0x10000 + radix)))
    other = ffx.FF1(key, alphabet=alphabet)
    texts = [other.encrypt(numeral(number, radix, length, alphabet), tweak=tweak) for number in numbers]
    expected = [value(text, alphabet) for text in texts]
    pair = cipher.encrypt(*halves(cipher, numbers))
    assert whole(cipher, pair) == expected
    assert [cipher.encrypt_number(number) for number in numbers] == expected
    assert whole(cipher, cipher.decrypt(*pair)) == numbers
    assert [cipher.decrypt_number(number) for number in expected] == numbers


def value(text: str, alphabet: str) -> int:
    number = 0
    for character in text:
        number = number * len(alphabet) + ord(character) - ord(alphabet[0])
    return number


@settings(max_examples=30, deadline=None)
@given(length=st.integers(4, 20), data=st.data())
def test_writes_texts_as_an_independent_program_does(length: int, data: st.DataObject) -> None:
    """Numbers up to 2**63 - 1 of GS1's 32 characters, also where the domain is far beyond a machine word."""
    count = 5
    first = data.draw(st.integers(0, min(32**length, 2**63) - count))
    other = ffx.FF1(KEY, alphabet=GS1_32)
    expected = [other.encrypt(numeral(n, 32, length, GS1_32)) for n in range(first, first + count)]
    cipher = FF1.of(KEY, 32, length)
    assert cipher.texts(first, count, GS1_32) == expected
    assert cipher.texts(first, count, GS1_32, ("A-", ".Z")) == [f"A-{text}.Z" for text in expected]
    assert cipher.texts(first, 0, GS1_32) == []


def test_refuses_a_domain_under_a_million() -> None:
    """Small domains fall to known attacks; 999,999 numbers are too few and 10**6 are enough."""
    with pytest.raises(InvalidInput) as caught:
        FF1.of(KEY, 32, 3)
    assert caught.value.code == "ff1_domain"
    assert caught.value.message == "Expected a domain of at least 1,000,000 numbers, got 32,768."
    assert FF1.of(KEY, 1000, 2).length == 2
    with pytest.raises(InvalidInput):
        FF1.of(KEY, 999, 2)


@pytest.mark.parametrize(
    ("key", "radix", "length"),
    [(KEY, 1, 30), (KEY, 2**16 + 1, 3), (KEY, 10, 1), (KEY, 2, 114), (KEY, 65536, 8), (KEY[:31], 10, 10)],
)
def test_refuses_what_ff1_is_not_defined_for(key: bytes, radix: int, length: int) -> None:
    """A radix, length or key outside the standard, or a half beyond 2**56, is refused before any number is made."""
    with pytest.raises(ValueError, match=r"Expected|key size"):
        FF1.of(key, radix, length, smallest_domain=1)


def test_takes_the_largest_radix() -> None:
    """Three bytes of the standard's P hold 2**16."""
    cipher, alphabet = FF1.of(KEY, 2**16, 3), "".join(map(chr, range(0x10000, 0x20000)))
    numbers = [0, 2**48 - 1, 2**40 + 7]
    other = ffx.FF1(KEY, alphabet=alphabet)
    expected = [value(other.encrypt(numeral(number, 2**16, 3, alphabet)), alphabet) for number in numbers]
    assert whole(cipher, cipher.encrypt(*halves(cipher, numbers))) == expected
    assert [cipher.encrypt_number(number) for number in numbers] == expected


def test_takes_halves_of_exactly_the_largest_size() -> None:
    """At 2**56 a half and the round number just fill one word."""
    cipher, other = FF1.of(KEY, 2, 112), ffx.FF1(KEY, radix=2)
    numbers = [0, 1, 2**112 - 1, 2**111]
    expected = [int(other.encrypt(f"{number:0112b}"), 2) for number in numbers]
    assert whole(cipher, cipher.encrypt(*halves(cipher, numbers))) == expected


@pytest.mark.parametrize(("first", "count"), [(-1, 1), (10**6, 1), (10**6 - 1, 2)])
def test_refuses_numbers_outside_the_domain(first: int, count: int) -> None:
    """A number that the domain does not hold is never taken modulo it."""
    cipher = FF1.of(KEY, 10, 6)
    with pytest.raises(ValueError, match=r"Expected a number below 10\*\*6"):
        cipher.texts(first, count, "0123456789")
    number = first + count - 1 if first > 0 else first
    for crypt in (cipher.encrypt_number, cipher.decrypt_number):
        with pytest.raises(ValueError, match=r"Expected a number below 10\*\*6"):
            crypt(number)


def test_is_safe_to_share_between_threads() -> None:
    """Threads that use one permutation at once get what one thread gets."""
    cipher = FF1.of(KEY, 32, 10)
    expected = [cipher.texts(first, 2000, GS1_32) for first in range(0, 40_000, 2000)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda first: cipher.texts(first, 2000, GS1_32), range(0, 40_000, 2000))) == expected


def test_never_shows_its_key() -> None:
    """A permutation that lands in a log gives no key away."""
    assert repr(FF1.of(KEY, 32, 10)) == "FF1(radix=32, length=10, _moduli=(33554432, 33554432), _width=4, _drawn=8)"


def rfc_5869(master: bytes, info: bytes) -> bytes:
    """HKDF with SHA-256, no salt, one block, written from the RFC."""
    extracted = hmac.digest(bytes(32), master, hashlib.sha256)
    return hmac.digest(extracted, info + b"\x01", hashlib.sha256)


def test_pool_key_is_hkdf_of_all_that_names_a_pool() -> None:
    """The input is written down here once more: were it to change, no serial ever issued could be read."""
    pattern = b"{prod:%y%j}{rnd:8@alnum}"
    info = (
        b"labelsvc pool key 1"
        + (b"\x00\x00\x00\x0e" + b"09520123456788")
        + (b"\x00\x00\x00\x18" + pattern)
        + (b"\x00\x00\x00\x05" + b"26326")
        + b"\x00\x00\x00\x00\x00\x00\x00\x07"
    )
    assert pool_key(KEY, "09520123456788", pattern.decode(), "26326", 7) == rfc_5869(KEY, info)


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1, max_size=8), st.data())
def test_texts_that_run_together_share_no_key(text: str, data: st.DataObject) -> None:
    """Product, pattern and scope "ab", "", "c" and "a", "b", "c" are two pools with two keys."""
    cut = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(sorted)
    (a, b), (c, d) = data.draw(st.lists(cut, min_size=2, max_size=2, unique_by=tuple))
    one, other = (text[:a], text[a:b], text[b:]), (text[:c], text[c:d], text[d:])
    assert pool_key(KEY, *one, 0) != pool_key(KEY, *other, 0)


def test_every_key_version_gives_another_key() -> None:
    """The key version is part of the input."""
    assert len({pool_key(KEY, "A", "{rnd:10}", "", version) for version in range(30)}) == 30


def test_another_master_secret_gives_another_key() -> None:
    """The same pool under another secret has nothing in common."""
    assert pool_key(KEY, "A", "{rnd:10}", "", 0) != pool_key(KEY[::-1], "A", "{rnd:10}", "", 0)


def test_refuses_a_short_master_secret() -> None:
    """A secret that could be guessed is no secret."""
    with pytest.raises(ValueError, match=r"^Expected a master secret of at least 32 bytes, got 31\.$"):
        pool_key(KEY[:31], "A", "{rnd:10}", "", 0)
