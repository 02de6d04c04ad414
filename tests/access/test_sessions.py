"""Sessions: begun with a password, of bounded life, ended."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import Any

import pytest

from labelsvc import access
from labelsvc.access import Client, Door, passwords, sessions
from labelsvc.access.guesses import PER_NAME
from labelsvc.domain.actors import Actor, Call
from labelsvc.errors import TooMany, Unauthenticated

PASSWORD = "correct horse battery"
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("cheap")


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def anna(plant: Any) -> Any:
    return access.add_user(plant.db, plant.call(), "anna", "qa", PASSWORD)


def sign_in(plant: Any, door: Door, name: str = "anna", password: str = PASSWORD, later: timedelta = 0 * HOUR) -> str:
    return access.sign_in(plant.db, door, (name, password), "192.0.2.1", plant.call().at + later)


def enter(plant: Any, token: str, later: timedelta = 0 * HOUR) -> Client:
    return access.enter(plant.db, token, plant.call().at + later).client


def test_a_name_and_its_password_open(plant: Any, door: Door, anna: Any) -> None:
    token = sign_in(plant, door)
    client = enter(plant, token)
    assert client == Client("anna", "qa", "user")
    assert client.actor == Actor("user", "anna")


def test_a_tablet_may_begin_the_name_with_a_capital_and_end_it_with_a_space(plant: Any, door: Door, anna: Any) -> None:
    assert enter(plant, sign_in(plant, door, "Anna ")).name == "anna"


def test_tokens_are_long_and_different_and_nowhere_in_the_database(plant: Any, door: Door, anna: Any) -> None:
    tokens = {sign_in(plant, door) for _ in range(5)}
    assert len(tokens) == 5
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", token) for token in tokens)
    dump = repr(plant.tables())
    assert not any(token in dump for token in tokens)


def test_wrong_passwords_unknown_and_impossible_names_get_the_same_answer(plant: Any, door: Door, anna: Any) -> None:
    answers = set()
    for name, password in (
        ("anna", "wrong horse battery"),
        ("anna", PASSWORD + "x" * 1_000),
        ("boris", PASSWORD),
        ("x" * 100_000, PASSWORD),
        ("\x00", PASSWORD),
        ("\ud800", "\ud800" * 12),
        ("", ""),
    ):
        with pytest.raises(Unauthenticated) as refusal:
            sign_in(plant, door, name, password)
        answers.add((refusal.value.code, refusal.value.message, refusal.value.pointer))
    assert len(answers) == 1


def test_guessing_is_slowed_down_and_so_is_the_right_password_then(plant: Any, door: Door, anna: Any) -> None:
    for n in range(PER_NAME):
        with pytest.raises(Unauthenticated):
            sign_in(plant, door, password=f"wrong password {n}")
    before = plant.tables()
    with pytest.raises(TooMany):
        sign_in(plant, door)
    assert plant.tables() == before
    assert sign_in(plant, door, later=HOUR)


def test_a_session_lives_twelve_hours_where_it_is_used(plant: Any, door: Door, anna: Any) -> None:
    token = sign_in(plant, door)
    for hour in range(1, 12):
        enter(plant, token, hour * HOUR)
    enter(plant, token, 12 * HOUR - timedelta(microseconds=1))
    with pytest.raises(Unauthenticated) as refusal:
        enter(plant, token, 12 * HOUR)
    assert refusal.value.code == "session_ended"


def test_a_session_that_nobody_uses_for_two_hours_is_over(plant: Any, door: Door, anna: Any) -> None:
    token = sign_in(plant, door)
    enter(plant, token, HOUR)
    with pytest.raises(Unauthenticated):
        enter(plant, token, 3 * HOUR)
    other = sign_in(plant, door)
    enter(plant, other, 2 * HOUR - timedelta(microseconds=1))


def test_a_session_writes_at_most_once_a_minute(plant: Any, door: Door, anna: Any) -> None:
    token = sign_in(plant, door)
    before = plant.tables()
    for second in (1, 30, 59):
        enter(plant, token, timedelta(seconds=second))
    assert plant.tables() == before
    enter(plant, token, timedelta(seconds=60))
    assert plant.tables() != before


def test_who_signs_out_is_out(plant: Any, door: Door, anna: Any) -> None:
    token, other = sign_in(plant, door), sign_in(plant, door)
    call = Call(Actor("user", "anna"), plant.call().at)
    access.sign_out(plant.db, call, token)
    with pytest.raises(Unauthenticated):
        enter(plant, token)
    with pytest.raises(Unauthenticated):
        access.sign_out(plant.db, call, token)
    assert enter(plant, other)


def test_sessions_of_one_user_have_a_bound_and_old_ones_are_cleared_away(plant: Any, door: Door, anna: Any) -> None:
    access.add_user(plant.db, plant.call(), "boris", "line", PASSWORD)
    boris = sign_in(plant, door, "boris")
    tokens = [sign_in(plant, door, later=timedelta(seconds=n)) for n in range(sessions.PER_USER + 1)]
    with pytest.raises(Unauthenticated):
        enter(plant, tokens[0])
    assert all(enter(plant, token) for token in [*tokens[1:], boris])
    sign_in(plant, door, later=13 * HOUR)
    assert len(plant.tables()["sessions"]) == 1


def test_a_form_key_is_of_one_session_only(plant: Any, door: Door, anna: Any) -> None:
    first, second = sign_in(plant, door), sign_in(plant, door)
    now = plant.call().at
    keys = [access.enter(plant.db, token, now).form_key for token in (first, first, second)]
    assert keys[0] == keys[1] != keys[2]
    assert first not in keys[0]


def test_another_token_opens_for_nobody(plant: Any, door: Door, anna: Any) -> None:
    sign_in(plant, door)
    digest = plant.tables()["sessions"][0][0]
    for token in ("", digest, "x" * 100_000, "\ud800", "\x00"):
        with pytest.raises(Unauthenticated):
            enter(plant, token)


def test_so_many_passwords_are_tried_at_once_and_no_more(
    plant: Any, door: Door, anna: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many people knock: two are tried, four wait, one more is told to come again."""
    tried, go_on, lock = [], threading.Event(), threading.Lock()
    both = threading.Semaphore(0)

    def is_right(password: str, known: str | None) -> bool:
        with lock:
            tried.append(password)
        both.release()
        assert go_on.wait(30)
        return False

    monkeypatch.setattr(passwords, "is_right", is_right)
    outcomes = []

    def knock() -> None:
        try:
            sign_in(plant, door, f"name-{threading.get_ident()}")
        except (Unauthenticated, TooMany) as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=knock) for _ in range(6)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        assert both.acquire(timeout=30)
    # The other four sit down in a moment; whoever comes too early sits down, too, and makes one of them busy.
    while "sign_in_busy" not in outcomes and any(thread.is_alive() for thread in threads):
        late = threading.Thread(target=knock)
        threads.append(late)
        late.start()
        late.join(0.05)
    assert len(tried) == 2
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert "sign_in_busy" in outcomes


def test_the_audit_knows_who_signed_in_and_out(plant: Any, door: Door, anna: Any) -> None:
    token = sign_in(plant, door)
    access.sign_out(plant.db, Call(Actor("user", "anna"), plant.call().at), token)
    began, ended = plant.audit()[-2:]
    assert (began["action"], began["subject"], began["actor_kind"]) == ("user.sign_in", "user:anna", "user")
    assert (ended["action"], ended["subject"], ended["actor_id"]) == ("user.sign_out", "user:anna", "anna")
