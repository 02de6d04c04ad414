"""Checkpoints as signed notes: the form that others read, and whose signature counts."""

from __future__ import annotations

import base64
import hashlib

import pytest

from labelsvc.auditing.notes import Checkpoint, Verifier, is_signed, open_note, parse_verifier, sign, verifier
from labelsvc.domain.issuer import Issuer
from labelsvc.errors import InvalidInput

ISSUER = Issuer(bytes(range(32)), "https://id.example.com/x")
ROOT = hashlib.sha256(b"root").digest()
#: The example of the Go checksum database, as its clients have it built in: NAME+ID+KEY.
SUMDB = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
#: The example of C2SP signed-note.
NOTE_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


@pytest.mark.parametrize("key", [SUMDB, NOTE_KEY])
def test_keys_of_others_are_read(key: str) -> None:
    """Their ids are digests of name and key, so both are read as they were meant."""
    assert str(parse_verifier(key)) == key


def test_a_signature_of_others_is_checked() -> None:
    """The example of the format's own documentation, whose text is no checkpoint."""
    who = parse_verifier(NOTE_KEY)
    assert is_signed(NOTE, who)
    assert not is_signed(NOTE.replace("answer", "question"), who)
    assert not is_signed(NOTE, parse_verifier(SUMDB))
    with pytest.raises(InvalidInput) as refusal:
        open_note(NOTE, who)
    assert refusal.value.code == "checkpoint_malformed"


def test_a_checkpoint_has_the_form_of_the_standard() -> None:
    who = verifier(ISSUER)
    note = sign(ISSUER, Checkpoint(20_852_163, ROOT))
    origin, size, root, empty, signature, end = note.split("\n")
    assert (origin, size, base64.b64decode(root), empty, end) == (who.name, "20852163", ROOT, "", "")
    assert origin.startswith("id.example.com/x/audit/")
    dash, name, signed = signature.split(" ")
    assert (dash, name) == ("\u2014", who.name)
    assert len(base64.b64decode(signed)) == 4 + 64
    assert open_note(note, who) == Checkpoint(20_852_163, ROOT)


def test_the_key_is_the_same_for_ever_and_another_for_another_secret() -> None:
    assert verifier(ISSUER) == verifier(Issuer(bytes(range(32)), "https://id.example.com/x"))
    assert verifier(ISSUER).public != verifier(Issuer(bytes(32), "https://id.example.com/x")).public


def test_signatures_of_witnesses_are_passed_over() -> None:
    note = sign(ISSUER, Checkpoint(1, ROOT)) + "— witness.example mJirIkljAAAA\n— another what?\n"
    assert open_note(note, verifier(ISSUER)) == Checkpoint(1, ROOT)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("\n7\n", "\n8\n", "checkpoint_unsigned"),
        ("\n7\n", "\n07\n", "checkpoint_malformed"),
        ("\n7\n", "\n-7\n", "checkpoint_malformed"),
        ("id.example.com", "id.example.org", "checkpoint_unsigned"),
        ("\u2014 ", "- ", "checkpoint_unsigned"),
        ("\n\n", "\n", "checkpoint_unsigned"),
        (base64.b64encode(ROOT).decode(), "AAAA", "checkpoint_malformed"),
    ],
)
def test_one_thing_changed_and_it_is_none(old: str, new: str, code: str) -> None:
    note = sign(ISSUER, Checkpoint(7, ROOT))
    assert old in note
    with pytest.raises(InvalidInput) as refusal:
        open_note(note.replace(old, new), verifier(ISSUER))
    assert refusal.value.code == code


def test_a_checkpoint_of_another_key_is_none() -> None:
    other = verifier(Issuer(bytes(32), ISSUER.digital_link))
    forged = Verifier(verifier(ISSUER).name, other.public)
    with pytest.raises(InvalidInput):
        open_note(sign(ISSUER, Checkpoint(7, ROOT)), forged)


@pytest.mark.parametrize("key", ["", "a+b", "a+00000000+AAAA", SUMDB.replace("033de0ae", "033de0af"), SUMDB[:-4] + "!"])
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_verifier(key)
    assert refusal.value.code == "audit_key"
