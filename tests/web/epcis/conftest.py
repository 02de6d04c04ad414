"""A site whose captures are taken when a test says so, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from labelsvc import access
from labelsvc.app import create_app
from labelsvc.domain.actors import Actor, Call
from labelsvc.settings import Settings
from labelsvc.storage import installation
from labelsvc.storage.database import Database
from labelsvc.storage.secret_file import create_secret
from labelsvc.tracking.captures import Taker
from labelsvc.web.house import House, house_of
from tests.web.conftest import party_of

SECRET = bytes(range(32))
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def foreign(serial: object) -> str:
    """Return the EPC of a unit of somebody else."""
    return f"https://id.gs1.org/01/09521321000018/21/{serial}"


def event_of(*epcs: str, minute: int = 0, **more: Any) -> dict[str, Any]:
    """Return an ObjectEvent as JSON."""
    said = {
        "type": "ObjectEvent",
        "eventTime": f"2026-11-20T{9 + minute // 60:02}:{minute % 60:02}:00.000+01:00",
        "eventTimeZoneOffset": "+01:00",
        "action": "OBSERVE",
        "bizStep": "receiving",
        "epcList": list(epcs),
        **more,
    }
    return {name: value for name, value in said.items() if value is not None}


def document_of(*events: Any, context: Any = CONTEXT, **more: Any) -> dict[str, Any]:
    """Return an EPCISDocument."""
    return {
        "@context": context,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-20T12:00:00Z",
        "epcisBody": {"eventList": list(events)},
        **more,
    }


@dataclass
class Port:
    """A site that other systems send events to."""

    app: APIFlask
    house: House
    keys: dict[str, str]

    def client(self, role: str = "warehouse") -> FlaskClient:
        client = self.app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.keys[role]}"
        return client

    def take(self) -> int:
        """Take what was handed in; return how many documents came to their end."""
        return Taker(self.house.db, self.house.issuer, lambda: datetime.now(UTC)).look()

    def capture(self, *events: Any, role: str = "warehouse", **headers: str) -> dict[str, Any]:
        """Hand a document in, and return its job when it was taken."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client(role).post("/epcis/capture", json=document_of(*events), headers=named)
        assert answer.status_code == 202, answer.text
        self.take()
        job: dict[str, Any] = self.client(role).get(answer.headers["Location"]).json
        return job

    def found(self, query: str = "", path: str = "/epcis/events", **more: Any) -> list[dict[str, Any]]:
        """Return the events that a query finds."""
        answer = self.client().get(f"{path}?{query}" if query else path, **more)
        assert answer.status_code == 200, answer.text
        events: list[dict[str, Any]] = answer.json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        return events


def _opened(database_url: str, tmp_path: Path) -> Iterator[Port]:
    given = {"DATA_DIR": str(tmp_path), "DIGITAL_LINK_DOMAIN": "id.example.com", "DATABASE_URL": database_url}
    settings = Settings.from_environment({f"LABELSVC_{name}": value for name, value in given.items()})
    create_secret(settings.secret_file, SECRET)
    call = Call(Actor("shell", "tests"), datetime.now(UTC))
    with Database.open(database_url) as db:
        db.write(lambda conn: installation.bind_secret(conn, SECRET, call.at))
    app = create_app(settings)
    house = house_of(app)
    yield Port(
        app,
        house,
        {role: access.add_key(house.db, call, f"{role} key", role, None, party_of(role))[1] for role in access.ROLES},
    )
    house.db.close()


@pytest.fixture
def port(database_url: str, tmp_path: Path) -> Iterator[Port]:
    """An app on each of the databases."""
    yield from _opened(database_url, tmp_path)


@pytest.fixture
def desk(sqlite_url: str, tmp_path: Path) -> Iterator[Port]:
    """An app on SQLite, for what is said before any database is asked."""
    yield from _opened(sqlite_url, tmp_path)
