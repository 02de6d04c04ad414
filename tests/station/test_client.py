"""The way to the server: it is known by a pin or an authority before the key is sent, and says what failed."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from labelsvc.errors import InvalidInput
from labelsvc.printers.virtual.tls import make_identity
from labelsvc.station.client import Refused, Server, Unreachable


class _Handler(http.server.BaseHTTPRequestHandler):
    keys: list[str | None]

    def do_POST(self) -> None:
        self.server.keys.append(self.headers["Authorization"])  # type: ignore[attr-defined]
        self.rfile.read(int(self.headers["Content-Length"]))
        status, body = {
            "/well": (200, b'{"said": 1}'),
            "/no-object": (200, b"[1]"),
            "/garbage": (200, b"<html>"),
            "/refused": (409, b'{"code": "journal_gap", "detail": "Expected", "sequence": 7}'),
            "/fails": (503, b'{"code": "database_lost"}'),
            "/busy": (429, b'{"code": "streams_busy"}'),
        }[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, str, Path, list[str | None]]]:
    """A TLS server: its URL, its pin, its certificate, and the keys that it was shown."""
    certificate = tmp_path / "certificate.pem"
    identity = make_identity("server", "127.0.0.1")
    certificate.write_bytes(identity.certificate)
    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    serving.keys = []  # type: ignore[attr-defined]
    serving.socket = identity.context.wrap_socket(serving.socket, server_side=True)
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"https://127.0.0.1:{serving.server_address[1]}", identity.pin, certificate, serving.keys  # type: ignore[attr-defined]
    serving.shutdown()
    serving.server_close()
    thread.join()


def test_the_server_is_known_by_its_pin_or_by_an_authority_and_gets_the_key(web, tmp_path: Path) -> None:
    url, pin, certificate, keys = web
    key = tmp_path / "key"
    key.write_text("lsk_one\n", "ascii")
    assert Server(url, key, pin=pin).ask("/well", {}) == {"said": 1}
    key.write_text("lsk_two\n", "ascii")  # rotated
    assert Server(url, key, ca=certificate).ask("/well", {}) == {"said": 1}
    assert keys == ["Bearer lsk_one", "Bearer lsk_two"]


def test_who_is_not_the_server_never_sees_the_key(web, tmp_path: Path) -> None:
    url, _, _, keys = web
    key = tmp_path / "key"
    key.write_text("lsk_one", "ascii")
    for server in (Server(url, key, pin="sha256:" + "0" * 64), Server(url, key)):
        with pytest.raises(Unreachable):
            server.ask("/well", {})
    assert keys == []


def test_what_is_no_answer_is_tried_again_and_a_refusal_says_why(web, tmp_path: Path) -> None:
    url, pin, _, _ = web
    key = tmp_path / "key"
    key.write_text("lsk_one", "ascii")
    server = Server(url, key, pin=pin)
    for path in ("/no-object", "/garbage", "/fails", "/busy"):
        with pytest.raises(Unreachable):
            server.ask(path, {})
    with pytest.raises(Refused) as refused:
        server.ask("/refused", {})
    assert (refused.value.status, refused.value.code, refused.value.facts["sequence"]) == (409, "journal_gap", 7)
    key.unlink()
    with pytest.raises(Unreachable):
        server.ask("/well", {})


@pytest.mark.parametrize("url", ["ftp://a", "https://", "https://u:p@a", "https://a?x=1", "a"])
def test_a_server_is_a_plain_url(url: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        Server(url, tmp_path / "key")
    with pytest.raises(InvalidInput):
        Server("https://a", tmp_path / "key", pin="sha256:12")
