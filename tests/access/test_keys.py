"""Keys are shown once, kept as digests, expire, can be revoked, and are rotated without a gap."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from labelsvc import access
from labelsvc.access import Client
from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.batches import BatchRequest
from labelsvc.errors import Conflict, InvalidInput, LabelsvcError, NotFound, Unauthenticated
from labelsvc.issuing import batches

SHOP = "https://id.gs1.org/417/9521141111116"
DAY = timedelta(days=1)


def add(
    plant: Any, name: str = "line 3", role: str = "line", expires: timedelta | None = None, later: Any = DAY * 0
) -> Any:
    call = plant.call(at=plant.call().at + later)
    party = SHOP if role == "partner" else None
    return access.add_key(plant.db, call, name, role, call.at + expires if expires else None, party)


def client_of(plant: Any, secret: str, later: timedelta = DAY * 0) -> Client:
    return access.authenticate(plant.db, secret, plant.call().at + later)


@pytest.mark.parametrize("role", access.ROLES)
def test_a_key_opens_for_its_client(plant: Any, role: str) -> None:
    """By name and role."""
    key, secret = add(plant, role=role)
    assert client_of(plant, secret) == Client("line 3", role, party=key.party_id)
    assert (key.party, key.party_id is None) == ((SHOP, False) if role == "partner" else (None, True))
    assert (key.name, key.role, key.created_at, key.expires_at) == ("line 3", role, plant.call().at, None)
    assert access.list_keys(plant.db) == (key,)


def test_secrets_are_long_different_and_easy_to_tell_from_others(plant: Any) -> None:
    """256 random bits behind a prefix that scanners of leaked secrets can look for."""
    secrets = [add(plant)[1] for _ in range(20)]
    assert len(set(secrets)) == 20
    assert all(re.fullmatch(r"lsk_[A-Za-z0-9_-]{43}", secret) for secret in secrets)


def test_the_secret_is_nowhere_in_the_database(plant: Any) -> None:
    """Nor in the audit; in no table, in no column, not even a part of it."""
    _, secret = add(plant)
    dump = repr(plant.tables())
    assert "line 3" in dump
    assert not any(secret[start : start + 12] in dump for start in range(4, len(secret) - 12))


def test_a_digest_does_not_open(plant: Any) -> None:
    """Whoever reads the database has no key."""
    add(plant)
    (row,) = plant.tables()["api_keys"]
    digest = next(value for value in row if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value))
    for text in (digest, "lsk_" + digest):
        with pytest.raises(Unauthenticated):
            client_of(plant, text)


def test_another_text_opens_for_nobody(plant: Any, subtests: pytest.Subtests) -> None:
    """Whatever it is made of."""
    cases = ["", "lsk_", "lsk_" + "A" * 43, "Bearer x", "lsk_" + "x" * 100_000, "lsk_ä😀\x00", "lsk_\ud800", "\ud800"]
    for text in cases:
        with subtests.test(text=text):
            add(plant)
            with pytest.raises(Unauthenticated):
                client_of(plant, text)


def test_unknown_expired_and_revoked_keys_get_the_same_answer(plant: Any) -> None:
    """It says nothing to someone who tries keys."""
    _, expired = add(plant, "a", expires=DAY)
    revoked_key, revoked = add(plant, "b")
    access.revoke_key(plant.db, plant.call(), revoked_key.id)
    answers = set()
    for secret in ("lsk_" + "A" * 43, expired, revoked):
        with pytest.raises(Unauthenticated) as refusal:
            client_of(plant, secret, DAY)
        answers.add((refusal.value.code, refusal.value.message, refusal.value.pointer))
    assert len(answers) == 1


def test_a_key_opens_until_its_last_moment(plant: Any) -> None:
    """At the moment it expires it does not any more."""
    _, secret = add(plant, expires=DAY)
    assert client_of(plant, secret, DAY - timedelta(microseconds=1))
    with pytest.raises(Unauthenticated):
        client_of(plant, secret, DAY)


def test_a_revoked_key_stays_closed(plant: Any) -> None:
    """From that moment on; to revoke it again changes nothing."""
    key, secret = add(plant)
    other, still_good = add(plant)
    revoked = access.revoke_key(plant.db, plant.call(), key.id)
    assert revoked.revoked_at == plant.call().at
    with pytest.raises(Unauthenticated):
        client_of(plant, secret)
    assert client_of(plant, still_good)
    before = plant.tables()
    later = plant.call(at=plant.call().at + DAY)
    assert access.revoke_key(plant.db, later, key.id) == revoked
    assert plant.tables() == before
    assert access.list_keys(plant.db) == (revoked, other)


def test_a_key_that_never_was_cannot_be_revoked(plant: Any) -> None:
    """With what was expected."""
    with pytest.raises(NotFound) as refusal:
        access.revoke_key(plant.db, plant.call(), 999)
    assert refusal.value.code == "key_unknown"


def test_rotation_keeps_the_client_and_its_idempotency_keys(plant: Any) -> None:
    """Both keys open while they overlap; a retry with the new one gets the answer of the old one's request."""
    old_key, old = add(plant)
    lot = plant.lot()

    def issue(secret: str) -> Any:
        client = client_of(plant, secret)
        call = Call(Actor("key", client.name), plant.call().at, "order-4711")
        return batches.issue(plant.db, plant.issuer, call, lot.id, BatchRequest(5))

    first = issue(old)
    _, new = add(plant)
    assert client_of(plant, old) == client_of(plant, new)
    access.revoke_key(plant.db, plant.call(), old_key.id)
    assert issue(new) == first
    assert len(plant.tables()["ranges"]) == 1


def test_a_clients_keys_have_one_role(plant: Any) -> None:
    """While one of them is usable; after that the name may begin anew."""
    key, _ = add(plant, role="line")
    before = plant.tables()
    with pytest.raises(Conflict) as refusal:
        add(plant, role="admin")
    assert refusal.value.code == "client_role"
    assert refusal.value.message == "Expected role line as of the client's other keys, got admin."
    assert plant.tables() == before
    assert add(plant, "another client", role="admin")
    access.revoke_key(plant.db, plant.call(), key.id)
    assert client_of(plant, add(plant, role="admin")[1]).role == "admin"


def test_a_partner_is_of_one_party_for_ever_and_nobody_else_is_of_any(plant: Any) -> None:
    """What a client captured stays its party's, whatever becomes of its keys."""
    key, _ = add(plant, "shop", role="partner")
    access.revoke_key(plant.db, plant.call(), key.id)
    before = plant.tables()
    for name, role, party, code in [
        ("shop", "partner", "https://id.gs1.org/417/9521321000001", "client_party"),
        ("shop", "warehouse", None, "client_party"),
        ("other", "partner", None, "party_missing"),
        ("other", "warehouse", SHOP, "party_refused"),
    ]:
        with pytest.raises(LabelsvcError) as refusal:
            access.add_key(plant.db, plant.call(), name, role, None, party)
        assert refusal.value.code == code
        assert plant.tables() == before
    assert add(plant, "shop", role="partner")[0].party_id == key.party_id


def test_an_expired_key_does_not_bind_its_clients_role(plant: Any) -> None:
    """It can never be used again."""
    add(plant, role="line", expires=DAY)
    with pytest.raises(Conflict):
        add(plant, role="qa", later=DAY - timedelta(seconds=1))
    assert add(plant, role="qa", later=DAY)


def test_a_key_that_breaks_a_rule_is_not_made(plant: Any, subtests: pytest.Subtests) -> None:
    """With its field; nothing is stored."""
    cases = [
        ("", "line", None, "name_empty", "/name"),
        ("x" * 81, "line", None, "name_too_long", "/name"),
        ("a\nb", "line", None, "name_control_character", "/name"),
        ("shell:root", "line", None, "client_name", "/name"),
        ("line 3", "root", None, "role_unknown", "/role"),
        ("line 3", "", None, "role_unknown", "/role"),
        ("line 3", "x" * 1_000, None, "role_unknown", "/role"),
        ("line 3", "line", DAY * 0, "expiry_past", "/expires_at"),
        ("line 3", "line", -DAY, "expiry_past", "/expires_at"),
    ]
    for name, role, expires, code, pointer in cases:
        with subtests.test(name=name, role=role):
            before = plant.tables()
            expires_at = None if expires is None else plant.call().at + expires
            with pytest.raises(LabelsvcError) as refusal:
                access.add_key(plant.db, plant.call(), name, role, expires_at)
            assert isinstance(refusal.value, InvalidInput)
            assert (refusal.value.code, refusal.value.pointer) == (code, pointer)
            assert len(refusal.value.message) < 200
            assert plant.tables() == before


def test_the_audit_knows_who_made_and_who_revoked_a_key(plant: Any) -> None:
    """With name and role, without the secret."""
    key, _ = add(plant, role="qa", expires=DAY)
    access.revoke_key(plant.db, plant.call(client="boss"), key.id)
    made, revoked = plant.audit()[-2:]
    expires_at = (plant.call().at + DAY).isoformat()
    assert (made["action"], made["subject"]) == ("key.add", f"key:{key.id}")
    assert made["after"] == {"name": "line 3", "role": "qa", "expires_at": expires_at}
    assert (revoked["action"], revoked["actor_id"]) == ("key.revoke", "boss")
    assert revoked["before"] == {"name": "line 3", "role": "qa"}
