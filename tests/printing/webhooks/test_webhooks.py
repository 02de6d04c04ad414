"""Webhooks: told once it is committed, signed, tried again, and never where they may not lead."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from labelsvc.domain.issuer import Issuer
from labelsvc.errors import Conflict, InvalidInput, NotFound, Unavailable
from labelsvc.printing.webhooks import webhooks
from labelsvc.printing.webhooks.webhooks import Teller
from labelsvc.storage import fleet, jobs, printers
from labelsvc.storage import webhooks as rows
from labelsvc.storage.tables import webhook_deliveries
from labelsvc.webhooks import posting, signing, targets

EVERY = rows.EVENTS


class Receiver:
    """An HTTP server that keeps what it gets and answers as it is told to."""

    def __init__(self, status: int = 204) -> None:
        self.status, self.headers, self.body = status, {}, b""  # type: dict[str, str]
        self.got: list[tuple[dict[str, str], bytes]] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(outer.status)
                for name, value in outer.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/told?site=3"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@contextmanager
def rude(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A receiver that speaks as `talk` does; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            try:
                while True:
                    with listener.accept()[0] as sock:
                        sock.recv(65_536)
                        talk(sock)
            except OSError:
                pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)


class Clock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def add(plant: Any, url: str, *events: str) -> tuple[rows.Webhook, bytes]:
    made, secret = webhooks.add_webhook(plant.db, plant.issuer, plant.call(), (url, events or EVERY), "loopback")
    return made, base64.b64decode(secret.removeprefix("whsec_"))


def emit(plant: Any, event: str = "lot.closed", **body: Any) -> None:
    plant.db.write(lambda conn: rows.emit(conn, event, body, plant.call().at))  # type: ignore[arg-type]


def tell(plant: Any, clock: Clock | None = None, reach: targets.Reach = "loopback") -> int:
    """Tell everything that is due, and wait until it is told."""
    begun = 0
    while True:
        teller = Teller(plant.db, plant.issuer, reach, clock or Clock(plant.call().at))
        try:
            more = teller.look()
        finally:
            teller._pool.shutdown(wait=True)
        begun += more
        if not more:
            return begun


def deliveries(plant: Any, webhook: rows.Webhook, state: Any = None) -> tuple[rows.Delivery, ...]:
    return webhooks.list_deliveries(plant.db, webhook.id, state, 0, 200).items


def test_what_happened_is_told_signed_and_once(plant: Any, receiver: Receiver) -> None:
    """The signature is checked as the receiver's manual would say: hmac over id.timestamp.body."""
    webhook, secret = add(plant, receiver.url, "lot.closed")
    emit(plant, lot=5, näme="Ž")
    emit(plant, "job.state-changed", job=1)  # nobody asked for that
    assert tell(plant) == 1
    ((headers, body),) = receiver.got
    assert json.loads(body) == {
        "event": "lot.closed",
        "at": "2026-11-20T08:30:00+00:00",
        "data": {"lot": 5, "näme": "Ž"},
    }
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert headers["webhook-timestamp"] == str(int(plant.call().at.timestamp()))
    assert headers["host"] == receiver.url.split("/")[2]
    assert headers["content-type"] == "application/json"
    (told,) = deliveries(plant, webhook)
    assert (told.state, told.attempts) == ("delivered", 1)
    assert headers["webhook-id"] == f"msg_{told.id}_20261120083000000000"
    assert tell(plant) == 0


def test_a_change_that_was_not_committed_is_not_told(plant: Any) -> None:
    webhook, _ = add(plant, "http://127.0.0.1:9/")

    def work(conn: Any) -> None:
        rows.emit(conn, "lot.closed", {}, plant.call().at)
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        plant.db.write(work)
    assert deliveries(plant, webhook) == ()


def test_only_a_state_that_changed_is_told(plant: Any) -> None:
    webhook, _ = add(plant, "http://127.0.0.1:9/")
    printer = plant.printer("p")
    batch = plant.issue(plant.lot(), 3, printer="p")
    at = plant.call().at

    def twice(conn: Any) -> None:
        for _ in range(2):
            printers.set_state(conn, printer.id, "stopped", ("media-empty-error",), at)
            jobs.set_state(conn, batch.job_id, "processing", ("job-printing",))

    plant.db.write(twice)
    plant.db.write(twice)
    plant.db.write(lambda conn: fleet.note(conn, printer.id, "foreign-labels", {"count": 2}, at))
    plant.db.write(lambda conn: fleet.note(conn, printer.id, "identity-changed", {"was": "A", "is": "B"}, at))
    plant.db.write(lambda conn: fleet.note(conn, printer.id, "restarted", {}, at))
    told = [(found.event, json.loads(found.body)["data"]) for found in deliveries(plant, webhook)]
    assert told == [
        (
            "printer.state-changed",
            {"printer": "p", "state": "stopped", "reasons": ["media-empty-error"], "was": "idle"},
        ),
        (
            "job.state-changed",
            {
                "job": batch.job_id,
                "batch": batch.id,
                "printer": "p",
                "state": "processing",
                "reasons": ["job-printing"],
                "was": "pending",
            },
        ),
        ("printer.foreign-labels", {"printer": "p", "count": 2}),
        ("printer.identity-changed", {"printer": "p", "was": "A", "is": "B"}),
    ]


def test_what_is_not_taken_is_tried_again_later_each_time_and_then_dead(plant: Any, receiver: Receiver) -> None:
    webhook, _ = add(plant, receiver.url)
    emit(plant)
    receiver.status = 500
    clock, pauses = Clock(plant.call().at), []
    while (found := deliveries(plant, webhook)[0]).state == "waiting":
        pauses.append((found.due_at - clock.at).total_seconds())
        clock.at = found.due_at - timedelta(microseconds=1)
        assert found.attempts == 0 or tell(plant, clock) == 0
        clock.at = found.due_at
        assert tell(plant, clock) == 1
    assert pauses == [0, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600]
    assert (found.state, found.last_error) == ("dead", "Expected a status from 200 to 299, got 500.")
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert len(receiver.got) == 12
    assert deliveries(plant, webhook, "dead") == (found,)

    receiver.status = 200
    webhooks.redeliver(plant.db, plant.call(), webhook.id, found.id)
    with pytest.raises(Conflict):
        webhooks.redeliver(plant.db, plant.call(), webhook.id, found.id)
    assert tell(plant, clock) == 1
    assert (deliveries(plant, webhook, "dead"), deliveries(plant, webhook)[0].state) == ((), "delivered")


def test_a_redirect_is_not_followed(plant: Any, receiver: Receiver) -> None:
    elsewhere = Receiver()
    try:
        webhook, _ = add(plant, receiver.url)
        receiver.status, receiver.headers = 307, {"Location": elsewhere.url}
        emit(plant)
        tell(plant)
        assert (len(receiver.got), elsewhere.got) == (1, [])
        assert deliveries(plant, webhook)[0].last_error == "Expected a status from 200 to 299, got 307."
    finally:
        elsewhere.close()


def _gigabytes(sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(4_000):
        sock.sendall(bytes(1_000_000))


def _endless_header(sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(4_000):
        sock.sendall(b"x" * 1_000_000)


def _drip(sock: socket.socket) -> None:
    while True:
        sock.sendall(b"H")
        time.sleep(0.05)


def _hang(sock: socket.socket) -> None:
    sock.recv(1)


@pytest.mark.parametrize(
    ("talk", "error"),
    [
        (_gigabytes, None),  # its status was all we wanted
        (_endless_header, "LineTooLong"),
        (_drip, "in time|LineTooLong|BadStatusLine|RemoteDisconnected|ConnectionReset"),
        (_hang, "in time|RemoteDisconnected|ConnectionReset"),
        (lambda sock: sock.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"), "BadStatusLine"),
        (lambda _: None, "RemoteDisconnected|ConnectionReset"),
    ],
)
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_receiver_that_misbehaves_costs_a_bounded_time(
    plant: Any, talk: Any, error: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "SECONDS_AT_MOST", 0.6)
    with rude(talk) as url:
        webhook, _ = add(plant, url)
        emit(plant)
        began = time.monotonic()
        tell(plant)
        assert time.monotonic() - began < 3
        (found,) = deliveries(plant, webhook)
        if error is None:
            assert found.state == "delivered"
        else:
            assert found.state == "waiting"
            assert any(word in (found.last_error or "") for word in error.split("|")), found.last_error


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_receiver_that_hangs_delays_no_other(plant: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "SECONDS_AT_MOST", 1.0)
    with rude(_hang) as url:
        slow, _ = add(plant, url)
        add(plant, receiver.url)
        for _ in range(3):
            emit(plant)
        teller = Teller(plant.db, plant.issuer, "loopback", Clock(plant.call().at))
        began = time.monotonic()
        while len(receiver.got) < 3:
            teller.look()
            time.sleep(0.01)
            assert time.monotonic() - began < 0.9
        teller.close()
        assert deliveries(plant, slow)[0].attempts == 1


def test_two_processes_try_a_delivery_once(plant: Any, receiver: Receiver) -> None:
    add(plant, receiver.url)
    for _ in range(5):
        emit(plant)
    clock = Clock(plant.call().at)
    tellers = [Teller(plant.db, plant.issuer, "loopback", clock) for _ in range(3)]
    end = time.monotonic() + 20
    while len(receiver.got) < 5 and time.monotonic() < end:
        for teller in tellers:
            teller.look()
    for teller in tellers:
        teller.close()
    assert sorted(headers["webhook-id"] for headers, _ in receiver.got) == sorted(
        {headers["webhook-id"] for headers, _ in receiver.got}
    )


def test_a_try_whose_process_died_is_made_again(plant: Any, receiver: Receiver) -> None:
    webhook, _ = add(plant, receiver.url)
    emit(plant)
    (found,) = deliveries(plant, webhook)
    until = plant.call().at + timedelta(seconds=60)
    assert plant.db.write(lambda conn: rows.claim(conn, found, until))
    assert not plant.db.write(lambda conn: rows.claim(conn, found, until))
    assert tell(plant) == 0
    assert tell(plant, Clock(until)) == 1


def test_a_removed_webhook_is_told_nothing_and_its_secret_is_gone(plant: Any, receiver: Receiver) -> None:
    webhook, _ = add(plant, receiver.url)
    emit(plant)
    webhooks.remove_webhook(plant.db, plant.call(), webhook.id)
    emit(plant)
    assert (tell(plant), receiver.got) == (0, [])
    with plant.db.read() as conn:
        assert conn.execute(text("SELECT sealed_secret FROM webhooks")).scalar_one() == ""
    with pytest.raises(NotFound):
        webhooks.get_webhook(plant.db, webhook.id)


def test_what_came_about_while_its_webhook_was_removed_keeps_nobody_from_being_told(
    plant: Any, receiver: Receiver
) -> None:
    """On PostgreSQL an event may be written for a webhook that another transaction removes at that moment."""
    gone, _ = add(plant, receiver.url)
    emit(plant)
    (row,) = deliveries(plant, gone)
    webhooks.remove_webhook(plant.db, plant.call(), gone.id)
    late = {"webhook_id": gone.id, "event": row.event, "body": row.body, "state": "waiting", "attempts": 0}
    late |= {"due_at": row.due_at, "created_at": row.created_at}
    plant.db.write(lambda conn: conn.execute(webhook_deliveries.insert().values(**late)))
    add(plant, receiver.url)
    emit(plant)
    assert (tell(plant), len(receiver.got)) == (1, 1)
    with plant.db.read() as conn:
        left = conn.execute(select(webhook_deliveries.c.webhook_id)).scalars().all()
    assert gone.id not in left


def test_a_message_is_never_known_by_the_id_of_another(plant: Any, receiver: Receiver) -> None:
    """Row ids are given again: after a backup was restored, and by SQLite when there are no rows left."""
    webhook, _ = add(plant, receiver.url)
    emit(plant)
    assert tell(plant) == 1
    (row,) = deliveries(plant, webhook)
    with plant.db.read() as conn:
        (kept,) = conn.execute(select(webhook_deliveries)).all()
    plant.db.write(lambda conn: conn.execute(webhook_deliveries.delete()))
    again = {**kept._mapping, "state": "waiting", "due_at": plant.call().at}
    again["created_at"] = row.created_at + timedelta(days=40)
    plant.db.write(lambda conn: conn.execute(webhook_deliveries.insert().values(**again)))
    assert tell(plant) == 1
    one, two = (headers["webhook-id"] for headers, _ in receiver.got)
    assert one != two


def test_what_waits_for_one_that_hangs_is_bounded(
    plant: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "WAITING_AT_MOST", 3)
    webhook, _ = add(plant, receiver.url)
    receiver.status = 503
    for _ in range(5):
        emit(plant)
    tell(plant)
    assert [found.state for found in deliveries(plant, webhook)] == ["dead", "dead", "waiting", "waiting", "waiting"]
    assert len(receiver.got) == 3


def test_the_secret_is_nowhere_in_the_clear(plant: Any) -> None:
    _, secret = add(plant, "http://127.0.0.1:9/?token=hush")
    dump = repr(plant.tables())
    for form in (secret.hex(), base64.b64encode(secret).decode(), repr(secret)):
        assert form not in dump
    assert "hush" not in repr(plant.audit())
    (stored,) = webhooks.list_webhooks(plant.db, 0, 10).items
    assert signing.opened(plant.issuer.secret, stored.sealed_secret) == secret
    other = Issuer(bytes(32), "https://id.example.com")
    with pytest.raises(Unavailable):
        signing.opened(other.secret, stored.sealed_secret)
    for broken in ("", "x", "AAAA", stored.sealed_secret[:-4] + "AAAA"):
        with pytest.raises(Unavailable):
            signing.opened(plant.issuer.secret, broken)


def test_under_another_secret_nothing_is_sent_unsigned(plant: Any, receiver: Receiver) -> None:
    webhook, _ = add(plant, receiver.url)
    emit(plant)
    tell(replace(plant, issuer=Issuer(bytes(32), "https://id.example.com")))
    assert (receiver.got, deliveries(plant, webhook)[0].state) == ([], "waiting")


def test_what_ended_long_ago_is_forgotten(plant: Any, receiver: Receiver) -> None:
    webhook, _ = add(plant, receiver.url)
    emit(plant)
    tell(plant)
    tell(plant, Clock(plant.call().at + timedelta(days=29)))
    assert len(deliveries(plant, webhook)) == 1
    tell(plant, Clock(plant.call().at + timedelta(days=31)))
    assert deliveries(plant, webhook) == ()


# Where a webhook may lead


@pytest.mark.parametrize(
    "url",
    [
        "http://mes.example.com/",
        "ftp://mes.example.com/",
        "https:///x",
        "https://",
        "https://user@mes.example.com/",
        "https://user:password@mes.example.com/",
        "https://mes.example.com/#here",
        "https://mes.example.com:0/",
        "https://mes.example.com:99999/",
        "https://mes.example.com/\r\nX: y",
        "https://mes.example.com/a b",
        "https://mes.exämple.com/",
        "https://mes.example.com\\@evil.example.com/",
        "https://localhost/",
        "https://LOCALHOST./",
        "http://127.0.0.1/",
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://172.16.0.1/",
        "https://192.168.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://0.0.0.0/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://[2002:7f00:1::]/",
        "https://[64:ff9b::7f00:1]/",
        "https://" + "x" * 500,
    ],
)
def test_a_url_that_leads_where_it_may_not_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        targets.parse(url, "public")
    assert (refusal.value.code, refusal.value.pointer) == ("webhook_url", "/url")


@pytest.mark.parametrize(
    ("url", "reach"),
    [
        ("https://mes.example.com:8443/x?y=z", "public"),
        ("https://[2606:4700::1111]/", "public"),
        ("https://10.0.0.1/", "private"),
        ("https://[fd00::1]/", "private"),
        ("http://127.0.0.1:8080/", "loopback"),
        ("http://localhost:8080/", "loopback"),
        ("http://[::1]/", "loopback"),
    ],
)
def test_a_url_that_the_operator_admits_is_taken(url: str, reach: Any) -> None:
    targets.parse(url, reach)


@pytest.mark.parametrize(
    ("url", "reach"),
    [
        ("http://10.0.0.1/", "loopback"),
        ("https://127.0.0.1/", "private"),
        ("https://169.254.169.254/", "loopback"),
        ("https://100.64.0.1/", "public"),
    ],
)
def test_even_a_wider_reach_has_its_bounds(url: str, reach: Any) -> None:
    with pytest.raises(InvalidInput):
        targets.parse(url, reach)


def test_a_name_is_resolved_once_and_every_address_of_it_must_be_admitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS that says one thing first and another thing then (rebinding) changes nothing: the first is connected to."""
    answers = [["93.184.216.34"], ["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:10.0.0.1"]]

    def resolve(_host: str, port: int, **_more: Any) -> list[Any]:
        family = socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers.pop(0)]

    connected: list[Any] = []

    def connect(address: Any, _timeout: float) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(ConnectionRefusedError):
        posting.post("https://mes.example.com/", {}, b"{}", "public")
    for _ in range(3):
        with pytest.raises(InvalidInput):
            posting.post("https://mes.example.com/", {}, b"{}", "public")
    assert connected == [("93.184.216.34", 443)]


def test_without_tls_a_name_leads_to_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: found)
    target = targets.parse("http://localhost/", "loopback")
    with pytest.raises(InvalidInput):
        targets.resolve(target, "loopback")
    targets.check(ipaddress.ip_address("127.0.0.1"), "loopback")


@pytest.mark.parametrize("events", [(), ("lot.opened",), ("lot.closed", "x" * 500)])
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_unknown_events_are_refused(plant: Any, events: tuple[str, ...]) -> None:
    what = ("https://mes.example.com/", events)
    with pytest.raises(InvalidInput) as refusal:
        webhooks.add_webhook(plant.db, plant.issuer, plant.call(), what, "public")
    assert (refusal.value.code, refusal.value.pointer) == ("webhook_event", "/events")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_there_are_only_so_many_webhooks(plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "WEBHOOKS_AT_MOST", 2)
    add(plant, "http://127.0.0.1:9/")
    add(plant, "http://127.0.0.1:9/")
    with pytest.raises(Conflict):
        add(plant, "http://127.0.0.1:9/")
