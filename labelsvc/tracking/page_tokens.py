"""Where a list goes on, as a text that its reader gives back: nothing is kept for it, and it runs out by itself."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from labelsvc.domain.issuer import Issuer
from labelsvc.errors import InvalidInput

VALID_FOR = timedelta(hours=24)
_SIGNATURE = 16


def make(issuer: Issuer, asked: str, position: Sequence[Any], now: datetime) -> tuple[str, datetime]:
    """Return a token, and when it runs out.

    Args:
        asked: what the list is of; the token is good for that alone.
        position: JSON values.
    """
    until = (now + VALID_FOR).replace(microsecond=0)
    said = json.dumps([int(until.timestamp()), *position], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_signature(issuer, asked, said) + said).decode().rstrip("="), until


def read(issuer: Issuer, asked: str, token: str, now: datetime) -> list[Any]:
    """Return the position that a token says.

    Raises:
        InvalidInput: query_page_token, it is none of ours, of another list, or has run out.
    """
    refused = InvalidInput("query_page_token", "Expected the nextPageToken of the page before, got another text.")
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        raise refused from None
    signature, said = raw[:_SIGNATURE], raw[_SIGNATURE:]
    if not hmac.compare_digest(signature, _signature(issuer, asked, said)):
        raise refused
    until, *position = json.loads(said)
    if datetime.fromtimestamp(until, UTC) < now:
        raise InvalidInput("query_page_token", "Expected a nextPageToken that is good still, got one that ran out.")
    return list(position)


def _signature(issuer: Issuer, asked: str, said: bytes) -> bytes:
    key = hmac.digest(issuer.secret, b"labelsvc page tokens 1", hashlib.sha256)
    return hmac.digest(key, asked.encode() + b"\0" + said, hashlib.sha256)[:_SIGNATURE]
