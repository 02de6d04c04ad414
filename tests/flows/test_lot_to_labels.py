"""From a lot to labels in hand, over HTTP alone, on both databases: as each of the four roles does its part."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from labelsvc import access
from labelsvc.app import create_app
from labelsvc.domain.actors import Actor, Call
from labelsvc.printers.virtual import VirtualPrinter
from labelsvc.settings import Settings
from labelsvc.storage import installation
from labelsvc.storage.secret_file import create_secret
from labelsvc.web.house import house_of
from labelsvc.worker import Worker

SECRET = bytes(range(32))
GTIN = "09506000134352"
As = Callable[[str], FlaskClient]


@pytest.fixture
def roles(database, database_url, tmp_path: Path) -> Iterator[As]:
    """The service with its worker running; call it with a role for a client that has such a key."""
    settings = Settings("https://id.example.com", tmp_path, database_url, tmp_path / "secret")
    create_secret(settings.secret_file, SECRET)
    now = datetime.now(UTC)
    database.write(lambda conn: installation.bind_secret(conn, SECRET, now))
    app = create_app(settings)
    house = house_of(app)
    call = Call(Actor("shell", "t"), now)
    party = {"partner": "https://id.gs1.org/417/9521141111116"}
    keys = {role: access.add_key(house.db, call, role, role, None, party.get(role))[1] for role in access.ROLES}
    worker = Worker(house.db, house.issuer, tmp_path)
    running = threading.Thread(target=worker.run)
    running.start()

    def client(role: str) -> FlaskClient:
        made = app.test_client()
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {keys[role]}"
        return made

    yield client
    worker.stop()
    running.join()
    house.db.close()


def made(client: FlaskClient, path: str, body: dict, **headers: str) -> dict:
    answer = client.post(f"/api/v1{path}", json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})
    assert answer.status_code in (200, 201), answer.text
    return answer.json


def seen(client: FlaskClient, path: str) -> dict:
    answer = client.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    return answer.json


def ended(client: FlaskClient, job: int) -> dict:
    deadline = time.monotonic() + 30
    while (found := seen(client, f"/jobs/{job}"))["state"] in ("pending", "processing"):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def test_a_line_asks_a_printer_prints_and_anyone_looks_up(roles) -> None:
    with VirtualPrinter(dpmm=8) as printer:
        spec = {"name": "p3", "uri": printer.uri, "language": "zpl", "dpmm": 8}
        made(roles("station"), "/printers", spec | {"media_width": 100, "media_height": 50})
        product = {"gtin": GTIN[1:], "name": "Rapeseed oil", "scheme": "{rnd:10}", "label_format": "unit-100x50"}
        made(roles("admin"), "/products", product | {"shelf_life_days": 30})
        lot = made(roles("line"), "/lots", {"product": GTIN, "number": "L-1", "production_date": "2026-11-01"})
        assert lot["expiry_date"] == "2026-12-01"
        order = {"quantity": 45, "printer": "p3", "line": "line 3"}
        batch = made(roles("line"), f"/lots/{lot['id']}/batches", order, Idempotency_Key="order-1")
        assert made(roles("line"), f"/lots/{lot['id']}/batches", order, Idempotency_Key="order-1") == batch
        job = ended(roles("station"), batch["job"])
        assert (job["state"], job["state_reasons"]) == ("completed", ["queued-in-device"])
        assert printer.wait_for_labels(45, timeout=10)
        received = list(printer.labels)
    rows = roles("line").get(f"/api/v1/batches/{batch['id']}/serials.csv").text.splitlines()
    assert rows[0].split(",")[0] == "serial"
    serials = [row.split(",")[0] for row in rows[1:]]
    assert (serials[0], serials[-1]) == (batch["first_serial"], batch["last_serial"])
    # Each label carries its own serial, in the order of the serials.
    assert [re.findall(rf"/21/({'|'.join(serials)})".encode(), label)[0].decode() for label in received] == serials
    for role in set(access.ROLES) - {"partner"}:
        found = seen(roles(role), f"/serials/{GTIN}/{serials[7]}")
        assert (found["lot"]["number"], found["label"], found["outcome"]) == ("L-1", 8, "sent")
    assert roles("line").get(f"/api/v1/batches/{batch['id']}/labels.pdf").status_code == 403
    assert roles("qa").get(f"/api/v1/batches/{batch['id']}/labels.pdf").data.startswith(b"%PDF-")


def test_a_line_downloads_and_qa_returns_what_was_not_used(roles) -> None:
    product = {"item": "VALVE", "name": "Ball valve", "scheme": "A{seq:5}", "label_format": "item-70x35"}
    made(roles("admin"), "/products", product)
    lot = made(roles("line"), "/lots", {"product": "VALVE", "number": "M-1", "production_date": "2026-11-01"})
    batch = made(roles("line"), f"/lots/{lot['id']}/batches", {"quantity": 10}, Idempotency_Key="order-1")
    zpl = roles("line").get(f"/api/v1/batches/{batch['id']}/labels.zpl?first=2&count=3").data
    assert zpl.count(b"^XA") == 3
    assert re.findall(rb"VALVE/(A\d{5})", zpl) == [b"A00002", b"A00003", b"A00004"]
    unused = {"first": 9, "count": 2, "reason": "end of shift"}
    answer = made(roles("qa"), f"/batches/{batch['id']}/return", unused)
    assert answer["outcomes"] == {"held": 8, "returned": 2}
    assert seen(roles("qa"), "/serials/VALVE/A00010")["outcome"] == "returned"
    following = made(roles("line"), f"/lots/{lot['id']}/batches", {"quantity": 1}, Idempotency_Key="order-2")
    assert following["first_serial"] == "A00011"  # what was returned is never issued again
    never = roles("line").get("/api/v1/serials/VALVE/A00012")
    assert (never.status_code, never.json["code"]) == (404, "never_issued")
