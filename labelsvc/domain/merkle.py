"""The Merkle tree of RFC 6962 (section 2.1; RFC 9162 has the same): roots, proofs that a leaf is in it, that it grew.

Whoever keeps the hashes is asked for those of whole subtrees only, so a tree may be as large as it likes: a proof in
a tree of n leaves asks for at most 2 log2 n of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

#: Gives the hash of the whole subtree of 2^level leaves that begins at leaf index * 2^level.
Subtrees = Callable[[int, int], bytes]

HASH_BYTES = 32
#: The root of the tree without leaves.
EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of a leaf; no content has the hash of a node."""
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node over two."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(subtrees: Subtrees, size: int) -> bytes:
    """Return the root of the tree of the first `size` leaves."""
    return _over(subtrees, 0, size) if size else EMPTY


def inclusion(subtrees: Subtrees, index: int, size: int) -> list[bytes]:
    """Return the proof that a leaf is in the tree of the first `size` leaves, the nearest hash first."""
    path, first, end = [], 0, size
    while end - first > 1:
        middle = first + _half(end - first)
        if index < middle:
            path.append(_over(subtrees, middle, end))
            end = middle
        else:
            path.append(_over(subtrees, first, middle))
            first = middle
    return path[::-1]


def consistency(subtrees: Subtrees, old: int, new: int) -> list[bytes]:
    """Return the proof that the tree of `new` leaves begins with that of `old`; empty where one of them is trivial."""
    if old in (0, new):
        return []
    path, first, end, whole = [], 0, new, True
    while old != end:
        middle = first + _half(end - first)
        if old <= middle:
            path.append(_over(subtrees, middle, end))
            end = middle
        else:
            path.append(_over(subtrees, first, middle))
            first, whole = middle, False
    return ([] if whole else [_over(subtrees, first, end)]) + path[::-1]


def includes(root_hash: bytes, size: int, index: int, leaf: bytes, path: Sequence[bytes]) -> bool:
    """Whether a proof shows that a leaf (its hash) is in a tree (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            at, last = _risen(at, last)
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root_hash


def grew(old: tuple[int, bytes], new: tuple[int, bytes], path: Sequence[bytes]) -> bool:
    """Whether a proof shows that one tree begins with another (RFC 9162, section 2.1.4.2).

    Args:
        old, new: size and root.
    """
    (old_size, old_root), (new_size, new_root) = old, new
    if old_size == new_size:
        return not path and old_root == new_root
    if old_size == 0:
        return not path and old_root == EMPTY
    if old_size > new_size or not path:
        return False
    rest = list(path) if old_size & (old_size - 1) else [old_root, *path]
    at, last = old_size - 1, new_size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = rest[0]
    for sibling in rest[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            at, last = _risen(at, last)
        else:
            after = node_hash(after, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


class Frontier:
    """The root of a tree that grows leaf by leaf, by the hashes of its whole subtrees, one of a size at most."""

    def __init__(self) -> None:
        self.size = 0
        self._whole: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        self.size += 1
        level, found = 0, leaf
        while self._whole and self._whole[-1][0] == level:
            found = node_hash(self._whole.pop()[1], found)
            level += 1
        self._whole.append((level, found))

    @property
    def root(self) -> bytes:
        """The root now."""
        if not self._whole:
            return EMPTY
        found = self._whole[-1][1]
        for _, left in reversed(self._whole[:-1]):
            found = node_hash(left, found)
        return found


def _half(count: int) -> int:
    """Return the greatest power of two below a count of at least 2."""
    return 1 << ((count - 1).bit_length() - 1)


def _over(subtrees: Subtrees, first: int, end: int) -> bytes:
    """Return the hash over some leaves that are a subtree of the tree."""
    count = end - first
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return subtrees(level, first >> level)
    middle = first + _half(count)
    return node_hash(_over(subtrees, first, middle), _over(subtrees, middle, end))


def _risen(at: int, last: int) -> tuple[int, int]:
    """Go up to where the node is a right child, or the first of all."""
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last
