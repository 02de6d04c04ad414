"""tls:// printers: known by a pin or by an authority, or they get nothing; and the bad luck that TLS adds."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from labelsvc.domain.profiles import NOTHING, Profile
from labelsvc.printers.transport import LinkLost, NotReady, SendFailed, Unfit
from labelsvc.printers.uris import transport_for
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.zebra.status import ASK
from tests.printers.test_confirming import LABEL, PROFILE, heard, listen_for_ever
from tests.printers.test_ipp import Authority

EVERY_BYTE = bytes(range(256)) * 400
ANOTHER = "sha256:" + "00" * 32


@pytest.fixture
def printer() -> Iterator[VirtualPrinter]:
    """A printer with ports for TLS."""
    with VirtualPrinter(tls_port=0, tls_json_port=0) as running:
        yield running


def to(uri: str, data_dir: Path, profile: Profile = NOTHING):
    return transport_for(uri, 8, data_dir, profile, answer_seconds=2.0)


def with_certificates(data_dir: Path, **files: bytes) -> Path:
    (data_dir / "certificates").mkdir()
    for name, content in files.items():
        (data_dir / "certificates" / f"{name}.pem").write_bytes(content)
    return data_dir


def by_authority(printer: VirtualPrinter, name: str, host: str = "127.0.0.1") -> str:
    return f"tls://{host}:{printer.ports['tls']}?ca={name}.pem&config={printer.ports['tls_json']}"


@pytest.mark.parametrize("profile", [NOTHING, PROFILE])
def test_labels_reach_a_printer_known_by_its_pin(printer, tmp_path: Path, profile: Profile) -> None:
    transport = to(printer.tls_uri, tmp_path, profile)
    transport.open(at_rest=True)
    transport.send([LABEL, LABEL])
    if profile.confirms:
        assert heard(transport, 2) == ["A0001", "A0001"]
        assert transport.read().unique_id == "VIRTUAL00001"
    assert transport.close() is None
    assert printer.wait_for_labels(2, timeout=10)
    assert [label for label in printer.labels if b"^JZ" not in label] == [LABEL.strip()] * 2


@pytest.mark.parametrize("profile", [NOTHING, PROFILE])
def test_a_printer_with_another_certificate_than_the_pin_gets_nothing(printer, tmp_path, profile: Profile) -> None:
    transport = to(printer.tls_uri.replace(printer.pin, ANOTHER), tmp_path, profile)
    with pytest.raises(Unfit) as refused:
        transport.open(at_rest=True)
    assert refused.value.reasons == ("printer-stopped",)
    at = f"127.0.0.1:{printer.ports['tls']}"
    assert refused.value.message == f"Expected the certificate {ANOTHER} of {at}, got {printer.pin}."
    assert printer.wait_for(lambda state: not state.connections, timeout=10)
    assert (printer.labels, printer.printed) == ([], 0)


def test_a_printer_is_known_by_an_authority_and_one_of_another_gets_nothing(printer, tmp_path: Path) -> None:
    with VirtualPrinter(tls_port=0) as other:
        data_dir = with_certificates(
            tmp_path, plant=printer.identity.certificate, other=other.identity.certificate, broken=b"-----BEGIN"
        )
    transport = to(by_authority(printer, "plant"), data_dir)
    transport.open(at_rest=True)
    transport.send([LABEL])
    assert transport.close() is None
    assert printer.wait_for_labels(1, timeout=10)
    for name, found in (("other", "got one that self-signed certificate"), ("missing", "got none called ")):
        with pytest.raises(Unfit) as refused:
            to(by_authority(printer, name), data_dir).open(at_rest=False)
        assert found in refused.value.message
    with pytest.raises(NotReady):
        to(by_authority(printer, "broken"), data_dir).open(at_rest=False)
    assert printer.printed == 1


def test_a_printer_whose_certificate_is_for_another_name_gets_nothing(tmp_path: Path) -> None:
    with VirtualPrinter(host="127.0.0.2", tls_port=0) as printer:
        data_dir = with_certificates(tmp_path, plant=printer.identity.certificate)
        # The way to it goes over another address, as where someone else took its own.
        with forwarded(("127.0.0.2", printer.ports["tls"])) as port, pytest.raises(Unfit) as refused:
            to(f"tls://127.0.0.1:{port}?ca=plant.pem", data_dir).open(at_rest=False)
        assert refused.value.message.startswith(f"Expected the certificate of 127.0.0.1:{port}, got one that ")
        assert printer.printed == 0


class forwarded:
    """A port that passes one connection on."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._target = target
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> int:
        self._start(self._accept)
        return self._listener.getsockname()[1]

    def _start(self, work: Callable[..., None], *given: socket.socket) -> None:
        self._threads.append(threading.Thread(target=work, args=given, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        with suppress(OSError):
            connection, _ = self._listener.accept()
            with connection, socket.create_connection(self._target, timeout=10) as onward:
                back = threading.Thread(target=self._pass, args=(onward, connection), daemon=True)
                back.start()
                self._pass(connection, onward)
                back.join(10)

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for thread in self._threads:
            thread.join(20)


@pytest.fixture
def s_server(tmp_path: Path) -> Iterator[tuple[int, Authority, Path]]:
    """OpenSSL's own server for one connection: its port, who signed it, and the file of what it got."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl: apt-get install openssl")
    (tmp_path / "authority").mkdir()
    authority = Authority(tmp_path / "authority")
    keys, got = authority.sign("localhost", tmp_path / "keys"), tmp_path / "got"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-quiet", "-naccept", "1"]
    command += ["-cert", str(keys / "localhost.crt"), "-key", str(keys / "localhost.key")]
    with got.open("wb") as output:
        running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 20
    while b":%04X" % port not in Path("/proc/net/tcp").read_bytes():  # a connection would be the only one it takes
        assert time.monotonic() < until
        time.sleep(0.02)
    yield port, authority, got
    running.terminate()
    running.wait(20)
    running.stdin.close()


def test_another_ones_tls_gets_the_same_bytes(s_server, tmp_path: Path) -> None:
    port, authority, got = s_server
    data_dir = with_certificates(tmp_path, plant=authority.file.read_bytes())
    transport = transport_for(f"tls://localhost:{port}?ca=plant.pem", 8, data_dir, answer_seconds=0.2)
    transport.open(at_rest=True)
    transport.send([LABEL * 500, EVERY_BYTE])
    assert transport.close() is None
    until = time.monotonic() + 20
    while got.stat().st_size < len(ASK + LABEL * 500 + EVERY_BYTE):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert got.read_bytes() == ASK + LABEL * 500 + EVERY_BYTE


@pytest.mark.parametrize(
    ("say", "reason"),
    [(None, "timed-out"), (b"", "connecting-to-device"), (b"\x02ZD621-203dpi\x03" * 100, "connecting-to-device")],
    ids=["silence", "the end", "no TLS"],
)
def test_a_port_that_does_not_speak_tls_is_not_ready(say: bytes | None, reason: str, tmp_path: Path) -> None:
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def behave() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    if say is None:
                        ended.wait(20)
                    elif say:
                        connection.sendall(say)
                        ended.wait(20)

        thread = threading.Thread(target=behave, daemon=True)
        thread.start()
        transport = to(f"tls://127.0.0.1:{listener.getsockname()[1]}?pin={ANOTHER}", tmp_path)
        transport._stall_seconds = 0.5
        with pytest.raises(NotReady) as refused:
            transport.open(at_rest=False)
        assert refused.value.reasons == (reason,)
        ended.set()
        thread.join(20)


@pytest.mark.parametrize("profile", [NOTHING, PROFILE])
def test_a_printer_that_turns_everyone_away_is_not_ready_over_tls(printer, tmp_path: Path, profile: Profile) -> None:
    printer.turn_away()
    with pytest.raises(NotReady) as refused:
        to(printer.tls_uri, tmp_path, profile).open(at_rest=False)
    assert refused.value.reasons == ("connecting-to-device",)


@pytest.mark.parametrize("profile", [NOTHING, PROFILE])
def test_a_printer_that_stops_reading_fails_over_tls_after_some_bytes(tmp_path: Path, profile: Profile) -> None:
    with VirtualPrinter(tls_port=0, tls_json_port=0, window_bytes=2_048) as printer:
        transport = to(printer.tls_uri, tmp_path, profile)
        transport._stall_seconds = 0.5
        transport.open(at_rest=False)
        printer.ignore()
        with pytest.raises(SendFailed) as failed:
            transport.send([LABEL] * 100_000)
        assert 0 < failed.value.handed_over < 100_000 * len(LABEL)
        transport.abandon()


def test_a_printer_that_sends_a_gigabyte_over_tls_is_given_up_or_passed_over(printer, tmp_path: Path) -> None:
    certified = to(printer.tls_uri, tmp_path, PROFILE)
    certified.open(at_rest=True)
    printer.babble(1_000_000_000)
    with pytest.raises(LinkLost, match="at most 262144 bytes"):
        listen_for_ever(certified)
    certified.abandon()
    assert printer.wait_for(lambda state: not state.connections, timeout=10)
    plain = to(printer.tls_uri, tmp_path)
    plain.open(at_rest=False)
    printer.babble(1_000_000_000)
    plain.send([LABEL])
    plain.close()  # in time, whatever it says of it
    plain.abandon()
    assert printer.wait_for(lambda state: not state.connections, timeout=10)
    assert printer.printed <= 1


def test_another_printer_behind_the_right_certificate_gets_nothing(tmp_path: Path) -> None:
    with VirtualPrinter(tls_port=0, tls_json_port=0, unique_id="OTHER") as printer:
        with pytest.raises(Unfit) as refused:
            to(printer.tls_uri, tmp_path, PROFILE).open(at_rest=True)
        assert refused.value.identity == "OTHER"
        assert printer.printed == 0
