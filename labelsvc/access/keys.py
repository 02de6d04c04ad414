"""Use cases: API keys are shown once, kept as digests, expire and can be revoked."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlalchemy import Connection

from labelsvc.access.roles import PARTNER, Client, check_party, check_role
from labelsvc.domain.actors import Call
from labelsvc.domain.products import check_name
from labelsvc.errors import Conflict, InvalidInput, Unauthenticated, at
from labelsvc.storage import audit, keys, places
from labelsvc.storage.database import Database
from labelsvc.storage.keys import ApiKey

_PREFIX = "lsk_"
_NAME_AT_MOST = 80


def add_key(
    db: Database, call: Call, name: str, role: str, expires_at: datetime | None = None, party: str | None = None
) -> tuple[ApiKey, str]:
    """Make a key for a client and return it with its secret, which is shown this once.

    A client's further key (for rotation) has the role of its others, and is of the same party as every key before:
    what a client captured stays its party's.

    Args:
        party: whose a partner is, a canonical URI.

    Raises:
        InvalidInput: the role is none of ROLES, or has a party where it may not or none where it must; the name is not
            one, or the expiry has passed.
        Conflict: the client has usable keys of another role, or ever had one of another party.
    """
    with at("/name"):
        check_name(name, _NAME_AT_MOST)
        if ":" in name:  # `shell:root` is another actor, with Idempotency-Keys of its own (domain.actors)
            raise InvalidInput("client_name", "Expected a name without ':', got one with it.")
    check_role(role)
    check_party(role, party)
    if expires_at is not None and expires_at <= call.at:
        raise InvalidInput(
            "expiry_past", f"Expected a moment to come, got {expires_at.isoformat()}.", pointer="/expires_at"
        )
    secret = _PREFIX + secrets.token_urlsafe(32)

    def work(conn: Connection) -> ApiKey:
        before = keys.of_client(conn, name)
        others = {key.role for key in before if key.usable(call.at)} - {role}
        if others:
            raise Conflict("client_role", f"Expected role {others.pop()} as of the client's other keys, got {role}.")
        if {key.party for key in before} - {party}:
            raise Conflict("client_party", "Expected a client of one party for ever, got another party.")
        party_id = places.party_ids(conn, (party,), call.at).get(party or "")
        key_id = keys.add(conn, ApiKey(0, name, role, call.at, expires_at, None, party_id), _digest(secret))
        after = {"name": name, "role": role, "expires_at": expires_at.isoformat() if expires_at else None}
        after |= {"party": party} if party else {}
        audit.record(conn, call, "key.add", f"key:{key_id}", after=after)
        return keys.get(conn, key_id)

    return db.write(work), secret


def revoke_key(db: Database, call: Call, key_id: int) -> ApiKey:
    """Make a key unusable from now on; revoking it again changes nothing.

    Raises:
        NotFound: there is no such key.
    """

    def work(conn: Connection) -> ApiKey:
        key = keys.get(conn, key_id)
        if keys.revoke(conn, key_id, call.at):
            audit.record(conn, call, "key.revoke", f"key:{key_id}", before={"name": key.name, "role": key.role})
        return keys.get(conn, key_id)

    return db.write(work)


def list_keys(db: Database) -> tuple[ApiKey, ...]:
    """Return all keys, without their secrets."""
    with db.read() as conn:
        return keys.listing(conn)


def authenticate(db: Database, secret: str, now: datetime) -> Client:
    """Return the client whose key this is.

    Raises:
        Unauthenticated: nobody's, revoked or expired; the answer is the same for all three.
    """
    with db.read() as conn:
        key = keys.by_digest(conn, _digest(secret)) if secret.startswith(_PREFIX) else None
    if key is None or not key.usable(now) or (key.role == PARTNER and key.party_id is None):
        raise Unauthenticated("key_invalid", "Expected a key that is known, current and not revoked, got another.")
    return Client(key.name, key.role, party=key.party_id)  # type: ignore[arg-type]  # only ROLES are ever stored


def _digest(secret: str) -> str:
    """Return the SHA-256 of a secret: it has 256 random bits, so nothing slower is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
