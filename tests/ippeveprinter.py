"""Other people's IPP printer for the tests: ippeveprinter, with an mDNS daemon of the tests' own, on loopback."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests.ports import free_port

PROGRAMS = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
NEEDED = ("ippeveprinter", "avahi-daemon", "dbus-daemon")
#: There is one mDNS daemon a machine (its pid file says so), so one test process has it at a time.
LOCK = Path(tempfile.gettempdir()) / "labelsvc-avahi.lock"
SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket"
ZPL = "application/vnd.zebra-zpl"

BUS = """
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={home}/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow receive_type="method_call"/>
    <allow send_type="method_return"/>
    <allow receive_type="method_return"/>
    <allow send_type="signal"/>
    <allow receive_type="signal"/>
    <allow send_type="error"/>
    <allow receive_type="error"/>
  </policy>
</busconfig>
"""
AVAHI = """
[server]
host-name=labelsvc-tests
use-ipv6=no
allow-interfaces=lo
[wide-area]
enable-wide-area=no
[publish]
publish-hinfo=no
publish-workstation=no
"""


def wait_for(ready: Callable[[], object], what: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < until, f"Expected {what} within {seconds} s."
        time.sleep(0.02)


@contextmanager
def running(command: list[str], log: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        started = subprocess.Popen(
            command, env={**os.environ, "PATH": PROGRAMS, **environment}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(20)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait(20)


@pytest.fixture(scope="module")
def bus() -> Iterator[str]:
    """The address of a message bus that an mDNS daemon answers on; it announces on loopback only."""
    missing = [name for name in NEEDED if shutil.which(name, path=PROGRAMS) is None]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: apt-get install avahi-daemon dbus cups-ipp-utils")
    if os.geteuid() != 0:
        pytest.skip("needs root, without which avahi-daemon does not start")
    with ExitStack() as stack:
        lock = stack.enter_context(LOCK.open("w"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        check, environment = ["avahi-daemon", "--check"], {**os.environ, "PATH": PROGRAMS}
        if not subprocess.run(check, env=environment, capture_output=True, check=False).returncode:
            yield SYSTEM_BUS  # the machine has one of its own
            return
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="labelsvc-mdns-")))
        home.chmod(0o755)
        (home / "bus.conf").write_text(BUS.format(home=home).strip())
        (home / "avahi.conf").write_text(AVAHI)
        address = f"unix:path={home}/bus"
        stack.enter_context(running(["dbus-daemon", f"--config-file={home}/bus.conf", "--nofork"], home / "1", {}))
        wait_for((home / "bus").exists, "a message bus")
        command = ["avahi-daemon", "-f", f"{home}/avahi.conf", "--no-rlimits", "--no-drop-root", "--no-chroot"]
        stack.enter_context(running(command, home / "2", {"DBUS_SYSTEM_BUS_ADDRESS": address}))
        wait_for(lambda: b"startup complete" in (home / "2").read_bytes(), "an mDNS daemon")
        yield address


class IppPrinter:
    """An ippeveprinter that copies each document it printed into a directory, by a command of the test's own."""

    def __init__(self, home: Path, port: int) -> None:
        self.port = port
        self.home = home
        self.printed = home / "printed"
        self.uri = f"ipp://localhost:{port}/ipp/print"

    def documents(self) -> list[bytes]:
        """Return what was printed, in order."""
        return [path.read_bytes() for path in sorted(self.printed.iterdir())]

    def pin(self) -> str:
        """Return the SHA-256 of the certificate that it made for itself, as OpenSSL computes it."""
        certificate = self.home / "keys" / "localhost.crt"
        said = subprocess.run(
            ["openssl", "x509", "-in", str(certificate), "-noout", "-fingerprint", "-sha256"],
            capture_output=True, text=True, check=True, timeout=20,
        ).stdout  # fmt: skip
        return said.strip().partition("=")[2].replace(":", "").lower()


@pytest.fixture
def ipp_printer(bus: str, tmp_path: Path) -> Iterator[Callable[..., IppPrinter]]:
    """Start an ippeveprinter: `ipp_printer("exit 1")` for a script that is run on each document, "$1"."""
    with ExitStack() as stack:

        def start(script: str = "", *, formats: str = ZPL, name: str = "Line 3", keys: Path | None = None):
            home = Path(tempfile.mkdtemp(prefix="ipp-", dir=tmp_path))
            for folder in ("spool", "keys", "printed"):
                (home / folder).mkdir()
            for file in () if keys is None else keys.iterdir():
                shutil.copy(file, home / "keys")
            command = home / "print"
            # The number of the job is what its spool file begins with.
            copy = 'job=$(basename "$1")\ncp "$1" "$0ed/.$job" && mv "$0ed/.$job" "$0ed/$job"'
            command.write_text(f"#!/bin/sh\n{script}\n{copy}\n")
            command.chmod(0o755)
            port = free_port()
            options = ["-p", str(port), "-n", "localhost", "-d", f"{home}/spool", "-K", f"{home}/keys", "-M", "Zebra"]
            options += ["-m", "ZD621", "-c", str(command), "-f", formats]
            environment = {"DBUS_SYSTEM_BUS_ADDRESS": bus}
            started = stack.enter_context(running(["ippeveprinter", *options, name], home / "log", environment))

            def listens() -> bool:
                assert started.poll() is None, (home / "log").read_text()
                with suppress(OSError), socket.create_connection(("localhost", port), timeout=1):
                    return True
                return False

            wait_for(listens, "ippeveprinter to listen")
            return IppPrinter(home, port)

        yield start
