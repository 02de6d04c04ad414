"""Printers on a raw port: one that answers as the guide says, ports that answer nothing, and connections that break."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from labelsvc.printers.dialing import Dial
from labelsvc.printers.tcp import TcpTransport
from labelsvc.printers.transport import NotReady, SendFailed, Unfit
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.zebra.status import ASK
from tests.printers.test_os_queue import _programs, port_daemon

__all__ = ["_programs", "port_daemon"]

IDENTITY = b"\x02ZD621-203dpi,V84.20.23Z,8,8176KB,X\x03"
IDLE = b"\x02030,0,0,1245,000,0,0,0,000,0,0,0\x03\r\n\x02000,0,0,0,0,2,0,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"
LABEL = b"^XA^FO20,20^A0N,30,30^FDA0001^FS^XZ\n"

Behaviour = Callable[[socket.socket], None]


class Port:
    """A listening socket of the test's own; each connection is given to `behave`."""

    def __init__(self, behave: Behaviour, window: int | None = None) -> None:
        self._listener = socket.socket()
        if window is not None:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.address: tuple[str, int] = self._listener.getsockname()
        self._thread = threading.Thread(target=self._serve, args=(behave,), daemon=True)
        self._thread.start()

    def _serve(self, behave: Behaviour) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection, suppress(OSError):
                    connection.settimeout(10)
                    behave(connection)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


@contextmanager
def port(behave: Behaviour, window: int | None = None) -> Iterator[Port]:
    opened = Port(behave, window)
    try:
        yield opened
    finally:
        opened.close()


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def take(connection: socket.socket, count: int) -> bytes:
    """Read exactly so many bytes."""
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        assert piece, "the sender hung up"
        data += piece
    return data


def drain(connection: socket.socket) -> bytes:
    """Read until the other end closes."""
    data = b""
    while piece := connection.recv(65_536):
        data += piece
    return data


def to(address: tuple[str, int], **options: float) -> TcpTransport:
    return TcpTransport(Dial(*address), 8, **{"answer_seconds": 0.3, "stall_seconds": 0.5, **options})


def to_printer(printer: VirtualPrinter, **options: float) -> TcpTransport:
    return to(("127.0.0.1", printer.port), **{"answer_seconds": 5.0, **options})


def test_a_printer_that_answers_gets_the_labels_byte_for_byte() -> None:
    with VirtualPrinter() as printer:
        transport = to_printer(printer)
        transport.open(at_rest=False)
        transport.send([LABEL * 3, LABEL])
        transport.send([LABEL])
        assert transport.close() is None
        assert printer.labels == [LABEL.strip()] * 5


@pytest.mark.parametrize("at_rest", [False, True])
def test_another_ones_port_daemon_gets_the_labels_byte_for_byte(port_daemon, at_rest: bool) -> None:
    number, device = port_daemon
    every_byte = bytes(range(256)) * 4_000
    transport = to(("127.0.0.1", number), stall_seconds=10.0)
    transport.open(at_rest=at_rest)
    for _ in range(10):
        transport.send([LABEL * 20])
    transport.send([every_byte])
    assert transport.close() is None
    until = time.monotonic() + 20
    while device.stat().st_size < len(ASK + LABEL * 200 + every_byte) and time.monotonic() < until:
        time.sleep(0.02)
    assert device.read_bytes() == ASK + LABEL * 200 + every_byte


def test_nobody_there_is_not_ready() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, but it does not listen
        address = closed.getsockname()
        with pytest.raises(NotReady) as refused:
            to(address).open(at_rest=False)
    assert refused.value.reasons == ("connecting-to-device",)
    assert refused.value.message == f"Expected a printer at 127.0.0.1:{address[1]}, got connection refused."


def test_a_port_that_answers_nothing_still_prints() -> None:
    received = []
    with port(lambda connection: received.append(drain(connection))) as silent:
        transport = to(silent.address)
        transport.open(at_rest=False)
        transport.send([LABEL, LABEL])
        assert transport.close() is None
    assert received == [ASK + LABEL * 2]


def test_a_port_that_answers_nothing_may_be_at_rest_for_all_we_know() -> None:
    with port(drain) as silent:
        transport = to(silent.address)
        transport.open(at_rest=True)
        assert transport.close() is None


def test_answers_that_come_in_pieces_are_waited_for() -> None:
    def answer(connection: socket.socket) -> None:
        take(connection, len(ASK))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        whole = IDENTITY.replace(b",8,", b",12,") + IDLE
        for at in range(0, len(whole), 7):
            connection.sendall(whole[at : at + 7])
            time.sleep(0.002)
        drain(connection)

    with port(answer) as printer, pytest.raises(Unfit) as refused:
        to(printer.address, answer_seconds=5.0).open(at_rest=False)
    assert refused.value.reasons == ("resources-are-not-ready",)
    assert refused.value.message == "Expected a printer of 8 dots per mm, got one of 12."


def test_a_printer_that_never_stops_talking_keeps_nobody() -> None:
    def talk(connection: socket.socket) -> None:
        connection.settimeout(0.001)
        while True:
            connection.sendall(b"\x02hello\x03 and more \x02" * 50)
            with suppress(TimeoutError):
                if not connection.recv(65_536):
                    return

    with port(talk) as chatty:
        transport = to(chatty.address)
        transport.open(at_rest=False)
        for _ in range(20):
            transport.send([LABEL])
        assert transport.close() is None


@pytest.mark.parametrize(
    ("fault", "reasons", "message"),
    [
        ("pause", ("paused",), "Expected a printer that can print, got paused."),
        (
            "media_out",
            ("other-error",),
            "Expected a printer that can print, got other-error (no answer to ~HS: media, ribbon or head).",
        ),
        (
            "open_head",
            ("other-error",),
            "Expected a printer that can print, got other-error (no answer to ~HS: media, ribbon or head).",
        ),
    ],
)
def test_a_printer_that_cannot_print_now_says_why(fault: str, reasons: tuple[str, ...], message: str) -> None:
    with VirtualPrinter() as printer:
        getattr(printer, fault)()
        with pytest.raises(NotReady) as refused:
            to_printer(printer, answer_seconds=0.5).open(at_rest=False)
        assert (refused.value.reasons, refused.value.message) == (reasons, message)
        with pytest.raises(Unfit) as refused_for_good:
            to_printer(printer, answer_seconds=0.5).open(at_rest=True)
        assert refused_for_good.value.reasons == ("printer-stopped",)


def test_a_printer_that_answers_in_spite_of_a_fault_names_each() -> None:
    with VirtualPrinter(silent_on_fault=False) as printer:
        printer.media_out()
        printer.open_head()
        printer.ribbon_out()
        with pytest.raises(NotReady) as refused:
            to_printer(printer).open(at_rest=False)
    assert refused.value.reasons == ("media-empty-error", "cover-open", "marker-supply-empty-error")


def test_a_port_that_tells_its_state_but_not_its_name_prints() -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(IDLE)
        drain(connection)

    with port(answer) as printer:
        transport = to(printer.address)
        transport.open(at_rest=True)
        transport.send([LABEL])
        assert transport.close() is None


def test_labels_of_before_in_the_printer_refuse_a_job_that_needs_it_at_rest() -> None:
    with VirtualPrinter(label_seconds=60) as printer:
        first = to_printer(printer)
        first.open(at_rest=True)
        first.send([LABEL * 3])
        assert first.close() is None
        with pytest.raises(Unfit) as refused:
            to_printer(printer).open(at_rest=True)
        assert refused.value.message == (
            "Expected a printer that is ready and empty, got one with labels of before in it."
        )
        second = to_printer(printer)
        second.open(at_rest=False)  # an ordinary job waits behind them in the printer
        assert second.close() is None


def test_half_a_format_of_an_earlier_connection_does_not_swallow_a_label() -> None:
    with VirtualPrinter(keeps_partial=True) as printer:
        with socket.create_connection(("127.0.0.1", printer.port)) as other:
            other.sendall(b"^XA^FO20,20^FDhalf")
        assert printer.wait_for(lambda state: state.partial and not state.connections, 5)
        transport = to_printer(printer)
        transport.open(at_rest=True)
        transport.send([LABEL])
        assert transport.close() is None
        assert printer.labels == [LABEL.strip()]


@pytest.mark.parametrize("hang_up", [socket.socket.close, reset])
def test_a_port_that_hangs_up_at_once_is_not_ready(hang_up: Behaviour) -> None:
    with port(hang_up) as rude, pytest.raises(NotReady) as refused:
        to(rude.address).open(at_rest=False)
    assert refused.value.reasons == ("connecting-to-device",)


@pytest.mark.parametrize("hang_up", [socket.socket.close, reset])
def test_a_connection_that_ended_before_the_first_byte_lost_nothing(hang_up: Behaviour) -> None:
    ended = threading.Event()

    def answer(connection: socket.socket) -> None:
        take(connection, len(ASK))
        connection.sendall(IDENTITY + IDLE)
        assert ended.wait(10)
        hang_up(connection)

    with port(answer) as printer:
        transport = to(printer.address)
        transport.open(at_rest=False)
        ended.set()
        time.sleep(0.1)
        with pytest.raises(SendFailed) as failed:
            transport.send([LABEL])
        assert failed.value.handed_over == 0
        transport.abandon()


def test_a_printer_that_stops_reading_fails_after_a_while_and_every_byte_that_left_is_counted() -> None:
    stalled, received = threading.Event(), []

    def stall(connection: socket.socket) -> None:
        assert stalled.wait(10)
        with suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                received.append(piece)

    data = LABEL * 100_000
    with port(stall, window=4_096) as printer:
        transport = to(printer.address)
        transport.open(at_rest=False)
        with pytest.raises(SendFailed) as failed:
            transport.send(data[at : at + 100_000] for at in range(0, len(data), 100_000))
        assert "timed out" in failed.value.message
        transport.abandon()
        stalled.set()
    came = b"".join(received)
    assert (ASK + data).startswith(came)
    assert len(came) - len(ASK) <= failed.value.handed_over < len(data)


def test_our_own_side_holds_back_some_windows_at_most() -> None:
    release = threading.Event()
    with port(lambda connection: release.wait(10) and None, window=4_096) as printer:
        transport = to(printer.address)
        transport.open(at_rest=False)
        with pytest.raises(SendFailed) as failed:
            transport.send([LABEL * 10_000])
        assert failed.value.handed_over < 150_000  # what the system makes of 16 KiB here, 4 KiB there
        release.set()
        transport.abandon()


def test_what_was_held_back_never_leaves_once_the_connection_is_abandoned() -> None:
    abandoned, received = threading.Event(), []

    def wait(connection: socket.socket) -> None:
        assert abandoned.wait(10)
        with suppress(ConnectionResetError):
            while piece := connection.recv(65_536):
                received.append(piece)
        received.append(b"the end")

    with port(wait, window=4_096) as printer:
        transport = to(printer.address)
        transport.open(at_rest=False)
        transport.send([LABEL * 300])  # more than fits into the printer's window
        transport.abandon()
        transport.abandon()
        assert transport.close() is None
        abandoned.set()
    assert received[-1] == b"the end"
    assert len(b"".join(received[:-1])) < len(ASK + LABEL * 300)


@pytest.mark.parametrize("kind", ["rst", "fin"])
@pytest.mark.parametrize("after", [1, 100, 5_000, 100_000])
def test_a_connection_that_breaks_is_noticed_before_it_ends_well(kind: str, after: int) -> None:
    data = LABEL * 20
    with VirtualPrinter() as printer:
        transport = to_printer(printer)
        transport.open(at_rest=False)
        printer.drop_after(after, kind)  # type: ignore[arg-type]
        counted, warning = 0, None
        try:
            for _ in range(300):
                transport.send([data])
                counted += len(data)
            warning = transport.close()
        except SendFailed as error:
            counted += error.handed_over
        transport.abandon()
        assert warning is not None or counted < 300 * len(data)
        assert counted >= after
        whole = (after + 1) // len(LABEL)  # a label is whole before its newline
        assert printer.wait_for_labels(whole, 5)
        assert len(printer.labels) == whole


def test_a_slow_printer_is_seen_off_until_it_has_taken_all() -> None:
    data, reading = LABEL * 2_000, threading.Event()
    received = bytearray()

    def read_slowly(connection: socket.socket) -> None:
        take(connection, len(ASK))
        assert reading.wait(10)
        while piece := connection.recv(4_096):
            received.extend(piece)
            time.sleep(0.005)

    with port(read_slowly, window=4_096) as printer:
        transport = to(printer.address, stall_seconds=5.0)
        transport.open(at_rest=False)
        reading.set()
        transport.send([data])
        assert transport.close() is None
        # What is missing lies on the printer's side, which acknowledged it.
        assert len(received) > len(data) - 20_000
    assert received == data


def test_a_printer_that_stops_before_it_has_taken_all_is_noticed() -> None:
    release = threading.Event()
    with port(lambda connection: release.wait(10) and None, window=4_096) as printer:
        transport = to(printer.address)
        transport.open(at_rest=False)
        transport.send([LABEL * 300])
        assert transport.close() == "Expected the printer to take all data, got no progress."
        transport.abandon()
        release.set()


def test_a_port_that_keeps_the_connection_open_took_all_nevertheless() -> None:
    release = threading.Event()

    def keep_open(connection: socket.socket) -> None:
        drain(connection)
        release.wait(10)

    with port(keep_open) as printer:
        transport = to(printer.address)
        transport.open(at_rest=False)
        transport.send([LABEL])
        assert transport.close() is None
        release.set()


@pytest.mark.parametrize("hang_up", [socket.socket.close, reset])
def test_a_connection_that_the_printer_ends_first_is_broken_off(hang_up: Behaviour) -> None:
    def take_one_label(connection: socket.socket) -> None:
        take(connection, len(ASK + LABEL))
        hang_up(connection)

    with port(take_one_label) as printer:
        transport = to(printer.address)
        transport.open(at_rest=False)
        transport.send([LABEL])
        time.sleep(0.1)
        warning = transport.close()
        assert warning is not None
        assert warning.startswith("Expected the printer to take all data, got ")
        transport.abandon()


def test_what_the_labels_raise_passes_through_and_nothing_of_them_left() -> None:
    def labels() -> Iterator[bytes]:
        yield LABEL
        raise KeyError("serial")

    with VirtualPrinter() as printer:
        transport = to_printer(printer)
        transport.open(at_rest=False)
        with pytest.raises(KeyError):
            transport.send(labels())
        assert transport.close() is None
        assert printer.labels == [LABEL.strip()]


def test_closing_what_was_never_opened_is_nothing() -> None:
    transport = to(("127.0.0.1", 9))
    assert transport.close() is None
    transport.abandon()
