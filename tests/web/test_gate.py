from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from labelsvc.errors import TooMany
from labelsvc.web import gate as gates
from labelsvc.web.gate import Gate
from labelsvc.web.house import house_of


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def refused(gate: Gate, address: str) -> str | None:
    try:
        with gate.passed(address):
            return None
    except TooMany as error:
        return error.code


def test_an_address_has_a_minutes_answers_in_hand_and_gets_them_back_one_by_one() -> None:
    clock = Clock()
    gate = Gate(16, 60, clock)
    assert [refused(gate, "192.0.2.1") for _ in range(61)] == [None] * 60 + ["resolver_often"]
    assert refused(gate, "192.0.2.2") is None
    clock.now = 0.9
    assert refused(gate, "192.0.2.1") == "resolver_often"
    clock.now = 1.1
    assert refused(gate, "192.0.2.1") is None
    assert refused(gate, "192.0.2.1") == "resolver_often"
    clock.now = 1_000.0
    assert [refused(gate, "192.0.2.1") for _ in range(61)] == [None] * 60 + ["resolver_often"]


def test_who_is_refused_hears_when_to_come_again() -> None:
    gate = Gate(16, 6, Clock())
    for _ in range(6):
        assert refused(gate, "192.0.2.1") is None
    with pytest.raises(TooMany) as raised, gate.passed("192.0.2.1"):
        pass
    assert raised.value.facts["retry_after"] == 10


def test_the_addresses_of_one_household_are_one() -> None:
    """RFC 6177: whoever gets IPv6 gets a /64 at least."""
    gate = Gate(16, 1, Clock())
    assert refused(gate, "2001:db8:1:2::1") is None
    assert refused(gate, "2001:db8:1:2:ffff::9") == "resolver_often"
    assert refused(gate, "2001:db8:1:3::1") is None
    assert refused(gate, "no address") is None
    assert refused(gate, "nor this") == "resolver_often"


def test_so_many_addresses_are_remembered_and_no_more(monkeypatch) -> None:
    monkeypatch.setattr(gates, "ADDRESSES_AT_MOST", 3)
    gate = Gate(16, 1, Clock())
    for last in (1, 2, 3, 4):
        assert refused(gate, f"192.0.2.{last}") is None
    assert refused(gate, "192.0.2.4") == "resolver_often"
    assert refused(gate, "192.0.2.1") is None  # forgotten
    assert len(gate._in_hand) == 3


def test_a_quarter_of_the_threads_answers_strangers_and_a_failure_gives_its_lane_back() -> None:
    gate = Gate(8, 1_000, Clock())
    assert gate.lanes == 2
    assert Gate(1, 1).lanes == 1
    with gate.passed("192.0.2.1"), gate.passed("192.0.2.2"):
        assert refused(gate, "192.0.2.3") == "resolver_busy"
    for _ in range(5):
        with pytest.raises(RuntimeError), gate.passed("192.0.2.1"):
            raise RuntimeError
    assert refused(gate, "192.0.2.3") is None


def test_every_question_of_strangers_goes_through_the_gate(site) -> None:
    """And nothing else does."""
    house = house_of(site.app)
    full = Gate(4, 1_000)
    site.app.extensions["labelsvc"] = replace(house, gate=full)
    try:
        with full.passed("192.0.2.1"):
            for path in (
                "/01/09520123456788",
                "/00/106141412345678908",
                "/item/PUMP-7",
                "/verify/01/09520123456788",
                "/verify/gtin/09520123456788/lot/L/ser/1?exp=281119",
                "/checkConnectivity",
                "/.well-known/gs1resolver",
            ):
                answer = site.client(None).get(path)
                assert (answer.status_code, answer.json["code"]) == (429, "resolver_busy"), path
                assert answer.headers["Retry-After"] == "1"
            assert site.client(None).get("/healthz").status_code == 200
            assert site.client().get("/api/v1/lots").status_code == 200
            page = site.client(None).get("/verify/01/09520123456788", headers={"Accept": "text/html"})
            assert (page.status_code, page.mimetype) == (429, "text/html")
    finally:
        site.app.extensions["labelsvc"] = house


def test_threads_do_not_pass_together_what_only_one_may() -> None:
    gate = Gate(16, 50, Clock())
    passed: list[str | None] = []
    threads = [
        threading.Thread(target=lambda: passed.extend(refused(gate, "192.0.2.1") for _ in range(25))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed.count(None) == 50
