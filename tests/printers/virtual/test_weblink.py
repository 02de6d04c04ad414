"""The virtual printer dials out: main connection, channels and alerts, to a server made of the websockets library."""

from __future__ import annotations

import base64
import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State
from websockets.sync.server import ServerConnection, serve

from labelsvc.errors import InvalidInput
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.virtual.tls import Identity, make_identity
from labelsvc.printers.virtual.weblink import Weblink

WAIT = 20.0
LABEL = b"^XA^FO10,10^FDlabel^FS^FN1^FDSN1^FS^HV1,64,<,>,L^FS^XZ"
PROTOCOL = "v1.weblink.zebra.com"


class Server:
    """Waits for printers; each connection is put into `came` with its first frame, and held until it ends."""

    def __init__(self) -> None:
        self.came: queue.Queue[tuple[ServerConnection, dict[str, Any]]] = queue.Queue()
        self.url = ""

    def hold(self, connection: ServerConnection) -> None:
        first = connection.recv(WAIT)
        assert isinstance(first, bytes), "binary frames only"
        self.came.put((connection, json.loads(first)))
        while connection.state is State.OPEN:
            time.sleep(0.02)

    def next(self) -> tuple[ServerConnection, dict[str, Any]]:
        return self.came.get(timeout=WAIT)

    def channel(self, main: ServerConnection, name: str) -> tuple[ServerConnection, dict[str, Any]]:
        main.send(json.dumps({"open": name}).encode())
        return self.next()


@pytest.fixture
def identity() -> Identity:
    return make_identity("server", "127.0.0.1")


@contextmanager
def running(identity: Identity, *protocols: str) -> Iterator[Server]:
    made = Server()
    # Two threads have each connection, and a session ticket that comes between them may hold one of them up for long.
    identity.context.num_tickets = 0
    with serve(made.hold, "127.0.0.1", 0, ssl=identity.context, subprotocols=protocols or None) as server:  # type: ignore[arg-type]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        made.url = f"https://127.0.0.1:{server.socket.getsockname()[1]}/weblink"
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture
def server(identity: Identity) -> Iterator[Server]:
    with running(identity, PROTOCOL) as made:
        yield made


@pytest.fixture
def ca(identity: Identity, tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    file.write_bytes(identity.certificate)
    return file


def test_it_tells_its_serial_number_opens_channels_prints_and_answers(server: Server, ca: Path) -> None:
    with VirtualPrinter(unique_id="D2J180000001") as printer, Weblink(printer, server.url, ca):
        main, first = server.next()
        assert main.subprotocol == PROTOCOL
        assert base64.b64decode(first["discovery_b64"])[188:200] == b"D2J180000001"
        raw, who = server.channel(main, "v1.raw.zebra.com")
        assert (who["channel_name"], who["unique_id"]) == ("v1.raw.zebra.com", "D2J180000001")
        raw.send(LABEL + b"~HI")
        answer = b""
        while not answer.endswith(b"\x03"):
            answer += raw.recv(WAIT)
        assert answer.startswith(b"<SN1>\x02ZD621") or answer.endswith(b"<SN1>")
        assert printer.labels == [LABEL]
        config, who = server.channel(main, "v1.config.zebra.com")
        assert who["channel_name"] == "v1.config.zebra.com"
        config.send(b'{}{"odometer.total_label_count":null}')
        assert json.loads(config.recv(WAIT)) == {"odometer.total_label_count": "1"}


def test_alerts_are_told_once_they_were_asked_for(server: Server, ca: Path) -> None:
    with VirtualPrinter() as printer, Weblink(printer, server.url, ca):
        main, _ = server.next()
        printer.open_head()
        main.send(json.dumps({"configure_alert": "ALL MESSAGES,SDK,Y,Y,,,N"}).encode())
        told = json.loads(main.recv(WAIT))["alert"]
        assert (told["unique_id"], told["condition"], told["condition_state"]) == ("VIRTUAL00001", "HEAD OPEN", "SET")
        printer.close_head()
        assert json.loads(main.recv(WAIT))["alert"]["condition_state"] == "CLEAR"


def test_tcp_and_weblink_share_one_parser(server: Server, ca: Path) -> None:
    with VirtualPrinter() as printer, Weblink(printer, server.url, ca):
        main, _ = server.next()
        with printer.dial("data") as line:
            assert printer.wait_for(lambda state: state.connections == 1, WAIT)
            raw, _ = server.channel(main, "v1.raw.zebra.com")
            raw.send(LABEL)
            assert printer.wait_for(lambda state: state.connections == 2, WAIT)
            line.sendall(b"^XA^FDfirst^FS^XZ")
            assert printer.wait_for_labels(1, WAIT)
        assert printer.wait_for_labels(2, WAIT)
        assert printer.labels == [b"^XA^FDfirst^FS^XZ", LABEL]


def test_a_power_cut_ends_every_connection_and_afterwards_it_dials_again(server: Server, ca: Path) -> None:
    with VirtualPrinter() as printer, Weblink(printer, server.url, ca, retry_seconds=0.02):
        main, _ = server.next()
        raw, _ = server.channel(main, "v1.raw.zebra.com")
        printer.power_off()
        for connection in (main, raw):
            with pytest.raises(ConnectionClosed):
                connection.recv(WAIT)
        printer.power_on()
        _, first = server.next()
        assert "discovery_b64" in first


def test_a_printer_that_closes_its_config_channel_does_so_after_each_answer(server: Server, ca: Path) -> None:
    with VirtualPrinter(closes_json=True) as printer, Weblink(printer, server.url, ca):
        main, _ = server.next()
        config, _ = server.channel(main, "v1.config.zebra.com")
        config.send(b'{}{"appl.name":null}')
        assert json.loads(config.recv(WAIT)) == {"appl.name": "V84.20.23Z"}
        with pytest.raises(ConnectionClosed):
            config.recv(WAIT)


def test_a_real_printer_opens_more_main_connections_than_it_needs(server: Server, ca: Path) -> None:
    with VirtualPrinter() as printer, Weblink(printer, server.url, ca, mains=3):
        assert all("discovery_b64" in server.next()[1] for _ in range(3))


def test_a_server_whose_certificate_another_authority_signed_is_not_spoken_to(server: Server, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(make_identity("other", "127.0.0.1").certificate)
    with VirtualPrinter() as printer, Weblink(printer, server.url, other, retry_seconds=0.01) as weblink:
        assert printer.wait_for(lambda _: "CERTIFICATE_VERIFY_FAILED" in weblink.failure, WAIT)
    assert server.came.empty()


def test_a_server_that_does_not_speak_weblink_is_left(identity: Identity, ca: Path) -> None:
    with running(identity) as server, VirtualPrinter() as printer:
        with Weblink(printer, server.url, ca, retry_seconds=0.01) as weblink:
            assert printer.wait_for(lambda _: weblink.failure == f"Expected {PROTOCOL}, got None.", WAIT)
        assert server.came.empty()


@pytest.mark.parametrize("url", ["http://h/p", "ws://h/p", "https://", "h", "https://h/" + "p" * 2048])
def test_it_dials_over_tls_only(url: str) -> None:
    with VirtualPrinter() as printer, pytest.raises(InvalidInput, match="Expected https://HOST/PATH"):
        Weblink(printer, url)


def test_a_file_of_authorities_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for name in ("ca.pem", "missing.pem"):
        with VirtualPrinter() as printer, pytest.raises(InvalidInput, match="Expected a file of authorities"):
            Weblink(printer, "https://h/p", tmp_path / name)
