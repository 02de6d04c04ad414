"""API keys in the books: digests only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from labelsvc.errors import NotFound
from labelsvc.storage.pages import AnyRow
from labelsvc.storage.tables import api_keys, parties


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of a client; several keys may share a client's name, so that one can be rotated without a gap.

    Attributes:
        party_id, party: whose a partner is; party: its canonical URI.
    """

    id: int
    name: str
    role: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    party_id: int | None = None
    party: str | None = None

    def usable(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


_KEY = select(
    api_keys.c.id,
    api_keys.c.name,
    api_keys.c.role,
    api_keys.c.created_at,
    api_keys.c.expires_at,
    api_keys.c.revoked_at,
    api_keys.c.party_id,
    parties.c.uri.label("party"),
).outerjoin(parties, parties.c.id == api_keys.c.party_id)


def _key(row: AnyRow) -> ApiKey:
    return ApiKey(**row._mapping)


def add(conn: Connection, key: ApiKey, digest: str) -> int:
    """Insert a key (its id is given here); return the id."""
    added = conn.execute(
        insert(api_keys).values(
            name=key.name,
            role=key.role,
            party_id=key.party_id,
            digest=digest,
            created_at=key.created_at,
            expires_at=key.expires_at,
        )
    ).inserted_primary_key
    assert added is not None  # one row was inserted
    return int(added[0])


def by_digest(conn: Connection, digest: str) -> ApiKey | None:
    """Return the key with this digest."""
    row = conn.execute(_KEY.where(api_keys.c.digest == digest)).one_or_none()
    return _key(row) if row else None


def get(conn: Connection, key_id: int) -> ApiKey:
    """Return a key.

    Raises:
        NotFound: there is none.
    """
    row = conn.execute(_KEY.where(api_keys.c.id == key_id)).one_or_none()
    if row is None:
        raise NotFound("key_unknown", f"Expected the id of a key, got {key_id}.")
    return _key(row)


def of_client(conn: Connection, name: str) -> tuple[ApiKey, ...]:
    """Return all keys a client ever had."""
    return tuple(_key(row) for row in conn.execute(_KEY.where(api_keys.c.name == name).order_by(api_keys.c.id)))


def listing(conn: Connection) -> tuple[ApiKey, ...]:
    """Return all keys, the oldest first."""
    return tuple(_key(row) for row in conn.execute(_KEY.order_by(api_keys.c.id)))


def revoke(conn: Connection, key_id: int, now: datetime) -> bool:
    """Make a key unusable from now on; False: it was revoked before."""
    current = (api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
    return bool(conn.execute(update(api_keys).where(*current).values(revoked_at=now)).rowcount)
