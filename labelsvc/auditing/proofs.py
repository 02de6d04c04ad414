"""Proofs as text, and their check offline: by nothing but the public key and what somebody kept.

A proof of inclusion has the form of C2SP tlog-proof, whose `extra` is the entry itself (its canonical bytes); a proof
of consistency that of C2SP tlog-witness's add-checkpoint. Both end with the checkpoint that they lead to.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labelsvc.auditing.notes import Checkpoint, Verifier, encoded, open_note
from labelsvc.domain import merkle
from labelsvc.errors import InvalidInput

_HEADER = "c2sp.org/tlog-proof@v1"
_HASHES_AT_MOST = 128
_PROOF_AT_MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class Inclusion:
    """An entry is in the tree.

    Attributes:
        content: the entry's canonical bytes.
        index: its leaf.
        note: the checkpoint.
    """

    content: bytes
    index: int
    path: Sequence[bytes]
    note: str

    def __str__(self) -> str:
        hashes = "".join(f"{encoded(one)}\n" for one in self.path)
        return f"{_HEADER}\nextra {encoded(self.content)}\nindex {self.index}\n{hashes}\n{self.note}"


@dataclass(frozen=True, slots=True)
class Consistency:
    """A tree begins with an older one.

    Attributes:
        old: the older one's size.
        note: the later checkpoint.
    """

    old: int
    path: Sequence[bytes]
    note: str

    def __str__(self) -> str:
        return f"old {self.old}\n" + "".join(f"{encoded(one)}\n" for one in self.path) + f"\n{self.note}"


@dataclass(frozen=True, slots=True)
class Included:
    """An entry that was proved to be in the tree.

    Attributes:
        size: of the tree.
        entry: the entry, as JSON values.
    """

    index: int
    size: int
    entry: dict[str, Any]


def parse(text: str) -> Inclusion | Consistency:
    """Read a proof.

    Raises:
        InvalidInput: proof_malformed.
    """
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    if len(text) > _PROOF_AT_MOST or not note:
        raise _malformed()
    if lines[0] == _HEADER:
        extra, index, *hashes = [*lines[1:], "", ""]
        content = _bytes(extra.removeprefix("extra ")) if extra.startswith("extra ") else None
        if content is None:
            raise _malformed()
        return Inclusion(content, _number(index, "index"), _path(hashes[:-2]), note)
    return Consistency(_number(lines[0], "old"), _path(lines[1:]), note)


def check(who: Verifier, kept: str, proofs: Sequence[Inclusion | Consistency]) -> list[Included]:
    """Check proofs against a checkpoint that somebody kept; return the entries that are proved to be in the tree.

    A proof may lead to another checkpoint than the kept one; then one of consistency has to lead there, or back.

    Raises:
        InvalidInput: as `open_note`, or proof_wrong.
    """
    start = open_note(kept, who)
    known = {start.size: start.root}
    growths = sorted((one for one in proofs if isinstance(one, Consistency)), key=lambda one: one.old)
    for growth in growths:
        _follow(known, growth, open_note(growth.note, who))
    return [_included(known, one, open_note(one.note, who)) for one in proofs if isinstance(one, Inclusion)]


def _follow(known: dict[int, bytes], growth: Consistency, later: Checkpoint) -> None:
    earlier = known.get(growth.old)
    if earlier is None:
        raise _wrong(f"a proof from a kept checkpoint on, of size {max(known)}", f"one from size {growth.old}")
    if not merkle.grew((growth.old, earlier), (later.size, later.root), growth.path):
        raise _wrong(f"a tree that grew from size {growth.old}", "one that did not: entries were changed or removed")
    if known.setdefault(later.size, later.root) != later.root:
        raise _wrong("one tree of a size", "two")


def _included(known: dict[int, bytes], proof: Inclusion, led: Checkpoint) -> Included:
    if known.get(led.size) is None:
        raise _wrong(f"a proof that leads to size {max(known)}, or one of consistency too", f"size {led.size}")
    leaf = merkle.leaf_hash(proof.content)
    if known[led.size] != led.root or not merkle.includes(led.root, led.size, proof.index, leaf, proof.path):
        raise _wrong("an entry that is in the tree", "one that is not")
    try:
        entry = json.loads(proof.content)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        raise _wrong("an entry", "no JSON object")
    return Included(proof.index, led.size, entry)


def _path(lines: Sequence[str]) -> tuple[bytes, ...]:
    hashes = [_bytes(line) for line in lines]
    if len(hashes) > _HASHES_AT_MOST:
        raise _malformed()
    return tuple(one if one is not None and len(one) == merkle.HASH_BYTES else _refuse() for one in hashes)


def _number(line: str, name: str) -> int:
    found = re.fullmatch(f"{name} (0|[1-9][0-9]{{0,17}})", line)
    if found is None:
        raise _malformed()
    return int(found[1])


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def _refuse() -> bytes:
    raise _malformed()


def _malformed() -> InvalidInput:
    return InvalidInput("proof_malformed", "Expected a proof as `labelsvc audit proof` writes it, got another text.")


def _wrong(expected: str, got: str) -> InvalidInput:
    return InvalidInput("proof_wrong", f"Expected {expected}, got {got}.")
