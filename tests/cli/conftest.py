"""A shell to type commands into: installations in directories of their own, commands in this process or in others."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from labelsvc.cli import main

#: Runs a labelsvc command as its console script does, whatever directory the interpreter's scripts are in.
PROGRAM = "import sys; from labelsvc.cli import main; sys.exit(main(prog_name='labelsvc'))"
GTIN = "09506000134352"


@dataclass
class Shell:
    """Someone at a shell, with the settings of one installation."""

    settings: dict[str, str] = field(default_factory=dict)

    @property
    def data_dir(self) -> Path:
        return Path(self.settings["LABELSVC_DATA_DIR"])

    def with_settings(self, **settings: str) -> Shell:
        """Return a shell with other settings, said without their prefix."""
        return Shell(self.settings | {f"LABELSVC_{name}": value for name, value in settings.items()})

    def run(self, *words: object) -> Result:
        """Run a command in this process; nothing but an exit may come out of it."""
        result = CliRunner().invoke(main, [str(word) for word in words], env=self.settings, prog_name="labelsvc")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def said(self, *words: object) -> list[str]:
        """Run a command that succeeds; return the lines it printed."""
        result = self.run(*words)
        assert result.exit_code == 0, result.stderr
        return result.stdout.splitlines()

    def refused(self, *words: object) -> tuple[int, str]:
        """Run a command that fails as all do, with one sentence; return its exit status and the sentence."""
        result = self.run(*words)
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        return result.exit_code, line

    def environment(self) -> dict[str, str]:
        """Return the environment of a process of its own; nobody else's settings are in it."""
        others = {name: value for name, value in os.environ.items() if not name.startswith("LABELSVC_")}
        return others | self.settings

    def start(self, *words: object, program: str = PROGRAM, **more: Any) -> subprocess.Popen[str]:
        """Start a command as a process."""
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        command = [sys.executable, "-c", program, *map(str, words)]
        return subprocess.Popen(command, env=self.environment(), **{**pipes, **more})

    def process(self, *words: object, **more: Any) -> tuple[int, str, str]:
        """Run a command as a process; return exit status, what it printed and what it complained of."""
        running = self.start(*words, **more)
        out, err = running.communicate(timeout=60)
        return running.returncode, out, err

    def product(self, code: str = GTIN, scheme: str = "{rnd:10}", label_format: str = "unit-100x50") -> str:
        """Add a product."""
        self.said("product", "add", code, "Rapeseed oil", "--scheme", scheme, "--format", label_format)
        return code

    def lot(self, product: str | None = None, number: str = "L-1", **dates: str) -> str:
        """Open a lot; return its id."""
        days = {"production": "2026-11-20", "expiry": "2028-11-19", **dates}
        options = [word for name, day in days.items() for word in (f"--{name.replace('_', '-')}", day)]
        (lot_id,) = self.said("lot", "open", product or self.product(), number, *options)
        return lot_id


class Service:
    """A running `labelsvc serve`, spoken to over HTTP."""

    def __init__(self, shell: Shell, log: Path) -> None:
        self.key = shell.said("key", "add", "--role", "admin", f"anna-{log.stem}")[0]
        self.log = log
        self.shell = shell.with_settings(LOG_FORMAT="json")
        with log.open("w") as out:
            self.process = self.shell.start("serve", "--port", 0, stdout=subprocess.DEVNULL, stderr=out)
        self._told = False
        (self.url,) = self._event("serve.started")["urls"]

    def _event(self, name: str) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            for event in self.events():
                if event["event"] == name:
                    return event
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def events(self) -> list[dict[str, Any]]:
        """Return the log so far; every line of it is one event."""
        return [json.loads(line) for line in self.log.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, key: str | None = None) -> Any:
        """Send a request; return the JSON of its answer."""
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header("Authorization", f"Bearer {self.key}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        if key is not None:
            request.add_header("Idempotency-Key", key)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None

    def issue(self, lot: str, quantity: int, key: str, **more: Any) -> dict[str, Any]:
        """Issue a batch."""
        found: dict[str, Any] = self.ask("POST", f"/api/v1/lots/{lot}/batches", {"quantity": quantity, **more}, key)
        return found

    def printer(self, name: str, uri: str) -> str:
        """Make a printer known that has labels of 100 x 50 mm."""
        spec = {"name": name, "uri": uri, "dpmm": 8, "media_width": 100, "media_height": 50}
        self.ask("POST", "/api/v1/printers", spec)
        return name

    def wait_for_job(self, job: int, *states: str) -> dict[str, Any]:
        """Wait until a print job is in one of these states."""
        deadline = time.monotonic() + 60
        while (found := self.ask("GET", f"/api/v1/jobs/{job}"))["state"] not in states:
            assert time.monotonic() < deadline, found
            time.sleep(0.05)
        return dict(found)

    def stop(self) -> None:
        """Ask it to end as a service manager does, once."""
        if not self._told and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self._told = True

    def end(self) -> int:
        """Ask it to end and wait until it has; return its exit status."""
        self.stop()
        try:
            return self.process.wait(60)
        finally:
            self.process.kill()


@pytest.fixture(autouse=True)
def _nobody_elses_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("LABELSVC_")]:
        monkeypatch.delenv(name)


def shell_in(directory: Path) -> Shell:
    """Return a shell with a data directory that is not there yet."""
    return Shell().with_settings(DATA_DIR=str(directory / "data"), DIGITAL_LINK_DOMAIN="https://id.example.com")


@pytest.fixture(scope="session")
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    shell = shell_in(tmp_path_factory.mktemp("installed"))
    shell.said("init")
    return shell.data_dir


@pytest.fixture
def bare(tmp_path: Path) -> Shell:
    """A shell before `labelsvc init`."""
    return shell_in(tmp_path)


@pytest.fixture
def shell(bare: Shell, _installed: Path) -> Shell:
    """A shell after `labelsvc init`, with nothing else in the books."""
    shutil.copytree(_installed, bare.data_dir)
    return bare


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[[Shell], Service]]:
    """Start `labelsvc serve` for a shell; it is stopped in the end, if the test has not."""
    running: list[Service] = []

    def start(shell: Shell) -> Service:
        running.append(Service(shell, tmp_path / f"serve-{len(running)}.log"))
        return running[-1]

    yield start
    for service in running:
        service.end()


@pytest.fixture
def ended() -> Callable[[subprocess.Popen[str]], Any]:
    """Give a process that is killed when the test is over, however it ends."""

    @contextmanager
    def guard(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
        with process:
            try:
                yield process
            finally:
                process.kill()

    return guard
