"""A queue of the operating system: a real CUPS of the tests' own, on loopback, with a raw queue to a port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from labelsvc.printers import os_queue
from labelsvc.printers.os_queue import QueueTransport
from labelsvc.printers.transport import NotReady, SendFailed
from labelsvc.printers.virtual import VirtualPrinter
from tests.ports import free_port

LABEL = b"^XA^FO20,20^A0N,30,30^FDA0001^FS^XZ\n"
PROGRAMS = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
NEEDED = ("cupsd", "lp", "lpstat", "lpadmin", "cupsreject", "p910nd")

FILES = """
ServerRoot {home}
RequestRoot {home}/spool
TempDir {home}/spool/tmp
CacheDir {home}/cache
StateDir {home}/state
AccessLog {home}/access_log
ErrorLog {home}/error_log
PageLog {home}/page_log
"""
SERVER = """
Listen 127.0.0.1:{port}
Browsing No
DefaultAuthType None
LogLevel warn
JobRetryInterval 1
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  JobPrivateAccess all
  JobPrivateValues none
  SubscriptionPrivateAccess all
  SubscriptionPrivateValues none
  <Limit All>
    Order allow,deny
    Allow all
  </Limit>
</Policy>
"""


class Spooler:
    """A CUPS scheduler with all its files in one directory."""

    def __init__(self, home: Path) -> None:
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._home = home
        for name in ("spool/tmp", "cache", "state"):
            (home / name).mkdir(parents=True)
        (home / "cups-files.conf").write_text(FILES.format(home=home))
        (home / "cupsd.conf").write_text(SERVER.format(port=self.port))
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["cupsd", "-f", "-c", self._home / "cupsd.conf", "-s", self._home / "cups-files.conf"],
            env={**os.environ, "PATH": PROGRAMS},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 20
        while time.monotonic() < until and self._process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.02)
        log = self._home / "error_log"
        raise RuntimeError(f"Expected CUPS to start, got:\n{log.read_text() if log.exists() else 'nothing'}")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)

    def run(self, *command: str) -> str:
        environment = {**os.environ, "PATH": PROGRAMS, "CUPS_SERVER": self.address, "LC_ALL": "C"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=20)
        return done.stdout

    def add(self, name: str, port: int) -> None:
        self.run("lpadmin", "-p", name, "-E", "-v", f"socket://127.0.0.1:{port}", "-m", "raw")

    def jobs(self) -> list[str]:
        return [line.split()[0] for line in self.run("lpstat", "-o").splitlines()]


@pytest.fixture(scope="module")
def _programs() -> None:
    missing = [name for name in NEEDED if shutil.which(name, path=PROGRAMS) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: apt-get install cups cups-client p910nd")


@pytest.fixture
def spooler(_programs: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Spooler]:
    """A running CUPS, which lp and lpstat find."""
    with tempfile.TemporaryDirectory(prefix="labelsvc-cups-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)  # started as root, it works as another account, which must get there
        running = Spooler(Path(home))
        monkeypatch.setenv("CUPS_SERVER", running.address)
        monkeypatch.setenv("PATH", PROGRAMS)
        yield running
        running.stop()


class Port:
    """A plain port that takes whatever comes, one connection after the other."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.received: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection:
                    data = bytearray()
                    while piece := connection.recv(65_536):
                        data += piece
                    self.received.append(bytes(data))

    def wait(self, count: int = 1) -> list[bytes]:
        until = time.monotonic() + 20
        while len(self.received) < count and time.monotonic() < until:
            time.sleep(0.01)
        return self.received

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


@pytest.fixture
def port() -> Iterator[Port]:
    """A port that a queue prints to."""
    opened = Port()
    yield opened
    opened.close()


def opened(name: str) -> QueueTransport:
    transport = QueueTransport(name)
    transport.open(at_rest=True)
    return transport


def test_a_job_reaches_the_printer_as_one_piece_byte_for_byte(spooler: Spooler, port: Port) -> None:
    spooler.add("line3", port.port)
    transport = opened("line3")
    every_byte = bytes(range(256)) * 4_000
    transport.send([LABEL, every_byte, LABEL])
    assert transport.close() is None
    assert port.wait() == [LABEL + every_byte + LABEL]


@pytest.fixture
def port_daemon(_programs: None, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """p910nd, another's port 9100+n, which writes into a file: its port and the file."""
    locks = Path("/var/lock/p910nd")  # compiled in; on a full system its start script makes it
    try:
        locks.mkdir(parents=True, exist_ok=True)
    except PermissionError:
        pytest.skip(f"needs {locks}, which only root may make")
    device = tmp_path / "device"
    device.touch()
    number = next(number for number in range(10) if not _taken(9100 + number))
    command = ["p910nd", "-d", "-i", "127.0.0.1", "-f", str(device), str(number)]
    daemon = subprocess.Popen(
        command, env={**os.environ, "PATH": PROGRAMS}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 20
    while not _taken(9100 + number) and time.monotonic() < until:
        time.sleep(0.02)
    yield 9100 + number, device
    daemon.terminate()
    daemon.wait(10)


def test_a_port_daemon_writes_the_same_bytes(spooler: Spooler, port_daemon: tuple[int, Path]) -> None:
    port, device = port_daemon
    spooler.add("line3", port)
    opened("line3").send([LABEL * 500])
    until = time.monotonic() + 20
    while device.stat().st_size < len(LABEL) * 500 and time.monotonic() < until:
        time.sleep(0.02)
    assert device.read_bytes() == LABEL * 500


def test_a_label_printer_behind_a_queue_prints_each_label_as_it_was_sent(spooler: Spooler) -> None:
    labels = [LABEL.replace(b"A0001", b"A%04d" % at).strip() for at in range(300)]
    with VirtualPrinter() as printer:
        spooler.add("line3", printer.port)
        opened("line3").send(label + b"\n" for label in labels)
        assert printer.wait_for_labels(300, timeout=20)
        assert printer.labels == labels


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def test_jobs_of_one_queue_come_in_order(spooler: Spooler, port: Port) -> None:
    spooler.add("line3", port.port)
    labels = [LABEL.replace(b"A0001", f"A{at:04}".encode()) for at in range(5)]
    for label in labels:
        opened("line3").send([label])
    assert port.wait(5) == labels


def test_a_queue_that_is_not_there_is_not_ready(spooler: Spooler, port: Port) -> None:
    spooler.add("line3", port.port)
    with pytest.raises(NotReady) as refused:
        opened("line4")
    assert refused.value.reasons == ("connecting-to-device",)
    assert refused.value.message == "Expected a queue named line4 that takes jobs, got none."
    with pytest.raises(NotReady):
        opened("line")


def test_a_queue_that_takes_no_jobs_is_not_ready(spooler: Spooler, port: Port) -> None:
    spooler.add("line3", port.port)
    spooler.run("cupsreject", "line3")
    with pytest.raises(NotReady):
        opened("line3")


def test_a_printer_that_is_off_leaves_the_job_with_the_spooler(spooler: Spooler) -> None:
    spooler.add("line3", free_port())
    opened("line3").send([LABEL])
    assert spooler.jobs() == ["line3-1"]


def test_a_spooler_that_does_not_run_is_not_ready(spooler: Spooler) -> None:
    spooler.add("line3", 9)
    spooler.stop()
    with pytest.raises(NotReady) as refused:
        opened("line3")
    assert refused.value.reasons == ("connecting-to-device",)


def test_a_spooler_that_dies_before_it_answers_leaves_all_in_doubt(spooler: Spooler) -> None:
    spooler.add("line3", 9)
    transport = opened("line3")
    spooler.stop()
    with pytest.raises(SendFailed) as failed:
        transport.send([LABEL, LABEL])
    assert failed.value.handed_over == 2 * len(LABEL)


def test_what_lp_says_no_to_is_an_error(spooler: Spooler) -> None:
    spooler.add("line3", 9)
    transport = opened("line3")
    spooler.run("lpadmin", "-x", "line3")
    with pytest.raises(SendFailed) as failed:
        transport.send([LABEL])
    assert failed.value.message.startswith("Expected the spooler to take the job, got ")
    assert failed.value.handed_over == len(LABEL)
    assert spooler.jobs() == []


def test_more_than_a_spooler_is_given_is_refused_for_good_and_before_anything_is_queued(
    spooler: Spooler, port: Port, monkeypatch: pytest.MonkeyPatch
) -> None:
    spooler.add("line3", port.port)
    monkeypatch.setattr(os_queue, "SPOOL_AT_MOST", 10 * len(LABEL))
    with pytest.raises(SendFailed) as failed:
        opened("line3").send([LABEL] * 11)
    assert (failed.value.handed_over, failed.value.again) == (0, False)
    assert spooler.jobs() == []
    opened("line3").send([LABEL] * 10)
    assert port.wait() == [LABEL * 10]


def test_labels_that_cannot_be_made_leave_nothing_in_the_queue(spooler: Spooler) -> None:
    spooler.add("line3", 9)

    def labels() -> Iterator[bytes]:
        yield LABEL
        raise SendFailed(len(LABEL), "no second one", again=False)

    with pytest.raises(SendFailed) as failed:
        opened("line3").send(labels())
    assert (failed.value.handed_over, failed.value.message, failed.value.again) == (0, "no second one", False)
    assert spooler.jobs() == []


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is all of PATH: what a machine without CUPS has, or one with an odd one."""
    place = tmp_path / "programs"
    place.mkdir()
    monkeypatch.setenv("PATH", str(place))
    return place


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_a_machine_without_a_spooler_is_not_ready(programs: Path) -> None:
    with pytest.raises(NotReady) as refused:
        opened("line3")
    assert refused.value.message == "Expected a print spooler, got FileNotFoundError."
    with pytest.raises(SendFailed) as failed:
        QueueTransport("line3").send([LABEL])
    assert failed.value.handed_over == 0


def test_a_spooler_that_says_nothing_leaves_all_in_doubt(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os_queue, "_SECONDS", 0.2)
    program(programs / "lp", "exec /bin/sleep 30")
    program(programs / "lpstat", "exec /bin/sleep 30")
    with pytest.raises(NotReady):
        opened("line3")
    with pytest.raises(SendFailed) as failed:
        QueueTransport("line3").send([LABEL])
    assert failed.value.handed_over == len(LABEL)


def test_lp_is_given_the_queue_and_raw_bytes_and_nothing_else(programs: Path) -> None:
    program(programs / "lpstat", 'echo "line3 accepting requests since today"; echo "lp4 not accepting requests"')
    program(programs / "lp", f'echo "$#" "$@" > {programs}/asked; exec /bin/cat > {programs}/given')
    opened("line3").send([b"\0\xff^XA", LABEL])
    assert (programs / "asked").read_text() == "7 -d line3 -o raw -t labelsvc -\n"
    assert (programs / "given").read_bytes() == b"\0\xff^XA" + LABEL
    with pytest.raises(NotReady):
        opened("lp4")


def test_the_magic_queue_of_the_package_prints_nowhere_without_a_queue_of_that_name(programs: Path) -> None:
    program(programs / "lpstat", 'echo "line3 accepting requests since today"')
    with pytest.raises(NotReady):
        opened("zebra_python_unittest")


def test_what_lp_complains_of_is_told_in_one_short_sentence(programs: Path) -> None:
    program(programs / "lp", "echo 'lp: no, no, no' >&2; exit 1")
    with pytest.raises(SendFailed) as failed:
        QueueTransport("line3").send([LABEL])
    assert failed.value.message == "Expected the spooler to take the job, got no, no, no."
    program(programs / "lp", "i=0; while [ $i -lt 5000 ]; do printf xxxx >&2; i=$((i+1)); done; exit 1")
    with pytest.raises(SendFailed) as failed:
        QueueTransport("line3").send([LABEL])
    assert len(failed.value.message) < 300
