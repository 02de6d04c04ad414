from __future__ import annotations

import io
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from wsgiref.validate import validator

import pytest
from werkzeug.test import EnvironBuilder

from labelsvc import access, logs
from labelsvc.app import create_app
from labelsvc.domain.actors import Actor, Call
from labelsvc.errors import InvalidInput, Unavailable
from labelsvc.settings import Settings
from labelsvc.storage import installation
from labelsvc.storage.database import Database
from labelsvc.storage.label_formats import listing
from labelsvc.storage.secret_file import create_secret
from labelsvc.web.house import house_of

SECRET = bytes(range(32))
CALL = Call(Actor("shell", "tests"), datetime.now(UTC))


def settings_of(directory: Path, **more: str) -> Settings:
    given = {"DATA_DIR": str(directory), "DIGITAL_LINK_DOMAIN": "id.example.com", "LOG_FORMAT": "json", **more}
    return Settings.from_environment({f"LABELSVC_{name}": value for name, value in given.items()})


@pytest.fixture
def install(request: pytest.FixtureRequest) -> Callable[[Path, bytes], Settings]:
    """Make an installation with everything that an app needs to start."""
    upgraded = request.getfixturevalue("_upgraded_sqlite")

    def make(directory: Path, secret: bytes) -> Settings:
        settings = settings_of(directory)
        shutil.copy(upgraded, directory / "labelsvc.sqlite")
        create_secret(settings.secret_file, secret)
        with Database.open(settings.database_url) as db:
            db.write(lambda conn: installation.bind_secret(conn, secret, CALL.at))
        return settings

    return make


@pytest.fixture
def installed(tmp_path: Path, install: Callable[[Path, bytes], Settings]) -> Settings:
    """One installation."""
    return install(tmp_path, SECRET)


@pytest.fixture
def stream(monkeypatch) -> io.StringIO:
    """What the app writes to its log."""
    written = io.StringIO()
    configure = logs.configure
    monkeypatch.setattr("labelsvc.app.logs.configure", lambda log_format, level: configure(log_format, level, written))
    return written


def test_an_app_starts_and_its_label_formats_are_in_the_books(installed: Settings) -> None:
    with house_of(create_app(installed)).db as db, db.read() as conn:
        assert {entry.name for entry in listing(conn, 0, 100).items} >= {"unit-100x50", "item-70x35"}


def test_starting_again_changes_nothing_in_the_books(installed: Settings) -> None:
    def books() -> list[tuple[int, str]]:
        with house_of(create_app(installed)).db as db, db.read() as conn:
            return [(entry.id, entry.revision) for entry in listing(conn, 0, 100).items]

    assert books() == books()


def test_settings_come_from_the_environment_where_none_are_given(installed: Settings, monkeypatch) -> None:
    monkeypatch.setenv("LABELSVC_DATA_DIR", str(installed.data_dir))
    monkeypatch.setenv("LABELSVC_DIGITAL_LINK_DOMAIN", "https://id.example.com/products")
    house = house_of(create_app())
    house.db.close()
    assert house.issuer.digital_link == "https://id.example.com/products"
    monkeypatch.setenv("LABELSVC_DATADIR", "x")
    with pytest.raises(InvalidInput, match="Expected a setting such as LABELSVC_DATA_DIR, got LABELSVC_DATADIR"):
        create_app()


def test_a_database_without_a_schema_is_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    create_secret(settings.secret_file, SECRET)
    with pytest.raises(Unavailable, match="Run: labelsvc db upgrade") as caught:
        create_app(settings)
    assert caught.value.code == "schema_old"
    assert not (tmp_path / "labelsvc.sqlite").exists()


def test_a_missing_secret_is_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="Run: labelsvc secret init"):
        create_app(settings_of(tmp_path))


def test_another_secret_than_the_databases_is_refused(installed: Settings) -> None:
    installed.secret_file.unlink()
    create_secret(installed.secret_file, bytes(32))
    with pytest.raises(Unavailable) as caught:
        create_app(installed)
    assert caught.value.code == "secret_mismatch"
    assert SECRET.hex() not in caught.value.message


def test_a_digital_link_domain_that_gs1_would_not_read_is_refused(installed: Settings) -> None:
    for domain in ("http://id.example.com", "https://example.com/01", "https://-a.example.com"):
        with pytest.raises(InvalidInput):
            create_app(settings_of(installed.data_dir, DIGITAL_LINK_DOMAIN=domain))


def test_the_app_keeps_to_wsgi_to_the_letter(installed: Settings) -> None:
    """Python's own validator stands between, and raises at every deviation."""
    app = create_app(installed)
    _, key = access.add_key(house_of(app).db, CALL, "line", "line")
    checked = validator(app)
    for method, path, status in (
        ("GET", "/healthz", "200"),
        ("HEAD", "/healthz", "200"),
        ("GET", "/api/v1/lots", "200"),
        ("POST", "/api/v1/lots", "400"),
        ("GET", "/nowhere", "404"),
    ):
        environ = EnvironBuilder(path, method=method, headers={"Authorization": f"Bearer {key}"}).get_environ()
        statuses: list[str] = []
        answer = checked(environ, lambda status, headers, exc_info=None, statuses=statuses: statuses.append(status))
        list(answer)
        answer.close()
        assert statuses[0].startswith(status)
    house_of(app).db.close()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_request_is_one_log_line_that_says_who_what_and_how_long(installed: Settings, stream: io.StringIO) -> None:
    app = create_app(installed)
    _, key = access.add_key(house_of(app).db, CALL, "line 3", "line")
    headers = {"Authorization": f"Bearer {key}", "X-Request-Id": "r-1"}
    app.test_client().get("/api/v1/lots/7?x=1", headers=headers)
    (line,) = [line for line in lines(stream) if line["event"] == "request"]
    assert (line["request_id"], line["actor"], line["method"]) == ("r-1", "line 3", "GET")
    assert (line["route"], line["status"]) == ("/api/v1/lots/{lot_id}", 422)
    assert isinstance(line["ms"], float)
    house_of(app).db.close()


def test_no_key_no_body_no_query_and_no_serial_reaches_the_log(installed: Settings, stream: io.StringIO) -> None:
    app = create_app(installed)
    _, key = access.add_key(house_of(app).db, CALL, "line", "admin")
    client, headers = app.test_client(), {"Authorization": f"Bearer {key}"}
    client.get(f"/api/v1/lots?key={key}", headers=headers)
    client.get("/api/v1/serials/PUMP-7/TOPSECRETSERIAL", headers=headers)
    client.post("/api/v1/products", json={"name": "TOPSECRETNAME"}, headers=headers)
    client.get("/api/v1/lots", headers={"Authorization": "Bearer lsk_TOPSECRETKEY"})
    client.get(f"/nowhere/{key}")
    assert len(lines(stream)) >= 5
    assert "TOPSECRET" not in stream.getvalue()
    assert key not in stream.getvalue()
    house_of(app).db.close()


def test_two_apps_in_one_process_are_strangers(installed: Settings, install, tmp_path_factory) -> None:
    first, second = create_app(installed), create_app(install(tmp_path_factory.mktemp("other"), bytes(32)))
    _, key = access.add_key(house_of(first).db, CALL, "line", "line")
    headers = {"Authorization": f"Bearer {key}"}
    assert first.test_client().get("/api/v1/lots", headers=headers).status_code == 200
    assert second.test_client().get("/api/v1/lots", headers=headers).status_code == 401
    for app in (first, second):
        house_of(app).db.close()
