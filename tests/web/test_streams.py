from __future__ import annotations

import http.client
import logging
import threading
from collections.abc import Iterator

import pytest
import waitress.server
from flask import g
from waitress import wasyncore

from labelsvc.domain.batches import Download
from labelsvc.errors import InvalidInput, TooMany
from labelsvc.web.streams import Lanes, streamed


@pytest.fixture(scope="module")
def address(site) -> Iterator[tuple[str, int]]:
    """The app behind a real server and a real socket."""
    sockets: dict[int, object] = {}
    server = waitress.server.create_server(site.app, map=sockets, host="127.0.0.1", port=0, threads=4)
    stop = threading.Event()

    def run() -> None:
        while not stop.is_set():
            wasyncore.loop(timeout=0.05, map=sockets, count=1)

    thread = threading.Thread(target=run)
    thread.start()
    yield "127.0.0.1", server.effective_port
    stop.set()
    thread.join()
    server.task_dispatcher.shutdown()
    wasyncore.close_all(sockets)


def test_an_error_before_the_first_byte_is_a_problem_document(site) -> None:
    def body() -> Iterator[bytes]:
        raise InvalidInput("text_too_wide", "Expected a text that fits, got a wider one.")
        yield b""

    with site.app.test_request_context():
        g.request_id = "r"
        with pytest.raises(InvalidInput):
            streamed(Lanes(2), lambda: Download("text/csv", "a.csv", body()))


def test_an_error_in_the_midst_breaks_the_connection(site, address, monkeypatch, caplog) -> None:
    """A body that was cut short must not look whole to who receives it."""

    def body() -> Iterator[bytes]:
        yield b"serial\r\n" * 10_000
        raise RuntimeError("the disk is gone")

    batch = site.batch(1)
    download = Download("text/csv", "a.csv", body())
    monkeypatch.setattr("labelsvc.issuing.downloads.serials_csv", lambda *_args: download)
    connection = http.client.HTTPConnection(*address, timeout=30)
    headers = {"Authorization": f"Bearer {site.keys['qa']}"}
    with caplog.at_level(logging.ERROR):
        connection.request("GET", batch["links"]["serials"], headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer.read()
    connection.close()
    assert "stream_broken" in caplog.text


def test_slow_readers_never_take_all_threads(site) -> None:
    """Half the threads may stream; the next download is refused before anything is made, and the line goes on."""
    lanes = Lanes(4)
    with site.app.test_request_context():
        g.request_id = "r"
        first, _ = (streamed(lanes, lambda: Download("text/csv", "a.csv", iter([b"x", b"y"]))) for _ in range(2))
        with pytest.raises(TooMany, match="at most 2 downloads at once"):
            streamed(lanes, lambda: pytest.fail("made all the same"))
        first.close()
        first.close()
        streamed(lanes, lambda: Download("text/csv", "a.csv", iter([b"x"])))
        with pytest.raises(TooMany):
            streamed(lanes, lambda: pytest.fail("made all the same"))


def test_a_download_that_cannot_be_made_leaves_its_lane() -> None:
    lanes = Lanes(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            streamed(lanes, lambda: 1 / 0)


def test_a_client_that_leaves_ends_the_making(site) -> None:
    ended = threading.Event()

    def body() -> Iterator[bytes]:
        try:
            while True:
                yield b"x"
        finally:
            ended.set()

    with site.app.test_request_context():
        g.request_id = "r"
        response = streamed(Lanes(2), lambda: Download("text/csv", "a.csv", body()))
        stream = response.iter_encoded()
        next(stream)
        response.close()
    assert ended.is_set()


def test_a_long_download_is_made_while_it_is_read(site, address) -> None:
    """Ten million serials begin to arrive long before they could all have been made."""
    batch = site.batch(10_000_000)
    connection = http.client.HTTPConnection(*address, timeout=30)
    connection.request("GET", batch["links"]["serials"], headers={"Authorization": f"Bearer {site.keys['qa']}"})
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.getheader("Transfer-Encoding") == "chunked"
    lines = answer.read(40).split(b"\r\n")
    assert lines[0].startswith(b"serial")
    assert lines[1].startswith(batch["first_serial"].encode())
    connection.close()


def test_a_body_of_100_mb_through_a_socket_is_refused(site, address) -> None:
    connection = http.client.HTTPConnection(*address, timeout=60)
    headers = {"Authorization": f"Bearer {site.keys['line']}", "Content-Type": "application/json"}
    blocks = (b" " * 1_000_000 for _ in range(100))
    connection.request("POST", "/api/v1/lots", blocks, headers, encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 413
    assert b"body_too_large" in answer.read()
    connection.close()


def test_a_body_that_says_it_is_longer_than_it_may_be_is_refused(site, address) -> None:
    connection = http.client.HTTPConnection(*address, timeout=30)
    headers = {"Authorization": f"Bearer {site.keys['line']}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/lots", b" " * 1_500_000, headers)
    answer = connection.getresponse()
    assert answer.status == 413
    connection.close()
