"""Tables of the audit's Merkle tree, and of the events that the audit vouches for."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Table

from labelsvc.storage.tables.metadata import metadata

#: Hashes of the tree over the seals, 256 of 32 bytes a row: of level 0 those of leaves, of level n those of whole
#: subtrees of 256^n leaves. The last row of a level may be shorter.
audit_tiles = Table(
    "audit_tiles",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)

#: In which entry of the audit the digests of an event stand.
event_seals = Table(
    "event_seals",
    metadata,
    Column("event_id", BigInteger, primary_key=True, autoincrement=False),
    Column("audit_id", BigInteger, nullable=False),
)
