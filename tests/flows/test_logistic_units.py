"""Cases and pallets get their SSCCs and labels over HTTP alone, on both databases: as the roles do their part."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
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
#: Serial references 40 to 44 of extension digit 3 and prefix 0952012, check digits reckoned on paper.
S40, S41, S42, S43, S44 = (
    "309520120000000404",
    "309520120000000411",
    "309520120000000428",
    "309520120000000435",
    "309520120000000442",
)
CONTENT = {"gtin": GTIN, "count": 48, "lot": "L-7", "best_before": "2027-05-31"}
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
    keys = {
        role: access.add_key(house.db, Call(Actor("shell", "t"), now), role, role)[1]
        for role in {*access.ROLES} - {"partner"}
    }
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


def asked(client: FlaskClient, path: str, body: Any = None, key: str = "", method: str = "POST") -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    answer = client.open(f"/api/v1{path}", method=method, json=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    return answer.json


def refused(client: FlaskClient, path: str, body: Any = None, method: str = "POST") -> tuple[int, str]:
    headers = {"Idempotency-Key": f"refused-{time.monotonic_ns()}"} if method == "POST" else {}
    answer = client.open(f"/api/v1{path}", method=method, json=body, headers=headers)
    return answer.status_code, answer.json["code"]


def ended(client: FlaskClient, job: int) -> Any:
    deadline = time.monotonic() + 30
    while (found := asked(client, f"/jobs/{job}", method="GET"))["state"] in ("pending", "processing"):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def decoded(pdf: bytes) -> list[set[tuple[str, str]]]:
    """What another program reads from each page, with the symbology identifier in front."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        pages = [page.render(scale=4, grayscale=True).to_pil() for page in document]
    finally:
        document.close()
    return [{(one.symbology_identifier, one.bytes.decode()) for one in zxingcpp.read_barcodes(page)} for page in pages]


def test_pallets_get_labels_that_are_printed_scanned_and_printed_again(roles: As) -> None:
    warehouse, qa = roles("warehouse"), roles("qa")
    series = asked(roles("admin"), "/logistic-units/series/0952012/3", {"first_reference": 41}, method="PUT")
    assert (series["next_reference"], series["left"], series["capacity"]) == (41, 999_999_959, 999_999_999)
    with VirtualPrinter(dpmm=8) as printer:
        spec = {"name": "dock", "uri": printer.uri, "dpmm": 8, "media_width": 100, "media_height": 150}
        asked(roles("station"), "/printers", spec)
        order = {"quantity": 3, "printer": "dock", "content": CONTENT}
        batch = asked(warehouse, "/logistic-units", order, "order-1")
        assert asked(warehouse, "/logistic-units", order, "order-1") == batch
        assert (batch["first_sscc"], batch["last_sscc"], batch["outcomes"]) == (S41, S43, {"planned": 3})
        assert ended(qa, batch["job"])["state"] == "completed"
        assert printer.wait_for_labels(3, timeout=10)

        # Whoever scans one is told what it is; the scan is proof that the label is there.
        assert asked(qa, "/verify-scans", {"text": f"]C100{S42}"})["verdict"] == "right"
        assert asked(qa, "/verify-scans", {"text": f"00{S42}"})["verdict"] == "duplicate"
        assert asked(qa, "/verify-scans", {"text": f"]C100{S43}10L-8"})["verdict"] == "wrong-lot"
        assert asked(qa, "/verify-scans", {"text": f"]C100{S44}"})["verdict"] == "unknown"
        found = asked(warehouse, f"/logistic-units/{S42}", method="GET")
        assert (found["outcome"], found["evidence"], found["job"], found["label"]) == (
            *("confirmed", "scanned"),
            *(batch["job"], 2),
        )
        assert found["content"] == CONTENT | {"expiry": None}

        # A torn label comes out again, byte by byte.
        torn = {"label": f"]C100{S42}", "reason": "torn", "destroyed": True}
        again = asked(qa, "/reprints", torn, "reprint-1")
        assert (again["serial"], again["number"]) == (S42, 2)
        assert ended(qa, again["job"])["state"] == "completed"
        assert printer.wait_for_labels(4, timeout=10)
        labels = list(printer.labels)
    assert labels[3] == labels[1]
    assert [sscc.encode() in label for label, sscc in zip(labels, (S41, S42, S43, S42), strict=True)] == [True] * 4
    outcomes = asked(warehouse, batch["links"]["self"].removeprefix("/api/v1"), method="GET")["outcomes"]
    assert outcomes == {"sent": 3}  # nobody has scanned the new label yet
    assert warehouse.get(batch["links"]["labels_pdf"]).status_code == 403  # the printer has printed it
    reconciled = asked(qa, f"/lots/{series['lot']}/reconciliation", method="GET")
    assert (reconciled["granted"], reconciled["difference"]) == (3, 0)

    # Numbers from elsewhere, from before, and no numbers at all.
    assert refused(warehouse, f"/logistic-units/{S40}", method="GET") == (404, "record_lost")
    assert refused(warehouse, f"/logistic-units/{S44}", method="GET") == (404, "never_issued")
    assert refused(warehouse, "/logistic-units/106141412345678908", method="GET") == (404, "never_issued")
    assert refused(warehouse, "/logistic-units/106141412345678907", method="GET") == (422, "sscc_check_digit")


def test_labels_that_are_downloaded_read_as_gs1_says(roles: As) -> None:
    warehouse = roles("warehouse")
    asked(roles("admin"), "/logistic-units/series/0952012/3", {"first_reference": 41}, method="PUT")
    batch = asked(warehouse, "/logistic-units", {"quantity": 2, "content": CONTENT}, "order-1")
    ours = {("]C1", "0209506000134352152705313748"), ("]C1", "10L-7")}
    pages = decoded(warehouse.get(batch["links"]["labels_pdf"]).data)
    assert pages == [{*ours, ("]C1", f"00{S41}")}, {*ours, ("]C1", f"00{S42}")}]
    assert warehouse.get(batch["links"]["labels_zpl"]).data.count(b"^XA") == 2
    assert warehouse.get(batch["links"]["ssccs"]).text.splitlines() == [
        *("serial,label,outcome", f"{S41},1,held", f"{S42},2,held")
    ]
    bare = asked(warehouse, "/logistic-units", {"quantity": 1}, "order-2")
    assert decoded(warehouse.get(bare["links"]["labels_pdf"]).data) == [{("]C1", f"00{S43}")}]


def test_prefixes_change_and_are_used_up_and_no_line_takes_from_them(roles: As) -> None:
    root, warehouse, line = roles("admin"), roles("warehouse"), roles("line")
    assert refused(warehouse, "/logistic-units", {"quantity": 1}) == (409, "sscc_series_missing")
    assert refused(warehouse, f"/logistic-units/{S41}", method="GET") == (404, "never_issued")
    old = asked(root, "/logistic-units/series/0952012/3", {}, method="PUT")
    first = asked(warehouse, "/logistic-units", {"quantity": 1}, "order-1")

    # A prefix of twelve digits has 9,999 serial references, of which four are left.
    last = asked(root, "/logistic-units/series/952013000000/3", {"first_reference": 9_996}, method="PUT")
    assert (last["left"], last["capacity"]) == (4, 9_999)
    assert refused(warehouse, "/logistic-units", {"quantity": 5}) == (409, "capacity_exceeded")
    whole = asked(warehouse, "/logistic-units", {"quantity": 4}, "order-2")
    assert [whole[name][:-1] for name in ("first_sscc", "last_sscc")] == ["39520130000009996", "39520130000009999"]
    assert refused(warehouse, "/logistic-units", {"quantity": 1}) == (409, "capacity_exceeded")

    # The one before goes on where it was; another that begins alike could give the same numbers.
    asked(root, "/logistic-units/series/0952012/3", {}, method="PUT")
    next_one = asked(warehouse, "/logistic-units", {"quantity": 1}, "order-3")["first_sscc"]
    assert [first["first_sscc"][:-1], next_one[:-1]] == ["30952012000000001", "30952012000000002"]
    for prefix in ("095201", "09520123"):
        assert refused(root, f"/logistic-units/series/{prefix}/3", {}, "PUT") == (409, "schemes_collide")
    assert refused(root, "/logistic-units/series/09520/3", {}, "PUT") == (422, "company_prefix")
    assert refused(warehouse, "/logistic-units", {"quantity": 1, "extension_digit": 4}) == (409, "sscc_series_missing")
    listed = asked(warehouse, "/logistic-units/series", method="GET")["items"]
    assert [(one["company_prefix"], one["current"], one["left"]) for one in listed] == [
        ("0952012", True, 999_999_997),
        ("952013000000", False, 0),
    ]

    # What accounts for SSCCs is no lot of a product, and (00) no product to line up lots of.
    assert refused(line, f"/lots/{old['lot']}/batches", {"quantity": 1}) == (409, "lot_of_logistic_units")
    days = {"production_date": "2026-11-20"}
    assert refused(line, f"/lots/{old['lot']}", days, "PUT") == (409, "lot_of_logistic_units")
    assert refused(line, "/lots", {"product": "(00)", "number": "L-1", **days}) == (422, "item_characters")
    assert asked(line, "/products", method="GET")["items"] == asked(line, "/lots", method="GET")["items"] == []
    taken = {"quantity": 1, "content": {"gtin": GTIN}}
    assert refused(warehouse, "/logistic-units", taken) == (422, "content_incomplete")
