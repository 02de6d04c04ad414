"""Documents into the books: killed in the middle they are gone on with, and nobody else has to wait for them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from labelsvc.storage.tables import events, unit_events
from labelsvc.tracking import captures
from tests.plant import NOW
from tests.web.epcis.conftest import document_of, event_of, foreign

#: Takes what waits, and stops for ever in the middle of its fourth step, before that is kept.
_TAKE = """
import sys, threading
from datetime import datetime
from labelsvc.domain.issuer import Issuer
from labelsvc.storage.database import Database
from labelsvc.tracking import captures

steps = 0
take = captures.capture_in
def counted(*args, **more):
    global steps
    steps += 1
    if steps == 35:
        print("here", flush=True)
        threading.Event().wait()
    return take(*args, **more)
captures.capture_in = counted
db = Database.open(sys.argv[1])
issuer, now = Issuer(bytes(range(32)), "https://id.example.com"), datetime.fromisoformat(sys.argv[2])
captures.Taker(db, issuer, lambda: now).look()
"""


def count(plant, table) -> int:
    with plant.db.read() as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


def accepted(plant, *given, behaviour="rollback"):
    return captures.accept(plant.db, plant.call(), document_of(*given), behaviour)


def test_a_process_that_is_killed_in_the_middle_leaves_its_document_to_the_next(plant) -> None:
    """Each event is there once in the end, and each unit was met once by it."""
    given = [event_of(foreign(n % 7), foreign(100 + n), minute=n) for n in range(50)]
    job = accepted(plant, *given)
    taker = subprocess.Popen([sys.executable, "-c", _TAKE, plant.url, NOW.isoformat()], stdout=subprocess.PIPE)
    assert taker.stdout is not None
    assert taker.stdout.readline() == b"here\n"
    os.kill(taker.pid, signal.SIGKILL)
    taker.wait()
    taker.stdout.close()
    assert count(plant, events) == 30
    assert captures.get_capture(plant.db, job.name, None).done == 30
    later = captures.Taker(plant.db, plant.issuer, lambda: NOW + timedelta(minutes=1))
    assert later.look() == 1
    job = captures.get_capture(plant.db, job.name, None)
    assert (job.state, job.done, job.wrong) == ("done", 50, 0)
    assert (count(plant, events), count(plant, unit_events)) == (50, 100)


def test_a_document_that_somebody_is_at_is_left_to_them(plant) -> None:
    accepted(plant, event_of(foreign(1)))
    with plant.db.read() as conn:
        assert captures.captures.open_jobs(conn) == 1
    plant.db.write(lambda conn: captures.captures.claim(conn, NOW, NOW + timedelta(seconds=20)))
    assert captures.Taker(plant.db, plant.issuer, lambda: NOW + timedelta(seconds=19)).look() == 0
    assert captures.Taker(plant.db, plant.issuer, lambda: NOW + timedelta(seconds=21)).look() == 1


def test_two_takers_at_one_document_take_each_event_once(plant) -> None:
    """A clock that runs ahead lets the second believe that the first is dead."""
    job = accepted(plant, *(event_of(foreign(n), minute=n) for n in range(40)))
    takers = [captures.Taker(plant.db, plant.issuer, lambda n=n: NOW + timedelta(hours=n)) for n in range(2)]
    threads = [threading.Thread(target=taker.look) for taker in takers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    captures.Taker(plant.db, plant.issuer, lambda: NOW + timedelta(hours=9)).look()
    assert captures.get_capture(plant.db, job.name, None).state == "done"
    assert (count(plant, events), count(plant, unit_events)) == (40, 40)


def test_a_step_is_small_so_that_whoever_issues_gets_their_turn(plant) -> None:
    """At most ten events, and a thousand EPCs unless one event names more."""
    steps: list[tuple[int, int]] = []

    def seen(conn, issuer, call, event, **more):
        steps[-1] = (steps[-1][0] + 1, steps[-1][1] + len(event.epcs))
        return take(conn, issuer, call, event, **more)

    def advanced(*args):
        steps.append((0, 0))
        return advance(*args)

    take, advance = captures.capture_in, captures.captures.advance
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(captures, "capture_in", seen)
        patch.setattr(captures.captures, "advance", advanced)
        many = [event_of(*(foreign(f"{n}-{m}") for m in range(400)), minute=n) for n in range(3)]
        accepted(plant, *many, *(event_of(foreign(n), minute=n) for n in range(12)))
        captures.Taker(plant.db, plant.issuer, lambda: NOW).look()
    assert steps == [(2, 800), (10, 409), (3, 3)]


def test_a_taker_that_is_told_to_stop_lets_go_between_two_steps(plant) -> None:
    accepted(plant, *(event_of(foreign(n), minute=n) for n in range(30)))
    asked = iter([False, False, True, True])
    assert captures.Taker(plant.db, plant.issuer, lambda: NOW, lambda: next(asked)).look() == 0
    assert count(plant, events) == 10
    assert captures.Taker(plant.db, plant.issuer, lambda: NOW).look() == 1
    assert count(plant, events) == 30


def test_what_fails_time_and_again_is_given_up_and_says_so(plant, monkeypatch) -> None:
    job = accepted(plant, event_of(foreign(1)))

    def broken(*_args, **_more):
        raise ZeroDivisionError

    monkeypatch.setattr(captures, "capture_in", broken)
    for minute in range(10):
        with pytest.raises(ZeroDivisionError):
            captures.Taker(plant.db, plant.issuer, lambda at=minute: NOW + timedelta(minutes=at)).look()
    assert captures.Taker(plant.db, plant.issuer, lambda: NOW + timedelta(hours=1)).look() == 1
    job = captures.get_capture(plant.db, job.name, None)
    assert (job.state, job.wrong, job.errors[0]["code"]) == ("done", 1, "capture_given_up")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"bizStep": "https://example.com/" + "s" * 190}, "event_length"),
        ({"eventID": "urn:example:" + "e" * 500}, "event_length"),
        ({"readPoint": {"id": "https://example.com/" + "r" * 190}}, "event_length"),
        ({"epcList": [foreign(f"F{n}") for n in range(10_001)]}, "event_epcs"),
    ],
)
def test_what_the_books_cannot_hold_is_wrong_before_anything_is_taken(plant, change: dict, code: str) -> None:
    job = accepted(plant, event_of(foreign(1)), event_of(foreign(2), **change))
    captures.Taker(plant.db, plant.issuer, lambda: NOW).look()
    job = captures.get_capture(plant.db, job.name, None)
    assert [error["code"] for error in job.errors] == [code]
    assert count(plant, events) == 0
