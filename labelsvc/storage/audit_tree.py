"""The Merkle tree over the audit's seals, in the books: leaf n is the entry of sequence n + 1.

It is kept as tiles of 256 hashes, of which one of each level is written to at a time: a million entries are some
4,000 rows, and a proof reads two or three of each of three levels.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from labelsvc.domain.merkle import HASH_BYTES, Subtrees, leaf_hash, node_hash
from labelsvc.storage import seals
from labelsvc.storage.tables import audit_tiles

_WIDTH_BITS = 8
_WIDTH = 1 << _WIDTH_BITS
_FULL = _WIDTH * HASH_BYTES


def size(conn: Connection) -> int:
    """Return how many leaves the tree has."""
    number, hashes = _last(conn, 0)
    return number * _WIDTH + len(hashes) // HASH_BYTES


def grow(conn: Connection, at_most: int) -> int:
    """Add leaves for seals that have none; return how many. The caller has the sealer's turn.

    It ends before a seal that is missing, for ever: a tree over what is left would vouch for the gap.
    """
    known = size(conn)
    leaves = []
    for place, link in enumerate(seals.read(conn, known, at_most)):
        if link.sequence != known + place + 1:
            break
        leaves.append(leaf_hash(link.content or b""))
    append(conn, leaves)
    return len(leaves)


def append(conn: Connection, leaves: Sequence[bytes]) -> None:
    """Add the hashes of leaves. The caller has the sealer's turn."""
    _append(conn, 0, leaves)


def subtrees(conn: Connection) -> Subtrees:
    """Return what gives the hashes of whole subtrees; each tile is read once.

    Raises (when asked):
        LookupError: a tile is missing, or shorter than it was.
    """
    read: dict[tuple[int, int], bytes] = {}

    def tile(level: int, number: int) -> bytes:
        if (level, number) not in read:
            which = (audit_tiles.c.level == level, audit_tiles.c.number == number)
            read[level, number] = conn.execute(select(audit_tiles.c.hashes).where(*which)).scalar() or b""
        return read[level, number]

    def subtree(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, _WIDTH_BITS)
        number, first = divmod(index << height, _WIDTH)
        found = _parted(tile(tile_level, number))[first : first + (1 << height)]
        if len(found) != 1 << height:
            raise LookupError("Expected the hashes of the tree, got fewer.")
        return _folded(found)

    return subtree


def _append(conn: Connection, level: int, hashes: Sequence[bytes]) -> None:
    if not hashes:
        return
    number, begun = _last(conn, level)
    is_there = bool(begun)
    whole: list[bytes] = []
    rest = begun + b"".join(hashes)
    while rest:
        tile, rest = rest[:_FULL], rest[_FULL:]
        which = (audit_tiles.c.level == level, audit_tiles.c.number == number)
        if is_there:
            conn.execute(update(audit_tiles).where(*which).values(hashes=tile))
        else:
            conn.execute(insert(audit_tiles).values(level=level, number=number, hashes=tile))
        if len(tile) == _FULL:
            whole.append(_folded(_parted(tile)))
        number, is_there = number + 1, False
    _append(conn, level + 1, whole)


def _last(conn: Connection, level: int) -> tuple[int, bytes]:
    """Return the number of the tile that is written to next, and what stands in it."""
    query = select(audit_tiles.c.number, audit_tiles.c.hashes).where(audit_tiles.c.level == level)
    row = conn.execute(query.order_by(audit_tiles.c.number.desc()).limit(1)).one_or_none()
    if row is None:
        return 0, b""
    return (row.number + 1, b"") if len(row.hashes) >= _FULL else (row.number, row.hashes)


def _parted(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


def _folded(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [node_hash(*hashes[at : at + 2]) for at in range(0, len(hashes), 2)]
    return hashes[0]
