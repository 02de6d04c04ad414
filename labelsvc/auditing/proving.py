"""Use cases: checkpoints of the audit's tree, and proofs of what is in it and that it only ever grew."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from labelsvc.auditing import notes
from labelsvc.auditing.notes import Checkpoint
from labelsvc.auditing.proofs import Consistency, Inclusion
from labelsvc.domain import merkle
from labelsvc.domain.issuer import Issuer
from labelsvc.errors import Conflict, InvalidInput, NotFound, Unavailable
from labelsvc.storage import audit_tree, event_queries, event_seals, passages, seals
from labelsvc.storage.database import Database


def checkpoint(db: Database, issuer: Issuer) -> str:
    """Return the tree as it is now, signed."""
    with db.read() as conn:
        return _note(conn, issuer, audit_tree.size(conn))


def prove_entry(db: Database, issuer: Issuer, audit_id: int, size: int | None = None) -> Inclusion:
    """Prove that an entry of the audit is in the tree.

    Args:
        size: of the tree to prove it in, by default as it is now.

    Raises:
        NotFound: audit_entry_unknown.
        Conflict: audit_unsealed, it is not in the tree yet; in a second it is.
        InvalidInput: tree_size.
    """
    with db.read() as conn:
        return _prove(conn, issuer, audit_id, size)


def prove_event(
    db: Database, issuer: Issuer, event_id: str, size: int | None = None, party: int | None = None
) -> Inclusion:
    """Prove that the entry that vouches for an event is in the tree.

    Args:
        event_id: EPCIS eventID.
        party: whose a partner is; only what they may see of events is there for them.

    Raises:
        NotFound: event_unknown.
        Conflict, InvalidInput: as `prove_entry`.
    """
    with db.read() as conn:
        ids = event_queries.named(conn, event_id)
        if ids and party is not None:
            ids = passages.visible_among(conn, party, ids)
        if not ids:
            raise NotFound("event_unknown", "Expected the eventID of an event, got another text.")
        audit_id = event_seals.entry_of(conn, ids[0])
        if audit_id is None:
            raise _unsealed()
        return _prove(conn, issuer, audit_id, size)


def prove_growth(db: Database, issuer: Issuer, old: int, new: int | None = None) -> Consistency:
    """Prove that the tree of one size begins with that of another.

    Args:
        new: by default as it is now.

    Raises:
        InvalidInput: tree_size.
    """
    with db.read() as conn:
        size = _size(conn, new, "/to")
        if not 0 <= old <= size:
            raise _wrong_size(f"0 to {size}", old, "/from")
        with _whole():
            path = merkle.consistency(audit_tree.subtrees(conn), old, size)
        return Consistency(old, path, _note(conn, issuer, size))


def _prove(conn: Connection, issuer: Issuer, audit_id: int, size: int | None) -> Inclusion:
    link = seals.of_entry(conn, audit_id)
    if link is None or link.content is None:
        raise _unsealed() if seals.is_there(conn, audit_id) else _unknown(audit_id)
    known, index = _size(conn, size, "/size"), link.sequence - 1
    if index >= known:
        if size is None:
            raise _unsealed()
        raise _wrong_size(f"at least {index + 1}, where the entry is in", known, "/size")
    with _whole():
        path = merkle.inclusion(audit_tree.subtrees(conn), index, known)
    return Inclusion(link.content, index, path, _note(conn, issuer, known))


def _note(conn: Connection, issuer: Issuer, size: int) -> str:
    with _whole():
        return notes.sign(issuer, Checkpoint(size, merkle.root(audit_tree.subtrees(conn), size)))


@contextmanager
def _whole() -> Iterator[None]:
    try:
        yield
    except LookupError:
        message = "Expected the audit's tree, got one with a gap. Run: labelsvc audit verify"
        raise Unavailable("audit_damaged", message) from None


def _size(conn: Connection, wanted: int | None, pointer: str) -> int:
    known = audit_tree.size(conn)
    if wanted is not None and not 0 <= wanted <= known:
        raise _wrong_size(f"0 to {known}", wanted, pointer)
    return known if wanted is None else wanted


def _wrong_size(expected: str, got: int, pointer: str) -> InvalidInput:
    return InvalidInput("tree_size", f"Expected a size of the tree, {expected}, got {got}.", pointer=pointer)


def _unsealed() -> Conflict:
    return Conflict("audit_unsealed", "Expected an entry that is sealed, got one that will be in a second.")


def _unknown(audit_id: int) -> NotFound:
    return NotFound("audit_entry_unknown", f"Expected the id of an entry of the audit, got {audit_id}.")
