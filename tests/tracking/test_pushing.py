"""Partners are sent what is for them: signed, at least once, by one key, and it is seen what could not be sent."""

from __future__ import annotations

import base64
import hmac
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from labelsvc import access
from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.connections import NewConnection
from labelsvc.errors import Conflict, InvalidInput, NotFound, Unavailable
from labelsvc.storage import connections as rows
from labelsvc.storage.connections import Link
from labelsvc.tracking import capturing, connections, pushing
from labelsvc.tracking.own_events import Why, object_event
from labelsvc.tracking.pushing import ATTEMPTS_AT_MOST, Pusher
from labelsvc.webhooks import posting
from tests.plant import NOW

PARTY = "https://id.gs1.org/417/9521141111116"
OTHER = "https://id.gs1.org/417/9506000134352"


class Receiver:
    """A partner's capture interface: answers with `status`; None: hangs; 0: dies before it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status: int | None = 202
        self.events_at_most = 1_000
        self.leave = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                if outer.status is None:
                    outer.leave.wait(30)
                if not outer.status:
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                too_many = len(events_of(body)) > outer.events_at_most
                self.send_response(413 if too_many else outer.status)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                pass

            def finish(self) -> None:
                with suppress(OSError):
                    super().finish()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/capture?key=k"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.leave.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def events(self) -> list[list[str]]:
        """Return the serials of the events of each document."""
        return [[event["epcList"][0].rpartition("/")[2] for event in events_of(body)] for _, body in self.got]


def events_of(body: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(body)["epcisBody"]["eventList"]
    return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


def connect(plant: Any, receiver: Receiver, **more: Any) -> tuple[Link, bytes]:
    asked = NewConnection(receiver.url, PARTY, **more)
    made, secret = connections.add_connection(plant.db, plant.issuer, plant.call(), asked, "loopback")
    return made, base64.b64decode(secret.removeprefix("whsec_"))


def happen(plant: Any, *serials: str, step: str = "shipping", to: str | None = PARTY, by: str = "warehouse") -> None:
    """Capture one event for each serial."""
    destinations = () if to is None else (("owning_party", to),)
    why = Why(step, "in_transit", destinations=destinations)
    epcs = [f"https://id.gs1.org/01/09521321000018/21/{serial}" for serial in serials]
    made = [object_event(NOW - timedelta(hours=1, seconds=n), "OBSERVE", [epc], why) for n, epc in enumerate(epcs)]
    capturing.capture(plant.db, plant.issuer, Call(Actor("key", by), NOW), made)


def push(plant: Any, clock: Clock | None = None) -> None:
    """Send whatever is due, once for each connection."""
    pusher = Pusher(plant.db, plant.issuer, "loopback", clock or Clock())
    pusher.look()
    while pusher._mark is not None:  # a transaction of somebody else is under way on the same server
        pusher.look()
    pusher.close()


def states(plant: Any, link: Link) -> list[tuple[str, int, int | None]]:
    found = connections.list_documents(plant.db, link.id, None, 0, 100).items
    return [(each.state, each.attempts, each.status) for each in found]


def test_what_is_for_a_partner_is_sent_once_and_signed(plant: Any, receiver: Receiver) -> None:
    happen(plant, "before")
    link, secret = connect(plant, receiver, biz_steps=("https://ref.gs1.org/cbv/BizStep-shipping",), token="their-key")
    happen(plant, "A", "B")
    happen(plant, "elsewhere", to=OTHER)
    happen(plant, "nobody", to=None)
    happen(plant, "inspected", step="inspecting")
    for _ in range(3):
        push(plant)
    assert receiver.events() == [["A", "B"]]
    assert states(plant, link) == [("sent", 1, 202)]
    ((headers, body),) = receiver.got
    assert headers["authorization"] == "Bearer their-key"
    assert headers["gs1-signature"] == base64.b64encode(hmac.digest(secret, body, "sha256")).decode()
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    assert headers["webhook-signature"] == "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
    assert headers["idempotency-key"] == headers["webhook-id"]
    document = json.loads(body)
    assert (document["type"], document["schemaVersion"]) == ("EPCISDocument", "2.0")
    assert [event["recordTime"] for event in events_of(body) if "recordTime" in event] == []  # that is theirs to say
    assert all(event["eventID"].startswith("ni:///sha-256;") for event in events_of(body))


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_identifiers_go_out_as_they_are_wanted(plant: Any, receiver: Receiver) -> None:
    connect(plant, receiver, epc_format="Always_EPC_URN")
    happen(plant, "A")
    pusher = Pusher(plant.db, plant.issuer, "loopback", Clock(), ("9521321",))
    pusher.look()
    while pusher._mark is not None:
        pusher.look()
    pusher.close()
    (event,) = events_of(receiver.got[0][1])
    assert event["epcList"] == ["urn:epc:id:sgtin:9521321.000001.A"]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_partner_who_fails_is_sent_the_same_again_until_it_is_taken(plant: Any, receiver: Receiver) -> None:
    link, _ = connect(plant, receiver)
    happen(plant, "A")
    clock = Clock()
    receiver.status = 500
    push(plant, clock)
    push(plant, clock)  # not yet
    assert states(plant, link) == [("failed", 1, 500)]
    clock.at += timedelta(seconds=5)
    push(plant, clock)
    assert states(plant, link) == [("failed", 2, 500)]
    clock.at += timedelta(seconds=9)
    push(plant, clock)
    assert len(receiver.got) == 2
    receiver.status = 201
    clock.at += timedelta(seconds=1)
    push(plant, clock)
    assert states(plant, link) == [("sent", 3, 201)]
    assert len({(headers["idempotency-key"], body) for headers, body in receiver.got}) == 1
    assert len(receiver.got) == 3


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("status", [None, 0])
def test_a_partner_who_hangs_or_dies_delays_nobody_else(
    plant: Any, receiver: Receiver, status: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "_SILENCE_SECONDS", 0.2)
    other = Receiver()
    try:
        link, _ = connect(plant, receiver)
        beside, _ = connect(plant, other)
        receiver.status = status
        happen(plant, "A")
        clock = Clock()
        push(plant, clock)
        assert states(plant, link) == [("failed", 1, None)]
        assert states(plant, beside) == [("sent", 1, 202)]
        receiver.status = 202
        clock.at += timedelta(seconds=5)
        push(plant, clock)
        assert states(plant, link) == [("sent", 2, 202)]
    finally:
        other.close()


def test_a_document_that_is_too_large_becomes_two(plant: Any, receiver: Receiver) -> None:
    link, _ = connect(plant, receiver)
    happen(plant, *"ABCDE")
    receiver.events_at_most = 2
    for _ in range(6):
        push(plant)
    assert sorted(serial for serials in receiver.events() if len(serials) < 3 for serial in serials) == [*"ABCDE"]
    assert {state for state, *_ in states(plant, link)} == {"sent"}
    receiver.events_at_most = 0
    happen(plant, "F")
    push(plant)
    assert states(plant, link)[-1] == ("dead", 1, 413)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_nobody_takes_is_dead_and_can_be_sent_again(plant: Any, receiver: Receiver) -> None:
    link, _ = connect(plant, receiver)
    happen(plant, "A")
    clock = Clock()
    receiver.status = 403
    for _ in range(ATTEMPTS_AT_MOST + 2):
        push(plant, clock)
        clock.at += timedelta(hours=1)
    assert states(plant, link) == [("dead", ATTEMPTS_AT_MOST, 403)]
    (dead,) = connections.list_documents(plant.db, link.id, "dead", 0, 100).items
    assert dead.last_error == "Expected a status from 200 to 299, got 403."
    receiver.status = 202
    connections.send_again(plant.db, plant.call(), link.id, dead.id)
    with pytest.raises(Conflict):
        connections.send_again(plant.db, plant.call(), link.id, dead.id)
    push(plant, clock)
    assert states(plant, link) == [("sent", 1, 202)]
    assert receiver.got[0][1] == receiver.got[-1][1]


def test_a_process_that_is_killed_after_it_sent_sends_the_same_again(
    plant: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, _ = connect(plant, receiver)
    happen(plant, "A", "B")
    clock = Clock()
    with monkeypatch.context() as patch:
        patch.setattr(Pusher, "_settle", _killed)
        push(plant, clock)
    push(plant, clock)  # the other's claim still holds
    clock.at += timedelta(seconds=60)
    push(plant, clock)
    assert states(plant, link) == [("sent", 2, 202)]
    (first, second) = receiver.got
    assert (first[0]["idempotency-key"], first[1]) == (second[0]["idempotency-key"], second[1])


def _killed(*_arguments: object) -> None:
    raise Unavailable("database_closed", "Expected a process, got none.")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_document_that_cannot_be_made_comes_to_its_end(plant: Any, receiver: Receiver) -> None:
    """Somebody removed its event behind our back."""
    link, _ = connect(plant, receiver)
    assert plant.db.write(lambda conn: rows.queue(conn, link, [[10**9]], link.last_id + 1, NOW))
    clock = Clock()
    for _ in range(ATTEMPTS_AT_MOST):
        push(plant, clock)
        clock.at += timedelta(hours=1)
    assert states(plant, link) == [("dead", ATTEMPTS_AT_MOST, None)]


def test_two_processes_put_nothing_into_two_documents(plant: Any, receiver: Receiver) -> None:
    link, _ = connect(plant, receiver)
    happen(plant, "A")
    with plant.db.read() as conn:
        found, reached = rows.step(conn, link, 10**9)
    ids = [[event_id] for event_id, _ in found]
    assert plant.db.write(lambda conn: rows.queue(conn, link, ids, reached, NOW))
    assert not plant.db.write(lambda conn: rows.queue(conn, link, ids, reached, NOW))
    assert len(states(plant, link)) == 1


def test_what_a_partner_brought_comes_back_to_nobody(plant: Any, receiver: Receiver) -> None:
    access.add_key(plant.db, plant.call(), "dealer", "partner", None, PARTY)
    link, _ = connect(plant, receiver, named=False)
    happen(plant, "theirs", by="dealer")
    happen(plant, "ours", to=None)
    push(plant)
    assert receiver.events() == [["ours"]]
    assert states(plant, link) == [("sent", 1, 202)]


def test_only_a_product_that_is_chosen_goes_out(plant: Any, receiver: Receiver) -> None:
    product, other = plant.product("A{seq:3}"), plant.product("A{seq:3}")
    connect(plant, receiver, named=False, products=(product.code,), event_types=("ObjectEvent",))
    for each in (product, other):
        epc = f"https://id.gs1.org/01/{each.code}/21/{plant.serials(plant.issue(plant.lot(each), 1))[0]}"
        made = object_event(NOW, "OBSERVE", [epc], Why("inspecting", None))
        capturing.capture(plant.db, plant.issuer, plant.call(), [made])
    push(plant)
    (event,) = events_of(receiver.got[0][1])
    assert len(receiver.got) == 1
    assert product.code in event["epcList"][0]


def test_a_queue_has_a_bound_and_nothing_beyond_is_lost(
    plant: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "WAITING_AT_MOST", 1)
    monkeypatch.setattr(pushing, "EVENTS_AT_MOST", 2)
    link, _ = connect(plant, receiver)
    receiver.status = 500
    happen(plant, "A", "B", "C")
    push(plant)
    happen(plant, "D")
    push(plant)
    assert len(states(plant, link)) == 2
    receiver.status = 200
    clock = Clock()
    clock.at += timedelta(minutes=1)
    for _ in range(5):
        push(plant, clock)
    assert sorted({serial for serials in receiver.events() for serial in serials}) == [*"ABCD"]
    assert {state for state, *_ in states(plant, link)} == {"sent"}


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_removed_connection_is_sent_nothing_more(plant: Any, receiver: Receiver) -> None:
    link, _ = connect(plant, receiver)
    happen(plant, "A")
    connections.remove_connection(plant.db, plant.call(), link.id)
    push(plant)
    assert receiver.got == []
    with pytest.raises(NotFound):
        connections.get_connection(plant.db, link.id)


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x", "https://10.0.0.1/x", "https://localhost/x", "ftp://example.com"]
)
def test_a_connection_leads_nowhere_inside(plant: Any, url: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        connections.add_connection(plant.db, plant.issuer, plant.call(), NewConnection(url, PARTY), "public")
    assert refusal.value.code == "webhook_url"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_an_address_that_became_private_is_refused_when_it_is_sent(plant: Any, receiver: Receiver) -> None:
    link, _ = connect(plant, receiver)
    happen(plant, "A")
    pusher = Pusher(plant.db, plant.issuer, "private", Clock())
    pusher.look()
    while pusher._mark is not None:
        pusher.look()
    pusher.close()
    assert receiver.got == []
    assert states(plant, link) == [("failed", 1, None)]


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"event_types": ("Event",)}, "connection_events"),
        ({"biz_steps": ("x",) * 101}, "connection_events"),
        ({"token": "two words"}, "connection_token"),
        ({"products": ("A/B",)}, None),
    ],
)
def test_what_is_chosen_is_checked(plant: Any, more: dict[str, Any], code: str | None) -> None:
    asked = NewConnection("https://example.com/capture", PARTY, **more)
    with pytest.raises(InvalidInput) as refusal:
        connections.add_connection(plant.db, plant.issuer, plant.call(), asked, "public")
    assert code in (None, refusal.value.code)
