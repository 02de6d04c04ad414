"""Idempotency keys: a question that was answered once gets the same answer for ever."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from labelsvc.domain.actors import Call
from labelsvc.errors import Conflict, InvalidInput, Malformed
from labelsvc.storage.database import insert_new
from labelsvc.storage.tables import requests


def answered(conn: Connection, call: Call, route: str, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what the call's key was answered before; None: it is new.

    Args:
        route: the use case with what its path names (`lots/5/batches`).
        body: the parsed request, JSON values.

    Raises:
        Malformed: the call has no key.
        InvalidInput: the key is too long, or holds other characters than printable ASCII.
        Conflict: the key was used for another body.
    """
    _check_key(call.key)
    found = conn.execute(select(requests.c.body_digest, requests.c.answer).where(*_is(call, route))).one_or_none()
    if found is None:
        return None
    if found.body_digest != _digest(body):
        raise Conflict(
            "idempotency_key_reused", "Expected the body this Idempotency-Key was first used with, got another."
        )
    answer: Mapping[str, Any] = found.answer
    return answer


def claim(conn: Connection, call: Call, route: str, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Take the call's key for this request; return the answer if the same request had it before.

    Of two requests with one key at the same moment the second waits here for the first's transaction to end; raises as
    `answered` does.
    """
    _check_key(call.key)
    row = {"client": call.actor.client, "route": route, "key": call.key}
    if insert_new(conn, requests, {**row, "body_digest": _digest(body), "created_at": call.at}):
        return None
    return answered(conn, call, route, body)


def settle(conn: Connection, call: Call, route: str, answer: Mapping[str, Any]) -> None:
    """Keep what was answered, in the transaction that did it."""
    conn.execute(update(requests).where(*_is(call, route)).values(answer=answer))


def _check_key(key: str | None) -> None:
    if key is None:
        raise Malformed("idempotency_key_missing", "Expected an Idempotency-Key, got none.")
    if not re.fullmatch(r"[!-~]{1,200}", key):
        raise InvalidInput(
            "idempotency_key", f"Expected 1 to 200 printable ASCII characters without spaces, got {key[:40]!r}."
        )


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _is(call: Call, route: str) -> tuple[ColumnElement[bool], ...]:
    return (requests.c.client == call.actor.client, requests.c.route == route, requests.c.key == call.key)
