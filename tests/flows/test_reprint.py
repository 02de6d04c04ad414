"""A torn label becomes a recorded reprint, over HTTP alone, on both databases: from the scan of the torn piece to the
closed lot and its report."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pypdfium2
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
KEYS = count()
GTIN = "09506000134352"
PEOPLE = {"line": "line", "station": "station", "anna": "qa", "berta": "qa", "root": "admin"}
As = Callable[[str], FlaskClient]


@pytest.fixture
def people(database, database_url, tmp_path: Path) -> Iterator[As]:
    """The service with its worker running; call it with a name for a client that has such a key."""
    settings = Settings("https://id.example.com", tmp_path, database_url, tmp_path / "secret")
    create_secret(settings.secret_file, SECRET)
    now = datetime.now(UTC)
    database.write(lambda conn: installation.bind_secret(conn, SECRET, now))
    app = create_app(settings)
    house = house_of(app)
    call = Call(Actor("shell", "t"), now)
    keys = {name: access.add_key(house.db, call, name, role)[1] for name, role in PEOPLE.items()}
    worker = Worker(house.db, house.issuer, tmp_path)
    running = threading.Thread(target=worker.run)
    running.start()

    def client(name: str) -> FlaskClient:
        made = app.test_client()
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {keys[name]}"
        return made

    yield client
    worker.stop()
    running.join()
    house.db.close()


def did(client: FlaskClient, path: str, body: Any = None, method: str = "POST") -> Any:
    headers = {"Idempotency-Key": f"key-{next(KEYS)}"} if method == "POST" else {}
    answer = client.open(f"/api/v1{path}", method=method, json=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    return answer.json


def ended(client: FlaskClient, job: int) -> Any:
    deadline = time.monotonic() + 30
    while (found := did(client, f"/jobs/{job}", method="GET"))["state"] in ("pending", "processing"):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def read(pdf: bytes) -> str:
    """Return the words of a PDF with one space between them."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        text = " ".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()
    return " ".join(text.split())


def test_from_a_torn_label_to_a_closed_lot(people: As) -> None:
    anna, berta = people("anna"), people("berta")
    with VirtualPrinter() as printer:
        spec = {"name": "p3", "uri": printer.uri, "dpmm": 8, "media_width": 100, "media_height": 50}
        did(people("station"), "/printers", spec)
        product = {"gtin": GTIN, "name": "Ibuprofen 400 mg", "scheme": "{rnd:10}", "label_format": "unit-100x50"}
        did(people("root"), "/products", product)
        policy = {"approval": True, "destroyed": "scan"}
        did(people("root"), f"/products/{GTIN}/reprint-policy", policy, "PUT")
        dates = {"production_date": "2026-11-20", "expiry_date": "2028-11-19"}
        lot = did(people("line"), "/lots", {"product": GTIN, "number": "L-1", **dates})
        batch = did(people("line"), f"/lots/{lot['id']}/batches", {"quantity": 3, "printer": "p3"})
        assert ended(anna, batch["job"])["outcomes"] == {"sent": 3}

        # Every label is scanned; the second one is torn on its way to the pallet.
        lines = anna.get(f"/api/v1/batches/{batch['id']}/serials.csv").text.split()[1:]
        serials = [line.split(",")[0] for line in lines]
        texts = [f"]d201{GTIN}1128111910L-1\x1d21{serial}".replace("11281119", "11261120") for serial in serials]
        for text in texts:
            assert did(anna, "/verify-scans", {"text": text, "lot": lot["id"]})["verdict"] == "right"
        torn = {"label": texts[1], "reason": "torn", "destroyed_label": texts[1]}
        asked = did(anna, "/reprints", torn)
        assert (asked["state"], asked["serial"], asked["destroyed"]) == ("asked", serials[1], "scanned")
        closing = anna.post(f"/api/v1/lots/{lot['id']}/close", json={})
        assert (closing.status_code, closing.json["code"]) == (409, "lot_reprints_undecided")

        # Berta approves; the same bytes come out again.
        approved = did(berta, f"/reprints/{asked['id']}/approve")
        job = ended(anna, approved["job"])
        assert (job["state"], job["kind"], job["outcomes"]) == ("completed", "reprint", {"sent": 1})
        assert printer.wait_for_labels(4, timeout=10)
        labels = list(printer.labels)
        assert labels[3] == labels[1]
        assert did(anna, f"/reprints/{asked['id']}", method="GET")["match"] == "equal"

    # The new label has to be scanned before the lot closes; then its report says who asked and who approved.
    closing = anna.post(f"/api/v1/lots/{lot['id']}/close", json={})
    assert (closing.status_code, closing.json["code"], closing.json["left"]) == (409, "lot_not_settled", {"sent": 1})
    assert did(anna, "/verify-scans", {"text": texts[1], "lot": lot["id"]})["verdict"] == "right"
    closed = did(anna, f"/lots/{lot['id']}/close", {})
    assert (closed["outcomes"]["confirmed"], closed["reprints"], closed["difference"]) == (3, 1, 0)
    report = anna.get(f"/api/v1/lots/{lot['id']}/close-report.pdf")
    assert report.status_code == 200
    said = read(report.data)
    assert f"{serials[1]}, copy 1" in said
    assert "asked by anna, approved by berta, bytes equal" in said
    assert "reprint.approve" in said
    again = anna.post("/api/v1/reprints", json=torn, headers={"Idempotency-Key": "too-late"})
    assert (again.status_code, again.json["code"]) == (409, "lot_closed")
    assert re.fullmatch(r"[0-9a-f]{64}", closed["closure"]["digest"])
