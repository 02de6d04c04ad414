"""Whoever subscribed to a query is told what it finds: signed, once, and later where they did not listen."""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from labelsvc.tracking.subscriptions import Reporter
from tests.web.epcis.conftest import event_of, foreign

QUERY = {"name": "shipped", "query": {"EQ_bizStep": ["shipping"]}}
PATH = "/epcis/queries/shipped/subscriptions"


class Receiver:
    """Somebody who is told; answers with what `status` says."""

    def __init__(self) -> None:
        self.messages: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.messages.append((dict(self.headers), body))
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/told"

    def ids(self) -> list[list[str]]:
        """Return which events were in each message."""
        found = [json.loads(body)["epcisBody"]["queryResults"]["resultsBody"]["eventList"] for _, body in self.messages]
        return [[event["eventID"][-1] for event in each] for each in found]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def shipped(n: int, step: str = "shipping") -> dict:
    return event_of(foreign(n), minute=n, bizStep=step, eventID=f"urn:uuid:{n}")


def subscribe(port, receiver, **more):
    object.__setattr__(port.house, "reach", "loopback")
    port.client().post("/epcis/queries", json=QUERY)
    answer = port.client().post(PATH, json={"dest": receiver.url, **more})
    assert answer.status_code == 201, answer.text
    return answer.json


def report(port, after: timedelta = timedelta()) -> None:
    """Tell whatever is due, and wait until it was told."""
    reporter = Reporter(port.house.db, port.house.issuer, "loopback", lambda: datetime.now(UTC) + after)
    reporter.look()
    while reporter._mark is not None:  # a transaction of somebody else is under way on the same server
        reporter.look()
    reporter._pool.shutdown(wait=True)


def test_a_stream_tells_what_fits_once_and_signed(port, receiver) -> None:
    port.capture(shipped(0))
    made = subscribe(port, receiver, stream=True, signatureToken="a token")
    report(port)
    assert receiver.messages == []  # what was there before is no news
    port.capture(shipped(1), shipped(2, "receiving"), shipped(3))
    for _ in range(3):
        report(port)
    assert receiver.ids() == [["1", "3"]]
    headers, body = receiver.messages[0]
    assert headers["GS1-Signature"] == base64.b64encode(hmac.digest(b"a token", body, "sha256")).decode()
    results = json.loads(body)["epcisBody"]["queryResults"]
    assert (results["queryName"], results["subscriptionID"]) == ("shipped", made["subscriptionID"])


def test_who_does_not_listen_is_told_later_from_there_on(port, receiver) -> None:
    made = subscribe(port, receiver, stream=True)
    receiver.status = 500
    port.capture(shipped(1))
    report(port)
    path = f"{PATH}/{made['subscriptionID']}"
    assert port.client().get(path).json["last_error"] == "Expected a status from 200 to 299, got 500."
    report(port)  # not yet: it is tried again after a pause
    assert len(receiver.messages) == 1
    receiver.status = 200
    port.capture(shipped(2))
    report(port, timedelta(seconds=6))
    report(port, timedelta(seconds=7))
    assert receiver.ids() == [["1"], ["1", "2"]]
    assert port.client().get(path).json["tries"] == 0


def test_many_events_make_several_messages(desk, receiver, monkeypatch) -> None:
    monkeypatch.setattr("labelsvc.tracking.subscriptions.EVENTS_AT_ONCE", 2)
    desk.capture(*(shipped(n) for n in range(5)))
    subscribe(desk, receiver, stream=True, initialRecordTime="2000-01-01T00:00:00Z")
    for _ in range(4):
        report(desk)
    assert receiver.ids() == [["0", "1"], ["2", "3"], ["4"]]


def test_a_schedule_tells_at_its_time_and_if_asked_that_there_was_nothing(desk, receiver) -> None:
    made = subscribe(desk, receiver, schedule={"second": "0"}, reportIfEmpty=True)
    assert made["schedule"] == {"second": "0"}
    desk.capture(shipped(1))
    report(desk)
    assert receiver.messages == []
    report(desk, timedelta(seconds=61))
    report(desk, timedelta(seconds=122))
    assert receiver.ids() == [["1"], []]


def test_a_query_that_goes_takes_its_subscriptions_with_it(desk, receiver) -> None:
    one, two = (subscribe(desk, receiver, stream=True) for _ in range(2))
    client = desk.client()
    assert [each["subscriptionID"] for each in client.get(PATH).json] == [one["subscriptionID"], two["subscriptionID"]]
    assert client.delete(f"{PATH}/{one['subscriptionID']}").status_code == 204
    assert client.get(f"{PATH}/{one['subscriptionID']}").json["type"] == "epcisException:NoSuchNameException"
    client.delete("/epcis/queries/shipped")
    desk.capture(shipped(1))
    report(desk)
    assert receiver.messages == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"stream": True, "schedule": {"hour": "1"}}, "subscription_controls"),
        ({}, "subscription_controls"),
        ({"schedule": {"hour": "24"}}, "subscription_schedule"),
        ({"schedule": {"dayOfMonth": "31", "month": "2"}}, "subscription_schedule"),
        ({"stream": True, "initialRecordTime": "now"}, "time_format"),
        ({"stream": True, "dest": "https://127.0.0.1/told"}, "webhook_url"),
        ({"stream": True, "dest": "https://localhost/told"}, "webhook_url"),
        ({"stream": True, "dest": "https://10.0.0.7/told"}, "webhook_url"),
        ({"stream": True, "dest": "https://[::1]/told"}, "webhook_url"),
        ({"stream": True, "dest": "http://erp.example.com/told"}, "webhook_url"),
    ],
)
def test_nobody_is_told_who_may_not_be_or_at_no_time(desk, body: dict, code: str) -> None:
    """Our own machine and network are refused, unless the operator allows them."""
    desk.client().post("/epcis/queries", json=QUERY)
    answer = desk.client().post(PATH, json={"dest": "https://erp.example.com/told", **body})
    assert (answer.status_code, answer.json["code"]) == (400, code)
    if code != "time_format":
        assert answer.json["type"] == "epcisException:SubscriptionControlsException"
