"""A server that is asked in this process, with a network that can be cut, and stations that are driven step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from apiflask import APIFlask

from labelsvc import access
from labelsvc.app import create_app
from labelsvc.domain.actors import Actor, Call
from labelsvc.settings import Settings
from labelsvc.station import printing
from labelsvc.station.client import Refused, Unreachable
from labelsvc.station.printing import Press
from labelsvc.station.running import Station
from labelsvc.storage.secret_file import create_secret
from labelsvc.web.house import house_of
from tests.printing.conftest import works_on

__all__ = ["works_on"]  # a fixture of the neighbours


@dataclass
class Wire:
    """The way to the server (labelsvc.station.client.Server)."""

    app: APIFlask
    key: str
    url: str = "http://in.this.process"
    cut: bool = False
    #: Called with the path before a question reaches the server, and after.
    before: Callable[[str], None] = lambda path: None
    after: Callable[[str], None] = lambda path: None
    asked: list[str] = field(default_factory=list)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def ask(self, path: str, body: dict[str, Any], *, patience: float = 0, key: str | None = None) -> dict[str, Any]:
        if self.cut:
            raise Unreachable("Expected a network, got none.")
        self.before(path)
        self.asked.append(path)
        answer = self.app.test_client().post(path, json=body, headers=self._headers())
        self.after(path)
        if answer.status_code >= 300:
            raise Refused(answer.status_code, answer.json or {})
        said: dict[str, Any] = answer.json
        return said

    def fetch(self, path: str) -> Iterator[bytes]:
        if self.cut:
            raise Unreachable("Expected a network, got none.")
        answer = self.app.test_client().get(path, headers=self._headers())
        if answer.status_code != 200:
            raise Refused(answer.status_code, answer.json or {})
        yield answer.data


@dataclass
class Dock:
    """A works with a web app, and stations that belong to its client `dock`."""

    works: Any
    app: APIFlask
    directory: Path
    wire: Wire

    def station(self, name: str = "one", **press: Any) -> Station:
        patience = {"look_seconds": 0.01, "answer_seconds": 0.15, "pause": 0.01, **press}
        directory = self.directory / name
        return Station(self.wire, directory, Press(directory, Event(), **patience), poll_seconds=0)  # type: ignore[arg-type]

    def key(self, name: str = "dock") -> str:
        return access.add_key(self.works.db, Call(Actor("shell", "tests"), datetime.now(UTC)), name, "station")[1]


def step(station: Station) -> bool:
    """Let a station do each of its works once; return whether something was done."""
    done = False
    for work in (station.claim, station.report):
        with suppress(Unreachable):
            done |= work()
    for holding in list(station.holdings.values()):
        if holding.gone.is_set():
            del station.holdings[holding.terms.id]
            holding.set_aside()
            continue
        holding.boot(station.boot, station.instance)
        with suppress(Unreachable):
            station.report()
        if holding.to_print:
            printing.deliver(station.press, holding)
            done = True
    with suppress(Unreachable):
        done |= station.report()
    return done


def work_off(station: Station, rounds: int = 50) -> None:
    """Let a station work until nothing is left to do."""
    for _ in range(rounds):
        if not step(station):
            return
    raise AssertionError("the station never came to rest")


@pytest.fixture
def dock_on(tmp_path: Path) -> Iterator[Callable[[Any, str], Dock]]:
    """Make a web app beside a works, on the same database."""
    apps: list[APIFlask] = []

    def made(works: Any, url: str) -> Dock:
        environment = {
            "LABELSVC_DATA_DIR": str(tmp_path / "web"),
            "LABELSVC_DATABASE_URL": url,
            "LABELSVC_DIGITAL_LINK_DOMAIN": "id.example.com",
            "LABELSVC_LOG_FORMAT": "json",
        }
        settings = Settings.from_environment(environment)
        (tmp_path / "web").mkdir()
        create_secret(settings.secret_file, bytes(range(32)))
        works.clock = lambda: datetime.now(UTC)
        app = create_app(settings)
        apps.append(app)
        dock = Dock(works, app, tmp_path / "stations", Wire(app, ""))
        dock.wire.key = dock.key()
        return dock

    yield made
    for app in apps:
        house_of(app).db.close()
