"""A real server process and a real station process: both are killed, and the network between them is cut, at random.

What came out of the virtual printer is counted in the end: each serial once, whatever happened between.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from labelsvc import access
from labelsvc.domain.actors import Actor, Call
from labelsvc.domain.jobs import Resolution
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.printers.virtual.engine import Personality
from labelsvc.printing import resolving
from labelsvc.storage.secret_file import create_secret
from tests.printing.conftest import works_on

__all__ = ["works_on"]

WAYS = ("station", "server", "network")
KIND = Personality(counts="late", echo="movement", on_for=3_600.0, label_seconds=0.02)


class Network:
    """A way to a port that can be cut, connections and all."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.to = 0
        self.cut = False
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                there, _ = self._listening.accept()
                if self.cut:
                    there.close()
                    continue
                try:
                    here = socket.create_connection(("127.0.0.1", self.to), timeout=5)
                except OSError:
                    there.close()
                    continue
                self._open += [there, here]
                for one, other in ((there, here), (here, there)):
                    threading.Thread(target=self._pass, args=(one, other), daemon=True).start()

    @staticmethod
    def _pass(one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                other.sendall(data)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def break_off(self) -> None:
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for one in self._open:
            one.close()
        self._open = []

    def close(self) -> None:
        self.break_off()
        self._listening.close()


class Process:
    """A command that is killed and started again."""

    def __init__(self, *words: str, log: Path, **environment: str) -> None:
        self._words = [sys.executable, "-c", "from labelsvc.cli import main; main()", *words]
        self._environment = {**os.environ, **environment}
        self._log = log
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(self._words, env=self._environment, stdout=log, stderr=log)

    def end(self, how: signal.Signals = signal.SIGKILL) -> int:
        assert self._running is not None
        self._running.send_signal(how)
        return self._running.wait(60)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def until(true: Callable[[], bool], seconds: float = 90) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it never came so far"
        time.sleep(0.05)


@pytest.fixture
def site(works_on, database, database_url: str, tmp_path: Path) -> Iterator[Any]:
    """A works, a server, a station with its key, and the network between; nothing runs yet."""
    works = works_on(database)
    works.clock = lambda: datetime.now(UTC)
    (tmp_path / "web").mkdir()
    create_secret(tmp_path / "web" / "secret", bytes(range(32)))
    key = access.add_key(database, Call(Actor("shell", "tests"), datetime.now(UTC)), "dock", "station")[1]
    (tmp_path / "key").write_text(key + "\n", "ascii")
    network = Network()
    network.to = free_port()
    environment = {
        "LABELSVC_DATA_DIR": str(tmp_path / "web"),
        "LABELSVC_DATABASE_URL": database_url,
        "LABELSVC_DIGITAL_LINK_DOMAIN": "https://id.example.com",
    }
    log = tmp_path / "log"
    server = Process("serve", "--host", "127.0.0.1", "--port", str(network.to), log=log, **environment)
    url, directory = f"http://127.0.0.1:{network.port}", str(tmp_path / "station")
    station = Process(
        "station", "--server", url, "--key-file", str(tmp_path / "key"), "--directory", directory, log=log
    )
    yield works, server, station, network
    for each in (server, station):
        with suppress(AssertionError):
            each.end()
    network.close()


def scans(works: Any, batch: Any, printer: VirtualPrinter) -> int:
    """Do what an operator does at a job that stopped; return how many labels had to be scanned."""
    job = works.job(batch)
    if job.state != "processing-stopped":
        return 0
    assert printer.wait_for(lambda seen: not seen.connections and not seen.labels_left, timeout=10)
    there = set(came_out(works, printer))
    doubtful = [label.serial for label in works.labels(batch) if label.outcome == "in_doubt"]
    found = Resolution(None, proceed=True, scanned=tuple(serial for serial in doubtful if serial in there))
    resolving.resolve_job(works.db, works.issuer, works.call(), job.id, found)
    return len(doubtful)


def came_out(works: Any, printer: VirtualPrinter) -> list[str]:
    serials: list[str] = works.read(piece.data for piece in printer.pieces if not piece.torn)
    return serials


@pytest.mark.slow
def test_killed_stations_killed_servers_and_a_cut_network_lose_and_repeat_no_label(site) -> None:
    works, server, station, network = site
    with VirtualPrinter(personality=KIND) as printer:
        works.add_printer("p", printer.config_uri, station="dock")
        works.certify("p", KIND)
        batch = works.issue(60)
        server.start()
        station.start()
        kills = 0
        scanned = [0]

        def came(count: int) -> bool:
            scanned[0] += scans(works, batch, printer)
            return len(came_out(works, printer)) >= count

        for share, what in zip((10, 25, 40), random.Random(1).sample(WAYS, 3), strict=True):
            until(lambda share=share: came(share))
            match what:
                case "station":
                    station.end()
                    station.start()
                    kills += 1
                case "server":
                    server.end()
                    server.start()
                case "network":
                    network.cut = True
                    network.break_off()
                    until(lambda share=share: came(share + 8))
                    network.cut = False

        until(lambda: came(0) and works.job(batch).state == "completed")
        assert Counter(came_out(works, printer)) == Counter(works.serials(batch))
        assert works.job(batch).outcomes == {"confirmed": 60}
        assert scanned[0] <= 2 * kills
        assert station.end(signal.SIGTERM) == 0


@pytest.mark.slow
@pytest.mark.parametrize("dialect", ["sqlite"])  # it is the station that remembers
def test_a_whole_job_without_the_network_is_told_when_it_is_back(site) -> None:
    works, server, station, network = site
    with VirtualPrinter(personality=KIND) as printer:
        works.add_printer("p", printer.config_uri, station="dock")
        works.certify("p", KIND)
        batch = works.issue(40)
        server.start()
        station.start()
        until(lambda: len(came_out(works, printer)) >= 1)
        network.cut = True
        network.break_off()
        server.end()
        until(lambda: len(came_out(works, printer)) == 40)
        assert station.end() != 0  # killed, and started again while nobody answers
        station.start()
        server.start()
        network.cut = False
        until(lambda: works.job(batch).state == "completed")
        assert Counter(came_out(works, printer)) == Counter(works.serials(batch))
        assert works.job(batch).outcomes == {"confirmed": 40}
