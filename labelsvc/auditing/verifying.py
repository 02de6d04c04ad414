"""Use case: prove that no sealed entry, and no event that one vouches for, was changed, removed or reordered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import Connection

from labelsvc.auditing.notes import Checkpoint
from labelsvc.domain import merkle
from labelsvc.errors import InvalidInput
from labelsvc.storage import audit_tree, event_seals, seals
from labelsvc.storage.database import Database
from labelsvc.storage.seals import Seal, Sealed, Tail

_AT_ONCE = 1_000
#: Damages that a report names.
NAMED_AT_MOST = 100

Damage = Literal["changed", "moved", "removed", "seal-removed", "cut", "event", "tree"]


@dataclass(frozen=True, slots=True)
class Found:
    """Something that is not as it was sealed.

    Attributes:
        damage: `changed`: the entry or its seal; `moved`: entries or seals were put in another order; `removed`: the
            entry; `seal-removed`: the seal itself; `cut`: the chain no longer leads to the checkpoint; `event`: an
            event that the entry vouches for was changed or removed; `tree`: the Merkle tree is not that of the entries.
        sequence: of the seal; of `cut` and `tree`, how many entries there were.
        audit_id: of the entry; None where its seal is gone.
    """

    damage: Damage
    sequence: int
    audit_id: int | None = None
    action: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a look at the whole audit found.

    Attributes:
        sealed: how many seals there are.
        found: the first damages, at most NAMED_AT_MOST.
        damages: how many there are.
        end: the chain's end, to be written down as a checkpoint.
        tail: entries that are not sealed yet.
    """

    sealed: int
    found: tuple[Found, ...]
    damages: int
    end: Seal
    tail: Tail


def parse_checkpoint(text: str) -> Seal:
    """Read a checkpoint: DIGEST:SEQUENCE.

    Raises:
        InvalidInput: it is none.
    """
    digest, _, sequence = text.partition(":")
    well = len(digest) == 64 and set(digest) <= set("0123456789abcdef") and sequence.isascii() and sequence.isdigit()
    if not well or len(sequence) > 18:
        message = "Expected a checkpoint: 64 hexadecimal digits, a colon and a whole number, got another text."
        raise InvalidInput("checkpoint_malformed", message)
    return Seal(int(sequence), digest)


def verify(db: Database, checkpoint: Seal | Checkpoint | None = None) -> Report:
    """Compute the whole chain anew, page by page, and compare; entries that are added meanwhile do not disturb it.

    Args:
        checkpoint: an end of the chain, or the root of the tree, that was written down before: one that cut the chain
            behind it, or wrote it anew, shows.
    """
    with db.read() as conn:
        size = audit_tree.size(conn)
    walk = _Walk(checkpoint, size)
    for link in _links(db):
        walk.add(link)
        if link.action == event_seals.ACTION and link.content:
            with db.read() as conn:
                walk.events(link, event_seals.damaged(conn, vouched(json.loads(link.content))))
    with db.read() as conn:
        tail, root = seals.tail(conn), _root(conn, size)
    return walk.report(tail, root)


def vouched(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the digests of events that an entry vouches for."""
    after = entry.get("after") if entry.get("action") == event_seals.ACTION else None
    found = after.get("events") if isinstance(after, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _root(conn: Connection, size: int) -> bytes | None:
    try:
        return merkle.root(audit_tree.subtrees(conn), size)
    except LookupError:
        return None


def _links(db: Database) -> Iterator[Sealed]:
    after = 0
    while True:
        with db.read() as conn:  # a snapshot for each page: none is held while the digests are made
            page = seals.read(conn, after, _AT_ONCE)
        yield from page
        if len(page) < _AT_ONCE:
            return
        after = page[-1].sequence


class _Walk:
    """Follows the chain; of a broken link the stored digest is believed for the next, so one damage is named once."""

    def __init__(self, checkpoint: Seal | Checkpoint | None, size: int) -> None:
        self._checkpoint = checkpoint
        self._reached = checkpoint in (None, Seal(0, seals.BEGINNING), Checkpoint(0, merkle.EMPTY))
        self._size = size
        self._frontier = merkle.Frontier()
        self._root = merkle.EMPTY if size == 0 else None
        self._end = Seal(0, seals.BEGINNING)
        self._count = 0
        self._damages = 0
        self._found: list[Found] = []
        self._misfits: list[tuple[Sealed, str]] = []  # with the digest before each

    def add(self, link: Sealed) -> None:
        """Look at the next link."""
        self._count += 1
        for missing in range(self._end.sequence + 1, min(link.sequence, self._end.sequence + 1 + NAMED_AT_MOST)):
            self._name(Found("seal-removed", missing))
        if link.content is None:
            self._name(Found("removed", link.sequence, link.audit_id))
        elif link.sequence == self._end.sequence + 1 and not seals.fits(self._end.digest, link.content, link.digest):
            self._name(Found("changed", link.sequence, link.audit_id, link.action, link.subject))
            if len(self._misfits) < NAMED_AT_MOST:
                self._misfits.append((link, self._end.digest))
        self._end = Seal(link.sequence, link.digest)
        self._frontier.add(merkle.leaf_hash(link.content or b""))
        if self._frontier.size == self._size:
            self._root = self._frontier.root
        self._reached = self._reached or self._is_checkpoint()

    def _is_checkpoint(self) -> bool:
        if isinstance(self._checkpoint, Checkpoint):
            size = self._frontier.size
            return size == self._checkpoint.size and self._frontier.root == self._checkpoint.root
        return self._end == self._checkpoint

    def events(self, link: Sealed, ids: Sequence[int]) -> None:
        """Name events that an entry vouches for, and that are no longer what they were."""
        for event_id in ids:
            self._name(Found("event", link.sequence, link.audit_id, link.action, f"event:{event_id}"))

    def _name(self, found: Found) -> None:
        self._damages += 1
        if len(self._found) < NAMED_AT_MOST:
            self._found.append(found)

    def report(self, tail: Tail, root: bytes | None) -> Report:
        """Return what was found.

        Args:
            root: of the tree as it is kept.
        """
        if self._checkpoint is not None and not self._reached:
            known = self._checkpoint
            self._name(Found("cut", known.size if isinstance(known, Checkpoint) else known.sequence))
        if not self._damages and root != self._root:  # where an entry was changed, that is what is wrong
            self._name(Found("tree", self._size))
        moved = self._moved()
        found = tuple(
            replace(each, damage="moved") if each.sequence in moved and each.damage == "changed" else each
            for each in self._found
        )
        return Report(self._count, found, self._damages, self._end, tail)

    def _moved(self) -> set[int]:
        """Return the sequences of misfits whose entries are whole, but fit elsewhere in the chain."""
        digests = {link.digest for link, _ in self._misfits}
        befores = {one for one in {before for _, before in self._misfits} | digests if seals.is_digest(one)}
        return {
            link.sequence
            for link, _ in self._misfits
            if link.content and any(seals.digest(before, link.content) in digests for before in befores)
        }
