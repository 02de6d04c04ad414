"""Passwords: their rules, and what of them is kept (scrypt, RFC 7914).

    scrypt$32768$8$3$SALT$DIGEST      n, r, p, then salt and digest in base64

The parameters stand with each digest, so that they can be raised for the passwords to come.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata
from dataclasses import dataclass

from labelsvc.errors import InvalidInput

LENGTH_AT_LEAST = 12
LENGTH_AT_MOST = 200
_SALT_BYTES = 16
_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess costs: 128 * n * r bytes, p times over."""

    n: int
    r: int
    p: int


#: 32 MiB and, on a machine at rest, a quarter of a second.
COST = Cost(2**15, 8, 3)
_MEMORY_AT_MOST = 2**28


def check_password(password: str) -> None:
    """Raise InvalidInput where a password is too short, too long, or one character all along."""
    if not LENGTH_AT_LEAST <= len(password) <= LENGTH_AT_MOST:
        message = f"Expected {LENGTH_AT_LEAST} to {LENGTH_AT_MOST} characters, got {len(password)}."
        raise InvalidInput("password_length", message, pointer="/password")
    if len(set(password)) == 1:
        raise InvalidInput("password_plain", "Expected different characters, got one.", pointer="/password")


def kept(password: str) -> str:
    """Return what is kept of a password."""
    return _kept(password, secrets.token_bytes(_SALT_BYTES), COST)


def is_right(password: str, known: str | None) -> bool:
    """Tell whether a password is the one this was kept of; None: nobody's, which takes as long to find out."""
    if known is None:
        kept(password)
        return False
    _, n, r, p, salt, _ = known.split("$")
    cost = Cost(int(n), int(r), int(p))
    return hmac.compare_digest(_kept(password, base64.b64decode(salt), cost), known)


def _kept(password: str, salt: bytes, cost: Cost) -> str:
    # One spelling of each letter, whichever keyboard it was typed on.
    text = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    digest = hashlib.scrypt(text, salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=_MEMORY_AT_MOST, dklen=_DIGEST_BYTES)
    parts = ("scrypt", str(cost.n), str(cost.r), str(cost.p), _base64(salt), _base64(digest))
    return "$".join(parts)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
