"""The same answers from both databases, where they differ in what text they can hold or how they lock."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from labelsvc import access
from labelsvc.app import create_app
from labelsvc.domain.actors import Actor, Call
from labelsvc.settings import Settings
from labelsvc.storage import installation
from labelsvc.storage.database import Database
from labelsvc.storage.secret_file import create_secret
from labelsvc.web.house import house_of

SECRET = bytes(range(32))


@pytest.fixture
def client(database_url: str, tmp_path: Path):
    """An admin before an app on each of the databases."""
    given = {"DATA_DIR": str(tmp_path), "DIGITAL_LINK_DOMAIN": "id.example.com", "DATABASE_URL": database_url}
    settings = Settings.from_environment({f"LABELSVC_{name}": value for name, value in given.items()})
    create_secret(settings.secret_file, SECRET)
    call = Call(Actor("shell", "tests"), datetime.now(UTC))
    with Database.open(database_url) as db:
        db.write(lambda conn: installation.bind_secret(conn, SECRET, call.at))
    app = create_app(settings)
    _, key = access.add_key(house_of(app).db, call, "tests", "admin")
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    yield client
    house_of(app).db.close()


def lot_of(client) -> str:
    product = {"gtin": "4006381333931", "name": "Pen", "scheme": "{seq:6}", "label_format": "unit-100x50"}
    assert client.post("/api/v1/products", json=product).status_code == 201
    lot = {"product": "4006381333931", "number": "L", "production_date": "2026-11-20", "expiry_date": "2028-11-20"}
    return client.post("/api/v1/lots", json=lot).json["links"]["self"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/printers/a%00b", 404),
        ("/api/v1/label-formats/a%00b", 404),
        ("/api/v1/products/a%00b", 404),
        ("/api/v1/jobs?printer=a%00b", 422),
        ("/api/v1/lots?product=a%00b", 422),
        ("/api/v1/serials/PUMP-7/a%00b", 422),
        ("/api/v1/serials/a%00b/A1", 422),
        ("/api/v1/printers/%ff", 404),
        (f"/api/v1/lots/{2**63 - 1}", 404),
        (f"/api/v1/lots?after={2**63 - 1}", 200),
        ("/api/v1/printers/" + "x" * 5_000, 404),
    ],
)
def test_a_text_or_number_that_a_database_cannot_hold_names_nothing(client, path: str, status: int) -> None:
    assert client.get(path).status_code == status


@pytest.mark.parametrize("field", ["printer", "label_format", "line"])
@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x" * 5_000])
def test_a_name_in_a_request_that_no_database_can_hold_is_refused(client, field: str, text: str) -> None:
    path = f"{lot_of(client)}/batches"
    answer = client.post(path, json={"quantity": 1, field: text}, headers={"Idempotency-Key": "k"})
    assert answer.status_code in (404, 422)
    assert answer.json["pointer"] == f"/{field}"


def test_requests_with_one_key_at_the_same_moment_issue_one_batch(client) -> None:
    path = f"{lot_of(client)}/batches"
    gate, answers = threading.Barrier(6), []

    def ask() -> None:
        asking = client.application.test_client()
        asking.environ_base = client.environ_base
        gate.wait()
        answer = asking.post(path, json={"quantity": 7}, headers={"Idempotency-Key": "k"})
        answers.append((answer.status_code, answer.json["first_serial"]))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [(201, "000001")] * 6
    assert len(client.get(path).json["items"]) == 1
