"""Printers that announce themselves: a real one by a real daemon, and announcements that nobody should believe."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from zeroconf import IPVersion, ServiceInfo, ServiceStateChange, Zeroconf

from labelsvc.printers.discovery import _AT_MOST, Suggestion, _Seen, clean, discover, suggest
from labelsvc.printers.uris import transport_for

LOOPBACK = ["127.0.0.1"]
WHERE = ("zd621.local.", "192.0.2.7", 9100)


def announced(name: str, until: int, seconds: float = 1.0) -> list[Suggestion]:
    """Return what is announced by a name, once that is so much."""
    for _ in range(15):
        found = [one for one in discover(seconds, interfaces=LOOPBACK) if one.name == name]
        if len(found) >= until:
            return found
    raise AssertionError(f"Expected {until} announcements of {name}, got {found}.")


def test_a_real_printer_is_suggested_with_a_uri_that_reaches_it(ipp_printer, tmp_path: Path) -> None:
    printer = ipp_printer(name="Line 3 (tests)")
    found = {one.service: one for one in announced("Line 3 (tests)", 2)}
    assert {one.model for one in found.values()} == {"Zebra ZD621"}
    plain, secured = found["_ipp._tcp"], found["_ipps._tcp"]
    uuid = plain.uri.partition("?uuid=")[2]
    assert len(uuid) == 36
    assert plain.uri == f"ipp://127.0.0.1:{printer.port}/ipp/print?uuid={uuid}"
    assert secured.uri == f"ipps://127.0.0.1:{printer.port}/ipp/print?uuid={uuid}&pin=sha256:HEX"
    assert plain.port == printer.port
    first = transport_for(plain.uri, 8, tmp_path)
    first.open(at_rest=True)
    first.close()


@pytest.fixture
def network() -> Iterator[Zeroconf]:
    """What announces on loopback."""
    opened = Zeroconf(LOOPBACK, ip_version=IPVersion.V4Only)
    yield opened
    opened.close()


def test_a_label_printer_on_its_raw_port_is_suggested_by_its_address(network) -> None:
    texts = {"ty": "ZTC ZD621-203dpi ZPL", "usb_MFG": "Zebra Technologies", "usb_MDL": "ZD621", "pdl": "x" * 200}
    service = "_pdl-datastream._tcp.local."
    info = ServiceInfo(
        service, f"Packing 7.{service}", port=9100, properties=texts, server="d7j1.local.",
        addresses=[socket.inet_aton("127.0.0.1")],
    )  # fmt: skip
    network.register_service(info)
    expected = ("Packing 7", "ZTC ZD621-203dpi ZPL", "_pdl-datastream._tcp", "d7j1.local", 9100, "tcp://127.0.0.1:9100")
    assert announced("Packing 7", 1) == [Suggestion(*expected)]
    network.unregister_service(info)


@pytest.mark.parametrize(
    ("service", "texts", "uri"),
    [
        ("_pdl-datastream._tcp", {}, "tcp://192.0.2.7:9100"),
        ("_pdl-datastream._tcp", {b"rp": b"../../x"}, "tcp://192.0.2.7:9100"),
        ("_printer._tcp", {b"rp": b"auto"}, None),
        ("_http._tcp", {}, None),
        ("_ipp._tcp", {}, "ipp://192.0.2.7:9100/ipp/print"),
        ("_ipp._tcp", {b"rp": b"printers/line3"}, "ipp://192.0.2.7:9100/printers/line3"),
        ("_ipp._tcp", {b"RP": b"/ipp/"}, "ipp://192.0.2.7:9100/ipp"),
        ("_ipp._tcp", {b"rp": None}, "ipp://192.0.2.7:9100/ipp/print"),
        ("_ipp._tcp", {b"rp": b"a/../../b"}, None),
        ("_ipp._tcp", {b"rp": b"a?format=x/y&b=c"}, None),
        ("_ipp._tcp", {b"rp": b"x\r\nHost: y"}, None),
        ("_ipp._tcp", {b"rp": b"\xff\xfe"}, None),
        ("_ipp._tcp", {b"UUID": b"not one"}, None),
        ("_ipps._tcp", {b"rp": b"ipp/print"}, "ipps://192.0.2.7:9100/ipp/print?pin=sha256:HEX"),
    ],
)
def test_a_uri_is_one_of_ours_or_there_is_none(service: str, texts: dict[bytes, bytes | None], uri: str | None) -> None:
    assert suggest(service, "p", WHERE, texts).uri == uri


@pytest.mark.parametrize(
    ("where", "uri"),
    [
        (("a.local.", "2001:db8::7", 9100), "tcp://[2001:db8::7]:9100"),
        (("a.local.", "192.0.2.7", 0), None),
        (("a.local.", "192.0.2.7", 70_000), None),
    ],
)
def test_a_port_that_is_none_has_no_uri(where: tuple[str, str, int], uri: str | None) -> None:
    assert suggest("_pdl-datastream._tcp", "p", where, {}).uri == uri


def test_a_model_is_told_by_the_printers_type_or_by_what_it_is_on_usb() -> None:
    usb = {b"usb_MFG": b"Zebra", b"usb_MDL": b"ZD621"}
    assert suggest("_ipp._tcp", "p", WHERE, {**usb, b"ty": b"ZTC ZD621"}).model == "ZTC ZD621"
    assert suggest("_ipp._tcp", "p", WHERE, usb).model == "Zebra ZD621"
    assert suggest("_ipp._tcp", "p", WHERE, {b"ty": b""}).model is None


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Line 3", "Line 3"),
        ("\x1b[31mred\x07\tand\nmore", "?[31mred??and?more"),
        ("right\u202eto left\u200b", "right?to left?"),
        ("Dílna č. 4 工場", "Dílna č. 4 工場"),
        ("x" * 1_000, "x" * 80),
        ("  many   spaces  ", "many spaces"),
    ],
)
def test_what_a_stranger_said_is_shown_without_what_a_terminal_obeys(said: str, shown: str) -> None:
    assert clean(said) == shown
    assert suggest("_ipp._tcp", said, (said, "192.0.2.7", 1), {b"ty": said.encode()}).name == shown


def test_a_network_full_of_announcements_is_not_listened_to_without_end() -> None:
    seen = _Seen()
    for number in range(10 * _AT_MOST):
        seen.heard("_ipp._tcp.local.", f"{number}._ipp._tcp.local.", ServiceStateChange.Added)
    assert len(seen.announced()) == _AT_MOST
    seen.heard("_ipp._tcp.local.", "0._ipp._tcp.local.", ServiceStateChange.Removed)
    assert len(seen.announced()) == _AT_MOST - 1
