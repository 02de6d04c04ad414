"""Users: made, given another password, disabled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from labelsvc import access
from labelsvc.access import Door
from labelsvc.domain.actors import Actor
from labelsvc.errors import Conflict, InvalidInput, LabelsvcError, NotFound, Unauthenticated

SHOP = "https://id.gs1.org/417/9521141111116"
PASSWORD = "correct horse battery"

pytestmark = pytest.mark.usefixtures("cheap")


def add(plant: Any, name: str = "anna", role: str = "qa", password: str = PASSWORD) -> Any:
    return access.add_user(plant.db, plant.call(), name, role, password, SHOP if role == "partner" else None)


@pytest.mark.parametrize("role", access.ROLES)
def test_a_user_has_a_name_and_a_role(plant: Any, role: str) -> None:
    made = add(plant, role=role)
    assert (made.name, made.role, made.created_at, made.disabled_at) == ("anna", role, plant.call().at, None)
    assert made.party == (SHOP if role == "partner" else None)
    assert access.list_users(plant.db) == (made,)


def test_the_password_is_nowhere_in_the_database(plant: Any) -> None:
    add(plant)
    access.set_password(plant.db, plant.call(), "anna", "another " + PASSWORD)
    dump = repr(plant.tables())
    assert "anna" in dump
    assert "horse" not in dump


def test_what_breaks_a_rule_makes_no_user(plant: Any, subtests: pytest.Subtests) -> None:
    cases = [
        ("", "qa", PASSWORD, "user_name", "/name"),
        ("Anna", "qa", PASSWORD, "user_name", "/name"),
        ("shell:anna", "qa", PASSWORD, "user_name", "/name"),
        ("<script>", "qa", PASSWORD, "user_name", "/name"),
        ("a" * 41, "qa", PASSWORD, "user_name", "/name"),
        ("anna\n", "qa", PASSWORD, "user_name", "/name"),
        ("anna", "boss", PASSWORD, "role_unknown", "/role"),
        ("anna", "qa", "too short", "password_length", "/password"),
    ]
    before = plant.tables()
    for name, role, password, code, pointer in cases:
        with subtests.test(name=name, role=role, password=password):
            with pytest.raises(InvalidInput) as refusal:
                add(plant, name, role, password)
            assert (refusal.value.code, refusal.value.pointer) == (code, pointer)
            assert plant.tables() == before


def test_a_name_is_one_persons_for_ever(plant: Any) -> None:
    """Also when they are gone: what they did stands under it."""
    add(plant)
    access.disable_user(plant.db, plant.call(), "anna")
    with pytest.raises(Conflict) as refusal:
        add(plant)
    assert refusal.value.code == "user_exists"


def test_idempotency_keys_of_a_user_are_not_those_of_a_client_of_this_name() -> None:
    assert Actor("user", "anna").client == "user:anna"
    assert Actor("key", "anna").client == "anna"


def test_another_password_ends_what_began_with_the_old_one(plant: Any) -> None:
    add(plant)
    now, door = plant.call().at, Door()
    token = access.sign_in(plant.db, door, ("anna", PASSWORD), "192.0.2.1", now)
    access.set_password(plant.db, plant.call(), "anna", "another " + PASSWORD)
    with pytest.raises(Unauthenticated):
        access.enter(plant.db, token, now)
    with pytest.raises(Unauthenticated):
        access.sign_in(plant.db, door, ("anna", PASSWORD), "192.0.2.1", now)
    assert access.sign_in(plant.db, door, ("anna", "another " + PASSWORD), "192.0.2.1", now)


def test_who_is_disabled_is_out_at_once_and_stays_out(plant: Any) -> None:
    add(plant)
    now, door = plant.call().at, Door()
    token = access.sign_in(plant.db, door, ("anna", PASSWORD), "192.0.2.1", now)
    disabled = access.disable_user(plant.db, plant.call(), "anna")
    assert disabled.disabled_at == now
    with pytest.raises(Unauthenticated):
        access.enter(plant.db, token, now)
    with pytest.raises(Unauthenticated) as refusal:
        access.sign_in(plant.db, door, ("anna", PASSWORD), "192.0.2.1", now)
    assert refusal.value.code == "sign_in"
    before = plant.tables()
    later = plant.call(at=now + timedelta(days=1))
    assert access.disable_user(plant.db, later, "anna") == disabled
    assert plant.tables() == before


def test_who_is_enabled_again_signs_in_as_before_and_no_old_session_opens(plant: Any) -> None:
    add(plant)
    now, door = plant.call().at, Door()
    token = access.sign_in(plant.db, door, ("anna", PASSWORD), "192.0.2.1", now)
    access.disable_user(plant.db, plant.call(), "anna")
    assert access.enable_user(plant.db, plant.call(), "anna").disabled_at is None
    with pytest.raises(Unauthenticated):
        access.enter(plant.db, token, now)
    assert access.sign_in(plant.db, door, ("anna", PASSWORD), "192.0.2.1", now)
    before = plant.tables()
    access.enable_user(plant.db, plant.call(), "anna")
    assert plant.tables() == before


def test_another_role_holds_at_once(plant: Any) -> None:
    add(plant)
    now = plant.call().at
    token = access.sign_in(plant.db, Door(), ("anna", PASSWORD), "192.0.2.1", now)
    assert access.set_role(plant.db, plant.call(), "anna", "admin").role == "admin"
    assert access.enter(plant.db, token, now).client.role == "admin"
    before = plant.tables()
    access.set_role(plant.db, plant.call(), "anna", "admin")
    assert plant.tables() == before
    with pytest.raises(InvalidInput):
        access.set_role(plant.db, plant.call(), "anna", "root")


def test_a_partner_is_one_for_ever_and_nobody_becomes_one(plant: Any) -> None:
    """What they captured is their party's."""
    add(plant, "berta", "partner")
    add(plant)
    for name, role in (("berta", "qa"), ("anna", "partner")):
        with pytest.raises(Conflict) as refusal:
            access.set_role(plant.db, plant.call(), name, role)
        assert refusal.value.code == "user_party"
    now = plant.call().at
    token = access.sign_in(plant.db, Door(), ("berta", PASSWORD), "192.0.2.1", now)
    assert access.enter(plant.db, token, now).client.party == access.list_users(plant.db)[0].party_id
    for role, party in (("partner", None), ("qa", SHOP)):
        with pytest.raises(InvalidInput):
            access.add_user(plant.db, plant.call(), "carol", role, PASSWORD, party)


def test_nobody_can_be_changed_who_is_not_there(plant: Any) -> None:
    for change in (
        lambda: access.set_password(plant.db, plant.call(), "anna", PASSWORD),
        lambda: access.disable_user(plant.db, plant.call(), "anna"),
        lambda: access.enable_user(plant.db, plant.call(), "anna"),
        lambda: access.set_role(plant.db, plant.call(), "anna", "qa"),
    ):
        with pytest.raises(NotFound) as refusal:
            change()
        assert isinstance(refusal.value, LabelsvcError)
        assert refusal.value.code == "user_unknown"
