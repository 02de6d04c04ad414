"""How a webhook's receiver knows that a message is ours, and how the secret for that is kept.

The signature is that of the Standard Webhooks form: HMAC-SHA256 over `ID.TIMESTAMP.BODY`, in base64 behind `v1,`.
"""

from __future__ import annotations

import base64
import hmac
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from labelsvc.errors import Unavailable

#: Random bytes of a secret, and of the nonce it is encrypted with.
SECRET_BYTES = 32
NONCE_BYTES = 12

_PREFIX = "whsec_"


def shown(secret: bytes) -> str:
    """Return a secret as its owner gets it, once."""
    return _PREFIX + base64.b64encode(secret).decode()


def sealed(master: bytes, secret: bytes, nonce: bytes) -> str:
    """Return a secret as it is stored: encrypted with a key that derives from the master secret.

    Args:
        nonce: 12 bytes never used before.
    """
    return base64.b64encode(nonce + AESGCM(_key(master)).encrypt(nonce, secret, None)).decode()


def opened(master: bytes, text: str) -> bytes:
    """Return a stored secret.

    Raises:
        Unavailable: it was stored under another master secret, or changed.
    """
    try:
        stored = base64.b64decode(text, validate=True)
        return AESGCM(_key(master)).decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], None)
    except (ValueError, InvalidTag):
        raise Unavailable("webhook_secret", "Expected a secret that can be read, got another.") from None


def signature(secret: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a message."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, sha256)).decode()


def of_body(secret: bytes, body: bytes) -> str:
    """Return the signature of a body alone: HMAC-SHA256 in base64, as EPCIS has it (GS1-Signature)."""
    return base64.b64encode(hmac.digest(secret, body, sha256)).decode()


def _key(master: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=None, info=b"labelsvc webhook secrets 1").derive(master)
