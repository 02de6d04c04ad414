"""The HTTP server of `serve`, with a small app in it: it ends without cutting an answer short."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest

from labelsvc.cli import listening
from labelsvc.cli.listening import Listener
from labelsvc.errors import Unavailable


class App:
    """Answers in two halves; the second one comes when the test says so."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self.cut_off = threading.Event()

    def __call__(self, environ, start_response) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "600000")])
        return self.body()

    def body(self) -> Iterator[bytes]:
        try:
            yield b"a" * 300_000
            self.asked.set()
            self.go_on.wait(30)
            yield b"b" * 300_000
        finally:
            self.cut_off.set()


@pytest.fixture
def app() -> App:
    return App()


@contextmanager
def running(app, host="127.0.0.1"):
    """A listener on any port, in a thread of its own."""
    listener = Listener(app, (host, 0), threads=2, body_at_most=1_000)
    thread = threading.Thread(target=listener.run)
    thread.start()
    try:
        yield listener, thread
    finally:
        app.go_on.set()
        listener.stop()
        thread.join(30)


@pytest.fixture
def connection() -> Iterator[Callable[[Listener], http.client.HTTPConnection]]:
    """Make connections, which end with the test."""
    with ExitStack() as stack:
        yield lambda listener: stack.enter_context(
            closing(http.client.HTTPConnection(listener.urls[0].removeprefix("http://"), timeout=30))
        )


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_answer_that_has_begun_is_finished_and_nobody_new_is_taken(app, connection, host) -> None:
    """localhost may be two addresses, each with a socket of its own."""
    with running(app, host) as (listener, thread):
        line = connection(listener)
        line.request("GET", "/")
        assert app.asked.wait(30)
        listener.stop()
        while True:  # until the stop has reached the server's own thread
            try:
                connection(listener).connect()
            except (ConnectionRefusedError, ConnectionResetError):  # reset: in the instant of closing
                break
        assert thread.is_alive()
        app.go_on.set()
        assert line.getresponse().read() == b"a" * 300_000 + b"b" * 300_000
        thread.join(30)
        assert not thread.is_alive()


def test_a_request_that_is_still_being_sent_is_answered(app, connection) -> None:
    app.go_on.set()
    with running(app) as (listener, thread):
        line = connection(listener)
        line.connect()
        line.sock.sendall(b"GET / HTTP/1.1\r\n")
        while not any(one.request for one in listener._connections()):
            pass
        listener.stop()
        line.sock.sendall(b"Host: x\r\n\r\n")
        with http.client.HTTPResponse(line.sock) as answer:
            answer.begin()
            assert len(answer.read()) == 600_000
        thread.join(30)
        assert not thread.is_alive()


def test_an_idle_connection_keeps_nobody_waiting(app, connection) -> None:
    app.go_on.set()
    with running(app) as (listener, thread):
        line = connection(listener)
        line.request("GET", "/")
        assert len(line.getresponse().read()) == 600_000
        listener.stop()
        thread.join(5)
        assert not thread.is_alive()


def test_who_takes_longer_than_the_drain_lasts_is_cut_off(app, connection, monkeypatch) -> None:
    """The rest of the app learns of it: what made the answer is closed."""
    monkeypatch.setattr(listening, "DRAIN_SECONDS", 0.2)
    with running(app) as (listener, thread):
        line = connection(listener)
        line.request("GET", "/")
        assert app.asked.wait(30)
        listener.stop()
        thread.join(0.5)
        app.go_on.set()
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError, http.client.RemoteDisconnected)):
            line.getresponse().read()
        thread.join(30)
        assert not thread.is_alive()
        assert app.cut_off.wait(30)


def test_the_end_does_not_overtake_who_asks_for_it(app) -> None:
    """Woken by an earlier pull, the server may hang up while it is being pulled for that: the pipe is there still."""
    failed: list[threading.ExceptHookArgs] = []
    with running(app) as (listener, thread), pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading, "excepthook", failed.append)
        trigger = listener._listening[0].trigger
        pull = trigger._physical_pull

        def pull_twice() -> None:
            pull()
            thread.join(0.2)
            pull()

        patch.setattr(trigger, "_physical_pull", pull_twice)
        listener.stop()
        thread.join(30)
        assert not thread.is_alive()
        for one in threading.enumerate():
            if one.name == "drain":
                one.join(30)
    assert not failed


def test_an_address_that_is_taken_is_unavailable(app) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(Unavailable) as caught:
            Listener(app, ("127.0.0.1", port), threads=1, body_at_most=1_000)
    assert caught.value.code == "address_unusable"
    assert str(caught.value) == f"Expected to listen on 127.0.0.1:{port}, got: Address already in use."


def test_an_address_that_is_none_is_unavailable(app) -> None:
    with pytest.raises(Unavailable) as caught:
        Listener(app, ("300.1.2.3", 8080), threads=1, body_at_most=1_000)
    assert caught.value.code == "address_unusable"


@pytest.mark.parametrize(
    ("proxy", "said"), [(None, "127.0.0.1 http"), ("127.0.0.1", "192.0.2.7 https"), ("192.0.2.1", "127.0.0.1 http")]
)
def test_only_the_proxy_that_was_named_says_where_a_browser_is_and_how_it_came(connection, proxy, said) -> None:
    """Anybody else could say so, too, and guess passwords from a new address each time."""

    def tell(environ, start_response):
        start_response("200 OK", [])
        return [f"{environ['REMOTE_ADDR']} {environ['wsgi.url_scheme']}".encode()]

    listener = Listener(tell, ("127.0.0.1", 0), threads=1, body_at_most=1_000, proxy=proxy)
    thread = threading.Thread(target=listener.run)
    thread.start()
    try:
        line = connection(listener)
        line.request("GET", "/", headers={"X-Forwarded-For": "198.51.100.1, 192.0.2.7", "X-Forwarded-Proto": "https"})
        assert line.getresponse().read().decode() == said
    finally:
        listener.stop()
        thread.join(30)
