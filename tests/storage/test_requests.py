"""Idempotency keys in the books: one question, one answer, for ever."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Connection

from labelsvc.domain.actors import Actor, Call
from labelsvc.errors import Conflict, InvalidInput, LabelsvcError, Malformed
from labelsvc.storage import requests
from labelsvc.storage.database import Database

ROUTE = "lots/5/batches"
BODY = {"quantity": 5, "printer": None}


def ask(plant: Any, call: Call, body: Mapping[str, Any] = BODY, route: str = ROUTE) -> Mapping[str, Any]:
    """Ask for something; the answer is the moment of the first asking."""

    def work(conn: Connection) -> Mapping[str, Any]:
        answered = requests.claim(conn, call, route, body)
        if answered is not None:
            return answered
        answer = {"moment": call.at.isoformat(), "nested": {"list": [1, None, "ä"]}}
        requests.settle(conn, call, route, answer)
        return answer

    return plant.db.write(work)


def test_the_same_question_has_the_same_answer(plant: Any) -> None:
    """However much later, and whatever the order of the members."""
    call = plant.call("k")
    first = ask(plant, call)
    later = Call(call.actor, call.at + timedelta(days=3_650), "k")
    assert ask(plant, later) == first
    assert ask(plant, later, dict(reversed(BODY.items()))) == first


def test_a_question_that_is_new_has_no_answer(plant: Any) -> None:
    """To look does not claim."""
    call = plant.call("k")
    with plant.db.read() as conn:
        assert requests.answered(conn, call, ROUTE, BODY) is None
        assert requests.answered(conn, call, ROUTE, BODY) is None
    ask(plant, call)
    with plant.db.read() as conn:
        assert requests.answered(conn, call, ROUTE, BODY) == ask(plant, call)


def test_a_key_is_for_one_body(plant: Any, subtests: pytest.Subtests) -> None:
    """Another one is a conflict, whether one looks or claims, and changes nothing."""
    cases = [{"quantity": 6, "printer": None}, {"quantity": 5}, {"quantity": "5", "printer": None}]
    for body in cases:
        with subtests.test(body=body):
            call = plant.call("k")
            first = ask(plant, call)
            with pytest.raises(Conflict) as refusal:
                ask(plant, call, body)
            assert refusal.value.code == "idempotency_key_reused"
            with plant.db.read() as conn, pytest.raises(Conflict):
                requests.answered(conn, call, ROUTE, body)
            assert ask(plant, call) == first


def test_a_key_belongs_to_a_client_and_a_route(plant: Any) -> None:
    """The same text elsewhere is another key; a client with the name of a shell's user is not that user."""
    calls = [
        (Actor("key", "line 3"), ROUTE),
        (Actor("key", "line 4"), ROUTE),
        (Actor("shell", "line 3"), ROUTE),
        (Actor("user", "line 3"), ROUTE),
        (Actor("key", "line 3"), "lots/6/batches"),
    ]
    now = plant.call().at
    answers = [
        ask(plant, Call(actor, now + timedelta(seconds=n), "k"), route=route) for n, (actor, route) in enumerate(calls)
    ]
    assert len({answer["moment"] for answer in answers}) == len(calls)


def test_a_call_needs_a_key(plant: Any) -> None:
    """Nothing can be asked again without one."""
    nameless = Call(Actor("key", "line 3"), plant.call().at)
    with pytest.raises(Malformed) as refusal:
        ask(plant, nameless)
    assert refusal.value.code == "idempotency_key_missing"
    with plant.db.read() as conn, pytest.raises(Malformed):
        requests.answered(conn, nameless, ROUTE, BODY)


def test_a_key_is_printable_ascii_of_at_most_200_characters(plant: Any, subtests: pytest.Subtests) -> None:
    """On both databases alike; nothing is stored."""
    cases = ["", " ", "two words", "k" * 201, "line\nbreak", "zwölf", "k\x00", "k\n"]
    for key in cases:
        with subtests.test(key=key):
            before = plant.tables()
            with pytest.raises(InvalidInput) as refusal:
                ask(plant, Call(Actor("key", "line 3"), plant.call().at, key))
            assert refusal.value.code == "idempotency_key"
            assert plant.tables() == before


def test_the_longest_key_is_kept_whole(plant: Any) -> None:
    """Two that differ in the 200th character are two."""
    first, second = (plant.call("k" * 199 + end) for end in "ab")
    ask(plant, first)
    with plant.db.read() as conn:
        assert requests.answered(conn, second, ROUTE, BODY) is None


def test_what_fails_gives_its_key_back(plant: Any) -> None:
    """A refusal stores nothing: the same key may then be used for another body."""
    call = plant.call("k")

    def refused(conn: Connection) -> None:
        assert requests.claim(conn, call, ROUTE, BODY) is None
        raise Conflict("capacity_exceeded", "Expected at most 0, got 5.")

    before = plant.tables()
    with pytest.raises(Conflict):
        plant.db.write(refused)
    assert plant.tables() == before
    assert ask(plant, call, {"quantity": 1}) == ask(plant, call, {"quantity": 1})


def test_of_many_at_once_one_asks_and_the_others_hear_its_answer(plant: Any) -> None:
    """Eight threads with one key; the moments differ, so the answer tells whose it is."""
    moment, barrier = plant.call().at, Barrier(8)

    def one(n: int) -> Mapping[str, Any]:
        barrier.wait()
        return ask(plant, Call(Actor("key", "line 3"), moment + timedelta(seconds=n), "k"))

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(one, range(8)))
    assert len({answer["moment"] for answer in answers}) == 1
    assert len(plant.tables()["requests"]) == 1


def test_of_two_bodies_with_one_key_at_once_one_is_a_conflict(plant: Any) -> None:
    """Never both, never neither."""
    barrier = Barrier(2)

    def one(quantity: int) -> Mapping[str, Any] | LabelsvcError:
        barrier.wait()
        try:
            return ask(plant, plant.call("k"), {"quantity": quantity})
        except LabelsvcError as error:
            return error

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(one, range(2)))
    (conflict,) = [answer for answer in answers if isinstance(answer, LabelsvcError)]
    assert conflict.code == "idempotency_key_reused"


def test_answers_outlive_the_process(plant: Any) -> None:
    """They are in the database, not in memory."""
    first = ask(plant, plant.call("k"))
    with Database.open(plant.url) as another, another.read() as conn:
        assert requests.answered(conn, plant.call("k"), ROUTE, BODY) == first
