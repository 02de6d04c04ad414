"""IPP printers: a real one (ippeveprinter), and a scripted one for what a real one does on bad days."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from labelsvc.printers import ipp
from labelsvc.printers.dialing import Dial, Trust
from labelsvc.printers.ipp import IppTransport
from labelsvc.printers.transport import NotReady, SendFailed, Unfit
from tests.printers.test_os_queue import _programs, port, spooler

__all__ = ["_programs", "port", "spooler"]

LABEL = b"^XA^FO20,20^A0N,30,30^FDA0001^FS^XZ\n"
EVERY_BYTE = bytes(range(256)) * 100
ALL = len(LABEL)


MADE: list[IppTransport] = []


def to(printer, trust: Trust | None = None, host: str = "localhost", **patience: Any) -> IppTransport:
    made = IppTransport(Dial(host, printer.port, trust), **{"answer_seconds": 5.0, "stall_seconds": 5.0, **patience})
    MADE.append(made)
    return made


@pytest.fixture(autouse=True)
def _connections_are_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(ipp, "_PAUSES", (0.01, 0.1))
    yield
    while MADE:
        MADE.pop().close()


def follow(transport: IppTransport) -> list[tuple[str, ...]]:
    """See a job to its end; return the printer's reasons on the way."""
    seen = []
    while (reasons := transport.follow()) is not None:
        seen.append(reasons)
    return seen


def sent(transport: IppTransport, *labels: bytes) -> IppTransport:
    transport.open(at_rest=False)
    transport.send(labels or [LABEL])
    return transport


# A real printer


def test_a_job_reaches_a_real_printer_byte_for_byte_and_its_end_is_read_back(ipp_printer) -> None:
    printer = ipp_printer()
    transport = to(printer)
    transport.open(at_rest=True)
    transport.send([LABEL * 1_000, EVERY_BYTE, LABEL])
    follow(transport)
    assert transport.close() is None
    assert transport.job_reasons == ("job-completed-successfully",)
    assert printer.documents() == [LABEL * 1_000 + EVERY_BYTE + LABEL]


def test_over_tls_a_real_printer_is_known_by_the_pin_of_the_certificate_it_made(ipp_printer) -> None:
    printer = ipp_printer()
    with pytest.raises(Unfit) as refused:  # it makes one when it is first spoken to
        to(printer, Trust(pin="00" * 32)).open(at_rest=False)
    assert refused.value.reasons == ("printer-stopped",)
    pin = printer.pin()
    assert refused.value.message == (
        f"Expected the certificate sha256:{'00' * 32} of localhost:{printer.port}, got sha256:{pin}."
    )
    transport = sent(to(printer, Trust(pin=pin)), LABEL, EVERY_BYTE)
    follow(transport)
    assert printer.documents() == [LABEL + EVERY_BYTE]


class Authority:
    """An authority of certificates, of the test's own."""

    def __init__(self, folder: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "plant")])
        self.file = folder / "plant.pem"
        self.file.write_bytes(self._signed(self._name, self._key, x509.BasicConstraints(True, 0)))

    def _signed(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *more: x509.ExtensionType) -> bytes:
        now = datetime.now(UTC)
        made = x509.CertificateBuilder().issuer_name(self._name).subject_name(name).public_key(key.public_key())
        made = made.serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=10))
        for extension in more:
            made = made.add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
        return made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def sign(self, host: str, folder: Path) -> Path:
        """Make a folder with a certificate for a host, and its key."""
        folder.mkdir()
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._signed(name, key, x509.SubjectAlternativeName([x509.DNSName(host)]))
        (folder / "localhost.crt").write_bytes(certificate)
        format_ = serialization.PrivateFormat.PKCS8
        secret = key.private_bytes(serialization.Encoding.PEM, format_, serialization.NoEncryption())
        (folder / "localhost.key").write_bytes(secret)
        return folder


def test_over_tls_a_real_printer_is_known_by_an_authority_and_the_name_dialled(ipp_printer, tmp_path) -> None:
    for folder in ("right", "wrong"):
        (tmp_path / folder).mkdir()
    right, wrong = Authority(tmp_path / "right"), Authority(tmp_path / "wrong")
    printer = ipp_printer(keys=right.sign("localhost", tmp_path / "keys"))
    for trust, host in ((Trust(ca=wrong.file), "localhost"), (Trust(ca=right.file), "127.0.0.1")):
        with pytest.raises(Unfit) as refused:
            to(printer, trust, host).open(at_rest=False)
        assert refused.value.message.startswith(f"Expected the certificate of {host}:{printer.port}, got one that ")
    assert printer.documents() == []
    follow(sent(to(printer, Trust(ca=right.file))))
    assert printer.documents() == [LABEL]


def test_a_job_that_a_real_printer_gives_up_leaves_all_of_it_in_doubt(ipp_printer) -> None:
    printer = ipp_printer("exit 1")
    transport = sent(to(printer), LABEL * 3)
    with pytest.raises(SendFailed) as failed:
        follow(transport)
    assert failed.value.handed_over == 3 * ALL
    assert failed.value.message == "Expected the printer to complete job 1, got aborted (aborted-by-system)."


def test_what_a_real_printer_lacks_is_read_while_it_prints_and_before_it_gets_more(ipp_printer, tmp_path) -> None:
    script = 'echo "STATE: +media-empty" >&2; while [ ! -e "{0}" ]; do sleep 0.05; done; echo "STATE: -media-empty" >&2'
    roll = tmp_path / "roll"
    printer = ipp_printer(script.format(roll))
    first = sent(to(printer))
    until = time.monotonic() + 20
    while first.follow() != ("media-empty-warning",):
        assert time.monotonic() < until
    second = to(printer)
    with pytest.raises(NotReady) as refused:
        second.open(at_rest=False)
    assert refused.value.reasons == ("media-empty-warning",)
    assert refused.value.message == "Expected a printer that can print, got media-empty-warning."
    with pytest.raises(Unfit):
        second.open(at_rest=True)
    roll.touch()
    follow(first)
    follow(sent(second))
    assert printer.documents() == [LABEL, LABEL]


def test_a_real_printer_with_another_job_says_no_before_a_byte_has_left(ipp_printer, tmp_path) -> None:
    go_on = tmp_path / "go on"
    printer = ipp_printer(f'while [ ! -e "{go_on}" ]; do sleep 0.05; done')
    first, second = sent(to(printer)), to(printer)
    with pytest.raises(Unfit) as refused:
        second.open(at_rest=True)
    assert refused.value.message == "Expected a printer that is ready and empty, got one with labels of before in it."
    second.open(at_rest=False)
    with pytest.raises(SendFailed) as failed:
        second.send([LABEL])
    assert (failed.value.handed_over, failed.value.again) == (0, True)
    assert failed.value.message == "Expected the printer to take a job, got server-error-busy."
    go_on.touch()
    follow(first)
    assert printer.documents() == [LABEL]


def test_a_job_that_is_abandoned_is_cancelled_at_a_real_printer(ipp_printer, tmp_path) -> None:
    begun, go_on = tmp_path / "begun", tmp_path / "go on"
    printer = ipp_printer(f'touch "{begun}"; while [ ! -e "{go_on}" ]; do sleep 0.05; done')
    transport, another = sent(to(printer)), to(printer)
    until = time.monotonic() + 30
    while not begun.exists():  # one that is cancelled before it begins, this printer prints all the same
        assert time.monotonic() < until
        time.sleep(0.02)
    another._job, another._seen_at = transport._job, time.monotonic()
    transport.abandon()
    transport.abandon()
    go_on.touch()  # what it runs for a job it does not end before its time
    with pytest.raises(SendFailed) as failed:
        follow(another)
    assert failed.value.message.startswith("Expected the printer to complete job 1, got canceled (job-canceled-by-user")


def test_a_real_printer_that_is_another_than_the_one_meant_gets_nothing(ipp_printer) -> None:
    printer = ipp_printer()
    dial = Dial("localhost", printer.port)
    with pytest.raises(Unfit) as refused:
        to(printer, uuid="00000000-0000-0000-0000-000000000000").open(at_rest=False)
    assert refused.value.reasons == ("printer-stopped", "x-identity-changed")
    found = refused.value.identity
    assert refused.value.message == (
        f"Expected the printer 00000000-0000-0000-0000-000000000000, got {found!r} at its address."
    )
    known = IppTransport(dial, uuid=found)
    MADE.append(known)
    follow(sent(known))
    assert printer.documents() == [LABEL]


def test_a_real_printer_that_does_not_take_zpl_gets_nothing(ipp_printer) -> None:
    printer = ipp_printer(formats="application/pdf")
    with pytest.raises(Unfit) as refused:
        to(printer).open(at_rest=False)
    assert refused.value.reasons == ("unsupported-document-format",)
    assert refused.value.message.startswith("Expected a printer that takes application/vnd.zebra-zpl, got one that ")
    named = IppTransport(Dial("localhost", printer.port), media_type="application/pdf")
    MADE.append(named)
    follow(sent(named, b"%PDF-1.4\n"))
    assert printer.documents() == [b"%PDF-1.4\n"]


def test_a_real_cups_queue_takes_a_job_over_ipp_byte_for_byte(spooler, port) -> None:
    spooler.add("line3", port.port)
    queue = IppTransport(Dial("127.0.0.1", spooler.port), "/printers/line3", "application/vnd.cups-raw")
    MADE.append(queue)
    queue.open(at_rest=True)
    queue.send([LABEL, EVERY_BYTE])
    follow(queue)
    assert queue.job_reasons == ("queued-in-device",)
    assert port.wait() == [LABEL + EVERY_BYTE]


# A scripted one

GET_PRINTER, PRINT_JOB, CREATE, SEND, CANCEL, GET_JOB = 0x000B, 0x0002, 0x0005, 0x0006, 0x0008, 0x0009
BOTH = (CREATE, SEND)
FINE, GONE, FORBIDDEN, BUSY = 0x0000, 0x0407, 0x0401, 0x0507


def attribute(tag: int, name: str, *values: bytes) -> bytes:
    packed, text = b"", name.encode()
    for value in values:
        packed += struct.pack(">BH", tag, len(text)) + text + struct.pack(">H", len(value)) + value
        text = b""
    return packed


def keyword(name: str, *values: str) -> bytes:
    return attribute(0x44, name, *[value.encode() for value in values])


def enum(name: str, *values: int) -> bytes:
    return attribute(0x23, name, *[struct.pack(">i", value) for value in values])


def integer(name: str, value: int) -> bytes:
    return attribute(0x21, name, struct.pack(">i", value))


def answer(status: int = FINE, group: int = 0x04, *attributes: bytes) -> bytes:
    head = struct.pack(">BBHI", 1, 1, status, 1) + b"\x01"
    texts = attribute(0x47, "attributes-charset", b"utf-8") + attribute(0x48, "attributes-natural-language", b"en")
    return head + texts + (bytes([group]) + b"".join(attributes) if attributes else b"") + b"\x03"


def printer_is(
    state: int = 3,
    *reasons: str,
    accepting: bool = True,
    waiting: int = 0,
    operations: tuple[int, ...] = (CREATE, SEND),
) -> bytes:
    return answer(
        FINE,
        0x04,
        enum("printer-state", state),
        keyword("printer-state-reasons", *(reasons or ("none",))),
        attribute(0x22, "printer-is-accepting-jobs", bytes([accepting])),
        attribute(0x49, "document-format-supported", b"application/pdf", b"application/vnd.zebra-zpl"),
        enum("operations-supported", 2, *operations),
        integer("queued-job-count", waiting),
    )


def job_is(state: int, *reasons: str, status: int = FINE) -> bytes:
    said = (integer("job-id", 7), enum("job-state", state), keyword("job-state-reasons", *(reasons or ("none",))))
    return answer(status, 0x02, *said)


def http_answer(message: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status}", "Content-Type: application/ipp", f"Content-Length: {len(message)}", *headers)
    return "\r\n".join((*lines, "", "")).encode() + message


def end_of(message: bytes) -> int:
    """Return where a message of IPP ends and its document begins."""
    at = 8
    while message[at] != 0x03:
        at += 1
        if message[at - 1] >= 0x10:
            for _ in range(2):
                at += 2 + int.from_bytes(message[at : at + 2], "big")
    return at + 1


class Cut(bytes):
    """An answer after which the printer hangs up."""


class Peer:
    """A printer that answers each operation as its test says.

    Attributes:
        operations: asked for, in order.
        documents: whole ones that came.
        received: all bytes that came.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._tls = tls
        self.port: int = self._listener.getsockname()[1]
        self.says: dict[int, Iterator[bytes]] = {}
        self.operations: list[int] = []
        self.documents: list[bytes] = []
        self.received = bytearray()
        self.hangs_up_after: int | None = None
        self.says_always(GET_PRINTER, http_answer(printer_is()))
        self.says_always(CREATE, http_answer(job_is(4, "job-incoming")))
        for operation in (PRINT_JOB, SEND, GET_JOB, CANCEL):
            self.says_always(operation, http_answer(job_is(9, "job-completed-successfully")))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def says_always(self, operation: int, data: bytes) -> None:
        self.says[operation] = (data for _ in count())

    def says_in_turn(self, operation: int, *answers: bytes) -> None:
        self.says[operation] = iter(answers)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with suppress(OSError, StopIteration, EOFError), connection:
            connection.settimeout(10)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            while True:
                message, document = self._request(connection)
                operation = int.from_bytes(message[2:4], "big")
                self.operations.append(operation)
                if document is not None:
                    self.documents.append(document)
                said = next(self.says[operation])
                connection.sendall(said)
                if isinstance(said, Cut):
                    return

    def _request(self, connection: socket.socket) -> tuple[bytes, bytes | None]:
        head = bytearray()
        while not head.endswith(b"\r\n\r\n"):
            head += self._take(connection, 1)
        if b"content-length" in head.lower():
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            return self._take(connection, length), None
        body = bytearray()
        while True:
            size = bytearray()
            while not size.endswith(b"\r\n"):
                size += self._take(connection, 1)
            piece = self._take(connection, int(size, 16) + 2)[:-2]
            if not piece:
                return bytes(body[: end_of(body)]), bytes(body[end_of(body) :])
            body += piece

    def _take(self, connection: socket.socket, length: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            wanted = length - len(data)
            if self.hangs_up_after is not None:
                wanted = min(wanted, self.hangs_up_after - len(self.received))
                if wanted <= 0:
                    raise EOFError
            piece = connection.recv(wanted)
            if not piece:
                raise EOFError
            data += piece
            self.received += piece
        return bytes(data)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A scripted printer."""
    opened = Peer()
    yield opened
    opened.close()


def test_a_job_is_made_before_its_document_leaves_and_its_format_is_said(peer) -> None:
    transport = sent(to(peer), LABEL, LABEL)
    follow(transport)
    assert peer.operations == [GET_PRINTER, CREATE, SEND, GET_JOB]
    assert peer.documents == [LABEL * 2]
    asked = bytes(peer.received)
    assert asked.count(attribute(0x49, "document-format", b"application/vnd.zebra-zpl")) == 1
    assert attribute(0x45, "printer-uri", f"ipp://localhost:{peer.port}/ipp/print".encode()) in asked
    assert asked.startswith(b"POST /ipp/print HTTP/1.1\r\nHost: localhost:")


def test_a_printer_without_create_job_gets_job_and_document_at_once(peer) -> None:
    peer.says_always(GET_PRINTER, http_answer(printer_is(operations=())))
    transport = sent(to(peer))
    follow(transport)
    assert peer.operations == [GET_PRINTER, PRINT_JOB, GET_JOB]
    assert (peer.documents, transport.job_reasons) == ([LABEL], ("job-completed-successfully",))


@pytest.mark.parametrize(
    ("said", "reasons"),
    [
        (printer_is(5, "media-empty-error", "media-low-warning"), ("media-empty-error", "media-low-warning")),
        (printer_is(3, "cover-open"), ("cover-open",)),
        (printer_is(4, "media-empty-warning"), ("media-empty-warning",)),
        (printer_is(5, "media-low-warning"), ("media-low-warning",)),
        (printer_is(5), ("other-error",)),
        (printer_is(3, accepting=False), ("x-not-accepting-jobs",)),
        (answer(0x0502), ("other-error",)),
    ],
)
def test_a_printer_that_cannot_print_now_gets_nothing(peer, said: bytes, reasons: tuple[str, ...]) -> None:
    peer.says_always(GET_PRINTER, http_answer(said))
    with pytest.raises(NotReady) as refused:
        to(peer).open(at_rest=False)
    assert refused.value.reasons == reasons
    assert peer.operations == [GET_PRINTER]


@pytest.mark.parametrize("said", [printer_is(3, "media-low-warning"), printer_is(4), printer_is(3, "paused-report")])
def test_what_keeps_no_printer_from_printing_keeps_no_job_back(peer, said: bytes) -> None:
    peer.says_always(GET_PRINTER, http_answer(said))
    follow(sent(to(peer)))
    assert peer.documents == [LABEL]


@pytest.mark.parametrize("said", [printer_is(4), printer_is(3, waiting=1), printer_is(5), printer_is(3, "paused")])
def test_a_job_that_goes_on_after_doubt_needs_a_printer_with_nothing_in_it(peer, said: bytes) -> None:
    peer.says_always(GET_PRINTER, http_answer(said))
    with pytest.raises(Unfit) as refused:
        to(peer).open(at_rest=True)
    assert refused.value.reasons == ("printer-stopped",)


@pytest.mark.parametrize("status", ["404 Not Found", "401 Unauthorized", "426 Upgrade Required", "301 Moved"])
def test_a_door_that_stays_shut_needs_a_person(peer, status: str) -> None:
    peer.says_always(GET_PRINTER, http_answer(b"", status, "Location: ipp://elsewhere/"))
    with pytest.raises(Unfit) as refused:
        to(peer).open(at_rest=False)
    assert refused.value.message.endswith(f"/ipp/print, got HTTP {status[:3]}.")


GARBAGE = [
    b"",
    b"\r\n\r\n",
    b"^XA^XZ\n" * 10,
    b"HTTP/1.1 200 OK\r\n\r\n",
    http_answer(b""),
    http_answer(b"\x01\x01\x00\x00\x00\x00\x00\x01"),
    http_answer(b"<html>It works!</html>"),
    http_answer(answer()[:-9]),
    http_answer(printer_is(), "503 Busy"),
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"HTTP/1.1 2000 OK\r\n\r\n",
    b"\xff" * 100,
]


@pytest.mark.parametrize("said", GARBAGE)
def test_what_is_not_ipp_is_not_ready(peer, said: bytes) -> None:
    peer.says_in_turn(GET_PRINTER, Cut(said))
    with pytest.raises(NotReady) as refused:
        to(peer).open(at_rest=False)
    assert refused.value.message.startswith("Expected a printer at ")


FLOODS = [
    b"#" * 65_536,
    b"HTTP/1.1 100 Continue\r\n\r\n" * 3_000,
    b"X-A: b\r\n" * 8_000,
    b"\0" * 65_536,
]
HEADS = [
    b"",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nE8D4A51000\r\n",
]


@contextmanager
def rude(behave: Callable[[socket.socket], None], window: int | None = None) -> Iterator[Peer]:
    """A port whose connections are given to the test."""

    class Rude(Peer):
        def _talk(self, connection: socket.socket) -> None:
            with suppress(OSError), connection:
                connection.settimeout(10)
                behave(connection)

    opened = Rude()
    if window is not None:
        opened._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    try:
        yield opened
    finally:
        opened.close()


@pytest.mark.parametrize("flood", FLOODS, ids=["noise", "continue", "headers", "zeros"])
@pytest.mark.parametrize("head", HEADS, ids=["nothing", "status", "length", "to the end", "chunk"])
def test_a_printer_that_sends_a_gigabyte_is_given_up_after_a_little_of_it(head: bytes, flood: bytes) -> None:
    passed = []

    def say_much(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(head)
        for _ in range(1_000_000_000 // len(flood)):
            connection.sendall(flood)
            passed.append(len(flood))

    with rude(say_much) as printer, pytest.raises((NotReady, Unfit)):
        to(printer, answer_seconds=10.0).open(at_rest=False)
    assert sum(passed) < 20_000_000  # what lies in the buffers of both ends


def test_a_printer_that_drips_is_not_waited_for_longer_than_for_one_that_is_silent() -> None:
    ended = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.recv(65_536)
        for byte in http_answer(printer_is()):
            connection.sendall(bytes([byte]))
            if ended.wait(0.2):
                return

    for behave in (drip, lambda connection: ended.wait(10) and None):
        with rude(behave) as printer, pytest.raises(NotReady) as refused:
            to(printer, answer_seconds=0.5).open(at_rest=False)
        assert refused.value.reasons == ("timed-out",)
    ended.set()


def test_a_printer_that_takes_connections_and_closes_them_is_not_ready() -> None:
    with rude(lambda connection: None) as printer, pytest.raises(NotReady) as refused:
        to(printer).open(at_rest=False)
    assert refused.value.reasons == ("connecting-to-device",)


def test_a_printer_that_never_reads_is_given_up_and_all_that_left_is_counted(peer) -> None:
    transport = to(peer, stall_seconds=0.5)
    transport.open(at_rest=False)
    stop = threading.Event()
    read = peer._request

    def never(connection: socket.socket) -> tuple[bytes, bytes | None]:
        if CREATE in peer.operations:
            stop.wait(20)
            raise EOFError
        return read(connection)

    peer._request = never  # type: ignore[method-assign]
    with pytest.raises(SendFailed) as failed:
        transport.send([LABEL * 10_000] * 100)
    stop.set()
    assert "timed out" in failed.value.message
    assert 0 < failed.value.handed_over < 1_000_000 * ALL
    transport.abandon()


def test_an_answer_cut_off_at_any_byte_before_the_document_loses_nothing(peer) -> None:
    whole = http_answer(printer_is())
    for length in range(len(whole)):
        peer.says_in_turn(GET_PRINTER, Cut(whole[:length]))
        with pytest.raises(NotReady):
            to(peer).open(at_rest=False)
    created = http_answer(job_is(4))
    peer.says_always(GET_PRINTER, whole)
    for length in range(len(created)):
        peer.says_in_turn(CREATE, Cut(created[:length]))
        transport = to(peer)
        transport.open(at_rest=False)
        with pytest.raises(SendFailed) as failed:
            transport.send([LABEL])
        assert (failed.value.handed_over, failed.value.again) == (0, True)
        transport.abandon()
    assert peer.documents == []


def test_an_answer_to_a_document_cut_off_at_any_byte_is_made_up_for_by_the_job(peer) -> None:
    whole = http_answer(job_is(5, "job-printing"))
    for length in range(len(whole)):
        peer.says_in_turn(SEND, Cut(whole[:length]))
        transport = sent(to(peer))
        follow(transport)
        assert transport.job_reasons == ("job-completed-successfully",)
    assert peer.documents == [LABEL] * len(whole)


def test_an_answer_to_a_job_without_a_number_cut_off_at_any_byte_leaves_all_in_doubt(peer) -> None:
    whole = http_answer(job_is(5, "job-printing"))
    peer.says_always(GET_PRINTER, http_answer(printer_is(operations=())))
    for length in range(len(whole)):
        peer.says_in_turn(PRINT_JOB, Cut(whole[:length]))
        transport = to(peer)
        transport.open(at_rest=False)
        with pytest.raises(SendFailed) as failed:
            transport.send([LABEL, LABEL])
        assert failed.value.handed_over == 2 * ALL
        transport.abandon()


@pytest.mark.parametrize("after", [1, 600, 1_000, 10_000, 100_000, 1_440_000, 1_441_000])
def test_a_connection_that_breaks_counts_every_byte_of_the_document_that_came(peer, after: int) -> None:
    document = LABEL * 40_000
    peer.says_always(GET_JOB, http_answer(job_is(8, "aborted-by-system")))
    transport = to(peer, silence_seconds=0.0)
    transport.open(at_rest=False)
    transport._create()
    transport._create = lambda: None  # type: ignore[method-assign]  # made, so that all that comes now is the document
    peer.received.clear()
    peer.hangs_up_after = after

    def send() -> None:
        transport.send([document])
        follow(transport)  # of what lay in the buffers between us only the job tells

    with pytest.raises(SendFailed) as failed:
        send()
    assert peer.received.count(b"^XZ") * ALL <= failed.value.handed_over <= len(document)
    assert peer.documents == []


def test_a_document_that_is_refused_is_in_doubt_and_its_job_cancelled(peer) -> None:
    peer.says_always(SEND, http_answer(answer(0x040A)))
    transport = to(peer)
    transport.open(at_rest=False)
    with pytest.raises(SendFailed) as failed:
        transport.send([LABEL])
    assert failed.value.handed_over == ALL
    assert failed.value.message == (
        "Expected the printer to take the job, got client-error-document-format-not-supported."
    )
    transport.abandon()
    assert peer.operations[-1] == CANCEL


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (http_answer(answer(BUSY)), "Expected the printer to take a job, got server-error-busy."),
        (http_answer(answer()), "Expected the printer to take a job, got one without a number."),
    ],
)
def test_a_job_that_is_not_taken_may_be_tried_again(peer, said: bytes, message: str) -> None:
    peer.says_always(CREATE, said)
    transport = to(peer)
    transport.open(at_rest=False)
    with pytest.raises(SendFailed) as failed:
        transport.send([LABEL])
    assert (failed.value.handed_over, failed.value.again, failed.value.message) == (0, True, message)
    transport.abandon()
    assert peer.operations == [GET_PRINTER, CREATE]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (job_is(8, "aborted-by-system"), "aborted (aborted-by-system)"),
        (job_is(7, "job-canceled-at-device"), "canceled (job-canceled-at-device)"),
        (job_is(9, "job-completed-with-errors"), "completed (job-completed-with-errors)"),
    ],
)
def test_a_job_that_ended_in_another_way_is_in_doubt_and_is_not_cancelled_again(peer, said: bytes, found: str) -> None:
    peer.says_always(GET_JOB, http_answer(said))
    transport = sent(to(peer), LABEL, LABEL)
    with pytest.raises(SendFailed) as failed:
        follow(transport)
    assert failed.value.message == f"Expected the printer to complete job 7, got {found}."
    assert failed.value.handed_over == 2 * ALL
    transport.abandon()
    assert CANCEL not in peer.operations


def test_labels_that_come_out_until_a_cancelled_job_stops_are_waited_for(peer) -> None:
    stopping = http_answer(job_is(7, "job-canceled-by-user", "processing-to-stop-point"))
    peer.says_in_turn(GET_JOB, stopping, stopping, http_answer(job_is(7, "job-canceled-by-user")))
    transport = sent(to(peer))
    assert transport.follow() == ()
    assert transport.follow() == ()
    with pytest.raises(SendFailed):
        transport.follow()
    peer.says_always(GET_JOB, stopping)
    with pytest.raises(SendFailed) as failed:
        follow(sent(to(peer, silence_seconds=0.0)))
    assert "to go on within 0 s, got canceled" in failed.value.message


@pytest.mark.parametrize("said", [answer(GONE), answer(FORBIDDEN), answer()])
def test_a_job_that_the_printer_forgot_or_tells_nobody_of_is_queued_in_it(peer, said: bytes) -> None:
    peer.says_always(GET_JOB, http_answer(said))
    transport = sent(to(peer))
    follow(transport)
    assert transport.job_reasons == ("queued-in-device",)


def test_the_printers_word_for_a_job_that_it_passed_on_is_kept(peer) -> None:
    peer.says_always(GET_JOB, http_answer(job_is(9, "queued-in-device", "<b>", "Not A Keyword", "x" * 500)))
    transport = sent(to(peer))
    follow(transport)
    assert transport.job_reasons == ("queued-in-device",)


def test_a_printer_out_of_reach_with_a_job_is_waited_for_and_given_up_in_the_end(peer) -> None:
    transport = sent(to(peer, silence_seconds=60.0))
    peer.says_in_turn(GET_JOB, Cut(), Cut(), http_answer(job_is(9)))
    assert transport.follow() == ("connecting-to-device",)
    assert transport.follow() is None
    transport = sent(to(peer, silence_seconds=0.0))
    peer.says_in_turn(GET_JOB)
    with pytest.raises(SendFailed) as failed:
        follow(transport)
    assert failed.value.message.startswith("Expected the printer to say what became of job 7, got ")


def test_a_job_that_does_not_go_on_is_given_up_and_cancelled(peer) -> None:
    peer.says_always(GET_JOB, http_answer(job_is(6, "printer-stopped")))
    peer.says_in_turn(GET_PRINTER, *[http_answer(printer_is()), *[http_answer(printer_is(5, "media-empty-error"))] * 9])
    transport = sent(to(peer, patience_seconds=0.0))
    with pytest.raises(SendFailed) as failed:
        assert follow(transport)
    assert failed.value.message == ("Expected job 7 to go on within 0 s, got processing-stopped (printer-stopped).")
    transport.abandon()
    assert peer.operations[-1] == CANCEL


def test_what_the_labels_raise_passes_through_and_no_document_is_whole(peer) -> None:
    def labels() -> Iterator[bytes]:
        yield LABEL
        raise KeyError("serial")

    transport = to(peer)
    transport.open(at_rest=False)
    with pytest.raises(KeyError):
        transport.send(labels())
    transport.abandon()
    assert (peer.documents, peer.operations[-1]) == ([], CANCEL)


def test_a_connection_that_the_printer_ends_between_two_questions_is_made_anew(peer) -> None:
    closing = "Connection: close"
    peer.says_always(GET_PRINTER, http_answer(printer_is(), "200 OK", closing))
    peer.says_always(CREATE, http_answer(job_is(4), "200 OK", closing))
    peer.says_in_turn(GET_JOB, http_answer(job_is(5), "200 OK", closing), http_answer(job_is(9)))
    transport = sent(to(peer))
    assert transport.follow() == ()
    assert transport.follow() is None


def test_nobody_there_is_not_ready() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        with pytest.raises(NotReady) as refused:
            IppTransport(Dial("127.0.0.1", port)).open(at_rest=False)
    assert refused.value.reasons == ("connecting-to-device",)
    assert refused.value.message == f"Expected a printer at 127.0.0.1:{port}, got connection refused."


def test_closing_what_was_never_opened_is_nothing() -> None:
    transport = IppTransport(Dial("127.0.0.1", 9))
    assert transport.close() is None
    transport.abandon()
