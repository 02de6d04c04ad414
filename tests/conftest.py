"""Databases for the tests: every test that asks for one runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeVar

import psycopg
import pytest
from sqlalchemy import Engine, create_engine

from labelsvc.storage import postgresql, schema, sqlite
from labelsvc.storage.database import Database
from labelsvc.storage.tables import metadata


class Server(Protocol):
    """A PostgreSQL server of the tests (postgres.py)."""

    def url(self, database: str = "postgres") -> str:
        """Return the address of one of its databases."""

    def stop(self) -> None:
        """Stop it and remove its data."""


SERVER = pytest.StashKey[Server]()
#: Memory that is used as a disk, and how much of it must be free: there a commit does not wait for a disk.
MEMORY = Path("/dev/shm")
MEMORY_AT_LEAST = 4 * 2**30
#: The server to use (as one who may create databases); here the controller tells its workers of the one it started.
SERVER_URL = "TEST_DATABASE_URL"


def _start_server() -> Server:
    spec = importlib.util.spec_from_file_location("labelsvc_tests_postgres", Path(__file__).with_name("postgres.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    server: Server = module.Server()
    return server


def _has_room(memory: Path) -> bool:
    """Tell whether the files of all tests go there, and programs may be run from it."""
    if not os.access(memory, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(memory)
    return found.f_bavail * found.f_frsize >= MEMORY_AT_LEAST and not found.f_flag & os.ST_NOEXEC


def pytest_configure(config: pytest.Config) -> None:
    """Start one server for all workers of pytest-xdist; without workers it starts when the first test asks."""
    if _has_room(MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    is_worker = hasattr(config, "workerinput")
    if config.getoption("numprocesses", None) and not is_worker and SERVER_URL not in os.environ:
        config.stash[SERVER] = _start_server()
        os.environ[SERVER_URL] = config.stash[SERVER].url()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server of the workers."""
    if SERVER in config.stash:
        config.stash[SERVER].stop()
        del os.environ[SERVER_URL]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let slow tests begin before the others, so that in the end no worker is alone with one."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where NO_SKIPS is set let a skipped test fail: there, whatever a test needs is installed."""
    return _not_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Do so with modules that skip themselves."""
    return _not_skipped((yield))


Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def _not_skipped(report: Report) -> Report:
    if os.environ.get("NO_SKIPS") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.longrepr = f"Expected no skipped test where NO_SKIPS is set, got: {why}"
    return report


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    """Let the engines of a session share what SQLAlchemy makes of a statement, which takes longer than running it.

    A process that serves has one engine for years; a test has engines of its own for some milliseconds.
    """
    known: dict[str, Engine] = {}

    def create(*arguments: Any, **options: Any) -> Engine:
        engine = create_engine(*arguments, **options)
        first = known.setdefault(engine.dialect.name, engine)
        if first.dialect.server_version_info is None:  # it never connected, so it does not know its server
            known[engine.dialect.name] = engine
        elif first is not engine:
            engine.dialect = engine.pool._dialect = first.dialect
            engine._compiled_cache = first._compiled_cache
        return engine

    with pytest.MonkeyPatch.context() as patch:
        for room in (sqlite, postgresql):
            patch.setattr(room, "create_engine", create)
        yield


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of the server's own database, as one who may create others."""
    if SERVER_URL in os.environ:
        yield os.environ[SERVER_URL]
        return
    server = _start_server()
    yield server.url()
    server.stop()


def _create(server: str, name: str) -> str:
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        conn.execute(f'CREATE DATABASE "{name}"'.encode())
    address, _, options = server.partition("?")
    return address.rsplit("/", 1)[0] + "/" + name + (f"?{options}" if options else "")


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as conn:
        conn.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture(scope="session")
def _upgraded_postgresql(postgresql_server: str) -> Iterator[str]:
    name = f"labelsvc_test_{os.getpid()}"
    url = _create(postgresql_server, name)
    with Database.open(url) as database:
        schema.upgrade(database)
    yield url
    _drop(postgresql_server, name)


@pytest.fixture(scope="session")
def _upgraded_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "labelsvc.sqlite"
    with Database.open(f"sqlite:///{path}") as database:
        schema.upgrade(database)
    return path


@pytest.fixture
def sqlite_url(_upgraded_sqlite: Path, tmp_path: Path) -> str:
    """A SQLite database with the current schema and no rows."""
    return f"sqlite:///{shutil.copy(_upgraded_sqlite, tmp_path / 'labelsvc.sqlite')}"


@pytest.fixture(scope="session")
def _sweep(_upgraded_postgresql: str) -> Iterator[Callable[[], None]]:
    """Delete every row, over one connection for all tests."""
    statements = "; ".join(f'DELETE FROM "{table.name}"' for table in reversed(metadata.sorted_tables)).encode()
    held = psycopg.connect(_upgraded_postgresql, autocommit=True)

    def sweep() -> None:
        nonlocal held
        try:
            held.execute(statements)
        except psycopg.OperationalError:  # a test ended all connections
            held.close()
            held = psycopg.connect(_upgraded_postgresql, autocommit=True)
            held.execute(statements)

    yield sweep
    held.close()


@pytest.fixture
def postgresql_url(_upgraded_postgresql: str, _sweep: Callable[[], None]) -> str:
    """A PostgreSQL database with the current schema and no rows."""
    _sweep()
    return _upgraded_postgresql


@pytest.fixture
def blank_sqlite_url(tmp_path: Path) -> str:
    """The address of a SQLite database that is not there yet."""
    return f"sqlite:///{tmp_path / 'blank.sqlite'}"


@pytest.fixture
def blank_postgresql_url(postgresql_server: str) -> Iterator[str]:
    """A PostgreSQL database with nothing in it."""
    name = f"labelsvc_blank_{os.getpid()}"
    yield _create(postgresql_server, name)
    _drop(postgresql_server, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """The engine's name; whoever asks for this, or for what follows, runs on both."""
    name: str = request.param
    return name


@pytest.fixture
def database_url(request: pytest.FixtureRequest, dialect: str) -> str:
    """A database with the current schema and no rows, for processes that open it themselves."""
    url: str = request.getfixturevalue(f"{dialect}_url")
    return url


@pytest.fixture
def blank_url(request: pytest.FixtureRequest, dialect: str) -> str:
    """A database without a schema."""
    url: str = request.getfixturevalue(f"blank_{dialect}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database with the current schema and no rows."""
    with Database.open(database_url) as opened:
        yield opened


def _plant_module() -> Any:
    name = "labelsvc_tests_plant"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("plant.py"))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module  # dataclasses look their module up there
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="session")
def _sqlite_ground(_upgraded_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    path = shutil.copy(_upgraded_sqlite, tmp_path_factory.mktemp("plant") / "labelsvc.sqlite")
    ground = _plant_module().Ground(f"sqlite:///{path}")
    yield ground
    ground.close()


@pytest.fixture(scope="session")
def _postgresql_ground(_upgraded_postgresql: str) -> Iterator[Any]:
    ground = _plant_module().Ground(_upgraded_postgresql)
    yield ground
    ground.close()


@pytest.fixture
def plant(request: pytest.FixtureRequest, dialect: str, tmp_path: Path) -> Any:
    """A database bound to a secret, with label formats, and short ways to fill it (plant.py)."""
    return request.getfixturevalue(f"_{dialect}_ground").plant(tmp_path / "data")
