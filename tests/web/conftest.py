"""A running web app with what its tests need: keys of every role, products, lots, batches, printers."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from labelsvc import access
from labelsvc.access import passwords
from labelsvc.app import create_app
from labelsvc.domain.actors import Actor, Call
from labelsvc.settings import Settings
from labelsvc.storage import installation
from labelsvc.storage.database import Database
from labelsvc.storage.secret_file import create_secret
from labelsvc.web.house import house_of

SECRET = bytes(range(32))
SHELL = Actor("shell", "tests")


PASSWORD = "correct horse battery"


#: Of the partner.
PARTY = "https://id.gs1.org/417/9521141111116"


def party_of(role: str) -> str | None:
    """Return whose somebody of this role is."""
    return PARTY if role == "partner" else None


def keys_of(db: Database, call: Call) -> dict[str, str]:
    """Make a key of every role."""
    return {role: access.add_key(db, call, f"{role} key", role, None, party_of(role))[1] for role in access.ROLES}


@dataclass
class Person:
    """Someone signed in at a browser, who fills in forms."""

    client: FlaskClient
    form_key: str

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, **more)

    def post(self, path: str, **fields: str) -> Any:
        return self.client.post(path, data={"form_key": self.form_key, **fields})


@dataclass
class Site:
    """An app, and short ways to fill it over HTTP."""

    app: APIFlask
    settings: Settings
    keys: dict[str, str]
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def db(self) -> Database:
        return house_of(self.app).db

    def client(self, role: str | None = "admin") -> FlaskClient:
        client = self.app.test_client()
        if role is not None:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {self.keys[role]}"
        return client

    def person(self, role: str = "admin", name: str | None = None) -> Person:
        """Sign somebody in; each role has one person, unless another name is given."""
        name = name or f"{role}.person"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(passwords, "COST", passwords.Cost(2, 8, 1))
            if name not in {user.name for user in access.list_users(self.db)}:
                access.add_user(self.db, self.call(), name, role, PASSWORD, party_of(role))
            now = datetime.now(UTC)
            token = access.sign_in(self.db, access.Door(), (name, PASSWORD), "192.0.2.1", now)
        client = self.app.test_client()
        client.set_cookie("labelsvc", token)
        return Person(client, access.enter(self.db, token, now).form_key)

    def call(self) -> Call:
        return Call(SHELL, datetime.now(UTC))

    def fresh(self, prefix: str) -> str:
        return f"{prefix}-{next(self.counter)}"

    def gtin(self) -> str:
        digits = f"952{next(self.counter):09d}"
        total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
        return f"{digits}{-total % 10}"

    def posted(self, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client().post(path, json=body, headers=given)
        assert answer.status_code in (200, 201), answer.get_data(as_text=True)
        return answer.json

    def product(self, **more: Any) -> dict[str, Any]:
        body = {"gtin": self.gtin(), "name": "Ibuprofen 400 mg", "scheme": "{rnd:10}", "label_format": "unit-100x50"}
        return self.posted("/api/v1/products", {**body, **more})

    def lot(self, product: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        code = (product or self.product())["gtin"]
        dates = {"production_date": "2026-11-20", "expiry_date": "2028-11-19"}
        return self.posted("/api/v1/lots", {"product": code, "number": self.fresh("L"), **dates, **more})

    def batch(self, quantity: int = 5, lot: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        path = f"/api/v1/lots/{(lot or self.lot())['id']}/batches"
        return self.posted(path, {"quantity": quantity, **more}, Idempotency_Key=self.fresh("key"))

    def printer(self, **more: Any) -> dict[str, Any]:
        name = self.fresh("printer")
        media = {"dpmm": 8, "media_width": 100, "media_height": 50}
        return self.posted("/api/v1/printers", {"name": name, "uri": f"file:///{name}.zpl", **media, **more})


def settings_of(directory: Path) -> Settings:
    environment = {
        "DATA_DIR": str(directory),
        "DIGITAL_LINK_DOMAIN": "id.example.com",
        "LOG_FORMAT": "json",
        "RESOLVER_RATE": "1000000",
    }
    return Settings.from_environment({f"LABELSVC_{name}": value for name, value in environment.items()})


@pytest.fixture(scope="session")
def found_site(_upgraded_sqlite: Path) -> Callable[[Path], Settings]:
    """Make an installation that is ready to start, in a directory; return its settings."""

    def found(directory: Path) -> Settings:
        settings = settings_of(directory)
        shutil.copy(_upgraded_sqlite, directory / "labelsvc.sqlite")
        create_secret(settings.secret_file, SECRET)
        with Database.open(settings.database_url) as db:
            db.write(lambda conn: installation.bind_secret(conn, SECRET, datetime.now(UTC)))
        return settings

    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, found_site: Callable[[Path], Settings]) -> Iterator[Site]:
    """One app for the tests of a module; each makes the things it needs."""
    settings = found_site(tmp_path_factory.mktemp("site"))
    app = create_app(settings)
    db = house_of(app).db
    call = Call(SHELL, datetime.now(UTC))
    yield Site(app, settings, keys_of(db, call))
    db.close()
