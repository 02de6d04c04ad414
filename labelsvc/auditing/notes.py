"""Checkpoints as signed notes (C2SP signed-note and tlog-checkpoint): what a partner keeps, and checks without us.

The key is Ed25519 and derives from the master secret, so no further secret has to be kept or backed up.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from labelsvc.domain.issuer import Issuer
from labelsvc.domain.merkle import HASH_BYTES
from labelsvc.errors import InvalidInput

_ED25519 = b"\x01"
_PUBLIC_BYTES = 32
_ID_BYTES = 4
_NAME = re.compile("[^ +\n]+")
_SIGNED = re.compile("— (?P<name>[^ \n]+) (?P<signature>[A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile("0|[1-9][0-9]{0,17}")
_NOTE_AT_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree at one size."""

    size: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Verifier:
    """Who signs: the name stands in every checkpoint as well, and so tells our tree from all others."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """What a signature names its key by."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encoded(_ED25519 + self.public)}"


def verifier(issuer: Issuer) -> Verifier:
    """Return who signs for this installation."""
    public = _private(issuer).public_key().public_bytes_raw()
    link = urlsplit(issuer.digital_link)
    return Verifier(f"{link.netloc}{link.path}/audit/{hashlib.sha256(public).hexdigest()[:16]}", public)


def parse_verifier(text: str) -> Verifier:
    """Read a public key in the form of C2SP signed-note: NAME+ID+KEY.

    Raises:
        InvalidInput: audit_key.
    """
    parts = text.strip().split("+", 2)
    if len(parts) == 3:
        name, key_id, key = parts
        decoded = _decoded(key) or b""
        found = Verifier(name, decoded[1:])
        is_ed25519 = len(decoded) == 1 + _PUBLIC_BYTES and decoded[:1] == _ED25519
        if is_ed25519 and _NAME.fullmatch(name) and found.key_id.hex() == key_id:
            return found
    raise InvalidInput("audit_key", "Expected a public key, NAME+ID+KEY as `labelsvc audit key` says it, got another.")


def sign(issuer: Issuer, checkpoint: Checkpoint) -> str:
    """Return a checkpoint as a signed note."""
    who = verifier(issuer)
    text = f"{who.name}\n{checkpoint.size}\n{encoded(checkpoint.root)}\n"
    signature = _private(issuer).sign(text.encode())
    return f"{text}\n— {who.name} {encoded(who.key_id + signature)}\n"


def open_note(note: str, who: Verifier) -> Checkpoint:
    """Return the checkpoint that somebody signed; signatures of others, witnesses for instance, are passed over.

    Raises:
        InvalidInput: checkpoint_malformed, checkpoint_unsigned.
    """
    lines = note.split("\n")
    root = _decoded(lines[2]) if "" in lines[3:] else None
    if len(note) > _NOTE_AT_MOST or root is None or len(root) != HASH_BYTES or not _SIZE.fullmatch(lines[1]):
        message = "Expected a checkpoint: origin, size, root, an empty line and signatures, got another text."
        raise InvalidInput("checkpoint_malformed", message)
    if lines[0] != who.name or not is_signed(note, who):
        raise InvalidInput("checkpoint_unsigned", f"Expected a checkpoint signed by {who.name}, got another.")
    return Checkpoint(int(lines[1]), root)


def is_signed(note: str, who: Verifier) -> bool:
    """Whether somebody signed a note, whatever it says."""
    text, _, signatures = note.rpartition("\n\n")
    for line in signatures.split("\n"):
        found = _SIGNED.fullmatch(line)
        signature = _decoded(found["signature"]) if found and found["name"] == who.name else None
        if signature is not None and signature[:_ID_BYTES] == who.key_id:
            try:
                Ed25519PublicKey.from_public_bytes(who.public).verify(signature[_ID_BYTES:], f"{text}\n".encode())
            except InvalidSignature:
                return False
            return True
    return False


def encoded(value: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(value).decode()


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def _private(issuer: Issuer) -> Ed25519PrivateKey:
    seed = HKDF(SHA256(), length=32, salt=None, info=b"labelsvc audit checkpoints 1").derive(issuer.secret)
    return Ed25519PrivateKey.from_private_bytes(seed)
