"""Personal fields where nothing may ever be changed: as keyed digests, so that erasing the person stays possible."""

from __future__ import annotations

import hmac
from hashlib import sha256


def keyed_digest(master: bytes, text: str) -> str:
    """Return what the audit may keep of a name, an address, a telephone number of a person.

    The same text gives the same digest, so entries of one person can be told apart from others', and nobody without
    the master secret can try names.
    """
    key = hmac.digest(master, b"labelsvc personal fields 1", sha256)
    return "person:" + hmac.digest(key, text.encode(), sha256).hex()[:32]
