"""FF1: the keyed permutation behind unguessable serials (NIST SP 800-38G), and the key of one pool.

A number of the domain 0 .. radix**length - 1 is a numeral string of `length` digits, the first the most significant.
The standard splits it in two halves of `length // 2` and the remaining digits and mixes them in ten rounds of AES.
Here a whole array of numbers goes through the rounds at once: the halves are 64-bit words, and since a half is at most
2**56, the standard's Q ends in one AES block that alone changes with number and round; all before it is the same for
every number and is enciphered once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from labelsvc.errors import InvalidInput

MINIMUM_DOMAIN = 1_000_000
"""Numbers a domain must hold at least (SP 800-38G revision 1 makes it a requirement)."""

MAXIMUM_RADIX = 2**16
LARGEST_HALF = 2**56

Words = NDArray[np.uint64]
"""One number a place, all of one kind (first halves, last halves, whole numbers)."""

Characters = NDArray[np.uint32]
"""Code points, as numpy's own texts hold them."""

_ROUNDS = 10
_BLOCK = 16
_WORD = 2**64


@dataclass(frozen=True, slots=True)
class FF1:
    """One permutation of the numbers 0 .. radix**length - 1, made with `FF1.of`. Safe to share between threads.

    Attributes:
        radix: digits to choose from, 2..2**16.
        length: digits of a number, from 2.
    """

    radix: int
    length: int
    _key: bytes = field(repr=False)
    _moduli: tuple[int, int]  # radix**u and radix**v: what the two halves are counted modulo
    _width: int  # the standard's b: bytes of NUM(B) in Q
    _drawn: int  # the standard's d: bytes of S that become y
    _chain: int = field(repr=False)  # the last block of Q, with i and NUM(B) zero, XOR the CBC-MAC before it

    @classmethod
    def of(
        cls, key: bytes, radix: int, length: int, *, tweak: bytes = b"", smallest_domain: int = MINIMUM_DOMAIN
    ) -> FF1:
        """Prepare the permutation of a key of 16, 24 or 32 bytes.

        Raises:
            InvalidInput: the domain holds fewer than `smallest_domain` numbers (`ff1_domain`).
            ValueError: a key, radix or length that FF1 does not have, or a half beyond 2**56.
        """
        if not 2 <= radix <= MAXIMUM_RADIX:
            raise ValueError(f"Expected a radix of 2 to {MAXIMUM_RADIX}, got {radix}.")
        if length < 2:
            raise ValueError(f"Expected a length of at least 2, got {length}.")
        if radix**length < smallest_domain:
            raise InvalidInput(
                "ff1_domain", f"Expected a domain of at least {smallest_domain:,} numbers, got {radix**length:,}."
            )
        u = length // 2
        moduli = (radix**u, radix ** (length - u))
        if moduli[1] > LARGEST_HALF:
            raise ValueError(f"Expected halves of at most 2**56, got {radix}**{length - u}.")
        width = ((moduli[1] - 1).bit_length() + 7) // 8
        drawn = 4 * ((width + 3) // 4) + 4
        head = b"\x01\x02\x01" + radix.to_bytes(3) + bytes([_ROUNDS, u % 256]) + length.to_bytes(4)
        q = tweak + bytes((-len(tweak) - width - 1) % _BLOCK + 1 + width)
        mac = _cbc_mac(key, head + len(tweak).to_bytes(4) + q[:-_BLOCK])
        return cls(radix, length, key, moduli, width, drawn, mac ^ int.from_bytes(q[-_BLOCK:]))

    def split(self, numbers: Words) -> tuple[Words, Words]:
        """Give the first and last halves of numbers below 2**64."""
        high = numbers // np.uint64(self._moduli[1])
        return high, numbers - high * np.uint64(self._moduli[1])

    def encrypt(self, high: Words, low: Words) -> tuple[Words, Words]:
        """Permute numbers given as halves (SP 800-38G algorithm 7)."""
        aes = _aes(self._key)
        for i in range(_ROUNDS):
            modulus = self._moduli[i % 2]
            high, low = low, _mod(high + self._draw(aes, i, low), modulus)
        return high, low

    def decrypt(self, high: Words, low: Words) -> tuple[Words, Words]:
        """Undo `encrypt` (SP 800-38G algorithm 8)."""
        aes = _aes(self._key)
        for i in reversed(range(_ROUNDS)):
            modulus = self._moduli[i % 2]
            high, low = _mod(low + np.uint64(modulus) - self._draw(aes, i, high), modulus), high
        return high, low

    def encrypt_number(self, number: int) -> int:
        """Permute one number of any size; quicker for one than the arrays are."""
        high, low = divmod(self._checked(number), self._moduli[1])
        aes = _aes(self._key)
        for i in range(_ROUNDS):
            high, low = low, (high + self._draw_number(aes, i, low)) % self._moduli[i % 2]
        return high * self._moduli[1] + low

    def decrypt_number(self, number: int) -> int:
        """Undo `encrypt_number`."""
        high, low = divmod(self._checked(number), self._moduli[1])
        aes = _aes(self._key)
        for i in reversed(range(_ROUNDS)):
            high, low = (low - self._draw_number(aes, i, high)) % self._moduli[i % 2], high
        return high * self._moduli[1] + low

    def texts(self, first: int, count: int, alphabet: str, around: tuple[str, str] = ("", "")) -> list[str]:
        """Write the permuted numbers first .. first + count - 1, `length` digits each.

        Args:
            first: below 2**64, as is the last one.
            count: memory grows with it, by some 300 bytes a number.
            alphabet: the `radix` digits, that of 0 first; no character NUL.
            around: what stands before and after the digits in every text.
        """
        self._checked(first + max(count, 1) - 1)
        numbers = np.arange(count, dtype=np.uint64) + np.uint64(self._checked(first))
        high, low = self.encrypt(*self.split(numbers))
        before, middle, after = _code_points(around[0]), _code_points(alphabet), _code_points(around[1])
        start, end = before.size, before.size + self.length
        letters = np.empty((count, end + after.size), dtype=np.uint32)
        letters[:, :start] = before
        _write(high, middle, letters[:, start : start + self.length // 2])
        _write(low, middle, letters[:, start + self.length // 2 : end])
        letters[:, end:] = after
        texts: list[str] = letters.view(f"U{letters.shape[1]}").ravel().tolist()
        return texts

    def _checked(self, number: int) -> int:
        if not 0 <= number < self.radix**self.length:
            raise ValueError(f"Expected a number below {self.radix}**{self.length}, got {number}.")
        return number

    def _draw(self, aes: CipherContext, i: int, half: Words) -> Words:
        """Give the standard's y of round i for every number, modulo what the round's sum is counted in."""
        blocks = np.empty((half.size, 2), dtype=">u8")
        blocks[:, 0] = self._chain >> 64
        blocks[:, 1] = half ^ np.uint64(self._chain % _WORD ^ i << 8 * self._width)
        drawn = np.frombuffer(aes.update(blocks.tobytes()), dtype=">u8").reshape(-1, 2)
        modulus = self._moduli[i % 2]
        y = _mod(drawn[:, 0].astype(np.uint64), modulus)
        # 96 bits do not fit a word: the last four bytes follow one by one, each time below 2**56 * 2**8.
        for byte in range(self._drawn - 8):
            y = _mod(y << np.uint64(8) | drawn[:, 1] >> np.uint64(56 - 8 * byte) & np.uint64(255), modulus)
        return y

    def _draw_number(self, aes: CipherContext, i: int, half: int) -> int:
        block = self._chain ^ i << 8 * self._width ^ half
        return int.from_bytes(aes.update(block.to_bytes(_BLOCK))[: self._drawn])


def pool_key(master: bytes, product: str, pattern: str, scope: str, key_version: int) -> bytes:
    """Derive the AES-256 key of one pool (HKDF with SHA-256, RFC 5869).

    Each text goes in behind its length, so that no two pools can have the same input.

    Args:
        master: the master secret, at least 32 bytes.
        product: the product's code as it is kept: a GTIN of 14 digits or an own item code.
        pattern: the scheme's pattern, to the letter.
        scope: the pool's scope, "" where the scheme has none.
        key_version: from 0.
    """
    if len(master) < 32:
        raise ValueError(f"Expected a master secret of at least 32 bytes, got {len(master)}.")
    info = b"labelsvc pool key 1"
    for text in (product, pattern, scope):
        info += len(text.encode()).to_bytes(4) + text.encode()
    return HKDF(SHA256(), length=32, salt=None, info=info + key_version.to_bytes(8)).derive(master)


def _aes(key: bytes) -> CipherContext:
    # A context of its own for every call: one that two threads use at once raises. FF1 is built from single AES
    # blocks, which is what ECB of independent blocks gives; nothing is ever encrypted in ECB as a message.
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - said above


def _cbc_mac(key: bytes, message: bytes) -> int:
    """Give the standard's PRF (algorithm 6) of whole blocks."""
    cbc = Cipher(algorithms.AES(key), modes.CBC(bytes(_BLOCK))).encryptor()
    return int.from_bytes(cbc.update(message)[-_BLOCK:])


def _mod(numbers: Words, modulus: int) -> Words:
    if modulus & (modulus - 1) == 0:
        return numbers & np.uint64(modulus - 1)
    # Division by one constant is vectorised in numpy, the remainder is not.
    return numbers - numbers // np.uint64(modulus) * np.uint64(modulus)


def _code_points(text: str) -> Characters:
    return np.array([ord(character) for character in text], dtype=np.uint32)


def _write(numbers: Words, alphabet: Characters, letters: Characters) -> None:
    radix = np.uint64(alphabet.size)
    for column in reversed(range(letters.shape[1])):
        rest = numbers // radix
        letters[:, column] = alphabet[numbers - rest * radix]
        numbers = rest
