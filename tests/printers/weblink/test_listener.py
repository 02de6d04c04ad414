"""Where printers dial in: who is not known gets nothing, and whoever dawdles, floods or says nonsense is bounded."""

from __future__ import annotations

import json
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from labelsvc.errors import Unavailable
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.virtual.tls import Identity
from labelsvc.printers.weblink import listener, websocket
from labelsvc.printers.weblink.callers import Callers
from labelsvc.printers.weblink.listener import Listener
from labelsvc.printers.weblink.messages import PROTOCOL, RAW
from tests.printers.weblink.exchange import SERIAL, WAIT, Exchange, exchange_of, until
from tests.printers.weblink.test_messages import channel, discovery


def dial(exchange: Exchange, path: str = "", protocol: str = PROTOCOL) -> ClientConnection:
    """Connect as a printer does; it says nothing yet."""
    context = ssl.create_default_context(cafile=exchange.ca)
    url = exchange.url.replace("https", "wss") + path
    return connect(url, ssl=context, subprotocols=[Subprotocol(protocol)], proxy=None, close_timeout=1)


def is_hung_up_on(caller: ClientConnection) -> bool:
    try:
        while True:
            caller.recv(WAIT)
    except ConnectionClosed:
        return True


def test_a_printer_that_is_known_is_asked_for_its_alerts_and_is_there(exchange: Exchange) -> None:
    with dial(exchange) as main:
        main.send(discovery(SERIAL.encode()))
        assert json.loads(main.recv(WAIT)) == {"configure_alert": "ALL MESSAGES,SDK,Y,Y,,,N"}
        assert exchange.callers.connected() == {SERIAL: ()}
    until(lambda: not exchange.callers.connected())


def test_a_printer_that_is_not_known_is_told_nothing(exchange: Exchange) -> None:
    with VirtualPrinter(unique_id="STRANGER") as printer:
        weblink = exchange.dial(printer)
        with dial(exchange) as caller:
            caller.send(discovery(b"STRANGER\0\0\0\0"))
            assert is_hung_up_on(caller)
        assert exchange.callers.connected() == {}
        exchange.callers.expect([SERIAL, "STRANGER"])
        until(lambda: exchange.callers.connected() == {"STRANGER": ()})
        assert weblink.failure == ""
        exchange.callers.expect([SERIAL])  # nor may it stay
        until(lambda: not exchange.callers.connected())


def test_a_channel_that_nobody_asked_for_is_closed(exchange: Exchange) -> None:
    exchange.printer()
    with dial(exchange) as caller:
        caller.send(channel(unique_id=SERIAL))
        assert is_hung_up_on(caller)


@pytest.mark.parametrize(
    "first", ["text", b"nonsense", b"x" * (websocket.MESSAGE_AT_MOST + 1), discovery(b"\0" * 12), [b"a", b"b"] * 40_000]
)
def test_nonsense_is_the_end_of_a_connection(exchange: Exchange, first: str | bytes | list[bytes]) -> None:
    with dial(exchange) as caller:
        try:
            caller.send(first)
        except ConnectionClosed:
            return
        assert is_hung_up_on(caller)


def test_another_path_another_protocol_and_what_is_no_websocket_are_refused(exchange: Exchange) -> None:
    with pytest.raises(InvalidStatus, match="404"):
        dial(exchange, "/other")
    with pytest.raises(InvalidStatus, match="400"):
        dial(exchange, protocol="v9.other")
    context = ssl.create_default_context(cafile=exchange.ca)
    plain_get, binary = b"GET /weblink HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01" + b"\0" * 90 + b"\r\n\r\n"
    for request in (plain_get, binary, b"A" * 9_000 + b"\r\n"):
        plain = socket.create_connection(exchange.listener.address, WAIT)
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as caller:
            caller.sendall(request)
            assert caller.recv(4_096)[:10] in (b"", b"HTTP/1.1 4")
    assert exchange.callers.connected() == {}


def test_less_than_tls_1_2_and_no_tls_at_all_are_refused(exchange: Exchange) -> None:
    with socket.create_connection(exchange.listener.address, WAIT) as plain:
        plain.sendall(b"GET /weblink HTTP/1.1\r\n\r\n")
        while data := plain.recv(100):
            assert not data.startswith(b"HTTP")  # an alert of TLS, if anything
    assert exchange.callers.connected() == {}


def test_who_takes_his_time_to_say_who_he_is_has_ten_seconds_and_at_most_so_many_do(
    identity: Identity, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "GREETING_SECONDS", 0.5)
    monkeypatch.setattr(listener, "GREETINGS_AT_MOST", 2)
    with exchange_of(identity, ca) as exchange:
        slow = [socket.create_connection(exchange.listener.address, WAIT) for _ in range(3)]
        try:
            for connection in slow:
                connection.sendall(b"\x16")  # the first byte of a handshake
                with suppress(ConnectionResetError):
                    assert connection.recv(100) == b""
        finally:
            for connection in slow:
                connection.close()
        exchange.printer()  # and then there is room again


def test_each_printer_says_its_own_password(identity: Identity, ca: Path) -> None:
    passwords = {SERIAL: "open sesame", "OTHER": "other"}
    with exchange_of(identity, ca, passwords) as exchange, VirtualPrinter() as printer:
        exchange.callers.expect([SERIAL, "OTHER"])
        with pytest.raises(InvalidStatus, match="401"):
            dial(exchange)
        for user, password in ((SERIAL, "wrong"), ("NOBODY", ""), (SERIAL, "")):
            weblink = exchange.dial(printer, url=exchange.url.replace("//", f"//{user}:{password}@"))
            until(lambda weblink=weblink: "401" in weblink.failure)
            weblink.close()
        stolen = exchange.dial(printer, url=exchange.url.replace("//", "//OTHER:other@"))
        until(lambda: not stolen.failure and printer.state().powered)
        assert exchange.callers.connected() == {}
        stolen.close()
        exchange.dial(printer, url=exchange.url.replace("//", f"//{SERIAL}:open%20sesame@"))
        until(lambda: exchange.callers.connected() == {SERIAL: ()})
        exchange.callers.open(SERIAL, RAW).reset()


def test_a_port_that_is_taken_is_one_sentence(exchange: Exchange, identity: Identity) -> None:
    port = exchange.listener.address[1]
    with pytest.raises(Unavailable, match=rf"^Expected to listen for printers on 127\.0\.0\.1:{port}, got: "):
        Listener(Callers(), ("127.0.0.1", port), identity.context)
